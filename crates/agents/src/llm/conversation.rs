//! The conversation with a model.
//!
//! Owns its making from a worker's history, and what a model is told of calls that were cut off.
//! Must not read more of the history than the model's window holds.

use crate::secret::Redactor;
use genai::chat::{ChatMessage, ChatRole, ContentPart, MessageContent, ToolCall, ToolResponse};
use protocol::{BlockStatus, Entry, EntryKind, KnownPart, Part, RunId};
use serde_json::{Value, json};
use std::collections::HashMap;
use yoi_executor::{History, HistoryError};

/// The kind of block that a summary of what came before is.
pub(crate) const SUMMARY: &str = "summary";

/// What a model is told of a call that began and has no answer.
const CUT_OFF: &str = "This call was cut off before it answered: it may have taken effect, wholly, partly, or not at \
                       all. It has not been repeated. Look at how things are before you do it again.";

/// What stands before a summary.
const SUMMARY_INTRO: &str = "What came before, in short:\n\n";

/// A conversation, as it was when a run began.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    /// Oldest first; begins with a user's message.
    pub messages: Vec<ChatMessage>,
    /// The calls that were cut off, by the names of their tools: of the newest run only.
    pub cut_off: Vec<String>,
    /// Whether something older was left out.
    pub shortened: bool,
}

/// Reads the conversation before the run `now`, as far as `bytes` go back.
pub(crate) async fn recall(history: &dyn History, now: RunId, bytes: usize) -> Result<Conversation, HistoryError> {
    let (mut newest_first, mut before, mut size, mut shortened) = (Vec::new(), None, 0, false);
    'pages: loop {
        let page = history.page(before).await?;
        for entry in page.entries.into_iter().rev() {
            if entry.run_id == Some(now) || entry.kind == EntryKind::Thinking {
                continue;
            }
            size += size_of(&entry);
            if size > bytes && !newest_first.is_empty() {
                shortened = true;
                break 'pages;
            }
            let is_summary = entry.kind.as_str() == SUMMARY && entry.status == Some(BlockStatus::Complete);
            newest_first.push(entry);
            if is_summary {
                break 'pages;
            }
        }
        match page.older {
            Some(older) => before = Some(older),
            None => break,
        }
    }
    newest_first.reverse();
    let mut conversation = from_entries(newest_first);
    conversation.shortened = shortened;
    Ok(conversation)
}

fn size_of(entry: &Entry) -> usize {
    let content = entry.content.iter().flatten().map(|part| match part {
        Part::Known(KnownPart::Text(text)) => text.text.len(),
        Part::Known(KnownPart::Image(image)) => image.data.as_ref().map_or(0, String::len),
        _ => 0,
    });
    entry.text.as_ref().map_or(0, String::len) + content.sum::<usize>()
}

/// The messages that these entries are, oldest first.
pub(crate) fn from_entries(entries: Vec<Entry>) -> Conversation {
    let mut maker = Maker::default();
    let newest_run = entries.iter().rev().find_map(|entry| entry.run_id);
    let mut entries = entries.into_iter().peekable();
    while let Some(entry) = entries.next() {
        let goes_on = entries.peek().is_some_and(|next| {
            next.run_id == entry.run_id && matches!(next.kind, EntryKind::Text | EntryKind::ToolCall)
        });
        let whole = entry.status == Some(BlockStatus::Complete);
        match entry.kind {
            EntryKind::UserMessage => maker.user(entry.content.as_deref().unwrap_or_default()),
            // what was begun again stands there a second time
            EntryKind::Text if whole || !goes_on => maker.text(entry.text.unwrap_or_default()),
            EntryKind::ToolCall if whole => maker.call(entry),
            EntryKind::ToolResult => maker.result(entry),
            ref kind if kind.as_str() == SUMMARY && whole => {
                maker = Maker::default();
                let text = format!("{SUMMARY_INTRO}{}", entry.text.unwrap_or_default());
                maker.user(&[Part::text(text)]);
            }
            _ => {}
        }
    }
    maker.finish(newest_run)
}

/// Messages in the making.
#[derive(Default)]
struct Maker {
    messages: Vec<ChatMessage>,
    /// The model's turn under way.
    texts: Vec<String>,
    calls: Vec<(ToolCall, Option<RunId>)>,
    results: HashMap<String, String>,
    cut_off: Vec<(String, Option<RunId>)>,
}

