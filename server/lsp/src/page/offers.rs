//! What can be done in a page: code actions for the editor's menu, lenses on its last heading.

use aside_text::Range;
use serde_json::{Value, json};

use super::{Leaf, view::View};
use crate::{backend::Backend, convert};

/// How many more messages one action shows.
const MORE: u32 = 50;

/// The code actions of the page `uri`; `None` when it is no page. In a page nothing else is offered.
pub(crate) fn actions(backend: &Backend, uri: &str, _range: Option<Range>) -> Option<Vec<Value>> {
    let page = backend.pages.find(uri)?;
    let leaf = &page.leaf;
    let view = leaf.view();
    let mut commands = main(leaf, &view);
    if view.earlier {
        let limit = view.limit.saturating_add(MORE).min(super::MOST);
        let earlier = json!({ "session": leaf.session.to_string(), "limit": limit });
        commands.push(command("Aside: Show earlier messages", "aside.chat.document", &earlier));
    }
    let mut new = json!({ "new": true });
    if let Some(workspace) = &view.workspace {
        new["workspace"] = json!(workspace);
    }
    commands.push(command("Aside: New conversation", "aside.chat.document", &new));
    for (id, title) in &view.recent {
        let open = json!({ "session": id.to_string() });
        commands.push(command(&format!("Aside: Open \"{title}\""), "aside.chat.document", &open));
    }
    let action = |command: Value| json!({ "title": command["title"], "kind": "source", "command": command });
    Some(commands.into_iter().map(action).collect())
}

/// The lenses of the page `uri`, all on its last heading; `None` when it is no page.
pub(crate) fn lenses(backend: &Backend, uri: &str) -> Option<Vec<Value>> {
    let page = backend.pages.find(uri)?;
    let document = backend.services.documents.snapshot(uri);
    let line = document.as_ref().and_then(|document| page.leaf.mark.line(&document.text()));
    let (Some(document), Some(line)) = (document, line) else { return Some(Vec::new()) };
    let range = convert::range(&document, &line, backend.editor.encoding());
    let lens = |command: Value| json!({ "range": range, "command": command });
    Some(main(&page.leaf, &page.leaf.view()).into_iter().map(lens).collect())
}

/// What is done with the conversation itself, the likeliest first.
fn main(leaf: &Leaf, view: &View) -> Vec<Value> {
    let session = json!({ "session": leaf.session.to_string() });
    if view.answering {
        return vec![command("Aside: Stop", "aside.chat.stop", &session)];
    }
    let mut commands = vec![command("Aside: Send", "aside.chat.document.send", &json!({ "uri": leaf.uri }))];
    if view.cut_off {
        commands.push(command("Aside: Continue", "aside.chat.continue", &session));
    }
    commands
}

fn command(title: &str, command: &str, argument: &Value) -> Value {
    json!({ "title": title, "command": command, "arguments": [argument] })
}
