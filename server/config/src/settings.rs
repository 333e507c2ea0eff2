//! The declaration of every setting: name, type, default, bounds, scope and meaning, once.
//!
//! The typed structs, the schema and the settings page are made from this list; providers, whose names are free, are
//! declared in `providers`, and actions in `actions`.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use crate::{
    actions::Action,
    choice::{Backend, EditShape, Level, Menu, Required, SessionKey, Unlock},
    declare::{Field, Scope, Section, settings},
    providers::{self, Provider},
    rule::{Count, File, Fraction, Lasting, ModelName, OneOf, Proxy, Size, Switch, Text, Typed as _, Words},
};

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn hours(hours: u64) -> Duration {
    secs(hours * 3600)
}

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

settings! {
    /// All settings, checked and typed. Every value is inside its bounds.
    {
        /// Where models are, by name: the known providers and those the user declared.
        providers: BTreeMap<String, Provider> = providers::known();
        /// Actions on code that people declared, by name. Those of a workspace are among them once it is trusted.
        actions: BTreeMap<String, Action> = BTreeMap::new();
    }

    /// Which model does which job, as `provider/model`. A job with no model is done by the built-in engine.
    roles: Roles {
        /// Answers in conversations.
        chat: Option<String> = None, ModelName, User;
        /// Completes code while you type.
        complete: Option<String> = None, ModelName, User;
        /// Changes code. Unset, the model for conversations does; the built-in engine cannot.
        edit: Option<String> = None, ModelName, User;
    }

    /// Completion while you type.
    complete: Complete {
        /// Whether suggestions are made while you type. A suggestion asked for by command always comes.
        enabled: bool = true, Switch, Workspace;
        /// The longest suggestion, in tokens.
        max_tokens: u32 = 128, Count(1, 2048), Workspace;
        /// How much text before the cursor is sent.
        prefix_bytes: u32 = 6144, Size(256, 256 * KIB), Workspace;
        /// How much text after the cursor is sent.
        suffix_bytes: u32 = 2048, Size(0, 256 * KIB), Workspace;
        /// How long typing must pause before a request leaves the machine. Suggestions from memory and from the built-in
        /// engine do not wait.
        debounce: Duration = ms(40), Lasting(ms(0), secs(2)), Editor;
        /// How long a suggestion may take before it is given up.
        timeout: Duration = secs(10), Lasting(ms(100), secs(120)), Editor;
        /// Whether suggestions appear in the completion menu.
        menu: Menu = Menu::Auto, OneOf::<Menu>::NEW, Editor;
        /// Language identifiers, as the editor names them (`markdown`, `plaintext`), in which nothing is suggested while
        /// you type.
        disabled_languages: Vec<String> = Vec::new(), Words(100, 64), Workspace;
    }

    /// Conversations.
    chat: Chat {
        /// The longest message you can send, in characters.
        max_message_chars: u32 = 50_000, Count(1, 1_000_000), Editor;
        /// The longest answer, in tokens.
        max_tokens: u32 = 4096, Count(16, 131_072), Workspace;
        /// How much of the open file, the selection and the attachments is sent with a message.
        context_bytes: u32 = 65_536, Size(0, 4 * MIB), Workspace;
        /// Text that is put before every conversation, for example how you like your answers.
        instructions: String = String::new(), Text(20_000), User;
    }

    /// Changes of code: code actions and edits.
    edit: Edit {
        /// The longest answer, in tokens. An answer that is cut off there changes nothing.
        max_tokens: u32 = 8192, Count(16, 131_072), Workspace;
        /// How much of the code around goes along with what is to be changed.
        context_bytes: u32 = 49_152, Size(0, 4 * MIB), Workspace;
        /// In which shape models write changes.
        shape: EditShape = EditShape::Auto, OneOf::<EditShape>::NEW, Editor;
    }

    /// How conversations are kept.
    sessions: Sessions {
        /// Where the key is kept that they are sealed under. `aside session key move` takes it from one place to another.
        key: SessionKey = SessionKey::Auto, OneOf::<SessionKey>::NEW, User;
        /// How many conversations a workspace may have, those in the trash left out.
        max_per_workspace: u32 = 100, Count(1, 10_000), User;
        /// How large a conversation may become before it takes no further question.
        max_bytes: u64 = 10 * MIB, Size(64 * KIB, 1024 * MIB), User;
        /// How many days after its last change a conversation goes to the trash by itself; 0 keeps it for ever.
        retention_days: u32 = 30, Count(0, 3650), User;
        /// How many days a conversation stays in the trash before it is removed for good.
        trash_days: u32 = 7, Count(1, 365), User;
        /// How many conversations of a workspace may be opened within a minute; of all workspaces together, four times as many.
        resumes_per_minute: u32 = 5, Count(1, 1000), User;
    }

    /// Model servers on this machine.
    local: Local {
        /// Whether `aside doctor` and lists of models look for a running Ollama, llama.cpp or LM Studio on loopback. What is found
        /// is offered, never used unasked.
        detect: bool = true, Switch, Editor;
    }

    /// The engine inside the program, which needs no model, key or network.
    builtin: Builtin {
        /// How sure it must be to show a suggestion: the probability that all of it is right.
        threshold: f64 = 0.8, Fraction(0.05, 1.0), Workspace;
        /// How many files of a workspace it reads.
        max_files: u32 = 20_000, Count(1, 1_000_000), Editor;
        /// How much of a workspace it reads.
        max_total_bytes: u64 = 64 * MIB, Size(MIB, 4096 * MIB), Editor;
        /// A pause before each line of its answers, which otherwise come at once. `aside try` sets it to interrupt an answer in
        /// the middle.
        pace: Duration = ms(0), Lasting(ms(0), secs(2)), User;
    }

    /// How the network is used. Answers are streams and have no total time limit.
    http: Http {
        /// How long a connection may take, encryption included.
        connect_timeout: Duration = secs(10), Lasting(ms(100), secs(120)), User;
        /// How long the first byte of an answer may take. A local model that must first be loaded needs its time.
        first_byte_timeout: Duration = secs(60), Lasting(ms(100), secs(1800)), User;
        /// How long an answer may pause between two pieces.
        idle_timeout: Duration = secs(30), Lasting(ms(100), secs(1800)), User;
        /// The proxy for everything but this machine. Unset, the system's settings and `HTTPS_PROXY` count.
        proxy: Option<String> = None, Proxy, User;
        /// A PEM file with certificates to trust besides the system's; an absolute path.
        ca_file: Option<PathBuf> = None, File, User;
    }

    /// The keyring of the operating system, where provider keys are.
    keyring: Keyring {
        /// How long a request waits for the keyring. A keyring that asks for its password may need you longer than that;
        /// the next request sees it open.
        timeout: Duration = secs(2), Lasting(ms(100), secs(120)), User;
    }

    /// Where keys are kept, and when they lock. A lock wipes every key from memory.
    vault: Vault {
        /// Where keys are kept.
        backend: Backend = Backend::Auto, OneOf::<Backend>::NEW, User;
        /// What opens the keys again after a lock. A locked vault file always takes its passphrase.
        unlock: Unlock = Unlock::OnUse, OneOf::<Unlock>::NEW, User;
        /// The keys lock when nobody has used one for so long. Only what a person does counts.
        idle_lock: Duration = secs(900), Lasting(secs(1), hours(24)), User;
        /// The keys lock so long after they were unlocked, whatever is done with them.
        absolute_lock: Duration = hours(12), Lasting(secs(1), hours(168)), User;
        /// How many earlier versions of the vault file are kept, sealed like itself.
        backups: u32 = 5, Count(0, 100), User;
        /// How old a key may be before you are reminded to rotate it.
        remind_after: Duration = hours(90 * 24), Lasting(hours(1), hours(3650 * 24)), User;
        /// How long a rotated key's old value is kept, so that the rotation can be taken back.
        keep_replaced: Duration = hours(24), Lasting(secs(0), hours(30 * 24)), User;
    }

    /// The record of what was done with keys.
    audit: Audit {
        /// What is refused when it cannot be recorded.
        required: Required = Required::Changes, OneOf::<Required>::NEW, User;
        /// The size at which the record is put aside and a new file begun.
        max_bytes: u64 = 10 * MIB, Size(64 * KIB, 1024 * MIB), User;
        /// How many files of it are kept besides the one being written.
        keep: u32 = 5, Count(1, 100), User;
    }

    /// The log file. It holds names, sizes, times and errors, never code, conversations or keys.
    log: Log {
        /// How much is logged.
        level: Level = Level::Info, OneOf::<Level>::NEW, Editor;
        /// The size at which a log file is put aside and a new one begun.
        max_bytes: u64 = 10 * MIB, Size(64 * KIB, 1024 * MIB), User;
        /// How many log files are kept besides the one being written.
        keep: u32 = 5, Count(0, 100), User;
    }
}

/// The setting with this full key, when it is not a provider's.
pub(crate) fn field(key: &str) -> Option<&'static Field<Settings>> {
    let (section, _) = key.split_once('.')?;
    section_named(section)?.fields.iter().find(|field| field.key == key)
}

/// The section of this name.
pub(crate) fn section_named(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.name == name)
}
