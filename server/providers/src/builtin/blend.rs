//! What comes next: one guess from all sources and all lengths of context, and how sure it is.
//!
//! Owns gathering what followed the present context elsewhere, and mixing it. It knows tokens, not text.

use std::ops::Range;

use super::{
    confidence::{self, Evidence, Support},
    lex,
    vocabulary::{FILE, SAME, Token, Vocabulary, ends_line, is_spaced, word_of},
    workspace::{MAX_ORDER, Workspace},
};

/// How much one place in the current file counts, in places of the workspace.
const NEAR: f32 = 10.0;
/// How much each kind of continuation leaves for shorter contexts, in places.
const ESCAPE: f32 = 8.0;
/// `NEAR` and `ESCAPE` where the sources are weighed evenly.
const EVEN: (f32, f32) = (1.0, 4.0);
/// How much one place in another open file counts.
const OPEN: f32 = 3.0;
/// How much a word's number of uses in the workspace counts where nothing else speaks for it.
const USES: f32 = 0.1;
/// How many places after one context are looked at; of more, an even sample.
const SAMPLE: usize = 96;
/// What a word has without any evidence, when it must begin with what was typed, and otherwise.
const BASE: (f32, f32) = (0.02, 0.000_2);

/// Everything a guess looks at.
pub(super) struct Sources<'a> {
    /// The words of all tokens.
    pub(super) words: &'a Vocabulary,
    /// The workspace's model.
    pub(super) workspace: &'a Workspace,
    /// Places of the workspace that are not to be looked at: older states of files that are open.
    pub(super) skip: &'a [Range<u32>],
    /// Tokens of the current file after the cursor's line.
    pub(super) after: &'a [Token],
    /// Tokens of the other open files.
    pub(super) open: &'a [&'a [Token]],
}

/// What the next token must be like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted<'a> {
    /// Anything.
    Any,
    /// One space before it: the space is there already.
    Spaced,
    /// No space before it: blanks are there already, or it begins the line.
    Unspaced,
    /// A word that begins with what is there already.
    Starting(&'a str),
}

impl Wanted<'_> {
    fn admits(self, token: Token, words: &Vocabulary) -> bool {
        match self {
            Self::Any => true,
            Self::Spaced => is_spaced(token),
            Self::Unspaced => !is_spaced(token),
            Self::Starting(part) => words.word(word_of(token)).starts_with(part),
        }
    }
}

/// The most likely next token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Guess {
    /// The token; the mark of an equally deep line for any end of the line.
    pub(super) token: Token,
    /// How likely it is, in `[0, 1]`.
    pub(super) probability: f64,
}

/// Guesses what follows `history`, of which the first `known` tokens are really there and the others are guesses.
pub(super) fn guess(sources: &Sources<'_>, history: &[Token], known: usize, wanted: Wanted<'_>) -> Option<Guess> {
    let mut votes = Vec::new();
    from_text(&history[..known], history, |length, token| votes.push(Vote::near(token, length)));
    from_text(sources.after, history, |length, token| votes.push(Vote::near(token, length)));
    for open in sources.open {
        from_text(open, history, |length, token| votes.push(Vote::far(token, length, OPEN)));
    }
    from_workspace(sources, history, &mut votes);
    if let Wanted::Starting(part) = wanted {
        from_words(sources, &history[..known], part, &mut votes);
    }
    let candidates = tally(votes, wanted, sources.words);
    choose(&candidates, wanted, sources.words)
}

/// One place where the context stood, and what followed there.
struct Vote {
    token: Token,
    /// How many tokens of context agreed there.
    length: usize,
    near: f32,
    far: f32,
}

impl Vote {
    fn near(token: Token, length: usize) -> Self {
        Self { token, length, near: 1.0, far: 0.0 }
    }

    fn far(token: Token, length: usize, weight: f32) -> Self {
        Self { token, length, near: 0.0, far: weight }
    }
}

/// Finds the last token of `history` in `tokens`, and gives how much of the context agrees there and what follows.
fn from_text(tokens: &[Token], history: &[Token], mut each: impl FnMut(usize, Token)) {
    let Some(last) = history.last().map(|&token| word_of(token)) else { return };
    for (place, pair) in tokens.windows(2).enumerate() {
        if word_of(pair[0]) == last {
            each(agreement(&tokens[..=place], history), pair[1]);
        }
    }
}

/// How many tokens at the ends of two texts are the same words.
fn agreement(tokens: &[Token], history: &[Token]) -> usize {
    let mut length = 0;
    for (&a, &b) in tokens.iter().rev().zip(history.iter().rev()).take(MAX_ORDER) {
        if word_of(a) != word_of(b) {
            break;
        }
        length += 1;
        if a == FILE {
            break;
        }
    }
    length
}

