use super::*;

const MINIMAL: &str = "gitlab: [{name: main, url: https://gitlab.example, token: {file: token}}]";

fn parse(text: &str, environment: &[(&str, &str)]) -> anyhow::Result<Config> {
    let environment: Vec<_> = environment.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let config = Config::parse(text, &environment)?;
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
    refused("listen: 127.0.0.1:1\nlisten_on: x", &[], "line 2");
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
    assert_eq!(secrecy::ExposeSecret::expose_secret(&write("glpat-1\n").expect("read")), "glpat-1");
    assert!(format!("{:?}", write("glpat-1")).contains("REDACTED"));
    for bad in ["", " \n", "glpat-1 glpat-2"] {
        let error = format!("{:#}", write(bad).expect_err(bad));
        assert!(!error.contains("glpat"), "{error}");
    }
    let missing = SecretRef::File(folder.path().join("nowhere")).read().expect_err("missing");
    assert!(format!("{missing:#}").contains("nowhere"));
}
