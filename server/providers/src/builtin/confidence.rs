//! How sure a guess is.
//!
//! Owns turning what speaks for a guess into a probability that means what it says: of all guesses given 0.8, about
//! four in five are right. The interpolated counts alone are far too sure of themselves in some places and too modest in others, so a
//! logistic curve over a few measurable signs corrects them. Its thirteen constants were fitted on places like those of
//! `examples/ngram_eval.rs`: 50,000 guesses in sixteen Rust and Python packages, and checked on others.

/// How far one source agrees with the context, and with the guess.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Support {
    /// Length of the longest context that stands anywhere in it.
    pub(super) longest: usize,
    /// Length of the longest context that the guess follows, at most `longest`.
    pub(super) length: usize,
    /// How often the guess follows that context.
    pub(super) count: f32,
    /// How often anything follows it, at least `count`.
    pub(super) total: f32,
}

impl Support {
    fn alone(&self) -> bool {
        self.total > 0.0 && self.count >= self.total
    }
}

/// What speaks for a guess, and against it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Evidence {
    /// Its interpolated probability with all sources weighed evenly.
    pub(super) even: f32,
    /// The next best guess's probability.
    pub(super) second: f32,
    /// The current file.
    pub(super) near: Support,
    /// Everything else.
    pub(super) far: Support,
    /// How many of its characters are typed already.
    pub(super) typed: usize,
    /// Whether it is the end of the line.
    pub(super) ends_line: bool,
    /// Whether it is a word.
    pub(super) word: bool,
}

/// The probability that the guess is right.
pub(super) fn of(evidence: &Evidence) -> f64 {
    let Evidence { near, far, .. } = evidence;
    let sum = -0.644 + 0.511 * logit(evidence.even)
        - 0.095 * logit(evidence.second)
        - 0.156 * log(near.length)
        - 0.278 * log(near.longest.saturating_sub(near.length))
        + 0.409 * log_count(near.count)
        - 0.260 * log_count(near.total - near.count)
        + 0.704 * flag(near.alone())
        + 0.270 * log(far.length)
        + 0.398 * flag(far.alone())
        + 0.605 * log(evidence.typed)
        - 0.398 * flag(evidence.ends_line)
        - 0.287 * flag(evidence.word);
    1.0 / (1.0 + (-sum).exp())
}

fn logit(probability: f32) -> f64 {
    let probability = f64::from(probability).clamp(1e-4, 1.0 - 1e-4);
    (probability / (1.0 - probability)).ln()
}

fn log(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)).ln_1p()
}

fn log_count(count: f32) -> f64 {
    f64::from(count.max(0.0)).ln_1p()
}

fn flag(holds: bool) -> f64 {
    if holds { 1.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(even: f32, near: Support) -> Evidence {
        Evidence { even, second: 0.01, near, far: Support::default(), typed: 0, ends_line: false, word: true }
    }

    #[test]
    fn more_agreement_is_more_sure() {
        let once = Support { longest: 5, length: 5, count: 1.0, total: 1.0 };
        let often = Support { longest: 5, length: 5, count: 9.0, total: 9.0 };
        let disputed = Support { longest: 5, length: 5, count: 9.0, total: 30.0 };
        let sure = |near| of(&evidence(0.7, near));
        assert!(sure(often) > sure(once) && sure(often) > sure(disputed));
        assert!(of(&evidence(0.9, once)) > of(&evidence(0.4, once)));
    }

    #[test]
    fn any_evidence_gives_a_probability() {
        for even in [0.0, 1.0, f32::NAN] {
            let huge = Support { longest: usize::MAX, length: 0, count: f32::MAX, total: f32::MAX };
            let sure = of(&evidence(even, huge));
            assert!(even.is_nan() || (0.0..=1.0).contains(&sure), "{even}: {sure}");
        }
    }
}
