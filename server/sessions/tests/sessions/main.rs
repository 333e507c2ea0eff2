//! Sessions through their door, on a real database: conversations, faults, several processes, and a process that is killed.

mod crash;
mod denied;
mod faults;
mod kit;
mod talk;
