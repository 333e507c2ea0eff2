//! `aside complete FILE:LINE:COLUMN`: the inline completion at a place, for scripts and for looking into it.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use aside_assist::inline::{Ask, Explanation, Trigger};
use aside_text::{Document, Encoding, Position};
use serde_json::json;

use super::{block_on, warned};
use aside_vault::audit::By;

use crate::{
    cli::{Asked, Complete},
    failure::{Exit, Failure},
    terminal::{self, Style, styled, visible},
    wiring::{self, App},
    workspace,
};

/// The largest file that is completed in.
const LARGEST: u64 = 32 * 1024 * 1024;

/// Prints the completion; exit code 1 and the reason when there is none.
pub(crate) fn run(asked: &Asked, args: &Complete) -> Result<ExitCode, Failure> {
    let place = Place::parse(&args.place)?;
    let root = workspace::root_for(&place.file, &wiring::absolute(Path::new("."))?);
    let app = warned(App::new(asked, Some(&root), By::Cli)?);
    let ask = place.ask(&root)?;
    block_on(async {
        if args.explain {
            let explanation = app.inline.explain(ask).await;
            show_explanation(&explanation, args.json);
            return Ok(ExitCode::SUCCESS);
        }
        // One answer is all there will be, so it is worth waiting for the workspace to be read.
        app.current.load_full().engine.prepare(&root).await;
        complete(&app, ask, args.json).await
    })
}

async fn complete(app: &App, ask: Ask, json: bool) -> Result<ExitCode, Failure> {
    let answer = app.inline.complete(ask).await;
    if json {
        terminal::json(&json!({
            "suggestions": answer.suggestions.iter().map(|one| json!({ "text": one.text })).collect::<Vec<_>>(),
            "model": answer.model,
            "empty": answer.empty.as_ref().map(|empty| json!({ "code": empty.code(), "message": empty.to_string(), "hint": empty.hint() })),
        }));
    }
    match (answer.suggestions.first(), answer.empty) {
        (Some(suggestion), _) => {
            if !json {
                terminal::line(&visible(&suggestion.text));
            }
            Ok(ExitCode::SUCCESS)
        }
        (None, Some(empty)) if !json => Err(Failure::new(Exit::Failed, empty.to_string(), empty.hint())),
        (None, _) => Ok(ExitCode::FAILURE),
    }
}

fn show_explanation(explanation: &Explanation, json: bool) {
    if json {
        return terminal::json(explanation);
    }
    let heading = |text: &str| terminal::line(&styled(Style::Bold, text));
    let model = explanation.model.as_deref().unwrap_or("no model");
    heading(&format!(
        "to {model}{}",
        if explanation.builtin { " (built in: nothing leaves this program)" } else { "" }
    ));
    if let Some(refused) = &explanation.refused {
        terminal::line(&format!("nothing would be sent: {} ({})", visible(&refused.message), refused.code));
        terminal::line(&format!("  next: {}", visible(&refused.hint)));
        return;
    }
    for part in &explanation.snippets {
        heading(&format!("from {}", visible(&part.path)));
        terminal::line(&visible(&part.text));
    }
    heading(&format!("before the cursor, {} bytes", explanation.prefix.len()));
    terminal::line(&visible(&explanation.prefix));
    heading(&format!("after the cursor, {} bytes", explanation.suffix.len()));
    terminal::line(&visible(&explanation.suffix));
    for left_out in &explanation.left_out {
        terminal::line(&format!("left out: {} ({})", visible(&left_out.path), left_out.reason));
    }
    let wanted = if explanation.single_line { "the rest of the line" } else { "a line or a block" };
    terminal::line(&format!("asked for: {wanted}"));
}

/// A place named on the command line.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    file: PathBuf,
    line: u32,
    column: u32,
}

