//! The log on a real file system: what is written, what is found when it is tampered with, and what is out of the ordinary.
#![expect(clippy::disallowed_methods, reason = "the tests set the scene on disk and tamper with it")]

use std::{fs, sync::atomic::AtomicI64};

use proptest::prelude::*;

use super::*;
use crate::{KeyName, Origin, Slot};

const LIMITS: Limits = Limits { max_bytes: 64 * 1024, keep: 5, required: Required::Changes };

/// Noon of a Monday, in seconds since 1970.
const NOON: i64 = 1_780_315_200;

struct Scene {
    folder: tempfile::TempDir,
    now: Arc<AtomicI64>,
    limits: Limits,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder, now: Arc::new(AtomicI64::new(NOON)), limits: LIMITS }
    }

    /// A log of some records in files of about ten lines, the way every tampering is tried on.
    fn with_records(records: u64) -> Self {
        let scene = Self { limits: Limits { max_bytes: 3000, keep: 100, ..LIMITS }, ..Self::new() };
        let log = scene.log();
        for _ in 0..records {
            log.record(Record::done(What::Use).key(&name("work"))).expect("recorded");
        }
        scene
    }

    fn files(&self) -> AuditFiles {
        AuditFiles::under(&self.folder.path().join("state"), &self.folder.path().join("data"))
    }

    fn log(&self) -> AuditLog {
        let now = Arc::clone(&self.now);
        let clock = move || Timestamp::from_second(now.load(Ordering::SeqCst)).expect("a time");
        AuditLog::with_clock(self.files(), self.limits, By::Cli, Arc::new(clock))
    }

    fn path(&self, number: u32) -> PathBuf {
        let log = self.files().log;
        if number == 0 { log } else { log.with_file_name(format!("audit.jsonl.{number}")) }
    }

    fn text(&self, number: u32) -> String {
        fs::read_to_string(self.path(number)).expect("a log")
    }

    fn lines(&self, number: u32) -> Vec<String> {
        self.text(number).lines().map(str::to_owned).collect()
    }

    fn put_lines(&self, number: u32, lines: &[String]) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(self.path(number), text).expect("written");
    }

    fn verify(&self) -> Verdict {
        self.log().verify().expect("readable")
    }

    fn at(&self, hours: i64) -> &Self {
        self.now.store(NOON + hours * 3600, Ordering::SeqCst);
        self
    }
}

fn name(provider: &str) -> KeyName {
    KeyName::new(provider, Origin::of("https://api.example.com").expect("an address"))
}

fn told(verdict: &Verdict) -> Vec<String> {
    verdict.findings.iter().map(ToString::to_string).collect()
}

#[test]
fn a_record_is_one_line_without_names_and_values() {
    let scene = Scene::new();
    scene.log().record(Record::failed(What::Use, "no-key").key(&name("my-employer"))).expect("recorded");
    let text = scene.text(0);
    let line: serde_json::Value = serde_json::from_str(&text).expect("one JSON object");
    let keys: Vec<_> = line.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(keys, ["at", "by", "key", "mac", "n", "outcome", "pid", "prev", "v", "what", "why"]);
    assert_eq!((line["at"].as_str(), line["n"].as_u64()), (Some("2026-06-01T12:00:00.000Z"), Some(1)));
    assert_eq!((line["what"].as_str(), line["why"].as_str()), (Some("use"), Some("no-key")));
    assert_eq!(line["key"].as_str().map(str::len), Some(16));
    assert!(text.ends_with("}\n") && text.lines().count() == 1);
    assert!(!text.contains("my-employer") && !text.contains("example.com"), "{text}");
}

