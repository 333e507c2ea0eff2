//! `docs/guides/editing.md` as it is read here: its sections, their blocks, and the keys and titles of their steps.

use aside_test_support::binary::repository;

/// A section of the page, by its heading.
pub(super) struct Section(String);

/// The section under `heading`.
pub(super) fn section(heading: &str) -> Section {
    let page = read("docs/guides/editing.md");
    let begin = format!("{heading}\n");
    let found = page.split("\n## ").find(|part| part.starts_with(&begin));
    Section(found.unwrap_or_else(|| panic!("no section `{heading}`")).to_owned())
}

/// A file of the repository.
pub(super) fn read(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("`{path}`: {error}"))
}

impl Section {
    /// The blocks in `language`.
    pub(super) fn blocks(&self, language: &str) -> Vec<String> {
        let fence = format!("```{language}\n");
        self.0.split(&fence).skip(1).filter_map(|rest| rest.split("```").next()).map(str::to_owned).collect()
    }

    /// What stands between back quotes in the numbered steps: keys to type, and titles to choose.
    pub(super) fn steps(&self) -> Vec<String> {
        let steps = self.0.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_digit()));
        steps.flat_map(quoted).collect()
    }

    /// The commands of its blocks: a name and an object.
    pub(super) fn commands(&self) -> Vec<(String, serde_json::Value)> {
        let command = |line: &str| {
            let (name, parameters) = line.split_once(' ').unwrap_or_else(|| panic!("`{line}` is no command"));
            (name.to_owned(), serde_json::from_str(parameters).expect("the parameters are JSON"))
        };
        self.blocks("text").iter().flat_map(|block| block.lines()).map(command).collect()
    }

    /// The title that begins with `begin`, as the page has it.
    pub(super) fn title(&self, begin: &str) -> String {
        let found = self.0.lines().flat_map(quoted).find(|title| title.starts_with(begin));
        found.unwrap_or_else(|| panic!("the page names no `{begin}`"))
    }

    /// The cells of its table, row by row.
    pub(super) fn rows(&self) -> Vec<Vec<String>> {
        let rows = self.0.lines().filter(|line| line.starts_with("| `"));
        rows.map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()).collect()
    }
}

/// What stands between back quotes.
pub(super) fn quoted(line: &str) -> Vec<String> {
    line.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