impl Place {
    fn parse(text: &str) -> Result<Self, Failure> {
        let wrong = || {
            let message = format!("`{text}` is not FILE:LINE:COLUMN");
            Failure::new(Exit::Usage, message, "line and column count from 1, for example `src/main.rs:10:5`")
        };
        let mut parts = text.rsplitn(3, ':');
        let (column, line, file) = (parts.next(), parts.next(), parts.next());
        let number = |part: Option<&str>| part.and_then(|part| part.parse::<u32>().ok()).filter(|number| *number > 0);
        let (Some(column), Some(line), Some(file)) =
            (number(column), number(line), file.filter(|file| !file.is_empty()))
        else {
            return Err(wrong());
        };
        Ok(Self { file: wiring::absolute(Path::new(file))?, line, column })
    }

    fn ask(&self, root: &Path) -> Result<Ask, Failure> {
        let shown = self.file.display();
        let name = |error: String, hint: &str| Failure::new(Exit::NotFound, error, hint);
        let relative = aside_index::relative(root, &self.file);
        let text = std::fs::metadata(&self.file)
            .and_then(|meta| {
                if !meta.is_file() {
                    // A pipe could be waited for, and a device read, for ever.
                    Err(std::io::Error::other("it is not a regular file"))
                } else if meta.len() > LARGEST {
                    Err(std::io::Error::other("the file is larger than 32 MiB"))
                } else {
                    std::fs::read(&self.file)
                }
            })
            .map_err(|error| name(format!("`{shown}` is not readable: {error}"), "check the path"))?;
        let text = String::from_utf8(text)
            .map_err(|_| name(format!("`{shown}` is not UTF-8 text"), "completion needs a text file"))?;
        let uri = url::Url::from_file_path(&self.file)
            .map_err(|()| name(format!("`{shown}` is not a path"), "check the path"))?;
        let document = Document::open(uri.as_str(), language_of(&self.file), 0, &text)
            .map_err(|declined| name(format!("`{shown}`: {declined}"), "completion needs a text file"))?;
        let lines = document.len_lines();
        if self.line as usize > lines {
            let message = format!("`{shown}` has {lines} lines, and no line {}", self.line);
            return Err(Failure::new(Exit::Usage, message, "line and column count from 1"));
        }
        let position = Position { line: self.line - 1, character: self.column - 1 };
        let at = document.offset(position, Encoding::Utf32).map_err(|error| {
            Failure::new(Exit::Usage, format!("`{shown}`: {error}"), "line and column count from 1")
        })?;
        Ok(Ask {
            document,
            at,
            workspace: Some(root.to_path_buf()),
            relative,
            open: Vec::new(),
            trigger: Trigger::Invoked,
            selected: None,
        })
    }
}

/// The LSP language identifier that editors use for a file name's ending.
pub(crate) fn language_of(file: &Path) -> &'static str {
    match file.extension().and_then(|ending| ending.to_str()).unwrap_or_default() {
        "rs" => "rust",
        "py" | "pyi" => "python",
        "js" | "mjs" | "cjs" => "javascript",
        "jsx" => "javascriptreact",
        "ts" | "mts" => "typescript",
        "tsx" => "typescriptreact",
        "go" => "go",
        "java" => "java",
        "c" | "h" => "c",
        "cc" | "cpp" | "cxx" | "hpp" => "cpp",
        "cs" => "csharp",
        "lua" => "lua",
        "rb" => "ruby",
        "sh" | "bash" => "shellscript",
        "md" => "markdown",
        "toml" => "toml",
        "json" => "json",
        "yaml" | "yml" => "yaml",
        "html" => "html",
        "css" => "css",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_file_a_line_and_a_column() {
        let place = Place::parse("/w/odd:name.rs:10:5").expect("three parts");
        assert_eq!(place, Place { file: "/w/odd:name.rs".into(), line: 10, column: 5 });
        for wrong in ["a.rs", "a.rs:1", "a.rs:0:1", "a.rs:1:x", ":1:1", "a.rs:1:-1", "a.rs:99999999999:1"] {
            assert!(Place::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_a_regular_file_is_read() {
        let place = Place { file: "/dev/zero".into(), line: 1, column: 1 };
        assert!(place.ask(Path::new("/dev")).is_err());
    }
}
