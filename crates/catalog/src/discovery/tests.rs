use model::{Discovery, People};
use proptest::prelude::*;

use super::*;

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}

fn rules(discovery: &Discovery) -> Rules {
    Rules::compile(discovery).expect("good rules")
}

fn at(path: &str) -> Candidate<'_> {
    Candidate { path, archived: false, topics: &[], forked: false }
}

#[test]
fn every_value_that_cannot_be_used_is_named() {
    let discovery = Discovery {
        groups: texts(&["a/b", "https://git.example/a"]),
        projects: texts(&["^a", "(", "a(?!b)"]),
        exclude: texts(&["a/.*/b", ""]),
        branch: Some("a b".to_owned()),
        file: Some("../x".to_owned()),
        people: People {
            groups: texts(&["["]),
            users: texts(&["*"]),
            restrict_to: Some("a//b".to_owned()),
            ..People::default()
        },
        ..Discovery::default()
    };
    let faults = Rules::compile(&discovery).expect_err("bad rules");
    let found: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    let expected = [
        "/groups/1",
        "/exclude/0",
        "/exclude/1",
        "/people/restrictTo",
        "/branch",
        "/file",
        "/projects/1",
        "/projects/2",
        "/people/groups/0",
        "/people/users/0",
    ];
    assert_eq!(found, expected);
    assert_eq!(faults[6].message, "\"(\" is no pattern: unclosed group");
    assert!(faults[7].remedy.contains("exclude"), "{}", faults[7].remedy);
    assert!(faults.iter().all(|fault| !fault.message.contains('\n') && !fault.remedy.is_empty()));
}

#[test]
fn groups_bound_what_is_found() {
    let nested = rules(&Discovery { groups: texts(&["Sandrill/Checkout", "/ops/", "ops/a"]), ..Discovery::default() });
    for (path, expected) in [
        ("sandrill/checkout/api", true),
        ("sandrill/checkout/deep/api", true),
        ("sandrill/checkout-b/api", false),
        ("sandrill/api", false),
        ("OPS/a/b", true),
    ] {
        assert_eq!(nested.admits(&at(path)), expected, "{path}");
    }
    assert_eq!(nested.scopes().len(), 2, "ops brings ops/a along");
    let flat = rules(&Discovery { groups: texts(&["ops", "ops/a"]), nested: false, ..Discovery::default() });
    assert!(flat.admits(&at("ops/x")) && flat.admits(&at("ops/a/x")) && !flat.admits(&at("ops/b/x")));
    assert_eq!(flat.scopes().len(), 2);
}

#[test]
fn patterns_topics_archives_and_forks_leave_out() {
    let some = rules(&Discovery {
        projects: texts(&["-api$", "^ops/"]),
        exclude: texts(&["ops/old", "ops/one"]),
        topics: texts(&["Service"]),
        forks: false,
        ..Discovery::default()
    });
    let topics = texts(&["service", "go"]);
    let good = Candidate { path: "a/pay-api", archived: false, topics: &topics, forked: false };
    assert!(some.admits(&good));
    assert!(!some.admits(&Candidate { topics: &[], ..good }));
    assert!(!some.admits(&Candidate { archived: true, ..good }));
    assert!(!some.admits(&Candidate { forked: true, ..good }));
    for (path, expected) in
        [("a/web", false), ("ops/web", true), ("ops/old/web", false), ("ops/one", false), ("ops/one-more", true)]
    {
        assert_eq!(some.admits(&Candidate { path, ..good }), expected, "{path}");
    }
    let all = rules(&Discovery { archived: true, ..Discovery::default() });
    assert!(all.admits(&Candidate { archived: true, forked: true, ..good }));
}

#[test]
fn groups_of_people_follow_trees_and_patterns() {
    let some = rules(&Discovery {
        groups: texts(&["sandrill"]),
        people: People { groups: texts(&["^sandrill/checkout"]), users: texts(&["^[a-m]"]), ..People::default() },
        ..Discovery::default()
    });
    assert!(some.admits_group("sandrill/checkout") && !some.admits_group("sandrill"));
    assert!(some.admits_user("ilse") && !some.admits_user("odd"));
    assert_eq!(some.people_trees(["elsewhere".to_owned()]), ["sandrill"], "only what was named is asked for");
    let free = rules(&Discovery::default());
    assert_eq!(free.people_trees(["b".to_owned(), "a".to_owned()]), ["b", "a"]);
}

proptest! {
    #[test]
    fn no_discovery_makes_it_fail(groups in proptest::collection::vec(".{0,12}", 0..3),
        projects in proptest::collection::vec(".{0,12}", 0..3), path in ".{0,30}") {
        let discovery = Discovery { groups: groups.clone(), exclude: groups, projects, ..Discovery::default() };
        match Rules::compile(&discovery) {
            Ok(rules) => { rules.admits(&at(&path)); rules.admits_group(&path); }
            Err(faults) => prop_assert!(faults.iter().all(|fault| !fault.message.is_empty())),
        }
    }
}