impl Maker {
    fn user(&mut self, content: &[Part]) {
        self.flush();
        let parts = user_parts(content);
        if parts.is_empty() {
            return;
        }
        match self.messages.last_mut() {
            Some(last) if last.role == ChatRole::User => last.content.extend(parts),
            // a conversation whose beginning is missing begins here
            _ => self.messages.push(ChatMessage::user(MessageContent::from_parts(parts))),
        }
    }

    fn text(&mut self, text: String) {
        if !self.results.is_empty() {
            self.flush();
        }
        if !text.trim().is_empty() {
            self.texts.push(text);
        }
    }

    fn call(&mut self, entry: Entry) {
        if !self.results.is_empty() {
            self.flush();
        }
        let (Some(call_id), Some(fn_name)) = (entry.call_id, entry.tool) else { return };
        let fn_arguments = arguments(entry.text.as_deref().unwrap_or_default());
        self.calls.push((ToolCall { call_id, fn_name, fn_arguments, thought_signatures: None }, entry.run_id));
    }

    fn result(&mut self, entry: Entry) {
        let Some(call_id) = entry.call_id else { return };
        let texts: Vec<_> = entry.content.iter().flatten().filter_map(Part::as_text).collect();
        self.results.insert(call_id, texts.join("\n"));
    }

    fn flush(&mut self) {
        let (texts, calls) = (std::mem::take(&mut self.texts), std::mem::take(&mut self.calls));
        let mut results = std::mem::take(&mut self.results);
        if (texts.is_empty() && calls.is_empty()) || self.messages.is_empty() {
            return;
        }
        let parts = texts.into_iter().map(ContentPart::Text);
        let parts: Vec<_> = parts.chain(calls.iter().map(|(call, _)| ContentPart::ToolCall(call.clone()))).collect();
        self.messages.push(ChatMessage::assistant(MessageContent::from_parts(parts)));
        let mut responses = Vec::new();
        for (call, run_id) in calls {
            let answer = results.remove(&call.call_id).unwrap_or_else(|| {
                self.cut_off.push((call.fn_name.clone(), run_id));
                CUT_OFF.to_owned()
            });
            responses.push(ToolResponse::from_tool_call(&call, answer));
        }
        if !responses.is_empty() {
            self.messages.push(ChatMessage::from(responses));
        }
    }

    fn finish(mut self, newest_run: Option<RunId>) -> Conversation {
        self.flush();
        let cut_off = self.cut_off.into_iter().filter(|(_, run)| *run == newest_run).map(|(tool, _)| tool).collect();
        Conversation { messages: self.messages, cut_off, shortened: false }
    }
}

/// Arguments as a model is shown them again: an object, whatever it wrote.
pub(crate) fn arguments(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Value::Object(object),
        _ if text.trim().is_empty() => json!({}),
        _ => json!({"not_json": text}),
    }
}

/// What a person said, for a model.
pub(crate) fn user_parts(content: &[Part]) -> Vec<ContentPart> {
    let part = |part: &Part| match part {
        Part::Known(KnownPart::Text(text)) => Some(ContentPart::from_text(text.text.clone())),
        Part::Known(KnownPart::Image(image)) => match (&image.data, &image.uri) {
            (Some(data), _) => Some(ContentPart::from_binary_base64(image.mime_type.clone(), data.as_str(), None)),
            (None, Some(uri)) => Some(ContentPart::from_binary_url(image.mime_type.clone(), uri.clone(), None)),
            (None, None) => None,
        },
        Part::Known(KnownPart::Resource(resource)) => Some(ContentPart::from_text(format!("[{}]", resource.uri))),
        other => serde_json::to_string(other).ok().map(ContentPart::from_text),
    };
    content.iter().filter_map(part).collect()
}

/// A message that a summary becomes.
pub(crate) fn summary_message(summary: &str) -> ChatMessage {
    ChatMessage::user(format!("{SUMMARY_INTRO}{summary}"))
}

