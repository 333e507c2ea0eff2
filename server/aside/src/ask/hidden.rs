//! A line of the terminal that does not show while it is typed. Owns the keys that edit it, and that the terminal is as it was
//! however it ends: a signal from the keyboard would end the program in the middle, so the terminal makes none meanwhile.
#![cfg_attr(all(not(unix), not(test)), expect(dead_code, reason = "elsewhere `rpassword` edits the line"))]

use std::io;

use aside_secret::{Secret, SecretBuffer};

/// How typing ended.
#[derive(Debug)]
pub(super) enum Typed {
    /// With the return key.
    Line(Secret),
    /// With Ctrl+C, or Ctrl+D where nothing stood.
    GivenUp,
}

/// Asks `prompt` and reads a line of at most `most` bytes.
#[cfg(unix)]
pub(super) fn line(prompt: &str, most: usize) -> io::Result<Typed> {
    use rustix::fs::{Mode, OFlags, open};
    // Neither standard stream need be the terminal: both may be redirected.
    let terminal = open("/dev/tty", OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
    let quiet = unix::Quiet::make(&terminal)?;
    unix::show(&terminal, prompt.as_bytes())?;
    let mut typing = Typing::new(most);
    let typed = loop {
        let mut key = zeroize::Zeroizing::new([0]);
        if rustix::io::read(&terminal, &mut *key)? == 0 {
            break Typed::GivenUp;
        }
        match typing.press(key[0]) {
            Next::Key => {}
            Next::Done => break Typed::Line(typing.finish()?),
            Next::GiveUp => break Typed::GivenUp,
        }
    };
    drop(quiet);
    unix::show(&terminal, b"\n")?;
    Ok(typed)
}

/// Elsewhere the system has its own way.
#[cfg(not(unix))]
pub(super) fn line(prompt: &str, _: usize) -> io::Result<Typed> {
    match rpassword::prompt_password(prompt) {
        Ok(entered) => Ok(Typed::Line(Secret::new(entered.into_bytes()))),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(Typed::GivenUp),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
mod unix {
    use std::{io, os::fd::AsFd};

    use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

    /// A terminal that shows nothing of what is typed and hands over each key; as it was before when dropped.
    pub(super) struct Quiet<'a, T: AsFd> {
        terminal: &'a T,
        before: Termios,
    }

    impl<'a, T: AsFd> Quiet<'a, T> {
        pub(super) fn make(terminal: &'a T) -> io::Result<Self> {
            let before = tcgetattr(terminal)?;
            let mut quiet = before.clone();
            quiet.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
            quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
            quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
            tcsetattr(terminal, OptionalActions::Now, &quiet)?;
            Ok(Self { terminal, before })
        }
    }

    impl<T: AsFd> Drop for Quiet<'_, T> {
        fn drop(&mut self) {
            // The terminal is gone: there is nothing to put right.
            let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
        }
    }

    pub(super) fn show(terminal: &impl AsFd, mut text: &[u8]) -> io::Result<()> {
        while !text.is_empty() {
            let written = rustix::io::write(terminal, text)?;
            text = &text[written..];
        }
        Ok(())
    }
}

/// What a key leads to.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Key,
    Done,
    GiveUp,
}

/// The line so far.
struct Typing {
    buffer: SecretBuffer,
    /// How many bytes each character has, so that whole ones are erased.
    widths: Vec<u8>,
    /// The part of an escape sequence (an arrow key) that was read: none, ESC, ESC with its bracket.
    escape: u8,
    /// More was typed than fits.
    full: bool,
}

impl Typing {
    fn new(most: usize) -> Self {
        Self { buffer: SecretBuffer::with_capacity(most), widths: Vec::new(), escape: 0, full: false }
    }

    fn press(&mut self, key: u8) -> Next {
        match (self.escape, key) {
            (1, b'[' | b'O') => self.escape = 2,
            (1, _) => self.escape = 0,
            // A sequence ends with a letter or `~`.
            (2, _) => self.escape = if matches!(key, 0x40..=0x7e) { 0 } else { 2 },
            (_, 0x1b) => self.escape = 1,
            (_, b'\r' | b'\n') => return Next::Done,
            (_, 0x03) => return Next::GiveUp,
            (_, 0x04) if self.buffer.is_empty() => return Next::GiveUp,
            (_, 0x08 | 0x7f) => self.erase(),
            // The line, and the word: which word cannot be seen, so all of it.
            (_, 0x15 | 0x17) => {
                while !self.widths.is_empty() {
                    self.erase();
                }
            }
            (_, 0..0x20) => {}
            _ => self.add(key),
        }
        Next::Key
    }

    fn add(&mut self, byte: u8) {
        if self.buffer.push(byte).is_err() {
            self.full = true;
            return;
        }
        match self.widths.last_mut() {
            Some(width) if byte & 0xc0 == 0x80 => *width += 1,
            _ => self.widths.push(1),
        }
    }

    fn erase(&mut self) {
        for _ in 0..self.widths.pop().unwrap_or(0) {
            self.buffer.pop();
        }
    }

    fn finish(self) -> io::Result<Secret> {
        if self.full {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "more was typed than anything here may have"));
        }
        Ok(self.buffer.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands there after these keys, and what the last one led to.
    fn typed(keys: &[u8]) -> (Vec<u8>, Next) {
        let mut typing = Typing::new(64);
        let last = keys.iter().map(|key| typing.press(*key)).last().unwrap_or(Next::Key);
        (typing.finish().expect("it fits").expose().to_vec(), last)
    }

    #[test]
    fn keys_edit_the_line_that_nobody_sees() {
        for (keys, line) in [
            (b"abc\n".as_slice(), b"abc".as_slice()),
            (b"abc\r", b"abc"),
            (b"abx\x7fc\n", b"abc"),
            (b"abx\x08c\n", b"abc"),
            ("ab\u{e9}\x7fc\n".as_bytes(), b"abc"),
            ("\u{1f511}\x7f\x7fabc\n".as_bytes(), b"abc"),
            (b"wrong words\x15abc\n", b"abc"),
            (b"wrong words\x17abc\n", b"abc"),
            (b"a\x1b[Db\x1b[3~\x1bOHc\n", b"abc"),
            (b"a\x00b\x01\tc\n", b"abc"),
            (b"ab\x04c\n", b"abc"),
            (b" a b \n", b" a b "),
        ] {
            assert_eq!(typed(keys), (line.to_vec(), Next::Done), "{keys:?}");
        }
    }

    #[test]
    fn a_person_can_give_up() {
        for keys in [b"\x03".as_slice(), b"abc\x03", b"\x04", b"abc\x15\x04"] {
            assert_eq!(typed(keys).1, Next::GiveUp, "{keys:?}");
        }
    }

    #[test]
    fn more_than_fits_is_refused_and_not_cut() {
        let mut typing = Typing::new(3);
        (0..4).for_each(|_| assert_eq!(typing.press(b'a'), Next::Key));
        assert!(typing.finish().is_err());
    }
}
