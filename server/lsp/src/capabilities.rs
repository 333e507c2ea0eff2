//! What the editor can do, as a few named facts, and what this server offers it in return.
//!
//! An editor's capabilities are read leniently: a part that is missing or odd is something that the editor cannot do.

use aside_config::Menu;
use aside_text::Encoding;
use serde_json::Value;
use tower_lsp::gen_lsp_types::{
    CompletionOptions, ExecuteCommandOptions, PositionEncodingKind, ServerCapabilities, TextDocumentSyncKind,
    TextDocumentSyncOptions, WorkspaceFoldersServerCapabilities, WorkspaceOptions,
};

/// What the editor can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Capabilities {
    /// How positions count, as agreed: the editor's choices, of which utf-8 is taken before utf-32 before utf-16.
    pub(crate) encoding: Encoding,
    /// It shows ghost text by itself.
    pub(crate) inline_completion: bool,
    /// It answers `workspace/configuration`.
    pub(crate) pulls_settings: bool,
    /// It wants to be asked before it tells that settings changed.
    pub(crate) registers_settings: bool,
    /// It wants `aside/status/changed`: `experimental.aside.status`.
    pub(crate) status_changed: bool,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self::of(&Value::Null)
    }
}

impl Capabilities {
    /// Reads the `capabilities` of `initialize`.
    pub(crate) fn of(client: &Value) -> Self {
        let yes = |pointer: &str| client.pointer(pointer) == Some(&Value::Bool(true));
        Self {
            encoding: encoding(client),
            inline_completion: client.pointer("/textDocument/inlineCompletion").is_some_and(Value::is_object),
            pulls_settings: yes("/workspace/configuration"),
            registers_settings: yes("/workspace/didChangeConfiguration/dynamicRegistration"),
            status_changed: yes("/experimental/aside/status"),
        }
    }

    /// Whether completions go into the editor's menu: where they cannot be ghost text, or everywhere, or nowhere.
    pub(crate) fn uses_menu(self, menu: Menu) -> bool {
        match menu {
            Menu::Auto => !self.inline_completion,
            Menu::Always => true,
            Menu::Never => false,
        }
    }

    /// What the server offers this editor. `commands` are those it executes; `menu` is the setting as it is now.
    pub(crate) fn offer(self, commands: Vec<String>, menu: Menu) -> ServerCapabilities {
        let sync = TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::Incremental),
            save: Some(true.into()),
            ..TextDocumentSyncOptions::default()
        };
        let folders =
            WorkspaceFoldersServerCapabilities { supported: Some(true), change_notifications: Some(true.into()) };
        // Where ghost text works a menu is offered only to those who ask for it: every editor asks at each keystroke.
        let menu = !self.inline_completion || menu == Menu::Always;
        ServerCapabilities {
            position_encoding: Some(kind(self.encoding)),
            text_document_sync: Some(sync.into()),
            inline_completion_provider: Some(true.into()),
            completion_provider: menu.then(CompletionOptions::default),
            execute_command_provider: Some(ExecuteCommandOptions { commands, ..ExecuteCommandOptions::default() }),
            workspace: Some(WorkspaceOptions { workspace_folders: Some(folders), ..WorkspaceOptions::default() }),
            ..ServerCapabilities::default()
        }
    }
}

fn encoding(client: &Value) -> Encoding {
    let offered = client.pointer("/general/positionEncodings").and_then(Value::as_array);
    let offers = |name: &str| offered.is_some_and(|offered| offered.iter().any(|one| one == name));
    if offers("utf-8") {
        Encoding::Utf8
    } else if offers("utf-32") {
        Encoding::Utf32
    } else {
        // The protocol's default: every editor knows it, also one that does not say so.
        Encoding::Utf16
    }
}

