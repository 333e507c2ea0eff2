//! Sending what the person wrote on a page. Owns what is sent: nothing that was sent before, and nothing that the server wrote.

use aside_assist::chat::Ask;
use aside_sessions::TurnId;

use super::{Doing, Said, Writer, change};
use crate::{backend::Backend, errors::Failure, handlers::chat::workspace_of, page::sheet::Live};

impl Writer {
    /// Sends what stands below the last heading of the page as it was when the person sent it.
    pub(super) async fn send(&mut self, backend: &Backend, said: Said) -> Result<TurnId, Failure> {
        let page = said.document.text();
        let mark = &self.leaf.mark;
        let (Some(written), Some(start)) = (change::written(&page, mark, self.taken.as_deref()), mark.end(&page))
        else {
            // The heading comes back, so that the person sees what would be sent.
            self.again = true;
            let message = "the last heading of the conversation is gone from its document";
            return Err(Failure::new("no-heading", message, "look at what stands below it now, and send again"));
        };
        let text = written.trim().replace("\r\n", "\n");
        if text.is_empty() {
            let message = "nothing stands below the last heading that was not sent already";
            return Err(Failure::new("empty", message, "write your message there and send again"));
        }
        let moving = self.taken.is_some() && !matches!(self.doing, Doing::GivenUp);
        if moving && backend.editor.capabilities().edits.apply {
            let message = "your last message is still being moved up in the document";
            return Err(Failure::new("session-busy", message, "send again in a moment"));
        }
        let session = self.leaf.session;
        let workspace = workspace_of(backend, session, said.focus.as_ref()).await?;
        let (model, focus) = (said.model, said.focus);
        let ask = Ask { session, text, attachments: Vec::new(), replaces: None, model, workspace, focus };
        let turn = backend.services.chat.send(ask).await?;
        self.taken = Some(page[start..].to_owned());
        self.reload(backend).await;
        self.live = Some((turn, Live::default()));
        Ok(turn)
    }
}
