//! Where a provider answers: its base URL, checked, and what follows from it.

use url::{Host, Url};

/// A provider's base address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    base: Url,
    /// `https://host:port`, what keys are bound to.
    origin: String,
    loopback: bool,
}

impl Address {
    /// Reads `text`. The error is a sentence about it, without the text where that could hold a password.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let base = Url::parse(text).map_err(|error| format!("`base_url` is not an address: {error}"))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(format!("`base_url` begins with `{}:`; write http or https", base.scheme()));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err("`base_url` holds a user name or password; store the key in the keyring instead".to_owned());
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err("`base_url` holds a `?` or `#` part; leave it out".to_owned());
        }
        let (Some(host), Some(port)) = (base.host(), base.port_or_known_default()) else {
            return Err("`base_url` names no host".to_owned());
        };
        let origin = format!("{}://{host}:{port}", base.scheme());
        let loopback = match host {
            Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => {
                address.is_loopback() || address.to_ipv4_mapped().is_some_and(|four| four.is_loopback())
            }
        };
        Ok(Self { base, origin, loopback })
    }

    /// `scheme://host:port`, the port always written.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether it is this machine: no proxy, no need of encryption.
    pub(crate) fn is_loopback(&self) -> bool {
        self.loopback
    }

    pub(crate) fn is_https(&self) -> bool {
        self.base.scheme() == "https"
    }

    /// Lower-case host name, empty for an IP address.
    pub(crate) fn domain(&self) -> &str {
        self.base.domain().unwrap_or_default()
    }

    /// The address of `path` (no leading `/`) below the version folder: `v1` is added where the base has no path.
    pub(crate) fn versioned(&self, path: &str) -> Url {
        let base = self.base.path().trim_end_matches('/');
        let version = if base.is_empty() { "/v1" } else { base };
        self.at(&format!("{version}/{path}"))
    }

    /// The address of `path` (no leading `/`) beside the version folder: a trailing `v1` or `api` of the base is dropped.
    pub(crate) fn beside(&self, path: &str) -> Url {
        let base = self.base.path().trim_end_matches('/');
        let base = base.strip_suffix("/v1").or_else(|| base.strip_suffix("/api")).unwrap_or(base);
        self.at(&format!("{base}/{path}"))
    }

    fn at(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_always_names_the_port() {
        for (text, origin, loopback) in [
            ("https://api.openai.com/v1", "https://api.openai.com:443", false),
            ("http://LOCALHOST:1234/v1/", "http://localhost:1234", true),
            ("http://127.9.9.9", "http://127.9.9.9:80", true),
            ("http://[::1]:8080", "http://[::1]:8080", true),
            ("http://[::ffff:127.0.0.1]:1", "http://[::ffff:7f00:1]:1", true),
            ("http://192.168.0.5:11434", "http://192.168.0.5:11434", false),
            ("https://localhost.example.com", "https://localhost.example.com:443", false),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!((address.origin(), address.is_loopback()), (origin, loopback), "{text}");
        }
    }

    #[test]
    fn paths_fit_bases_with_and_without_a_version() {
        for (base, versioned, beside) in [
            ("http://h:1", "http://h:1/v1/x", "http://h:1/api/y"),
            ("http://h:1/", "http://h:1/v1/x", "http://h:1/api/y"),
            ("http://h:1/v1", "http://h:1/v1/x", "http://h:1/api/y"),
            ("http://h:1/api", "http://h:1/api/x", "http://h:1/api/y"),
            ("http://h:1/proxy/v1/", "http://h:1/proxy/v1/x", "http://h:1/proxy/api/y"),
        ] {
            let address = Address::parse(base).unwrap();
            assert_eq!(address.versioned("x").as_str(), versioned);
            assert_eq!(address.beside("api/y").as_str(), beside);
        }
    }

    #[test]
    fn an_address_that_cannot_be_used_says_why_and_hides_passwords() {
        for text in ["", "localhost:1", "ftp://h", "http://u:hunter2@h", "https://h?key=1", "http://h/#a"] {
            let error = Address::parse(text).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
