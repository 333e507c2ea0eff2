//! `aside secret import`: many keys at once, from lines of text or from the other place where keys are kept.
//!
//! A line is `PROVIDER=KEY` or the variable that the provider's own tools read, as in a `.env` file: `export`, quotes, empty lines
//! and comments are understood. All keys are stored or, in the vault, none; what is wrong with a line is told by its number.

use std::{fs::File, path::Path};

use aside_config::Provider;
use aside_secret::{Secret as Value, SecretBuffer};
use aside_vault::{
    KeyName, KeyStore, NewKey, Patience, Slot,
    audit::{Record, What},
    check_value,
};

use crate::{
    agent::ensure_open,
    ask,
    cli::{Asked, Place},
    failure::{Exit, Failure},
    keys::{Kept, forget_everywhere},
    secrets::{self, SecretError},
    terminal::{self, Style, styled},
    wiring::{App, Current},
};

/// Ten thousand keys with long names fit.
const LARGEST: usize = 8 * 1024 * 1024;

/// Variables that providers' own tools read, where the name is not the provider's with `_API_KEY` behind it.
const VARIABLES: [(&str, &str); 6] = [
    ("GOOGLE_API_KEY", "gemini"),
    ("GEMINI_API_KEY", "gemini"),
    ("CLAUDE_API_KEY", "anthropic"),
    ("GROK_API_KEY", "xai"),
    ("OPENAI_KEY", "openai"),
    ("ANTHROPIC_AUTH_TOKEN", "anthropic"),
];

pub(super) async fn run(app: &App, asked: &Asked, file: Option<&Path>, from: Option<Place>) -> Result<(), Failure> {
    ensure_open(app, asked).await?;
    let keys = match (from, file) {
        (Some(from), _) => copied(app, from).await?,
        (None, Some(file)) => parse(&app.current.load(), &text(file)?)?,
        (None, None) => {
            return Err(Failure::new(Exit::Usage, "nothing to import from", "name a file, or `-` for standard input"));
        }
    };
    if keys.is_empty() {
        return Err(Failure::new(Exit::NotFound, "there is no key to import", "lines are `PROVIDER=KEY`"));
    }
    let names: Vec<_> = keys.iter().map(|key| key.name.clone()).collect();
    app.keys.begin_all(names.iter().map(|name| Record::begun(What::Import).key(name)).collect()).await?;
    let stored = app.keys.place().store().set(keys, Patience::Person).await;
    let ended = |name: &KeyName| match &stored {
        Ok(()) => Record::done(What::Import).key(name),
        Err(error) => Record::failed(What::Import, error.code()).key(name),
    };
    app.keys.end_all(names.iter().map(ended).collect()).await;
    // A keyring stores one after the other: some may be there all the same.
    forget_everywhere(app).await;
    stored.map_err(|error| match app.keys.place().kept() {
        Kept::File => SecretError::Key(error).into(),
        Kept::Keyring => {
            let failure = Failure::from(SecretError::Key(error));
            failure.after("some of the keys may have been stored: `aside secret list` shows which")
        }
    })?;
    let place = app.keys.place().kept().name();
    let count = names.len();
    let what = if count == 1 { "1 key".to_owned() } else { format!("{count} keys") };
    terminal::line(&format!("{} stored {what} in the {place}", styled(Style::Good, "✓")));
    if let Some(file) = file.filter(|file| *file != Path::new("-")) {
        let next = format!("next: remove `{}`: the keys still stand there readable", file.display());
        terminal::line(&styled(Style::Warn, &terminal::visible(&next)));
    }
    Ok(())
}

/// The text to import, never in a buffer that grows.
fn text(file: &Path) -> Result<Value, Failure> {
    if file == Path::new("-") {
        return ask::value("Lines PROVIDER=KEY: ", LARGEST);
    }
    let failed = |error: &std::io::Error| {
        let exit = if error.kind() == std::io::ErrorKind::NotFound { Exit::NotFound } else { Exit::Failed };
        Failure::new(
            exit,
            format!("`{}` cannot be read: {error}", file.display()),
            "name a file of lines `PROVIDER=KEY`",
        )
    };
    let mut open = File::open(file).map_err(|error| failed(&error))?;
    let found = open.metadata().map_err(|error| failed(&error))?;
    // A pipe has no length.
    let length = if found.is_file() { usize::try_from(found.len()).unwrap_or(LARGEST) } else { LARGEST };
    let capacity = length.min(LARGEST);
    let mut buffer = SecretBuffer::with_capacity(capacity);
    buffer.read_to_end(&mut open).map_err(|error| failed(&error))?;
    Ok(buffer.finish())
}

