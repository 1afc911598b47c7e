//! What scenario files mean: the resolved values, variant by variant.

use crate::{in_tree, source};
use rejoin::assignor::Strategy;
use rejoin::kernel::dist::Dist;
use rejoin::kernel::factor::Factor;
use rejoin::kernel::rate::Rate;
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::config::{CommitMode, ConsumerConfig, ResetPolicy, WorkRevoked};
use rejoin::model::id::{BrokerId, GroupId, ProducerId, TopicId};
use rejoin::model::workload::{Arrivals, Partitioner, RateStep};
use rejoin::parse::{Parsed, Source, scenario};
use rejoin::scenario::event::{Action, RateChange, Target};
use rejoin::scenario::expect::{Compare, Stat, Window};
use rejoin::scenario::group::Subscription;
use rejoin::scenario::metric::Metric;
use rejoin::scenario::{Placement, Scenario};

fn parsed(source: &Source) -> Parsed {
    scenario(source, &[]).unwrap_or_else(|problems| panic!("{problems}"))
}

fn good(name: &str) -> Parsed {
    parsed(&source(&in_tree(&format!("tests/good/{name}.toml"))))
}

fn only(name: &str) -> Scenario {
    let mut runs = good(name).runs;
    assert_eq!(runs.len(), 1);
    runs.remove(0).scenario
}

fn s(seconds: u64) -> Instant {
    Instant::from_secs(seconds)
}

fn names(scenario: &Scenario, group: usize) -> Vec<&str> {
    scenario.groups[group].consumers.iter().map(|consumer| consumer.name.as_str()).collect()
}

#[test]
fn what_is_not_said_is_kafkas_default() {
    let scenario = only("smallest");
    assert_eq!(scenario.name, "smallest");
    assert_eq!((scenario.seed, scenario.resolution), (0, Span::ZERO));
    assert_eq!(scenario.cluster.racks, [None]);
    assert_eq!(scenario.cluster.latency, Dist::Fixed(250));
    assert!(scenario.cluster.service.is_zero() && scenario.cluster.rack_latency.is_zero());
    assert_eq!(scenario.cluster.config.offsets_topic_replication_factor, 1);
    let placement = Placement::Striped { partitions: 1, replication_factor: 1 };
    assert_eq!(scenario.topics[0].placement, placement);
    assert_eq!((scenario.topics[0].record_size, scenario.topics[0].backlog), (1_024, 0));
    let group = &scenario.groups[0];
    assert_eq!(names(&scenario, 0), ["search-1"]);
    assert_eq!(group.consumers[0].start, Instant::ZERO);
    assert_eq!(group.consumers[0].template, group.template);
    assert_eq!(group.template.config, ConsumerConfig::default());
    assert_eq!(group.commit, CommitMode::Auto);
    assert_eq!(group.poll_timeout, Span::from_ms(100));
    assert_eq!((group.coordinator, group.process_by.len()), (None, 0));
    assert_eq!(group.poll_while_processing, None);
}

#[test]
fn the_example_of_the_design_is_read_as_it_says() {
    let scenario = only("design-example");
    assert_eq!(scenario.name, "three consumers, two partitions");
    assert_eq!((scenario.seed, scenario.duration), (7, Span::from_secs(120)));
    assert_eq!(scenario.cluster.racks.len(), 3);
    assert_eq!(scenario.producers[0].arrivals, Arrivals::Poisson);
    assert_eq!(scenario.producers[0].partitioner, Partitioner::RoundRobin);
    assert_eq!(scenario.groups[0].template.process, Dist::Fixed(4_000));
    assert_eq!(scenario.events[0].at, [s(40)]);
    assert_eq!(scenario.events[0].action.describe(&scenario), "crash search-1");
    let expect = &scenario.expects[0];
    assert_eq!((expect.metric, expect.line), (Metric::IdleConsumers, 35));
    assert_eq!(expect.window, Window::At(s(30)));
    assert_eq!(expect.compare, Compare::Equals(1.0));
    assert_eq!(expect.scope.group, Some(GroupId(0)));
}

