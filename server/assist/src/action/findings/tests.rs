//! Reviews as models write them, and what is read of them.

use proptest::prelude::*;

use super::*;

fn files(paths: &[&str]) -> Vec<Reviewed> {
    paths.iter().map(|path| Reviewed { path: (*path).to_owned(), lines: 100 }).collect()
}

fn read(markdown: &str) -> Findings {
    findings(markdown, &files(&["src/a.rs", "src/error.rs", "lib/b.rs"]), true)
}

/// What a heading is read as: path, lines, severity, title.
fn heading(line: &str) -> Option<(String, u32, u32, &'static str, String)> {
    let finding = read(line).findings.pop()?;
    Some((finding.path, finding.lines.first, finding.lines.last, finding.severity.as_str(), finding.title))
}

#[test]
fn a_heading_is_read_however_it_is_dressed() {
    for line in [
        "### src/a.rs:3-9 error: lost update",
        "## src/a.rs:3-9 error: lost update",
        "### `src/a.rs:3-9` error: lost update",
        "### **src/a.rs:3–9** — **error**: lost update",
        "### **src/a.rs:3-9 error: lost update**",
        "**src/a.rs:3-9 error: lost update**",
        "### src/a.rs:L3-L9 [Error] - lost update",
        "### src/a.rs#L3-L9 (bug): lost update",
        "### src/a.rs (lines 3-9) critical: lost update",
        "### src/a.rs, lines 3 to 9, ERROR: lost update",
        "### ./src/a.rs:9-3 error: lost update",
        "### b/src/a.rs:3:1-9:5 error: lost update",
        "### a.rs:3-9 error: lost update",
        "### src\\a.rs:3-9 error: lost update",
        "### /home/me/project/src/a.rs:3-9 error: lost update  ",
        "### [src/a.rs:3-9] | high | lost update",
    ] {
        let expected = ("src/a.rs".to_owned(), 3, 9, "error", "lost update".to_owned());
        assert_eq!(heading(line), Some(expected), "{line}");
    }
}

#[test]
fn words_for_how_bad_it_is_are_understood() {
    for (word, severity) in [("Warning", "warning"), ("medium", "warning"), ("note", "information"), ("nit", "hint")] {
        let found = heading(&format!("### src/a.rs:3 {word}: x")).expect("a finding");
        assert_eq!((found.1, found.2, found.3), (3, 3, severity));
    }
    let found = heading("### src/error.rs:7 warning: error: is swallowed").expect("a finding");
    assert_eq!((found.0.as_str(), found.3, found.4.as_str()), ("src/error.rs", "warning", "error: is swallowed"));
}

#[test]
fn what_is_no_finding_is_passed_over() {
    for line in [
        "### Summary",
        "### Summary of the changes: good",
        "Some error: in a sentence",
        "### src/a.rs:3",
        "src/a.rs:3 error: without a heading",
        "**Note: bold**",
        "#### A long sentence that ends in error: yes",
        "#",
        "###",
        "```\n### src/a.rs:3 error: in a block\n```",
    ] {
        assert_eq!(read(line).findings, [], "{line}");
    }
}

#[test]
fn a_review_of_one_file_may_leave_out_its_path() {
    let one = files(&["src/a.rs"]);
    for line in ["### 3-9 error: x", "### line 3-9 error: x", "### L3-9: error: x", "### Lines 3–9 — error: x"] {
        let found = findings(line, &one, true);
        assert_eq!(
            (found.findings[0].path.as_str(), found.findings[0].lines),
            ("src/a.rs", Lines { first: 3, last: 9 })
        );
    }
    let found = findings("### error: x", &one, true);
    assert_eq!(found.findings[0].lines, Lines { first: 1, last: 1 });
    assert_eq!(found.remarks, ["\"x\" names no line and is shown at the first"]);
    assert_eq!(read("### 3 error: x").remarks, ["\"x\" is not shown in the code: it names no file"]);
}

#[test]
fn lines_that_are_not_there_are_cut_or_left_out() {
    for (line, lines, remark) in [
        ("### src/a.rs:90-200 error: x", Some((90, 100)), None),
        ("### src/a.rs:0 error: x", Some((1, 1)), None),
        ("### src/a.rs:101 error: x", None, Some("it names line 101, and the file has 100")),
        ("### src/a.rs:99999999999 error: x", None, Some("it names line 4294967295")),
        ("### other.rs:1 error: x", None, Some("`other.rs` was not reviewed")),
        ("### .rs:1 error: x", None, Some("was not reviewed")),
    ] {
        let found = read(line);
        let first = found.findings.first().map(|finding| (finding.lines.first, finding.lines.last));
        assert_eq!(first, lines, "{line}");
        let told = found.remarks.first().map_or("", String::as_str);
        assert_eq!(told.is_empty(), remark.is_none(), "{told}");
        assert!(told.contains(remark.unwrap_or("")), "{told}");
    }
    let twins = findings("### a.rs:1 error: x", &files(&["x/a.rs", "y/a.rs"]), true);
    assert_eq!(twins.remarks, ["\"x\" is not shown in the code: `a.rs` is the end of several paths"]);
}

