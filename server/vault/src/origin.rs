//! The one place a key may be sent to.

use std::fmt;

use url::Url;

/// Scheme, host and port of an address. Two addresses with the same origin may get the same key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

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
}

impl fmt::Display for Origin {
    /// `scheme://host:port`, always with the port.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
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
    fn what_is_no_web_address_has_no_origin() {
        for address in ["", "api.openai.com", "ftp://example.com", "file:///etc/passwd", "https://", "data:x"] {
            assert_eq!(Origin::of(address), Err(BadOrigin), "{address}");
        }
    }
}
