//! The JSON Schema of scenario files, for editors: made from the same description that files are
//! read with.

use super::document::{Node, Value};
use super::file::File;
use super::kafka::catalogue::Family;
use super::spec::{KeySpec, Kind, Rule, TableSpec, paragraph};
use serde_json::{Map, Value as Json, json};
use std::fmt::Write;

mod settings;

/// Names of tables, as Kafka takes them.
const NAME: &str = "^[A-Za-z0-9._-]{1,249}$";

/// The JSON Schema (draft 2020-12) of scenario files.
pub fn schema() -> Json {
    let mut definitions = Definitions::default();
    let mut root = definitions.table(&File::SPEC, false);
    definitions.make("scenario.part", |definitions| definitions.table(&File::SPEC, true));
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    root["title"] = json!("rejoin scenario");
    root["$defs"] = Json::Object(definitions.made);
    root
}

/// Definitions that others refer to, each made once.
#[derive(Default)]
struct Definitions {
    made: Map<String, Json>,
}

impl Definitions {
    /// A reference to a definition, which is made if it isn't there yet.
    fn make(&mut self, name: &str, make: impl FnOnce(&mut Self) -> Json) -> Json {
        if !self.made.contains_key(name) {
            // Present while it is made, so that a table may lead to itself.
            self.made.insert(name.to_owned(), Json::Null);
            let schema = make(self);
            self.made.insert(name.to_owned(), schema);
        }
        json!({ "$ref": format!("#/$defs/{name}") })
    }

    /// What may stand as a value. A `part` is a table of a variant: it may lack what the file has.
    fn value(&mut self, kind: &Kind, part: bool) -> Json {
        match kind {
            Kind::Leaf(leaf) => (leaf.schema)(),
            Kind::Integer { min, max } => {
                json!({ "type": "integer", "minimum": min, "maximum": max })
            }
            Kind::Words(words) => {
                let words: Vec<&str> = words.iter().map(|word| word.word).collect();
                json!({ "enum": words })
            }
            Kind::List { of, min, max } => {
                let mut list = json!({ "type": "array", "items": self.value(of, false) });
                if *min > 0 {
                    list["minItems"] = json!(min);
                }
                if *max < usize::MAX {
                    list["maxItems"] = json!(max);
                }
                list
            }
            Kind::Table(spec) => {
                let name = format!("{}{}", spec.noun, if part { ".part" } else { "" });
                self.make(&name, |definitions| definitions.table(spec, part))
            }
            Kind::Named { of, .. } => named(&self.value(of, part)),
            Kind::Settings(family) => self.settings(*family),
            Kind::OneOf(kinds) => {
                let kinds: Vec<Json> = kinds.iter().map(|kind| self.value(kind, false)).collect();
                json!({ "anyOf": kinds })
            }
            Kind::Variants if part => json!({ "not": {} }),
            Kind::Variants => named(&json!({ "$ref": "#/$defs/scenario.part" })),
            Kind::Later => json!({ "not": {} }),
        }
    }

    fn settings(&mut self, family: Family) -> Json {
        self.make(&format!("{family}.config"), |_| settings::table(family))
    }

    fn table(&mut self, spec: &TableSpec, part: bool) -> Json {
        let mut properties = Map::new();
        for key in spec.keys {
            let schema = self.key(key, part);
            properties.insert(key.name.to_owned(), schema.clone());
            // TOML makes tables of `replication.factor = 3`.
            if let Some((table, name)) = key.name.split_once('.') {
                properties.insert(table.to_owned(), object(&json!({ name: schema })));
            }
        }
        let mut table = object(&Json::Object(properties));
        table["title"] = json!(spec.heading);
        table["description"] = json!(paragraph(spec.doc));
        if !part {
            let rules: Vec<Json> = spec.rules.iter().map(rule).collect();
            if !rules.is_empty() {
                table["allOf"] = Json::Array(rules);
            }
        }
        table
    }

    fn key(&mut self, key: &KeySpec, part: bool) -> Json {
        let mut schema = self.value(&key.kind, part);
        schema["description"] = json!(describe(key));
        if let Some(default) = key.default.and_then(literal) {
            schema["default"] = default;
        }
        schema
    }
}