fn from_workspace(sources: &Sources<'_>, history: &[Token], votes: &mut Vec<Vote>) {
    let contexts = sources.workspace.contexts(history);
    for (index, outer) in contexts.iter().enumerate() {
        let inner = contexts.get(index + 1).cloned().unwrap_or(outer.end..outer.end);
        let step = (outer.len() - inner.len()).div_ceil(SAMPLE).max(1);
        let weight = f32::from(u16::try_from(step).unwrap_or(u16::MAX));
        for entry in (outer.start..inner.start).step_by(step).chain((inner.end..outer.end).step_by(step)) {
            let (place, token) = sources.workspace.next(entry);
            if !sources.skip.iter().any(|span| span.contains(&place)) {
                votes.push(Vote::far(token, index + 1, weight));
            }
        }
    }
}

/// Every known word that begins with `part`, by how often it is used anywhere.
fn from_words(sources: &Sources<'_>, before: &[Token], part: &str, votes: &mut Vec<Vote>) {
    let begins = |token: Token| sources.words.word(word_of(token)).starts_with(part);
    let near = before.iter().chain(sources.after).copied().filter(|&token| begins(token));
    votes.extend(near.map(|token| Vote::near(token, 0)));
    for open in sources.open {
        votes.extend(open.iter().copied().filter(|&token| begins(token)).map(|token| Vote::far(token, 0, OPEN)));
    }
    for (word, uses) in sources.workspace.starting(part) {
        votes.push(Vote::far(word, 0, USES * f32::from(u16::try_from(uses).unwrap_or(u16::MAX))));
    }
}

/// What was seen of one possible next token: how often it followed, for each length of context that agreed at least.
struct Candidate {
    token: Token,
    near: Counts,
    far: Counts,
}

type Counts = [f32; MAX_ORDER + 1];

/// Adds the votes up, token by token.
fn tally(votes: Vec<Vote>, wanted: Wanted<'_>, words: &Vocabulary) -> Vec<Candidate> {
    const NONE: u32 = 0;
    const REFUSED: u32 = u32::MAX;
    // One entry for each word with and without a space: a frequent context has more votes than a sort can take in time.
    let mut slots = vec![NONE; 2 * words.end() as usize];
    let mut candidates: Vec<Candidate> = Vec::new();
    for vote in votes {
        let token = match wanted {
            _ if ends_line(vote.token) => SAME,
            Wanted::Starting(_) => word_of(vote.token),
            _ => vote.token,
        };
        let slot = &mut slots[2 * word_of(token) as usize + usize::from(is_spaced(token))];
        if *slot == NONE {
            *slot = REFUSED;
            if wanted.admits(token, words) {
                candidates.push(Candidate { token, near: [0.0; MAX_ORDER + 1], far: [0.0; MAX_ORDER + 1] });
                *slot = u32::try_from(candidates.len()).unwrap_or(REFUSED);
            }
        }
        if let Some(candidate) = (*slot as usize).checked_sub(1).and_then(|at| candidates.get_mut(at)) {
            candidate.near[vote.length] += vote.near;
            candidate.far[vote.length] += vote.far;
        }
    }
    for candidate in &mut candidates {
        for length in (0..MAX_ORDER).rev() {
            candidate.near[length] += candidate.near[length + 1];
            candidate.far[length] += candidate.far[length + 1];
        }
    }
    candidates
}

/// Witten and Bell's interpolation: from the shortest context to the longest, each keeps what its own variety leaves for the
/// shorter ones. `near` and `escape` weigh the current file and the variety.
fn interpolate(candidates: &[Candidate], anywhere: bool, near: f32, escape: f32) -> Vec<f32> {
    let mut mixed = vec![if anywhere { BASE.0 } else { BASE.1 }; candidates.len()];
    for length in usize::from(!anywhere)..=MAX_ORDER {
        let count = |candidate: &Candidate| near * candidate.near[length] + candidate.far[length];
        let (mut total, mut kinds) = (0.0, 0.0);
        for count in candidates.iter().map(count).filter(|&count| count > 0.0) {
            total += count;
            kinds += escape;
        }
        if total == 0.0 {
            break;
        }
        for (mixed, candidate) in mixed.iter_mut().zip(candidates) {
            *mixed = (count(candidate) + kinds * *mixed) / (total + kinds);
        }
    }
    mixed
}

