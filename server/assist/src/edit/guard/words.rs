//! Names that mix Latin letters with letters of another script that look the same.

use std::collections::BTreeSet;

use super::{Warning, escape_line};

/// Cyrillic and Greek letters that look like Latin ones in most fonts.
const LOOK_ALIKES: &str = "АВЕЅІЈКМНОРСТУХЬѴӀԌԚԜаеіјорсухѕѵһӏԁԛԝɡΑΒΕΖΗΙΚΜΝΟΡΤΥΧονϲϳ";

/// How many names a message shows.
const NAMED: usize = 3;

/// Such names in `new` that `old` does not have.
pub(super) fn judge(old: &str, new: &str) -> Option<Warning> {
    let known: BTreeSet<&str> = mixed(old).collect();
    let found: BTreeSet<&str> = mixed(new).filter(|word| !known.contains(word)).collect();
    if found.is_empty() {
        return None;
    }
    let shown: Vec<String> = found.iter().take(NAMED).map(|word| format!("`{}`", spelled(word))).collect();
    let more = if found.len() > NAMED { " and more" } else { "" };
    let message = format!("it has names with letters that only look like Latin ones: {}{more}", shown.join(", "));
    Some(Warning::new("mixed-scripts", message))
}

fn mixed(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_ascii() && is_mixed(word))
}

/// Whether a part between underscores mixes scripts, or could be taken for a Latin one beside others that are.
fn is_mixed(word: &str) -> bool {
    let is_latin = |c: char| c.is_ascii_alphabetic();
    word.split('_').any(|part| {
        let alike = part.contains(is_look_alike);
        let disguised = || part.chars().all(|c| is_look_alike(c) || c.is_ascii_digit()) && word.contains(is_latin);
        alike && (part.contains(is_latin) || disguised())
    })
}

fn is_look_alike(c: char) -> bool {
    !c.is_ascii() && LOOK_ALIKES.contains(c)
}

/// The word with its look-alikes told apart, cut to what fits a message.
fn spelled(word: &str) -> String {
    let tell = |c: char| if is_look_alike(c) { c.escape_unicode().to_string() } else { escape_line(&c.to_string()) };
    word.chars().take(40).map(tell).collect()
}
