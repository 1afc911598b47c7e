//! The schema of Kafka's settings: each by its quoted name, and in the nested tables that TOML
//! makes of its bare name.

use super::object;
use crate::parse::kafka::catalogue::{Family, Setting, Type, of};
use crate::parse::kafka::modelled;
use crate::parse::kafka::valid::Valid;
use crate::parse::kafka::value::{Unit, unit};
use crate::parse::leaf::{DURATION_PATTERN, SIZE_PATTERN};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

const WHOLE: &str = r"^\s*[+-]?[0-9]+\s*$";
const NUMBER: &str = r"^\s*[+-]?[0-9.]+([eE][+-]?[0-9]+)?\s*$";
const SWITCH: &str = r"^\s*([tT][rR][uU][eE]|[fF][aA][lL][sS][eE])\s*$";

/// The `config` table of a family.
pub(super) fn table(family: Family) -> Json {
    let mut tree = Branch::default();
    let mut definitions = Map::new();
    let mut properties = Map::new();
    for setting in of(family) {
        let reference =
            json!({ "$ref": format!("#/$defs/{family}.config/$defs/{}", setting.name) });
        definitions.insert(setting.name.clone(), leaf(setting));
        tree.add(&setting.name, &reference);
        properties.insert(setting.name.clone(), reference);
    }
    // A bare name without dots (`acks`) is its own quoted name, or the beginning of others.
    properties.extend(tree.properties());
    let mut table = object(&Json::Object(properties));
    table["title"] = json!(format!("{family} settings"));
    table["description"] = json!(format!("Kafka's {family} settings, by Kafka's names."));
    table["$defs"] = Json::Object(definitions);
    table
}

/// Names that begin alike.
#[derive(Default)]
struct Branch {
    setting: Option<Json>,
    below: BTreeMap<String, Branch>,
}

impl Branch {
    fn add(&mut self, name: &str, reference: &Json) {
        let mut branch = self;
        for segment in name.split('.') {
            branch = branch.below.entry(segment.to_owned()).or_default();
        }
        branch.setting = Some(reference.clone());
    }

    fn properties(&self) -> Map<String, Json> {
        self.below.iter().map(|(segment, branch)| (segment.clone(), branch.schema())).collect()
    }

    fn schema(&self) -> Json {
        match (&self.setting, self.below.is_empty()) {
            (Some(setting), true) => setting.clone(),
            (None, _) => object(&Json::Object(self.properties())),
            (Some(setting), false) => {
                json!({ "anyOf": [setting, object(&Json::Object(self.properties()))] })
            }
        }
    }
}

fn leaf(setting: &Setting) -> Json {
    let (doc, note) = match modelled::doc(setting.family, &setting.name) {
        Some(doc) => (doc.to_owned(), ""),
        None => (
            format!("Kafka's {} setting.", setting.family),
            " Accepted, but rejoin does not model it yet.",
        ),
    };
    let mut schema = json!({
        "anyOf": forms(setting),
        "description": format!("{doc} ({}){note}", setting.describe()),
    });
    if !setting.default.is_null() && !setting.default.is_object() {
        schema["default"] = setting.default.clone();
    }
    schema
}

/// The ways in which a value may be written.
fn forms(setting: &Setting) -> Vec<Json> {
    match setting.kind {
        Type::Boolean => vec![json!({ "type": "boolean" }), text(SWITCH)],
        Type::Short | Type::Int | Type::Long => {
            let (min, max) = setting.kind.bounds();
            let mut forms =
                numbers(setting, json!({ "type": "integer", "minimum": min, "maximum": max }));
            forms.push(text(WHOLE));
            match unit(&setting.name) {
                Some(Unit::Time(_)) => forms.push(text(DURATION_PATTERN)),
                Some(Unit::Bytes) => forms.push(text(SIZE_PATTERN)),
                None => {}
            }
            forms
        }
        Type::Double => {
            let mut forms = numbers(setting, json!({ "type": "number" }));
            forms.push(text(NUMBER));
            forms
        }
        Type::String | Type::Class | Type::Password => match &setting.valid {
            Valid::Words { words, any_case: false } => vec![json!({ "enum": words }), scalar()],
            _ => vec![json!({ "type": "string" }), scalar()],
        },
        Type::List => {
            let item = match &setting.valid {
                Valid::Words { words, .. } => json!({ "enum": words }),
                _ => json!({ "type": ["string", "number", "boolean"] }),
            };
            vec![json!({ "type": "array", "items": item }), json!({ "type": "string" })]
        }
    }
}

fn text(pattern: &str) -> Json {
    json!({ "type": "string", "pattern": pattern })
}

/// `acks = 1` is meant as `"1"`.
fn scalar() -> Json {
    json!({ "type": ["number", "boolean"] })
}

/// A number within Kafka's limits.
fn numbers(setting: &Setting, mut any: Json) -> Vec<Json> {
    let Valid::Range { min, max, or } = &setting.valid else { return vec![any] };
    let bound = |text: &String| text.parse::<f64>().ok().map(number);
    if let Some(min) = bound(min) {
        any["minimum"] = min;
    }
    if let Some(max) = max.as_ref().and_then(bound) {
        any["maximum"] = max;
    }
    let other = or.as_ref().and_then(bound).map(|value| json!({ "const": value }));
    std::iter::once(any).chain(other).collect()
}

/// A whole number without a point.
fn number(value: f64) -> Json {
    if value.fract().abs() < f64::EPSILON { json!(value as i64) } else { json!(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_lead_to_one_definition() {
        let table = table(Family::Consumer);
        let flat = &table["properties"]["session.timeout.ms"];
        let nested = &table["properties"]["session"]["properties"]["timeout"]["properties"]["ms"];
        assert_eq!(flat, nested);
        assert_eq!(flat["$ref"], "#/$defs/consumer.config/$defs/session.timeout.ms");
        assert_eq!(table["$defs"]["session.timeout.ms"]["default"], 45_000);
    }

    #[test]
    fn a_name_that_begins_another_may_be_either() {
        let table = table(Family::Broker);
        let dir = &table["properties"]["log"]["properties"]["dir"]["anyOf"];
        assert_eq!(dir[0]["$ref"], "#/$defs/broker.config/$defs/log.dir");
        assert!(dir[1]["properties"]["failure"].is_object());
    }
}