#[test]
fn clusters_have_racks_dealt_round_and_typed_settings() {
    let scenario = only("cluster");
    let racks: Vec<&str> =
        scenario.cluster.racks.iter().map(|rack| rack.as_deref().unwrap_or("-")).collect();
    assert_eq!(racks, ["a", "b", "c", "a", "b"]);
    assert_eq!(scenario.cluster.latency, Dist::LogNormal { median: 300, p99: 2_000 });
    assert_eq!(scenario.cluster.rack_latency, Dist::Uniform(1_000, 2_000));
    assert_eq!(scenario.cluster.service, Dist::Pareto { min: 50, shape: 1.5 });
    let config = &scenario.cluster.config;
    assert_eq!(config.group_initial_rebalance_delay, Span::ZERO);
    assert_eq!(config.group_min_session_timeout, Span::from_secs(1));
    assert_eq!(config.group_max_session_timeout, Span::from_secs(300));
    assert_eq!((config.group_max_size, config.offset_metadata_max_bytes), (100, 8_192));
    assert_eq!(config.offsets_topic_replication_factor, 5);
    // The topic takes the broker's defaults.
    let placement = Placement::Striped { partitions: 6, replication_factor: 3 };
    assert_eq!(scenario.topics[0].placement, placement);
    let group = &scenario.groups[0];
    assert_eq!(group.template.process, Dist::Exponential(4_000));
    assert_eq!(group.on_revoked, Dist::Empirical(vec![1_000, 2_000, 9_000]));
    assert_eq!(group.on_assigned, Dist::Uniform(0, 1_000_000));
    assert_eq!(group.on_lost, Dist::Fixed(3_000));
}

#[test]
fn settings_may_be_spelled_as_people_spell_them() {
    let scenario = only("settings-spellings");
    assert_eq!(scenario.producers[0].config.batch_size, 32_768);
    let config = &scenario.groups[0].template.config;
    assert_eq!(config.session_timeout, Span::from_secs(10));
    assert_eq!(config.heartbeat_interval, Span::from_secs(3));
    let strategies = scenario.groups[0].template.strategies.iter();
    assert!(strategies.map(Strategy::name).eq(["range", "cooperative-sticky"]));
    assert_eq!(config.max_partition_fetch_bytes, 1_048_576);
    assert_eq!(config.auto_offset_reset, ResetPolicy::ByDuration(Span::from_secs(5_400)));
    assert_eq!(config.auto_commit_interval, Span::from_secs(1));
    assert!(config.enable_auto_commit);
}

#[test]
fn topics_are_placed_by_kafka_or_by_hand() {
    let scenario = only("topics");
    let orders: Vec<&str> = scenario.topics.iter().map(|topic| topic.name.as_str()).collect();
    assert_eq!(orders, ["orders", "clicks", "views", "payments"], "in the order of the file");
    let placement = Placement::Striped { partitions: 1, replication_factor: 2 };
    assert_eq!(scenario.topics[1].placement, placement);
    let by_hand = Placement::Explicit(vec![
        vec![BrokerId(1), BrokerId(3)],
        vec![BrokerId(3), BrokerId(1)],
        vec![BrokerId(2), BrokerId(1)],
    ]);
    assert_eq!(scenario.topics[2].placement, by_hand);
    let sizes: Vec<u64> = scenario.topics.iter().map(|topic| topic.record_size).collect();
    assert_eq!(sizes, [1_024, 512, 1_024, 1_500]);
    assert_eq!(scenario.topics[0].backlog, 1_000_000);
}

