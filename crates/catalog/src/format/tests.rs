//! One table a rule: a document and what is said of it.

use std::fmt::Write as _;

use model::{Code, Severity};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const GOOD: &str = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: x}\n\
                    spec: {type: service, lifecycle: production, owner: team}\n";

fn read(text: &str) -> Parsed {
    parse(text.as_bytes(), &Limits::default())
}

/// Every document in a line: its reference or `-`, `ok` or `refused`, and its problems as `code line:column pointer`.
fn summary(parsed: &Parsed) -> String {
    let mut out = String::new();
    let problems = |out: &mut String, problems: &[Problem]| {
        for problem in problems {
            let at = problem.position.map(|at| format!("{}:{}", at.line, at.column)).unwrap_or_default();
            write!(out, "; {} {at} {}", problem.code.as_str(), problem.pointer.as_deref().unwrap_or(""))
                .expect("string");
        }
    };
    for document in &parsed.documents {
        let claimed = document.claimed_ref.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let verdict = if document.entity.is_some() { "ok" } else { "refused" };
        write!(out, "{}: {claimed} {verdict}", document.index).expect("string");
        problems(&mut out, &document.problems);
        out.push('\n');
    }
    if !parsed.problems.is_empty() {
        out.push_str("file");
        problems(&mut out, &parsed.problems);
        out.push('\n');
    }
    out
}

fn check(text: &str, expected: &str) {
    let found = summary(&read(text));
    let lines = |text: &str| text.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>();
    assert_eq!(lines(&found), lines(expected), "\n{text}");
}

fn accepted(text: &str) -> Accepted {
    let mut documents = read(text).documents;
    assert_eq!(documents.len(), 1, "{text}");
    let document = documents.remove(0);
    document.entity.unwrap_or_else(|| panic!("{text}: {:?}", document.problems))
}

fn problems(text: &str) -> Vec<Problem> {
    let parsed = read(text);
    parsed.documents.into_iter().flat_map(|document| document.problems).chain(parsed.problems).collect()
}

/// The good component with one more line of metadata.
fn with(metadata: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: x\n  {metadata}\nspec: {{type: a, lifecycle: b, owner: c}}\n"
    )
}

#[test]
fn an_entity_keeps_what_was_written_and_gets_its_namespace() {
    let entity = accepted(&with("title: T\n  own: {a: [1, 2.5, null, true]}"));
    assert_eq!(entity.entity_ref.to_string(), "Component:default/x");
    assert_eq!(
        serde_json::to_string(&entity.body).expect("json"),
        r#"{"apiVersion":"backstage.io/v1alpha1","kind":"Component","metadata":{"name":"x","namespace":"default","title":"T","own":{"a":[1,2.5,null,true]}},"spec":{"type":"a","lifecycle":"b","owner":"c"}}"#
    );
    assert_eq!(entity.owner_position, Some(Position { line: 7, column: 38 }));
    assert_eq!((entity.placeholders.len(), entity.location), (0, None));
    assert_eq!(accepted(&with("namespace: ops")).entity_ref.to_string(), "Component:ops/x");
}

#[test]
fn every_problem_names_its_place() {
    check(
        "# c\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: a b\n  tags: [ok, Java]\n\
         \x20 labels:\n    bad key: x\n    k: a/b\n  links:\n    - title: t\n    - url: nowhere\nspec:\n  type: 5\n\
         \x20 owner:\n  dependsOn: [db]\nstatus: {}\n",
        "0: - refused; envelope 17:1 status; invalid-field 5:9 metadata.name; invalid-field 8:5 metadata.labels.bad key; \
         invalid-field 9:8 metadata.labels.k; invalid-field 6:14 metadata.tags.1; missing-field 11:7 metadata.links.0.url; \
         invalid-field 12:12 metadata.links.1.url; invalid-field 14:9 spec.type; missing-field 14:3 spec.lifecycle; \
         missing-field 15:8 spec.owner; invalid-ref 16:15 spec.dependsOn.0",
    );
    for problem in problems("apiVersion: 1\nkind: []\nmetadata: {name: '', tags: null, namespace: null}\nspec: x\n") {
        assert!(!problem.message.is_empty() && !problem.remedy.is_empty());
        assert_eq!((problem.document, problem.position.is_some()), (Some(0), true), "{problem:?}");
    }
}

