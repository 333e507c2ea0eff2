//! Looks into another process's memory from outside, as root can: which secrets lie there, in which form, and where.
//!
//! From outside, because a process that scans itself finds its own copies of what it looks for.

mod huffman;

use std::{
    fmt,
    fs::{self, File},
    os::unix::fs::FileExt as _,
};

use huffman::huffman;
use memchr::memmem::Finder;

use crate::real;

/// How much is read at once.
const CHUNK: usize = 1 << 20;

/// The form in which a value was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it is.
    Raw,
    /// As it is, behind `Bearer `: the head of a request.
    Bearer,
    /// In base64, behind so many other bytes modulo three.
    Base64(usize),
    /// In UTF-16, little endian.
    Utf16,
    /// In the code of HTTP/2's headers, behind so many other bits modulo eight.
    Huffman(usize),
}

/// A copy of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Which of the values, by its place in the list.
    pub needle: usize,
    /// How it lies there.
    pub form: Form,
    /// Where it begins.
    pub address: usize,
    /// The line of `/proc/PID/maps` of the mapping.
    pub mapping: String,
}

/// Why memory was not looked at.
#[derive(Debug)]
pub struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Whether this process may look into others. Says that the test is skipped where it may not.
pub fn is_permitted() -> bool {
    real::is_root("view of a hardened process's memory from outside")
}

/// Every copy of `needles` (at least 6 bytes each) in the readable memory of the process `pid`.
///
/// # Errors
/// The system does not let us: for a process of another user or a hardened one it takes root.
pub fn scan(pid: u32, needles: &[&[u8]]) -> Result<Vec<Hit>, Refused> {
    let refused = |error| Refused(format!("the memory of process {pid} cannot be read (it takes root): {error}"));
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).map_err(refused)?;
    let memory = File::open(format!("/proc/{pid}/mem")).map_err(refused)?;
    let wanted = forms(needles);
    let mut hits = Vec::new();
    for line in maps.lines() {
        if let Some((start, end)) = readable(line).filter(|_| can_hold(line)) {
            scan_mapping(&memory, start..end, line, &wanted, &mut hits);
        }
    }
    Ok(hits)
}

/// The `VmFlags` of the mapping that holds `address`, as `/proc/PID/smaps` has them (`lo`: locked, `dd`: not dumped,
/// `wf`: blank after a fork).
///
/// # Errors
/// The system does not let us.
pub fn flags(pid: u32, address: usize) -> Result<Vec<String>, Refused> {
    let smaps = fs::read_to_string(format!("/proc/{pid}/smaps"))
        .map_err(|error| Refused(format!("the mappings of process {pid} cannot be read (it takes root): {error}")))?;
    let mut inside = false;
    for line in smaps.lines() {
        if let Some((start, end)) = range(line) {
            inside = (start..end).contains(&address);
        } else if let Some(flags) = line.strip_prefix("VmFlags:").filter(|_| inside) {
            return Ok(flags.split_whitespace().map(str::to_owned).collect());
        }
    }
    Err(Refused(format!("process {pid} has no mapping at {address:#x}")))
}

/// A needle in one form, and how long it is there.
struct Wanted {
    needle: usize,
    form: Form,
    finder: Finder<'static>,
}

fn forms(needles: &[&[u8]]) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    for (needle, value) in needles.iter().enumerate() {
        assert!(value.len() >= 6, "a shorter value is found by chance");
        let utf16 = value.iter().flat_map(|byte| [*byte, 0]).collect::<Vec<_>>();
        let base64 = (0..3).map(|before| (Form::Base64(before), base64(value, before)));
        let huffman = (0..8).filter_map(|before| Some((Form::Huffman(before), huffman(value, before)?)));
        let forms = [(Form::Raw, value.to_vec()), (Form::Utf16, utf16)].into_iter().chain(base64).chain(huffman);
        for (form, bytes) in forms {
            wanted.push(Wanted { needle, form, finder: Finder::new(&bytes).into_owned() });
        }
    }
    wanted
}

/// The characters of base64 that `value` decides when `before` bytes stand before it.
fn base64(value: &[u8], before: usize) -> Vec<u8> {
    const SET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let padded: Vec<u8> = std::iter::repeat_n(0, before).chain(value.iter().copied()).collect();
    let mut text = Vec::new();
    for group in padded.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        // Each whole group of six bits.
        text.extend((0..group.len() * 8 / 6).map(|n| SET[(bits >> (18 - 6 * n)) as usize & 63]));
    }
    text.split_off((8 * before).div_ceil(6))
}

fn readable(line: &str) -> Option<(usize, usize)> {
    line.split(' ').nth(1)?.starts_with('r').then(|| range(line))?
}

/// Whether a process can have put anything into the mapping. Pages of the kernel that are mapped everywhere cannot be read this
/// way, and what is mapped from a file and cannot be written is what the file says.
fn can_hold(line: &str) -> bool {
    let is_kernel = line.contains("[vvar") || line.contains("[vsyscall]");
    let is_writable = line.split(' ').nth(1).is_some_and(|flags| flags.contains('w'));
    !is_kernel && (is_writable || !line.contains(" /"))
}

fn range(line: &str) -> Option<(usize, usize)> {
    let (start, end) = line.split(' ').next()?.split_once('-')?;
    Some((usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?))
}

fn scan_mapping(memory: &File, range: std::ops::Range<usize>, line: &str, wanted: &[Wanted], hits: &mut Vec<Hit>) {
    // What crosses from one chunk into the next is seen with the next.
    let overlap = wanted.iter().map(|wanted| wanted.finder.needle().len()).max().unwrap_or(0) + BEARER.len();
    let mut chunk = vec![0; CHUNK + overlap];
    let mut kept = 0;
    let mut at = range.start;
    while at < range.end {
        let length = CHUNK.min(range.end - at);
        // A part that is not there (beyond the end of a mapped file) is passed over.
        let read = memory.read_at(&mut chunk[kept..kept + length], at as u64).unwrap_or(0);
        let seen = &chunk[..kept + read];
        for wanted in wanted {
            let needle = wanted.finder.needle().len();
            let new = wanted.finder.find_iter(seen).filter(|found| found + needle > kept);
            hits.extend(new.map(|found| Hit {
                needle: wanted.needle,
                form: if wanted.form == Form::Raw && seen[..found].ends_with(BEARER) {
                    Form::Bearer
                } else {
                    wanted.form
                },
                address: at - kept + found,
                mapping: line.to_owned(),
            }));
        }
        at += if read == 0 { length } else { read };
        let end = if read == 0 { 0 } else { kept + read };
        let keep = end.min(overlap);
        chunk.copy_within(end - keep..end, 0);
        kept = keep;
    }
}

const BEARER: &[u8] = b"Bearer ";
