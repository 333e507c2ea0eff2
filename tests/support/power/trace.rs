//! Reading a trace of `strace -f -xx -y`. Owns which calls change a folder and what each of them did; that two threads do not
//! change the same file at once is assumed.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// What is traced: all that changes files or says something.
pub(super) const CALLS: [&str; 24] = [
    "openat",
    "open",
    "creat",
    "lseek",
    "write",
    "writev",
    "pwrite64",
    "pwritev",
    "pwritev2",
    "ftruncate",
    "truncate",
    "fsync",
    "fdatasync",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "link",
    "linkat",
    "copy_file_range",
    "fallocate",
];

/// One change. Paths are those beneath the recorded folder, which itself is the empty path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// A folder was made.
    MakeFolder {
        /// Where.
        path: String,
    },
    /// An empty file was made.
    Create {
        /// Where.
        path: String,
    },
    /// Bytes were written.
    Write {
        /// The file.
        path: String,
        /// Where in it.
        at: usize,
        /// What.
        bytes: Vec<u8>,
    },
    /// A file was cut or extended.
    Truncate {
        /// The file.
        path: String,
        /// Its length afterwards.
        length: usize,
    },
    /// A file's content, or a folder's names, were brought to the disk.
    Sync {
        /// Which.
        path: String,
    },
    /// A file got another name.
    Rename {
        /// Its name before.
        from: String,
        /// Its name afterwards.
        to: String,
    },
    /// A name was removed.
    Remove {
        /// Which.
        path: String,
    },
    /// The program wrote to its output.
    Said {
        /// What.
        text: String,
    },
}

impl Operation {
    /// The path that it changes; of two, the later one.
    pub(super) fn path(&self) -> Option<&str> {
        match self {
            Self::MakeFolder { path }
            | Self::Create { path }
            | Self::Write { path, .. }
            | Self::Truncate { path, .. }
            | Self::Sync { path }
            | Self::Rename { to: path, .. }
            | Self::Remove { path } => Some(path),
            Self::Said { .. } => None,
        }
    }
}