#[test]
fn messages_name_the_value_and_the_way_out() {
    let said = |text: &str| {
        let problems = problems(text);
        format!("{} {}", problems[0].message, problems[0].remedy)
    };
    assert_eq!(
        said(&with("tags: [Java Script]")),
        "metadata.tags.0 \"Java Script\" must be 1 to 63 small letters, digits, `+`, `#` or `:`, in parts separated by \
         single `-` Write java-script, for example."
    );
    assert_eq!(
        said(&with("annotations: {a: 1.5}")),
        "metadata.annotations.a is the number 1.5; it must be a string Put the value in quotes."
    );
    assert!(
        said(&GOOD.replace("Component", "Componnet"))
            .ends_with("Write Component if you mean that; give a kind of your own an apiVersion of your own.")
    );
    assert!(said(&GOOD.replace("Component", "component")).ends_with("Write Component."));
    assert!(said(&GOOD.replace("name: x", "name: '${{ values.name }}'")).contains("skeleton"));
    assert!(said(&with(&format!("title: a\n  title: {}", "b".repeat(300)))).contains("first stands on line 5"));
    assert!(said(&with("tags: [*nope]")).starts_with("the alias *nope has no anchor &nope before it"));
}

#[test]
fn names_are_measured_at_their_limits() {
    for (length, good) in [(0, false), (1, true), (63, true), (64, false), (100_000, false)] {
        let name = "a".repeat(length);
        for text in [
            GOOD.replace("name: x", &format!("name: '{name}'")),
            with(&format!("namespace: '{name}'")),
            with(&format!("tags: ['{name}']")),
            with(&format!("labels: {{? '{name}' : v}}")),
        ] {
            let parsed = read(&text);
            assert_eq!(parsed.documents[0].entity.is_some(), good, "{length}: {:?}", parsed.documents[0].problems);
            // A hostile value does not come back whole in the message about it.
            assert!(parsed.documents[0].problems.iter().all(|problem| problem.message.len() < 600));
        }
        let label = read(&with(&format!("labels: {{k: '{name}'}}")));
        assert_eq!(label.documents[0].entity.is_some(), good || length == 0, "{length}");
    }
}

#[test]
fn the_parity_traps() {
    // Merge keys are not merged, `<<` is a key like any other.
    let text =
        "apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {name: x}\nspec: {<<: {owner: a}, owner: b}\n";
    assert_eq!(accepted(text).body["spec"], json!({"<<": {"owner": "a"}, "owner": "b"}));
    check(&text.replace("owner: b", "own: b"), "0: System:default/x refused; missing-field 4:7 spec.owner");
    // Duplicate keys refuse the document, wherever they stand.
    check(&with("own: [{a: 1, a: 2}]"), "0: Component:default/x refused; duplicate-key 5:16 metadata.own.0.a");
    check(&with("namespace:"), "0: - refused; invalid-field 5:12 metadata.namespace");
    check(&with("tags:"), "0: Component:default/x refused; invalid-field 5:7 metadata.tags");
    check(&with("tags: ['a:b', c++, c#]"), "0: Component:default/x ok");
    // The core schema knows no dates, no `yes` and no underscores in numbers.
    let entity = accepted(&with("annotations: {a: 2024-01-01, b: yes, c: 1_0, d: 1.2.3, e: 12:30:00, f: 0b1}"));
    assert_eq!(
        entity.body["metadata"]["annotations"],
        json!({"a": "2024-01-01", "b": "yes", "c": "1_0", "d": "1.2.3", "e": "12:30:00", "f": "0b1"})
    );
    // Kinds of an organisation's own need their envelope only; the format's own domain warns.
    check("apiVersion: example.com/v1\nkind: Product\nmetadata: {name: x}\n", "0: Product:default/x ok");
    check(&GOOD.replace("Component", "AiResource"), "0: AiResource:default/x ok; invalid-field 2:7 kind");
    check(&GOOD.replace("v1alpha1", "v2"), "0: Component:default/x refused; invalid-field 1:13 apiVersion");
    check(
        &GOOD.replace("backstage.io/v1alpha1", "example.com/v1"),
        "0: Component:default/x ok; invalid-field 1:13 apiVersion",
    );
}

