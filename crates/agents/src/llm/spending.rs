//! What a run has used up.
//!
//! Owns the sums, and when a limit is reached. Must not ask a provider what it costs.

use super::options::{Limits, Price};
use genai::chat::Usage as Taken;
use serde_json::{Map, Number, Value};
use yoi_executor::Ending;

/// The sums of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spending {
    turns: u32,
    input: u64,
    output: u64,
    cached: u64,
    reasoning: u64,
    /// Tokens of the newest request and its answer: how long the conversation is.
    length: Option<u64>,
}

fn count(tokens: Option<i32>) -> u64 {
    tokens.and_then(|tokens| u64::try_from(tokens).ok()).unwrap_or_default()
}

impl Spending {
    /// The model was asked.
    pub(crate) fn asked(&mut self) {
        self.turns += 1;
    }

    /// An answer took so much.
    pub(crate) fn took(&mut self, taken: Option<&Taken>) {
        let Some(taken) = taken else {
            self.length = None;
            return;
        };
        let (input, output) = (count(taken.prompt_tokens), count(taken.completion_tokens));
        self.input += input;
        self.output += output;
        self.cached += count(taken.prompt_tokens_details.as_ref().and_then(|details| details.cached_tokens));
        self.reasoning += count(taken.completion_tokens_details.as_ref().and_then(|details| details.reasoning_tokens));
        self.length = (input > 0).then_some(input + output);
    }

    /// How long the conversation was, as the provider counts.
    pub(crate) fn length(&self) -> Option<u64> {
        self.length
    }

    /// So much came to the conversation since.
    pub(crate) fn add_length(&mut self, tokens: u64) {
        self.length = self.length.map(|length| length + tokens);
    }

    /// The conversation is another.
    pub(crate) fn forget_length(&mut self) {
        self.length = None;
    }

    #[expect(clippy::cast_precision_loss, reason = "what it costs is no sum to a token")]
    fn cost(&self, price: Option<Price>) -> Option<f64> {
        price.map(|price| (self.input as f64 * price.input + self.output as f64 * price.output) / 1e6)
    }

    /// The totals, as they are told.
    pub(crate) fn usage(&self, price: Option<Price>) -> protocol::Usage {
        let mut extra = Map::new();
        let mut add = |name: &str, value: Value| _ = extra.insert(name.to_owned(), value);
        add("turns", self.turns.into());
        for (name, tokens) in [("cached_tokens", self.cached), ("reasoning_tokens", self.reasoning)] {
            if tokens > 0 {
                add(name, tokens.into());
            }
        }
        if let Some(cost) = self.cost(price).and_then(Number::from_f64) {
            add("cost", Value::Number(cost));
        }
        protocol::Usage { input_tokens: self.input, output_tokens: self.output, extra }
    }

    /// How the run ends, where it may not go on.
    pub(crate) fn over(&self, limits: &Limits, price: Option<Price>) -> Option<Ending> {
        if self.turns >= limits.turns {
            return Some(Ending::limit("turn_limit", format!("the model was asked {} times", self.turns)));
        }
        if let Some(most) = limits.tokens
            && self.input + self.output >= most
        {
            let message = format!("{} tokens were used; the limit is {most}", self.input + self.output);
            return Some(Ending::limit("token_limit", message));
        }
        if let (Some(most), Some(cost)) = (limits.cost, self.cost(price))
            && cost >= most
        {
            return Some(Ending::limit("cost_limit", format!("the run has cost {cost:.4}; the limit is {most}")));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_limits() {
        let mut spending = Spending::default();
        let taken = Taken { prompt_tokens: Some(1000), completion_tokens: Some(500), ..Taken::default() };
        let (price, free) = (Some(Price { input: 1.0, output: 10.0 }), Limits::default());
        for _ in 0..2 {
            spending.asked();
            spending.took(Some(&taken));
        }
        assert_eq!((spending.length(), spending.usage(None).input_tokens), (Some(1500), 2000));
        assert_eq!(
            serde_json::to_string(&spending.usage(price)).unwrap(),
            r#"{"input_tokens":2000,"output_tokens":1000,"turns":2,"cost":0.012}"#
        );
        assert_eq!(spending.over(&free, price), None);
        let reason = |limits| spending.over(&limits, price).and_then(|ending| ending.error).map(|error| error.reason);
        assert_eq!(reason(Limits { turns: 2, ..free.clone() }).as_deref(), Some("turn_limit"));
        assert_eq!(reason(Limits { tokens: Some(3000), ..free.clone() }).as_deref(), Some("token_limit"));
        assert_eq!(reason(Limits { cost: Some(0.012), ..free.clone() }).as_deref(), Some("cost_limit"));
        spending.took(None);
        assert_eq!(spending.length(), None);
    }
}
