//! Which workers, by their labels.
//!
//! Owns the rules' form and what they match. Must not know what follows from a match.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// A worker's labels.
pub type Labels = BTreeMap<String, String>;

/// `name=value`: a label of this value; `name`: a label of any value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LabelRule {
    name: Box<str>,
    value: Option<Box<str>>,
}

/// Why a text is no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a label is written name=value, or name for any value")]
pub struct LabelRuleError;

impl LabelRule {
    /// Whether a worker with these labels is meant.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        let found = labels.get(&*self.name);
        found.is_some_and(|found| self.value.as_deref().is_none_or(|value| value == found))
    }
}

impl FromStr for LabelRule {
    type Err = LabelRuleError;

    fn from_str(text: &str) -> Result<Self, LabelRuleError> {
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        if name.is_empty() {
            return Err(LabelRuleError);
        }
        Ok(LabelRule { name: name.into(), value: value.map(Into::into) })
    }
}

impl fmt::Display for LabelRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.value.as_ref().map_or(Ok(()), |value| write!(f, "={value}"))
    }
}

/// Workers that match every one of some rules; all workers where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Selector(Vec<LabelRule>);

impl Selector {
    /// Whether a worker with these labels is meant.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|rule| rule.matches(labels))
    }

    /// Whether every worker is meant.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.0.is_empty()
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &[LabelRule] {
        &self.0
    }
}

impl FromIterator<LabelRule> for Selector {
    /// In one order, whichever they were written in.
    fn from_iter<I: IntoIterator<Item = LabelRule>>(rules: I) -> Self {
        let mut rules: Vec<_> = rules.into_iter().collect();
        rules.sort();
        rules.dedup();
        Selector(rules)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> LabelRule {
        text.parse().unwrap()
    }

    #[test]
    fn match_by_name_or_by_value() {
        let labels: Labels = [("team".to_owned(), "core".to_owned()), ("odd".to_owned(), "a=b".to_owned())].into();
        for (text, matches) in [
            ("team", true),
            ("team=core", true),
            ("team=", false),
            ("team=cor", false),
            ("odd=a=b", true),
            ("x", false),
        ] {
            assert_eq!(rule(text).matches(&labels), matches, "{text}");
            assert_eq!(rule(text).to_string(), text);
        }
        assert_eq!(["", "=x"].map(str::parse::<LabelRule>), [Err(LabelRuleError), Err(LabelRuleError)]);
        let both: Selector = ["team=core", "odd", "team=core"].map(rule).into_iter().collect();
        assert!(both.matches(&labels) && both.rules().len() == 2);
        let one_too_many: Selector = ["team", "x"].map(rule).into_iter().collect();
        assert!(!one_too_many.matches(&labels));
        assert!(Selector::default().matches(&Labels::new()) && Selector::default().is_everything());
    }
}
