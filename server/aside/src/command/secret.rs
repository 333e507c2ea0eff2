//! `aside secret`: provider keys from a terminal. Values come from the terminal or standard input and are never shown.

mod import;

use std::{process::ExitCode, time::Duration};

use aside_secret::Secret as Value;
use aside_vault::{
    KeyError, Origin, Patience, Slot,
    audit::{Record, What},
    check_value,
};
use serde_json::json;

use crate::{
    agent::ensure_open,
    ask,
    cli::{Asked, Secret},
    failure::{Exit, Failure},
    keys::{forget_everywhere, listed_json},
    secrets::{self, Listed, SecretError, recorded},
    terminal::{self, Style, styled, visible},
    wiring::App,
};

/// No key is longer; only as much is read.
const LONGEST: usize = 16 * 1024;

/// Runs one of the subcommands.
pub(crate) async fn run(app: &App, asked: &Asked, args: Secret) -> Result<ExitCode, Failure> {
    match args {
        Secret::Set { provider } => set(app, asked, &provider).await,
        Secret::List(args) => list(app, asked, args.json).await,
        Secret::Delete { provider, origin } => delete(app, asked, &provider, origin.as_deref()).await,
        Secret::Test { provider, json } => test(app, asked, &provider, json).await,
        Secret::Rotate { provider, back: true, .. } => roll_back(app, asked, &provider).await,
        Secret::Rotate { provider, no_test, .. } => rotate(app, asked, &provider, !no_test).await,
        Secret::Import { file, from } => import::run(app, asked, file.as_deref(), from).await,
        Secret::Rebind { provider, from, yes } => rebind(app, asked, &provider, from.as_deref(), yes).await,
    }?;
    Ok(ExitCode::SUCCESS)
}

async fn set(app: &App, asked: &Asked, provider: &str) -> Result<(), Failure> {
    let name = secrets::name_of(&app.current.load(), provider)?;
    ensure_open(app, asked).await?;
    let value = key_value(&format!("Key of {provider}: "))?;
    recorded(app, What::Set, &name, secrets::set(app, provider, value, Patience::Person)).await?;
    forget_everywhere(app).await;
    let place = app.keys.place().kept();
    terminal::line(&format!(
        "{} stored the key of {name} in the {}; it is sent nowhere else",
        styled(Style::Good, "✓"),
        place.name()
    ));
    let next = format!("next: `aside secret test {provider}` asks whether it is taken");
    terminal::line(&styled(Style::Dim, &next));
    Ok(())
}

/// A value that can be a key, without the line end that came with it.
fn key_value(prompt: &str) -> Result<Value, Failure> {
    let value = ask::value(prompt, LONGEST)?;
    check_value(value.expose()).map_err(|problem| {
        Failure::new(
            Exit::Usage,
            format!("what was entered {problem}; nothing was stored"),
            "enter the key alone, as its issuer shows it; it is never taken from the command line",
        )
    })?;
    Ok(aside_vault::trimmed_value(&value))
}

async fn list(app: &App, asked: &Asked, json: bool) -> Result<(), Failure> {
    ensure_open(app, asked).await?;
    secrets::purge(app, Patience::Person).await?;
    let listed = secrets::list(app, Patience::Person).await?;
    app.audit.note(Record::done(What::List));
    if json {
        terminal::json(&listed.iter().map(listed_json).collect::<Vec<_>>());
        return Ok(());
    }
    let place = app.keys.place().kept();
    if listed.is_empty() {
        terminal::line(&format!("no keys in the {} yet: store one with `aside secret set PROVIDER`", place.name()));
    }
    let width = listed.iter().map(|one| one.info.name.provider.len()).max().unwrap_or(0);
    for one in &listed {
        terminal::line(&row(one, width));
    }
    let old: Vec<_> = listed.iter().filter(|one| one.old).map(|one| one.info.name.provider.as_str()).collect();
    if !old.is_empty() {
        terminal::line(&styled(Style::Warn, &format!("time to rotate: {}", old.join(", "))));
        terminal::line(&format!("  next: aside secret rotate {}", old[0]));
    }
    Ok(())
}

fn row(one: &Listed, width: usize) -> String {
    let info = &one.info;
    let age = one.age.map_or_else(|| "age unknown".to_owned(), age_text);
    let remark = match (info.slot, one.used) {
        (Slot::Previous, _) => "  replaced, kept to roll back",
        (Slot::Current, false) => "  not used: no provider of the settings has this address",
        (Slot::Current, true) => "",
    };
    let rest = styled(Style::Dim, &format!("{age}{remark}"));
    format!("{:width$}  {}  {rest}", visible(&info.name.provider), info.name.origin)
}

