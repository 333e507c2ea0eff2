//! Asks the person at the terminal: for a secret, for a passphrase, for a yes. Where standard input is no terminal its lines
//! are the answers, so that scripts can give them. Nothing that is entered is echoed, kept in a buffer of its own, or logged.

mod hidden;

use std::io::{self, IsTerminal as _, Read as _};

use aside_secret::{Secret, SecretBuffer};
use aside_vault::{BadPassphrase, Passphrase, RecoveryWords};
use zeroize::Zeroizing;

use hidden::Typed;

use crate::{
    failure::{Exit, Failure},
    terminal,
};

/// The longest line that is read as an answer: a passphrase has at most a MiB.
const LONGEST_LINE: usize = 1024 * 1024 + 2;

/// Whether a person can be asked.
pub(crate) fn is_possible() -> bool {
    io::stdin().is_terminal()
}

/// A value: what is entered without echo, or all of standard input, at most `most` bytes.
pub(crate) fn value(prompt: &str, most: usize) -> Result<Secret, Failure> {
    if is_possible() {
        return hidden(prompt);
    }
    let mut buffer = SecretBuffer::with_capacity(most);
    match buffer.read_to_end(&mut Unbuffered) {
        Ok(()) => Ok(buffer.finish()),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Err(Failure::new(
            Exit::Usage,
            format!("what was entered is longer than {most} bytes; nothing was stored"),
            "enter the key alone, as its issuer shows it",
        )),
        Err(error) => Err(unread(&error)),
    }
}

/// The passphrase of something that exists.
pub(crate) fn passphrase(prompt: &str) -> Result<Passphrase, Failure> {
    Ok(Passphrase::parse(line(prompt)?)?)
}

/// A passphrase for something new: strong enough, and entered twice where a person enters it.
pub(crate) fn new_passphrase(prompt: &str) -> Result<Passphrase, Failure> {
    let passphrase = Passphrase::parse(line(prompt)?)?;
    passphrase.check_new()?;
    if !is_possible() {
        return Ok(passphrase);
    }
    let strength = passphrase.strength();
    terminal::complain(&format!(
        "strength {} of 4: guessing it takes {}{}",
        strength.score,
        strength.crack_time,
        if strength.advice.is_empty() { String::new() } else { format!(". {}", strength.advice.join(" ")) }
    ));
    let again = Passphrase::parse(hidden("The same again: ")?)?;
    if again.is_same(&passphrase) {
        return Ok(passphrase);
    }
    Err(Failure::new(Exit::Usage, "the two passphrases differ; nothing was changed", "enter the same one twice"))
}

/// Recovery words.
pub(crate) fn recovery_words() -> Result<RecoveryWords, Failure> {
    let text = line("The 24 recovery words: ")?;
    RecoveryWords::parse(text).map_err(|error| Failure::new(Exit::Usage, error.to_string(), error.hint()))
}

/// Whether the person types `word`. Not asked where nobody can be.
pub(crate) fn confirm(question: &str, word: &str) -> Result<(), Failure> {
    if is_possible() {
        terminal::complain(question);
        terminal::complain(&format!("Type `{word}` to go on:"));
    }
    let answer = read_line()?;
    if answer.expose().trim_ascii() == word.as_bytes() {
        return Ok(());
    }
    Err(Failure::new(Exit::Failed, "not confirmed; nothing was changed", format!("type `{word}` when asked")))
}

fn line(prompt: &str) -> Result<Secret, Failure> {
    if is_possible() { hidden(prompt) } else { read_line() }
}

fn hidden(prompt: &str) -> Result<Secret, Failure> {
    match hidden::line(prompt, LONGEST_LINE) {
        Ok(Typed::Line(entered)) => Ok(entered),
        Ok(Typed::GivenUp) => Err(Failure::new(Exit::Failed, "given up; nothing was changed", "")),
        Err(error) => Err(unread(&error)),
    }
}

/// The next line of standard input, without its end.
fn read_line() -> Result<Secret, Failure> {
    let mut buffer = SecretBuffer::with_capacity(LONGEST_LINE);
    let mut byte = Zeroizing::new([0]);
    let mut returned = false;
    loop {
        match Unbuffered.read(&mut *byte).map_err(|error| unread(&error))? {
            0 if buffer.is_empty() => {
                return Err(Failure::new(
                    Exit::Usage,
                    "standard input ended where an answer was expected",
                    "run it in a terminal, or give one answer on each line",
                ));
            }
            0 => break,
            _ if byte[0] == b'\n' => {
                // Another system's line end.
                if returned {
                    buffer.pop();
                }
                break;
            }
            _ => buffer.push(byte[0]).map_err(|full| {
                Failure::new(Exit::Usage, format!("the line {full}"), "give one short answer on each line")
            })?,
        }
        returned = byte[0] == b'\r';
    }
    Ok(buffer.finish())
}

/// Standard input without the library's buffer, which would keep what passed through it.
struct Unbuffered;

impl io::Read for Unbuffered {
    #[cfg(unix)]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(rustix::stdio::stdin(), buffer)?)
    }

    #[cfg(not(unix))]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        io::stdin().read(buffer)
    }
}

fn unread(error: &io::Error) -> Failure {
    Failure::new(
        Exit::Usage,
        format!("nothing could be read: {error}"),
        "run it in a terminal, or give the answer on standard input",
    )
}

impl From<BadPassphrase> for Failure {
    fn from(error: BadPassphrase) -> Self {
        Self::new(Exit::Usage, error.to_string(), error.hint())
    }
}
