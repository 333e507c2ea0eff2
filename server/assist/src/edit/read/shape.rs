//! The shapes that an answer may have, and the words that tell a model each.

use std::{fmt, str::FromStr};

/// A shape of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// The new text of what is to be replaced.
    Whole,
    /// Blocks of text to find, each with what takes its place.
    SearchReplace,
    /// A unified diff.
    Diff,
}

/// A name that is no shape's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no shape of answers; there are `whole`, `search-replace` and `diff`", .0.escape_debug())]
pub struct UnknownShape(String);

impl Shape {
    /// What tells a model to answer in this shape.
    pub fn instructions(self) -> &'static str {
        match self {
            Self::Whole => WHOLE,
            Self::SearchReplace => SEARCH_REPLACE,
            Self::Diff => DIFF,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::SearchReplace => "search-replace",
            Self::Diff => "diff",
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Shape {
    type Err = UnknownShape;

    fn from_str(name: &str) -> Result<Self, UnknownShape> {
        let all = [Self::Whole, Self::SearchReplace, Self::Diff];
        all.into_iter().find(|shape| shape.name() == name).ok_or_else(|| UnknownShape(name.to_owned()))
    }
}

const WHOLE: &str = "\
Answer with the complete new text of the part to replace, in one fenced code block, and nothing else. Write every line of it, \
also the unchanged ones; never leave lines out with a comment such as `... existing code ...`. Do not repeat the lines before or \
after the part. Keep its indentation. If the text itself has lines of three back quotes, use a longer fence.

Example:

```python
def area(width, height):
    return width * height
```
";

const SEARCH_REPLACE: &str = "\
Answer with one or more blocks, all in one fenced code block, and little else. Each block has the path of the file on its own \
line, then the lines to find, then the lines that take their place. The lines to find must be copied exactly, with their \
indentation, and must occur only once in the file: add neighbouring lines until they do. Keep blocks small, never let two \
overlap, and never leave lines out with a comment such as `... existing code ...`. To make a new file, leave the lines to find empty.

Example:

```
src/shape.py
<<<<<<< SEARCH
def area(width, height):
    return width + height
=======
def area(width, height):
    return width * height
>>>>>>> REPLACE
```
";

const DIFF: &str = "\
Answer with a unified diff in one fenced code block, and little else. Give every hunk three unchanged lines before and after the \
change where there are so many; copy unchanged and removed lines exactly. Start every line of a hunk with a space, `-` or `+`. \
Use `/dev/null` as the old path of a new file. Do not delete or rename files.

Example:

```diff
--- a/src/shape.py
+++ b/src/shape.py
@@ -1,2 +1,2 @@
 def area(width, height):
-    return width + height
+    return width * height
```
";
