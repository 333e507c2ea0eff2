//! The rule that keeps secret files here, by the names they have.

use std::path::Path;

use crate::secret_files::SECRET_FILES;

/// A file that stays on this machine, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` stays on this machine because of the rule `{rule}`; leave it out of the request")]
pub struct LeftOut {
    /// The path, as it was asked for.
    pub path: String,
    /// What keeps it here: a pattern of secret file names, the name of an ignore file, or a few words.
    pub rule: &'static str,
}

/// Whether a file may be sent to a model, judged by its path alone.
///
/// `relative` is the path inside the workspace; a bare name will do for a file outside one. Upper and lower case are the
/// same, both `/` and `\` separate, and a rule holds at any depth. This is the
/// check for paths that no workspace is known for; inside one, [`crate::Ignore::allows`] knows its ignore files too.
///
/// # Errors
/// [`LeftOut`] with the pattern of the secret files it belongs to.
pub fn egress(relative: &str) -> Result<(), LeftOut> {
    judge(relative, relative, false)
}

/// As [`egress`], with the names of the folder and of the one it is in before the path: what lies in `.ssh` or `.config/gh` is
/// secret also when that folder itself was opened. For a folder, whether all that is in it stays here.
pub(crate) fn egress_below(root: &Path, relative: &str, is_folder: bool) -> Result<(), LeftOut> {
    let names = [root.parent().and_then(Path::file_name), root.file_name()].into_iter().flatten();
    let mut path: String = names.flat_map(|name| [name.to_string_lossy(), "/".into()]).collect();
    path.push_str(relative);
    judge(&path, relative, is_folder)
}

fn judge(path: &str, shown: &str, is_folder: bool) -> Result<(), LeftOut> {
    let lower = path.to_lowercase();
    let names: Vec<&str> = lower.split(['/', '\\']).map(significant).filter(|name| !name.is_empty()).collect();
    match SECRET_FILES.iter().find(|pattern| is_meant(pattern, &names, is_folder)) {
        Some(rule) => Err(LeftOut { path: shown.to_owned(), rule }),
        None => Ok(()),
    }
}

/// What counts of a file name: Windows opens `.env`, `.env.`, `.env ` and `.env::$DATA` as the same file.
fn significant(name: &str) -> &str {
    let name = name.split(':').next().unwrap_or(name);
    name.trim_end_matches(['.', ' '])
}

/// Whether `pattern` names the file or folder that `names` lead to, or a folder on the way there.
fn is_meant(pattern: &str, names: &[&str], is_folder: bool) -> bool {
    let (pattern, anywhere) = match pattern.strip_suffix('/') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let length = pattern.split('/').count();
    let is_here = |names: &[&str]| {
        pattern.split('/').zip(names).all(|(pattern, name)| matches_name(pattern.as_bytes(), name.as_bytes()))
    };
    if anywhere {
        names.windows(length).any(is_here)
    } else {
        !is_folder && names.len() >= length && is_here(&names[names.len() - length..])
    }
}

/// Whether `name` is what `pattern` says, where `*` stands for any run of characters.
fn matches_name(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    // Where the last `*` stood, and how far it reaches: on a mismatch it takes one byte more. Never worse than quadratic.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(&byte) if byte == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, reach)) => {
                    star = Some((at, reach + 1));
                    p = at + 1;
                    n = reach + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests;
