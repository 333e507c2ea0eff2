//! How prompts of custom actions are filled in, and what they cannot do.

use super::*;

fn custom(prompt: &str) -> Custom {
    Custom {
        name: "mine".to_owned(),
        title: "Mine".to_owned(),
        prompt: prompt.to_owned(),
        scope: Reach::Line,
        answers: Answers::Edit,
        kind: "refactor.rewrite",
        languages: Vec::new(),
        model: None,
        ask: false,
    }
}

fn variables() -> Variables {
    let diagnostic =
        |message: &str, line| DiagnosticVariable { message: message.to_owned(), line, ..Default::default() };
    Variables {
        code: "let a = \"<b>\";".to_owned(),
        language: "rust".to_owned(),
        diagnostics: vec![diagnostic("wrong", 3), diagnostic("worse", 4)],
        line: 3,
        end_line: 4,
        ..Variables::default()
    }
}

fn filled(prompt: &str) -> Result<String, CustomError> {
    custom(prompt).fill_in(&variables())
}

fn code(prompt: &str) -> &'static str {
    filled(prompt).expect_err("it cannot be filled in").code()
}

#[test]
fn a_prompt_is_filled_in_as_it_is_written() {
    for (prompt, text) in [
        ("Rewrite {{ language }}", "Rewrite rust"),
        ("{{ code }}", "let a = \"<b>\";"),
        ("{{ line }} to {{ end_line }}", "3 to 4"),
        ("{% for d in diagnostics %}{{ d.line }}: {{ d.message }};{% endfor %}", "3: wrong;4: worse;"),
        ("{% if instruction %}Do {{ instruction }}{% else %}Do it{% endif %}", "Do it"),
        ("{{ code | fenced }}", "```\nlet a = \"<b>\";\n```"),
        ("{{ language | upper }}{% set x = 1 %}{{ x }}", "RUST1"),
    ] {
        assert_eq!(filled(prompt).as_deref(), Ok(text), "{prompt}");
    }
}

#[test]
fn what_cannot_be_filled_in_names_the_action_and_the_variable() {
    let error = filled("{{ code }} {{ cod }}").expect_err("there is no such variable");
    assert_eq!(error.to_string(), "the prompt of the action `mine` names `cod`, which is not there");
    assert!(error.hint().contains("`end_line`"), "{}", error.hint());
    for (prompt, expected) in [
        ("{{ diagnostics[9].message }}", "action-broken-prompt"),
        ("{{ code", "action-broken-prompt"),
        ("{{ code | no_such_filter }}", "action-broken-prompt"),
        ("{% include '/etc/passwd' %}", "action-broken-prompt"),
        ("{% if other %}x{% endif %}", "action-unknown-variable"),
        ("{{ instruction }}", "action-prompt-empty"),
        ("{% for a in range(9999) %}{% for b in range(9999) %}{{ b }}{% endfor %}{% endfor %}", "action-too-much-work"),
        ("{{ 'x' * 5000000 }}", "action-prompt-too-long"),
    ] {
        assert_eq!(code(prompt), expected, "{prompt}");
    }
    let error = filled("one\n{{ code | }}").expect_err("it is no template").to_string();
    assert!(error.ends_with("(line 2)"), "{error}");
}

#[test]
fn the_variables_are_those_that_are_documented() {
    let value = serde_json::to_value(Variables::default()).expect("it is plain data");
    let mut names: Vec<_> = value.as_object().expect("it is an object").keys().cloned().collect();
    let mut documented = NAMES.map(str::to_owned);
    names.sort();
    documented.sort();
    assert_eq!(names, documented);
}

#[test]
fn the_actions_in_force_are_replaced_as_a_whole() {
    let customs = Customs::new(vec![custom("one")]);
    assert_eq!(customs.find("custom/mine").expect("it is there").prompt, "one");
    assert!(customs.find("mine").is_none() && customs.find("custom/other").is_none());
    customs.set_custom(Vec::new());
    assert!(customs.current().is_empty());
}
