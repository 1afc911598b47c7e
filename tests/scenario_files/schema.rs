//! The JSON Schema that editors get: it takes what the parser takes.

use crate::{files, source};
use boon::{Compiler, SchemaIndex, Schemas};
use rejoin::parse::schema;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// A TOML value as JSON, which is how editors look at it.
fn json_of(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => json!(text),
        DeValue::Integer(digits) => {
            let number = i64::from_str_radix(digits.as_str(), digits.radix());
            number.map_or_else(|_| json!(digits.as_str()), |number| json!(number))
        }
        DeValue::Float(digits) => json!(digits.as_str().parse::<f64>().expect("TOML checked it")),
        DeValue::Boolean(value) => json!(value),
        DeValue::Datetime(time) => json!(time.to_string()),
        DeValue::Array(items) => items.iter().map(|item| json_of(item.get_ref())).collect(),
        DeValue::Table(table) => Value::Object(object_of(table)),
    }
}

fn object_of(table: &DeTable<'_>) -> Map<String, Value> {
    let entry = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
        let key: &toml::de::DeString<'_> = key.get_ref();
        (key.to_string(), json_of(value.get_ref()))
    };
    table.iter().map(entry).collect()
}

fn document(path: &Path) -> Option<Value> {
    let source = source(path);
    let table = DeTable::parse(source.text()).ok()?;
    Some(Value::Object(object_of(table.get_ref())))
}

fn compiled() -> (Schemas, SchemaIndex) {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("scenario.json", schema()).expect("the schema is JSON");
    let index = compiler.compile("scenario.json", &mut schemas).expect("the schema is a schema");
    (schemas, index)
}

#[test]
fn good_files_and_shipped_scenarios_are_valid() {
    let (schemas, index) = compiled();
    for path in files("tests/good").into_iter().chain(files("scenarios/lessons")) {
        let document = document(&path).expect("good files are TOML");
        if let Err(error) = schemas.validate(&document, index) {
            panic!("{}: {error:#}", path.display());
        }
    }
}

/// Files that are right as far as a schema can see: it sees neither what has to agree, nor how large
/// a quantity with a unit is, nor which classes brokers have.
const ONLY_TOGETHER: &[&str] = &[
    "broker-pairs",
    "broker-replica-selector",
    "cluster-distributions",
    "consumer-assignors",
    "consumer-heartbeat",
    "consumer-protocol",
    "consumer-reset-duration",
    "consumer-session-broker",
    "consumer-session",
    "default-replication",
    "event-growth",
    "event-growth-limit",
    "expect-scope",
    "group-auto-commit",
    "group-dangling",
    "group-names-collide",
    "group-pattern",
    "group-times",
    "offsets-replication",
    "producer-dangling",
    "producer-delivery",
    "producer-idempotence",
    "producer-times",
    "top-duration-zero",
    "top-duration",
    "top-empty-tables",
    "top-name",
    "topic-lives",
    "variants-mixture",
    "variants-short",
];

#[test]
fn bad_files_are_invalid_where_a_schema_can_see_it() {
    let (schemas, index) = compiled();
    let seen_as_good: Vec<String> = files("tests/bad")
        .into_iter()
        .filter(|path| {
            document(path).is_some_and(|document| schemas.validate(&document, index).is_ok())
        })
        .map(|path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned())
        .collect();
    let expected: BTreeSet<&str> = ONLY_TOGETHER.iter().copied().collect();
    let found: BTreeSet<&str> = seen_as_good.iter().map(String::as_str).collect();
    assert_eq!(found, expected);
}

/// Follows a document through the schema and notes the properties that it uses.
struct Walk {
    schema: Value,
    used: BTreeSet<(String, String)>,
}

impl Walk {
    fn visit(&mut self, value: &Value, at: &Value, name: &str) {
        if let Some(reference) = at["$ref"].as_str() {
            let pointer = reference.trim_start_matches('#').to_owned();
            let target = self.schema.pointer(&pointer).expect("references lead somewhere").clone();
            let name = pointer.rsplit('/').next().unwrap_or_default();
            return self.visit(value, &target, name);
        }
        for alternative in at["anyOf"].as_array().into_iter().flatten() {
            self.visit(value, alternative, name);
        }
        for item in value.as_array().into_iter().flatten() {
            self.visit(item, &at["items"], name);
        }
        for (key, value) in value.as_object().into_iter().flatten() {
            let property = &at["properties"][key];
            if property.is_object() {
                self.used.insert((name.to_owned(), key.clone()));
                self.visit(value, property, &format!("{name}.{key}"));
            }
            for below in at["patternProperties"].as_object().into_iter().flatten() {
                self.visit(value, below.1, name);
            }
        }
    }
}

/// The tables of a schema and their properties, but for those that are not to be used yet.
fn properties(schema: &Value) -> BTreeSet<(String, String)> {
    let definitions = schema["$defs"].as_object().expect("there are definitions");
    let tables = definitions.iter().map(|(name, table)| (name.as_str(), table));
    let ours = |name: &str| !matches!(name.rsplit('.').next(), Some("config" | "part"));
    tables
        .filter(|(name, _)| ours(name))
        .chain([("", schema)])
        .flat_map(|(name, table)| {
            let properties = table["properties"].as_object().expect("tables have properties");
            let usable = properties.iter().filter(|(_, property)| property["not"].is_null());
            usable.map(move |(key, _)| (name.to_owned(), key.clone()))
        })
        .collect()
}

#[test]
fn good_files_use_every_key() {
    let mut walk = Walk { schema: schema(), used: BTreeSet::new() };
    let root = walk.schema.clone();
    for path in files("tests/good") {
        let document = document(&path).expect("good files are TOML");
        walk.visit(&document, &root, "");
    }
    let all = properties(&root);
    assert!(all.len() > 90, "{} keys", all.len());
    // No file here may start a program.
    let unused: Vec<_> =
        all.difference(&walk.used).filter(|(table, _)| table != "program").collect();
    assert!(unused.is_empty(), "{unused:?}");
}

/// `rejoin` must be able to say what each thing is for.
#[test]
fn everything_has_a_description() {
    let schema = schema();
    for (name, table) in schema["$defs"].as_object().expect("there are definitions") {
        assert!(table["description"].is_string(), "{name}");
        if name.ends_with(".config") {
            for (key, setting) in table["$defs"].as_object().expect("settings are defined") {
                assert!(setting["description"].is_string(), "{name} {key}");
            }
            continue;
        }
        for (key, property) in table["properties"].as_object().expect("tables have properties") {
            let described =
                property["description"].is_string() || property["properties"].is_object();
            assert!(described, "{name} {key}");
        }
    }
}
