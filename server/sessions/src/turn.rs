//! The pure machine of one turn: what a model says goes in, what must be done comes out.
//!
//! Owns the text of the running answer, when a part of it must be saved, how the turn ends and in which order: the closing row
//! is asked for first, and only when it is on disk is the turn over. It has no clock, no disk and no tasks: time is an
//! argument, counted from any fixed moment, and every effect is a value that `live` carries out.

use std::time::Duration;

use aside_model::{EndReason, Usage};

use crate::{End, Options, TurnError};

/// What happens to a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// More of the answer.
    Text(String),
    /// More of the reasoning.
    Reasoning(String),
    /// Token counts.
    Usage(Usage),
    /// The model's own end.
    Ended(EndReason),
    /// The model failed.
    Failed(TurnError),
    /// The stream stopped without an end.
    Dry,
    /// The person stops it.
    Stop,
    /// The program ends.
    Shutdown,
    /// Time has passed.
    Tick,
    /// The asked-for save is on disk.
    Saved,
    /// The asked-for save failed, for this reason.
    SaveFailed(String),
    /// The question itself could not be saved.
    Unsaved,
    /// Something that the person should know.
    Notice(String),
    /// The turn is no longer ours on disk: its session was deleted or taken over.
    Lost,
}

/// What must be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Drop the stream; the turn wants nothing more from it.
    CloseStream,
    /// Put this on disk, and say how it went. Never asked for while another save is under way.
    Save(Save),
}

/// What goes to the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Save {
    /// Text since the last save.
    Part(String),
    /// The rest and the end.
    Close(Closing),
}

/// The last row of a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Closing {
    /// Text since the last save.
    pub(crate) text: String,
    /// How the turn ended, and why.
    pub(crate) outcome: Outcome,
    /// Token counts, as far as they came.
    pub(crate) usage: Option<Usage>,
}

/// How a turn ended, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) reason: End,
    pub(crate) error: Option<TurnError>,
}

/// A question that another program asked, and who answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) text: String,
    pub(crate) model: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Saving {
    Nothing,
    /// The answer's text up to this byte.
    Part(usize),
    Close,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    Streaming,
    /// The stream is over; the closing row is not yet on disk.
    Ending(Outcome),
    /// Nothing more happens. `unsaved` is what the disk refused.
    Over {
        outcome: Outcome,
        unsaved: Option<Closing>,
    },
}

/// One running turn.
#[derive(Debug)]
pub(crate) struct Turn {
    checkpoint_bytes: usize,
    checkpoint_every: Duration,
    max_answer_bytes: usize,
    text: String,
    reasoning: String,
    usage: Option<Usage>,
    notices: Vec<String>,
    /// The question, where another program asked it.
    asked: Option<Asked>,
    phase: Phase,
    saving: Saving,
    /// How much of the text is on disk, in bytes.
    saved: usize,
    /// Since when text waits to be saved.
    waiting: Option<Duration>,
    /// Whether the last save failed.
    failing: bool,
}