fn choose(candidates: &[Candidate], wanted: Wanted<'_>, words: &Vocabulary) -> Option<Guess> {
    let anywhere = matches!(wanted, Wanted::Starting(_));
    let ranked = interpolate(candidates, anywhere, NEAR, ESCAPE);
    let best = (0..candidates.len()).max_by(|&a, &b| {
        // Of equals the first seen, so that the same text always gives the same guess.
        ranked[a].total_cmp(&ranked[b]).then(candidates[b].token.cmp(&candidates[a].token))
    })?;
    let second = (0..candidates.len()).filter(|&at| at != best).map(|at| ranked[at]).fold(0.0, f32::max);
    let even = interpolate(candidates, anywhere, EVEN.0, EVEN.1);
    let token = candidates[best].token;
    let evidence = Evidence {
        even: even[best],
        second,
        near: support(candidates, best, |candidate| &candidate.near),
        far: support(candidates, best, |candidate| &candidate.far),
        typed: if let Wanted::Starting(part) = wanted { part.chars().count() } else { 0 },
        ends_line: ends_line(token),
        word: words.word(word_of(token)).starts_with(lex::is_word),
    };
    Some(Guess { token, probability: confidence::of(&evidence) })
}

/// How far one source agrees with the context, and with the guess.
fn support(candidates: &[Candidate], best: usize, counts: impl Fn(&Candidate) -> &Counts) -> Support {
    let reach = |candidate: &Candidate| counts(candidate).iter().rposition(|&count| count > 0.0).unwrap_or_default();
    let longest = candidates.iter().map(reach).max().unwrap_or_default();
    let length = reach(&candidates[best]);
    let total = candidates.iter().map(|candidate| counts(candidate)[length]).sum();
    Support { longest, length, count: counts(&candidates[best])[length], total }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::builtin::{sequence, vocabulary::SPACED, workspace::Builder};

    /// The guess after `history` when the workspace says `workspace` and the rest of the file says `after`.
    fn guessed(workspace: &str, after: &str, history: &str, wanted: Wanted<'_>) -> Option<(String, f64)> {
        let mut builder = Builder::new(10_000);
        builder.file("a", workspace);
        let workspace = builder.finish();
        let mut words = Vocabulary::over(Arc::clone(&workspace.words));
        let (mut before, mut later) = (vec![FILE, SAME], Vec::new());
        sequence::part(history, &mut words, &mut before);
        sequence::part(after, &mut words, &mut later);
        let sources = Sources { words: &words, workspace: &workspace, skip: &[], after: &later, open: &[] };
        let guess = guess(&sources, &before, before.len(), wanted)?;
        let space = if guess.token & SPACED != 0 { " " } else { "" };
        Some((format!("{space}{}", words.word(word_of(guess.token))), guess.probability))
    }

    fn word(workspace: &str, after: &str, history: &str, wanted: Wanted<'_>) -> Option<String> {
        guessed(workspace, after, history, wanted).map(|(word, _)| word)
    }

    #[test]
    fn the_longer_context_decides() {
        assert_eq!(
            word(
                "a b = 1
x b = 2
b = 3
b = 3",
                "",
                "a b =",
                Wanted::Any
            ),
            Some(" 1".to_owned())
        );
    }

    #[test]
    fn the_current_file_outweighs_the_workspace() {
        let workspace = "g f(x)\n".repeat(3);
        assert_eq!(word(&workspace, "g f(y)", "h g f(", Wanted::Any), Some("y".to_owned()));
    }

    #[test]
    fn a_started_word_is_finished_even_after_an_unknown_context() {
        assert_eq!(word("let needle = 1", "", "never seen", Wanted::Starting("nee")), Some("needle".to_owned()));
        assert_eq!(word("let needle = 1", "", "never seen", Wanted::Starting("nex")), None);
    }

    #[test]
    fn spaces_that_are_there_already_are_respected() {
        let workspace = "a = b
a = b
a =c";
        assert_eq!(word(workspace, "", "a =", Wanted::Spaced), Some(" b".to_owned()));
        assert_eq!(word(workspace, "", "a =", Wanted::Unspaced), Some("c".to_owned()));
    }

    #[test]
    fn what_was_seen_more_often_is_surer() {
        let sure = |times| {
            guessed(
                &"f(x)
"
                .repeat(times),
                "",
                "f(",
                Wanted::Any,
            )
            .expect("seen")
            .1
        };
        assert!(sure(1) < sure(3) && sure(3) < sure(20));
    }

    #[test]
    fn an_unknown_context_gives_no_guess() {
        assert_eq!(word("a b", "", "never", Wanted::Any), None);
    }
}
