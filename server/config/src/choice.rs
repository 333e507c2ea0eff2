//! Settings that are one of a few words. Owns the words, their types and what each means.

/// A type whose values are written as fixed words.
pub(crate) trait Choice: Copy + PartialEq + 'static {
    /// Every value with its word and what it means.
    const ALL: &'static [(Self, &'static str, &'static str)];
}

macro_rules! choice {
    ($(#[$meta:meta])* $name:ident { $( #[doc = $doc:literal] $variant:ident = $word:literal, )+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $( #[doc = $doc] $variant, )+ }

        impl Choice for $name {
            const ALL: &'static [(Self, &'static str, &'static str)] = &[ $( ($name::$variant, $word, $doc), )+ ];
        }

        impl $name {
            /// The word it is written as in settings.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}

choice! {
    /// The wire a provider speaks.
    Dialect {
        /// OpenAI chat completions, and every compatible server.
        OpenAi = "openai",
        /// Anthropic messages.
        Anthropic = "anthropic",
        /// Ollama's own API.
        Ollama = "ollama",
        /// The server of llama.cpp.
        LlamaCpp = "llama-cpp",
        /// The engine inside this program; it needs no address.
        Builtin = "builtin",
    }
}

choice! {
    /// Whether suggestions appear in the editor's completion menu.
    Menu {
        /// Only where the editor cannot show inline completions.
        Auto = "auto",
        /// Also where it can.
        Always = "always",
        /// Never.
        Never = "never",
    }
}

choice! {
    /// In which shape models write changes of code.
    EditShape {
        /// What suits the model, by a table inside the program.
        Auto = "auto",
        /// The part is written anew.
        Whole = "whole",
        /// Blocks of what stands there and what shall stand there.
        SearchReplace = "search-replace",
        /// A unified diff.
        Diff = "diff",
    }
}

choice! {
    /// How much is logged.
    Level {
        /// What failed.
        Error = "error",
        /// And what is wrong but went on.
        Warn = "warn",
        /// And what was done, without content.
        Info = "info",
        /// And how it was done.
        Debug = "debug",
        /// And every message's name and size.
        Trace = "trace",
    }
}

choice! {
    /// Where keys are kept.
    Backend {
        /// In the sealed vault file once `aside vault init` made one, else in the keyring of the operating system.
        Auto = "auto",
        /// In the keyring of the operating system.
        Keyring = "keyring",
        /// In the sealed vault file.
        File = "file",
    }
}

choice! {
    /// Where the key of the conversations is kept.
    SessionKey {
        /// Where it is already; else in the sealed vault file once there is one, else in the keyring, else in a key file.
        Auto = "auto",
        /// In the keyring of the operating system.
        Keyring = "keyring",
        /// In the sealed vault file.
        Vault = "vault",
        /// In a key file beside the conversations, which protects copies of them and nothing else.
        File = "file",
    }
}

choice! {
    /// What opens the keys again after a lock.
    Unlock {
        /// The next thing a person does.
        OnUse = "on-use",
        /// `aside vault unlock` in a terminal.
        Explicit = "explicit",
    }
}

choice! {
    /// What is refused when it cannot be recorded in the audit log.
    Required {
        /// What changes or takes out a key: set, delete, rotate, import, export, backup, restore.
        Changes = "changes",
        /// And every use of a key.
        All = "all",
    }
}

choice! {
    /// What an action of the settings is about.
    ActionScope {
        /// The selection; it is offered only where something is selected.
        Selection = "selection",
        /// The lines of the selection, or the cursor's line.
        Line = "line",
        /// The function around the cursor.
        Function = "function",
        /// The class or type around the cursor.
        Class = "class",
        /// The whole file.
        File = "file",
    }
}

choice! {
    /// What an action of the settings gives.
    ActionAnswers {
        /// A change of the code, shown before it is taken.
        Edit = "edit",
        /// An answer in a conversation.
        Chat = "chat",
    }
}

choice! {
    /// Where editors list an action: kinds that no editor runs by itself.
    ActionKind {
        /// With what corrects an error.
        QuickFix = "quickfix",
        /// With what changes the form of code.
        Refactor = "refactor",
        /// With what writes code anew.
        Rewrite = "refactor.rewrite",
        /// With what is about a whole file.
        Source = "source",
    }
}
