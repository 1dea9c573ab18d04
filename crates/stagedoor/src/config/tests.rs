use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::ExposeSecret;

use super::*;

const MINIMAL: &str = "gitlab: [{name: main, url: https://gitlab.example, token: {file: token}}]";

fn parse(text: &str, environment: &[(&str, &str)]) -> anyhow::Result<Config> {
    let environment: Vec<_> = environment.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let config = Config::parse("stagedoor.yaml", text, &environment)?;
    config.check()?;
    Ok(config)
}

fn refused(text: &str, environment: &[(&str, &str)], part: &str) {
    let error = format!("{:#}", parse(text, environment).expect_err(text));
    assert!(error.contains(part), "{text}: {error}");
}

#[test]
fn the_smallest_file_is_enough() {
    let config = parse(MINIMAL, &[]).expect("minimal");
    assert_eq!(config.listen.to_string(), "127.0.0.1:7330");
    assert_eq!(config.database_url(), "sqlite:data/stagedoor.sqlite");
    assert_eq!(config.gitlab[0].token, SecretRef::File("token".into()));
    assert_eq!(parse("", &[]).expect("empty").gitlab.len(), 0);
}

#[test]
fn unknown_keys_are_refused_with_their_line() {
    refused("listen: 127.0.0.1:1\nlisten_on: x", &[], "listen_on");
    refused("listen: 127.0.0.1:1\nlisten_on: x", &[], "stagedoor.yaml:2:1");
    refused("gitlab: [{name: main, url: https://g.example, token: glpat-secret}]", &[], "token");
}

#[test]
fn what_cannot_work_is_refused_with_what_to_do() {
    refused("listen: 0.0.0.0:80", &[], "no sign-on yet");
    refused("gitlab: [{name: Main, url: https://g.example, token: {env: T}}]", &[], "inner hyphens");
    refused("gitlab: [{name: main, url: ftp://g.example, token: {env: T}}]", &[], "https://");
    refused("catalog: {intervalSeconds: 1}", &[], "at least 10");
    let twice = "gitlab:\n- {name: a, url: https://g.example, token: {env: T}}\n- {name: a, url: https://h.example, token: {env: T}}";
    refused(twice, &[], "two connections are called a");
    let open = "gitlab: [{name: a, url: https://g.example, token: {env: T}, webhooks: {register: true}}]";
    refused(open, &[], "webhooks need");
}

#[test]
fn the_environment_is_set_over_the_file() {
    let environment = [
        ("STAGEDOOR__CATALOG__INTERVAL_SECONDS", "30"),
        ("STAGEDOOR__GITLAB__0__URL", "https://other.example"),
        ("STAGEDOOR__LOG__FILTER", "debug"),
    ];
    let config = parse(MINIMAL, &environment).expect("overlaid");
    assert_eq!(config.catalog.interval_seconds, 30);
    assert_eq!(config.gitlab[0].url.as_str(), "https://other.example/");
    assert_eq!(config.log.filter, "debug");
    refused(MINIMAL, &[("STAGEDOOR__CATALOG__INTERVALL", "30")], "intervall");
    refused(MINIMAL, &[("STAGEDOOR__GITLAB__7__URL", "https://x.example")], "1 entries");
}

#[test]
fn secrets_are_read_whole_and_never_printed() {
    let folder = tempfile::tempdir().expect("folder");
    let write = |text: &str| {
        let path = folder.path().join("secret");
        fs::write(&path, text).expect("written");
        SecretRef::File(path).read()
    };
    assert_eq!(ExposeSecret::expose_secret(&write("glpat-1\n").expect("read")), "glpat-1");
    assert!(format!("{:?}", write("glpat-1")).contains("REDACTED"));
    for bad in ["", " \n", "glpat-1 glpat-2"] {
        let error = format!("{:#}", write(bad).expect_err(bad));
        assert!(!error.contains("glpat"), "{error}");
    }
    let missing = SecretRef::File(folder.path().join("nowhere")).read().expect_err("missing");
    assert!(format!("{missing:#}").contains("nowhere"));
}

