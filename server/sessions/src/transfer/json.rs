//! A conversation as JSON: one object, with a message on each line.

use std::io::{self, Write};

use super::row::{ErrorRow, KIND, MessageRow, SessionRow, VERSION, role};
use crate::{SessionInfo, StoredMessage};

pub(super) fn head(out: &mut impl Write, session: &SessionInfo) -> io::Result<()> {
    let row = SessionRow {
        id: session.id.to_string(),
        title: &session.title,
        created: session.created.to_string(),
        updated: session.updated.to_string(),
        model: session.model.as_deref(),
    };
    write!(out, "{{\"aside\":\"{KIND}\",\"version\":{VERSION},\"session\":")?;
    serde_json::to_writer(&mut *out, &row)?;
    write!(out, ",\"messages\":[")
}

pub(super) fn message(out: &mut impl Write, message: &StoredMessage, first: bool) -> io::Result<()> {
    let row = MessageRow {
        role: role(message.role),
        at: message.at.to_string(),
        state: message.state.as_str(),
        model: message.model.as_deref(),
        text: &message.text,
        attachments: message.attachments.iter().map(Into::into).collect(),
        error: message.error.as_ref().map(ErrorRow::from),
        usage: message.usage.map(Into::into),
    };
    out.write_all(if first { b"\n" } else { b",\n" })?;
    Ok(serde_json::to_writer(out, &row)?)
}

pub(super) fn tail(out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"\n]}\n")
}