#[test]
fn scalars_are_read_by_the_core_schema() {
    let table = [
        ("~", json!(null)),
        ("Null", json!(null)),
        ("", json!(null)),
        ("nULL", json!("nULL")),
        ("TRUE", json!(true)),
        ("tRue", json!("tRue")),
        ("0", json!(0)),
        ("-0", json!(0)),
        ("+12", json!(12)),
        ("007", json!(7)),
        ("0o17", json!(15)),
        ("0o8", json!("0o8")),
        ("0xfF", json!(255)),
        ("0x", json!("0x")),
        ("1.", json!(1.0)),
        (".5", json!(0.5)),
        ("-.5e1", json!(-5.0)),
        ("1e3", json!(1000.0)),
        ("1e", json!("1e")),
        (".", json!(".")),
        ("+", json!("+")),
        (".inf", json!(null)),
        (".nan", json!(null)),
        ("-.nan", json!("-.nan")),
        ("18446744073709551615", json!(u64::MAX)),
        ("99999999999999999999", json!(1e20)),
        ("'5'", json!("5")),
        ("!!str 5", json!("5")),
        ("!!int '5'", json!(5)),
        ("! 5", json!("5")),
        ("|-\n    5", json!("5")),
        (">-\n    a\n    b", json!("a b")),
    ];
    for (written, expected) in table {
        let text = with(&format!("own: {written}"));
        assert_eq!(accepted(&text).body["metadata"]["own"], expected, "{written}");
    }
}

#[test]
fn a_bad_document_takes_no_other_with_it() {
    let bad = [
        ("kind: [1\n", "- refused; syntax 6:7"),
        ("a: b: c\n", "- refused; syntax 6:5"),
        ("a: 1\n\tb: 2\n", "- refused; syntax 7:1"),
        ("- a\n", "- refused; envelope 6:1"),
        ("a: \"x\n", "- refused; syntax 7:1"),
        ("a: *b\n", "- refused; syntax 6:4"),
        ("a: &b [*b]\n", "- refused; too-complex 6:8"),
        ("a: 1\na: 2\n", "- refused; duplicate-key 7:1 a"),
    ];
    for (text, expected) in bad {
        let found = summary(&read(&format!("{GOOD}---\n{text}---\n{GOOD}")));
        let lines: Vec<&str> = found.lines().map(str::trim).collect();
        assert_eq!(lines[0], "0: Component:default/x ok", "{text}");
        assert!(lines[1].starts_with(&format!("1: {expected}")), "{text}: {}", lines[1]);
        assert_eq!((lines[2], lines.len()), ("2: Component:default/x ok", 3), "{text}");
    }
}

#[test]
fn a_broken_document_still_tells_whom_it_means() {
    check(
        "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata:\n  name: payments\n  namespace: ops\nspec: {type: [\n",
        "0: API:ops/payments refused; syntax 6:14",
    );
    check(&format!("{GOOD}kind: API\n"), "0: Component:default/x refused; duplicate-key 5:1 kind");
}

#[test]
fn documents_are_counted_as_they_stand() {
    check("", "file; envelope");
    check("# nothing\n---\n---\n", "file; envelope");
    check(
        &format!("---\n# a\n---\n{GOOD}...\n---\n---\n{GOOD}"),
        "1: Component:default/x ok\n3: Component:default/x ok",
    );
    check(&format!("\u{feff}{GOOD}").replace('\n', "\r\n"), "0: Component:default/x ok");
    let many = "---\na: 1\n".repeat(1001);
    let parsed = read(&many);
    assert_eq!((parsed.documents.len(), parsed.problems[0].code), (1000, Code::TooComplex));
}

