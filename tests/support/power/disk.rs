//! A disk, and what is only on its way there. Owns what a sync makes certain and what may be left without one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::Operation;

/// What a disk writes at once.
const SECTOR: usize = 512;

/// Files and folders by their paths.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Image {
    names: BTreeMap<String, Node>,
    /// The content of each file, whatever its name.
    files: Vec<Vec<u8>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Node {
    Folder,
    File(usize),
}

impl Image {
    /// What is beneath `folder`.
    pub(super) fn of(folder: &Path) -> Self {
        let mut image = Self::default();
        image.read(folder, "");
        image
    }

    fn read(&mut self, root: &Path, beneath: &str) {
        for entry in fs::read_dir(root.join(beneath)).expect("a folder").flatten() {
            let name = entry.file_name().into_string().expect("a plain name");
            let path = if beneath.is_empty() { name } else { format!("{beneath}/{name}") };
            if entry.file_type().expect("a kind").is_dir() {
                self.names.insert(path.clone(), Node::Folder);
                self.read(root, &path);
            } else {
                self.names.insert(path, Node::File(self.files.len()));
                self.files.push(fs::read(entry.path()).expect("a file"));
            }
        }
    }

    pub(super) fn paths(&self) -> BTreeSet<String> {
        self.names.keys().cloned().collect()
    }

    /// Makes all of it beneath `folder`, private. What is in a folder that is not there is not there.
    pub(super) fn write(&self, folder: &Path) {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        for (path, node) in &self.names {
            let target = folder.join(path);
            match node {
                _ if !target.parent().is_some_and(Path::is_dir) => {}
                Node::Folder => {
                    fs::create_dir(&target).expect("made");
                    fs::set_permissions(&target, fs::Permissions::from_mode(0o700)).expect("a mode");
                }
                Node::File(number) => {
                    let mut options = fs::OpenOptions::new();
                    let mut file = options.write(true).create_new(true).mode(0o600).open(&target).expect("made");
                    std::io::Write::write_all(&mut file, &self.files[*number]).expect("written");
                }
            }
        }
    }

    fn apply(&mut self, change: &Change, part: Part) {
        match change {
            Change::Name { path, to: Some(node), .. } => drop(self.names.insert(path.clone(), *node)),
            Change::Name { path, to: None, .. } => drop(self.names.remove(path)),
            Change::Write { file, at, bytes } => write(&mut self.files[*file], *at, bytes, part),
            Change::Truncate { file, length } => self.files[*file].resize(*length, 0),
        }
    }
}

fn write(content: &mut Vec<u8>, at: usize, bytes: &[u8], part: Part) {
    let mut put = |from: usize, until: usize| {
        content.resize(content.len().max(at + until), 0);
        content[at + from..at + until].copy_from_slice(&bytes[from..until]);
    };
    match part {
        Part::Whole => put(0, bytes.len()),
        Part::Half => put(0, bytes.len() / 2),
        Part::Sectors => {
            for sector in (at / SECTOR..=(at + bytes.len()) / SECTOR).filter(|number| number.is_multiple_of(2)) {
                let [from, until] = [sector, sector + 1].map(|one| (one * SECTOR).clamp(at, at + bytes.len()) - at);
                put(from, until);
            }
        }
    }
}

/// How much of a write is left.
#[derive(Debug, Clone, Copy)]
enum Part {
    Whole,
    Half,
    Sectors,
}

/// Something that is not yet certain.
#[derive(Debug)]
enum Change {
    /// A name that stands for a file or folder, or for nothing any more; certain once the folder is synced.
    Name {
        folder: String,
        path: String,
        to: Option<Node>,
    },
    Write {
        file: usize,
        at: usize,
        bytes: Vec<u8>,
    },
    Truncate {
        file: usize,
        length: usize,
    },
}

/// A disk in use.
#[derive(Debug)]
pub(super) struct Disk {
    certain: Image,
    /// What programs see.
    seen: BTreeMap<String, Node>,
    /// What is kept or lost as one.
    pending: Vec<Vec<Change>>,
}

impl Disk {
    pub(super) fn new(certain: Image) -> Self {
        Self { seen: certain.names.clone(), certain, pending: Vec::new() }
    }