fn kind(encoding: Encoding) -> PositionEncodingKind {
    match encoding {
        Encoding::Utf8 => PositionEncodingKind::UTF8,
        Encoding::Utf16 => PositionEncodingKind::UTF16,
        Encoding::Utf32 => PositionEncodingKind::UTF32,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The parts of what editors send that are looked at, and their neighbours.
    fn check(client: &Value, expected: Capabilities, menu: bool) {
        let capabilities = Capabilities::of(client);
        assert_eq!(capabilities, expected);
        let offer = capabilities.offer(vec!["aside.status".to_owned()], Menu::Auto);
        assert_eq!(offer.completion_provider.is_some(), menu);
        assert_eq!(capabilities.uses_menu(Menu::Auto), menu);
        let offer = serde_json::to_value(offer).expect("JSON");
        assert_eq!(offer["inlineCompletionProvider"], true);
        assert_eq!(offer["textDocumentSync"], json!({ "openClose": true, "change": 2, "save": true }));
        assert_eq!(offer["executeCommandProvider"]["commands"], json!(["aside.status"]));
    }

    const NOTHING: Capabilities = Capabilities {
        encoding: Encoding::Utf16,
        inline_completion: false,
        pulls_settings: false,
        registers_settings: false,
        status_changed: false,
    };

    #[test]
    fn neovim_0_12_shows_ghost_text_and_counts_bytes() {
        let client = json!({
            "general": { "positionEncodings": ["utf-8", "utf-16", "utf-32"] },
            "textDocument": {
                "completion": { "dynamicRegistration": false, "completionItem": { "snippetSupport": true } },
                "inlineCompletion": { "dynamicRegistration": false },
            },
            "workspace": { "configuration": true, "didChangeConfiguration": { "dynamicRegistration": false }, "workspaceFolders": true },
        });
        let expected =
            Capabilities { encoding: Encoding::Utf8, inline_completion: true, pulls_settings: true, ..NOTHING };
        check(&client, expected, false);
    }

    #[test]
    fn vs_code_with_languageclient_11_shows_ghost_text_and_registers() {
        let client = json!({
            "general": { "positionEncodings": ["utf-16"], "staleRequestSupport": { "cancel": true } },
            "textDocument": {
                "completion": { "dynamicRegistration": true, "contextSupport": true },
                "inlineCompletion": { "dynamicRegistration": true },
            },
            "workspace": { "configuration": true, "didChangeConfiguration": { "dynamicRegistration": true }, "workspaceFolders": true },
            "experimental": { "aside": { "status": true } },
        });
        let expected = Capabilities {
            inline_completion: true,
            pulls_settings: true,
            registers_settings: true,
            status_changed: true,
            ..NOTHING
        };
        check(&client, expected, false);
    }

    #[test]
    fn helix_gets_a_menu_and_counts_bytes() {
        let client = json!({
            "general": { "positionEncodings": ["utf-8", "utf-32", "utf-16"] },
            "textDocument": { "completion": { "completionItem": { "snippetSupport": true, "insertReplaceSupport": true } } },
            "workspace": { "configuration": true, "didChangeConfiguration": { "dynamicRegistration": false } },
        });
        check(&client, Capabilities { encoding: Encoding::Utf8, pulls_settings: true, ..NOTHING }, true);
    }

    #[test]
    fn eglot_gets_a_menu_and_counts_bytes() {
        let client = json!({
            "general": { "positionEncodings": ["utf-32", "utf-8", "utf-16"] },
            "textDocument": { "completion": { "dynamicRegistration": false, "contextSupport": true } },
            "workspace": { "configuration": true, "didChangeWatchedFiles": { "dynamicRegistration": true } },
            "experimental": {},
        });
        check(&client, Capabilities { encoding: Encoding::Utf8, pulls_settings: true, ..NOTHING }, true);
    }

    #[test]
    fn kakoune_gets_a_menu_and_counts_bytes() {
        let client = json!({
            "general": { "positionEncodings": ["utf-8", "utf-16"] },
            "textDocument": { "completion": { "completionItem": { "documentationFormat": ["plaintext"] } } },
            "workspace": { "configuration": true },
        });
        check(&client, Capabilities { encoding: Encoding::Utf8, pulls_settings: true, ..NOTHING }, true);
    }

    #[test]
    fn characters_are_counted_before_code_units() {
        let client = json!({ "general": { "positionEncodings": ["utf-16", "utf-32"] } });
        assert_eq!(Capabilities::of(&client).encoding, Encoding::Utf32);
    }

    #[test]
    fn an_editor_that_says_nothing_or_nonsense_gets_the_defaults() {
        for client in [
            Value::Null,
            json!({}),
            json!([]),
            json!({ "general": { "positionEncodings": "utf-8" }, "textDocument": { "inlineCompletion": null } }),
            json!({ "general": { "positionEncodings": [8, "utf-7"] }, "workspace": { "configuration": "yes" } }),
        ] {
            check(&client, NOTHING, true);
        }
    }

    #[test]
    fn the_setting_decides_about_the_menu() {
        let with = Capabilities { inline_completion: true, ..NOTHING };
        assert!(with.uses_menu(Menu::Always) && with.offer(Vec::new(), Menu::Always).completion_provider.is_some());
        assert!(!with.uses_menu(Menu::Never) && !NOTHING.uses_menu(Menu::Never));
        // The setting can change while the editor is connected; what is offered cannot.
        assert!(NOTHING.offer(Vec::new(), Menu::Never).completion_provider.is_some());
    }
}