impl Turn {
    /// A turn whose question is on disk and whose answer has not begun.
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            checkpoint_bytes: options.checkpoint_bytes,
            checkpoint_every: options.checkpoint_every,
            max_answer_bytes: options.max_answer_bytes,
            text: String::new(),
            reasoning: String::new(),
            usage: None,
            notices: Vec::new(),
            asked: None,
            phase: Phase::Streaming,
            saving: Saving::Nothing,
            saved: 0,
            waiting: None,
            failing: false,
        }
    }

    /// A turn of another program: what it wrote down is shown, and nothing of it is saved here.
    pub(crate) fn elsewhere(options: &Options, asked: Asked) -> Self {
        Self { asked: Some(asked), max_answer_bytes: usize::MAX, ..Self::new(options) }
    }

    /// The other program wrote down more of its answer.
    pub(crate) fn follow(&mut self, more: &str) {
        self.text.push_str(more);
        self.saved = self.text.len();
    }

    /// The other program's turn ended.
    pub(crate) fn follow_end(&mut self, closing: Closing) {
        self.follow(&closing.text);
        self.usage = closing.usage;
        self.phase = Phase::Over { outcome: closing.outcome, unsaved: None };
    }

    /// The question, where another program asked it.
    pub(crate) fn asked(&self) -> Option<&Asked> {
        self.asked.as_ref()
    }

    /// The answer so far.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The reasoning so far.
    pub(crate) fn reasoning(&self) -> &str {
        &self.reasoning
    }

    /// The newest token counts.
    pub(crate) fn usage(&self) -> Option<Usage> {
        self.usage
    }

    /// What the person should know, oldest first.
    pub(crate) fn notices(&self) -> &[String] {
        &self.notices
    }

    /// How the turn ended: only when nothing more will be saved for it.
    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        match &self.phase {
            Phase::Over { outcome, .. } => Some(outcome),
            Phase::Streaming | Phase::Ending(_) => None,
        }
    }

    /// What the disk refused at the end, to be saved when it can be. Given once.
    pub(crate) fn take_unsaved(&mut self) -> Option<Closing> {
        match &mut self.phase {
            Phase::Over { unsaved, .. } => unsaved.take(),
            Phase::Streaming | Phase::Ending(_) => None,
        }
    }

    /// How much of the answer is known to be on disk, in bytes.
    pub(crate) fn on_disk(&self) -> usize {
        self.saved
    }

    /// When a [`Input::Tick`] is due.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        match (&self.phase, self.saving) {
            (Phase::Streaming, Saving::Nothing) => Some(self.waiting? + self.checkpoint_every),
            _ => None,
        }
    }

    /// Takes what happened at `now` and gives what must be done, in order.
    pub(crate) fn on(&mut self, now: Duration, input: Input) -> Vec<Effect> {
        let mut effects = match &self.phase {
            Phase::Streaming => self.while_streaming(now, input),
            Phase::Ending(_) => {
                self.while_ending(now, input);
                Vec::new()
            }
            Phase::Over { .. } => Vec::new(),
        };
        effects.extend(self.due(now).map(Effect::Save));
        effects
    }

    fn while_streaming(&mut self, now: Duration, input: Input) -> Vec<Effect> {
        match input {
            Input::Text(more) => return self.say(now, &more),
            Input::Reasoning(more) => self.reason(&more),
            Input::Usage(usage) => self.usage = Some(usage),
            Input::Ended(reason) => return self.end(outcome_of(reason)),
            Input::Failed(error) => return self.end(Outcome { reason: End::Error, error: Some(error) }),
            Input::Dry => return self.end(outcome_of(EndReason::Truncated)),
            Input::Stop => return self.end(Outcome { reason: End::Stopped, error: None }),
            Input::Shutdown => return self.end(Outcome { reason: End::Interrupted, error: Some(shut_down()) }),
            Input::Tick => {}
            Input::Saved => self.saved(),
            Input::SaveFailed(why) => self.save_failed(now, &why),
            Input::Unsaved => {
                self.failing = true;
                self.notices.push("not saved: it goes on in memory, and is saved when the disk takes it".to_owned());
            }
            Input::Notice(text) => self.notices.push(text),
            Input::Lost => return self.lose(),
        }
        Vec::new()
    }

    fn while_ending(&mut self, now: Duration, input: Input) {
        match (input, self.saving) {
            (Input::Saved, Saving::Close) => self.close(None),
            (Input::SaveFailed(why), Saving::Close) => self.close(Some(&why)),
            (Input::Saved, _) => self.saved(),
            (Input::SaveFailed(why), _) => self.save_failed(now, &why),
            (Input::Lost, _) => _ = self.lose(),
            // The end is decided; what comes behind it does not change it.
            _ => {}
        }
    }

    fn say(&mut self, now: Duration, more: &str) -> Vec<Effect> {
        let more_fits = fitting(more, self.max_answer_bytes.saturating_sub(self.text.len()));
        if !more_fits.is_empty() {
            self.text.push_str(more_fits);
            self.waiting.get_or_insert(now);
        }
        if more_fits.len() == more.len() {
            return Vec::new();
        }
        self.notices.push(format!("the answer reached the limit of {} bytes", self.max_answer_bytes));
        self.end(outcome_of(EndReason::Length))
    }

    fn reason(&mut self, more: &str) {
        // Shown and not kept: what does not fit is left out, and the answer goes on.
        let fitting = fitting(more, self.max_answer_bytes.saturating_sub(self.reasoning.len()));
        self.reasoning.push_str(fitting);
    }

    fn end(&mut self, outcome: Outcome) -> Vec<Effect> {
        if outcome.reason == End::Complete && self.text.trim().is_empty() {
            self.notices.push("the model answered with nothing".to_owned());
        }
        self.phase = Phase::Ending(outcome);
        vec![Effect::CloseStream]
    }

    fn saved(&mut self) {
        if let Saving::Part(upto) = self.saving {
            self.saved = upto;
        }
        self.saving = Saving::Nothing;
        if self.failing {
            self.failing = false;
            self.notices.push("saved again".to_owned());
        }
    }

    fn save_failed(&mut self, now: Duration, why: &str) {
        self.saving = Saving::Nothing;
        self.waiting = Some(now);
        if !self.failing {
            self.failing = true;
            self.notices.push(format!("not saved: {why}"));
        }
    }

    /// Ends the turn when its closing row was written, or refused.
    fn close(&mut self, refused: Option<&str>) {
        let Phase::Ending(outcome) = &self.phase else { return };
        let outcome = outcome.clone();
        self.saving = Saving::Nothing;
        self.phase = match refused {
            None => Phase::Over { outcome, unsaved: None },
            Some(why) => Phase::Over { unsaved: Some(self.closing(outcome)), outcome: not_saved(why) },
        };
    }

    fn lose(&mut self) -> Vec<Effect> {
        let closed = if self.phase == Phase::Streaming { vec![Effect::CloseStream] } else { Vec::new() };
        self.saving = Saving::Nothing;
        self.phase = Phase::Over { outcome: lost(), unsaved: None };
        closed
    }

    /// What must be saved now, if nothing is being saved.
    fn due(&mut self, now: Duration) -> Option<Save> {
        if self.saving != Saving::Nothing {
            return None;
        }
        match &self.phase {
            Phase::Ending(outcome) => {
                let closing = self.closing(outcome.clone());
                self.saving = Saving::Close;
                Some(Save::Close(closing))
            }
            Phase::Streaming => {
                let waited = self.waiting.is_some_and(|since| now >= since + self.checkpoint_every);
                // A disk that just refused is asked again at the pace of time, not of text.
                let full = !self.failing && self.text.len() - self.saved >= self.checkpoint_bytes.max(1);
                (waited || full).then(|| {
                    self.saving = Saving::Part(self.text.len());
                    self.waiting = None;
                    Save::Part(self.text[self.saved..].to_owned())
                })
            }
            Phase::Over { .. } => None,
        }
    }

    fn closing(&self, outcome: Outcome) -> Closing {
        Closing { text: self.text[self.saved..].to_owned(), outcome, usage: self.usage }
    }
}

