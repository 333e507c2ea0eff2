//! The one place a key may be sent to; or that a key may be sent nowhere.

use std::fmt;

use url::Url;

/// Scheme, host and port of an address. Two addresses with the same origin may get the same key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

/// The scheme of what is kept and never sent: no address has it.
const NOWHERE: &str = "aside";

/// A text that has no origin. The text itself is not kept: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address names no origin; it has to be `http://` or `https://` with a host")]
pub struct BadOrigin;

impl Origin {
    /// The origin of an address such as `https://api.openai.com/v1`; path, user and query do not matter.
    pub fn of(address: &str) -> Result<Self, BadOrigin> {
        let url = Url::parse(address).map_err(|_| BadOrigin)?;
        let scheme = url.scheme();
        if !matches!(scheme, "http" | "https") {
            return Err(BadOrigin);
        }
        let host = url.host().ok_or(BadOrigin)?;
        let port = url.port_or_known_default().ok_or(BadOrigin)?;
        Ok(Self { scheme: scheme.to_owned(), host: host.to_string(), port })
    }

    /// Nowhere, for what the program keeps for itself: [`Origin::of`] never gives it, so that no provider and no request has it.
    pub(crate) fn nowhere(what: &str) -> Self {
        Self { scheme: NOWHERE.to_owned(), host: what.to_owned(), port: 0 }
    }

    /// The origin that is shown as exactly this text: what was stored is read back, and nothing else.
    pub(crate) fn shown_as(text: &str) -> Option<Self> {
        let origin = match text.strip_prefix(NOWHERE).and_then(|rest| rest.strip_prefix(':')) {
            Some(what) if is_plain(what) => Self::nowhere(what),
            _ => Self::of(text).ok()?,
        };
        (origin.to_string() == text).then_some(origin)
    }

    /// Whether a request can go there.
    pub fn is_web(&self) -> bool {
        self.scheme != NOWHERE
    }
}

fn is_plain(what: &str) -> bool {
    !what.is_empty() && what.bytes().all(|byte| byte.is_ascii_lowercase())
}

impl fmt::Display for Origin {
    /// `scheme://host:port`, always with the port; `aside:what` for what is never sent.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_web() {
            return write!(formatter, "{}:{}", self.scheme, self.host);
        }
        write!(formatter, "{}://{}:{}", self.scheme, self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port_and_nothing_else() {
        for (address, origin) in [
            ("https://api.openai.com/v1", "https://api.openai.com:443"),
            ("HTTPS://API.OpenAI.com:443/", "https://api.openai.com:443"),
            ("http://127.0.0.1:11434", "http://127.0.0.1:11434"),
            ("http://localhost", "http://localhost:80"),
            ("https://[::1]:8443/x?y#z", "https://[::1]:8443"),
            ("https://u:p@example.com", "https://example.com:443"),
            ("https://bücher.example", "https://xn--bcher-kva.example:443"),
        ] {
            assert_eq!(Origin::of(address).map(|origin| origin.to_string()).as_deref(), Ok(origin), "{address}");
            assert_eq!(Origin::of(origin), Origin::of(address), "what is shown reads back");
        }
    }

    #[test]
    fn what_is_never_sent_reads_back_and_is_no_address() {
        let nowhere = Origin::nowhere("conversations");
        assert_eq!(nowhere.to_string(), "aside:conversations");
        assert_eq!(Origin::shown_as("aside:conversations"), Some(nowhere));
        assert_eq!(Origin::of("aside:conversations"), Err(BadOrigin));
        assert_eq!(Origin::of("aside://conversations:0"), Err(BadOrigin));
        for text in ["aside:", "aside://conversations:0", "aside:Conversations", "aside:a b", "https://a.example", ""] {
            assert_eq!(Origin::shown_as(text), None, "{text}");
        }
        let web = Origin::of("https://a.example").expect("an address");
        assert!(web.is_web() && Origin::shown_as(&web.to_string()) == Some(web));
    }

    #[test]
    fn what_is_no_web_address_has_no_origin() {
        for address in ["", "api.openai.com", "ftp://example.com", "file:///etc/passwd", "https://", "data:x"] {
            assert_eq!(Origin::of(address), Err(BadOrigin), "{address}");
        }
    }
}
