//! The end of a record: its last whole line, found from behind.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

use super::Part;
use crate::StorageError;

/// How much is read at a time.
const STEP: u64 = 4096;

/// What stands at the end of a record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tail {
    /// The last whole line without its line end; `None` where there is none.
    pub line: Option<Vec<u8>>,
    /// What stands behind it in the current file without a line end: a writer died there.
    pub torn: Vec<u8>,
}

/// The tail of these files, oldest first.
pub(super) fn of(mut parts: Vec<Part>, most: u64) -> Result<Tail, StorageError> {
    let mut tail = Tail::default();
    let mut newest = true;
    while let Some(part) = parts.pop() {
        let (line, torn) = of_part(&part, most).map_err(StorageError::because("read", &part.path))?;
        if newest {
            tail.torn = torn;
        }
        if line.is_some() {
            tail.line = line;
            break;
        }
        newest = false;
    }
    Ok(tail)
}

fn of_part(part: &Part, most: u64) -> io::Result<(Option<Vec<u8>>, Vec<u8>)> {
    let mut end: Vec<u8> = Vec::new();
    let mut from = part.bytes;
    loop {
        let mut ends = end.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
        match (ends.next(), ends.next()) {
            (Some(last), Some(before)) => return Ok((Some(end[before + 1..last].to_vec()), end[last + 1..].to_vec())),
            (Some(last), None) if from == 0 => return Ok((Some(end[..last].to_vec()), end[last + 1..].to_vec())),
            (None, None) if from == 0 => return Ok((None, end)),
            _ if part.bytes - from >= most => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "it does not end in lines"));
            }
            _ => {}
        }
        let step = from.min(STEP.max(end.len() as u64));
        from -= step;
        let mut earlier = read_at(&part.file, from, step)?;
        earlier.append(&mut end);
        end = earlier;
    }
}

fn read_at(mut file: &File, from: u64, length: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}
