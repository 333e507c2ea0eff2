//! The settings page of the documentation, made from the declaration.

use std::fmt::Write as _;

use crate::{
    actions, address,
    choice::{ActionAnswers, ActionKind, ActionScope, Choice, Dialect},
    declare::{Field, Section},
    env,
    providers::{self, KNOWN, KeySource},
    rule::UNSET,
    settings::{SECTIONS, Settings},
};

const INTRO: &str = r#"<!-- Made from the declaration in server/config. Change it there, then run the tests with UPDATE=1. -->

# Settings

Aside works without any settings. What you want otherwise goes into one file, `config.toml`:

```toml
[roles]                                   # which model does which job, as provider/model
chat = "anthropic/claude-sonnet-4-5"
complete = "ollama/qwen2.5-coder:1.5b"

[complete]
disabled_languages = ["markdown"]

[providers.work]                          # a model server of your own
dialect = "openai"
base_url = "https://llm.example.com/v1"
```

`aside config path` prints where your file is. `aside config check` says what is wrong with it, `aside config show` prints
every setting, its value and where that comes from, and `aside config schema` prints a JSON schema for editors that check TOML.

## Where the files are

| | Linux, macOS | Windows |
|---|---|---|
| settings | `~/.config/aside/config.toml` | `%APPDATA%\aside\config.toml` |
| conversations | `~/.local/share/aside` | `%APPDATA%\aside\data` |
| logs | `~/.local/state/aside` | `%LOCALAPPDATA%\aside\state` |
| what can be made again | `~/.cache/aside` | `%LOCALAPPDATA%\aside\cache` |

`XDG_CONFIG_HOME`, `XDG_DATA_HOME`, `XDG_STATE_HOME` and `XDG_CACHE_HOME` count. With `ASIDE_HOME=DIR` (an absolute path) everything
is under `DIR`: `DIR/config.toml`, `DIR/data`, `DIR/state`, `DIR/cache`.

## Layers

A setting can be given in several places. The later one wins:

1. the default,
2. your `config.toml`,
3. `.aside.toml` at the root of the workspace,
4. your editor's settings (`aside.*`),
5. the environment: `complete.max_tokens` is `ASIDE_COMPLETE_MAX_TOKENS`, `providers.work.key` is `ASIDE_PROVIDERS_WORK_KEY`; lists are written with commas,
6. the command line.

Not every place may set everything, so that opening a folder somebody sent you changes nothing that matters. The column "who"
says who may:

| who | may be set in |
|---|---|
| `user` | your `config.toml`, the environment, the command line |
| `editor` | these, and your editor's settings |
| `workspace` | these, and the workspace's `.aside.toml` |
| `trusted` | your `config.toml`, the command line, and the `.aside.toml` of a workspace that you trust (`aside trust add`) |

A value that is wrong, out of bounds, or in a place that may not set it is not used: what the layers before say holds, and the
mistake is reported with file, line, reason and bounds. Where a file is no longer TOML, what stands above that line holds.

## How values are written

Times are text with a unit: `"250ms"`, `"2s"`, `"15m"`, `"1h"`. Sizes are a number of bytes, or text with a unit: `"64KiB"`, `"10MiB"`
(`kB`, `MB` and `GB` count in thousands). Bounds include both ends.

## Keys

A provider's key is never in settings. Anything that looks like one is reported, not used and not shown. It is kept in the keyring of
your system, or in a vault file, for one provider and one address, and it is sent nowhere else:

```sh
aside secret set anthropic
```

[guides/keys.md](guides/keys.md) tells the rest. Your system's own tools store a key where it is found, too:

- Linux (asks for the key; GNOME Keyring, KWallet, KeePassXC and others that speak the Secret Service):
  `secret-tool store --label='Aside: anthropic' service aside provider anthropic origin https://api.anthropic.com:443`
- macOS (asks for the key; written, not yet tested there):
  `security add-generic-password -s aside -a 'anthropic https://api.anthropic.com:443' -w`
- Windows (asks for the key; written, not yet tested there):
  `cmdkey /generic:"aside anthropic https://api.anthropic.com:443" /user:anthropic /pass`

The address is scheme, host and port of the provider's `base_url`, always with the port (443 for `https`).

## All settings
"#;

const ACTIONS: &str = r#"
### `[actions.NAME]`

