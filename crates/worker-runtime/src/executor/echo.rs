//! The executor that says back what it is told: the first minute, without any setup.
//!
//! Owns the streaming of an input's own text. Must not need settings, files or a network.

use super::{Ending, Executor, Output, Profile, RunContext, RunOver};
use futures_util::future::BoxFuture;
use protocol::{BlockKind, BlockStatus, Usage};
use serde_json::Map;
use std::time::Duration;

/// How an echo streams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EchoOptions {
    /// The words of one delta; 0 counts as 1.
    pub words_per_delta: usize,
    /// The pause before each delta but the first.
    pub pause: Duration,
}

impl Default for EchoOptions {
    /// Three words every 15 ms: about as fast as a quick model writes.
    fn default() -> Self {
        EchoOptions { words_per_delta: 3, pause: Duration::from_millis(15) }
    }
}

/// The profile `echo`.
#[derive(Clone, Debug)]
pub struct Echo {
    name: String,
    description: String,
    options: EchoOptions,
}

impl Echo {
    /// The profile `echo` at its usual pace.
    #[must_use]
    pub fn new() -> Self {
        Echo::with_options("echo", EchoOptions::default())
    }

    /// An echo under another name or at another pace.
    pub fn with_options(name: impl Into<String>, options: EchoOptions) -> Self {
        Echo { name: name.into(), description: "Says back what it is told".to_owned(), options }
    }

    /// The same, described for people in other words.
    #[must_use]
    pub fn described(self, description: impl Into<String>) -> Self {
        Echo { description: description.into(), ..self }
    }
}

impl Default for Echo {
    fn default() -> Self {
        Echo::new()
    }
}

impl Profile for Echo {
    fn name(&self) -> &str {
        &self.name
    }

    fn executor(&self) -> &'static str {
        "echo"
    }

    fn description(&self) -> Option<&str> {
        Some(&self.description)
    }

    fn make(&self) -> Box<dyn Executor> {
        Box::new(EchoExecutor { options: self.options.clone() })
    }
}

struct EchoExecutor {
    options: EchoOptions,
}

impl Executor for EchoExecutor {
    fn run(&mut self, context: RunContext) -> BoxFuture<'_, Ending> {
        let options = self.options.clone();
        Box::pin(async move {
            match echo(&options, &context).await {
                Ok(()) => Ending::completed(),
                Err(RunOver) => Ending::cancelled(),
            }
        })
    }
}

async fn echo(options: &EchoOptions, context: &RunContext) -> Result<(), RunOver> {
    let text = context.input_text();
    let block_id = "echo".to_owned();
    context
        .say(Output::BlockStarted {
            block_id: block_id.clone(),
            kind: BlockKind::Text,
            call_id: None,
            tool: None,
            title: None,
        })
        .await?;
    for (index, piece) in pieces(&text, options.words_per_delta).into_iter().enumerate() {
        if index > 0 && !options.pause.is_zero() {
            tokio::select! {
                biased;
                () = context.cancel.cancelled() => return Err(RunOver),
                () = tokio::time::sleep(options.pause) => {}
            }
        }
        context.say(Output::BlockDelta { block_id: block_id.clone(), text: piece.to_owned() }).await?;
    }
    context.say(Output::BlockFinished { block_id, status: BlockStatus::Complete }).await?;
    // Words stand for tokens: an echo has no model that would count them.
    let words = text.split_whitespace().count() as u64;
    context.say(Output::Usage(Usage { input_tokens: words, output_tokens: words, extra: Map::new() })).await
}

/// `text` in pieces of `words` words, each with the white space that follows it.
fn pieces(text: &str, words: usize) -> Vec<&str> {
    let words = words.max(1);
    let (mut pieces, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let mut count = 0;
        let mut in_word = false;
        let end = rest.char_indices().find_map(|(at, c)| {
            if c.is_whitespace() {
                in_word = false;
                return None;
            }
            count += usize::from(!in_word);
            in_word = true;
            (count > words).then_some(at)
        });
        let (piece, after) = rest.split_at(end.unwrap_or(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::super::testing::{context, fold, run, text_of};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_is_described_as_told() {
        let echo = Echo::with_options("parrot", EchoOptions::default());
        assert_eq!(echo.description(), Some("Says back what it is told"));
        assert_eq!(echo.described("A parrot").description(), Some("A parrot"));
    }

    #[tokio::test(start_paused = true)]
    async fn says_back_what_it_is_told() {
        let mut executor = Echo::new().make();
        let begun = tokio::time::Instant::now();
        let (ending, said) = run(&mut *executor, "one two  three\nfour fünf 🙂 seven").await;
        assert_eq!(ending, Ending::completed());
        assert_eq!(text_of(&said), "one two  three\nfour fünf 🙂 seven");
        assert_eq!(begun.elapsed().as_millis(), 30, "two pauses");
        let state = fold(&said);
        assert_eq!((state.usage.input_tokens, state.usage.output_tokens), (7, 7));
        assert!(state.open_blocks.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn is_cancelled_between_deltas_and_while_nobody_listens() {
        for (capacity, pause) in [(1000, 15), (1, 0)] {
            let options = EchoOptions { words_per_delta: 1, pause: Duration::from_millis(pause) };
            let mut executor = Echo::with_options("echo", options).make();
            let (context, said, cancel) = context(&"word ".repeat(500), capacity);
            let begun = tokio::time::Instant::now();
            let (ending, ()) = tokio::join!(executor.run(context), async {
                tokio::time::sleep(Duration::from_millis(40)).await;
                cancel.cancel();
            });
            assert_eq!(ending, Ending::cancelled());
            assert!(begun.elapsed().as_millis() < 100);
            assert!(said.len() < 10);
        }
    }

    proptest! {
        #[test]
        fn pieces_make_the_text(text in "[ab \\n🙂]{0,40}", words in 0usize..5) {
            let pieces = pieces(&text, words);
            prop_assert_eq!(&pieces.concat(), &text);
            for piece in pieces {
                prop_assert!(piece.split_whitespace().count() <= words.max(1));
            }
        }
    }
}