/// The conversation as plain text, at most `bytes` of it: its beginning and its end.
pub(crate) fn as_text(messages: &[ChatMessage], bytes: usize, redactor: &Redactor) -> String {
    let mut kept = crate::tools::bounds::Kept::new(bytes);
    for message in messages {
        for part in message.content.parts() {
            let line = match part {
                ContentPart::Text(text) => format!("{}: {text}\n", message.role),
                ContentPart::ToolCall(call) => format!("Call of {}: {}\n", call.fn_name, call.fn_arguments),
                ContentPart::ToolResponse(response) => format!("Answer: {}\n", response.content),
                ContentPart::Binary(_) => "[a picture]\n".to_owned(),
                _ => continue,
            };
            kept.push(redactor.clean(line).as_bytes());
        }
    }
    kept.into_text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{BlockKind, Timestamp};

    fn run(n: u64) -> RunId {
        RunId::from_parts(n, 1)
    }

    fn user(n: u64, text: &str) -> Entry {
        let content = Some(vec![Part::text(text)]);
        Entry { run_id: Some(run(n)), content, ..Entry::new(EntryKind::UserMessage, Timestamp::default()) }
    }

    fn block(n: u64, kind: &str, text: &str, status: BlockStatus) -> Entry {
        let kind = EntryKind::from(BlockKind::from(kind).as_str());
        let (text, status) = (Some(text.to_owned()), Some(status));
        Entry { run_id: Some(run(n)), text, status, ..Entry::new(kind, Timestamp::default()) }
    }

    fn call(n: u64, id: &str, arguments: &str) -> Entry {
        let entry = block(n, "tool_call", arguments, BlockStatus::Complete);
        Entry { call_id: Some(id.into()), tool: Some("read".into()), ..entry }
    }

    fn result(n: u64, id: &str, text: &str) -> Entry {
        let entry = user(n, text);
        Entry { call_id: Some(id.into()), kind: EntryKind::ToolResult, ..entry }
    }

    fn shown(conversation: &Conversation) -> String {
        as_text(&conversation.messages, 100_000, &Redactor::default())
    }

    #[test]
    fn calls_and_answers_stand_together_whatever_happened() {
        use BlockStatus::{Complete, Interrupted};
        let conversation = from_entries(vec![
            user(1, "go"),
            block(1, "text", "I loo", Interrupted),
            block(1, "text", "I look", Complete),
            call(1, "a", "{\"path\":\"x\"}"),
            call(1, "b", "not json"),
            result(1, "b", "no"),
            result(1, "a", "yes"),
            call(1, "c", "{}"),
            user(2, "and now?"),
            user(3, "well?"),
            block(3, "text", "I was", Interrupted),
        ]);
        insta::assert_snapshot!(shown(&conversation), @r#"
        User: go
        Assistant: I look
        Call of read: {"path":"x"}
        Call of read: {"not_json":"not json"}
        Answer: yes
        Answer: no
        Call of read: {}
        Answer: This call was cut off before it answered: it may have taken effect, wholly, partly, or not at all. It has not been repeated. Look at how things are before you do it again.
        User: and now?
        User: well?
        Assistant: I was
        "#);
        assert!(conversation.cut_off.is_empty(), "that was told in the second run");
        let roles: Vec<_> = conversation.messages.iter().map(|message| message.role.to_string()).collect();
        assert_eq!(roles, ["User", "Assistant", "Tool", "Assistant", "Tool", "User", "Assistant"]);
    }

    #[test]
    fn a_summary_stands_for_everything_before_it() {
        let conversation = from_entries(vec![
            user(1, "old"),
            block(1, "text", "old", BlockStatus::Complete),
            block(2, SUMMARY, "all was well", BlockStatus::Complete),
            call(2, "a", "{}"),
        ]);
        assert_eq!(conversation.cut_off, ["read"]);
        assert!(shown(&conversation).starts_with("User: What came before, in short:\n\nall was well\nCall of read"));
    }

    /// Pages of two entries.
    struct Pages(Vec<Entry>);

    impl History for Pages {
        fn page(
            &self,
            before: Option<String>,
        ) -> futures_util::future::BoxFuture<'_, Result<yoi_executor::HistoryPage, HistoryError>> {
            let end = before.map_or(self.0.len(), |before| before.parse().unwrap());
            let begin = end.saturating_sub(2);
            let (entries, older) = (self.0[begin..end].to_vec(), (begin > 0).then(|| begin.to_string()));
            Box::pin(std::future::ready(Ok(yoi_executor::HistoryPage { entries, older })))
        }
    }

    #[tokio::test]
    async fn as_much_is_read_as_fits_and_nothing_of_the_run_itself() {
        let say = |n, text: &str| block(n, "text", text, BlockStatus::Complete);
        let pages = Pages(vec![user(1, "one"), say(1, "1"), user(2, "two"), say(2, "2"), user(3, "now")]);
        let all = recall(&pages, run(3), 1000).await.unwrap();
        assert_eq!(shown(&all), "User: one\nAssistant: 1\nUser: two\nAssistant: 2\n");
        let some = recall(&pages, run(3), 4).await.unwrap();
        assert_eq!((shown(&some).as_str(), some.shortened), ("User: two\nAssistant: 2\n", true));
    }
}