#[test]
fn producers_have_profiles() {
    let scenario = only("producers");
    let [constant, waves, late, keyed, evenly] = &scenario.producers[..] else { panic!() };
    let step = |at, rate, ramp| RateStep { at: s(at), rate, ramp: Span::from_secs(ramp) };
    assert_eq!(constant.profile, [step(10, Rate::per_second(500), 0)]);
    assert_eq!((constant.start, constant.stop), (s(10), s(300)));
    assert_eq!((constant.count, constant.tick), (4, Span::from_ms(50)));
    let rate = Rate::per_second;
    let expected = [step(0, rate(100), 0), step(60, rate(900), 20), step(300, rate(0), 0)];
    assert_eq!(waves.profile, expected);
    assert_eq!(waves.stop, Instant::NEVER);
    // Nothing is sent before the first step.
    let slow = Rate::from_units(Rate::PER_SECOND / 40);
    assert_eq!(late.profile, [step(0, rate(0), 0), step(30, slow, 0)]);
    assert_eq!(keyed.partitioner, Partitioner::Keyed { count: 1_000, skew: 1.0 });
    assert_eq!(keyed.config.batch_size, 0);
    assert_eq!(evenly.partitioner, Partitioner::Keyed { count: 10, skew: 0.0 });
    assert_eq!(evenly.topic, TopicId(0));
}

#[test]
fn consumers_are_numbered_and_started_one_by_one() {
    let scenario = only("groups");
    assert_eq!(names(&scenario, 0), ["search-1", "search-2", "search-3"]);
    let starts = |group: usize| -> Vec<Instant> {
        scenario.groups[group].consumers.iter().map(|consumer| consumer.start).collect()
    };
    assert_eq!(starts(0), [5_000, 5_500, 6_000].map(Instant::from_ms));
    let search = &scenario.groups[0];
    let by = [(TopicId(0), 3, Dist::Fixed(40_000)), (TopicId(1), 0, Dist::Exponential(1_000))];
    assert_eq!(search.process_by, by);
    assert_eq!((search.coordinator, search.poll_timeout), (Some(BrokerId(2)), Span::from_secs(1)));
    assert_eq!(search.template.config.client_rack, "east");

    let audit = &scenario.groups[1];
    assert_eq!(
        names(&scenario, 1),
        ["audit-1", "slow", "audit-3", "audit-4", "extra-1", "extra-2"]
    );
    assert_eq!(starts(1)[1], s(20));
    assert_eq!(audit.subscription, Subscription::Pattern("(orders|clicks)".into()));
    let [first, slow, .., extra] = &audit.consumers[..] else { panic!() };
    assert_eq!(first.template.process, Dist::Fixed(4_000));
    assert_eq!(slow.template.process, Dist::Uniform(40_000, 60_000));
    assert_eq!(slow.template.config.client_rack, "west");
    assert_eq!(extra.template.config.session_timeout, Span::from_secs(30));
    assert_eq!(audit.template.config.session_timeout, Span::from_secs(45));
    assert!(scenario.groups[2].consumers.is_empty());
}

#[test]
fn commit_modes_decide_about_auto_commit() {
    let scenario = only("commits");
    let modes: Vec<CommitMode> = scenario.groups.iter().map(|group| group.commit).collect();
    let expected = [
        CommitMode::Auto,
        CommitMode::SyncBatch,
        CommitMode::AsyncBatch,
        CommitMode::SyncRecord,
        CommitMode::BeforeBatch,
        CommitMode::OnRevoke,
        CommitMode::None,
        CommitMode::Records(100),
        CommitMode::Every(Span::from_secs(1)),
    ];
    assert_eq!(modes, expected);
    for group in &scenario.groups {
        let auto = group.consumers[0].template.config.enable_auto_commit;
        assert_eq!(auto, group.commit == CommitMode::Auto);
    }
}

