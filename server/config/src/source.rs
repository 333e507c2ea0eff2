//! From what was read to settings by full key: TOML files, the editor's JSON, flags. The environment is in `env`.

use std::path::Path;

use serde_json::Value as Json;
use toml::de::{DeTable, DeValue};

use crate::{
    layer::{Layer, Place},
    merge::{action_field, provider_field},
    raw::{Item, Raw, short},
    report::Problem,
    settings,
    walk::{self, Found},
};

/// The settings in a file. Where TOML cannot be read any further, what stands above that line still counts.
pub(crate) fn file(layer: Layer, path: &Path, text: &str) -> Found {
    let place = Place { layer, file: Some(path.to_path_buf()), line: None, variable: None };
    let (items, broken) = readable(text);
    let mut found = walk::table(items, &place);
    if let Some((line, reason)) = broken {
        found.problems.insert(
            0,
            Problem::of_file(
                layer,
                path,
                Some(line),
                format!("line {line} is not TOML: {reason}"),
                "correct it; until then this line and everything below it is not used".to_owned(),
            ),
        );
    }
    found
}

/// The entries of the longest run of whole lines from the top that is TOML, and where and why it ends.
///
/// Everything below the first error is left out: guessing what it belongs to could give one provider's key to another.
fn readable(text: &str) -> (Vec<Item>, Option<(u32, String)>) {
    // Each round cuts at an earlier line; a text that needs more has an error that reaches far back.
    const ROUNDS: usize = 8;
    let mut broken: Option<(u32, String)> = None;
    let mut rest = text;
    for _ in 0..ROUNDS {
        match parse(rest) {
            Ok(items) => return (items, broken),
            Err((offset, reason)) => {
                let cut = rest[..offset].rfind('\n').map_or(0, |newline| newline + 1);
                let line = line_at(rest, offset);
                broken = Some(broken.map_or((line, reason), |(_, reason)| (line, reason)));
                if cut == 0 {
                    break;
                }
                // An unclosed bracket is noticed at the end: the line before that must go, too.
                rest = if cut == rest.len() { upper_lines(rest) } else { &rest[..cut] };
            }
        }
    }
    (Vec::new(), broken.map(|(_, reason)| (1, reason)))
}

fn upper_lines(text: &str) -> &str {
    let end = text.trim_end_matches('\n').rfind('\n').map_or(0, |newline| newline + 1);
    &text[..end]
}

/// The entries, or the byte offset of the first error (at most the length, on a character's boundary) and its reason.
fn parse(text: &str) -> Result<Vec<Item>, (usize, String)> {
    let ends: Vec<usize> = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
    let line_of = |offset: usize| number(ends.partition_point(|end| *end < offset));
    match DeTable::parse(text) {
        Ok(table) => match Raw::from_toml(&DeValue::Table(table.into_inner()), &line_of, 0) {
            Raw::Table(items) => Ok(items),
            _ => Ok(Vec::new()),
        },
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start).min(text.len());
            let offset = (0..=offset).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            Err((offset, short(error.message())))
        }
    }
}

/// The line of a byte offset, from 1.
fn line_at(text: &str, offset: usize) -> u32 {
    number(text[..offset].bytes().filter(|byte| *byte == b'\n').count())
}

fn number(newlines_before: usize) -> u32 {
    u32::try_from(newlines_before).map_or(u32::MAX, |newlines| newlines.saturating_add(1))
}

/// The editor's settings: an object of sections, alone or under `aside`; keys may be nested or written with dots.
pub(crate) fn editor(value: &Json) -> Found {
    let place = Place { layer: Layer::Editor, file: None, line: None, variable: None };
    let items = match Raw::from_json(value, 0) {
        Raw::Table(items) => nested(items),
        Raw::Null => Vec::new(),
        other => {
            let message = format!("the editor's settings are {}, not an object", other.kind());
            let hint = "send `{ \"complete\": { \"enabled\": true } }`".to_owned();
            let problem = Problem { key: None, layer: Layer::Editor, file: None, line: None, message, hint };
            return Found { problems: vec![problem], ..Found::default() };
        }
    };
    walk::table(ours(items), &place)
}

/// What stands under `aside` when there is such an object: beside it are other programs' settings.
fn ours(items: Vec<Item>) -> Vec<Item> {
    let is_ours = |item: &Item| item.key == "aside" && matches!(item.value, Raw::Table(_) | Raw::Null);
    if !items.iter().any(is_ours) {
        return items;
    }
    items
        .into_iter()
        .filter(is_ours)
        .flat_map(|item| match item.value {
            Raw::Table(items) => nested(items),
            _ => Vec::new(),
        })
        .collect()
}

/// Turns `"complete.enabled": x` into `"complete": { "enabled": x }`, down to the settings' depth.
fn nested(items: Vec<Item>) -> Vec<Item> {
    let mut out: Vec<Item> = Vec::new();
    for item in items {
        let (key, value) = match item.key.split_once('.') {
            Some((first, rest)) => {
                let inner = Item { key: rest.to_owned(), line: None, value: item.value };
                (first.to_owned(), Raw::Table(nested(vec![inner])))
            }
            None => match item.value {
                Raw::Table(inner) => (item.key, Raw::Table(nested(inner))),
                value => (item.key, value),
            },
        };
        match out.iter_mut().find(|other| other.key == key) {
            Some(Item { value: Raw::Table(existing), .. }) if matches!(value, Raw::Table(_)) => {
                if let Raw::Table(more) = value {
                    merge_into(existing, more);
                }
            }
            Some(existing) => existing.value = value,
            None => out.push(Item { key, line: None, value }),
        }
    }
    out
}

fn merge_into(existing: &mut Vec<Item>, more: Vec<Item>) {
    for item in more {
        let known = existing.iter_mut().find(|other| other.key == item.key);
        match (known, item) {
            (Some(Item { value: Raw::Table(inner), .. }), Item { value: Raw::Table(more), .. }) => {
                merge_into(inner, more);
            }
            (Some(other), item) => *other = item,
            (None, item) => existing.push(item),
        }
    }
}

/// Keys and values from the command line.
pub(crate) fn flags(flags: &[(String, String)]) -> Found {
    let place = Place { layer: Layer::Flags, file: None, line: None, variable: None };
    let mut found = Found::default();
    for (key, value) in flags {
        let exists = settings::field(key).is_some() || provider_field(key).is_some() || action_field(key).is_some();
        walk::leaf(key.clone(), exists, Raw::Loose(value.clone()), place.clone(), &mut found);
    }
    found
}

#[cfg(test)]
mod tests;
