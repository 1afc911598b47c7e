//! The settings of one table, checked one by one.

use super::catalogue::{Family, Setting, families, find, of};
use super::modelled;
use super::value::{self, Checked};
use crate::parse::document::{Entry, Node, Value};
use crate::parse::nearest::did_you_mean;
use crate::parse::problem::Problem;
use crate::parse::shape::Reader;
use crate::parse::source::Spot;
use crate::parse::unknown;
use std::collections::{BTreeMap, BTreeSet};

/// The settings that a table gives, and Kafka's defaults behind them.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    family: Family,
    given: BTreeMap<&'static str, Given>,
    /// Given, but not legal: nothing more is said about what has to agree with them.
    bad: BTreeSet<&'static str>,
}

/// A legal value that somebody gave.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) value: Checked,
    pub(crate) at: Spot,
}

impl Settings {
    /// Nothing given.
    pub(crate) fn empty(family: Family) -> Self {
        Settings { family, given: BTreeMap::new(), bad: BTreeSet::new() }
    }

    /// Reads a table whose dotted keys have been joined.
    pub(crate) fn read(family: Family, node: Option<&Node>, reader: &mut Reader) -> Self {
        let mut settings = Settings::empty(family);
        for entry in node.and_then(Node::entries).unwrap_or_default() {
            let Some(setting) = find(family, &entry.key) else {
                report_unknown(family, entry, reader);
                continue;
            };
            match check(setting, entry, reader) {
                Some(value) => {
                    let given = Given { value, at: entry.node.at };
                    settings.given.insert(&setting.name, given);
                }
                None => _ = settings.bad.insert(&setting.name),
            }
        }
        settings
    }

    /// These settings without some of them.
    pub(crate) fn without(&self, names: &[&str]) -> Settings {
        let mut settings = self.clone();
        settings.given.retain(|name, _| !names.contains(name));
        settings
    }

    /// These settings, with those of a more particular table over them.
    pub(crate) fn over(&self, particular: &Settings) -> Settings {
        let mut settings = self.clone();
        for (name, given) in &particular.given {
            settings.bad.remove(name);
            settings.given.insert(name, given.clone());
        }
        settings.bad.extend(&particular.bad);
        settings
    }

    /// The value that somebody gave.
    pub(crate) fn given(&self, name: &str) -> Option<&Given> {
        if self.bad.contains(name) { None } else { self.given.get(name) }
    }

    /// Where somebody gave a value.
    pub(crate) fn spot(&self, name: &str) -> Option<Spot> {
        self.given(name).map(|given| given.at)
    }

    /// Whether somebody gave an illegal value.
    pub(crate) fn is_bad(&self, name: &str) -> bool {
        self.bad.contains(name)
    }

    /// A number, given or Kafka's default; `None` if there is neither or the given one is illegal.
    pub(crate) fn int(&self, name: &str) -> Option<i64> {
        match self.given(name).map(|given| &given.value) {
            Some(Checked::Int(number)) => Some(*number),
            Some(_) => None,
            None if self.is_bad(name) => None,
            None => find(self.family, name)?.default.as_i64(),
        }
    }

    /// A switch, given or Kafka's default.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        match self.given(name).map(|given| &given.value) {
            Some(Checked::Bool(value)) => Some(*value),
            Some(_) => None,
            None if self.is_bad(name) => None,
            None => find(self.family, name)?.default.as_bool(),
        }
    }

    /// A text, given or Kafka's default.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.given(name).map(|given| &given.value) {
            Some(Checked::Text(text)) => Some(text),
            Some(_) => None,
            None if self.is_bad(name) => None,
            None => find(self.family, name)?.default.as_str(),
        }
    }
}

/// The value of a setting that Kafka has, if Kafka would take it.
fn check(setting: &'static Setting, entry: &Entry, reader: &mut Reader) -> Option<Checked> {
    let value = match value::read(setting, &entry.node) {
        Ok(value) => value,
        Err(refusal) => {
            refused(setting, entry, refusal.label, refusal.help, reader);
            return None;
        }
    };
    if let Some(why) = setting.valid.refuses(&setting.name, &value) {
        refused(setting, entry, why, None, reader);
        return None;
    }
    let Some(floor) = modelled::floor(setting.family, &setting.name) else {
        let hint = modelled::instead(setting.family, &setting.name);
        let title =
            format!("`{}` is accepted, but rejoin does not model it yet{hint}", setting.name);
        reader.push(Problem::warning(entry.key_at, title));
        return Some(value);
    };
    // Kafka checks these only when it uses them, and then fails.
    if matches!(value, Checked::Int(number) if number < floor) {
        refused(setting, entry, format!("Value must be at least {floor}"), None, reader);
        return None;
    }
    Some(value)
}

/// Notes a value that Kafka would not take, in the words of its `ConfigException`.
fn refused(
    setting: &Setting,
    entry: &Entry,
    why: String,
    help: Option<String>,
    reader: &mut Reader,
) {
    let (name, shown) = (&setting.name, show(&entry.node));
    let title = if why.starts_with("Configuration '") {
        why
    } else {
        format!("Invalid value {shown} for configuration {name}: {why}")
    };
    reader.push(Problem::error(entry.node.at, title).label(setting.describe()).help_if(help));
}

fn report_unknown(family: Family, entry: &Entry, reader: &mut Reader) {
    let key = &entry.key;
    let homes = families(key);
    let problem = Problem::error(entry.key_at, format!("Kafka has no {family} setting `{key}`"));
    let problem = if let Some(home) = homes.first() {
        let label = format!("this is a {home} setting");
        let tables: Vec<&str> = homes.iter().map(|home| home.table()).collect();
        problem.label(label).help(format!("put it into {}", tables.join(" or ")))
    } else if let Some(home) = unknown::home(key) {
        problem.label(format!("this is a key of {home}"))
    } else {
        let own = did_you_mean(key, of(family).iter().map(|setting| setting.name.as_str()));
        problem.label("no such setting in Kafka 4.3.1").help_if(own)
    };
    reader.push(problem);
}

/// A value as Kafka would print it.
fn show(node: &Node) -> String {
    let text = match &node.value {
        Value::Text(text) | Value::Float(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::List(items) => {
            format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", "))
        }
        Value::Datetime | Value::Table(_) => return node.found().to_owned(),
    };
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// A default of Kafka's list as a value, for comparing it with a default of ours.
#[cfg(test)]
pub(crate) fn defaults(family: Family) -> Settings {
    use super::catalogue::Type;
    use crate::parse::shape::At;
    use serde_json::Value as Json;
    let mut settings = Settings::empty(family);
    for setting in of(family) {
        let value = match (&setting.default, setting.kind) {
            (Json::Bool(value), Type::Boolean) => Checked::Bool(*value),
            (Json::Number(number), _) => Checked::Int(number.as_i64().unwrap_or_default()),
            (Json::String(text), _) => Checked::Text(text.clone()),
            (Json::Array(items), Type::List) => {
                let text = |item: &Json| item.as_str().unwrap_or_default().to_owned();
                Checked::List(
                    items.iter().map(|item| At { value: text(item), at: Spot::TOP }).collect(),
                )
            }
            _ => continue,
        };
        settings.given.insert(&setting.name, Given { value, at: Spot::TOP });
    }
    settings
}
