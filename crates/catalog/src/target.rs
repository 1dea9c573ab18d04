//! Where a Location or a placeholder points: parsed once, to a file of a project that this connection reads.

use store::FileKey;
use url::Url;

use crate::{
    handle::contains,
    project::{ProjectRecord, Projects},
};

/// Why a target leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreachable {
    #[error("{0:?} leaves the repository")]
    OutsideRepository(String),
    #[error("{0:?} is on another server than this connection reads")]
    OtherServer(String),
    #[error("{0:?} is in a project that this connection does not see")]
    UnknownProject(String),
    #[error("{0:?} is not the address of a file: it should have the form https://…/group/project/-/blob/branch/path")]
    NotAFile(String),
    #[error("{0:?} has a wildcard; name each file")]
    Wildcard(String),
}

/// The file that `target`, written in the file at `from` of `project`, means.
pub(crate) fn resolve(
    target: &str,
    from: &FileKey,
    instance: &Url,
    projects: &Projects,
) -> Result<FileKey, Unreachable> {
    let target = target.trim();
    if target.contains('*') {
        return Err(Unreachable::Wildcard(target.to_owned()));
    }
    if let Ok(url) = Url::parse(target)
        && url.has_host()
    {
        return of_url(&url, target, instance, projects);
    }
    let path = join(&from.path, target).ok_or_else(|| Unreachable::OutsideRepository(target.to_owned()))?;
    Ok(FileKey { project: from.project, git_ref: from.git_ref.clone(), path })
}

/// A path relative to the folder of `file`; `None` when it would leave the repository or names no file.
fn join(file: &str, target: &str) -> Option<String> {
    if target.starts_with('/') || target.contains('\\') {
        return None;
    }
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() || target.ends_with('/') { None } else { Some(parts.join("/")) }
}

fn of_url(url: &Url, written: &str, instance: &Url, projects: &Projects) -> Result<FileKey, Unreachable> {
    if !contains(instance, url) {
        return Err(Unreachable::OtherServer(written.to_owned()));
    }
    let not_a_file = || Unreachable::NotAFile(written.to_owned());
    let below = url.path().strip_prefix(instance.path().trim_end_matches('/')).ok_or_else(not_a_file)?;
    let decoded = percent_encoding::percent_decode_str(below).decode_utf8().map_err(|_| not_a_file())?;
    let decoded = decoded.trim_matches('/');
    let (project, rest) = ["/-/blob/", "/-/raw/", "/blob/", "/raw/"]
        .iter()
        .find_map(|mark| decoded.split_once(mark))
        .ok_or_else(not_a_file)?;
    let project = projects.at_path(project).ok_or_else(|| Unreachable::UnknownProject(written.to_owned()))?;
    let (git_ref, path) = split_ref(project, rest).ok_or_else(not_a_file)?;
    let inside = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if !inside {
        return Err(not_a_file());
    }
    Ok(FileKey { project: project.id, git_ref, path: path.to_owned() })
}

/// Splits `branch/path`. A branch may have slashes, so the default branch is recognised first; it becomes the empty
/// reference, which follows the default branch when that is renamed.
fn split_ref<'t>(project: &ProjectRecord, rest: &'t str) -> Option<(String, &'t str)> {
    for default in project.branch().into_iter().chain(["HEAD"]) {
        if let Some(path) = rest.strip_prefix(default).and_then(|rest| rest.strip_prefix('/')) {
            return Some((String::new(), path));
        }
    }
    let (git_ref, path) = rest.split_once('/')?;
    Some((git_ref.to_owned(), path))
}

#[cfg(test)]
mod tests {
    use model::ProjectId;

    use super::*;
    use crate::project::Content;

    fn project(id: u64, path: &str, branch: &str) -> ProjectRecord {
        ProjectRecord {
            id: ProjectId(id),
            path: path.to_owned(),
            name: "x".to_owned(),
            description: None,
            web_url: format!("https://git.example/{path}"),
            visibility: "private".into(),
            archived: false,
            group: None,
            namespace: "a".into(),
            topics: Vec::new(),
            languages: Vec::new(),
            content: Content::Branch(branch.into()),
        }
    }

    fn check(target: &str, expected: Result<(u64, &str, &str), &str>) {
        let mut projects = Projects::default();
        projects.put(project(1, "a/one", "main"));
        projects.put(project(2, "a/b/two", "release/1"));
        let from = FileKey { project: ProjectId(1), git_ref: String::new(), path: "deploy/catalog-info.yaml".into() };
        let instance = Url::parse("https://git.example/").expect("url");
        let found = resolve(target, &from, &instance, &projects);
        match (found, expected) {
            (Ok(key), Ok((id, git_ref, path))) => {
                assert_eq!((key.project.0, key.git_ref.as_str(), key.path.as_str()), (id, git_ref, path), "{target}");
            }
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{target}: {error}"),
            (found, _) => panic!("{target}: {found:?}"),
        }
    }

    #[test]
    fn targets_are_files_within_reach_or_refused() {
        check("./api.yaml", Ok((1, "", "deploy/api.yaml")));
        check("../api.yaml", Ok((1, "", "api.yaml")));
        check("https://git.example/a/b/two/-/blob/release/1/x/c.yaml", Ok((2, "", "x/c.yaml")));
        check("https://git.example/A/One/-/blob/dev/c.yaml", Ok((1, "dev", "c.yaml")));
        check("https://git.example/a/one/-/raw/HEAD/c%20d.yaml", Ok((1, "", "c d.yaml")));
        check("../../api.yaml", Err("leaves the repository"));
        check("/etc/passwd", Err("leaves the repository"));
        check("./", Err("leaves the repository"));
        check("./*/catalog-info.yaml", Err("wildcard"));
        check("https://evil.example/a/one/-/blob/main/c.yaml", Err("another server"));
        check("http://git.example/a/one/-/blob/main/c.yaml", Err("another server"));
        check("https://git.example/a/three/-/blob/main/c.yaml", Err("does not see"));
        check("https://git.example/a/one", Err("not the address of a file"));
        check("https://git.example/a/one/-/blob/main/%2e%2e/c.yaml", Err("not the address of a file"));
    }
}
