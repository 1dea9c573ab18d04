//! The whole reading side against the stand-in GitLab, which was written without us.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use gitlab::{Content, Existence, FileWanted, Gitlab, Kind, Project, Repository, Unauthorized, Want};
use model::{ProjectId, SystemClock, SystemRandom};
use sandbox::{Options, Sandbox};

use crate::{fixture::settings, hooks::permit};

const WANT: Want<'static> =
    Want { paths: &["catalog-info.yaml", "CODEOWNERS", ".gitlab/CODEOWNERS", "docs/CODEOWNERS"] };

async fn start(projects: Option<u32>) -> Sandbox {
    sandbox::start(Options { projects, ..Options::default() }).await.expect("a sandbox")
}

fn client(sandbox: &Sandbox, token: &str) -> Gitlab {
    let mut settings = settings(sandbox.url.parse().expect("address"));
    settings.token = token.to_owned().into();
    // Its rate limits end by the machine's clock.
    Gitlab::new(settings, Arc::new(SystemClock), Arc::new(SystemRandom::default())).expect("good settings")
}

async fn all_projects(gitlab: &Gitlab) -> Vec<Project> {
    let (mut found, mut after, mut total) = (Vec::new(), None, None);
    loop {
        let page = gitlab.projects_page(&WANT, after.as_deref()).await.expect("a page");
        assert_eq!(page.partial, []);
        total = total.or(page.total);
        found.extend(page.items);
        after = page.next;
        if after.is_none() {
            assert_eq!(total, Some(found.len() as u64));
            return found;
        }
    }
}

fn wanted(projects: &[Project]) -> Vec<FileWanted> {
    let files = projects.iter().filter_map(|p| match &p.repository {
        Repository::Ready { files, .. } => Some((p.id, files)),
        _ => None,
    });
    let file = |(project, files): (ProjectId, &Vec<gitlab::FileMeta>)| {
        files.iter().map(|f| FileWanted { project, path: f.path.clone(), size: Some(f.size) }).collect::<Vec<_>>()
    };
    files.flat_map(file).collect()
}

#[tokio::test]
async fn a_thousand_projects_are_read_in_forty_requests() {
    let sandbox = start(Some(1000)).await;
    let gitlab = client(&sandbox, &sandbox.admin_token);
    let projects = all_projects(&gitlab).await;
    let ids: BTreeSet<ProjectId> = projects.iter().map(|p| p.id).collect();
    assert_eq!((projects.len(), ids.len()), (1000, 1000));
    assert_eq!(gitlab.usage().sent, 10);

    let wanted = wanted(&projects);
    let texts = gitlab.texts(&wanted, None).await.expect("texts");
    assert_eq!(texts.len(), wanted.len());
    assert!(texts.iter().all(|t| matches!(&t.content, Content::Text(text) if t.size == Some(text.len() as u64))));
    let catalog_files = texts.iter().filter(|t| t.path == "catalog-info.yaml").count();
    assert_eq!(catalog_files, 800, "seven tenths with entities, one with a Location");

    let tops: BTreeSet<&str> = projects.iter().filter_map(|p| p.namespace_path.split('/').next()).collect();
    let mut groups = BTreeMap::new();
    for top in tops {
        let tree = gitlab.group_tree(top).await.expect("a tree");
        assert!(tree.complete && tree.partial.is_empty());
        groups.extend(tree.groups.into_iter().map(|g| (g.full_path.clone(), g)));
    }
    for project in &projects {
        let group = project.group.as_ref().expect("in a group");
        let found = groups.get(&group.full_path).expect("in the tree");
        assert_eq!(found.id, group.id);
        let people = found.members.iter().filter(|member| !member.user.bot);
        assert_eq!(people.count(), 5, "{}", group.full_path);
    }
    let usage = gitlab.usage();
    assert!(usage.sent <= 40, "{usage:?}");
    assert_eq!((usage.retried, usage.refused), (0, 0), "nothing was refused on the way");
}

#[tokio::test]
async fn ids_lead_back_to_the_same_projects() {
    let sandbox = start(Some(300)).await;
    let gitlab = client(&sandbox, &sandbox.admin_token);
    let projects = all_projects(&gitlab).await;
    let mut ids: Vec<ProjectId> = projects.iter().map(|p| p.id).collect();
    ids.push(ProjectId(999_999_999));
    let mut again = gitlab.projects_by_id(&ids, &WANT).await.expect("answered");
    again.sort_by_key(|p| p.id);
    let mut projects = projects;
    projects.sort_by_key(|p| p.id);
    assert_eq!(again, projects);
    let first = &projects[0];
    assert_eq!(gitlab.project_exists(first.id).await.expect("answered"), Existence::Present(first.path.clone()));
    assert_eq!(gitlab.project_exists(ProjectId(999_999_999)).await.expect("answered"), Existence::Gone);
}

