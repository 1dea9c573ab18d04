//! What GitLab's documentation says of CODEOWNERS, and what must hold for any text.

use proptest::prelude::*;

use super::*;

fn show(owners: &[Owner]) -> String {
    let shown: Vec<String> = owners
        .iter()
        .map(|owner| match owner {
            Owner::Mention(name) => format!("@{name}"),
            Owner::Email(address) => address.clone(),
            Owner::Role(role) => format!("@@{role}"),
        })
        .collect();
    shown.join(" ")
}

/// `section: owners` for each match, the section left out for the unnamed one.
fn owners(text: &str, path: &str) -> String {
    let found: Vec<String> = parse(text)
        .0
        .owners_of(path)
        .iter()
        .map(|found| match &found.section {
            Some(section) => format!("{section}: {}", show(&found.owners)),
            None => show(&found.owners),
        })
        .collect();
    found.join(" | ")
}

fn check(text: &str, path: &str, expected: &str) {
    assert_eq!(owners(text, path), expected, "{path} in\n{text}");
}

fn matches(pattern: &str, path: &str) -> bool {
    Glob::new(pattern).is_some_and(|glob| glob.matches(path))
}

#[test]
fn patterns_match_as_in_gitlab() {
    // Pattern, paths that it matches, paths that it does not.
    let table: &[(&str, &[&str], &[&str])] = &[
        ("*", &["a", "a/b/c.rb", ".hidden", "a/.b"], &[]),
        ("/*", &["a", ".a"], &["a/b"]),
        ("/README.md", &["README.md"], &["docs/README.md", "README.mdx"]),
        ("README.md", &["README.md", "app/lib/README.md"], &["README.md/x"]),
        ("internal/README.md", &["internal/README.md", "docs/internal/README.md"], &["internal/x/README.md"]),
        ("*.rb", &["a.rb", "x/y/a.rb"], &["a.rbx"]),
        ("/docs/", &["docs/a", "docs/a/b"], &["docs", "x/docs/a"]),
        ("lib/", &["lib/a", "x/lib/a/b"], &["lib", "mylib/a"]),
        ("/docs/*.md", &["docs/index.md"], &["docs/api/index.md"]),
        ("/docs/index.*", &["docs/index.md", "docs/index."], &["docs/index"]),
        ("/docs/*spec*", &["docs/qa_specs.rb", "docs/runtime.spec"], &["docs/sub/spec"]),
        ("/docs/*/README.md", &["docs/api/README.md"], &["docs/README.md", "docs/a/b/README.md"]),
        ("/docs/**/index.md", &["docs/index.md", "docs/api/index.md", "docs/a/b/index.md"], &["index.md"]),
        // Without a slash after it, `**` is a `*`.
        ("/docs/**", &["docs/a"], &["docs/a/b"]),
        ("/a**b", &["ab", "axxb"], &["a/b"]),
        ("docs", &["docs", "x/docs"], &["docs/a"]),
        ("\\#file.rb", &["#file.rb"], &["file.rb"]),
        ("path\\ with\\ spaces/", &["path with spaces/x"], &["path"]),
        ("/a?c", &["abc"], &["ac", "a/c"]),
        ("/[ab]x", &["ax", "bx"], &["cx", "[ab]x"]),
        ("/[^a-c]x", &["dx"], &["bx"]),
        ("/[!a]x", &["bx"], &["ax"]),
        ("/\\*x", &["*x"], &["ax"]),
        ("/", &["a", "a/b"], &[]),
        ("/größe/*", &["größe/a"], &["grösse/a"]),
    ];
    for (pattern, yes, no) in table {
        for path in *yes {
            assert!(matches(pattern, path), "{pattern} must match {path}");
        }
        for path in *no {
            assert!(!matches(pattern, path), "{pattern} must not match {path}");
        }
    }
}

#[test]
fn the_last_matching_rule_of_each_section_decides() {
    // The example of GitLab's documentation.
    let text = "* @admin\n\n[README Owners]\nREADME.md @user1 @user2\ninternal/README.md @user4\n\n\
                [README other owners]\nREADME.md @user3\n";
    check(text, "README.md", "@admin | README Owners: @user1 @user2 | README other owners: @user3");
    check(text, "internal/README.md", "@admin | README Owners: @user4 | README other owners: @user3");
    check(text, "/a.rb", "@admin");
    check("*.rb @a\n* @b\n", "x.rb", "@b");
    check("* @b\n*.rb @a\n", "x.rb", "@a");
}

#[test]
fn section_owners_are_the_default_of_its_rules() {
    let text = "[Documentation] @docs-team\ndocs/\nREADME.md\n\n[Database][2] @database-team @agarcia\n\
                model/db/\nconfig/db/setup.md @docs-team\n";
    check(text, "docs/a", "Documentation: @docs-team");
    check(text, "model/db/x", "Database: @database-team @agarcia");
    check(text, "config/db/setup.md", "Database: @docs-team");
    // Names are compared without case, and a second heading adds to the first section.
    check("[A] @a\n*\n^[a] @b\n*.rb\n", "x.rb", "A: @b");
    check("[A] @a\n*\n[B]\n*.md @c\n[a] @b\n*.rb\n", "x.md", "A: @a | B: @c");
}

