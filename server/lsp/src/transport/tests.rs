//! The transport as a client meets it.
