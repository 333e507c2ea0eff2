//! Where a database lies, and which journal SQLite can keep there. Owns the table of network file systems: a write-ahead log
//! needs memory that all its users share, which no two machines have.

use std::path::Path;

/// What keeps a transaction whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Journal {
    /// A write-ahead log: readers and the writer do not wait for each other.
    WriteAhead,
    /// A rollback journal, because the folder is on a network: readers and the writer wait for each other.
    Rollback {
        /// The kind of file system.
        file_system: &'static str,
    },
}

/// The kind of file system that a folder is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileSystem {
    /// On this machine, or not known as anything else.
    Local,
    /// On another machine, or served by a program that may ask one.
    Network(&'static str),
}

/// What the kernel calls the file systems that several machines may share. The numbers are its `statfs` types.
const NETWORK: [(u32, &str); 18] = [
    (0x0000_6969, "nfs"),
    (0xFF53_4D42, "cifs"),
    (0xFE53_4D42, "smb2"),
    (0x0000_517B, "smb"),
    (0x0102_1997, "9p"),
    // The kernel does not tell which program serves it: sshfs, rclone, s3fs and local ones look the same.
    (0x6573_5546, "fuse"),
    (0x5346_414F, "afs"),
    (0x6B41_4653, "kafs"),
    (0x00C3_6400, "ceph"),
    (0x7375_7245, "coda"),
    (0x0000_564C, "ncp"),
    (0x0BD0_0BD0, "lustre"),
    (0x0116_1970, "gfs2"),
    (0x7461_636F, "ocfs2"),
    (0x1980_1022, "beegfs"),
    (0x4750_4653, "gpfs"),
    (0xAAD7_AAEA, "panfs"),
    (0x786F_4256, "vboxsf"),
];

impl FileSystem {
    /// What a `statfs` type stands for.
    pub fn of_type(number: u32) -> Self {
        let known = NETWORK.iter().find(|(network, _)| *network == number);
        known.map_or(Self::Local, |(_, name)| Self::Network(name))
    }

    /// What `folder` is on, or the nearest folder above it that exists.
    pub fn of(folder: &Path) -> Self {
        folder.ancestors().find_map(of_existing).unwrap_or(Self::Local)
    }

    /// The journal that SQLite can keep there.
    pub fn journal(self) -> Journal {
        match self {
            Self::Local => Journal::WriteAhead,
            Self::Network(file_system) => Journal::Rollback { file_system },
        }
    }
}

/// `None` where there is no such folder.
#[cfg(target_os = "linux")]
fn of_existing(folder: &Path) -> Option<FileSystem> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let found = rustix::fs::statfs(folder).ok()?;
    // A type has 32 bits; where the field is wider, the kernel may have extended its sign.
    Some(FileSystem::of_type(found.f_type as u32))
}

#[cfg(target_os = "macos")]
fn of_existing(folder: &Path) -> Option<FileSystem> {
    /// `MNT_LOCAL`: the file system is stored on this machine.
    const LOCAL: u32 = 0x1000;
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let found = rustix::fs::statfs(folder).ok()?;
    Some(if found.f_flags & LOCAL == 0 { FileSystem::Network("network") } else { FileSystem::Local })
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn of_existing(_: &Path) -> Option<FileSystem> {
    Some(FileSystem::Local)
}
