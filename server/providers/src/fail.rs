//! The sentences of failures: everything that becomes a [`ModelError`] passes here and is redacted here.

use std::{error::Error, fmt::Display, io, time::Duration};

use aside_model::{ErrorKind, ModelError};
use aside_secret::redact;

use crate::{Dialect, address::Address, status::Report};

/// The most of a provider's own words that is shown, in characters.
const MOST_SHOWN: usize = 300;
/// What hyper says when a connection ended in place of an answer.
const ENDED_EARLY: [&str; 2] = ["connection closed before message completed", "http2 error"];

/// Who is being talked to: names every failure.
#[derive(Clone, Copy)]
pub(crate) struct Peer<'a> {
    pub(crate) provider: &'a str,
    pub(crate) dialect: Dialect,
    pub(crate) address: &'a Address,
}

/// How an attempt to get an answer failed on the way.
#[derive(Debug)]
pub(crate) enum Passage {
    /// No connection in time.
    Connect(Duration),
    /// No first byte in time.
    FirstByte(Duration),
    /// The HTTP client's error.
    Client(reqwest::Error),
}

impl Peer<'_> {
    /// An error of `kind` about this provider; `sentence` may hold foreign text.
    pub(crate) fn error(&self, kind: ErrorKind, sentence: impl Display) -> ModelError {
        ModelError::new(kind, self.provider, format!("`{}` {}", self.provider, redact(&sentence.to_string())))
    }

    /// The failure that a refusal with `status` and this report stands for.
    pub(crate) fn refused(&self, kind: ErrorKind, status: u16, report: &Report) -> ModelError {
        let origin = self.address.origin();
        let message = self.shown(&report.message);
        let said = if message.is_empty() { String::new() } else { format!(": {message}") };
        match kind {
            ErrorKind::Auth => self.error(kind, format_args!("refused the key at {origin} ({status}){said}")),
            ErrorKind::ModelNotFound => self.error(kind, format_args!("has no such model ({status}){said}")),
            ErrorKind::RateLimited => self.error(kind, format_args!("is rate limited ({status}){said}")),
            ErrorKind::Overloaded => self.error(kind, format_args!("is over capacity ({status}){said}")),
            ErrorKind::ContextTooLong => {
                self.error(kind, format_args!("finds the request longer than the model's context ({status}){said}"))
            }
            ErrorKind::Protocol if (300..400).contains(&status) => self.error(
                kind,
                format_args!("answers at {origin} with a redirect ({status}), which is never followed; set its final address as `base_url`"),
            ),
            ErrorKind::Protocol => {
                self.error(kind, format_args!("does not know the request at {origin} ({status}){said}"))
            }
            ErrorKind::Unreachable => {
                self.error(kind, format_args!("cannot be reached: the proxy wants to know who is asking ({status})"))
            }
            _ => self.error(kind, format_args!("refused the request at {origin} ({status}){said}")),
        }
    }

    /// The failure that an error object inside an answer stands for.
    pub(crate) fn failed_midway(&self, kind: ErrorKind, report: &Report) -> ModelError {
        let message = self.shown(&report.message);
        let said = match (message.as_str(), report.words.as_str()) {
            ("", "") => "no reason given".to_owned(),
            ("", words) => self.shown(words),
            (message, _) => message.to_owned(),
        };
        self.error(kind, format_args!("failed while answering: {said}"))
    }

    /// The failure of an answer that a lock cut off.
    pub(crate) fn locked(&self) -> ModelError {
        let mut error = self.error(ErrorKind::Locked, "was let go: the keys were locked while it answered");
        error.next = Some("send it again; if it is locked then, run `aside vault unlock` in a terminal".to_owned());
        error
    }

    /// The failure of a request that brought no answer.
    pub(crate) fn no_answer(&self, passage: &Passage) -> ModelError {
        let origin = self.address.origin();
        match passage {
            Passage::Connect(limit) => {
                self.error(ErrorKind::Timeout, format_args!("gives no connection at {origin} within {}", span(*limit)))
            }
            Passage::FirstByte(limit) => {
                self.error(ErrorKind::Timeout, format_args!("gives no answer at {origin} within {}", span(*limit)))
            }
            Passage::Client(error) if error.is_builder() => {
                self.error(ErrorKind::InvalidRequest, format_args!("cannot be asked at {origin}: {}", root(error)))
            }
            Passage::Client(error) if is_unreadable(error) => self.error(
                ErrorKind::Protocol,
                format_args!("does not speak HTTP as expected at {origin}: {}", root(error)),
            ),
            Passage::Client(error) => {
                let cause = if error.is_dns() { "the host name is not found".to_owned() } else { reason(error) };
                self.error(
                    ErrorKind::Unreachable,
                    format_args!("does not answer at {origin}: {cause}{}", self.remedy(&cause)),
                )
            }
        }
    }

    fn remedy(&self, cause: &str) -> &'static str {
        match (self.address.is_loopback(), self.dialect) {
            _ if cause.contains("certificate") => {
                "; if it is of an authority of your own, name that one's file as `http.ca_file`"
            }
            (true, Dialect::Ollama) => "; start it with `ollama serve`",
            (true, Dialect::LlamaCpp) => "; start `llama-server` there",
            (true, _) => "; start the server there",
            (false, _) => "; check the network, the proxy and `base_url`",
        }
    }

    /// Foreign words, fit for one line: redacted first, so that a cut cannot leave half a key behind.
    fn shown(&self, text: &str) -> String {
        let clean = redact(text);
        let words: Vec<&str> =
            clean.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
        let line = words.join(" ");
        match line.char_indices().nth(MOST_SHOWN) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line.trim_end_matches('.').to_owned(),
        }
    }
}

