//! What counts as an address of a provider or a proxy, and which addresses are this machine. Opens nothing.

use url::{Host, Url};

/// The address of a provider in its normal form, without a slash at the end; or why it is none.
pub(crate) fn base_url(text: &str) -> Result<String, String> {
    let url = parse(text, &["http", "https"])?;
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// The address of a proxy in its normal form; or why it is none.
pub(crate) fn proxy(text: &str) -> Result<String, String> {
    let url = parse(text, &["http", "https", "socks5", "socks5h"])?;
    if !matches!(url.path(), "" | "/") {
        return Err("has a path, which a proxy cannot have".to_owned());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn parse(text: &str, schemes: &[&str]) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("is not an address: {error}"))?;
    if !schemes.contains(&url.scheme()) {
        return Err(format!("does not begin with {}", in_words(schemes)));
    }
    if url.host().is_none() {
        return Err("names no host".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user name or password, which may not be in an address".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("has a query or a fragment".to_owned());
    }
    Ok(url)
}

fn in_words(schemes: &[&str]) -> String {
    schemes.iter().map(|scheme| format!("`{scheme}://`")).collect::<Vec<_>>().join(" or ")
}

/// Whether `address` is plain `http`.
pub(crate) fn is_plain(address: &str) -> bool {
    address.starts_with("http://")
}

/// The host of `address` when it is not this machine.
pub(crate) fn remote_host(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let host = url.host()?;
    let loopback = match &host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost")
        }
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    (!loopback).then(|| host.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_normalized_or_refused_with_the_reason() {
        for (text, expected) in [
            ("https://LLM.example.com/v1/", Ok("https://llm.example.com/v1")),
            ("http://[::1]:8080", Ok("http://[::1]:8080")),
            ("ftp://example.com", Err("begin with `http://` or `https://`")),
            ("example.com", Err("is not an address")),
            ("https://user@example.com", Err("user name")),
            ("https://u:p@example.com", Err("user name")),
            ("https://example.com?x=1", Err("query")),
            ("https://example.com#x", Err("fragment")),
            ("https://", Err("is not an address")),
            ("", Err("is not an address")),
        ] {
            match (base_url(text), expected) {
                (Ok(got), Ok(expected)) => assert_eq!(got, expected),
                (Err(got), Err(expected)) => assert!(got.contains(expected), "{text}: {got}"),
                (got, _) => panic!("{text}: {got:?}"),
            }
        }
    }

    #[test]
    fn only_this_machine_is_not_remote() {
        for here in
            ["http://127.0.0.1:1", "http://127.9.9.9", "http://localhost:8080/v1", "http://[::1]", "http://a.localhost"]
        {
            assert_eq!(remote_host(here), None, "{here}");
        }
        for there in
            ["http://10.0.0.1", "https://localhost.example.com", "http://0.0.0.0", "http://127.0.0.1.example.com"]
        {
            assert!(remote_host(there).is_some(), "{there}");
        }
    }

    #[test]
    fn a_proxy_has_no_path_and_no_password() {
        assert_eq!(proxy("socks5h://localhost:1080").as_deref(), Ok("socks5h://localhost:1080"));
        assert!(proxy("http://p:3128/x").is_err());
        assert!(proxy("http://u:p@p:3128").is_err());
    }
}
