//! What leaves, in which order, and what happens when nobody reads.
