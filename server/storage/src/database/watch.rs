//! Signs that something happens to a database's files. Owns the system's notices of its folder, and looking at the files where
//! there are none; what a sign means belongs to `changes`.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use tokio::time::{Instant, sleep_until};

use super::{Journal, connection::beside};

/// Between two looks where nothing gives notice.
const STEP: Duration = Duration::from_millis(100);
/// What a commit writes, makes or removes. The index of the log is shared memory, of which there is no notice.
const ENDINGS: [&str; 3] = ["", "-wal", "-journal"];

#[derive(Debug)]
pub(super) struct Watch {
    path: PathBuf,
    source: Source,
    print: Print,
    /// When the files are looked at next. Kept, because whoever waits may ask again before.
    next: Option<Instant>,
}

/// Where signs come from.
#[derive(Debug)]
enum Source {
    Notices(notices::Notices),
    /// Looking, until the folder is there.
    Waiting,
    /// Looking, for good.
    Looking,
}

/// Size and time of each file, where it is there.
type Print = [Option<(u64, Option<SystemTime>)>; ENDINGS.len()];

impl Watch {
    /// A watch over the database at `path`. What others do over a network, the system does not notice.
    pub(super) fn new(path: &Path, journal: Journal) -> Self {
        match journal {
            Journal::WriteAhead => Self::with(path, Source::Waiting).noticing(),
            Journal::Rollback { .. } => Self::with(path, Source::Looking),
        }
    }

    fn with(path: &Path, source: Source) -> Self {
        Self { path: path.to_owned(), source, print: print(path), next: None }
    }

    /// Asks for notices where there is hope of some.
    fn noticing(mut self) -> Self {
        self.notice();
        // What happened before the notices began is told by the files.
        self.print = print(&self.path);
        self
    }

    fn notice(&mut self) {
        self.source = match notices::Notices::of(&self.path) {
            Ok(notices) => Source::Notices(notices),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Source::Waiting,
            Err(error) if error.kind() == io::ErrorKind::Unsupported => Source::Looking,
            Err(error) => {
                let path = self.path.display();
                tracing::warn!(%path, %error, "the system gives no notice of changes: the files are looked at instead");
                Source::Looking
            }
        };
    }

    /// Resolves when one of the files was written, made, removed or replaced since the last sign.
    pub(super) async fn sign(&mut self) {
        loop {
            match &mut self.source {
                Source::Notices(notices) => match notices.next().await {
                    Ok(()) => {
                        self.print = print(&self.path);
                        return;
                    }
                    Err(error) => {
                        tracing::debug!(%error, "the watched folder is gone");
                        self.source = Source::Waiting;
                    }
                },
                Source::Waiting => {
                    self.step().await;
                    self.notice();
                }
                Source::Looking => self.step().await,
            }
            let now = print(&self.path);
            if now != self.print {
                self.print = now;
                return;
            }
        }
    }

    async fn step(&mut self) {
        sleep_until(*self.next.get_or_insert_with(|| Instant::now() + STEP)).await;
        self.next = None;
    }
}

fn print(path: &Path) -> Print {
    ENDINGS.map(|ending| {
        let metadata = fs::symlink_metadata(beside(path, ending)).ok()?;
        Some((metadata.len(), metadata.modified().ok()))
    })
}

#[cfg(target_os = "linux")]
mod notices {
    //! Notices of Linux: of the folder, so that files may come and go.

    use std::{ffi::OsString, io, mem::MaybeUninit, os::fd::OwnedFd, os::unix::ffi::OsStrExt, path::Path};

    use rustix::{
        fs::inotify::{CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init},
        io::Errno,
    };
    use tokio::io::{Interest, unix::AsyncFd};

    use super::{ENDINGS, beside};
    use crate::private;

    #[derive(Debug)]
    pub(super) struct Notices {
        names: Vec<OsString>,
        // Registered with the runtime at first use: it is made outside of one, too.
        handle: Option<OwnedFd>,
        registered: Option<AsyncFd<OwnedFd>>,
    }

    impl Notices {
        pub(super) fn of(path: &Path) -> io::Result<Self> {
            let handle = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
            let wanted = WatchFlags::MODIFY
                | WatchFlags::CREATE
                | WatchFlags::DELETE
                | WatchFlags::MOVED_TO
                | WatchFlags::MOVED_FROM
                | WatchFlags::DELETE_SELF
                | WatchFlags::MOVE_SELF
                | WatchFlags::ONLYDIR;
            add_watch(&handle, private::folder_of(path), wanted)?;
            let name = |ending| beside(path, ending).file_name().unwrap_or_default().to_owned();
            Ok(Self { names: ENDINGS.map(name).into(), handle: Some(handle), registered: None })
        }

        /// Resolves at the next notice of one of the files. An error says that the folder is gone, or that there are no notices.
        pub(super) async fn next(&mut self) -> io::Result<()> {
            if let Some(handle) = self.handle.take() {
                #[expect(
                    deprecated,
                    reason = "it is sound for a handle that owns one open file for as long as it lives"
                )]
                let registered = AsyncFd::with_interest(handle, Interest::READABLE)?;
                self.registered = Some(registered);
            }
            let registered = self.registered.as_ref().ok_or(io::ErrorKind::NotConnected)?;
            loop {
                let mut ready = registered.readable().await?;
                match ready.try_io(|handle| self.read(handle.get_ref())) {
                    Ok(Ok(true)) => return Ok(()),
                    Ok(Ok(false)) | Err(_) => {}
                    Ok(Err(error)) => return Err(error),
                }
            }
        }

        /// Takes all notices there are; gives whether one of them is of our files. An error that it would block says that there
        /// are none.
        fn read(&self, handle: &OwnedFd) -> io::Result<bool> {
            let mut buffer = [MaybeUninit::uninit(); 4096];
            let mut reader = Reader::new(handle, &mut buffer);
            let (mut any, mut ours) = (false, false);
            loop {
                let notice = match reader.next() {
                    Ok(notice) => notice,
                    Err(Errno::WOULDBLOCK) if any => return Ok(ours),
                    Err(error) => return Err(error.into()),
                };
                any = true;
                let gone = ReadFlags::DELETE_SELF | ReadFlags::MOVE_SELF | ReadFlags::IGNORED | ReadFlags::UNMOUNT;
                if notice.events().intersects(gone) {
                    return Err(io::ErrorKind::NotFound.into());
                }
                let named = notice.file_name().map(std::ffi::CStr::to_bytes);
                ours |= notice.events().contains(ReadFlags::QUEUE_OVERFLOW)
                    || self.names.iter().any(|name| Some(name.as_bytes()) == named);
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod notices {
    //! No notices.

    use std::{io, path::Path};

    #[derive(Debug)]
    pub(super) struct Notices(std::convert::Infallible);

    impl Notices {
        pub(super) fn of(_: &Path) -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(super) async fn next(&mut self) -> io::Result<()> {
            match self.0 {}
        }
    }
}