#[test]
fn a_caret_and_a_suggestion_for_what_is_not_known() {
    let check = |text: &str, wanted: &[&str]| {
        let error = format!("{:#}", parse(text, &[]).expect_err(text));
        for part in wanted {
            assert!(error.contains(part), "{part:?} is not in\n{error}");
        }
    };
    let gitlab = "gitlab:\n  - name: main\n    url: https://g.example\n    token: {file: t}\n";
    check(
        &format!("{gitlab}    proxi: http://p:1\n"),
        &["stagedoor.yaml:5:5", "    proxi: http", "^^^^^", "did you mean `proxy`?"],
    );
    check(&gitlab.replace("url:", "host:"), &["stagedoor.yaml:3:5", "did you mean `url`?"]);
    check(
        &format!("{gitlab}    proxy: {{url: 'http://p:1', user: x}}\n"),
        &["stagedoor.yaml:5:", "`user`", "`username`"],
    );
    check(&format!("{gitlab}    ca: {{perm: x}}\n"), &["stagedoor.yaml:5:", "did you mean `pem`?"]);
    check(&format!("{gitlab}    discovery: {{projectPattern: x}}\n"), &["did you mean `projects`?"]);
    check(&format!("{gitlab}    webhooks: {{secret: {{env: X}}, register: grup}}\n"), &["did you mean `group`?"]);
    check(&gitlab.replace("    token: {file: t}\n", ""), &["`token` is missing", "stagedoor.yaml:3:"]);
    check("listen: somewhere\n", &["stagedoor.yaml:1:9", "^^^^^^^^^"]);
    check("gitlab: [\n", &["stagedoor.yaml:"]);
    let hostile = format!("{:#}", parse("\"a\\e[31m\u{202e}\": 1\n", &[]).expect_err("unknown"));
    assert!(hostile.contains("there is no key") && !hostile.contains(['\u{1b}', '\u{202e}']), "{hostile}");
}

#[test]
fn one_meaning_in_several_forms() {
    let gitlab = |more: &str| {
        let text = format!("gitlab:\n  - {{name: main, url: 'https://g.example', token: {{env: T}}, {more}}}\n");
        // With a variable the file goes the second way, through a tree and back.
        let plain = parse(&text, &[]).expect(&text).gitlab.remove(0);
        let again = parse(&text, &[("STAGEDOOR__DATA", "d")]).expect(&text).gitlab.remove(0);
        assert_eq!(format!("{plain:?}"), format!("{again:?}"));
        plain
    };
    let through = |more: &str| format!("{:?}", gitlab(more).route());
    assert_eq!(through("noProxy: []"), "Direct");
    assert!(through("proxy: 'http://p:3128'").starts_with("Through"));
    assert_eq!(through("proxy: {url: 'http://p:3128'}, noProxy: [x, .example]"), "Past(\".example\")");
    let register =
        |more: &str| gitlab(&format!("webhooks: {{secret: {{env: X}}{more}}}")).webhooks.expect("some").register;
    assert_eq!(register(", register: true"), Register::System);
    assert_eq!(register(", register: false"), Register::Off);
    assert_eq!(register(", register: off"), Register::Off);
    assert_eq!(register(", register: auto"), Register::Auto);
    assert_eq!(register(""), Register::Off);
    let folder = tempfile::tempdir().expect("folder");
    let pem = rcgen::generate_simple_self_signed(["g.example".to_owned()]).expect("made").cert.pem();
    let packed = STANDARD.encode(&pem);
    fs::write(folder.path().join("ca.pem"), &pem).expect("written");
    let path = folder.path().join("ca.pem");
    for form in [format!("'{}'", path.display()), format!("{{base64: {packed}}}")] {
        let ca = gitlab(&format!("ca: {form}")).ca.expect("ca");
        assert_eq!(ca.read().expect("read").1, 1, "{form}");
    }
    let broken = gitlab("ca: {base64: MIIB}").ca.expect("ca").read().expect_err("broken");
    assert!(format!("{broken:#}").contains("cannot be read"), "{broken:#}");
    let found = gitlab("discovery: {groups: [a], nested: false, people: {read: false}}").discovery;
    assert!(!found.nested && !found.people.read && found.forks && found.groups == ["a"]);
}

#[test]
fn proxies_are_read_with_care() {
    let text =
        |proxy: &str| format!("gitlab: [{{name: a, url: 'https://g.example', token: {{env: T}}, proxy: {proxy}}}]");
    refused(&text("'http://u:hunter2@p:1'"), &[], "has a password in it");
    let error = format!("{:#}", parse(&text("'http://u:hunter2@p:1'"), &[]).expect_err("password"));
    assert!(!error.contains("hunter2"), "{error}");
    refused(&text("socks5://p:1"), &[], "http:// or https://");
    refused(&text("{url: 'http://p:1', password: {env: P}}"), &[], "no `username`");
    refused(&text("'http://p:1', noProxy: [10.0.0.0/40]"), &[], "cannot be read");
    refused(&text("'http://p:1', timeouts: {connect: 0}"), &[], "1 to 300");
}
