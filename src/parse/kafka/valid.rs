//! What Kafka's validators let pass.

use super::value::{Checked, iso_duration};

/// A validator of Kafka's `ConfigDef`.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Valid {
    /// Everything of the right type.
    Any,
    /// A number of this closed interval, or `or`.
    Range { min: String, max: Option<String>, or: Option<String> },
    /// One of these words; a list may hold several.
    Words { words: Vec<String>, any_case: bool },
    /// `latest`, `earliest` and the like, or `by_duration:` and an ISO 8601 duration.
    Reset { words: Vec<String> },
    /// A text, or a list, of at least one element.
    NonEmpty,
    /// A list without empty or repeated elements.
    Distinct,
}

impl Valid {
    /// Reads what Kafka's validators say of themselves.
    pub(crate) fn parse(text: &str) -> Option<Valid> {
        match text {
            "" => return Some(Valid::Distinct),
            "non-empty string" | "non-null string" | "non-empty list" => {
                return Some(Valid::NonEmpty);
            }
            // A form for throttling replicas that nothing here reads.
            "[partitionId]:[brokerId],[partitionId]:[brokerId],..." => return Some(Valid::Any),
            _ => {}
        }
        let (text, any_case) = match text.strip_prefix("(case insensitive) ") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let (inside, rest) = text.strip_prefix('[')?.rsplit_once(']')?;
        let or = rest.strip_prefix(" or ").map(str::to_owned);
        if let Some((min, max)) = inside.split_once(",...") {
            let max = max.strip_prefix(',').map(str::to_owned);
            return Some(Valid::Range { min: min.to_owned(), max, or });
        }
        let mut words: Vec<String> = inside.split(", ").map(str::to_owned).collect();
        let by_duration = words.iter().position(|word| word.starts_with("by_duration:"));
        if let Some(index) = by_duration {
            words.remove(index);
            return Some(Valid::Reset { words });
        }
        Some(Valid::Words { words, any_case })
    }

    /// What Kafka would say against a value of the right type.
    pub(crate) fn refuses(&self, name: &str, value: &Checked) -> Option<String> {
        match (self, value) {
            (Valid::Range { min, max, or }, _) => range(min, max.as_deref(), or.as_deref(), value),
            (Valid::Words { words, any_case }, Checked::Text(text)) => {
                let known = words.iter().any(|word| same(word, text, *any_case));
                let how = if *any_case { " (case insensitive)" } else { "" };
                (!known).then(|| format!("String must be one of{how}: {}", words.join(", ")))
            }
            (Valid::Words { words, .. }, Checked::List(items)) => {
                let stranger = items.iter().find(|item| !words.contains(&item.value));
                stranger
                    .map(|_| format!("String must be one of: {}", words.join(", ")))
                    .or_else(|| distinct(name, items.iter().map(|item| item.value.as_str())))
            }
            (Valid::Reset { words }, Checked::Text(text)) => reset(words, text),
            (Valid::NonEmpty, Checked::Text(text)) => {
                text.is_empty().then(|| "String must be non-empty".to_owned())
            }
            (Valid::NonEmpty, Checked::List(items)) => {
                items.is_empty().then(|| "List must be non-empty".to_owned())
            }
            (Valid::Distinct, Checked::List(items)) => {
                distinct(name, items.iter().map(|item| item.value.as_str()))
            }
            _ => None,
        }
    }
}

fn same(word: &str, text: &str, any_case: bool) -> bool {
    word == text || (any_case && word.eq_ignore_ascii_case(text))
}

fn range(min: &str, max: Option<&str>, or: Option<&str>, value: &Checked) -> Option<String> {
    let number = match value {
        Checked::Int(number) => *number as f64,
        Checked::Double(number) => *number,
        _ => return None,
    };
    let is = |bound: &str| bound.parse().ok().filter(|bound: &f64| *bound <= number);
    if or.is_some_and(|or| Checked::Int(or.parse().unwrap_or(0)) == *value) {
        return None;
    }
    if is(min).is_none() {
        return Some(format!("Value must be at least {min}"));
    }
    let over = max.filter(|max| max.parse().is_ok_and(|max: f64| max < number));
    over.map(|max| format!("Value must be no more than {max}"))
}

fn distinct<'a>(name: &str, items: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut items: Vec<&str> = items.collect();
    if items.contains(&"") {
        return Some(format!("Configuration '{name}' values must not be empty."));
    }
    let count = items.len();
    items.sort_unstable();
    items.dedup();
    (items.len() < count).then(|| format!("Configuration '{name}' values must not be duplicated."))
}

fn reset(words: &[String], text: &str) -> Option<String> {
    let by_duration = |text: &str| {
        text.strip_prefix("by_duration:").is_some_and(|text| iso_duration(text).is_some())
    };
    if words.iter().any(|word| word == text) || by_duration(text) {
        return None;
    }
    let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    Some(format!(
        "The value must be either {} or of the format 'by_duration:<PnDTnHnMn.nS.>', for example \
         'by_duration:PT1H' or 'by_duration:P7D'.",
        words.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(valid: &str, value: &Checked) -> Option<String> {
        Valid::parse(valid).unwrap().refuses("some.key", value)
    }

    #[test]
    fn ranges_hold_their_ends() {
        let at_least_zero = |n| refusal("[0,...]", &Checked::Int(n));
        assert_eq!(at_least_zero(0), None);
        assert_eq!(at_least_zero(-1).unwrap(), "Value must be at least 0");
        let level = |n| refusal("[1,...,9] or -1", &Checked::Int(n));
        assert_eq!((level(-1), level(1), level(9)), (None, None, None));
        assert_eq!(level(0).unwrap(), "Value must be at least 1");
        assert_eq!(level(10).unwrap(), "Value must be no more than 9");
        let factor = |x| refusal("[0.5,...,1.0]", &Checked::Double(x));
        assert_eq!((factor(0.5), factor(1.0)), (None, None));
        assert!(factor(1.1).is_some() && factor(0.4).is_some());
    }

    #[test]
    fn words_mind_their_case_unless_kafka_does_not() {
        let text = |text: &str| Checked::Text(text.to_owned());
        assert_eq!(refusal("(case insensitive) [CONSUMER, CLASSIC]", &text("classic")), None);
        assert!(refusal("[read_committed, read_uncommitted]", &text("READ_COMMITTED")).is_some());
        assert!(refusal("non-empty string", &text("")).is_some());
    }

    #[test]
    fn reset_policies_take_a_duration() {
        let valid = "[latest, earliest, none, by_duration:PnDTnHnMn.nS]";
        let refuses = |text: &str| refusal(valid, &Checked::Text(text.to_owned())).is_some();
        assert!(!refuses("none") && !refuses("by_duration:P1DT2H"));
        assert!(refuses("by_duration") && refuses("by_duration:1d") && refuses("newest"));
    }
}
