//! Every setting that Kafka 4.3.1 knows: its type, default and limits.
//!
//! The list in `configs.jsonl` was written by Kafka's own `ConfigDef`s.

use super::valid::Valid;
use serde::Deserialize;
use serde_json::Value as Json;
use std::fmt;
use std::sync::OnceLock;

/// Whose settings.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Family {
    Consumer,
    Producer,
    Broker,
    Topic,
    Group,
}

impl Family {
    /// All of them.
    pub(crate) const ALL: [Family; 5] =
        [Family::Consumer, Family::Producer, Family::Broker, Family::Topic, Family::Group];

    /// The table of a scenario that holds them.
    pub(crate) fn table(self) -> &'static str {
        match self {
            Family::Consumer => "[groups.G.config]",
            Family::Producer => "[producers.P.config]",
            Family::Broker => "[cluster.config]",
            Family::Topic => "[topics.T.config]",
            Family::Group => "[groups.G.group_config]",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Family::Consumer => "consumer",
            Family::Producer => "producer",
            Family::Broker => "broker",
            Family::Topic => "topic",
            Family::Group => "group",
        })
    }
}

/// Kafka's types of settings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Type {
    Boolean,
    Short,
    Int,
    Long,
    Double,
    String,
    Class,
    Password,
    List,
}

impl Type {
    /// Its name in Kafka's documentation.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Type::Boolean => "boolean",
            Type::Short => "short",
            Type::Int => "int",
            Type::Long => "long",
            Type::Double => "double",
            Type::String => "string",
            Type::Class => "class",
            Type::Password => "password",
            Type::List => "list",
        }
    }

    /// The smallest and largest value of an integer type.
    pub(crate) fn bounds(self) -> (i64, i64) {
        match self {
            Type::Short => (i16::MIN.into(), i16::MAX.into()),
            Type::Int => (i32::MIN.into(), i32::MAX.into()),
            _ => (i64::MIN, i64::MAX),
        }
    }
}

/// One setting.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) family: Family,
    pub(crate) name: String,
    pub(crate) kind: Type,
    /// `null`: none, and an object: required.
    pub(crate) default: Json,
    pub(crate) valid: Valid,
    /// The limits in Kafka's own notation, empty without.
    limits: String,
}

impl Setting {
    /// Its type, default and limits: `int, default 500, allowed [0,...]`.
    pub(crate) fn describe(&self) -> String {
        let default = match &self.default {
            Json::Null | Json::Object(_) => String::new(),
            Json::String(text) if text.is_empty() => String::new(),
            Json::String(text) => format!(", default {text}"),
            Json::Array(items) => {
                let items: Vec<&str> = items.iter().filter_map(Json::as_str).collect();
                if items.is_empty() {
                    String::new()
                } else {
                    format!(", default {}", items.join(","))
                }
            }
            other => format!(", default {other}"),
        };
        let limits = match self.limits.as_str() {
            "" => String::new(),
            limits => format!(", allowed {limits}"),
        };
        format!("{}{default}{limits}", self.kind.name())
    }
}

/// A line of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    kind: Family,
    name: String,
    r#type: Type,
    default: Json,
    valid: Option<String>,
    #[serde(default, rename = "internal")]
    _internal: bool,
}

/// All settings, by family and name.
pub(crate) fn all() -> &'static [Setting] {
    static ALL: OnceLock<Vec<Setting>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut settings: Vec<Setting> =
            include_str!("configs.jsonl").lines().map(setting).collect();
        settings.sort_by(|a, b| (a.family, &a.name).cmp(&(b.family, &b.name)));
        settings
    })
}

fn setting(line: &str) -> Setting {
    let row: Row = serde_json::from_str(line).expect("each line describes one setting");
    let valid = row.valid.as_deref().map_or(Valid::Any, |text| {
        Valid::parse(text).unwrap_or_else(|| panic!("{text} is a notation of ours"))
    });
    let Row { kind: family, name, r#type: kind, default, .. } = row;
    Setting { family, name, kind, default, valid, limits: row.valid.unwrap_or_default() }
}

/// The settings of one family, by name.
pub(crate) fn of(family: Family) -> &'static [Setting] {
    let all = all();
    let start = all.partition_point(|setting| setting.family < family);
    let end = all.partition_point(|setting| setting.family <= family);
    &all[start..end]
}

/// The setting of that name.
pub(crate) fn find(family: Family, name: &str) -> Option<&'static Setting> {
    let settings = of(family);
    let index = settings.binary_search_by(|setting| setting.name.as_str().cmp(name)).ok()?;
    Some(&settings[index])
}

/// The families that have a setting of that name.
pub(crate) fn families(name: &str) -> Vec<Family> {
    Family::ALL.into_iter().filter(|family| find(*family, name).is_some()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_list_is_understood() {
        assert_eq!(all().len(), 640);
        assert_eq!(of(Family::Consumer).len(), 116);
        let timeout = find(Family::Consumer, "session.timeout.ms").unwrap();
        assert_eq!((timeout.kind, &timeout.default), (Type::Int, &serde_json::json!(45_000)));
        assert_eq!(families("session.timeout.ms"), [Family::Consumer]);
        assert_eq!(families("retry.backoff.ms"), [Family::Consumer, Family::Producer]);
    }
}