#[test]
fn keys_are_told_apart_and_the_known_ones_by_name() {
    let scene = Scene::new();
    let log = scene.log();
    for record in [
        Record::done(What::Set).key(&name("a")),
        Record::done(What::Set).key(&name("a")).slot(Slot::Previous),
        Record::done(What::Set).key(&name("b")),
        Record::done(What::List),
    ] {
        log.record(record).expect("recorded");
    }
    let entries = log.tail(10, &[name("a")]).expect("read");
    let mut ids: Vec<_> = entries.iter().filter_map(|entry| entry.key.clone()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    let names: Vec<_> = entries.iter().map(|entry| entry.name.as_deref()).collect();
    let (current, previous) =
        ("`a` for `https://api.example.com:443`", "the replaced key of `a` for `https://api.example.com:443`");
    assert_eq!(names, [Some(current), Some(previous), None, None]);
    assert_eq!(log.tail(2, &[]).expect("read").iter().map(|entry| entry.n).collect::<Vec<_>>(), [3, 4]);
}

#[test]
fn an_untouched_log_is_intact_over_all_its_files() {
    let scene = Scene::with_records(60);
    let verdict = scene.verify();
    assert_eq!((verdict.records, verdict.range, told(&verdict)), (60, Some((1, 60)), vec![]));
    assert!(verdict.files > 4 && verdict.notices.is_empty(), "{verdict:?}");
    assert_eq!(scene.log().tail(60, &[]).expect("read").len(), 60);
    assert_eq!(Scene::new().verify(), Verdict::default(), "no log is no mistake");
    assert!(!Scene::new().files().log.exists());
}

/// What somebody does to a log, and the first thing that is found. `None` where nothing can be known.
type Tampering = (&'static str, fn(&Scene), &'static str);

const TAMPERINGS: &[Tampering] = &[
    (
        "edits a byte",
        |s| fs::write(s.path(2), s.text(2).replacen("\"use\"", "\"usf\"", 1)).expect("written"),
        "`audit.jsonl.2` line 1: was changed or put in: its code does not fit",
    ),
    (
        "edits the last line",
        |s| {
            edit(s, 0, |lines| {
                let last = lines.len() - 1;
                lines[last] = lines[last].replace("done", "lost");
            });
        },
        "`audit.jsonl` line 5: was changed or put in: its code does not fit",
    ),
    (
        "adds a space",
        |s| edit(s, 2, |lines| lines[1].insert(1, ' ')),
        "`audit.jsonl.2` line 2: was changed or put in: its code does not fit",
    ),
    (
        "deletes a line",
        |s| edit(s, 2, |lines| drop(lines.remove(3))),
        "`audit.jsonl.2` line 4: a record before this line is gone",
    ),
    (
        "deletes the first line",
        |s| edit(s, 6, |lines| drop(lines.remove(0))),
        "`audit.jsonl.6` line 1: a record before this line is gone",
    ),
    (
        "deletes two lines over a file's end",
        |s| {
            edit(s, 3, |lines| drop(lines.pop()));
            edit(s, 2, |lines| drop(lines.remove(0)));
        },
        "`audit.jsonl.2` line 1: 2 records before this line are gone",
    ),
    ("swaps two lines", |s| edit(s, 2, |lines| lines.swap(2, 5)), "`audit.jsonl.2` line 4: record"),
    ("repeats a line", |s| edit(s, 2, |lines| lines.insert(4, lines[3].clone())), "`audit.jsonl.2` line 5: record"),
    (
        "repeats an old line at the end",
        |s| {
            let old = s.lines(3)[0].clone();
            edit(s, 0, |lines| lines.push(old.clone()));
        },
        "`audit.jsonl` line 6: record",
    ),
    (
        "puts a line in",
        |s| edit(s, 2, |lines| lines.insert(4, "{\"v\":1}".to_owned())),
        "`audit.jsonl.2` line 5: was changed or put in: its code does not fit",
    ),
    (
        "puts a forged record in",
        |s| {
            edit(s, 2, |lines| {
                let forged = lines[4].replace("cli", "lsp");
                lines.insert(4, forged);
            });
        },
        "`audit.jsonl.2` line 5: was changed or put in: its code does not fit",
    ),
    (
        "cuts at a line",
        |s| edit(s, 0, |lines| lines.truncate(2)),
        "`audit.jsonl` line 2: the last 3 records are gone: the end was cut off",
    ),
    (
        "cuts within a line",
        |s| {
            let text = s.text(0);
            fs::write(s.path(0), &text[..text.len() - 40]).expect("written");
        },
        "`audit.jsonl` line 5: the last record is gone: the end was cut off",
    ),
    (
        "empties the newest file",
        |s| fs::write(s.path(0), "").expect("written"),
        "`audit.jsonl`: the last 5 records are gone: the end was cut off",
    ),
    (
        "removes the newest file",
        |s| fs::remove_file(s.path(0)).expect("removed"),
        "`audit.jsonl` line 11: the last 5 records are gone: the end was cut off",
    ),
    (
        "removes a middle file",
        |s| fs::remove_file(s.path(2)).expect("removed"),
        "`audit.jsonl.1` line 1: 11 records before this line are gone",
    ),
    (
        "removes the oldest file",
        |s| fs::remove_file(s.path(6)).expect("removed"),
        "`audit.jsonl.5` line 1: 11 records before this line are gone",
    ),
    (
        "removes all files",
        |s| (0..=6).for_each(|n| fs::remove_file(s.path(n)).expect("removed")),
        "`audit.jsonl`: the last",
    ),
    (
        "puts an old file in another's place",
        |s| assert!(fs::copy(s.path(5), s.path(2)).is_ok()),
        "`audit.jsonl.2` line 1: record 12 is here once more",
    ),
    (
        "puts an old file back as the newest",
        |s| assert!(fs::copy(s.path(4), s.path(0)).is_ok()),
        "`audit.jsonl` line 1: record",
    ),
    (
        "swaps two files",
        |s| {
            let (a, b) = (s.text(2), s.text(3));
            fs::write(s.path(2), a.clone().min(b.clone())).expect("written");
            fs::write(s.path(3), a.max(b)).expect("written");
        },
        "`audit.jsonl.2` line 1: record 34 was moved",
    ),
    (
        "puts in a file of another log",
        |s| {
            let other = Scene::with_records(11);
            fs::write(s.path(2), other.text(0)).expect("written");
        },
        "`audit.jsonl.2`: belongs to another log, or all of it was changed: no line's code fits",
    ),
    (
        "writes something else over a file",
        |s| fs::write(s.path(2), "{}\n[]\nx\n").expect("written"),
        "`audit.jsonl.2`: belongs to another log, or all of it was changed: no line's code fits",
    ),
    (
        "removes the head",
        |s| fs::remove_file(s.files().head).expect("removed"),
        "`audit.head`: the file that says how far the log goes is gone",
    ),
    (
        "edits the head",
        |s| {
            let text = fs::read_to_string(s.files().head).expect("a head");
            fs::write(s.files().head, text.replace("71 ", "50 ")).expect("written");
        },
        "`audit.head`: the file that says how far the log goes is damaged",
    ),
    (
        "cuts the end and the head",
        |s| {
            edit(s, 0, |lines| lines.truncate(2));
            fs::write(s.files().head, "").expect("written");
        },
        "`audit.head`: the file that says how far the log goes is damaged",
    ),
    (
        "makes a line too long",
        |s| edit(s, 2, |lines| lines[4].push_str(&" ".repeat(5000))),
        "`audit.jsonl.2` line 5: was changed or put in: its code does not fit",
    ),
];

fn edit(scene: &Scene, number: u32, change: impl Fn(&mut Vec<String>)) {
    let mut lines = scene.lines(number);
    change(&mut lines);
    scene.put_lines(number, &lines);
}

#[test]
fn every_kind_of_tampering_is_found_where_it_is() {
    for (what, tamper, expected) in TAMPERINGS {
        let scene = Scene::with_records(71);
        assert_eq!(scene.lines(0).len(), 5, "the table knows this log");
        tamper(&scene);
        let verdict = scene.verify();
        let told = told(&verdict);
        assert!(told.first().is_some_and(|first| first.starts_with(expected)), "{what}: {told:#?}");
        assert!(!verdict.is_intact() && verdict.found >= told.len() as u64);
    }
}

#[test]
fn tampering_is_still_found_when_the_log_went_on_behind_it() {
    for (what, tamper, _) in TAMPERINGS {
        let scene = Scene::with_records(71);
        tamper(&scene);
        let log = scene.log();
        for _ in 0..3 {
            log.record(Record::done(What::Use)).unwrap_or_else(|error| panic!("{what}: {error}"));
        }
        let verdict = scene.verify();
        assert!(!verdict.is_intact(), "{what}: {verdict:#?}");
    }
}

#[test]
fn what_a_killed_writer_leaves_is_told_apart_from_tampering() {
    // Killed in the middle of a line: the head does not know the line yet.
    let scene = Scene::with_records(15);
    let mut torn = scene.text(0);
    torn.push_str("{\"v\":1,\"n\":16,\"at\":\"20");
    fs::write(scene.path(0), &torn).expect("written");
    let verdict = scene.verify();
    assert!(verdict.is_intact() && verdict.notices.len() == 1, "{verdict:#?}");
    scene.log().record(Record::done(What::Use)).expect("recorded");
    let verdict = scene.verify();
    assert!(verdict.is_intact() && verdict.records == 17, "the mending is a record: {verdict:#?}");
    assert!(verdict.notices[0].contains("22 bytes of an unfinished one were removed"), "{:?}", verdict.notices);

    // Killed between the line and the head.
    let scene = Scene::with_records(14);
    let head = fs::read(scene.files().head).expect("a head");
    scene.log().record(Record::done(What::Use)).expect("recorded");
    fs::write(scene.files().head, head).expect("written");
    let verdict = scene.verify();
    assert!(verdict.is_intact() && verdict.notices.len() == 1, "{verdict:#?}");
    scene.log().record(Record::done(What::Use)).expect("recorded");
    assert!(scene.verify().is_intact() && scene.verify().notices.is_empty());

    // Killed behind the line, before its line end.
    let text = scene.text(0);
    fs::write(scene.path(0), text.trim_end()).expect("written");
    assert!(scene.verify().is_intact());
    scene.log().record(Record::done(What::Use)).expect("recorded");
    let verdict = scene.verify();
    assert!(verdict.is_intact() && verdict.records == 17, "{verdict:#?}");
}

#[test]
fn rotation_keeps_the_chain_and_its_beginning() {
    let mut scene = Scene::new();
    scene.limits = Limits { max_bytes: 3000, keep: 2, ..LIMITS };
    let log = scene.log();
    for _ in 0..100 {
        log.record(Record::done(What::Use)).expect("recorded");
    }
    let verdict = scene.verify();
    assert!(verdict.is_intact() && verdict.files == 3, "{verdict:#?}");
    assert!(verdict.range.is_some_and(|(first, last)| first > 60 && last == 100), "{verdict:#?}");
    // What rotation left is all that may be missing.
    fs::remove_file(scene.path(2)).expect("removed");
    assert!(told(&scene.verify())[0].starts_with("`audit.jsonl.1` line 1: "), "{:?}", told(&scene.verify()));
}

#[test]
fn a_key_is_made_once_and_never_replaced() {
    type Damage = (&'static str, fn(&AuditFiles), &'static str);
    let damaged: &[Damage] = &[
        ("gone", |f| fs::remove_file(&f.key).expect("removed"), "audit-key-missing"),
        ("empty", |f| fs::write(&f.key, "").expect("written"), "audit-key-damaged"),
        (
            "longer",
            |f| fs::write(&f.key, [fs::read(&f.key).expect("a key"), vec![0]].concat()).expect("written"),
            "audit-key-damaged",
        ),
        (
            "flipped",
            |f| {
                let mut key = fs::read(&f.key).expect("a key");
                key[20] ^= 1;
                fs::write(&f.key, key).expect("written");
            },
            "audit-key-damaged",
        ),
        (
            "a folder",
            |f| {
                fs::remove_file(&f.key).expect("removed");
                fs::create_dir(&f.key).expect("made");
            },
            "audit-unavailable",
        ),
    ];
    for (what, damage, code) in damaged {
        let scene = Scene::with_records(3);
        let before = scene.text(0);
        damage(&scene.files());
        let log = scene.log();
        for error in [log.record(Record::done(What::Set)).expect_err(what), log.verify().expect_err(what)] {
            assert_eq!(error.code(), *code, "{what}: {error}");
            assert!(!error.hint().is_empty());
        }
        assert_eq!(scene.text(0), before, "{what}");
        assert!(log.status().problem.is_some(), "{what}");
        assert!(log.tail(3, &[]).is_ok() == (*code == "audit-key-missing"), "{what}: without a key there are no names");
    }
}

#[test]
fn a_key_of_another_log_is_no_key_of_this_one() {
    let scene = Scene::with_records(3);
    fs::copy(Scene::with_records(1).files().key, scene.files().key).expect("copied");
    assert_eq!(scene.log().record(Record::done(What::Set)).expect_err("foreign").code(), "audit-damaged");
    assert!(!scene.verify().is_intact());
}

#[test]
fn what_must_be_recorded_is_what_the_settings_say() {
    let scene = Scene::new();
    let mut log = scene.log();
    for required in [Required::Changes, Required::All] {
        log.set_limits(Limits { required, ..LIMITS });
        let asked = [What::Set, What::Rotate, What::Export, What::Backup, What::Restore, What::Import, What::Delete];
        assert!(asked.iter().all(|what| log.required(*what)));
        assert_eq!(log.required(What::Use), required == Required::All);
        assert!(!log.required(What::Lock), "locking is never refused");
    }
    // With a folder in the log's place nothing can be written.
    fs::create_dir_all(scene.files().log).expect("made");
    log = scene.log();
    assert!(log.record(Record::done(What::Set)).is_err());
    log.note(Record::done(What::Use));
    log.close();
    let status = log.status();
    assert!(status.lost == 1 && status.problem.is_some(), "{status:?}");
    fs::remove_dir(scene.files().log).expect("removed");
    log.record(Record::done(What::Set)).expect("recorded again");
    let entries = log.tail(10, &[]).expect("read");
    let told: Vec<_> = entries.iter().map(|entry| (entry.what.as_str(), entry.count)).collect();
    assert_eq!(told, [("lost", 1), ("set", 1)]);
}

#[test]
fn notes_are_written_together_and_a_flood_becomes_a_count() {
    let scene = Scene::new();
    let log = scene.log();
    for _ in 0..2000 {
        log.note(Record::done(What::Use).key(&name("work")));
    }
    log.note(Record::locked("idle"));
    log.close();
    let entries = log.tail(100, &[]).expect("read");
    let uses: u64 = entries.iter().filter(|entry| entry.what == "use").map(|entry| entry.count).sum();
    assert_eq!((uses, log.status().lost), (2000, 0));
    assert!(entries.len() < 50, "{}", entries.len());
    assert!(entries.iter().any(|entry| entry.what == "lock" && entry.why.as_deref() == Some("idle")));
    log.note(Record::done(What::List));
    drop(log);
    assert_eq!(scene.log().tail(1, &[]).expect("read")[0].what, "list", "a drop writes what was noted");
    assert!(scene.verify().is_intact());
}

#[test]
fn the_doctor_is_told_before_the_oldest_records_go() {
    let mut scene = Scene::new();
    scene.limits = Limits { max_bytes: 3000, keep: 1, ..LIMITS };
    let log = scene.log();
    let mut seen = Vec::new();
    for n in 1..=22 {
        log.record(Record::done(What::Use)).expect("recorded");
        seen.push((n, log.status().drops_soon));
    }
    let soon: Vec<_> = seen.iter().filter(|(_, soon)| *soon).map(|(n, _)| *n).collect();
    assert!(!soon.is_empty() && soon[0] > 15, "only the second file is near its end: {seen:?}");
    let status = log.status();
    assert_eq!(
        (status.files, status.has_key, status.last),
        (2, true, Some(Timestamp::from_second(NOON).expect("a time")))
    );
}

#[cfg(unix)]
#[test]
fn every_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::with_records(20);
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    let files = scene.files();
    for path in [&files.log, &files.key, &files.head, &scene.path(1), &files.log.with_extension("lock")] {
        assert_eq!(mode(path), 0o600, "{}", path.display());
    }
    for path in [files.log.parent(), files.key.parent()] {
        assert_eq!(mode(path.expect("a folder")), 0o700);
    }
}

