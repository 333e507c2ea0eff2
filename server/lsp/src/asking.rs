//! What the server asks of the editor: to apply an edit, to show a document, to put a question to the person.
//!
//! An editor that cannot do it, refuses, or answers with nonsense is all the same to the caller: it was not done, and why.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;
use tower_lsp::gen_lsp_types::{LspRequestMethod, MessageDirection, Request};

use crate::backend::Shared;

/// How long an editor may take to say that it shows something. One that never does must not keep the person from hearing of
/// other things; what it applies and what it asks a person may take as long as it takes.
const SHOWING: Duration = Duration::from_secs(5);

macro_rules! asked {
    ($name:ident, $method:literal) => {
        pub(crate) enum $name {}

        impl Request for $name {
            type Params = Value;
            // Whatever an editor says: what is looked at is looked at leniently.
            type Result = Value;
            const METHOD: LspRequestMethod<'static> = LspRequestMethod::Custom($method);
            const MESSAGE_DIRECTION: MessageDirection = MessageDirection::ServerToClient;
        }
    };
}

asked!(ApplyEdit, "workspace/applyEdit");
asked!(ShowDocument, "window/showDocument");
asked!(AskPerson, "window/showMessageRequest");
asked!(RefreshLenses, "workspace/codeLens/refresh");
asked!(RefreshContent, "workspace/textDocumentContent/refresh");
asked!(CreateProgress, "window/workDoneProgress/create");

impl Shared {
    /// Has the editor apply `edit`, a `WorkspaceEdit`.
    ///
    /// # Errors
    /// Why it did not, in the editor's words.
    pub(crate) async fn apply_edit(&self, label: &str, edit: Value) -> Result<(), String> {
        match self.client.send_request::<ApplyEdit>(json!({ "label": label, "edit": edit })).await {
            Ok(answer) if answer["applied"] == true => Ok(()),
            Ok(answer) => Err(short(answer["failureReason"].as_str().unwrap_or("it gave no reason"))),
            Err(error) => Err(short(&error.message)),
        }
    }

    /// Has the editor open `uri` and go there; gives whether it did.
    pub(crate) async fn show_document(&self, uri: &str) -> bool {
        if !self.editor.capabilities().edits.show_document {
            return false;
        }
        let shown = self.soon::<ShowDocument>(json!({ "uri": uri, "takeFocus": true })).await;
        shown.is_some_and(|answer| answer["success"] == true)
    }

    /// Puts a question to the person; gives whether they chose `yes`.
    ///
    /// # Errors
    /// The editor cannot ask.
    pub(crate) async fn confirm(&self, question: &str, yes: &str) -> Result<bool, String> {
        let actions = json!([{ "title": yes }, { "title": "Cancel" }]);
        let asked = json!({ "type": 2, "message": question, "actions": actions });
        match self.client.send_request::<AskPerson>(asked).await {
            Ok(answer) => Ok(answer["title"] == yes),
            Err(error) => Err(short(&error.message)),
        }
    }

    /// Has the editor ask for lenses again, where it can.
    pub(crate) async fn refresh_lenses(&self) {
        if self.editor.capabilities().edits.refresh_lenses {
            let _best_effort = self.soon::<RefreshLenses>(Value::Null).await;
        }
    }

    /// Has the editor ask for the text of `uri` again.
    pub(crate) async fn refresh_content(&self, uri: &str) {
        let _best_effort = self.soon::<RefreshContent>(json!({ "uri": uri })).await;
    }

    /// Announces work under `token`; gives whether the editor shows its progress.
    pub(crate) async fn create_progress(&self, token: &str) -> bool {
        self.editor.capabilities().edits.progress
            && self.soon::<CreateProgress>(json!({ "token": token })).await.is_some()
    }

    /// The editor's answer, unless it is an error or takes longer than [`SHOWING`].
    async fn soon<R: Request<Params = Value>>(&self, params: Value) -> Option<R::Result> {
        timeout(SHOWING, self.client.send_request::<R>(params)).await.ok()?.ok()
    }
}

/// What an editor says, as part of a sentence.
fn short(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}