/// Whether a standing connection ended before an answer.
pub(crate) fn is_broken(error: &reqwest::Error) -> bool {
    let said = |cause: &(dyn Error + 'static)| ENDED_EARLY.contains(&cause.to_string().as_str());
    !error.is_connect() && causes(error).any(|cause| cause.is::<io::Error>() || said(cause))
}

/// Whether what came over the connection was not HTTP, or more of it than is read.
fn is_unreadable(error: &reqwest::Error) -> bool {
    let last = root(error);
    !error.is_connect() && (last.ends_with("parsed") || last == "message head is too large")
}

/// The deepest cause: what actually happened, without the layers it passed.
pub(crate) fn root(error: &reqwest::Error) -> String {
    causes(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}

fn reason(error: &reqwest::Error) -> String {
    let kind = causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).last().map(io::Error::kind);
    match kind {
        Some(io::ErrorKind::ConnectionRefused) => "the connection is refused".to_owned(),
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof) => {
            "the connection broke".to_owned()
        }
        _ => root(error),
    }
}

fn causes<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |cause: &&'a (dyn Error + 'static)| (*cause).source())
}

/// A duration as people write it.
pub(crate) fn span(time: Duration) -> String {
    if time.subsec_millis() == 0 { format!("{} s", time.as_secs()) } else { format!("{} ms", time.as_millis()) }
}

#[cfg(test)]
mod tests {
    use aside_secret::Secret;

    use super::*;
    use crate::status;

    fn refused(status: u16, body: &str) -> ModelError {
        let address = Address::parse("https://api.example.com/v1").unwrap();
        let peer = Peer { provider: "work", dialect: Dialect::OpenAi, address: &address };
        let report = status::report(body);
        peer.refused(status::kind(status, &report), status, &report)
    }

    #[test]
    fn a_refusal_names_the_provider_and_keeps_its_reason_on_one_line() {
        let error = refused(400, "{\"error\":{\"message\":\"Bad\\nfield.\\u0007\"}}");
        assert_eq!(error.message, "`work` refused the request at https://api.example.com:443 (400): Bad field");
    }

    #[test]
    fn the_key_in_use_never_shows_even_where_the_text_is_cut() {
        aside_secret::know(&Secret::new(b"hunter2-without-any-known-shape".to_vec()));
        for padding in [0, 280, 290, 299, 400] {
            let body = format!("{}{}", "x ".repeat(padding / 2), "echo hunter2-without-any-known-shape");
            let message = refused(401, &body).message;
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}
