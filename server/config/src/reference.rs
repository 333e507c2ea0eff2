//! The settings page of the documentation, made from the declaration.
pub fn reference() -> String {
    String::new()
}