#[test]
fn what_costs_too_much_is_refused() {
    let parsed = parse(&vec![b'a'; (1 << 20) + 1], &Limits::default());
    assert_eq!(summary(&parsed), "file; too-large  \n");
    let deep = |n: usize| with(&format!("own: {}{}", "[".repeat(n), "]".repeat(n)));
    check(&deep(90), "0: Component:default/x ok");
    let parsed = read(&format!("{}---\n{GOOD}", deep(120)));
    assert_eq!(parsed.documents[0].problems[0].code, Code::TooComplex);
    assert!(parsed.documents[1].entity.is_some());
    for n in [5_000, 200_000] {
        let parsed = read(&with(&format!("own: {}", "[".repeat(n))));
        assert_eq!(parsed.documents[0].problems[0].code, Code::TooComplex);
        let blocks: String = (0..1_000).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
        assert!(read(&blocks).documents[0].entity.is_none());
    }
    // Nine levels of nine aliases each: 387 million values if they were written out.
    let mut bomb = String::from("l0: &l0 [lol]\n");
    for level in 1..10 {
        let below = format!("*l{}, ", level - 1).repeat(9);
        writeln!(bomb, "l{level}: &l{level} [{below}]").expect("string");
    }
    let parsed = read(&format!(
        "{GOOD}own:\n{}---\n{GOOD}",
        bomb.lines().fold(String::new(), |out, line| out + "  " + line + "\n")
    ));
    assert_eq!(parsed.documents[0].problems[0].code, Code::TooComplex);
    assert!(parsed.documents[1].entity.is_some());
    // Long text repeated often is refused by its bytes, not by its count.
    let repeated = format!("text: &t {}\nlist: [{}]\n", "a".repeat(500_000), "*t, ".repeat(20));
    assert_eq!(read(&repeated).documents[0].problems[0].code, Code::TooComplex);
    // Few aliases are what people use them for.
    check(&with("title: &t a\n  own: [*t, *t, *t]"), "0: Component:default/x ok");
}

#[test]
fn a_flood_of_mistakes_is_cut() {
    let parsed = read(&"a: 1\n".repeat(50_000));
    assert_eq!((parsed.documents.len(), parsed.documents[0].problems.len()), (1, 100));
    let parsed = read(&format!("---\ntags: x\n{}", "b: 1\n".repeat(200)).repeat(500));
    let counted: usize = parsed.documents.iter().map(|document| document.problems.len()).sum();
    assert_eq!((parsed.documents.len(), counted), (500, 1_490));
    assert!(parsed.documents.iter().all(|document| document.entity.is_none()));
}

#[test]
fn bytes_that_are_no_text_have_a_place() {
    let mut bytes = format!("{GOOD}---\nkind: API\nmetadata:\n  name: ").into_bytes();
    bytes.extend_from_slice(b"caf\xe9 \0\n---\n");
    bytes.extend_from_slice(GOOD.as_bytes());
    assert_eq!(
        summary(&parse(&bytes, &Limits::default())),
        "0: Component:default/x ok\n1: - refused; encoding 8:12 ; encoding 8:14 \n2: Component:default/x ok\n"
    );
    let noise: Vec<u8> = (0..=255).cycle().take(4096).collect();
    let parsed = parse(&noise, &Limits::default());
    assert!(parsed.documents.iter().all(|document| document.entity.is_none()));
}

