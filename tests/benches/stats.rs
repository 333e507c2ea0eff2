//! Samples, what the system says of a process, and the table.

use std::{fs, time::Duration};

/// Durations of one measurement.
#[derive(Default)]
pub(crate) struct Sample(Vec<Duration>);

impl Sample {
    pub(crate) fn push(&mut self, one: Duration) {
        self.0.push(one);
    }

    /// All of them, as they came.
    pub(crate) fn each(&self) -> impl Iterator<Item = Duration> {
        self.0.iter().copied()
    }

    /// The smallest duration that `share` of all do not exceed, in milliseconds.
    fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort();
        let rank = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len());
        sorted[rank - 1].as_secs_f64() * 1e3
    }
}

/// One line of the table.
pub(crate) struct Row {
    what: String,
    figure: String,
    aim: String,
}

impl Row {
    pub(crate) fn times(what: &str, sample: &Sample, aim: &str) -> Self {
        let (p50, p95, n) = (sample.quantile(0.5), sample.quantile(0.95), sample.0.len());
        Self::text(what, format!("p50 {p50:.2} ms, p95 {p95:.2} ms (n = {n})"), aim)
    }

    /// The same in microseconds.
    pub(crate) fn fine(what: &str, sample: &Sample, aim: &str) -> Self {
        let (p50, p95, n) = (sample.quantile(0.5) * 1e3, sample.quantile(0.95) * 1e3, sample.0.len());
        Self::text(what, format!("p50 {p50:.0} µs, p95 {p95:.0} µs (n = {n})"), aim)
    }

    pub(crate) fn text(what: &str, figure: impl Into<String>, aim: &str) -> Self {
        Self { what: what.to_owned(), figure: figure.into(), aim: aim.to_owned() }
    }
}

/// Prints the table as Markdown.
pub(crate) fn print(rows: &[Row]) {
    println!("| what | measured | aim |\n|---|---|---|");
    for row in rows {
        println!("| {} | {} | {} |", row.what, row.figure, row.aim);
    }
}

/// Resident and anonymous memory of a process in KiB (`/proc/PID/status`, `VmRSS` and `RssAnon`).
pub(crate) fn memory_kib(pid: u32) -> (u64, u64) {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).expect("Linux tells it");
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
    };
    (field("VmRSS:"), field("RssAnon:"))
}

/// User and system time of a process in clock ticks (fields 14 and 15 of `/proc/PID/stat`).
pub(crate) fn cpu_ticks(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    let after_name = stat.rsplit_once(')').expect("the name is in parentheses").1;
    let mut fields = after_name.split_whitespace().skip(11);
    let mut ticks = || fields.next().and_then(|field| field.parse::<u64>().ok()).expect("a number");
    ticks() + ticks()
}
