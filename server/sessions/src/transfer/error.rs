//! Why a file was not taken for a conversation. Owns the sentences, codes and next steps; names what is wrong and where.

/// A file that is not a conversation this program reads. Nothing of it was taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// It was not even read.
    #[error("the file has {bytes} bytes; at most {limit} are read")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The most that is read.
        limit: usize,
    },
    /// It is not UTF-8.
    #[error("the file is not UTF-8 at byte {at}")]
    NotText {
        /// Where.
        at: usize,
    },
    /// It is not JSON.
    #[error("the file is not JSON at line {line}, column {column}")]
    NotJson {
        /// Where, from 1.
        line: usize,
        /// Where in the line, from 1.
        column: usize,
    },
    /// It is JSON and something else.
    #[error("the file is not a conversation of Aside: it has no `\"aside\": \"conversation\"`")]
    NotAConversation,
    /// A later version wrote it.
    #[error("the file has version {version} of the format; this program reads version 1")]
    Newer {
        /// Its version.
        version: u64,
    },
    /// One of its fields is wrong.
    #[error("`{place}`: {problem}")]
    Wrong {
        /// The field, such as `messages[3].role`; the first message is 0.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl ImportError {
    /// A stable code for protocols and scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "import-too-large",
            Self::NotText { .. } | Self::NotJson { .. } => "import-not-json",
            Self::NotAConversation => "import-not-a-conversation",
            Self::Newer { .. } => "import-newer",
            Self::Wrong { .. } => "import-wrong",
        }
    }

    /// The next step for a person, one sentence.
    pub fn hint(&self) -> String {
        match self {
            Self::TooLarge { .. } => "import a shorter conversation".to_owned(),
            Self::NotText { .. } | Self::NotJson { .. } => "export the conversation again, as JSON".to_owned(),
            Self::NotAConversation => "give a file that `aside session export` wrote as JSON".to_owned(),
            Self::Newer { .. } => "update Aside, or export the conversation again with this version".to_owned(),
            Self::Wrong { .. } => "export the conversation again, or correct the file there".to_owned(),
        }
    }
}
