//! What other programs do in a session that is open here. Owns how far their rows were read, and the turn of theirs that is
//! shown; reads rows through the store and decides nothing about them.

use std::time::Duration;

use crate::{
    Options, TurnId,
    format::Record,
    store::{News, left},
    transcript::Row,
    turn::{Asked, Turn},
};

/// How often a turn of another program is looked after that says nothing: it may be gone.
pub(super) const LOOK_AFTER: Duration = Duration::from_secs(5);

/// A turn that another program gives, as far as it wrote it down.
pub(super) struct Following {
    pub(super) id: TurnId,
    pub(super) turn: Turn,
}

/// What is known of the rows of a session.
#[derive(Default)]
pub(super) struct Elsewhere {
    /// The first row that was not read; `None` before the first look.
    next: Option<u64>,
    /// A question whose answer has not begun.
    asked: Option<(TurnId, String)>,
    pub(super) following: Option<Following>,
}

/// What a look at the rows gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looked {
    /// Nothing of another program's.
    Nothing,
    /// A turn of theirs began; it is the one that is followed now.
    Began,
    /// The turn that is followed moved.
    Moved,
}

impl Elsewhere {
    /// From where rows are to be read; `None` as long as nobody said what is known.
    pub(super) fn next(&self) -> Option<u64> {
        self.next
    }

    /// Everything before row `next` is known to whoever listens. A turn that is open there is followed from its beginning.
    pub(super) fn knows(&mut self, next: u64) {
        self.next = Some(self.next.map_or(next, |before| before.max(next)));
    }

    /// Whether a turn of another program is under way, as far as is known.
    pub(super) fn is_busy(&self) -> bool {
        self.following.as_ref().is_some_and(|following| following.turn.outcome().is_none())
    }

    /// Takes what came since. `own` are the turns of this program.
    pub(super) fn take(&mut self, news: News, options: &Options, own: impl Fn(TurnId) -> bool) -> Looked {
        let mut looked = Looked::Nothing;
        for row in news.rows {
            let Some(turn) = row.turn.filter(|turn| !own(*turn)) else { continue };
            looked = match self.row(turn, row, options) {
                Looked::Nothing => looked,
                Looked::Moved if looked == Looked::Began => Looked::Began,
                other => other,
            };
        }
        self.next = Some(news.next);
        // A program that is gone writes no end.
        if let Some(following) = self.following.as_mut().filter(|one| one.turn.outcome().is_none())
            && news.open.is_none_or(|(turn, lives)| turn != following.id || !lives)
        {
            following.turn.follow_end(left());
            looked = if looked == Looked::Began { looked } else { Looked::Moved };
        }
        looked
    }

    fn row(&mut self, turn: TurnId, row: Row, options: &Options) -> Looked {
        match row.record {
            Some(Record::User { text, .. }) => {
                self.asked = Some((turn, text));
                Looked::Nothing
            }
            Some(Record::Answer { model }) => {
                let text = self.asked.take().filter(|(asked, _)| *asked == turn).map(|(_, text)| text);
                let asked = Asked { text: text.unwrap_or_default(), model };
                self.following = Some(Following { id: turn, turn: Turn::elsewhere(options, asked) });
                Looked::Began
            }
            Some(Record::Part { text }) => self.on(turn, |open| open.follow(&text)),
            Some(Record::End(closing)) => self.on(turn, |open| open.follow_end(closing)),
            _ => Looked::Nothing,
        }
    }

    fn on(&mut self, turn: TurnId, change: impl FnOnce(&mut Turn)) -> Looked {
        match self.following.as_mut().filter(|following| following.id == turn) {
            Some(following) if following.turn.outcome().is_none() => {
                change(&mut following.turn);
                Looked::Moved
            }
            _ => Looked::Nothing,
        }
    }
}
