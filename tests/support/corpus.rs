//! What keys look like, and what only looks like one: two lists that every test of redaction goes through.
//!
//! The keys are templates, made up when a test runs: a repository with whole keys in it, real or not, is stopped by every
//! secret scanner.

/// A made-up key.
#[derive(Debug, Clone)]
pub struct Key {
    /// Whose it is.
    pub kind: String,
    /// It has no shape of its own: only the name of its setting tells what it is.
    pub named: bool,
    /// The key.
    pub value: String,
}

/// A key of every kind in `corpus/keys.txt`.
pub fn keys() -> Vec<Key> {
    let lines = lines(include_str!("corpus/keys.txt"));
    lines.enumerate().map(|(number, line)| key(number, line)).collect()
}

/// Text that is no key, one line each.
pub fn look_alikes() -> Vec<String> {
    lines(include_str!("corpus/look_alikes.txt")).map(str::to_owned).collect()
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with("##"))
}

fn key(number: usize, line: &str) -> Key {
    let (kind, template) = line.split_once('|').expect("a line is `kind | template`");
    let (kind, named) = match kind.trim().strip_suffix(" (by name)") {
        Some(kind) => (kind, true),
        None => (kind.trim(), false),
    };
    let mut random = Random(0x9e37_79b9 + number as u64);
    let mut value = String::new();
    let mut rest = template.trim();
    while let Some((before, tail)) = rest.split_once('{') {
        let (hole, after) = tail.split_once('}').expect("a hole is closed");
        let (class, length) = hole.split_once(' ').expect("a hole is `{class length}`");
        value.push_str(before);
        value.push_str(&random.text(class, length.parse().expect("a length is a number")));
        rest = after;
    }
    value.push_str(rest);
    Key { kind: kind.to_owned(), named, value }
}

/// The same keys in every run.
struct Random(u64);

impl Random {
    fn text(&mut self, class: &str, length: usize) -> String {
        let set: &[u8] = match class {
            "alnum" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
            "word" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
            "base64" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
            "hex" => b"0123456789abcdef",
            "base32" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
            "upper" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
            "lower" => b"abcdefghijklmnopqrstuvwxyz0123456789",
            "digit" => b"123456789",
            other => panic!("no class of characters is called `{other}`"),
        };
        (0..length).map(|_| char::from(set[self.below(set.len())])).collect()
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}