fn age_text(age: Duration) -> String {
    match age.as_secs() {
        seconds if seconds < 120 => "just now".to_owned(),
        seconds if seconds < 2 * 3600 => format!("{} minutes old", seconds / 60),
        seconds if seconds < 2 * 86_400 => format!("{} hours old", seconds / 3600),
        seconds => format!("{} days old", seconds / 86_400),
    }
}

async fn delete(app: &App, asked: &Asked, provider: &str, origin: Option<&str>) -> Result<(), Failure> {
    let name = secrets::name_at(&app.current.load(), provider, origin)?;
    ensure_open(app, asked).await?;
    recorded(app, What::Delete, &name, secrets::delete(app, &name, Patience::Person)).await?;
    forget_everywhere(app).await;
    terminal::line(&format!("{} removed the key of {name}", styled(Style::Good, "✓")));
    Ok(())
}

async fn test(app: &App, asked: &Asked, provider: &str, json: bool) -> Result<(), Failure> {
    let name = secrets::name_of(&app.current.load(), provider)?;
    ensure_open(app, asked).await?;
    let took = recorded(app, What::Test, &name, secrets::test(app, provider, Patience::Person)).await?;
    let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    if json {
        terminal::json(
            &json!({ "provider": provider, "origin": name.origin.to_string(), "milliseconds": milliseconds }),
        );
    } else {
        terminal::line(&format!("{} {} takes the key ({milliseconds} ms)", styled(Style::Good, "✓"), name.origin));
    }
    Ok(())
}

async fn rotate(app: &App, asked: &Asked, provider: &str, test: bool) -> Result<(), Failure> {
    let name = secrets::name_of(&app.current.load(), provider)?;
    ensure_open(app, asked).await?;
    let value = key_value(&format!("New key of {provider}: "))?;
    recorded(app, What::Rotate, &name, secrets::rotate(app, provider, value, test, Patience::Person)).await?;
    forget_everywhere(app).await;
    let tested = if test { "; the provider takes it" } else { "" };
    terminal::line(&format!("{} replaced the key of {name}{tested}", styled(Style::Good, "✓")));
    let back = format!(
        "`aside secret rotate {provider} --back` brings the old one back, as long as it is kept; revoke it at its issuer when you are sure"
    );
    terminal::line(&styled(Style::Dim, &back));
    Ok(())
}

async fn roll_back(app: &App, asked: &Asked, provider: &str) -> Result<(), Failure> {
    let name = secrets::name_of(&app.current.load(), provider)?;
    ensure_open(app, asked).await?;
    recorded(app, What::RollBack, &name, secrets::roll_back(app, provider, Patience::Person)).await?;
    forget_everywhere(app).await;
    terminal::line(&format!("{} the old key of {name} is in use again", styled(Style::Good, "✓")));
    Ok(())
}

async fn rebind(app: &App, asked: &Asked, provider: &str, from: Option<&str>, yes: bool) -> Result<(), Failure> {
    let to = secrets::name_of(&app.current.load(), provider)?;
    ensure_open(app, asked).await?;
    let listed = secrets::list(app, Patience::Person).await?;
    let from = from.map(Origin::of).transpose().map_err(|error| SecretError::from(KeyError::from(error)))?;
    let others: Vec<_> = listed
        .into_iter()
        .map(|one| one.info)
        .filter(|info| info.name.provider == provider && info.name != to && info.slot == Slot::Current)
        .filter(|info| from.as_ref().is_none_or(|from| *from == info.name.origin))
        .map(|info| info.name)
        .collect();
    let old = match others.as_slice() {
        [] => {
            let message = format!("`{provider}` has no key for another address");
            return Err(Failure::new(Exit::NotFound, message, format!("store one with `aside secret set {provider}`")));
        }
        [old] => old,
        several => {
            let addresses: Vec<_> = several.iter().map(|name| name.origin.to_string()).collect();
            let message = format!("`{provider}` has keys for several addresses: {}", addresses.join(", "));
            return Err(Failure::new(Exit::Usage, message, "say which with `--from URL`"));
        }
    };
    if !yes {
        let question = format!(
            "The key that was stored for {} will be sent to {} from now on, and no longer to the first.\nDo that only if both belong to the same service.",
            old.origin, to.origin
        );
        ask::confirm(&question, "yes")?;
    }
    recorded(app, What::Rebind, &to, secrets::rebind(app, old, &to, Patience::Person)).await?;
    forget_everywhere(app).await;
    terminal::line(&format!("{} the key of `{provider}` is for {} now", styled(Style::Good, "✓"), to.origin));
    Ok(())
}