fn object(properties: &Json) -> Json {
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn named(of: &Json) -> Json {
    json!({ "type": "object", "patternProperties": { NAME: of }, "additionalProperties": false })
}

/// The key's documentation, with what its words mean and its default.
fn describe(key: &KeySpec) -> String {
    let mut text = paragraph(key.doc);
    if matches!(key.kind, Kind::Later) {
        text.insert_str(0, "Not yet: comes with a later step of rejoin. ");
    }
    if let Some(default) = key.default {
        let _ = write!(text, " Default: {default}.");
    }
    for word in words(&key.kind) {
        let _ = write!(text, "\n\n* `{}`: {}", word.word, word.doc);
    }
    text
}

/// The words that may stand as a value.
pub(crate) fn words(kind: &Kind) -> &'static [super::spec::Word] {
    match kind {
        Kind::Words(words) => words,
        Kind::OneOf(kinds) => {
            kinds.iter().map(words).find(|words| !words.is_empty()).unwrap_or_default()
        }
        _ => &[],
    }
}

/// A default that is a TOML value, as JSON.
fn literal(default: &str) -> Option<Json> {
    match Node::value(0, 0, default)?.value {
        Value::Text(text) => Some(json!(text)),
        Value::Integer(number) => i64::try_from(number).ok().map(|number| json!(number)),
        _ => None,
    }
}

fn rule(rule: &Rule) -> Json {
    match rule {
        Rule::Required(name) => has(name),
        Rule::ExactlyOne(names) => {
            json!({ "oneOf": names.iter().map(|name| has(name)).collect::<Vec<_>>() })
        }
        Rule::AtMostOne(names) => {
            let mut one = names.iter().map(|name| has(name)).collect::<Vec<_>>();
            one.push(json!({ "not": { "anyOf": one.clone() } }));
            json!({ "oneOf": one })
        }
        Rule::Needs(name, others) => {
            let others: Vec<Json> = others.iter().map(|other| has(other)).collect();
            json!({ "if": has(name), "then": { "anyOf": others } })
        }
    }
}

/// That a key is given, in one of its spellings.
fn has(name: &str) -> Json {
    let quoted = json!({ "required": [name] });
    match name.split_once('.') {
        Some((table, rest)) => {
            let bare = json!({ "required": [table], "properties": { table: has(rest) } });
            json!({ "anyOf": [quoted, bare] })
        }
        None => quoted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every table below a kind, with the definition that the schema has of it.
    fn check(kind: &Kind, schema: &Json, seen: &mut Vec<&'static str>) {
        match kind {
            Kind::Table(spec) if !seen.contains(&spec.noun) => {
                seen.push(spec.noun);
                let table = match spec.noun {
                    "scenario" => schema,
                    noun => &schema["$defs"][noun],
                };
                let properties = table["properties"].as_object().expect(spec.noun);
                let mut known: Vec<&str> = spec
                    .keys
                    .iter()
                    .flat_map(|key| [key.name, key.name.split('.').next().unwrap()])
                    .collect();
                known.sort_unstable();
                known.dedup();
                assert_eq!(properties.keys().collect::<Vec<_>>(), known, "{}", spec.noun);
                spec.keys.iter().for_each(|key| check(&key.kind, schema, seen));
            }
            Kind::List { of, .. } | Kind::Named { of, .. } => check(of, schema, seen),
            Kind::OneOf(kinds) => kinds.iter().for_each(|kind| check(kind, schema, seen)),
            _ => {}
        }
    }

    #[test]
    fn the_schema_has_every_key_and_no_other() {
        let mut seen = Vec::new();
        check(&Kind::Table(&File::SPEC), &schema(), &mut seen);
        assert!(seen.len() > 12, "{seen:?}");
    }

    #[test]
    fn nouns_are_unique() {
        let schema = schema();
        let definitions = schema["$defs"].as_object().unwrap();
        assert!(definitions.values().all(Json::is_object));
        assert_eq!(
            definitions["step"]["title"],
            "{ at = \"0s\", rate = \"100/s\", ramp = \"20s\" }"
        );
    }
}