Actions on code of your own. Editors list them with the built-in ones as `Aside: …`. NAME is made of lower-case letters, digits, `-`
and `_`.

```toml
[actions.german]
title = "Translate comments"
prompt = "Translate the comments of this {{ language }} code to German. Change nothing else."
scope = "selection"

[actions.why]
title = "Why is it slow?"
prompt = "Why may this be slow?\n{{ code | fenced }}"
scope = "function"
answers = "chat"
```

The code that an action is about goes along by itself where it gives a change. A prompt that names something that is not there is an
error. Templates read nothing but what is listed below, and their work is bounded.

A workspace may bring actions in its `.aside.toml`, without `model`. They are used only after `aside trust add` in its folder, which
shows them first. Trust is for that folder and these very actions: after they changed, they are not used until you say so again.
Where a workspace and you declare an action of the same name, yours counts. Actions cannot be set by the environment or the editor.
"#;

/// The Markdown of `docs/settings.md`.
pub fn reference() -> String {
    let mut page = INTRO.to_owned();
    let defaults = Settings::default();
    for section in SECTIONS {
        section_of(&mut page, section, &defaults);
    }
    providers_of(&mut page);
    actions_of(&mut page);
    page
}

fn section_of(page: &mut String, section: &Section, defaults: &Settings) {
    line(page, &format!("\n### `[{}]`\n\n{}\n", section.name, paragraph(section.doc)));
    line(page, "| setting | default | accepts | who | meaning |\n|---|---|---|---|---|");
    for field in section.fields {
        let default = (field.show)(defaults);
        let default = if default == UNSET { UNSET.to_owned() } else { format!("`{default}`") };
        row(page, field, field.key, Some(&default));
    }
}

fn providers_of(page: &mut String) {
    line(
        page,
        "\n### `[providers.NAME]`\n\nWhere models are. The known ones below exist without being declared; setting one of these changes only \
         what you\nset. NAME is made of lower-case letters, digits, `-` and `_`.\n",
    );
    line(page, "| setting | accepts | who | meaning |\n|---|---|---|---|");
    for field in providers::FIELDS {
        row(page, field, &format!("providers.NAME.{}", field.key), None);
    }
    line(page, "\n| dialect | is |\n|---|---|");
    for (_, word, about) in Dialect::ALL {
        line(page, &format!("| `{word}` | {} |", about.trim()));
    }
    line(page, "\n#### Known providers\n\n| name | dialect | base_url | key | is |\n|---|---|---|---|---|");
    for known in KNOWN {
        let url = if known.base_url.is_empty() { "none".to_owned() } else { format!("`{}`", known.base_url) };
        let key = if address::remote_host(known.base_url).is_some() { KeySource::Keyring } else { KeySource::None };
        line(page, &format!("| `{}` | `{}` | {url} | `{key}` | {} |", known.name, known.dialect, known.about));
    }
    line(
        page,
        &format!(
            "\nPlain `http` to another machine is reported and no key is sent there, unless `allow_http` says so. In the environment,\n`{}` \
             sets the key source of `llama-cpp`.",
            env::variable("providers.llama-cpp.key")
        ),
    );
}

fn actions_of(page: &mut String) {
    line(page, ACTIONS);
    line(page, "| setting | accepts | who | meaning |\n|---|---|---|---|");
    for field in actions::FIELDS {
        row(page, field, &format!("actions.NAME.{}", field.key), None);
    }
    line(page, "\n| setting | word | means |\n|---|---|---|");
    words_of::<ActionScope>(page, "scope");
    words_of::<ActionAnswers>(page, "answers");
    words_of::<ActionKind>(page, "kind");
}

fn words_of<T: Choice>(page: &mut String, setting: &str) {
    for (_, word, about) in T::ALL {
        line(page, &format!("| `{setting}` | `{word}` | {} |", about.trim()));
    }
}

fn row<T>(page: &mut String, field: &Field<T>, key: &str, default: Option<&str>) {
    let default = default.map_or_else(String::new, |default| format!(" {default} |"));
    let (accepts, who, meaning) = (field.rule.brief(), field.scope.as_str(), field.meaning());
    line(page, &format!("| `{key}` |{default} {accepts} | {who} | {meaning} |"));
}

fn paragraph(doc: &[&str]) -> String {
    doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

fn line(page: &mut String, text: &str) {
    writeln!(page, "{text}").expect("writing to a string cannot fail");
}
