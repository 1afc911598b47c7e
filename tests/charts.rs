//! Charts: whole files that say what happened.

use rejoin::analysis::summary::summarize;
use rejoin::parse::{self, Source};
use rejoin::report::chart::{Chart, charts};
use rejoin::world;
use std::path::Path;

fn lesson(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/lessons").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// The charts of the first run of a scenario.
fn draw(text: &str) -> Vec<Chart> {
    let parsed = parse::scenario(&Source::new("test.toml", text), &[]);
    let scenario = parsed.unwrap_or_else(|problems| panic!("{problems}")).runs.remove(0).scenario;
    let mut run = world::run(&scenario, &mut (), &mut |_| ());
    let summary = summarize(&mut run, &scenario);
    charts(&mut run, &scenario, &summary)
}

/// All texts of an SVG, which has to be well-formed.
fn texts(svg: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(svg).expect("SVG is XML");
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    texts.filter_map(|node| node.text()).map(|text| text.trim().to_owned()).collect()
}

/// Texts of the chart of this name.
fn says(charts: &[Chart], name: &str) -> Vec<String> {
    texts(&charts.iter().find(|chart| chart.name == name).expect("drawn").svg())
}

#[test]
fn the_third_consumer_idles_in_its_lane() {
    let charts = draw(&lesson("three-consumers.toml"));
    let names: Vec<&str> = charts.iter().map(|chart| chart.name).collect();
    assert_eq!(names, ["lag", "consumers", "assignment", "recovery"]);
    let assignment = says(&charts, "assignment");
    // In the legend and in a lane; the lanes' names are on the axis.
    for text in ["orders-0", "orders-1", "idle"] {
        assert_eq!(assignment.iter().filter(|t| *t == text).count(), 2, "{text}: {assignment:?}");
    }
    for name in ["search-1", "search-2", "search-3"] {
        assert!(assignment.iter().any(|text| text == name), "{name}: {assignment:?}");
    }
    assert!(assignment.contains(&"rebalance".to_owned()), "{assignment:?}");
    assert!(says(&charts, "recovery").iter().any(|text| text.contains("No event")));
}

#[test]
fn a_crash_is_marked_on_every_time_axis() {
    let charts = draw(&lesson("resume-after-crash.toml"));
    for chart in &charts {
        let texts = texts(&chart.svg());
        assert!(texts.contains(&"crash search-1".to_owned()), "{}: {texts:?}", chart.name);
        assert!(texts.iter().any(|text| text.starts_with("time (")), "{}: {texts:?}", chart.name);
    }
    let recovery = says(&charts, "recovery");
    assert!(recovery.iter().any(|text| text.contains("detection 4")), "{recovery:?}");
    assert!(says(&charts, "assignment").contains(&"gone, but still a member".to_owned()));
}

#[test]
fn png_and_svg_are_of_one_size() {
    for chart in draw(&lesson("three-consumers.toml")) {
        let svg = chart.svg();
        let document = roxmltree::Document::parse(&svg).unwrap();
        let number = |name: &str| -> u32 {
            document.root_element().attribute(name).unwrap().parse().unwrap()
        };
        let png = chart.png();
        let mut reader = png::Decoder::new(std::io::Cursor::new(&png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (2 * number("width"), 2 * number("height")));
        let dark = pixels.chunks(3).filter(|pixel| pixel.iter().all(|&part| part < 0x60)).count();
        assert!(dark > 2_000, "{}: only {dark} dark pixels, is there text?", chart.name);
    }
}

#[test]
fn what_people_write_into_names_is_text() {
    let text = lesson("one-consumer.toml");
    let question = text.lines().find(|line| line.starts_with("question")).unwrap();
    let odd = "question = '<b>&amp; \"Größe\" ≥ 5 µs 第三个?'";
    for chart in draw(&text.replace(question, odd)) {
        let texts = texts(&chart.svg());
        assert!(texts.iter().any(|text| text.contains("<b>&amp; \"Größe\"")), "{texts:?}");
    }
}

#[test]
fn there_is_a_chart_of_nothing() {
    let text = "name = \"nothing\"\nduration = \"2s\"\n[topics.orders]\npartitions = 1\n\
                [groups.search]\ntopics = [\"orders\"]\nconsumers = 0\n";
    for chart in draw(text) {
        assert!(!texts(&chart.svg()).is_empty());
        assert!(!chart.png().is_empty());
    }
}

#[test]
fn many_partitions_are_a_spread_and_many_events_keep_their_lines() {
    let text = "name = \"many\"\nduration = \"60s\"\n[topics.orders]\npartitions = 40\n\
                [producers.shop]\ntopic = \"orders\"\nrate = \"400/s\"\n\
                [groups.search]\ntopics = [\"orders\"]\nconsumers = 5\n\
                [[events]]\nevery = \"1s\"\nfrom = \"10s\"\nto = \"40s\"\n\
                pause = { group = \"search\", random = 1 }\nfor = \"100ms\"\n";
    let charts = draw(text);
    let lag = says(&charts, "lag");
    assert!(lag.contains(&"median partition".to_owned()), "{lag:?}");
    assert!(!lag.contains(&"orders-7".to_owned()), "{lag:?}");
    let assignment = says(&charts, "assignment");
    let events = assignment.iter().filter(|text| text.starts_with("pause 1 of search")).count();
    assert!((2..=31).contains(&events), "{events}: {assignment:?}");
}
