//! Frames, faults, and what follows a fault.
