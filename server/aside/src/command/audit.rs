//! `aside audit`: the record of what was done with keys.

use std::process::ExitCode;

use aside_vault::{
    KeyName, Origin,
    audit::{Entry, Finding, Summary, Verdict},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    cli::Audit,
    failure::Failure,
    terminal::{self, Style, styled, visible},
    wiring::App,
};

/// Findings that are printed; the rest is counted.
const SHOWN: usize = 20;

/// Runs one of the subcommands; `verify` fails when the log is not as it was written.
pub(crate) fn run(app: &App, args: &Audit) -> Result<ExitCode, Failure> {
    match args {
        Audit::Tail { count, json } => tail(app, *count, *json),
        Audit::Verify(args) => verify(app, args.json),
        Audit::Report { days, json } => report(app, *days, *json),
    }
}

/// The keys that the settings name: the log knows them by a hash only.
fn known(app: &App) -> Vec<KeyName> {
    let providers = app.settings().providers;
    let named = providers.iter().filter_map(|(name, provider)| Some((name, Origin::of(&provider.base_url).ok()?)));
    named.map(|(name, origin)| KeyName::new(name, origin)).chain([KeyName::conversations()]).collect()
}

fn tail(app: &App, count: u32, json: bool) -> Result<ExitCode, Failure> {
    let entries = app.audit.tail(count as usize, &known(app))?;
    if json {
        terminal::json(&entries.iter().map(entry_json).collect::<Vec<_>>());
    } else if entries.is_empty() {
        terminal::line("nothing is recorded yet");
    }
    if !json {
        entries.iter().for_each(show);
    }
    Ok(ExitCode::SUCCESS)
}

fn show(entry: &Entry) {
    let at = entry.at.map_or_else(|| "?".to_owned(), when);
    let key = entry.name.as_deref().or(entry.key.as_deref()).unwrap_or("");
    let why = entry.why.as_deref().map_or_else(String::new, |why| format!(" ({why})"));
    let times = if entry.count == 1 { String::new() } else { format!(" ×{}", entry.count) };
    let style = if entry.outcome == "done" { Style::Good } else { Style::Bad };
    let outcome = styled(style, &format!("{:8}", visible(&entry.outcome)));
    let by = styled(Style::Dim, &visible(&format!("{} {}", entry.by, entry.pid)));
    terminal::line(&format!(
        "{at}  {}{outcome} {}  {by}",
        visible(&format!("{:18}", entry.what)),
        visible(&format!("{key}{why}{times}"))
    ));
}

fn when(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn verify(app: &App, json: bool) -> Result<ExitCode, Failure> {
    let verdict = app.audit.verify()?;
    if json {
        terminal::json(&verdict_json(&verdict));
    } else {
        show_verdict(&verdict);
    }
    Ok(if verdict.is_intact() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show_verdict(verdict: &Verdict) {
    let records = match verdict.records {
        0 => "nothing is recorded".to_owned(),
        1 => "1 record".to_owned(),
        count => format!("{count} records"),
    };
    let of = if verdict.files > 1 { format!(" in {} files", verdict.files) } else { String::new() };
    let state = match verdict.found {
        0 => styled(Style::Good, "intact"),
        1 => styled(Style::Bad, "not intact: 1 finding"),
        count => styled(Style::Bad, &format!("not intact: {count} findings")),
    };
    terminal::line(&format!("{records}{of}: {state}"));
    for finding in verdict.findings.iter().take(SHOWN) {
        terminal::line(&format!("{} {}", styled(Style::Bad, "✗"), visible(&finding.to_string())));
    }
    let more = verdict.found - verdict.findings.len().min(SHOWN) as u64;
    if more > 0 {
        terminal::line(&format!("  and {more} more"));
    }
    for notice in &verdict.notices {
        terminal::line(&format!("{} {}", styled(Style::Warn, "·"), visible(notice)));
    }
    if verdict.lost > 0 {
        terminal::line(&format!("{} {} records could not be written", styled(Style::Warn, "·"), verdict.lost));
    }
}

fn report(app: &App, days: u32, json: bool) -> Result<ExitCode, Failure> {
    let now = Timestamp::now();
    let since = now.checked_sub(SignedDuration::from_hours(i64::from(days) * 24)).unwrap_or(Timestamp::UNIX_EPOCH);
    let summary = app.audit.report(since, now, &known(app))?;
    if json {
        terminal::json(&summary_json(&summary));
    } else {
        show_summary(&summary);
    }
    Ok(ExitCode::SUCCESS)
}

fn show_summary(summary: &Summary) {
    terminal::line(&styled(Style::Bold, &format!("from {} to {}", when(summary.since), when(summary.until))));
    for count in &summary.counts {
        let key = count.name.as_deref().or(count.key.as_deref()).unwrap_or("");
        terminal::line(&visible(&format!("{:8} {:18} {:8} {key}", count.times, count.what, count.outcome)));
    }
    if summary.anomalies.is_empty() {
        terminal::line(&styled(Style::Good, "nothing out of the ordinary"));
    }
    for anomaly in &summary.anomalies {
        let at = anomaly.at.map_or_else(String::new, |at| format!("{}  ", when(at)));
        terminal::line(&format!("{} {at}{}", styled(Style::Warn, "!"), visible(&anomaly.detail)));
    }
}

fn entry_json(entry: &Entry) -> Value {
    json!({
        "n": entry.n, "at": entry.at.map(|at| at.to_string()), "pid": entry.pid, "by": entry.by, "what": entry.what,
        "key": entry.key, "name": entry.name, "outcome": entry.outcome, "why": entry.why, "count": entry.count,
    })
}

fn verdict_json(verdict: &Verdict) -> Value {
    let finding =
        |finding: &Finding| json!({ "file": finding.file, "line": finding.line, "message": finding.fault.to_string() });
    json!({
        "intact": verdict.is_intact(), "files": verdict.files, "records": verdict.records,
        "first": verdict.range.map(|(first, _)| first), "last": verdict.range.map(|(_, last)| last),
        "found": verdict.found, "findings": verdict.findings.iter().map(finding).collect::<Vec<_>>(),
        "notices": verdict.notices, "lost": verdict.lost,
    })
}

fn summary_json(summary: &Summary) -> Value {
    json!({
        "since": summary.since.to_string(), "until": summary.until.to_string(), "records": summary.records,
        "counts": summary.counts.iter().map(|one| json!({
            "what": one.what, "key": one.key, "name": one.name, "outcome": one.outcome, "times": one.times,
        })).collect::<Vec<_>>(),
        "anomalies": summary.anomalies.iter().map(|one| json!({
            "kind": one.kind, "at": one.at.map(|at| at.to_string()), "detail": one.detail,
        })).collect::<Vec<_>>(),
    })
}