#[test]
fn five_planted_anomalies_are_found_and_a_plain_week_has_none() {
    let scene = Scene::new();
    let log = scene.log();
    // Four weeks of plain work: weekdays, from 9 to 17 UTC.
    for day in 0..28_i64 {
        for hour in (-3..=5).filter(|_| day % 7 < 5) {
            scene.at(day * 24 + hour);
            log.record(Record::done(What::Use).key(&name("work"))).expect("recorded");
        }
    }
    log.record(Record::done(What::WrongPassphrase)).expect("recorded");
    log.record(Record::done(What::Unlock)).expect("recorded");
    log.record(Record::locked("idle")).expect("recorded");
    log.record(Record::done(What::Export)).expect("recorded");
    let (week, now) = (scene.at(21 * 24).log(), 29 * 24);
    let plain = week.report(time(21 * 24 - 12), time(now), &[]).expect("read");
    assert_eq!(plain.anomalies, [], "a plain week");

    let plant: &[(i64, Record)] = &[
        (28 * 24, Record::failed(What::WrongPassphrase, "wrong")),
        (28 * 24, Record::failed(What::WrongPassphrase, "wrong")),
        (28 * 24, Record::failed(What::WrongPassphrase, "wrong")),
        (28 * 24 + 1, Record::done(What::Unlock)),
        (28 * 24 + 15, Record::done(What::Use).key(&name("work"))),
        (28 * 24 + 16, Record::done(What::Set).key(&name("thief"))),
        (28 * 24 + 18, Record::refused(What::Use, "origin").key(&name("work"))),
    ];
    for (hour, record) in plant {
        scene.at(*hour);
        log.record(record.clone()).expect("recorded");
    }
    let report = log.report(time(28 * 24 - 1), time(now + 24), &[name("work")]).expect("read");
    let kinds: Vec<_> = report.anomalies.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, ["unlock-failures", "unusual-hour", "new-key", "refused-use"]);
    assert_eq!(report.records, 7);
    let refused = &report.anomalies[3].detail;
    assert_eq!(refused, "a use of the key of `work` for `https://api.example.com:443` was refused: origin");

    for _ in 0..3 {
        log.record(Record::done(What::Export)).expect("recorded");
    }
    let report = log.report(time(28 * 24 - 1), time(now + 24), &[]).expect("read");
    assert!(report.anomalies.iter().any(|one| one.kind == "many-exports"), "{report:#?}");
    let uses = report.counts.iter().find(|one| one.what == "use" && one.outcome == "done").expect("counted");
    assert_eq!(uses.times, 1);
}

