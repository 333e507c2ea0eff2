//! The transport as a client meets it: bytes over a pipe to a real service, and back.

mod cases;
mod end;
mod harness;
mod load;
mod order;
