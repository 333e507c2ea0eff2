//! Paths inside a workspace, as the rest of the program names them.

use std::path::{Component, Path};

/// The path of `path` inside `root`, with `/` between its parts.
///
/// Compares component by component and touches no disk, so both must be written the same way (both as the editor gave
/// them, or both resolved). `None` when `path` is not below `root`, steps up with `..`, or is not UTF-8.
pub fn relative(root: &Path, path: &Path) -> Option<String> {
    joined(path.strip_prefix(root).ok()?)
}

/// The parts of a path with `/` between them; `None` when it is empty, or has other parts than names in UTF-8.
pub(crate) fn joined(path: &Path) -> Option<String> {
    let mut text = String::with_capacity(path.as_os_str().len());
    for component in path.components() {
        let Component::Normal(name) = component else { return None };
        if !text.is_empty() {
            text.push('/');
        }
        text.push_str(name.to_str()?);
    }
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_below_the_root_is_named_by_its_parts() {
        for (root, path, expected) in [
            ("/project", "/project/src/main.rs", Some("src/main.rs")),
            ("/project/", "/project/./src//main.rs", Some("src/main.rs")),
            ("/project", "/project/名前/\u{1F600}.rs", Some("名前/\u{1F600}.rs")),
            ("/project", "/project", None),
            ("/project", "/projectshop/main.rs", None),
            ("/project", "/project/../etc/passwd", None),
            ("/project", "/project/a/../../etc/passwd", None),
            ("/project", "src/main.rs", None),
            ("", "src/main.rs", Some("src/main.rs")),
        ] {
            assert_eq!(relative(Path::new(root), Path::new(path)).as_deref(), expected, "{path} in {root}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_not_utf_8_has_no_relative_path() {
        use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
        let path = Path::new("/project").join(OsStr::from_bytes(b"caf\xe9.rs"));
        assert_eq!(relative(Path::new("/project"), &path), None);
    }
}
