//! Pages that are written by the program: they say what it says now. `UPDATE=1` writes them anew.
#![expect(clippy::disallowed_methods, reason = "the test writes the page when it is asked to")]

use std::{env, fs};

use aside_test_support::binary::repository;

fn check(path: &str, expected: &str) {
    let file = repository().join(path);
    if env::var_os("UPDATE").is_some() {
        fs::write(&file, expected).expect("the page is writable");
    }
    let found = fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
    assert!(found == expected, "`{path}` is not what the program says now: run `UPDATE=1 cargo test --test generated`");
}

#[test]
fn the_page_of_settings_is_fresh() {
    check("docs/settings.md", &aside_config::reference());
}
