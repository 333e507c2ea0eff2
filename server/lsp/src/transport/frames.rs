//! The incremental frame decoder: bytes in, message bodies and faults out.
//!
//! Pure: no I/O, and the same bytes give the same frames however they are split. Linear in the number of bytes. Memory grows with
//! what has arrived, never with what a header claims. After a fault it goes on at the next plausible `Content-Length` header:
//! a JSON text cannot contain one, because a line break inside a JSON string is escaped.

mod header;

#[cfg(test)]
mod tests;

use std::ops::Range;

use header::{Headers, Line};

/// Longest header block, in bytes.
pub(crate) const MAX_HEADER: usize = 8 * 1024;
/// Longest body, in bytes.
pub(crate) const MAX_BODY: usize = 64 * 1024 * 1024;

/// Bytes made room for before reading.
const ROOM: usize = 16 * 1024;
/// Most bytes made room for at once while a large body arrives.
const MAX_ROOM: usize = 1024 * 1024;
/// A buffer that grew beyond this is given back when it is empty.
const KEEP: usize = 256 * 1024;
/// Bytes that the start of a plausible header can need before its line ends.
const TAIL: usize = 96;

/// What the decoder found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// The body of a message.
    Body(&'a [u8]),
    /// Bytes that are no message; reported once, then skipped.
    Fault(Fault),
}

/// Why bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A line that is no header.
    NotAHeader,
    /// No end of the header block within [`MAX_HEADER`].
    HeaderTooLong,
    /// A header block without `Content-Length`.
    NoLength,
    /// A `Content-Length` that is not a whole number.
    BadLength,
    /// Several `Content-Length` headers that differ.
    Lengths,
    /// A `Content-Type` with a character set other than UTF-8.
    Charset,
    /// A body of this many bytes, more than [`MAX_BODY`].
    TooLarge(u64),
}

/// The decoder. See the module.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    buffer: Vec<u8>,
    /// Where in `buffer` the undecided bytes start.
    start: usize,
    state: State,
}

#[derive(Debug)]
enum State {
    /// In a header block. `line` is where its current line starts, `scan` where the search for the line's end goes on, both
    /// counted from `start`.
    Header { headers: Headers, line: usize, scan: usize },
    /// In a body of `length` bytes.
    Body { length: usize },
    /// In `remaining` bytes that are left out; with `search`, only up to the next plausible header.
    Skip { remaining: u64, search: bool },
}

impl Default for State {
    fn default() -> Self {
        Self::Header { headers: Headers::default(), line: 0, scan: 0 }
    }
}

/// What one step found.
enum Step {
    Body(Range<usize>),
    Fault(Fault),
    /// The state changed; look again.
    Again,
    /// More bytes are needed.
    More,
}

impl Decoder {
    /// The buffer to append what was read to, with room for more.
    pub(crate) fn space(&mut self) -> &mut Vec<u8> {
        if self.start == self.buffer.len() {
            self.start = 0;
            self.buffer.clear();
            if self.buffer.capacity() > KEEP {
                self.buffer = Vec::new();
            }
        } else if self.start >= self.buffer.len() - self.start {
            // Moves no more bytes than were consumed since the last move: linear.
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        match self.state {
            State::Body { length } => {
                let here = self.buffer.len() - self.start;
                let missing = length.saturating_sub(here);
                let room = missing.clamp(ROOM, MAX_ROOM.max(here));
                self.buffer.reserve_exact(room);
            }
            State::Header { .. } | State::Skip { .. } => self.buffer.reserve(ROOM),
        }
        &mut self.buffer
    }

    /// The next frame; `None` until more bytes are appended to [`Self::space`].
    pub(crate) fn next(&mut self) -> Option<Frame<'_>> {
        loop {
            match self.step() {
                Step::Body(range) => return Some(Frame::Body(&self.buffer[range])),
                Step::Fault(fault) => return Some(Frame::Fault(fault)),
                Step::Again => {}
                Step::More => return None,
            }
        }
    }

    fn step(&mut self) -> Step {
        match self.state {
            State::Header { headers, line, scan } => self.header(headers, line, scan),
            State::Body { length } => self.body(length),
            State::Skip { remaining, search } => self.skip(remaining, search),
        }
    }