#[test]
fn events_say_when_and_whom() {
    let scenario = only("events");
    let told: Vec<String> =
        scenario.events.iter().map(|event| event.action.describe(&scenario)).collect();
    let expected = [
        "crash search-1",
        "crash search-2, search-3, back after 20s",
        "close all of search, back after 1s",
        "start search-1",
        "start audit",
        "restart 2 of search, back after 0s",
        "restart audit-4, back after 3s",
        "pause 25% of search for 50s",
        "busy search-1 for 6m",
        "slow all of search by 2.5",
        "slow search-1 by 0.1 for 10s",
        "scale search to 5",
        "crash search-5",
        "scale search, audit to 2",
        "rate shop to 900/s for 10s",
        "rate shop, web times 3 for 10s",
        "rate web to 0/s",
    ];
    assert_eq!(told, expected);
    let at = |event: usize| scenario.events[event].at.clone();
    assert_eq!(at(0), [s(40)]);
    assert_eq!(at(4), [80, 140, 200].map(s), "from, then every, up to and including to");
    assert_eq!(at(5), [120, 240, 360, 480, 600].map(s), "to the end of the run");
    assert_eq!(at(13), [180, 360, 540].map(s), "`to` is the number of consumers");
    assert_eq!(at(15), [60, 120, 180, 240, 300].map(s), "`to` is a time beside a factor");
    let Action::SetRate { producers, change, .. } = &scenario.events[15].action else { panic!() };
    assert_eq!(producers, &[ProducerId(0), ProducerId(1)]);
    assert_eq!(*change, RateChange::Times(Factor::from_millionths(3_000_000)));
    assert_eq!(scenario.events[4].action, Action::StartNext { group: GroupId(1) });
    let share = Factor::from_millionths(250_000);
    let pause = Action::Pause {
        target: Target::Share { group: GroupId(0), share },
        span: Span::from_secs(50),
    };
    assert_eq!(scenario.events[7].action, pause);
}

#[test]
fn pauses_say_whose_which_and_how_long() {
    let scenario = only("pausing");
    let revoked = |group: usize| scenario.groups[group].poll_while_processing;
    assert_eq!((revoked(0), revoked(1)), (Some(WorkRevoked::Wait), Some(WorkRevoked::Drop)));
    let told: Vec<String> =
        scenario.events.iter().map(|event| event.action.describe(&scenario)).collect();
    let expected = [
        "pause_partitions search-1 for 30s",
        "pause_partitions 1 of search of orders for 1s",
        "pause_partitions search-1, search-2 of orders-0, orders-3",
    ];
    assert_eq!(told, expected);
}

#[test]
fn expectations_have_scopes_windows_and_statistics() {
    let scenario = only("expectations");
    let end = s(600);
    let of = |metric: Metric| {
        scenario.expects.iter().filter(move |expect| expect.metric == metric).collect::<Vec<_>>()
    };
    for metric in Metric::ALL {
        assert!(!of(*metric).is_empty(), "{}", metric.name());
    }
    let lag = of(Metric::Lag);
    assert_eq!(lag[0].window, Window::At(end));
    assert_eq!(lag[1].window, Window::Over { from: s(60), to: s(120), stat: Stat::Max });
    assert_eq!((lag[1].scope.topic, lag[1].scope.partition), (Some(TopicId(0)), Some(3)));
    assert_eq!(lag[1].scope.group, Some(GroupId(0)), "the only one");
    assert_eq!(lag[1].compare, Compare::AtLeast(1.5));
    let whole = |stat| Window::Over { from: Instant::ZERO, to: end, stat };
    assert_eq!(of(Metric::PositionLag)[0].window, whole(Stat::Percentile(99.9)));
    assert_eq!(of(Metric::LogEndOffset)[0].scope.topic, Some(TopicId(0)), "the only one");
    assert_eq!(of(Metric::OwnedPartitions)[0].window, whole(Stat::Last));
    assert_eq!(of(Metric::OwnedPartitions)[0].scope.consumer.as_deref(), Some("search-2"));
    let since = Window::Over { from: s(50), to: end, stat: Stat::Sum };
    assert_eq!(of(Metric::Rebalances)[0].window, since);
    assert_eq!(of(Metric::StalledTime)[0].compare, Compare::AtMost(3.0));
    assert_eq!(of(Metric::UnownedTime)[0].compare, Compare::Between(42.0, 48.5));
    assert_eq!(of(Metric::UnownedTime)[1].compare, Compare::Near { value: 90.0, percent: 2.5 });
    assert_eq!(of(Metric::DetectionTime)[0].scope.event, Some(0), "counted from 0 here");
    assert_eq!(of(Metric::CatchUpTime)[0].window, whole(Stat::Max));
    assert_eq!(of(Metric::Duplicates)[0].scope.cause.as_deref(), Some("crash"));
    assert_eq!(of(Metric::Throughput)[0].scope.group, None);
    assert_eq!(of(Metric::Throughput)[0].scope.producer, Some(ProducerId(0)));
    assert_eq!(of(Metric::Latency)[0].compare, Compare::AtMost(1.0));
}