#[test]
fn placeholders_are_found_and_filled() {
    let text = "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata:\n  name: x\n  annotations: {a.b/c: {$text: ./note}}\n\
                spec:\n  type: openapi\n  lifecycle: production\n  owner: team\n  definition:\n    $text: ./openapi.yaml\n\
                \x20 more: [{$json: ./a.json}, {$yaml: ./b.yaml}, {$other: x}, {$text: a, b: {$text: 5}}]\n";
    let mut entity = accepted(text);
    let found: Vec<_> = entity.placeholders.iter().map(|p| (p.pointer.as_str(), p.kind, p.target.as_str())).collect();
    assert_eq!(
        found,
        [
            ("/metadata/annotations/a.b~1c", PlaceholderKind::Text, "./note"),
            ("/spec/definition", PlaceholderKind::Text, "./openapi.yaml"),
            ("/spec/more/0", PlaceholderKind::Json, "./a.json"),
            ("/spec/more/1", PlaceholderKind::Yaml, "./b.yaml"),
        ]
    );
    assert_eq!(entity.placeholders[1].position, Some(Position { line: 11, column: 12 }));
    for (placeholder, text) in
        entity.placeholders.clone().iter().zip(["note", "openapi: 3.1.0", "{\"a\": 1}", "a: [yes, 1]"])
    {
        fill(&mut entity.body, placeholder, text).expect("filled");
    }
    assert_eq!(entity.body["metadata"]["annotations"]["a.b/c"], "note");
    assert_eq!(entity.body["spec"]["definition"], "openapi: 3.1.0");
    assert_eq!(entity.body["spec"]["more"][0], json!({"a": 1}));
    assert_eq!(entity.body["spec"]["more"][1], json!({"a": ["yes", 1]}));
    for (index, text, part) in [
        (2, "{", "is not JSON"),
        (3, "a: [", "is not read"),
        (3, "a\n---\nb\n", "2 YAML documents"),
        (3, "", "0 YAML documents"),
    ] {
        let problem = fill(&mut entity.body, &entity.placeholders[index].clone(), text).expect_err(text);
        assert!(problem.message.contains(part) && problem.code == Code::Placeholder, "{problem:?}");
    }
    check(&text.replace("./openapi.yaml", "[a]"), "0: API:default/x refused; placeholder 11:12 spec.definition");
}

#[test]
fn a_filled_entity_is_checked_again() {
    let mut entity = accepted(&GOOD.replace("type: service", "type: {$json: ./type.json}"));
    let placeholder = entity.placeholders[0].clone();
    fill(&mut entity.body, &placeholder, "{\"a\": 1}").expect("filled");
    let (refused, problems) = check_value(&Value::Object(entity.body.clone()));
    assert_eq!((refused, problems[0].pointer.as_deref()), (None, Some("spec.type")));
    fill(&mut entity.body, &placeholder, "\"service\"").expect("filled");
    let (accepted, problems) = check_value(&Value::Object(entity.body));
    assert_eq!(accepted.map(|entity| entity.entity_ref.to_string()).as_deref(), Some("Component:default/x"));
    assert_eq!(problems, []);
}

#[test]
fn locations_say_where_they_lead() {
    let text = "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: x}\nspec:\n  type: url\n  target: ./a.yaml\n\
                \x20 targets: [./b.yaml, './c*.yaml']\n  presence: optional\n";
    let location = accepted(text).location.expect("a location");
    let targets: Vec<_> =
        location.targets.iter().map(|(target, at)| (target.as_str(), at.map(|at| (at.line, at.column)))).collect();
    assert_eq!(targets, [("./a.yaml", Some((6, 11))), ("./b.yaml", Some((7, 13))), ("./c*.yaml", Some((7, 23)))]);
    assert_eq!((location.kind.as_deref(), location.required), (Some("url"), false));
    let plain = accepted("apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: x}\nspec: {}\n").location;
    assert_eq!(plain, Some(LocationSpec { kind: None, targets: Vec::new(), required: true }));
}

#[test]
fn references_that_cannot_be_read_leave_the_entity_in() {
    let text = GOOD.replace(
        "owner: team",
        "owner: 'group:', dependsOn: [db, 'resource:a/b/c', resource:ok], dependencyOf: [x], system: 'a/b:c'",
    );
    let entity = accepted(&text);
    assert_eq!(entity.entity_ref.to_string(), "Component:default/x");
    let found: Vec<_> =
        problems(&text).iter().map(|p| (p.code, p.severity, p.pointer.clone().unwrap_or_default())).collect();
    let expected = ["spec.owner", "spec.system", "spec.dependsOn.0", "spec.dependsOn.1", "spec.dependencyOf.0"];
    assert_eq!(found, expected.map(|pointer| (Code::InvalidRef, Severity::Error, pointer.to_owned())));
}

#[test]
fn skeletons_are_told_by_their_folder() {
    for path in [
        "skeleton/catalog-info.yaml",
        "templates/node/skeleton/catalog-info.yaml",
        "a/nodejs-skeleton/catalog-info.yaml",
        "templates/node/content/catalog-info.yaml",
        "scaffolder-templates/x/template/catalog-info.yaml",
        "x/${{ values.name }}/catalog-info.yaml",
        "{{cookiecutter.name}}/catalog-info.yaml",
    ] {
        assert!(is_skeleton_path(path), "{path}");
    }
    for path in [
        "catalog-info.yaml",
        "skeleton.yaml",
        "content/catalog-info.yaml",
        "templates/catalog-info.yaml",
        "template/a/catalog-info.yaml",
        "skeletonize/catalog-info.yaml",
    ] {
        assert!(!is_skeleton_path(path), "{path}");
    }
}

