//! `aside vault`: the lock of the keys, and the vault file. Passphrases come from the terminal or, line by line, from standard
//! input; recovery words are printed once, when they are made.

use std::{io::Read as _, path::Path, process::ExitCode};

use aside_secret::stack;
use aside_vault::{
    Backup, FileVault, Files, KeyName, Opener, Passphrase, PassphraseChanged, Patience, Plan, Recovery, RecoveryWords,
    Slot, Unlocked, VaultError,
    audit::{Record, What},
};

use serde_json::json;

use crate::{
    agent, ask,
    cli::{Asked, Vault},
    command::words,
    failure::{Exit, Failure},
    keys::{self, Kept},
    terminal::{self, Style, styled, visible},
    wiring::{self, App},
};

/// Runs one of the subcommands.
pub(crate) async fn run(app: &App, asked: &Asked, args: Vault) -> Result<ExitCode, Failure> {
    match args {
        Vault::Status(args) => status(app, args.json).await,
        Vault::Init { no_recovery } => init(app, asked, no_recovery).await?,
        Vault::Unlock { recovery: true, .. } => recover(app, asked).await?,
        Vault::Unlock { accept_older, .. } => unlock(app, asked, accept_older).await?,
        Vault::Lock => lock(app).await?,
        Vault::Passphrase => passphrase(app, asked).await?,
        Vault::Rekey => rekey(app, asked).await?,
        Vault::Backup { file } => backup(app, asked, &file).await?,
        Vault::Restore { list: true, json, .. } | Vault::Restore { file: None, generation: None, json, .. } => {
            copies(app, json)?;
        }
        Vault::Restore { file, generation, dry_run, yes, conversations, .. } => {
            let how = Restoring { dry_run, yes, conversations };
            restore(app, asked, &Copy::of(app, file.as_deref(), generation)?, &how).await?;
        }
        Vault::Clear { conversations } => clear(app, asked, conversations).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn status(app: &App, json: bool) {
    let status = keys::status(app).await;
    if json {
        return terminal::json(&status);
    }
    let place = app.keys.place();
    match place.kept() {
        Kept::Keyring => terminal::line("keys are kept in the keyring of the operating system"),
        Kept::File => {
            let file = place.files().vault.display().to_string();
            terminal::line(&format!("keys are kept in the vault file `{}`", visible(&file)));
            match FileVault::peek(&place.files()) {
                Ok(info) => terminal::line(&format!(
                    "  protected by {}{}",
                    info.kdf,
                    if info.recovery { ", with recovery words" } else { "" }
                )),
                Err(error) => terminal::line(&format!(
                    "  {}\n  next: {}",
                    styled(Style::Bad, &visible(&error.to_string())),
                    error.hint()
                )),
            }
        }
    }
    let policy = place.policy();
    terminal::line(&format!(
        "they lock after {} without use, and {} after they were unlocked",
        span(policy.idle.as_secs()),
        span(policy.absolute.as_secs())
    ));
    let processes = status["processes"].as_array().cloned().unwrap_or_default();
    if processes.is_empty() {
        terminal::line("no process holds keys now");
    }
    for process in processes {
        let state = match (process["locked"].as_str(), process["locksIn"].as_u64()) {
            (Some(reason), _) => styled(Style::Dim, &format!("locked ({reason})")),
            (None, Some(left)) => format!("unlocked, locks in {}", span(left)),
            (None, None) => "unlocked".to_owned(),
        };
        let label = process["label"].as_str().unwrap_or_default();
        terminal::line(&format!(
            "  {:12} {state}  {}",
            visible(label),
            styled(Style::Dim, &format!("process {}", process["pid"]))
        ));
    }
    for note in status["vault"]["notes"].as_array().into_iter().flatten().filter_map(|note| note.as_str()) {
        terminal::line(&format!("  {}", styled(Style::Warn, &visible(note))));
    }
}

fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}

async fn init(app: &App, asked: &Asked, no_recovery: bool) -> Result<(), Failure> {
    let files = app.keys.place().files();
    if FileVault::exists(&files)? {
        return Err(VaultError::AlreadyThere { path: files.vault }.into());
    }
    terminal::complain("A vault file keeps your keys sealed under a passphrase. Choose one of several words.");
    let passphrase = ask::new_passphrase("New passphrase: ")?;
    let recovery = if no_recovery { Recovery::None } else { Recovery::Words };
    let path = files.vault.display().to_string();
    let (words, passphrase) = changed(app, What::Init, move || {
        let (_, words) = FileVault::create(&files, &passphrase, recovery, wiring::unix_time())?;
        Ok((words, passphrase))
    })
    .await?;
    terminal::line(&format!(
        "{} made the vault `{}`; keys are kept in it from now on",
        styled(Style::Good, "✓"),
        visible(&path)
    ));
    show_words(words.as_ref());
    agent::unlock(app, asked, &passphrase).await?;
    terminal::line(&styled(Style::Dim, "next: `aside secret set PROVIDER`, or `aside secret import --from keyring`"));
    Ok(())
}

/// Prints recovery words, the only time.
fn show_words(words: Option<&RecoveryWords>) {
    let Some(words) = words else { return };
    terminal::line("\nIf the passphrase is forgotten, these words open the vault. They are shown now and never again:");
    terminal::line("write them on paper, and keep it where nobody looks.\n");
    words::show(words);
}

async fn unlock(app: &App, asked: &Asked, accept_older: bool) -> Result<(), Failure> {
    match app.keys.place().kept() {
        Kept::Keyring => {
            app.keys.begin(Record::begun(What::Unlock)).await?;
            app.keys
                .place()
                .leave_unlocked()
                .map_err(|error| Failure::new(Exit::Failed, error.to_string(), error.hint()))?;
            agent::wake(app).await;
            app.keys.end(Record::done(What::Unlock));
            terminal::line(&format!(
                "{} unlocked; the keyring may still ask for its own password",
                styled(Style::Good, "✓")
            ));
        }
        Kept::File => {
            there(app)?;
            if accept_older {
                agent::unlock(app, asked, &accept(app).await?).await?;
            } else {
                agent::ask_and_unlock(app, asked).await?;
            }
            terminal::line(&format!("{} unlocked for all your editors and terminals", styled(Style::Good, "✓")));
        }
    }
    Ok(())
}

/// The vault is there, or the failure that says how to make one.
fn there(app: &App) -> Result<Files, Failure> {
    let files = app.keys.place().files();
    if FileVault::exists(&files)? { Ok(files) } else { Err(VaultError::NotThere { path: files.vault }.into()) }
}

/// Takes the vault as it is, though it is older than it was.
async fn accept(app: &App) -> Result<Passphrase, Failure> {
    let files = app.keys.place().files();
    let question = "An older vault may hold keys that you replaced, and lack others. Somebody who can write your files may have put it there.";
    ask::confirm(question, "accept")?;
    let passphrase = ask::passphrase("Passphrase of that vault: ")?;
    changed(app, What::Restore, move || FileVault::accept_rollback(&files, &passphrase).map(|_| passphrase)).await
}

/// Opens the vault with its recovery words, for a new passphrase.
async fn recover(app: &App, asked: &Asked) -> Result<(), Failure> {
    let files = there(app)?;
    let words = ask::recovery_words()?;
    let opened = blocking({
        let files = files.clone();
        move || FileVault::unlock_with_words(&files, &words).map(|unlocked| (unlocked, words))
    });
    let (unlocked, words) = opened.await?;
    let new = ask::new_passphrase("New passphrase: ")?;
    let kept = new.secret().copy();
    let done = changed(app, What::PassphraseChange, move || unlocked.change_passphrase(&words, &new)).await?;
    told(&done);
    agent::unlock(app, asked, &Passphrase::parse(kept)?).await?;
    terminal::line(&format!("{} unlocked; the new passphrase is in force", styled(Style::Good, "✓")));
    Ok(())
}

async fn lock(app: &App) -> Result<(), Failure> {
    let locked = keys::lock_everywhere(app)
        .await
        .map_err(|refused| Failure::new(Exit::Failed, refused.message, refused.hint))?;
    let who = match locked {
        0 => "no process held keys".to_owned(),
        1 => "1 process wiped its keys".to_owned(),
        many => format!("{many} processes wiped their keys"),
    };
    terminal::line(&format!("{} locked: {who}", styled(Style::Good, "✓")));
    Ok(())
}

/// Asks for the passphrase and opens the vault with it. The agent is asked first: it is the one that slows wrong ones down.
async fn open(app: &App, asked: &Asked, prompt: &str) -> Result<(Unlocked, Passphrase), Failure> {
    let files = there(app)?;
    let passphrase = ask::passphrase(prompt)?;
    agent::unlock(app, asked, &passphrase).await?;
    blocking(move || FileVault::unlock(&files, &passphrase).map(|unlocked| (unlocked, passphrase))).await
}

async fn passphrase(app: &App, asked: &Asked) -> Result<(), Failure> {
    let (unlocked, old) = open(app, asked, "Present passphrase: ").await?;
    let new = ask::new_passphrase("New passphrase: ")?;
    let kept = new.secret().copy();
    let done = changed(app, What::PassphraseChange, move || unlocked.change_passphrase(&old, &new)).await?;
    terminal::line(&format!("{} the passphrase is changed", styled(Style::Good, "✓")));
    told(&done);
    agent::unlock(app, asked, &Passphrase::parse(kept)?).await
}

/// What a change of passphrase did to copies.
fn told(done: &PassphraseChanged) {
    if !done.removed.is_empty() {
        let count = done.removed.len();
        terminal::line(&styled(Style::Dim, &format!("removed {count} earlier copies that the old passphrase opened")));
    }
    for copy in &done.remaining {
        let file = copy.path.display().to_string();
        terminal::line(&styled(Style::Warn, &format!("still there, for another passphrase: {}", visible(&file))));
    }
}

async fn rekey(app: &App, asked: &Asked) -> Result<(), Failure> {
    let (unlocked, passphrase) = open(app, asked, "Passphrase of the vault: ").await?;
    let kept = passphrase.secret().copy();
    let words = changed(app, What::Rekey, move || unlocked.rekey(&passphrase).map(|(_, words)| words)).await?;
    terminal::line(&format!("{} every key is sealed under a new data key", styled(Style::Good, "✓")));
    if words.is_some() {
        terminal::line("The old recovery words open this vault no longer.");
    }
    // First: nothing that follows may keep them from being seen.
    show_words(words.as_ref());
    agent::unlock(app, asked, &Passphrase::parse(kept)?).await
}

async fn clear(app: &App, asked: &Asked, conversations: bool) -> Result<(), Failure> {
    there(app)?;
    if conversations {
        let question = "Every key in the vault is removed. If the key of your conversations is among them, nobody can read them any \
                        more but with its recovery words or the sealed copy of the vault that is kept.";
        ask::confirm(question, "clear the conversations' key")?;
    } else {
        let question = "Every provider's key in the vault is removed. A sealed copy of the vault is kept.";
        ask::confirm(question, "clear the vault")?;
    }
    let (unlocked, passphrase) = open(app, asked, "Passphrase of the vault: ").await?;
    let kept = passphrase.secret().copy();
    let clear = move || {
        let now = wiring::unix_time();
        let done =
            if conversations { unlocked.clear_everything(&passphrase, now) } else { unlocked.clear(&passphrase, now) };
        done.map(|(cleared, words)| (cleared.get(&KeyName::conversations(), Slot::Current).is_ok(), words))
    };
    let (holds, words) = changed(app, What::Clear, clear).await?;
    let left = if holds { "the vault is empty but for the key of your conversations" } else { "the vault is empty" };
    terminal::line(&format!("{} {left}; `aside vault restore --list` shows the copy", styled(Style::Good, "✓")));
    show_words(words.as_ref());
    keys::forget_everywhere(app).await;
    agent::unlock(app, asked, &Passphrase::parse(kept)?).await
}

async fn backup(app: &App, asked: &Asked, file: &Path) -> Result<(), Failure> {
    let file = wiring::absolute(file)?;
    if file.exists() {
        let message = format!("`{}` exists already; nothing was written", file.display());
        return Err(Failure::new(Exit::Usage, message, "name a file that does not exist"));
    }
    let (unlocked, _) = open(app, asked, "Passphrase of the vault: ").await?;
    terminal::complain("The backup gets a passphrase of its own, for the day when this machine is gone.");
    let own = ask::new_passphrase("Passphrase of the backup: ")?;
    let target = file.clone();
    changed(app, What::Backup, move || {
        let bytes = unlocked.backup(&own, wiring::unix_time())?;
        Ok(aside_storage::private::create(&target, &bytes)?)
    })
    .await?;
    terminal::line(&format!("{} wrote `{}`", styled(Style::Good, "✓"), visible(&file.display().to_string())));
    Ok(())
}

/// Lists the automatic copies.
fn copies(app: &App, json: bool) -> Result<(), Failure> {
    let files = app.keys.place().files();
    let copies = files.backups()?;
    if json {
        let plain =
            |copy: &Backup| json!({ "generation": copy.generation, "file": copy.path, "replaced": copy.replaced });
        terminal::json(&copies.iter().map(plain).collect::<Vec<_>>());
        return Ok(());
    }
    if copies.is_empty() {
        terminal::line("no copies are kept yet: each change of the vault keeps the state before it");
    }
    for copy in &copies {
        let why = if copy.replaced { "replaced as a whole" } else { "before a change" };
        let file = copy.path.display().to_string();
        terminal::line(&format!("{:6}  {why}  {}", copy.generation, styled(Style::Dim, &visible(&file))));
    }
    if !copies.is_empty() {
        terminal::line(&styled(
            Style::Dim,
            "next: `aside vault restore --generation N --dry-run` shows what would change",
        ));
    }
    Ok(())
}

/// What is put back.
struct Copy {
    name: String,
    bytes: Vec<u8>,
}

impl Copy {
    fn of(app: &App, file: Option<&Path>, generation: Option<u64>) -> Result<Self, Failure> {
        let path = match (file, generation) {
            (Some(file), _) => wiring::absolute(file)?,
            (None, generation) => {
                let copies = app.keys.place().files().backups()?;
                let found = copies.into_iter().find(|copy| Some(copy.generation) == generation);
                found.map(|copy| copy.path).ok_or_else(|| {
                    let message = format!("no copy of generation {} is kept", generation.unwrap_or(0));
                    Failure::new(Exit::NotFound, message, "`aside vault restore --list` lists them")
                })?
            }
        };
        let name = path.display().to_string();
        let failed = |error: &std::io::Error| {
            let exit = if error.kind() == std::io::ErrorKind::NotFound { Exit::NotFound } else { Exit::Failed };
            Failure::new(exit, format!("`{name}` cannot be read: {error}"), "name a file of `aside vault backup`")
        };
        // Wherever it lies and whoever may read it: it is sealed, and every value in it is verified.
        let mut bytes = Vec::new();
        let file = std::fs::File::open(&path).map_err(|error| failed(&error))?;
        file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
        Ok(Self { name, bytes })
    }
}

/// As large as a vault may be.
const LARGEST: u64 = 64 * 1024 * 1024;

/// How a copy is put back.
struct Restoring {
    dry_run: bool,
    yes: bool,
    /// Even if the key of the conversations is lost by it.
    conversations: bool,
}

async fn restore(app: &App, asked: &Asked, copy: &Copy, how: &Restoring) -> Result<(), Failure> {
    let files = app.keys.place().files();
    let passphrase = ask::passphrase("Passphrase of the copy: ")?;
    let kept = passphrase.secret().copy();
    let (plan, passphrase) = blocking({
        let (files, bytes) = (files.clone(), copy.bytes.clone());
        move || {
            let opener = Opener::from(&passphrase);
            FileVault::restore_plan(&files, &bytes, opener).map(|plan| (plan, passphrase))
        }
    })
    .await?;
    show_plan(&copy.name, &plan);
    let loses = loses_conversations(app, &plan).await;
    if how.dry_run {
        if loses {
            terminal::line(&styled(
                Style::Warn,
                "  it lacks the present key of the conversations, which cannot be read then",
            ));
        }
        terminal::line("nothing was changed");
        return Ok(());
    }
    if loses && !how.conversations {
        return Err(Failure::new(
            Exit::Failed,
            "the copy lacks the key of your conversations, or has another one: they could not be read any more; nothing was changed",
            "keep that key elsewhere first, for example with `aside session key move file`, or restore with `--conversations`",
        ));
    }
    if !how.yes {
        ask::confirm(
            "The vault is replaced by this copy, and opens with the copy's passphrase. The present vault is kept as a copy.",
            "restore",
        )?;
    }
    let bytes = copy.bytes.clone();
    changed(app, What::Restore, move || FileVault::restore(&files, &bytes, &passphrase).map(drop)).await?;
    agent::unlock(app, asked, &Passphrase::parse(kept)?).await?;
    keys::forget_everywhere(app).await;
    terminal::line(&format!("{} the vault is restored, with {} keys", styled(Style::Good, "✓"), plan.keys.len()));
    Ok(())
}

/// Whether a copy would take the present key of the conversations away. Where the two cannot be compared, that there is one counts.
async fn loses_conversations(app: &App, plan: &Plan) -> bool {
    let name = KeyName::conversations();
    match &plan.changes {
        Some(changes) => changes.removed.iter().chain(&changes.changed).any(|id| *id == (name.clone(), Slot::Current)),
        None => app.keys.place().store_of(Kept::File).get(&name, Slot::Current, Patience::Request).await.is_ok(),
    }
}

fn show_plan(name: &str, plan: &Plan) {
    terminal::line(&format!("`{}` is whole: {} keys", visible(name), plan.keys.len()));
    match &plan.changes {
        None => {
            terminal::line(
                "  the present vault opens with another passphrase, or not at all, so that they are not compared",
            );
            for key in &plan.keys {
                terminal::line(&format!("  holds    {}", visible(&key.name.to_string())));
            }
        }
        Some(changes) => {
            for (what, names) in
                [("adds", &changes.added), ("changes", &changes.changed), ("removes", &changes.removed)]
            {
                for (name, _) in names {
                    terminal::line(&format!("  {what:8} {}", visible(&name.to_string())));
                }
            }
            terminal::line(&format!("  {} stay as they are", changes.same));
        }
    }
}

/// Does something to the vault file off the runtime's workers.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, VaultError> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(|| stack::clean(work)).await {
        Ok(done) => Ok(done?),
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    }
}

/// The same for a change, which is recorded: what cannot be is not begun.
async fn changed<T: Send + 'static>(
    app: &App,
    what: What,
    work: impl FnOnce() -> Result<T, VaultError> + Send + 'static,
) -> Result<T, Failure> {
    app.keys.begin(Record::begun(what)).await?;
    let done = match tokio::task::spawn_blocking(|| stack::clean(work)).await {
        Ok(done) => done,
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    };
    app.keys.end(match &done {
        Ok(_) => Record::done(what),
        Err(error) => Record::failed(what, error.code()),
    });
    Ok(done?)
}