fn time(hours: i64) -> Timestamp {
    Timestamp::from_second(NOON + hours * 3600).expect("a time")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_name_and_no_code_can_forge_a_line(providers in prop::collection::vec(".{0,40}", 1..6)) {
        let scene = Scene::new();
        let log = scene.log();
        for provider in &providers {
            let hostile = format!("{provider}\n{{\"v\":1,\"n\":1}}\r\n\u{2028}\0");
            log.record(Record::refused(What::Use, "a\nb \"c\"").key(&name(&hostile))).expect("recorded");
        }
        let text = scene.text(0);
        prop_assert_eq!(text.matches('\n').count(), providers.len());
        prop_assert!(text.is_ascii() && !text.contains(['\r', '\0']));
        prop_assert!(text.lines().all(|line| line.contains("\"why\":\"other\"")));
        let verdict = scene.verify();
        prop_assert!(verdict.is_intact() && verdict.records == providers.len() as u64);
    }

    #[test]
    fn any_changed_byte_is_found(at in any::<prop::sample::Index>(), flip in 1_u8..) {
        let scene = Scene::with_records(15);
        let mut bytes = fs::read(scene.path(1)).expect("a log");
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        fs::write(scene.path(1), bytes).expect("written");
        prop_assert!(!scene.verify().is_intact());
    }

    #[test]
    fn whatever_is_in_the_files_nothing_panics(log in any::<Vec<u8>>(), head in any::<Vec<u8>>(), cut in 0_usize..800) {
        let scene = Scene::with_records(3);
        let mut bytes = fs::read(scene.path(0)).expect("a log");
        bytes.truncate(cut);
        bytes.extend(&log);
        fs::write(scene.path(0), bytes).expect("written");
        fs::write(scene.files().head, head).expect("written");
        let _ = scene.log().record(Record::done(What::Use));
        prop_assert!(!scene.verify().is_intact());
        drop(scene.log().tail(5, &[]));
        drop(scene.log().report(time(-1000), time(1000), &[]));
    }
}