const REVIEW: &str = "I read it.\n\n### src/a.rs:3-4 error: lost update\n\nTwo writers.\n\n#### When\nAlways.\n\n```rust\nlet a = 1;\n\
    ### src/a.rs:5 error: no heading\n```\nThat is all.\n\n### lib/b.rs:7 hint: name\n\n## Summary\n\nGood, but `error: x`.\n";

#[test]
fn an_explanation_and_a_suggestion_belong_to_their_heading() {
    let found = read(REVIEW);
    assert_eq!(found.remarks, [""; 0]);
    let [first, second] = found.findings.as_slice() else { panic!("{:?}", found.findings) };
    assert_eq!(first.detail, "Two writers.\n\n#### When\nAlways.\n\nThat is all.");
    assert_eq!(first.suggestion.as_deref(), Some("let a = 1;\n### src/a.rs:5 error: no heading"));
    assert_eq!((second.detail.as_str(), &second.suggestion), ("", &None));
}

#[test]
fn of_several_blocks_only_one_that_is_called_so_is_the_suggestion() {
    let two = "### src/a.rs:3 error: x\n```\na\n```\n```rust\nb\n```\n";
    assert_eq!(read(two).findings[0].suggestion, None);
    assert!(read(two).findings[0].detail.contains("```rust\nb\n```"));
    let called = "### src/a.rs:3 error: x\n```\na\n```\n```suggestion\nb\n```\n";
    assert_eq!(read(called).findings[0].suggestion.as_deref(), Some("b"));
}

#[test]
fn a_block_that_is_never_closed_hides_no_finding() {
    let text = "### src/a.rs:3 error: x\n```rust\nlet a;\n### lib/b.rs:7 hint: y\nWhy.\n~~~\n### src/a.rs:9 hint: z\n";
    let found = read(text);
    assert_eq!(found.findings.iter().map(|finding| finding.title.as_str()).collect::<Vec<_>>(), ["x", "y", "z"]);
    assert_eq!(found.findings[0].suggestion, None);
}

#[test]
fn a_heading_without_a_title_takes_the_first_words_below() {
    assert_eq!(read("### src/a.rs:3 error:\n\nIt leaks.\n").findings[0].title, "It leaks.");
    assert_eq!(read("### src/a.rs:3 error:").findings[0].title, "no title");
}

#[test]
fn there_are_not_more_findings_than_anyone_reads() {
    let text = "### src/a.rs:3 error: x\n".repeat(MOST + 5);
    let found = read(&text);
    assert_eq!(found.findings.len(), MOST);
    assert_eq!(found.remarks, ["5 more findings are not shown in the code"]);
}

#[test]
fn what_was_found_stays_as_it_is_when_more_comes() {
    let all = read(REVIEW).findings;
    let files = files(&["src/a.rs", "src/error.rs", "lib/b.rs"]);
    for end in (0..=REVIEW.len()).filter(|end| REVIEW.is_char_boundary(*end)) {
        let found = findings(&REVIEW[..end], &files, false).findings;
        assert!(all.starts_with(&found), "at {end}: {found:?}");
    }
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        "#{1,7} (src/a.rs|b.rs|\\*\\*|`)?(:|#L| line )?[0-9]{0,12}(-|–)?[0-9]{0,3} ?(error|nit|\\[bug\\])?:? ?\\PC{0,8}",
        "(```|~~~|````)(rust|suggestion)?",
        "\\PC{0,20}",
        Just(String::new()),
    ]
}

proptest! {
    #[test]
    fn any_text_is_read_and_findings_lie_in_their_files(lines in prop::collection::vec(line(), 0..20), end in any::<prop::sample::Index>()) {
        let text = lines.join("\n");
        let files = files(&["src/a.rs", "lib/b.rs"]);
        let whole = findings(&text, &files, true);
        for finding in &whole.findings {
            let Lines { first, last } = finding.lines;
            prop_assert!(1 <= first && first <= last && last <= 100, "{:?}", finding);
            prop_assert!(!finding.title.is_empty() && !finding.title.contains('\n'));
        }
        let cut = text.floor_char_boundary(end.index(text.len() + 1));
        let (part, more) = (findings(&text[..cut], &files, false), findings(&text, &files, false));
        prop_assert!(more.findings.starts_with(&part.findings));
    }

    #[test]
    fn any_bytes_are_read(text in "(\\PC|[#`~\n:*-]){0,200}") {
        findings(&text, &files(&["a"]), true);
        findings(&text, &[], false);
    }
}