/// The keys in lines of text.
fn parse(current: &Current, text: &Value) -> Result<Vec<NewKey>, Failure> {
    let text = std::str::from_utf8(text.expose())
        .map_err(|_| Failure::new(Exit::Usage, "the file is not UTF-8 text", "lines are `PROVIDER=KEY`"))?;
    let mut keys: Vec<NewKey> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let wrong = |what: String| {
            Failure::new(
                Exit::Usage,
                format!("line {}: {what}; nothing was stored", number + 1),
                "lines are `PROVIDER=KEY`",
            )
        };
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((left, right)) = line.split_once('=') else { return Err(wrong("it has no `=`".to_owned())) };
        let value = unquoted(right.trim());
        let Some(provider) = provider_of(left.trim(), |name| current.loaded.settings.providers.get(name)) else {
            // The name is told, since it was meant to be one; what looks like a key is not.
            let left = aside_secret::redact(left.trim()).chars().take(64).collect::<String>();
            return Err(wrong(format!("`{left}` names no provider of the settings")));
        };
        check_value(value.as_bytes()).map_err(|problem| wrong(format!("the key of `{provider}` {problem}")))?;
        let name = secrets::name_of(current, &provider).map_err(|error| wrong(error.message()))?;
        if keys.iter().any(|key| key.name == name) {
            return Err(wrong(format!("`{provider}` has a key in an earlier line already")));
        }
        keys.push(NewKey { name, slot: Slot::Current, value: Value::new(value.as_bytes().to_vec()) });
    }
    Ok(keys)
}

fn unquoted(text: &str) -> &str {
    let inside = |quote| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    inside('"').or_else(|| inside('\'')).unwrap_or(text)
}

/// The provider that the left side of a line means: its name, or a variable.
fn provider_of<'a>(left: &str, known: impl Fn(&str) -> Option<&'a Provider>) -> Option<String> {
    let by_variable =
        VARIABLES.iter().find(|(variable, _)| *variable == left).map(|(_, provider)| (*provider).to_owned());
    let by_suffix = ["_API_KEY", "_API_TOKEN", "_KEY", "_TOKEN"].iter().find_map(|suffix| left.strip_suffix(suffix));
    let by_suffix = by_suffix.map(str::to_ascii_lowercase);
    let candidates =
        [Some(left.to_owned()), by_variable, by_suffix.clone(), by_suffix.map(|name| name.replace('_', "-"))];
    candidates.into_iter().flatten().find(|name| known(name).is_some())
}

/// All keys of the other place.
async fn copied(app: &App, from: Place) -> Result<Vec<NewKey>, Failure> {
    let place = app.keys.place();
    let from = match from {
        Place::Keyring => Kept::Keyring,
        Place::File => Kept::File,
    };
    if from == place.kept() {
        let message = format!("keys are kept in the {} already", from.name());
        return Err(Failure::new(Exit::Usage, message, "name the other place, or set `vault.backend`"));
    }
    let store: &dyn KeyStore = place.store_of(from);
    let mut keys = Vec::new();
    for info in store.list(Patience::Person).await.map_err(SecretError::Key)? {
        app.keys.end(Record::done(What::Export).key(&info.name).slot(info.slot));
        let value = store.get(&info.name, info.slot, Patience::Person).await.map_err(SecretError::Key)?;
        keys.push(NewKey { name: info.name, slot: info.slot, value });
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_variables_lead_to_providers() {
        let settings = aside_config::Settings::default();
        let of = |left: &str| provider_of(left, |name| settings.providers.get(name));
        for (left, provider) in [
            ("openai", Some("openai")),
            ("OPENAI_API_KEY", Some("openai")),
            ("ANTHROPIC_API_KEY", Some("anthropic")),
            ("GOOGLE_API_KEY", Some("gemini")),
            ("MISTRAL_API_KEY", Some("mistral")),
            ("OPENROUTER_API_KEY", Some("openrouter")),
            ("LLAMA_CPP_API_KEY", Some("llama-cpp")),
            ("PATH", None),
            ("", None),
            ("AWS_SECRET_ACCESS_KEY", None),
        ] {
            assert_eq!(of(left).as_deref(), provider, "{left}");
        }
    }

    #[test]
    fn quotes_go_in_pairs() {
        for (text, value) in [("\"a\"", "a"), ("'a'", "a"), ("a", "a"), ("\"a", "\"a"), ("\"", "\""), ("''", "")] {
            assert_eq!(unquoted(text), value);
        }
    }
}