#[test]
fn reports_have_a_row_a_document() {
    let rows = validate_report("a.yaml", format!("{GOOD}---\nkind: 5\n").as_bytes());
    let json = serde_json::to_value(&rows).expect("json");
    assert_eq!(
        json[0],
        json!({"file": "a.yaml", "document": 0, "ref": "Component:default/x", "accepted": true, "problems": []})
    );
    assert_eq!(
        (json[1]["accepted"].clone(), json[1]["ref"].clone(), json[1]["document"].clone()),
        (json!(false), json!(null), json!(1))
    );
    assert_eq!(json[1]["problems"][0]["code"], "missing-field");
    let empty = validate_report("a.yaml", b"");
    assert_eq!((empty.len(), empty[0].accepted, empty[0].problems.len()), (1, false, 1));
}

#[test]
fn people_see_the_line() {
    let text = GOOD.replace("name: x", "name: größe \u{7}x");
    let rendered = render("a.yaml", &text, &read(&text));
    assert!(rendered.contains("a.yaml:3:"), "{rendered}");
    assert!(rendered.contains("= help: "), "{rendered}");
    assert!(!rendered.contains('\u{7}') && !rendered.contains('\u{1b}'), "{rendered:?}");
    let text = GOOD.replace("owner: team", "owner:");
    let rendered = render("a.yaml", &text, &read(&text));
    let lines: Vec<&str> = rendered.lines().collect();
    assert_eq!(lines[0], "error[missing-field]: spec.owner is missing", "{rendered}");
    assert!(lines.iter().any(|line| line.trim_start().starts_with("4 | spec: {type")), "{rendered}");
    let long = with(&format!("tags: [{}, Java]", "a, ".repeat(100_000)));
    assert!(render("a.yaml", &long, &read(&long)).len() < 2_000);
}

fn plain() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9f64).prop_map(Value::from),
        "[ -~äöü\\n]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[ -~]{0,8}", inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes, &Limits::default());
    }

    #[test]
    fn anything_like_yaml_is_read_and_shown(text in "[a:\\-\\[\\]{},&*!|>'\"%@`#?.~\\\\$ \\t\\n\\r0-9x]{0,80}") {
        let parsed = read(&text);
        let _ = render("a.yaml", &text, &parsed);
        for document in &parsed.documents {
            prop_assert!(document.entity.is_some() || !document.problems.is_empty());
        }
    }

    #[test]
    fn a_broken_entity_is_read_and_shown(at in 0..120usize, cut in 0..4usize, junk in "[ :\\-{}\\[\\]\"'\\t\\n&*|a]{0,3}") {
        let mut text = GOOD.to_owned();
        let at = at.min(text.len());
        text.replace_range(at..(at + cut).min(text.len()), &junk);
        let parsed = read(&text);
        let _ = render("a.yaml", &text, &parsed);
        prop_assert!(parsed.documents.iter().all(|document| document.entity.is_some() || !document.problems.is_empty()));
    }

    #[test]
    fn an_entity_printed_is_read_as_the_same(own in plain(), name in "[A-Za-z0-9]{1,63}", namespace in "[a-z0-9]{1,63}") {
        let body = json!({
            "apiVersion": "example.com/v1", "kind": "Product",
            "metadata": {"name": name, "namespace": namespace}, "spec": {"own": own},
        });
        let (checked, problems) = check_value(&body);
        prop_assume!(checked.is_some());
        prop_assert_eq!(problems, vec![]);
        let printed = serde_json::to_string(&body).expect("json");
        let again = accepted(&printed);
        prop_assert_eq!(Value::Object(again.body), body.clone());
        let pretty = serde_json::to_string_pretty(&body).expect("json");
        prop_assert_eq!(Value::Object(accepted(&pretty).body), body);
    }
}