/// The longest start of `text` that has at most `room` bytes and ends between two characters.
pub(crate) fn fitting(text: &str, room: usize) -> &str {
    &text[..text.floor_char_boundary(room)]
}

fn outcome_of(reason: EndReason) -> Outcome {
    let (reason, error) = match reason {
        EndReason::Complete => (End::Complete, None),
        EndReason::Length => (End::Length, None),
        EndReason::Truncated => {
            let message = "the connection ended before the answer did";
            (End::Truncated, Some(TurnError::new("truncated", message, "ask again; what had come is kept")))
        }
        EndReason::Filtered => {
            let message = "the provider withheld the rest of the answer";
            (
                End::Error,
                Some(TurnError::new("filtered", message, "word the question differently, or choose another model")),
            )
        }
    };
    Outcome { reason, error }
}

/// The error of an answer whose program was shut down.
pub(crate) fn shut_down() -> TurnError {
    TurnError::new("interrupted", "the server was shut down during the answer", "ask again; what had come is kept")
}

fn not_saved(why: &str) -> Outcome {
    let message = format!("the answer is not saved: {why}");
    let hint = "mend the disk, then send the next message: this answer is saved with it while the server runs";
    Outcome { reason: End::Error, error: Some(TurnError::new("not-saved", message, hint)) }
}

fn lost() -> Outcome {
    let message = "the session was deleted, or continued in another program, during the answer";
    Outcome { reason: End::Interrupted, error: Some(TurnError::new("session-lost", message, "open the session again")) }
}

#[cfg(test)]
mod tests;
