//! A recorded dialogue as it stands in its file: what was asked, and what Kafka answered when.

use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::uuid::Uuid;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A dialogue with Kafka's group coordinator.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Script {
    /// Its name.
    pub id: String,
    /// What it shows.
    #[serde(default)]
    pub note: String,
    /// What the coordinator's clock showed at the start (ms).
    pub clock: i64,
    /// Whether changes of state are recorded.
    #[serde(default)]
    pub watch: bool,
    /// Whether records are recorded.
    #[serde(default = "yes")]
    pub records: bool,
    /// Broker settings.
    #[serde(default)]
    pub config: BTreeMap<String, Value>,
    /// Settings kept on groups.
    #[serde(default)]
    pub group_configs: BTreeMap<Name, BTreeMap<String, Value>>,
    /// Topics in the broker's metadata.
    #[serde(default)]
    pub topics: Vec<Topic>,
    /// The random UUIDs that the coordinator drew, in order.
    #[serde(default)]
    pub uuids: Vec<String>,
    /// Inputs and outputs in their real order.
    pub steps: Vec<Step>,
}

/// A topic in the broker's metadata.
#[derive(Clone, Debug, Deserialize)]
pub struct Topic {
    /// Its name.
    pub name: Name,
    /// Its id.
    pub id: Uuid,
    /// How many partitions it has.
    pub partitions: u32,
    /// Racks of the replicas of each partition.
    #[serde(default)]
    pub racks: Vec<Vec<Name>>,
}

const fn yes() -> bool {
    true
}

/// An input (it has `do`), or something that Kafka did.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Step {
    /// Virtual time since the start (ms).
    pub t: u64,
    /// Number of the input.
    pub n: u64,
    /// What is asked.
    pub r#do: Option<String>,
    /// Who asks.
    pub from: Name,
    /// `client.id`, if it is not the asker's name.
    #[serde(rename = "clientId")]
    pub client_id: Option<Name>,
    /// Version of the API.
    pub v: Option<i16>,
    /// Body of the request.
    pub req: Value,
    /// Groups to take a snapshot of.
    pub groups: Vec<Name>,
    /// All topics from now on.
    pub topics: Vec<Topic>,
    /// A group that gets other settings.
    pub group: Name,
    /// Its settings.
    pub configs: BTreeMap<String, Value>,
    /// How the next writes fail.
    pub error: Option<ErrorCode>,
    /// How many writes fail.
    pub count: Option<u64>,
    /// How long the new coordinator takes to read its log (ms).
    #[serde(rename = "loadMs")]
    pub load_ms: u64,
    /// Whether the log is compacted when the new coordinator reads it.
    pub compact: bool,
    /// Whether an offset fetch waits for what is on its way.
    #[serde(rename = "requireStable")]
    pub require_stable: bool,
    /// The API answered.
    pub reply: Option<String>,
    /// The input answered.
    pub to: u64,
    /// Body of the answer.
    pub res: Value,
    /// A batch written to the log.
    pub records: Option<Vec<Value>>,
    /// A timer that ended; informative.
    pub timer: Option<String>,
    /// A group's state, which has changed.
    pub state: Option<Value>,
}
