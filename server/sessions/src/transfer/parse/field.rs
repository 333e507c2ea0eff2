//! Where in a file the reading is, and the fields of its objects: each known, each once.

use std::{cell::Cell, fmt};

use serde::de::{Error, MapAccess};

/// The field that is read, so that an error can name it.
#[derive(Debug, Default)]
pub(super) struct Place {
    pub(super) session: Cell<bool>,
    pub(super) message: Cell<Option<usize>>,
    pub(super) field: Cell<Option<&'static str>>,
}

impl Place {
    /// Enters `field` for as long as an error may be about it.
    pub(super) fn enter(&self, field: &'static str) {
        self.field.set(Some(field));
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let object = match self.message.get() {
            Some(index) => format!("messages[{index}]"),
            None if self.session.get() => "session".to_owned(),
            None => String::new(),
        };
        match self.field.get() {
            Some(field) if object.is_empty() => formatter.write_str(field),
            Some(field) => write!(formatter, "{object}.{field}"),
            None if object.is_empty() => formatter.write_str("conversation"),
            None => formatter.write_str(&object),
        }
    }
}

/// Reads an object that has none but `fields`, each at most once; `take` reads the value of one.
pub(super) fn each<'de, A: MapAccess<'de>>(
    map: &mut A,
    place: &Place,
    fields: &[&'static str],
    mut take: impl FnMut(&'static str, &mut A) -> Result<(), A::Error>,
) -> Result<(), A::Error> {
    let mut seen = vec![false; fields.len()];
    while let Some(key) = map.next_key::<String>()? {
        let Some(at) = fields.iter().position(|field| *field == key) else {
            return Err(A::Error::custom(format!("there is no field `{}`", shown(&key, 40))));
        };
        place.enter(fields[at]);
        if std::mem::replace(&mut seen[at], true) {
            return Err(A::Error::custom("it stands there twice"));
        }
        take(fields[at], map)?;
        place.field.set(None);
    }
    Ok(())
}

/// The value of a field that must be there.
pub(super) fn required<T, E: Error>(value: Option<T>, place: &Place, field: &'static str) -> Result<T, E> {
    value.ok_or_else(|| {
        place.enter(field);
        E::custom("it is missing")
    })
}

/// The start of a foreign text, on one line, to be shown to a person.
pub(super) fn shown(text: &str, most: usize) -> String {
    let mut chars = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut start: String = chars.by_ref().take(most).collect();
    if chars.next().is_some() {
        start.push('…');
    }
    start
}
