//! When a request is sent again: pure rules. Only before the first byte of an answer, at most twice.

use std::time::{Duration, SystemTime};

use aside_model::ChatRequest;
use reqwest::header::HeaderMap;

use crate::By;

/// The most times one request is sent again.
pub(crate) const MOST: u32 = 2;
/// The longest advice that is believed; more is a fault of the server.
const LONGEST_ADVICE: Duration = Duration::from_secs(60 * 60);
/// The longest a person's message waits for the next attempt; beyond it the failure is shown instead.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// Who waits for the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// A person who sent a message.
    Person,
    /// The next keystroke: only what can be repeated at once is.
    Keystroke,
    /// A check, which tells what it sees.
    Check,
}

impl Patience {
    /// Who waits for the answer to a conversation.
    pub(crate) fn of(request: &ChatRequest) -> Self {
        if request.background { Self::Check } else { Self::Person }
    }

    /// On whose behalf the key is used.
    pub(crate) fn by(self) -> By {
        match self {
            Self::Person | Self::Keystroke => By::Person,
            Self::Check => By::Background,
        }
    }
}

/// Why an attempt brought no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The connection ended before any byte of the answer: usually a kept connection that the server had closed.
    Broken,
    /// The provider is busy or failed, and says perhaps when to come again.
    Busy(Option<Duration>),
    /// Anything that will not change by asking again.
    Lasting,
}

/// How long to wait before attempt `attempt + 1` (the first is 0), or `None` to give up. `jitter` lies in `0.0..1.0`.
pub(crate) fn wait(trouble: Trouble, attempt: u32, patience: Patience, jitter: f64) -> Option<Duration> {
    if attempt >= MOST {
        return None;
    }
    match (trouble, patience) {
        (Trouble::Broken, _) if attempt == 0 => Some(Duration::ZERO),
        (Trouble::Busy(Some(advice)), Patience::Person) => (advice <= LONGEST_WAIT).then_some(advice),
        (Trouble::Busy(None) | Trouble::Broken, Patience::Person) => {
            Some((FIRST_WAIT * 2u32.pow(attempt)).mul_f64(jitter.clamp(0.0, 1.0)))
        }
        _ => None,
    }
}

/// The provider's advice in its answer's headers: `retry-after-ms`, or `retry-after` as seconds or as a date.
///
/// Negative, unreadable and absurd (over an hour) values are no advice; a date in the past means now.
pub(crate) fn advice(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let millis = text("retry-after-ms").and_then(|text| seconds(text, 0.001));
    let wait =
        millis.or_else(|| text("retry-after").and_then(|text| seconds(text, 1.0).or_else(|| until(text, now))))?;
    (wait <= LONGEST_ADVICE).then_some(wait)
}

fn seconds(text: &str, unit: f64) -> Option<Duration> {
    if !text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    Duration::try_from_secs_f64(text.parse::<f64>().ok()? * unit).ok()
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that servers may send today.
fn until(text: &str, now: SystemTime) -> Option<Duration> {
    let mut words = text.split_once(", ")?.1.split(' ');
    let day: i64 = number(words.next()?)?;
    let month = words.next()?;
    let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        .iter()
        .position(|name| *name == month)?;
    let year: i64 = number(words.next()?)?;
    let mut clock = words.next()?.splitn(3, ':').map(number);
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let in_range = (1..=31).contains(&day) && (1970..=9999).contains(&year) && hour < 24 && minute < 60 && second < 61;
    if words.next()? != "GMT" || !in_range {
        return None;
    }
    let since = u64::try_from(days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second).ok()?;
    let at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(since))?;
    Some(at.duration_since(now).unwrap_or_default())
}

fn number(text: &str) -> Option<i64> {
    (text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Days from 1970-01-01 to the given day of the Gregorian calendar; `month` counts from 0.
fn days(year: i64, month: usize, day: i64) -> i64 {
    const BEFORE_MONTH: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let leap_days = |year: i64| year / 4 - year / 100 + year / 400;
    let leap_today = i64::from(month > 1 && leap_days(year) > leap_days(year - 1));
    (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969) + BEFORE_MONTH[month] + leap_today + day - 1
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    const NOW: u64 = 784_111_777; // Sun, 06 Nov 1994 08:49:37 GMT

    fn advised(name: &'static str, value: &str) -> Option<Duration> {
        let headers = HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())]);
        advice(&headers, SystemTime::UNIX_EPOCH + Duration::from_secs(NOW))
    }

    #[test]
    fn advice_comes_as_seconds_milliseconds_or_a_date() {
        for (name, value, expected) in [
            ("retry-after", "3", Some(3_000)),
            ("retry-after", " 0.5 ", Some(500)),
            ("retry-after-ms", "120", Some(120)),
            ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
            ("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT", Some(30_000)),
            ("retry-after", "Sat, 05 Nov 1994 08:50:07 GMT", Some(0)),
            ("retry-after", "Sun, 06 Nov 1994 09:49:37 GMT", Some(3_600_000)),
        ] {
            assert_eq!(advised(name, value), expected.map(Duration::from_millis), "{name}: {value}");
        }
    }

    #[test]
    fn absurd_advice_is_none() {
        for value in ["-1", "1000000000", "1e3", "NaN", "inf", "soon", "", ".", "Sun, 99 Nov 1994 08:49:37 GMT"] {
            assert_eq!(advised("retry-after", value), None, "{value}");
        }
        for date in
            ["Sun, 06 Nov 9999 08:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov 99999 08:49:37 GMT", ", "]
        {
            assert_eq!(advised("retry-after", date), None, "{date}");
        }
    }

    #[test]
    fn dates_count_leap_years() {
        assert_eq!(days(1970, 0, 1), 0);
        assert_eq!(days(2000, 1, 29), 11_016);
        assert_eq!(days(2000, 2, 1), 11_017);
        assert_eq!(days(2100, 2, 1), 47_541);
    }

    #[test]
    fn nothing_is_sent_more_than_three_times() {
        for trouble in [Trouble::Broken, Trouble::Busy(None), Trouble::Busy(Some(Duration::ZERO)), Trouble::Lasting] {
            assert_eq!(wait(trouble, MOST, Patience::Person, 0.5), None);
        }
    }

    #[test]
    fn a_keystroke_waits_for_nothing() {
        assert_eq!(wait(Trouble::Broken, 0, Patience::Keystroke, 0.9), Some(Duration::ZERO));
        assert_eq!(wait(Trouble::Broken, 1, Patience::Keystroke, 0.9), None);
        assert_eq!(wait(Trouble::Busy(Some(Duration::ZERO)), 0, Patience::Keystroke, 0.9), None);
    }

    #[test]
    fn a_person_waits_as_advised_or_with_full_jitter() {
        let wait = |trouble, attempt, jitter| wait(trouble, attempt, Patience::Person, jitter);
        assert_eq!(wait(Trouble::Busy(Some(Duration::from_secs(2))), 0, 0.0), Some(Duration::from_secs(2)));
        assert_eq!(wait(Trouble::Busy(Some(Duration::from_secs(11))), 0, 0.0), None);
        assert_eq!(wait(Trouble::Busy(None), 0, 0.5), Some(Duration::from_millis(250)));
        assert_eq!(wait(Trouble::Busy(None), 1, 0.5), Some(Duration::from_millis(500)));
        assert_eq!(wait(Trouble::Lasting, 0, 0.5), None);
    }
}
