//! Questions to assignment strategies as lines of JSON: the format of recorded answers of Kafka,
//! with the load of partitions and the capacity of members beside it.

use crate::assignor::{Member, Question, Topic};
use crate::kernel::rate::Rate;
use serde_json::{Map, Value, json};

/// A question as one line.
pub fn line(id: &str, assignor: &str, question: &Question) -> String {
    let topics: Vec<Value> = question.topics.iter().map(topic).collect();
    let members: Vec<Value> = question.members.iter().map(member).collect();
    json!({"id": id, "assignor": assignor, "topics": topics, "members": members}).to_string()
}

fn topic(topic: &Topic) -> Value {
    let mut object = Map::new();
    object.insert("name".to_owned(), json!(&*topic.name));
    object.insert("partitions".to_owned(), json!(topic.partitions));
    if topic.racks.iter().any(|racks| !racks.is_empty()) {
        let racks = topic.racks.iter().map(|of| of.iter().map(|rack| &**rack).collect::<Vec<_>>());
        object.insert("racks".to_owned(), json!(racks.collect::<Vec<_>>()));
    }
    if !topic.load.is_empty() {
        let loads = || (0..topic.partitions).map(|partition| topic.load(partition));
        let lags: Vec<u64> = loads().map(|load| load.lag).collect();
        let rates: Vec<Value> = loads().map(|load| per_second(load.rate)).collect();
        object.insert("lag".to_owned(), json!(lags));
        object.insert("rate".to_owned(), json!(rates));
    }
    Value::Object(object)
}

fn member(member: &Member) -> Value {
    let mut object = Map::new();
    object.insert("id".to_owned(), json!(&*member.id));
    for (key, value) in [("instance", &member.instance), ("rack", &member.rack)] {
        if let Some(value) = value {
            object.insert(key.to_owned(), json!(&**value));
        }
    }
    let topics: Vec<&str> = member.topics.iter().map(|name| &**name).collect();
    object.insert("topics".to_owned(), json!(topics));
    let had = member.had();
    let owned: Vec<Value> = had.iter().map(|of| json!([&*of.topic, of.partitions])).collect();
    object.insert("owned".to_owned(), json!(owned));
    if member.generation >= 0 {
        object.insert("gen".to_owned(), json!(member.generation));
    }
    if let Some(capacity) = member.capacity {
        object.insert("capacity".to_owned(), per_second(capacity));
    }
    Value::Object(object)
}

/// Records a second: a whole number where it is one.
fn per_second(rate: Rate) -> Value {
    if rate.units().is_multiple_of(Rate::PER_SECOND) {
        json!(rate.units() / Rate::PER_SECOND)
    } else {
        json!(rate.as_per_second_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assignor::{Load, user_data};
    use crate::model::consumer_protocol::TopicPartitions;

    #[test]
    fn a_question_is_a_line() {
        let load = Load { lag: 7, rate: Rate::from_units(Rate::PER_SECOND / 2) };
        let topic = Topic {
            name: "t".into(),
            partitions: 2,
            racks: vec![vec!["a".into()], vec![]],
            load: vec![load],
            ..Topic::default()
        };
        let had = [TopicPartitions { topic: "t".into(), partitions: vec![1] }];
        let member = Member {
            id: "m".into(),
            topics: vec!["t".into()],
            generation: 3,
            user_data: Some(user_data::sticky(&had, 3)),
            capacity: Some(Rate::per_second(5)),
            ..Member::default()
        };
        let question = Question { topics: vec![topic], members: vec![member], seen: -1 };
        let expected = json!({
            "id": "1", "assignor": "own",
            "topics": [{"name": "t", "partitions": 2, "racks": [["a"], []], "lag": [7, 0], "rate": [0.5, 0]}],
            "members": [{"id": "m", "topics": ["t"], "owned": [["t", [1]]], "gen": 3, "capacity": 5}],
        });
        let line: Value = serde_json::from_str(&line("1", "own", &question)).expect("JSON");
        assert_eq!(line, expected);
    }
}