#[test]
fn variants_merge_tables_and_replace_everything_else() {
    let parsed = good("variants");
    let found: Vec<_> = parsed
        .runs
        .iter()
        .map(|run| (run.variant.as_deref(), run.scenario.name.as_str()))
        .collect();
    let expected = [
        (None, "variants"),
        (Some("more"), "variants.more"),
        (Some("tail"), "variants.tail"),
        (Some("both"), "variants.both"),
    ];
    assert_eq!(found, expected);
    let [base, more, tail, both] = &parsed.runs[..] else { panic!() };
    let (base, more, tail, both) = (&base.scenario, &more.scenario, &tail.scenario, &both.scenario);
    assert_eq!((names(base, 0).len(), names(more, 0).len()), (2, 4));
    assert_eq!((base.topics[0].partitions(), more.topics[0].partitions()), (2, 4));
    assert_eq!(base.expects[0].compare, Compare::Equals(2.0));
    assert_eq!(more.expects[0].compare, Compare::Equals(4.0));
    assert_eq!(tail.expects[0].compare, Compare::Equals(2.0), "the file's stand");
    // A distribution and a commit mode are values: they replace.
    assert_eq!(tail.groups[0].template.process, Dist::Exponential(4_000));
    assert_eq!(tail.groups[0].commit, CommitMode::SyncBatch);
    // Settings merge, however they are spelled.
    let config = &tail.groups[0].template.config;
    assert_eq!((config.session_timeout, config.max_poll_records), (Span::from_secs(20), 10));
    assert_eq!((both.seed, both.groups.len(), both.expects.len()), (3, 2, 1));
    assert_eq!(both.expects[0].scope.group, Some(GroupId(1)));
}

#[test]
fn inline_tables_and_odd_spaces_are_the_same_toml() {
    let scenario = only("inline");
    assert_eq!(names(&scenario, 0), ["search-1", "search-2"]);
    assert_eq!(scenario.topics[0].partitions(), 3);
    assert_eq!(scenario.cluster.config.group_initial_rebalance_delay, Span::ZERO);
    let config = &scenario.groups[0].template.config;
    assert_eq!((config.session_timeout, config.max_poll_records), (Span::from_secs(6), 5));
    let scenario = only("comments-and-spaces");
    assert_eq!(scenario.duration, Span::from_secs(60));
    assert_eq!(scenario.groups[0].template.config.session_timeout, Span::from_secs(10));
    assert_eq!(scenario.topics[0].partitions(), 2);
}

#[test]
fn a_large_group_is_read_quickly() {
    let text = "duration = \"1s\"\n[topics.t]\n[groups.g]\ntopics = [\"t\"]\nconsumers = 100000";
    let parsed = parsed(&Source::new("large.toml", text));
    assert_eq!(parsed.runs[0].scenario.groups[0].consumers[99_999].name, "g-100000");
}