/// The operations of a trace. `existing` are the paths beneath `folder` when it began.
pub(super) fn parse(trace: &str, folder: &Path, existing: BTreeSet<String>) -> Vec<Operation> {
    let root = folder.to_str().expect("a test's folder has a plain name").to_owned();
    let mut reader = Reader { root, existing, positions: BTreeMap::new(), lengths: BTreeMap::new(), found: Vec::new() };
    let mut unfinished: BTreeMap<&str, &str> = BTreeMap::new();
    for line in trace.lines() {
        let Some((process, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(begun) = rest.strip_suffix(" <unfinished ...>") {
            unfinished.insert(process, begun);
        } else if let Some((_, resumed)) = rest.strip_prefix("<... ").and_then(|rest| rest.split_once(" resumed>")) {
            let begun = unfinished.remove(process).unwrap_or_default();
            reader.call(&format!("{begun}{resumed}"));
        } else {
            reader.call(rest);
        }
    }
    reader.found
}

struct Reader {
    root: String,
    existing: BTreeSet<String>,
    /// Where the next `write` to a handle goes.
    positions: BTreeMap<String, usize>,
    lengths: BTreeMap<String, usize>,
    found: Vec<Operation>,
}

impl Reader {
    /// Takes one whole line, without its process.
    fn call(&mut self, line: &str) {
        let Some((name, rest)) = line.split_once('(') else { return };
        let Some((arguments, result)) = rest.rsplit_once(" = ") else { return };
        if result.starts_with('-') || result.starts_with('?') {
            return;
        }
        let arguments = arguments.trim_end();
        let arguments: Vec<&str> = arguments.strip_suffix(')').unwrap_or(arguments).split(", ").collect();
        match name {
            "openat" | "open" | "creat" => self.open(&arguments, result),
            "mkdir" | "mkdirat" => self.named(&arguments, |path| Operation::MakeFolder { path }),
            "unlink" | "unlinkat" => self.named(&arguments, |path| Operation::Remove { path }),
            "rename" | "renameat" | "renameat2" => self.rename(&arguments),
            "link" | "linkat" | "copy_file_range" | "truncate" => self.unknown(name, &arguments),
            _ => self.on_handle(name, &arguments, result),
        }
    }

    fn open(&mut self, arguments: &[&str], result: &str) {
        let Some(path) = arguments.iter().find_map(|one| quoted(one)).and_then(|path| self.inside(&path)) else {
            return;
        };
        let flags = arguments.iter().find(|one| one.starts_with("O_")).copied().unwrap_or_default();
        if flags.contains("O_CREAT") && self.existing.insert(path.clone()) {
            self.found.push(Operation::Create { path: path.clone() });
        }
        if flags.contains("O_TRUNC") {
            self.lengths.insert(path.clone(), 0);
            self.found.push(Operation::Truncate { path: path.clone(), length: 0 });
        }
        let length = self.lengths.get(&path).copied().unwrap_or_default();
        // The number is used for another file once it was closed.
        let handle = result.split('<').next().unwrap_or_default().to_owned();
        self.positions.insert(handle, if flags.contains("O_APPEND") { length } else { 0 });
    }

    fn named(&mut self, arguments: &[&str], operation: impl Fn(String) -> Operation) {
        let Some(path) = arguments.iter().find_map(|one| quoted(one)).and_then(|path| self.inside(&path)) else {
            return;
        };
        let operation = operation(path.clone());
        if matches!(operation, Operation::Remove { .. }) {
            self.existing.remove(&path);
            self.lengths.remove(&path);
        } else {
            self.existing.insert(path);
        }
        self.found.push(operation);
    }

    fn rename(&mut self, arguments: &[&str]) {
        let mut paths = arguments.iter().filter_map(|one| quoted(one)).map(|path| self.inside(&path));
        let (Some(Some(from)), Some(Some(to))) = (paths.next(), paths.next()) else { return };
        self.existing.remove(&from);
        self.existing.insert(to.clone());
        if let Some(length) = self.lengths.remove(&from) {
            self.lengths.insert(to.clone(), length);
        }
        self.found.push(Operation::Rename { from, to });
    }

    /// A call that would be a hole in the recording.
    fn unknown(&self, name: &str, arguments: &[&str]) {
        let mut paths = arguments.iter().filter_map(|one| quoted(one).or_else(|| handle(one).map(|(_, path)| path)));
        assert!(paths.all(|path| self.inside(&path).is_none()), "`{name}` is not understood here");
    }

    fn on_handle(&mut self, name: &str, arguments: &[&str], result: &str) {
        let Some((number, path)) = arguments.first().and_then(|one| handle(one)) else { return };
        let done: usize = result.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or_default();
        let Some(path) = self.inside(&path) else {
            if number == "1" && name == "write" {
                let text = String::from_utf8_lossy(&data(arguments)).into_owned();
                self.found.push(Operation::Said { text });
            }
            return;
        };
        let last = || arguments.last().and_then(|one| one.parse().ok()).expect("a number");
        match name {
            "fsync" | "fdatasync" => self.found.push(Operation::Sync { path }),
            "ftruncate" => {
                self.lengths.insert(path.clone(), last());
                self.found.push(Operation::Truncate { path, length: last() });
            }
            "lseek" => drop(self.positions.insert(number, done)),
            "write" | "writev" => {
                let at = self.positions.get(&number).copied().unwrap_or_default();
                self.positions.insert(number, at + done);
                self.write(path, at, data(arguments), done);
            }
            "pwrite64" | "pwritev" => self.write(path, last(), data(arguments), done),
            _ => self.unknown(name, arguments),
        }
    }

    fn write(&mut self, path: String, at: usize, mut bytes: Vec<u8>, done: usize) {
        bytes.truncate(done);
        let length = self.lengths.entry(path.clone()).or_default();
        *length = (*length).max(at + bytes.len());
        self.found.push(Operation::Write { path, at, bytes });
    }

    /// A path beneath the folder.
    fn inside(&self, path: &str) -> Option<String> {
        let rest = path.strip_prefix(&self.root)?;
        if rest.is_empty() { Some(String::new()) } else { rest.strip_prefix('/').map(str::to_owned) }
    }
}

/// The number and the path of `5<path>`; `None` where the file has no name any more.
fn handle(argument: &str) -> Option<(String, String)> {
    let (number, path) = argument.split_once('<')?;
    let path = path.strip_suffix('>')?;
    Some((number.to_owned(), String::from_utf8(bytes(path)).ok()?))
}

fn quoted(argument: &str) -> Option<String> {
    let text = argument.strip_prefix('"')?;
    assert!(!text.ends_with("..."), "the trace is cut");
    String::from_utf8(bytes(text.strip_suffix('"')?)).ok()
}

/// All bytes in quotes: of one buffer, or of several.
fn data(arguments: &[&str]) -> Vec<u8> {
    arguments[1..].iter().flat_map(|one| one.split('"').skip(1).step_by(2)).flat_map(bytes).collect()
}

/// The bytes of `\x41\x42`.
fn bytes(text: &str) -> Vec<u8> {
    text.split("\\x").skip(1).map(|pair| u8::from_str_radix(pair, 16).expect("two digits")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> String {
        text.bytes().map(|byte| format!("\\x{byte:02x}")).collect()
    }

    #[test]
    fn a_trace_is_read_also_where_threads_interrupt_each_other() {
        let (folder, file, word) = (hex("/d"), hex("/d/a"), hex("word"));
        let lines = [
            format!("7 openat(AT_FDCWD<{folder}>, \"{file}\", O_WRONLY|O_CREAT|O_CLOEXEC, 0600) = 3<{file}>"),
            format!("7 write(3<{file}>, \"{word}\", 4 <unfinished ...>"),
            format!("8 write(1<{}>, \"{word}\", 4) = 4", hex("/dev/null")),
            "7 <... write resumed>) = 4".to_owned(),
            format!("7 write(3<{file}>, \"{word}\", 4) = 2"),
            format!("7 pwrite64(3<{file}>, \"{word}\", 4, 100) = 4"),
            format!("7 ftruncate(3<{file}>, 5)       = 0"),
            format!("7 fsync(4<{folder}>) = 0"),
            format!(
                "7 openat(AT_FDCWD<{folder}>, \"{}\", O_RDONLY) = -1 ENOENT (No such file or directory)",
                hex("/d/b")
            ),
            format!("7 rename(\"{file}\", \"{}\") = 0", hex("/d/b")),
            format!("7 pwrite64(3<{file}>(deleted), \"{word}\", 4, 0) = 4"),
            format!("7 unlink(\"{}\") = 0", hex("/elsewhere")),
        ];
        let write = |at, text: &str| Operation::Write { path: "a".to_owned(), at, bytes: text.into() };
        assert_eq!(
            parse(&lines.join("\n"), Path::new("/d"), BTreeSet::new()),
            [
                Operation::Create { path: "a".to_owned() },
                Operation::Said { text: "word".to_owned() },
                write(0, "word"),
                write(4, "wo"),
                write(100, "word"),
                Operation::Truncate { path: "a".to_owned(), length: 5 },
                Operation::Sync { path: String::new() },
                Operation::Rename { from: "a".to_owned(), to: "b".to_owned() },
            ]
        );
    }
}
