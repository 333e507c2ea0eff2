//! Each kind of descriptor carries bytes and its end; standard output cannot be printed to.
