//! Indentation: how far a model's lines stand from the document's, and bringing them there.
//!
//! Only what is the same for all lines is corrected; anything mixed is left as it is.

/// How lines are moved sideways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shift {
    /// Not at all.
    None,
    /// This goes in front.
    Add(String),
    /// This goes away.
    Remove(String),
}

/// How a document indents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Tabs,
    /// With so many spaces for each level.
    Spaces(usize),
}

/// The white space at the start of a line.
pub(super) fn indent(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

pub(super) fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

impl Shift {
    /// What brings an indentation of `from` to `to`; `None` when neither contains the other.
    pub(super) fn between(from: &str, to: &str) -> Option<Self> {
        if from == to {
            return Some(Self::None);
        }
        if let Some(more) = to.strip_suffix(from) {
            return Some(Self::Add(more.to_owned()));
        }
        from.strip_suffix(to).map(|less| Self::Remove(less.to_owned()))
    }

    /// What brings every line of `from` to the line of `to` beside it; `None` when there is no such one.
    pub(super) fn uniform<'l>(from: impl Iterator<Item = &'l str>, to: impl Iterator<Item = &'l str>) -> Option<Self> {
        let mut shift = None;
        for (from, to) in from.zip(to) {
            if is_blank(from) || is_blank(to) {
                if is_blank(from) != is_blank(to) {
                    return None;
                }
                continue;
            }
            match &shift {
                None => shift = Some(Self::between(indent(from), indent(to))?),
                Some(shift) => {
                    if !shift.brings(indent(from), indent(to)) {
                        return None;
                    }
                }
            }
        }
        Some(shift.unwrap_or(Self::None))
    }

    fn brings(&self, from: &str, to: &str) -> bool {
        match self {
            Self::None => from == to,
            Self::Add(more) => to.strip_prefix(more.as_str()) == Some(from),
            Self::Remove(less) => from.strip_prefix(less.as_str()) == Some(to),
        }
    }

    /// A line moved; `None` when it stands too far to the left. Blank lines are not moved.
    pub(super) fn moved(&self, line: &str) -> Option<String> {
        match self {
            _ if is_blank(line) => Some(line.to_owned()),
            Self::None => Some(line.to_owned()),
            Self::Add(more) => Some(format!("{more}{line}")),
            Self::Remove(less) => line.strip_prefix(less.as_str()).map(str::to_owned),
        }
    }
}

impl Style {
    /// How all indented lines are indented; `None` when there are none, or they differ.
    pub(super) fn of<'l>(lines: impl Iterator<Item = &'l str>) -> Option<Self> {
        let (mut tabs, mut step) = (false, 0);
        for indent in lines.filter(|line| !is_blank(line)).map(indent).filter(|indent| !indent.is_empty()) {
            if indent.bytes().all(|byte| byte == b'\t') {
                tabs = true;
            } else if indent.bytes().all(|byte| byte == b' ') {
                step = common_divisor(step, indent.len());
            } else {
                return None;
            }
        }
        match (tabs, step) {
            (true, 0) => Some(Self::Tabs),
            (false, 2..) => Some(Self::Spaces(step)),
            _ => None,
        }
    }

    /// An indented line in this style, given the style that it is in.
    pub(super) fn restyle(self, line: &str, from: Self) -> String {
        let (old, text) = line.split_at(indent(line).len());
        let levels = match from {
            Self::Tabs => old.len(),
            Self::Spaces(step) => old.len() / step,
        };
        match self {
            Self::Tabs => format!("{}{text}", "\t".repeat(levels)),
            Self::Spaces(step) => format!("{}{text}", " ".repeat(step * levels)),
        }
    }

    /// The style to bring lines in `from` into, when the document has tabs and they have spaces, or the other way round.
    pub(super) fn instead_of(self, from: Self) -> Option<Self> {
        match (self, from) {
            (Self::Tabs, Self::Spaces(_)) => Some(self),
            // Deep lines alone do not tell how wide a level is.
            (Self::Spaces(step), Self::Tabs) => Some(Self::Spaces(if step > 4 { 4 } else { step })),
            _ => None,
        }
    }
}

fn common_divisor(one: usize, other: usize) -> usize {
    if other == 0 { one } else { common_divisor(other, one % other) }
}

/// The white space that all lines that are not blank begin with; `None` when all are blank.
pub(super) fn common<'l>(lines: impl Iterator<Item = &'l str>) -> Option<&'l str> {
    lines.filter(|line| !is_blank(line)).map(indent).reduce(|one, other| {
        let same = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
        &one[..same]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uniform_shift_is_found_in_both_directions() {
        let uniform = |from: [&'static str; 2], to: [&'static str; 2]| Shift::uniform(from.into_iter(), to.into_iter());
        assert_eq!(uniform(["a", "  b"], ["    a", "      b"]), Some(Shift::Add("    ".to_owned())));
        assert_eq!(uniform(["\t\ta", "\t\t\tb"], ["\ta", "\t\tb"]), Some(Shift::Remove("\t".to_owned())));
        assert_eq!(uniform(["a", "b"], ["  a", "b"]), None);
        assert_eq!(uniform(["\ta", ""], ["  a", ""]), None);
        assert_eq!(uniform(["a", "  "], ["a", ""]), Some(Shift::None));
    }

    #[test]
    fn a_style_is_what_all_lines_agree_on() {
        assert_eq!(Style::of(["a", "\tb", "\t\tc"].into_iter()), Some(Style::Tabs));
        assert_eq!(Style::of(["a", "    b", "      c"].into_iter()), Some(Style::Spaces(2)));
        assert_eq!(Style::of(["a", "   b", "    c"].into_iter()), None);
        assert_eq!(Style::of(["\ta", "  b"].into_iter()), None);
        assert_eq!(Style::Tabs.restyle("        a", Style::Spaces(4)), "\t\ta");
        assert_eq!(Style::Spaces(2).restyle("\t\ta", Style::Tabs), "    a");
    }
}