#[test]
fn exclusions_hold_for_their_section() {
    let text = "* @username\n!pom.xml\n[Ruby]\n*.rb @ruby-team\n!/config/**/*.rb\n/config/routes.rb @ops\n";
    check(text, "pom.xml", "");
    check(text, "config/routes.rb", "@username");
    check(text, "config/a/b.rb", "@username");
    check(text, "lib/b.rb", "@username | Ruby: @ruby-team");
}

#[test]
fn owners_are_users_groups_addresses_and_roles() {
    check(
        "* @a @g/sub-x/y.z janedoe@example.com @@maintainers @@Owner @a\n",
        "x",
        "@a @g/sub-x/y.z janedoe@example.com @@maintainer @@owner",
    );
    check("*\t@multiple\t@code  @owners\r\n", "x", "@multiple @code @owners");
    check("* @a, @b;\n", "x", "@a @b");
    // GitLab has no comments after a rule: what looks like an owner there is one.
    check("* @a # not @b or c\n", "x", "@a @b");
    check("*.rb\n", "x.rb", "");
}

#[test]
fn what_cannot_be_read_is_reported_with_its_place() {
    let text = "* @a\n[Broken\n  docs/ nobody @@guest @a//b\n[]\n[x][two] @a\n/[a @b\n* @a # @b\n";
    let (_, problems) = parse(text);
    let found: Vec<(u32, u32, &str)> = problems
        .iter()
        .map(|problem| {
            let at = problem.position.expect("a place");
            (at.line, at.column, problem.message.as_str())
        })
        .collect();
    let expected: &[(u32, u32, &str)] = &[
        (2, 1, "no section heading"),
        (2, 1, "can match nothing"),
        (3, 9, "\"nobody\" is no owner"),
        (3, 16, "\"@@guest\" is no role"),
        (3, 24, "\"@a//b\" is no user or group"),
        (4, 1, "no section heading"),
        (5, 1, "no section heading"),
        (6, 1, "can match nothing"),
        (7, 8, "stands in a comment"),
    ];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for ((line, column, message), (at_line, at_column, part)) in found.iter().zip(expected) {
        assert_eq!((line, column), (at_line, at_column), "{message}");
        assert!(message.contains(part), "{message}: {part}");
    }
    assert!(problems.iter().all(|problem| problem.code == Code::Codeowners && !problem.remedy.is_empty()));
}

#[test]
fn the_repository_belongs_to_whom_a_new_file_at_its_root_would() {
    let of = |text: &str| parse(text).0.of_repository().map(|found| (found.line, found.section, show(&found.owners)));
    assert_eq!(of("# c\n*.rb @ruby\n* @team\n/docs/ @docs\n"), Some((3, None, "@team".to_owned())));
    assert_eq!(of("/* @root\n"), Some((1, None, "@root".to_owned())));
    assert_eq!(of("/ @all\n"), Some((1, None, "@all".to_owned())));
    assert_eq!(of("README.md @docs\n[Backend] @be\n*\n"), Some((3, Some("Backend".to_owned()), "@be".to_owned())));
    // A rule without owners says: nobody. The next section may still say somebody.
    assert_eq!(of("* @a\n*\n[B]\n* @b\n"), Some((4, Some("B".to_owned()), "@b".to_owned())));
    assert_eq!(of("src/ @a\n"), None);
    assert_eq!(of(""), None);
}

#[test]
fn a_hostile_pattern_costs_no_more_than_its_length() {
    let pattern = format!("/{}b", "*a".repeat(2_000));
    assert!(!matches(&pattern, &"a".repeat(4_000)));
    let folders = format!("/{}x", "**/".repeat(1_000));
    assert!(!matches(&folders, &"a/".repeat(1_000)));
}

proptest! {
    #[test]
    fn any_text_is_read(text in any::<String>(), path in any::<String>()) {
        let (file, problems) = parse(&text);
        prop_assert!(problems.len() <= REPORTED);
        let _ = (file.owners_of(&path), file.of_repository());
    }

    #[test]
    fn any_text_of_the_right_characters_is_read(text in "[a*@/\\[\\]^!# \\\\\n.-]{0,60}", path in "[a*/\\[\\]. ]{0,12}") {
        let (file, _) = parse(&text);
        prop_assert!(file.owners_of(&path).len() <= file.sections.len());
    }

    #[test]
    fn the_last_match_wins(rules in prop::collection::vec((0..4usize, 0..9u8), 1..12)) {
        let patterns = ["*", "*.rb", "/a/", "a/x.rb"];
        let text: String = rules.iter().map(|(pattern, owner)| format!("{} @o{owner}\n", patterns[*pattern])).collect();
        let (_, owner) = rules[rules.len() - 1];
        // Every one of the patterns matches this path.
        prop_assert_eq!(owners(&text, "a/x.rb"), format!("@o{owner}"));
    }

    #[test]
    fn a_literal_path_matches_itself(path in "[a-z0-9 #!._-]{1,8}(/[a-z0-9 #!._-]{1,8}){0,3}") {
        let escaped = path.replace(' ', "\\ ").replace('#', "\\#");
        let glob = Glob::new(&format!("/{escaped}")).expect("a pattern");
        prop_assert!(glob.matches(&path));
    }
}
