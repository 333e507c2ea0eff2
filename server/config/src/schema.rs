//! The JSON schema of `config.toml`, for editors that check TOML. Made from the declaration.

use serde_json::{Map, Value as Json, json};

use crate::{
    actions,
    declare::Field,
    providers::{self, KNOWN},
    settings::{SECTIONS, Settings},
};

/// A draft 2020-12 schema that accepts what the settings accept, as near as a schema can say it.
pub fn schema() -> Json {
    let defaults = Settings::default();
    let mut sections = Map::new();
    for section in SECTIONS {
        let fields = section
            .fields
            .iter()
            .map(|field| (field.name().to_owned(), described(field, value_of(&(field.show)(&defaults)))))
            .collect();
        sections.insert(section.name.to_owned(), object(&paragraph(section.doc), fields));
    }
    let fields = providers::FIELDS.iter().map(|field| (field.key.to_owned(), described(field, None))).collect();
    let names: Vec<_> = KNOWN.iter().map(|known| known.name).collect();
    sections.insert(
        "providers".to_owned(),
        json!({
            "type": "object",
            "description": format!("Where models are, by name. Known without being declared: {}.", names.join(", ")),
            "propertyNames": { "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$" },
            "additionalProperties": object("One provider.", fields),
        }),
    );
    let fields = actions::FIELDS.iter().map(|field| (field.key.to_owned(), described(field, None))).collect();
    sections.insert(
        "actions".to_owned(),
        json!({
            "type": "object",
            "description": "Actions on code of your own, by name.",
            "propertyNames": { "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$" },
            "additionalProperties": object("One action.", fields),
        }),
    );
    let mut schema = object(
        "Settings of Aside: config.toml, and .aside.toml where the scope is `workspace`, or `trusted` and the workspace is.",
        sections,
    );
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("Aside");
    schema
}

fn described<T>(field: &Field<T>, default: Option<Json>) -> Json {
    let mut schema = field.rule.schema();
    let wanted = field.rule.wanted();
    schema["description"] = json!(format!("{} Give {wanted}.", field.meaning()));
    schema["x-aside-scope"] = json!(field.scope.as_str());
    match default {
        Some(default) => schema["default"] = default,
        None => schema["examples"] = json!([value_of(&field.rule.example())]),
    }
    schema
}

/// The JSON value of a TOML value; `None` for `unset`, which is neither.
fn value_of(toml: &str) -> Option<Json> {
    let table: toml::Table = toml::from_str(&format!("value = {toml}")).ok()?;
    serde_json::to_value(table.get("value")?).ok()
}

fn object(about: &str, properties: Map<String, Json>) -> Json {
    let mut schema = json!({ "type": "object", "description": about, "additionalProperties": false });
    schema["properties"] = Json::Object(properties);
    schema
}

fn paragraph(doc: &[&str]) -> String {
    doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}
