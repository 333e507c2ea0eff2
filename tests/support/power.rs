//! What a power cut may leave of a program's files.
//!
//! A program runs under `strace`, which tells every change of one folder ([`Recording`]). From that follow the states that a disk
//! may be left in: what was synced is there, and of the rest anything may be missing or torn. Owns the recording and the states;
//! what must hold in each of them belongs to the test.
//!
//! Memory that is mapped is not seen. What a file system promises beyond POSIX is not assumed: a synced file whose folder was
//! not synced may have no name.

mod disk;
mod trace;

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use disk::{Disk, Image};
pub use trace::Operation;

/// All that a program did to a folder, in order.
#[derive(Debug)]
pub struct Recording {
    before: Image,
    /// What it did.
    pub operations: Vec<Operation>,
}

impl Recording {
    /// Runs the program to its end and records what it does beneath `folder`. A program that fails fails the test.
    #[track_caller]
    pub fn of(line: &[String], folder: &Path) -> Self {
        let folder = folder.canonicalize().expect("the folder is there");
        let before = Image::of(&folder);
        let log = tempfile::NamedTempFile::new().expect("a file");
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-xx", "-y", "-s", "1000000000", "--seccomp-bpf", "-o"]).arg(log.path());
        strace.args(["-e", &format!("trace={}", trace::CALLS.join(","))]).args(line);
        let status = strace.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("strace runs");
        assert!(status.success(), "{line:?}: {status}");
        let text = std::fs::read_to_string(log.path()).expect("a trace");
        Self { operations: trace::parse(&text, &folder, before.paths()), before }
    }

    /// The same without the files whose paths `forgotten` holds of: those that nobody reads after a power cut.
    #[must_use]
    pub fn without(mut self, forgotten: impl Fn(&str) -> bool) -> Self {
        self.operations.retain(|operation| !operation.path().is_some_and(&forgotten));
        self
    }

    /// Every state that the disk may be left in, each in a folder of its own. None comes twice at one moment.
    ///
    /// The states are those before each sync, before each output, and at the end, when most is at stake. Of what is not synced
    /// then there is: nothing, all, all but one, one alone, the first ones, the last ones, and one of them torn: its first half,
    /// and every other sector.
    ///
    /// `moment` tells what of all that the program has said so far matters; `None` skips the states of that time.
    pub fn states<'a, M: Hash>(&'a self, moment: impl Fn(&str) -> Option<M> + 'a) -> States<'a> {
        let hashed = move |said: &str| {
            let mut hasher = DefaultHasher::new();
            moment(said)?.hash(&mut hasher);
            Some(hasher)
        };
        States {
            operations: self.operations.iter(),
            next: None,
            disk: Disk::new(self.before.clone()),
            moment: Box::new(hashed),
            waiting: Vec::new(),
            seen: HashSet::new(),
            said: String::new(),
            done: 0,
            ended: false,
        }
    }
}

/// The files as a power cut has left them. Removed when dropped.
#[derive(Debug)]
pub struct State {
    folder: tempfile::TempDir,
    /// All that the program had said by then.
    pub said: String,
    /// Which state it is, for the test that fails.
    pub label: String,
}

impl State {
    /// Where the recorded folder's content is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// What matters of the program's output, to be hashed on with the files.
type Moment<'a> = dyn Fn(&str) -> Option<DefaultHasher> + 'a;

/// See [`Recording::states`].
pub struct States<'a> {
    operations: std::slice::Iter<'a, Operation>,
    next: Option<&'a Operation>,
    disk: Disk,
    moment: Box<Moment<'a>>,
    waiting: Vec<(String, Image)>,
    seen: HashSet<u64>,
    said: String,
    done: usize,
    ended: bool,
}

impl Iterator for States<'_> {
    type Item = State;

    fn next(&mut self) -> Option<State> {
        loop {
            while let Some((label, image)) = self.waiting.pop() {
                let Some(mut hasher) = (self.moment)(&self.said) else { continue };
                image.hash(&mut hasher);
                if self.seen.insert(hasher.finish()) {
                    return Some(self.made(&label, &image));
                }
            }
            // The states before an operation are told; now it happens.
            if let Some(operation) = self.next.take() {
                self.take(operation);
            }
            if !self.look_ahead() {
                return None;
            }
        }
    }
}

impl States<'_> {
    /// Looks at the next operation, or at the end. Before what makes something certain, all that may be left is put in the queue.
    /// Gives whether there is more to come.
    fn look_ahead(&mut self) -> bool {
        if self.ended {
            return false;
        }
        self.next = self.operations.next();
        self.ended = self.next.is_none();
        self.done += 1;
        let certain = self.next.is_none_or(|next| matches!(next, Operation::Sync { .. } | Operation::Said { .. }));
        if certain && (self.moment)(&self.said).is_some() {
            self.waiting = self.disk.left();
        }
        true
    }

    fn take(&mut self, operation: &Operation) {
        match operation {
            Operation::Said { text } => self.said.push_str(text),
            other => self.disk.apply(other),
        }
    }

    fn made(&self, label: &str, image: &Image) -> State {
        let folder = tempfile::tempdir_in(quick()).expect("a folder");
        image.write(folder.path());
        State { folder, said: self.said.clone(), label: format!("before operation {}: {label}", self.done) }
    }
}

/// Where folders are made quickly: in memory, where there is such a place.
fn quick() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() }
}
