//! Where a change may have happened: the smallest place that explains it, and all others that do so equally well.

use std::ops::Range;

use super::Replaced;

/// How far equal places are looked for, in bytes to each side; beyond that, a change may be anywhere.
const FARTHEST: usize = 64 << 10;

/// Bytes by their offset.
pub(super) trait Bytes {
    fn length(&self) -> usize;
    fn at(&self, byte: usize) -> Option<u8>;
}

impl Bytes for str {
    fn length(&self) -> usize {
        str::len(self)
    }

    fn at(&self, byte: usize) -> Option<u8> {
        self.as_bytes().get(byte).copied()
    }
}

/// The change from `old` to `new`, which have `before` bytes in common at their start and `after` at their end, or more.
pub(super) fn settle(
    old: &(impl Bytes + ?Sized),
    new: &(impl Bytes + ?Sized),
    before: usize,
    after: usize,
) -> Option<Replaced> {
    let shorter = old.length().min(new.length());
    let start = (before..shorter).find(|&at| old.at(at) != new.at(at)).unwrap_or(shorter);
    let same = |&back: &usize| old.at(old.length() - 1 - back) == new.at(new.length() - 1 - back);
    let after = after.min(shorter - start);
    let after = after + (after..shorter - start).take_while(same).count();
    let (old_end, new_end) = (old.length() - after, new.length() - after);
    let zone = if start == old_end && start == new_end {
        return None;
    } else if start == old_end {
        zone(new, old, start..new_end)
    } else if start == new_end {
        zone(old, new, start..old_end)
    } else {
        // Both sides differ at both ends: there is no other place for it.
        start..start
    };
    let (removed, added) = (old_end - start, new_end - start);
    Some(replaced(old, new, zone.start, zone.end + removed, zone.len() + added))
}

fn replaced(
    old: &(impl Bytes + ?Sized),
    new: &(impl Bytes + ?Sized),
    start: usize,
    old_end: usize,
    new_len: usize,
) -> Replaced {
    Replaced {
        start,
        old_end,
        new_len,
        starts_line: is_line_start(old, start) && is_line_start(new, start),
        ends_line: is_line_start(old, old_end) && is_line_start(new, start + new_len),
    }
}

/// The places at which `part` of `longer` may have been added or removed to or from `shorter`, from the first to the last.
/// If whole lines can be added or removed at some of them, only those count.
fn zone(longer: &(impl Bytes + ?Sized), shorter: &(impl Bytes + ?Sized), part: Range<usize>) -> Range<usize> {
    let Range { start, end } = part;
    let up =
        (0..start.min(FARTHEST)).take_while(|back| longer.at(start - 1 - back) == longer.at(end - 1 - back)).count();
    let down = (0..(longer.length() - end).min(FARTHEST))
        .take_while(|on| longer.at(start + on) == longer.at(end + on))
        .count();
    if up == FARTHEST || down == FARTHEST {
        return 0..shorter.length();
    }
    let lines = |&at: &usize| {
        let end = at + (end - start);
        is_line_start(longer, at)
            && is_line_start(shorter, at)
            && (end == longer.length() || is_line_start(longer, end))
    };
    let mut places = (start - up..=start + down).filter(lines);
    match (places.next(), places.last()) {
        (Some(first), last) => first..last.unwrap_or(first),
        (None, _) => start - up..start + down,
    }
}

fn is_line_start(text: &(impl Bytes + ?Sized), at: usize) -> bool {
    at == 0 || text.at(at - 1) == Some(b'\n')
}
