//! Recovery words as they are shown: in numbered lines, to be written on paper. Owns the lines; what the words open, the command says
//! that shows them.

use aside_vault::RecoveryWords;

use crate::terminal;

/// Words in a line.
const IN_A_LINE: usize = 6;

/// Prints the words.
pub(super) fn show(words: &RecoveryWords) {
    let words = words.words();
    let text = String::from_utf8_lossy(words.expose());
    for (number, line) in text.split(' ').collect::<Vec<_>>().chunks(IN_A_LINE).enumerate() {
        terminal::line(&format!("  {:2}  {}", number * IN_A_LINE + 1, line.join("  ")));
    }
    terminal::line("");
}
