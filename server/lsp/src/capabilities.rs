//! What the editor can do, as a few named facts, and what this server offers it in return.
//!
//! An editor's capabilities are read leniently: a part that is missing or odd is something that the editor cannot do.

use aside_config::Menu;
use aside_text::Encoding;
use serde_json::Value;
use tower_lsp::gen_lsp_types::{
    CodeLensOptions, CompletionOptions, ExecuteCommandOptions, PositionEncodingKind, ServerCapabilities,
    TextDocumentContent, TextDocumentContentOptions, TextDocumentSyncKind, TextDocumentSyncOptions,
    WorkspaceFoldersServerCapabilities, WorkspaceOptions,
};

use crate::handlers::code_action;

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
    /// What it can do for edits.
    pub(crate) edits: Edits,
}

/// What an editor can do for edits and the documents that show them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Edits {
    /// It applies edits that the server sends.
    pub(crate) apply: bool,
    /// It knows edits of a version of a document.
    pub(crate) versioned: bool,
    /// It shows why an edit needs a look.
    pub(crate) annotated: bool,
    /// It makes files.
    pub(crate) create: bool,
    /// It opens a document when asked to.
    pub(crate) show_document: bool,
    /// It asks for the text of documents that are no files.
    pub(crate) content: bool,
    /// It asks for lenses again when told to.
    pub(crate) refresh_lenses: bool,
    /// It shows the progress of work.
    pub(crate) progress: bool,
    /// It fills in the command of a code action when one is chosen.
    pub(crate) resolve_command: bool,
    /// It renders edits itself and wants `aside/edit/event`: `experimental.aside.edit`.
    pub(crate) rendered: bool,
    /// It shows conversations itself and wants `aside/chat/show`: `experimental.aside.chat`.
    pub(crate) chat: bool,
    /// It asks the person for words itself: `experimental.aside.ask`.
    pub(crate) asks: bool,
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
            edits: Edits::of(client),
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
            code_action_provider: Some(code_action::options().into()),
            code_lens_provider: Some(CodeLensOptions::default()),
            // With one word in it: ALE takes an empty object for no.
            completion_provider: menu
                .then(|| CompletionOptions { resolve_provider: Some(false), ..CompletionOptions::default() }),
            execute_command_provider: Some(ExecuteCommandOptions { commands, ..ExecuteCommandOptions::default() }),
            workspace: Some(WorkspaceOptions {
                workspace_folders: Some(folders),
                // An editor that does not know what it is should not stumble over it.
                text_document_content: self.edits.content.then(content),
                ..WorkspaceOptions::default()
            }),
            ..ServerCapabilities::default()
        }
    }
}

impl Edits {
    /// Nothing.
    #[cfg(test)]
    pub(crate) const NONE: Self = Self {
        apply: false,
        versioned: false,
        annotated: false,
        create: false,
        show_document: false,
        content: false,
        refresh_lenses: false,
        progress: false,
        resolve_command: false,
        rendered: false,
        chat: false,
        asks: false,
    };

    fn of(client: &Value) -> Self {
        let yes = |pointer: &str| client.pointer(pointer) == Some(&Value::Bool(true));
        let there = |pointer: &str| client.pointer(pointer).is_some_and(Value::is_object);
        let lists = |pointer: &str, name: &str| {
            let list = client.pointer(pointer).and_then(Value::as_array);
            list.is_some_and(|list| list.iter().any(|one| one == name))
        };
        Self {
            apply: yes("/workspace/applyEdit"),
            versioned: yes("/workspace/workspaceEdit/documentChanges"),
            annotated: there("/workspace/workspaceEdit/changeAnnotationSupport"),
            create: lists("/workspace/workspaceEdit/resourceOperations", "create"),
            show_document: yes("/window/showDocument/support"),
            content: there("/workspace/textDocumentContent"),
            refresh_lenses: yes("/workspace/codeLens/refreshSupport"),
            progress: yes("/window/workDoneProgress"),
            resolve_command: lists("/textDocument/codeAction/resolveSupport/properties", "command"),
            rendered: yes("/experimental/aside/edit"),
            chat: yes("/experimental/aside/chat"),
            asks: yes("/experimental/aside/ask"),
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

/// The documents that the server gives the text of.
fn content() -> TextDocumentContent {
    TextDocumentContentOptions { schemes: vec![crate::edits::SCHEME.to_owned()] }.into()
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
        assert!(!menu || offer["completionProvider"].as_object().is_some_and(|options| !options.is_empty()));
        assert_eq!(offer["textDocumentSync"], json!({ "openClose": true, "change": 2, "save": true }));
        assert_eq!(offer["executeCommandProvider"]["commands"], json!(["aside.status"]));
    }

    const NOTHING: Capabilities = Capabilities {
        encoding: Encoding::Utf16,
        inline_completion: false,
        pulls_settings: false,
        registers_settings: false,
        status_changed: false,
        edits: Edits::NONE,
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
