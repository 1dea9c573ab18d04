//! What someone probably meant: a key one or two letters away, or the key of the catalog they come from.

/// Keys of a Backstage `app-config.yaml` and of other tools, and what they are called here. The first that is a key of
/// the place, or a path from it, is suggested.
const ELSEWHERE: [(&str, &str); 34] = [
    ("host", "url"),
    ("baseUrl", "url"),
    ("apiBaseUrl", "url"),
    ("address", "url"),
    ("server", "url"),
    ("id", "name"),
    ("group", "groups"),
    ("group", "discovery.groups"),
    ("projectPattern", "projects"),
    ("projectPattern", "discovery.projects"),
    ("excludeRepos", "exclude"),
    ("excludeRepos", "discovery.exclude"),
    ("entityFilename", "file"),
    ("entityFilename", "discovery.file"),
    ("branch", "discovery.branch"),
    ("fallbackBranch", "discovery.fallbackBranch"),
    ("skipForkedRepos", "forks"),
    ("skipForkedRepos", "discovery.forks"),
    ("includeArchivedRepos", "archived"),
    ("includeArchivedRepos", "discovery.archived"),
    ("topics", "discovery.topics"),
    ("membership", "discovery.membership"),
    ("groupPattern", "groups"),
    ("groupPattern", "people"),
    ("groupPattern", "discovery.people.groups"),
    ("userPattern", "users"),
    ("userPattern", "people"),
    ("userPattern", "discovery.people.users"),
    ("orgEnabled", "people"),
    ("orgEnabled", "discovery.people"),
    ("restrictUsersToGroup", "people"),
    ("restrictUsersToGroup", "discovery.people.restrictTo"),
    ("integrations", "gitlab"),
    ("providers", "gitlab"),
];

/// Switches that do not exist, and why.
const NEVER: [(&str, &str); 6] = [
    ("insecure", "an invalid certificate is never accepted; name a private authority with `ca`"),
    ("skipTlsVerify", "an invalid certificate is never accepted; name a private authority with `ca`"),
    ("rejectUnauthorized", "an invalid certificate is never accepted; name a private authority with `ca`"),
    ("schedule", "how often is said once for all, with `catalog.intervalSeconds`"),
    ("useSearch", "not needed: projects and their files are read in the same request"),
    ("includeUsersWithoutSeat", "not needed: people are read whether they have a seat or not"),
];

/// What to write instead of `word` where `known` may stand.
pub(super) fn instead(word: &str, known: &[&str]) -> String {
    if let Some((_, why)) = NEVER.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)) {
        return (*why).to_owned();
    }
    let near = known
        .iter()
        .map(|name| (strsim::osa_distance(&word.to_lowercase(), &name.to_lowercase()), *name))
        .filter(|(distance, name)| *distance <= 2 && *distance < name.chars().count())
        .min();
    let elsewhere = || {
        let here = |path: &str| known.contains(&path.split('.').next().unwrap_or_default());
        ELSEWHERE.iter().find(|(name, path)| name.eq_ignore_ascii_case(word) && here(path)).map(|(_, path)| *path)
    };
    let list = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match near.map(|(_, name)| name).or_else(elsewhere) {
        Some(name) => format!("did you mean `{name}`? Here may stand {list}"),
        None => format!("here may stand {list}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GITLAB: [&str; 5] = ["name", "url", "proxy", "ca", "discovery"];

    fn check(word: &str, known: &[&str], begins: &str) {
        let said = instead(word, known);
        assert!(said.starts_with(begins), "{word}: {said}");
    }

    #[test]
    fn near_and_foreign_words_are_recognised() {
        check("proxi", &GITLAB, "did you mean `proxy`?");
        check("Url", &GITLAB, "did you mean `url`?");
        check("host", &GITLAB, "did you mean `url`?");
        check("projectPattern", &GITLAB, "did you mean `discovery.projects`?");
        check("projectPattern", &["projects", "groups"], "did you mean `projects`?");
        check("orgEnabled", &["projects", "people"], "did you mean `people`?");
        check("insecure", &GITLAB, "an invalid certificate is never accepted");
        check("colour", &GITLAB, "here may stand `name`, `url`");
        // Two letters apart from a word of two letters says nothing.
        check("xy", &["ca"], "here may stand `ca`");
    }
}
