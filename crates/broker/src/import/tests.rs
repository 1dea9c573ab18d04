use super::*;

fn read(text: &str) -> Imported {
    convert(text).expect("readable")
}

/// Is there a note on exactly this option with these words?
fn noted(imported: &Imported, path: &str, words: &str) {
    let found = imported
        .notes
        .iter()
        .any(|note| note.strip_prefix(path).is_some_and(|why| why.starts_with(": ") && why.contains(words)));
    assert!(found, "no note on {path} with {words:?} in {:#?}", imported.notes);
}

const WHOLE: &str = r#"
app: {title: Portal}
integrations:
  github: [{host: github.com}]
  gitlab:
    - host: gitlab.example.com
      apiBaseUrl: https://gitlab.example.com/api/v4
      token: ${GITLAB_TOKEN}
      commitSigningKey: x
catalog:
  rules: [{allow: [Component]}]
  locations:
    - {type: url, target: "https://gitlab.example.com/shop/all/-/blob/main/all.yaml"}
    - {type: url, target: "https://github.com/x/y/blob/main/catalog-info.yaml"}
    - {type: file, target: ../../examples/org.yaml, rules: [{allow: [User]}]}
    - {type: gitlab-discovery, target: "https://gitlab.example.com/shop/blob/*/catalog-info.yaml"}
  providers:
    github: {}
    gitlab:
      shopFront:
        host: gitlab.example.com
        group: shop/front
        branch: trunk
        fallbackBranch: master
        entityFilename: catalog.yaml
        projectPattern: '^shop/front/web-'
        userPattern: '@example\.com$'
        groupPattern: ['^shop', '^core']
        useSearch: true
        orgEnabled: true
        allowInherited: true
        relations: [INHERITED, DESCENDANTS]
        skipForkedRepos: true
        includeArchivedRepos: true
        excludeRepos: [shop/front/old]
        excludeGroups: [shop/front/attic]
        restrictUsersToGroup: true
        includeUsersWithoutSeat: true
        membership: true
        topics: catalog, tier-1
        schedule: {frequency: {minutes: 30}, timeout: {minutes: 3}}
        colour: red
"#;

#[test]
fn every_option_is_taken_over_or_named() {
    let imported = read(WHOLE);
    let [connection] = imported.connections.as_slice() else { panic!("{:#?}", imported.connections) };
    assert_eq!(connection.name, "gitlab-example-com");
    assert_eq!(connection.url, "https://gitlab.example.com");
    assert_eq!(connection.token, TokenPlace::Env("GITLAB_TOKEN".to_owned()));
    let wanted = serde_json::json!({
        "groups": ["shop/front"], "nested": true, "projects": ["^shop/front/web-"],
        "exclude": ["shop/front/old", "shop/front/attic"], "topics": ["catalog", "tier-1"], "archived": true, "forks": false,
        "membership": true, "branch": "trunk", "fallbackBranch": "master", "file": "catalog.yaml",
        "people": {"read": true, "groups": ["^shop", "^core"], "users": ["@example\\.com$"], "restrictTo": "shop/front", "inherited": true}
    });
    assert_eq!(serde_json::to_value(&connection.discovery).expect("json"), wanted);
    assert_eq!(imported.locations, ["https://gitlab.example.com/shop/all/-/blob/main/all.yaml"]);
    let provider = "catalog.providers.gitlab.shopFront";
    for (path, words) in [
        ("app", "publicUrl"),
        ("integrations.github", "only GitLab"),
        ("integrations.gitlab[0].commitSigningKey", "not signed"),
        ("catalog.rules", "every kind"),
        ("catalog.locations[0]", "registered"),
        ("catalog.locations[1]", "no GitLab of this file"),
        ("catalog.locations[2]", "file of that machine"),
        ("catalog.locations[2].rules", "every kind"),
        ("catalog.locations[3]", "discovery.groups"),
        ("catalog.providers.github", "only GitLab"),
        (&format!("{provider}.schedule"), "intervalSeconds"),
        (&format!("{provider}.useSearch"), "not needed"),
        (&format!("{provider}.includeUsersWithoutSeat"), "seat"),
        (&format!("{provider}.relations"), "DESCENDANTS"),
        (&format!("{provider}.fallbackBranch"), "do not have `branch`"),
        (&format!("{provider}.userPattern"), "mail addresses"),
        (&format!("{provider}.groupPattern"), "narrows projects"),
        (&format!("{provider}.colour"), "not known"),
    ] {
        noted(&imported, path, words);
    }
}

