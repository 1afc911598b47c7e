//! Settings as dialogues give them.

use super::player::Unsupported;
use crate::coordinator::config::GroupConfig;
use serde_json::Value;
use std::collections::BTreeMap;

/// A number, which may stand in a text.
pub(super) fn number(key: &str, value: &Value) -> Result<u64, Unsupported> {
    let number = match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_u64(),
    };
    number.ok_or_else(|| Unsupported(format!("{key} = {value}")))
}

/// Settings kept on a group.
pub(super) fn group_config(settings: &BTreeMap<String, Value>) -> Result<GroupConfig, Unsupported> {
    let mut config = GroupConfig::default();
    for (key, value) in settings {
        let setting = match key.as_str() {
            "consumer.session.timeout.ms" => &mut config.consumer_session_timeout_ms,
            "consumer.heartbeat.interval.ms" => &mut config.consumer_heartbeat_interval_ms,
            "consumer.assignment.interval.ms" => &mut config.consumer_assignment_interval_ms,
            "share.session.timeout.ms" => &mut config.share_session_timeout_ms,
            "share.heartbeat.interval.ms" => &mut config.share_heartbeat_interval_ms,
            "share.assignment.interval.ms" => &mut config.share_assignment_interval_ms,
            _ => return Err(Unsupported(format!("the setting {key} of a group"))),
        };
        *setting = Some(number(key, value)? as i32);
    }
    Ok(config)
}
