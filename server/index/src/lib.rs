//! What the workspace says, and what may leave the machine.
//!
//! Owns the rules that keep files here (secret files by name, ignore files by content), the walk over a workspace, and the
//! one safe way to read a file of it. It opens nothing for writing, never follows a symbolic link out of a workspace and
//! never opens what is not a regular file. All of it blocks: callers on a runtime use a blocking thread.

mod beneath;
mod content;
mod egress;
mod ignore_files;
mod path;
mod read;
mod secret_files;
mod walk;

#[cfg(test)]
mod tree;

pub use egress::{LeftOut, egress};
pub use ignore_files::Ignore;
pub use path::relative;
pub use read::{ReadError, read};
pub use walk::{FileText, WalkLimits, WalkReport, walk};