    /// Takes a change, or makes those before it certain.
    pub(super) fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::MakeFolder { path } => self.name(path, Node::Folder),
            Operation::Create { path } => {
                let file = self.certain.files.len();
                self.certain.files.push(Vec::new());
                self.name(path, Node::File(file));
            }
            Operation::Write { path, at, bytes } => {
                let file = self.file(path);
                self.pending.push(vec![Change::Write { file, at: *at, bytes: bytes.clone() }]);
            }
            Operation::Truncate { path, length } => {
                let file = self.file(path);
                self.pending.push(vec![Change::Truncate { file, length: *length }]);
            }
            Operation::Rename { from, to } => {
                let node = self.seen.remove(from).expect("it has a name");
                self.seen.insert(to.clone(), node);
                let change = |path: &String, to_node| Change::Name {
                    folder: folder_of(to).to_owned(),
                    path: path.clone(),
                    to: to_node,
                };
                self.pending.push(vec![change(from, None), change(to, Some(node))]);
            }
            Operation::Remove { path } => {
                self.seen.remove(path);
                let folder = folder_of(path).to_owned();
                self.pending.push(vec![Change::Name { folder, path: path.clone(), to: None }]);
            }
            Operation::Sync { path } => self.sync(path),
            Operation::Said { .. } => {}
        }
    }

    fn name(&mut self, path: &str, node: Node) {
        self.seen.insert(path.to_owned(), node);
        let folder = folder_of(path).to_owned();
        self.pending.push(vec![Change::Name { folder, path: path.to_owned(), to: Some(node) }]);
    }

    fn file(&self, path: &str) -> usize {
        match self.seen.get(path) {
            Some(Node::File(number)) => *number,
            other => panic!("`{path}` is no file: {other:?}"),
        }
    }

    fn sync(&mut self, path: &str) {
        let synced = self.seen.get(path).copied().unwrap_or(Node::Folder);
        let is_certain = |change: &Change| match (change, synced) {
            (Change::Name { folder, .. }, Node::Folder) => folder == path,
            (Change::Write { file, .. } | Change::Truncate { file, .. }, Node::File(number)) => *file == number,
            _ => false,
        };
        for changes in std::mem::take(&mut self.pending) {
            if changes.iter().all(is_certain) {
                changes.iter().for_each(|change| self.certain.apply(change, Part::Whole));
            } else {
                self.pending.push(changes);
            }
        }
    }

    /// All that may be left now.
    pub(super) fn left(&self) -> Vec<(String, Image)> {
        let count = self.pending.len();
        let mut left = vec![self.with("nothing unsynced".to_owned(), |_| None)];
        for one in 0..count {
            let mut add = |label: &str, part: &dyn Fn(usize) -> Option<Part>| {
                left.push(self.with(format!("{label} {one} of {count}"), part));
            };
            let whole = |yes: bool| yes.then_some(Part::Whole);
            add("all up to", &|index| whole(index <= one));
            add("all from", &|index| whole(index >= one));
            add("all but", &|index| whole(index != one));
            add("only", &|index| whole(index == one));
            if matches!(self.pending[one][..], [Change::Write { .. }]) {
                for part in [Part::Half, Part::Sectors] {
                    add("all, torn", &|index| Some(if index == one { part } else { Part::Whole }));
                    add("all before, torn", &|index| match index.cmp(&one) {
                        std::cmp::Ordering::Less => Some(Part::Whole),
                        std::cmp::Ordering::Equal => Some(part),
                        std::cmp::Ordering::Greater => None,
                    });
                }
            }
        }
        left
    }

    fn with(&self, label: String, part: impl Fn(usize) -> Option<Part>) -> (String, Image) {
        let mut image = self.certain.clone();
        for (index, changes) in self.pending.iter().enumerate() {
            if let Some(part) = part(index) {
                changes.iter().for_each(|change| image.apply(change, part));
            }
        }
        (label, image)
    }
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What may be left of the file `a`, and of the file `b`, as text.
    fn left(operations: &[Operation]) -> BTreeSet<(Option<String>, Option<String>)> {
        let mut disk = Disk::new(Image::default());
        operations.iter().for_each(|operation| disk.apply(operation));
        let text = |image: &Image, path: &str| match image.names.get(path)? {
            Node::File(number) => Some(String::from_utf8_lossy(&image.files[*number]).into_owned()),
            Node::Folder => None,
        };
        disk.left().iter().map(|(_, image)| (text(image, "a"), text(image, "b"))).collect()
    }

    fn create(path: &str) -> Operation {
        Operation::Create { path: path.to_owned() }
    }

    fn write(path: &str, text: &str) -> Operation {
        Operation::Write { path: path.to_owned(), at: 0, bytes: text.into() }
    }

    fn sync(path: &str) -> Operation {
        Operation::Sync { path: path.to_owned() }
    }

    fn states(texts: &[(Option<&str>, Option<&str>)]) -> BTreeSet<(Option<String>, Option<String>)> {
        texts.iter().map(|(a, b)| (a.map(str::to_owned), b.map(str::to_owned))).collect()
    }

    #[test]
    fn a_write_without_a_sync_may_be_there_missing_or_torn() {
        let found = left(&[create("a"), sync(""), write("a", "text")]);
        assert_eq!(found, states(&[(Some(""), None), (Some("te"), None), (Some("text"), None)]));
        assert_eq!(left(&[create("a"), sync(""), write("a", "text"), sync("a")]), states(&[(Some("text"), None)]));
    }

    #[test]
    fn a_name_without_a_sync_of_its_folder_may_be_missing() {
        let found = left(&[create("a"), write("a", "text"), sync("a")]);
        assert_eq!(found, states(&[(None, None), (Some("text"), None)]));
    }

    #[test]
    fn a_rename_before_the_content_is_synced_may_leave_an_empty_file() {
        let rename = Operation::Rename { from: "a".to_owned(), to: "b".to_owned() };
        let careless = left(&[create("a"), sync(""), write("a", "text"), rename.clone(), sync("")]);
        assert!(careless.contains(&(None, Some(String::new()))), "{careless:?}");
        let careful = left(&[create("a"), sync(""), write("a", "text"), sync("a"), rename]);
        assert_eq!(careful, states(&[(Some("text"), None), (None, Some("text"))]));
    }
}
