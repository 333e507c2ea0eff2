//! Settings that are amounts: counts, sizes, times and probabilities.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{Reason, Rule, Typed, duration_text, mistyped, quoted, size_text};
use crate::raw::Raw;

/// A whole number within bounds, both included.
pub(crate) struct Count(pub(crate) u64, pub(crate) u64);

impl Rule for Count {
    fn wanted(&self) -> String {
        format!("a whole number from {} to {}", self.0, self.1)
    }

    fn schema(&self) -> Json {
        json!({ "type": "integer", "minimum": self.0, "maximum": self.1 })
    }

    fn example(&self) -> String {
        self.0.midpoint(self.1).to_string()
    }
}

impl<T: TryFrom<u64> + Copy + Into<u64>> Typed<T> for Count {
    fn accept(&self, raw: &Raw) -> Result<T, Reason> {
        let number = match raw {
            Raw::Whole(number) => *number,
            Raw::Loose(text) => text.trim().parse().map_err(|_| "is not a whole number".to_owned())?,
            other => return Err(mistyped(other, "a whole number")),
        };
        within(number, (self.0, self.1), |bound| bound.to_string())
    }

    fn show(&self, value: &T) -> String {
        (*value).into().to_string()
    }
}

/// Bytes within bounds, both included: a whole number or text with a unit (`"10MiB"`).
pub(crate) struct Size(pub(crate) u64, pub(crate) u64);

impl Rule for Size {
    fn wanted(&self) -> String {
        format!("{}, as a number of bytes or text with a unit (`\"64KiB\"`)", self.brief())
    }

    fn brief(&self) -> String {
        format!("a size from {} to {}", size_text(self.0), size_text(self.1))
    }

    fn schema(&self) -> Json {
        json!({ "oneOf": [
            { "type": "integer", "minimum": self.0, "maximum": self.1 },
            { "type": "string", "pattern": "^[0-9]+ ?(B|kB|KB|KiB|MB|MiB|GB|GiB)?$" },
        ] })
    }

    fn example(&self) -> String {
        quoted("1MiB")
    }
}

impl<T: TryFrom<u64> + Copy + Into<u64>> Typed<T> for Size {
    fn accept(&self, raw: &Raw) -> Result<T, Reason> {
        let bytes = match raw {
            Raw::Whole(number) => *number,
            Raw::Text(text) | Raw::Loose(text) => bytes_in(text)?,
            other => return Err(mistyped(other, "a size")),
        };
        within(bytes, (self.0, self.1), size_text)
    }

    fn show(&self, value: &T) -> String {
        let text = size_text((*value).into());
        if text.bytes().all(|b| b.is_ascii_digit()) { text } else { quoted(&text) }
    }
}

fn bytes_in(text: &str) -> Result<i128, Reason> {
    let (number, unit) = split_unit(text);
    let factor: i128 = match unit {
        "" | "B" => 1,
        "kB" | "KB" => 1000,
        "KiB" => 1 << 10,
        "MB" => 1_000_000,
        "MiB" => 1 << 20,
        "GB" => 1_000_000_000,
        "GiB" => 1 << 30,
        _ => return Err("is not a size such as `\"64KiB\"`, `\"10MiB\"` or `1048576`".to_owned()),
    };
    let number: i128 = number.parse().map_err(|_| "is not a size: it begins with no whole number".to_owned())?;
    Ok(number.saturating_mul(factor))
}

/// A time within bounds, both included: text with a unit (`"250ms"`).
pub(crate) struct Lasting(pub(crate) Duration, pub(crate) Duration);

impl Rule for Lasting {
    fn wanted(&self) -> String {
        format!("{}, as text with a unit (`\"250ms\"`, `\"2s\"`, `\"15m\"`)", self.brief())
    }

    fn brief(&self) -> String {
        format!("a time from {} to {}", duration_text(self.0), duration_text(self.1))
    }

    fn schema(&self) -> Json {
        json!({ "type": "string", "pattern": "^[0-9]+ ?(ms|s|m|h|d)$" })
    }

    fn example(&self) -> String {
        quoted("2s")
    }
}

impl Typed<Duration> for Lasting {
    fn accept(&self, raw: &Raw) -> Result<Duration, Reason> {
        let (Raw::Text(text) | Raw::Loose(text)) = raw else {
            return Err(match raw {
                Raw::Whole(_) | Raw::Number(_) => "has no unit: write it as text, `\"250ms\"` or `\"2s\"`".to_owned(),
                other => mistyped(other, "a time such as `\"2s\"`"),
            });
        };
        let (number, unit) = split_unit(text);
        let factor = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "" => return Err("has no unit: write `ms`, `s`, `m`, `h` or `d` behind the number".to_owned()),
            _ => return Err("is not a time such as `\"250ms\"`, `\"2s\"` or `\"15m\"`".to_owned()),
        };
        let number: u64 = number.parse().map_err(|_| "is not a time: it begins with no whole number".to_owned())?;
        let duration = Duration::from_millis(number.saturating_mul(factor));
        if duration < self.0 {
            Err(format!("is shorter than the least, {}", duration_text(self.0)))
        } else if duration > self.1 {
            Err(format!("is longer than the greatest, {}", duration_text(self.1)))
        } else {
            Ok(duration)
        }
    }

    fn show(&self, value: &Duration) -> String {
        quoted(&duration_text(*value))
    }
}

/// A number within bounds, both included.
pub(crate) struct Fraction(pub(crate) f64, pub(crate) f64);

impl Rule for Fraction {
    fn wanted(&self) -> String {
        format!("a number from {} to {}", self.0, self.1)
    }

    fn schema(&self) -> Json {
        json!({ "type": "number", "minimum": self.0, "maximum": self.1 })
    }

    fn example(&self) -> String {
        self.0.midpoint(self.1).to_string()
    }
}

impl Typed<f64> for Fraction {
    fn accept(&self, raw: &Raw) -> Result<f64, Reason> {
        let number = match raw {
            Raw::Number(number) => *number,
            // Every whole number inside any bounds in use is exact; the rest is refused below.
            #[expect(clippy::cast_precision_loss, reason = "only compared with bounds")]
            Raw::Whole(number) => *number as f64,
            Raw::Loose(text) => text.trim().parse().map_err(|_| "is not a number".to_owned())?,
            other => return Err(mistyped(other, "a number")),
        };
        if (self.0..=self.1).contains(&number) {
            Ok(number)
        } else {
            Err(format!("is not within {} and {}", self.0, self.1))
        }
    }

    fn show(&self, value: &f64) -> String {
        format!("{value:?}")
    }
}

fn split_unit(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

fn within<T: TryFrom<u64>>(number: i128, bounds: (u64, u64), show: fn(u64) -> String) -> Result<T, Reason> {
    if number < i128::from(bounds.0) {
        return Err(format!("is below the least, {}", show(bounds.0)));
    }
    u64::try_from(number)
        .ok()
        .filter(|number| *number <= bounds.1)
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| format!("is above the greatest, {}", show(bounds.1)))
}
