//! assist