#[tokio::test]
async fn the_newest_activity_leads_to_the_projects_that_had_it() {
    let sandbox = start(None).await;
    let gitlab = client(&sandbox, &sandbox.admin_token);
    let projects = all_projects(&gitlab).await;
    let newest = projects.iter().filter_map(|p| p.last_activity_at).max().expect("something happened");
    let found: BTreeSet<ProjectId> = gitlab.active_since(newest - 1000).await.expect("answered").into_iter().collect();
    let hour = 3_600_000;
    let expected = |p: &&Project| p.last_activity_at.is_some_and(|at| at > newest - 1000 - hour);
    assert_eq!(found, projects.iter().filter(expected).map(|p| p.id).collect());
    assert!(found.len() < projects.len(), "not everything moved at once");
    let everything = gitlab.active_since(0).await.expect("answered").len();
    assert_eq!(everything, projects.len());
}

#[tokio::test]
async fn sandrill_is_read_with_its_people() {
    let sandbox = start(None).await;
    let gitlab = client(&sandbox, &sandbox.tokens["owner"]);
    assert!(!gitlab.metadata().await.expect("answered").version.is_empty());
    let token = gitlab.own_token().await.expect("answered");
    let me = gitlab.current_user().await.expect("answered");
    assert_eq!(token.user_id, me.id);
    let projects = all_projects(&gitlab).await;
    assert!(projects.iter().any(|p| p.path == "sandrill/checkout/payments-api"));
    let tree = gitlab.group_tree("sandrill").await.expect("a tree");
    assert!(tree.complete && tree.partial.is_empty());
    assert_eq!(tree.groups[0].parent_path, None);
    let paths: BTreeSet<&str> = tree.groups.iter().map(|g| g.full_path.as_str()).collect();
    for group in &tree.groups[1..] {
        assert!(paths.contains(group.parent_path.as_deref().expect("below the top")));
    }
    assert!(tree.groups.iter().any(|g| !g.members.is_empty()));
    let wanted = wanted(&projects);
    let texts = gitlab.texts(&wanted, Some("main")).await.expect("texts");
    assert!(texts.iter().all(|t| matches!(t.content, Content::Text(_))), "{texts:?}");
    assert_eq!(gitlab.group_tree("sandrill/none").await.expect_err("no such group").kind, Kind::NotFound);
}

#[tokio::test]
async fn files_of_unknown_size_and_files_that_are_not_there() {
    let sandbox = start(None).await;
    let gitlab = client(&sandbox, &sandbox.admin_token);
    let projects = all_projects(&gitlab).await;
    let with = |p: &&Project| matches!(&p.repository, Repository::Ready { files, .. } if files.iter().any(|f| f.path == "catalog-info.yaml"));
    let project = projects.iter().find(with).expect("one with a catalog file").id;
    let file = |project, path: &str| FileWanted { project, path: path.to_owned(), size: None };
    let wanted = [
        file(project, "catalog-info.yaml"),
        file(project, "none.yaml"),
        file(ProjectId(999_999_999), "catalog-info.yaml"),
    ];
    let texts = gitlab.texts(&wanted, None).await.expect("texts");
    let content =
        |path: &str, id| &texts.iter().find(|t| t.path == path && t.project == id).expect("one answer each").content;
    assert!(matches!(content("catalog-info.yaml", project), Content::Text(_)));
    assert_eq!(content("none.yaml", project), &Content::Missing);
    assert!(matches!(content("catalog-info.yaml", ProjectId(999_999_999)), Content::Unanswered(_)), "{texts:?}");
}

#[tokio::test]
async fn tokens_that_cannot_read_say_why() {
    let sandbox = start(None).await;
    let scope = Kind::InsufficientScope { needed: vec!["read_api".to_owned(), "api".to_owned()] };
    for (role, expected) in [
        ("expired", Kind::Unauthorized(Unauthorized::Expired)),
        ("revoked", Kind::Unauthorized(Unauthorized::Revoked)),
        ("no_scope", scope),
    ] {
        let error = client(&sandbox, &sandbox.tokens[role]).projects_page(&WANT, None).await.expect_err(role);
        assert_eq!(error.kind, expected, "{role}: {error}");
    }
    let error = client(&sandbox, "glpat-nobodyknowsthisone00").projects_page(&WANT, None).await.expect_err("unknown");
    assert_eq!(error.kind, Kind::Unauthorized(Unauthorized::Unknown));
}

#[tokio::test]
async fn a_guest_sees_projects_and_no_code() {
    let sandbox = start(None).await;
    let projects = all_projects(&client(&sandbox, &sandbox.tokens["guest"])).await;
    let private = projects.iter().filter(|p| p.visibility == gitlab::Visibility::Private);
    let unreadable = private.filter(|p| p.repository == Repository::Unreadable).count();
    assert!(unreadable > 0, "a guest of a private project may not read its code");
}

#[tokio::test]
async fn a_system_hook_is_registered_by_an_administrator_only() {
    let sandbox = start(None).await;
    let gitlab = client(&sandbox, &sandbox.admin_token);
    let hook = gitlab.create_hook(&permit("main").await).await.expect("created");
    assert!(hook.push_events);
    assert_eq!(gitlab.hooks(gitlab::HookScope::System).await.expect("listed"), [hook]);
    let error = client(&sandbox, &sandbox.tokens["maintainer"])
        .create_hook(&permit("main").await)
        .await
        .expect_err("not an administrator");
    assert_eq!((error.kind, error.status), (Kind::Forbidden, Some(403)));
}
