//! The client as an editor: it keeps the text of what is open, and does what a server asks of an editor: edits, documents to show,
//! questions to the person.
//!
//! `workspace/applyEdit` is applied to the client's own copies as strictly as the strictest editor does it (a version that is not the
//! newest is refused), and told back as `didChange` before it is answered. `window/showDocument` opens the file. A
//! `window/showMessageRequest` is answered with what the test chose before, else with nothing.

use std::{
    collections::{BTreeMap, VecDeque},
    fs,
    time::Instant,
};

use serde_json::{Value, json};

use super::{Client, Incoming, buffer::Buffer, buffer::Units, is_request};
use crate::PATIENCE;

/// What the editor has and does.
#[derive(Debug, Default)]
pub(super) struct Editor {
    buffers: BTreeMap<String, Buffer>,
    refuses: usize,
    choices: VecDeque<String>,
    asked: Vec<Value>,
    shown: Vec<String>,
    applied: usize,
}

impl Editor {
    pub(super) fn opened(&mut self, uri: &str, text: &str) {
        self.buffers.insert(uri.to_owned(), Buffer { version: 1, text: text.to_owned() });
    }

    pub(super) fn replaced(&mut self, uri: &str, version: i32, text: &str) {
        if let Some(buffer) = self.buffers.get_mut(uri) {
            *buffer = Buffer { version: version.into(), text: text.to_owned() };
        }
    }
}

impl Client {
    /// The text of an open document, as the editor has it.
    #[track_caller]
    pub fn text(&self, uri: &str) -> &str {
        &self.buffer(uri).text
    }

    /// The version of an open document.
    #[track_caller]
    pub fn version(&self, uri: &str) -> i64 {
        self.buffer(uri).version
    }

    /// The addresses of what is open.
    pub fn open_documents(&self) -> Vec<String> {
        self.editor.buffers.keys().cloned().collect()
    }

    /// Types `text` at byte `at` of an open document, as one change.
    #[track_caller]
    pub fn type_at(&mut self, uri: &str, at: usize, text: &str) {
        self.replace(uri, at..at, text);
    }

    /// Types `text` at the end of an open document.
    #[track_caller]
    pub fn type_at_end(&mut self, uri: &str, text: &str) {
        let end = self.text(uri).len();
        self.type_at(uri, end, text);
    }

    /// Replaces bytes of an open document, as one change.
    #[track_caller]
    pub fn replace(&mut self, uri: &str, bytes: std::ops::Range<usize>, text: &str) {
        let units = self.units();
        let buffer = self.buffer(uri);
        let range = json!({ "start": buffer.place(bytes.start, units), "end": buffer.place(bytes.end, units) });
        self.edit(uri, &[json!({ "range": range, "newText": text })]).expect("a place in the document");
    }

    /// The whole of an open document as a range.
    #[track_caller]
    pub fn whole_range(&self, uri: &str) -> Value {
        let (buffer, units) = (self.buffer(uri), self.units());
        json!({ "start": buffer.place(0, units), "end": buffer.place(buffer.text.len(), units) })
    }

    /// Says `textDocument/didClose`.
    #[track_caller]
    pub fn close(&mut self, uri: &str) {
        assert!(self.editor.buffers.remove(uri).is_some(), "`{uri}` is not open");
        self.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    }

    /// Waits until the text of `uri`, which is or will be open, satisfies `wanted`; gives it.
    #[track_caller]
    pub fn text_where(&mut self, uri: &str, wanted: impl Fn(&str) -> bool) -> String {
        self.serve_until(&format!("the text of `{uri}`"), |editor| {
            editor.buffers.get(uri).filter(|buffer| wanted(&buffer.text)).map(|buffer| buffer.text.clone())
        })
    }

    /// Waits until a document was shown whose address satisfies `wanted`; gives the address of the newest.
    #[track_caller]
    pub fn shown_where(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        self.serve_until("a document that is shown", |editor| editor.shown.iter().rfind(|uri| wanted(uri)).cloned())
    }