#[test]
fn what_is_not_said_means_what_it_meant_there() {
    let imported = read("catalog: {providers: {gitlab: {main: {host: gitlab.com, group: shop}}}}");
    let discovery = &imported.connections[0].discovery;
    assert!(!discovery.membership && discovery.nested && discovery.forks && !discovery.archived);
    assert!(!discovery.people.read, "people only with orgEnabled");
    assert_eq!(imported.connections[0].url, "https://gitlab.com");
    noted(&imported, "catalog.providers.gitlab.main.host", "has no entry in integrations.gitlab");
    let whole = read("catalog: {providers: {gitlab: {main: {host: gitlab.com}}}}");
    noted(&whole, "catalog.providers.gitlab.main.group", "everything that the token reaches");
}

#[test]
fn several_providers_of_one_host() {
    let text = |second: &str| {
        format!(
            "integrations: {{gitlab: [{{host: git.example, baseUrl: 'https://git.example/', token: '${{T}}'}}]}}\n\
             catalog: {{providers: {{gitlab: {{a: {{host: git.example, group: one}}, b: {{host: GIT.example, group: two{second}}}}}}}}}"
        )
    };
    let one = read(&text(", excludeRepos: [two/x], orgEnabled: true, groupPattern: '^two'"));
    let [connection] = one.connections.as_slice() else { panic!("{:#?}", one.connections) };
    assert_eq!(connection.discovery.groups, ["one", "two"]);
    assert_eq!(connection.discovery.exclude, ["two/x"]);
    assert!(connection.discovery.people.read && connection.discovery.people.groups == ["^two"]);
    noted(&one, "catalog.providers.gitlab.b", "same connection as a");
    let two = read(&text(", branch: next"));
    let names: Vec<_> = two.connections.iter().map(|c| (c.name.as_str(), c.discovery.branch.as_deref())).collect();
    assert_eq!(names, [("a", None), ("b", Some("next"))]);
    assert!(two.connections.iter().all(|c| c.url == "https://git.example"));
    noted(&two, "catalog.providers.gitlab on git.example", "connection of its own");
}

#[test]
fn no_secret_comes_out() {
    for token in ["glpat-hunter2", "glpat-hunter2-${X}", "{nested: glpat-hunter2}"] {
        let text = format!(
            "integrations: {{gitlab: [{{host: git.example, token: {}}}]}}",
            if token.starts_with('{') { token.to_owned() } else { format!("'{token}'") }
        );
        let imported = read(&text);
        assert_eq!(imported.connections[0].token, TokenPlace::File("git-example-token".to_owned()));
        let shown = format!("{imported:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    let error = convert("integrations: {gitlab: [{token: glpat-hunter2\n").expect_err("broken").to_string();
    assert!(!error.contains("hunter2") && error.contains("line"), "{error}");
    let places = read("integrations: {gitlab: [{host: a, token: {$env: T}}, {host: b, token: {$file: ./t}}]}");
    let places: Vec<_> = places.connections.into_iter().map(|c| c.token).collect();
    assert_eq!(places, [TokenPlace::Env("T".to_owned()), TokenPlace::File("./t".to_owned())]);
}

#[test]
fn files_of_all_kinds() {
    assert_eq!(read("{}"), Imported::default());
    for bad in ["", "[]", "text", "a: [", "catalog: {a: 1, a: 2}"] {
        assert!(convert(bad).is_err(), "{bad}");
    }
    let odd = read("integrations: 7\ncatalog: {providers: {gitlab: [a]}, locations: {}}\nname: x");
    assert!(odd.connections.is_empty());
    for path in ["integrations", "catalog.providers.gitlab", "catalog.locations", "name"] {
        noted(&odd, path, "");
    }
    // The first version of the provider had no ids.
    let old = read("catalog: {providers: {gitlab: {host: git.example, group: x}}}");
    assert_eq!(old.connections[0].discovery.groups, ["x"]);
    let variable = read("integrations: {gitlab: [{host: '${GITLAB_HOST}', token: '${T}'}]}");
    assert_eq!(variable.connections[0].url, "https://${GITLAB_HOST}");
    noted(&variable, "integrations.gitlab[0].host", "${GITLAB_HOST}");
    let api = read(
        "integrations: {gitlab: [{host: git.example, apiBaseUrl: 'https://git.example/gitlab/api/v4/', token: '${T}'}]}",
    );
    assert_eq!(api.connections[0].url, "https://git.example/gitlab");
}
