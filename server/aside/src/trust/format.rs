//! How trust is written down: one JSON object, version 1.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Fingerprint, TrustError, Trusted};

const VERSION: u32 = 1;

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    trusted: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    folder: String,
    actions: String,
    at: String,
}

/// The workspaces in these bytes of the file at `path`.
pub(super) fn read(bytes: &[u8], path: &Path) -> Result<Vec<Trusted>, TrustError> {
    let damaged = |reason: String| TrustError::Damaged { path: path.to_owned(), reason };
    let Versioned { version } = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
    if version > VERSION {
        return Err(TrustError::Newer(path.to_owned()));
    }
    let file: File = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
    let read = |entry: Entry| {
        let folder = PathBuf::from(entry.folder);
        let is_digest = entry.actions.len() == 64 && entry.actions.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !folder.is_absolute() || !is_digest {
            return Err(damaged(format!("the entry of `{}` is not whole", folder.display())));
        }
        let at = entry.at.parse().map_err(|_| damaged(format!("`{}` is no time", entry.at)))?;
        Ok(Trusted { folder, content: Fingerprint(entry.actions), at })
    };
    file.trusted.into_iter().map(read).collect()
}

/// The bytes that hold these workspaces.
pub(super) fn written(all: &[Trusted]) -> Vec<u8> {
    let entry = |trusted: &Trusted| Entry {
        folder: trusted.folder.to_string_lossy().into_owned(),
        actions: trusted.content.0.clone(),
        at: trusted.at.to_string(),
    };
    let file = File { version: VERSION, trusted: all.iter().map(entry).collect() };
    let mut bytes = serde_json::to_vec_pretty(&file).expect("texts and numbers are always JSON");
    bytes.push(b'\n');
    bytes
}