    /// Does what the server asks until `look` finds something.
    #[track_caller]
    fn serve_until<T>(&mut self, what: &str, look: impl Fn(&Editor) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look(&self.editor) {
                return found;
            }
            match self.incoming.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Incoming::Message(message)) if is_request(&message) => self.serve(&message),
                Ok(Incoming::Message(message)) => self.keep(message),
                Ok(Incoming::Broken(reason)) => panic!("not a frame on standard output: {reason}"),
                Ok(Incoming::End) | Err(_) => panic!(
                    "{what} did not become what was wanted: {:#?}\nunread: {:?}; the server said:\n{}",
                    self.editor,
                    self.unread,
                    self.process.errors()
                ),
            }
        }
    }

    /// Refuses the next `count` edits.
    pub fn refuse_edits(&mut self, count: usize) {
        self.editor.refuses = count;
    }

    /// How many edits of the server were applied.
    pub fn edits_applied(&self) -> usize {
        self.editor.applied
    }

    /// Answers the next `window/showMessageRequest` with the action of this title.
    pub fn will_choose(&mut self, title: &str) {
        self.editor.choices.push_back(title.to_owned());
    }

    /// The parameters of each `window/showMessageRequest` so far.
    pub fn questions(&self) -> &[Value] {
        &self.editor.asked
    }

    /// The addresses that the server had shown, in order.
    pub fn shown(&self) -> &[String] {
        &self.editor.shown
    }

    /// Answers what a server may ask of an editor.
    pub(super) fn serve(&mut self, request: &Value) {
        let params = &request["params"];
        let result = match request["method"].as_str().unwrap_or_default() {
            "workspace/configuration" => {
                let items = params["items"].as_array().map_or(0, Vec::len);
                json!(vec![&self.configuration; items])
            }
            "workspace/applyEdit" => match self.apply_edit(&params["edit"]) {
                Ok(()) => json!({ "applied": true }),
                Err(reason) => json!({ "applied": false, "failureReason": reason }),
            },
            "window/showDocument" => json!({ "success": self.show(params) }),
            "window/showMessageRequest" => {
                self.editor.asked.push(params.clone());
                let offered = |title: &String| {
                    params["actions"].as_array().is_some_and(|all| all.iter().any(|one| one["title"] == **title))
                };
                self.editor.choices.pop_front().filter(offered).map_or(Value::Null, |title| json!({ "title": title }))
            }
            _ => Value::Null,
        };
        self.send(&json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }));
    }

    /// Applies a `WorkspaceEdit`: all of it or nothing.
    fn apply_edit(&mut self, edit: &Value) -> Result<(), String> {
        if self.editor.refuses > 0 {
            self.editor.refuses -= 1;
            return Err("the editor does not want to".to_owned());
        }
        let mut steps = Vec::new();
        for (uri, edits) in edit["changes"].as_object().into_iter().flatten() {
            steps.push((uri.clone(), edits.as_array().cloned().unwrap_or_default()));
        }
        for change in edit["documentChanges"].as_array().into_iter().flatten() {
            if change["kind"] == "create" {
                self.create(change["uri"].as_str().unwrap_or_default())?;
                continue;
            }
            let document = &change["textDocument"];
            let uri = document["uri"].as_str().ok_or_else(|| format!("a change that is not played: {change}"))?;
            let newest = self.editor.buffers.get(uri).map(|buffer| buffer.version);
            if document["version"].as_i64().is_some_and(|version| newest.is_some_and(|newest| version != newest)) {
                return Err(format!("`{uri}` has the version {newest:?}"));
            }
            steps.push((uri.to_owned(), change["edits"].as_array().cloned().unwrap_or_default()));
        }
        let units = self.units();
        for (uri, edits) in &steps {
            // A trial, so that nothing is half applied.
            self.loaded(uri)?.apply(edits, units)?;
        }
        for (uri, edits) in steps {
            if self.editor.buffers.contains_key(&uri) {
                self.edit(&uri, &edits)?;
            } else {
                let mut buffer = self.loaded(&uri)?;
                buffer.apply(&edits, units)?;
                fs::write(path(&uri)?, buffer.text).map_err(|error| error.to_string())?;
            }
        }
        self.editor.applied += 1;
        Ok(())
    }

    /// The document as it is: open, or on the disk.
    fn loaded(&self, uri: &str) -> Result<Buffer, String> {
        match self.editor.buffers.get(uri) {
            Some(buffer) => Ok(buffer.clone()),
            None => {
                let text = fs::read_to_string(path(uri)?).map_err(|error| format!("`{uri}`: {error}"))?;
                Ok(Buffer { version: 0, text })
            }
        }
    }

    fn create(&self, uri: &str) -> Result<(), String> {
        let path = path(uri)?;
        if path.exists() {
            return Err(format!("`{uri}` is there already"));
        }
        fs::create_dir_all(path.parent().ok_or("a file has a folder")?).map_err(|error| error.to_string())?;
        fs::write(path, "").map_err(|error| error.to_string())
    }

    fn edit(&mut self, uri: &str, edits: &[Value]) -> Result<(), String> {
        let units = self.units();
        let buffer = self.editor.buffers.get_mut(uri).ok_or_else(|| format!("`{uri}` is not open"))?;
        let changes = buffer.apply(edits, units)?;
        let document = json!({ "uri": uri, "version": buffer.version });
        self.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
        Ok(())
    }

    fn show(&mut self, params: &Value) -> bool {
        let uri = params["uri"].as_str().unwrap_or_default().to_owned();
        self.editor.shown.push(uri.clone());
        if self.editor.buffers.contains_key(&uri) {
            return true;
        }
        match path(&uri).ok().and_then(|path| fs::read_to_string(path).ok()) {
            Some(text) => {
                let language = if uri.ends_with(".md") { "markdown" } else { "plaintext" };
                self.open(&uri, language, &text);
                true
            }
            None => false,
        }
    }

    #[track_caller]
    fn buffer(&self, uri: &str) -> &Buffer {
        self.editor.buffers.get(uri).unwrap_or_else(|| panic!("`{uri}` is not open"))
    }

    fn units(&self) -> Units {
        Units::named(self.initialized["capabilities"]["positionEncoding"].as_str().unwrap_or_default())
    }
}

fn path(uri: &str) -> Result<std::path::PathBuf, String> {
    let path = url::Url::parse(uri).ok().and_then(|url| url.to_file_path().ok());
    path.ok_or_else(|| format!("`{uri}` is no file"))
}