    fn header(&mut self, mut headers: Headers, line: usize, scan: usize) -> Step {
        let bytes = &self.buffer[self.start..];
        let within = &bytes[..bytes.len().min(MAX_HEADER)];
        let Some(end) = newline(&within[scan..]).map(|at| scan + at) else {
            if within.len() == MAX_HEADER {
                self.start += MAX_HEADER - TAIL;
                return self.lost(Fault::HeaderTooLong);
            }
            self.state = State::Header { headers, line, scan: within.len() };
            return Step::More;
        };
        match headers.read(&within[line..end]) {
            Line::Blank if line == 0 => {
                self.start += end + 1;
                self.state = State::default();
                Step::Again
            }
            Line::Blank => self.block(headers, end + 1),
            Line::Header => {
                self.state = State::Header { headers, line: end + 1, scan: end + 1 };
                Step::Again
            }
            // The line stays: a header may begin in the middle of it.
            Line::Garbage => {
                self.start += line;
                self.lost(Fault::NotAHeader)
            }
        }
    }

    /// Decides what follows a header block of `size` bytes.
    fn block(&mut self, headers: Headers, size: usize) -> Step {
        let length = match headers.length() {
            Ok(length) => length,
            Err(fault) => {
                // `xContent-Length: 5` is no length, but what follows the `x` may be one.
                self.start += if fault == Fault::NoLength { 0 } else { size };
                return self.lost(fault);
            }
        };
        self.start += size;
        match usize::try_from(length).ok().filter(|length| *length <= MAX_BODY) {
            None => {
                self.state = State::Skip { remaining: length, search: true };
                Step::Fault(Fault::TooLarge(length))
            }
            Some(_) if headers.foreign() => {
                self.state = State::Skip { remaining: length, search: false };
                Step::Fault(Fault::Charset)
            }
            Some(length) => {
                self.state = State::Body { length };
                Step::Again
            }
        }
    }

    fn body(&mut self, length: usize) -> Step {
        if self.buffer.len() - self.start < length {
            return Step::More;
        }
        let range = self.start..self.start + length;
        self.start = range.end;
        self.state = State::default();
        Step::Body(range)
    }

    /// Where the next message starts is unknown from here on.
    fn lost(&mut self, fault: Fault) -> Step {
        self.state = State::Skip { remaining: u64::MAX, search: true };
        Step::Fault(fault)
    }

    fn skip(&mut self, remaining: u64, search: bool) -> Step {
        let bytes = &self.buffer[self.start..];
        let here = usize::try_from(remaining).map_or(bytes.len(), |remaining| remaining.min(bytes.len()));
        let ends = here as u64 == remaining;
        let mut left_out = here;
        if search {
            match plausible(&bytes[..here]) {
                Ok(at) => {
                    self.start += at;
                    self.state = State::default();
                    return Step::Again;
                }
                Err(open) if !ends => left_out = open,
                Err(_) => {}
            }
        }
        self.start += left_out;
        if ends {
            self.state = State::default();
            return Step::Again;
        }
        self.state = State::Skip { remaining: remaining - left_out as u64, search };
        Step::More
    }
}

/// Where the first plausible header starts in `bytes`, or how many of them can be left out for good because none starts there.
fn plausible(bytes: &[u8]) -> Result<usize, usize> {
    let mut line = 0;
    while let Some(end) = newline(&bytes[line..]).map(|at| line + at) {
        let first = line.max(end.saturating_sub(TAIL));
        if let Some(at) = header::plausible(&bytes[first..end]) {
            return Ok(first + at);
        }
        line = end + 1;
    }
    Err(line.max(bytes.len().saturating_sub(TAIL)))
}

/// Where the first line feed is. `contains` compares a word at a time, `position` a byte at a time: most blocks have none.
fn newline(bytes: &[u8]) -> Option<usize> {
    const BLOCK: usize = 256;
    let block = bytes.chunks(BLOCK).position(|block| block.contains(&b'\n'))?;
    let first = block * BLOCK;
    bytes[first..].iter().position(|byte| *byte == b'\n').map(|at| first + at)
}
