//! The shapes of Aside's own answers and notifications on the wire, as `docs/protocol.md` describes them.
//!
//! Twins of the types inside, which are free to change; made from them in `convert` only.

use serde::Serialize;
use serde_json::Value;

/// A place in a document, counted in the agreed encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct WirePosition {
    pub(crate) line: u32,
    pub(crate) character: u32,
}

/// A span of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct WireRange {
    pub(crate) start: WirePosition,
    pub(crate) end: WirePosition,
}

/// Ghost text: an `InlineCompletionItem`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InlineItem {
    pub(crate) insert_text: String,
    pub(crate) range: WireRange,
    pub(crate) command: WireCommand,
}

/// What the editor runs after a suggestion was accepted.
#[derive(Debug, Serialize)]
pub(crate) struct WireCommand {
    pub(crate) title: &'static str,
    pub(crate) command: &'static str,
    pub(crate) arguments: [Value; 1],
}

/// The answer to `textDocument/inlineCompletion`.
#[derive(Debug, Serialize)]
pub(crate) struct InlineList {
    pub(crate) items: Vec<InlineItem>,
    /// Ours: why there are no items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<Reason>,
}

/// Why an answer is empty.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Reason {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) hint: String,
}

/// An entry of a completion menu: a `CompletionItem`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MenuItem {
    pub(crate) label: String,
    pub(crate) kind: u32,
    pub(crate) detail: String,
    pub(crate) sort_text: &'static str,
    pub(crate) filter_text: String,
    /// Plain text: a model's words are never a snippet.
    pub(crate) insert_text_format: u32,
    /// As it is: the model has indented it already.
    pub(crate) insert_text_mode: u32,
    pub(crate) text_edit: WireEdit,
    pub(crate) command: WireCommand,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) documentation: Option<String>,
}

/// A `TextEdit`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireEdit {
    pub(crate) range: WireRange,
    pub(crate) new_text: String,
}

/// The answer to `textDocument/completion`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MenuList {
    pub(crate) is_incomplete: bool,
    pub(crate) items: Vec<MenuItem>,
    /// Ours: why there are no items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<Reason>,
}

/// A conversation.
#[derive(Debug, Serialize)]
pub(crate) struct WireSession {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) workspace: String,
    pub(crate) created: String,
    pub(crate) updated: String,
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
    pub(crate) state: &'static str,
    /// Another program on this machine has it open or answers in it.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) elsewhere: bool,
    /// A part of it is only in memory because saving failed.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) unsaved: bool,
    /// It came from a file.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) imported: bool,
    /// When it went to the trash, where it is in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trashed: Option<String>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// The answer of every request that makes or changes one conversation.
#[derive(Debug, Serialize)]
pub(crate) struct OneSession {
    pub(crate) session: WireSession,
}

/// The answer to `aside/chat/list`.
#[derive(Debug, Serialize)]
pub(crate) struct SessionList {
    pub(crate) sessions: Vec<WireSession>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cursor: Option<String>,
    /// Folders, now gone, whose conversations may be this one's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) moved: Vec<WireMoved>,
}

/// A folder with conversations that was elsewhere before.
#[derive(Debug, Serialize)]
pub(crate) struct WireMoved {
    pub(crate) from: String,
    pub(crate) sessions: u64,
}

/// The answer to `aside/chat/trash`.
#[derive(Debug, Serialize)]
pub(crate) struct Trash {
    pub(crate) sessions: Vec<WireSession>,
}

/// The answer to `aside/chat/export`.
#[derive(Debug, Serialize)]
pub(crate) struct Exported {
    pub(crate) text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) damage: Vec<WireDamage>,
}

/// The answer to `aside/chat/relink`.
#[derive(Debug, Serialize)]
pub(crate) struct Relinked {
    pub(crate) sessions: u64,
}

/// The answer to `aside/chat/digest`.
#[derive(Debug, Serialize)]
pub(crate) struct WireDigest {
    pub(crate) text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
}

/// The answer to `aside/chat/search`.
#[derive(Debug, Serialize)]
pub(crate) struct WireMatches {
    pub(crate) matches: Vec<WireMatch>,
    pub(crate) partial: bool,
}

/// A message that was found.
#[derive(Debug, Serialize)]
pub(crate) struct WireMatch {
    pub(crate) session: WireSession,
    pub(crate) n: u64,
    pub(crate) role: &'static str,
    pub(crate) at: String,
    pub(crate) snippet: WireSnippet,
}

/// One line of a message; the highlights are counted in the agreed encoding.
#[derive(Debug, Serialize)]
pub(crate) struct WireSnippet {
    pub(crate) text: String,
    pub(crate) highlights: Vec<[usize; 2]>,
}

