//! The readers of a live session and the pace at which they are told things. Owns who listens; what they see next is `relay`'s.

use std::{sync::Weak, time::Duration};

use crate::{Options, Outbox, SessionId, TurnEvent, TurnId, relay::Relay, turn::Turn};

/// All readers of one session.
pub(super) struct Readers {
    session: SessionId,
    emit_every: Duration,
    emit_bytes: usize,
    readers: Vec<Reader>,
}

struct Reader {
    outbox: Weak<dyn Outbox>,
    relay: Relay,
    /// No text is sent before this moment.
    not_before: Duration,
    /// Whether it was not ready when there was something: then nothing is sent before that moment.
    held: bool,
}

impl Readers {
    pub(super) fn new(session: SessionId, options: &Options) -> Self {
        Self { session, emit_every: options.emit_every, emit_bytes: options.emit_bytes, readers: Vec::new() }
    }

    /// Adds a reader unless it is one already. It hears the running turn from number 0, if there is one; `anew` says that also
    /// one that had heard a part of it begins again.
    pub(super) fn add(&mut self, outbox: &Weak<dyn Outbox>, running: bool, anew: bool) {
        let relay = if running { Relay::default() } else { Relay::deaf() };
        let same = |reader: &&mut Reader| std::ptr::addr_eq(reader.outbox.as_ptr(), outbox.as_ptr());
        match self.readers.iter_mut().find(same) {
            Some(reader) if anew => reader.relay = relay,
            Some(_) => {}
            None => self.readers.push(Reader {
                outbox: Weak::clone(outbox),
                relay,
                not_before: Duration::ZERO,
                held: false,
            }),
        }
    }

    /// Forgets readers that are gone. Gives whether there are others.
    pub(super) fn listen(&mut self) -> bool {
        self.readers.retain(|reader| reader.outbox.strong_count() > 0);
        !self.readers.is_empty()
    }

    /// A new turn begins: everyone starts at its number 0.
    pub(super) fn restart(&mut self) {
        for reader in &mut self.readers {
            reader.relay = Relay::default();
        }
    }

    /// Gives each reader that is ready what is due.
    pub(super) fn tell(&mut self, now: Duration, id: TurnId, turn: &Turn) {
        for reader in &mut self.readers {
            let Some(outbox) = reader.outbox.upgrade() else { continue };
            while reader.due(turn).is_some_and(|due| due <= now) {
                reader.held = !outbox.ready();
                if reader.held || !reader.relay.is_urgent(turn) {
                    reader.not_before = now + self.emit_every;
                }
                if !reader.held {
                    reader.send_next(&*outbox, (self.session, id), turn, self.emit_bytes);
                }
            }
        }
    }

    /// Gives everyone everything there is, at once.
    pub(super) fn flush(&mut self, id: TurnId, turn: &Turn) {
        for reader in &mut self.readers {
            let Some(outbox) = reader.outbox.upgrade() else { continue };
            while reader.send_next(&*outbox, (self.session, id), turn, self.emit_bytes) {}
        }
    }

    /// When there is something to tell, if there is.
    pub(super) fn due(&self, turn: &Turn) -> Option<Duration> {
        self.readers.iter().filter_map(|reader| reader.due(turn)).min()
    }
}

impl Reader {
    fn due(&self, turn: &Turn) -> Option<Duration> {
        if self.outbox.strong_count() == 0 || !self.relay.is_behind(turn) {
            return None;
        }
        let at_once = self.relay.is_urgent(turn) && !self.held;
        Some(if at_once { Duration::ZERO } else { self.not_before })
    }

    fn send_next(&mut self, outbox: &dyn Outbox, of: (SessionId, TurnId), turn: &Turn, max_bytes: usize) -> bool {
        let Some((n, event)) = self.relay.next(turn, max_bytes) else { return false };
        outbox.send(TurnEvent { session: of.0, turn: of.1, n, event });
        true
    }
}