/// What is wrong with the rows of a conversation.
#[derive(Debug, Serialize)]
pub(crate) struct WireDamage {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) n: Option<u64>,
}

/// The answer to `aside/chat/open`.
#[derive(Debug, Serialize)]
pub(crate) struct OpenSession {
    pub(crate) session: WireSession,
    pub(crate) messages: Vec<WireMessage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) damage: Vec<WireDamage>,
}

/// The answer to `aside/chat/send` and `aside/chat/continue`.
#[derive(Debug, Serialize)]
pub(crate) struct Sent {
    pub(crate) turn: String,
}

/// One message of a conversation.
#[derive(Debug, Serialize)]
pub(crate) struct WireMessage {
    pub(crate) n: u64,
    pub(crate) role: &'static str,
    pub(crate) text: String,
    pub(crate) at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
    pub(crate) state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<WireTurnError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) usage: Option<WireUsage>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) attachments: Vec<WireAttachment>,
}

/// What went along with a message.
#[derive(Debug, Serialize)]
pub(crate) struct WireAttachment {
    pub(crate) label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) uri: Option<String>,
    pub(crate) text: String,
}

/// Token counts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireUsage {
    pub(crate) input_tokens: u64,
    pub(crate) output_tokens: u64,
    pub(crate) cached_tokens: u64,
}

/// Why a turn did not end well.
#[derive(Debug, Serialize)]
pub(crate) struct WireTurnError {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) hint: String,
}

/// `aside/chat/event`.
#[derive(Debug, Serialize)]
pub(crate) struct ChatEvent {
    pub(crate) session: String,
    pub(crate) turn: String,
    pub(crate) n: u64,
    pub(crate) event: WireEvent,
}

/// What happened in a turn.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum WireEvent {
    Asked {
        text: String,
        model: String,
    },
    Delta {
        text: String,
    },
    Reasoning {
        text: String,
    },
    Usage(WireUsage),
    Notice {
        text: String,
    },
    End {
        reason: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<WireTurnError>,
    },
}

/// `window/logMessage` and `window/showMessage`.
#[derive(Debug, Serialize)]
pub(crate) struct WireNote {
    /// 2 is a warning, 3 information.
    #[serde(rename = "type")]
    pub(crate) kind: u32,
    pub(crate) message: String,
}

/// `aside/status/changed`.
#[derive(Debug, Serialize)]
pub(crate) struct StatusChanged {
    /// What changed: `settings`, `completion` or `vault`.
    pub(crate) what: &'static str,
    /// Why completions do not come, or the keys are locked, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<Reason>,
}

/// An edit, as [`crate::convert::edit::proposal`] makes it.
#[derive(Debug, Serialize)]
pub(crate) struct WireProposal {
    pub(crate) id: String,
    pub(crate) action: String,
    pub(crate) title: String,
    /// The document that it was asked for.
    pub(crate) uri: String,
    pub(crate) model: String,
    pub(crate) state: &'static str,
    /// Bytes of the answer so far.
    pub(crate) received: usize,
    pub(crate) files: Vec<WireEditFile>,
    pub(crate) notes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<WireTurnError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) usage: Option<WireUsage>,
}

/// A document of an edit.
#[derive(Debug, Serialize)]
pub(crate) struct WireEditFile {
    pub(crate) uri: String,
    pub(crate) label: String,
    /// Of the open document that ranges count in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<i32>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) new: bool,
    pub(crate) warnings: Vec<WireWarning>,
    pub(crate) hunks: Vec<WireHunk>,
}

/// A part of an edit: whole lines.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireHunk {
    pub(crate) n: usize,
    pub(crate) range: WireRange,
    pub(crate) old_text: String,
    pub(crate) new_text: String,
    pub(crate) state: &'static str,
    pub(crate) warnings: Vec<WireWarning>,
}

/// What a person should know before accepting.
#[derive(Debug, Serialize)]
pub(crate) struct WireWarning {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// `aside/edit/event`, and the answer of most requests about edits.
#[derive(Debug, Serialize)]
pub(crate) struct OneEdit {
    pub(crate) edit: WireProposal,
}

/// The answer to `aside/edit/show`.
#[derive(Debug, Serialize)]
pub(crate) struct ShownEdit {
    pub(crate) edit: WireProposal,
    pub(crate) diff: String,
}

/// The answer to `aside/edit/list`.
#[derive(Debug, Serialize)]
pub(crate) struct EditList {
    pub(crate) edits: Vec<WireProposal>,
}
