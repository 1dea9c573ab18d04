//! Projects of groups, other branches and pruned trees, against the stand-in GitLab with its own rules of cost.

use std::{collections::BTreeSet, sync::Arc};

use gitlab::{Gitlab, Kind, Listing, Project, Repository, Scope, TreeWant, Want};
use model::{SystemClock, SystemRandom};
use sandbox::{Options, Sandbox};

use crate::fixture::settings;

const WANT: Want<'static> = Want { paths: &["catalog-info.yaml", "CODEOWNERS"] };

async fn start(projects: Option<u32>) -> (Sandbox, Gitlab) {
    let sandbox = sandbox::start(Options { projects, ..Options::default() }).await.expect("a sandbox");
    let mut settings = settings(sandbox.url.parse().expect("address"));
    settings.token = sandbox.admin_token.clone().into();
    let client = Gitlab::new(settings, Arc::new(SystemClock), Arc::new(SystemRandom::default())).expect("settings");
    (sandbox, client)
}

async fn all(client: &Gitlab, listing: &Listing<'_>) -> Vec<Project> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = client.projects_in(listing, &WANT, after.as_deref()).await.expect("a page");
        assert_eq!(page.partial, []);
        found.extend(page.items);
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

#[tokio::test]
async fn a_group_s_projects_are_those_of_its_path() {
    let (_sandbox, client) = start(Some(300)).await;
    let member = all(&client, &Listing::default()).await;
    let tops: BTreeSet<&str> = member.iter().filter_map(|p| p.path.split('/').next()).collect();
    for top in tops {
        let scope = |nested| Scope::Group { path: top, nested };
        let nested = match client.projects_in(&Listing { scope: scope(true), ..Listing::default() }, &WANT, None).await
        {
            // The space of a person.
            Err(error) if error.kind == Kind::NotFound => continue,
            answer => {
                answer.expect("a page");
                all(&client, &Listing { scope: scope(true), forks: true, ..Listing::default() }).await
            }
        };
        let below = |depth: Option<usize>| -> BTreeSet<_> {
            let inside = |p: &&Project| {
                p.path.starts_with(&format!("{top}/")) && depth.is_none_or(|d| p.path.matches('/').count() == d)
            };
            member.iter().filter(inside).map(|p| p.id).collect()
        };
        assert!(nested.iter().all(|p| p.forked.is_some()), "forks are told where that is asked");
        assert_eq!(nested.iter().map(|p| p.id).collect::<BTreeSet<_>>(), below(None), "{top}");
        let flat = all(&client, &Listing { scope: scope(false), ..Listing::default() }).await;
        assert_eq!(flat.iter().map(|p| p.id).collect::<BTreeSet<_>>(), below(Some(1)), "{top}");
    }
    let listing = Listing { scope: Scope::Group { path: "no/such", nested: true }, ..Listing::default() };
    let error = client.projects_in(&listing, &WANT, None).await.expect_err("not there");
    assert_eq!(error.kind, Kind::NotFound);
    assert!(error.remedy.contains("make the token's user a member"), "{}", error.remedy);
}

#[tokio::test]
async fn another_branch_is_looked_at_where_it_is_there() {
    let (_sandbox, client) = start(None).await;
    let usual = all(&client, &Listing::default()).await;
    let none = Listing { branch: Some("no-such-branch"), ..Listing::default() };
    for project in all(&client, &none).await {
        if let Repository::Ready { root_ref, files } = project.repository {
            assert_eq!((root_ref == "no-such-branch", files.len()), (false, 0), "{}", project.path);
        }
    }
    let files = |projects: &[Project]| -> usize {
        let of = |p: &Project| if let Repository::Ready { files, .. } = &p.repository { files.len() } else { 0 };
        projects.iter().map(of).sum()
    };
    let fallback = Listing { fallback_branch: Some("main"), ..none };
    assert_eq!(files(&all(&client, &fallback).await), files(&usual));
    let main = Listing { branch: Some("main"), ..Listing::default() };
    assert_eq!(files(&all(&client, &main).await), files(&usual));
}

#[tokio::test]
async fn a_pruned_tree_has_the_members_of_the_whole_one() {
    let (_sandbox, client) = start(None).await;
    let top = "sandrill";
    let whole = client.group_tree(top).await.expect("a tree");
    for kept in [0, 1, 3] {
        let keep = |path: &str| path.len() % 4 == kept;
        let want = TreeWant { keep: Some(&keep), ..TreeWant::default() };
        let some = client.group_tree_of(top, &want).await.expect("a tree");
        assert_eq!((some.complete, &some.partial), (true, &vec![]));
        let expected: Vec<_> = whole.groups.iter().filter(|group| keep(&group.full_path)).cloned().collect();
        assert_eq!(some.groups, expected);
    }
    let alone = client.group_tree_of(top, &TreeWant { nested: false, ..TreeWant::default() }).await.expect("a group");
    assert_eq!(alone.groups, whole.groups[..1]);
    let (_, below, _) = client.list_groups(Some(top), 1).await.expect("a page");
    assert_eq!(below, Some(whole.groups.len() as u64 - 1));
}

#[tokio::test]
async fn lists_count_and_tell_activity() {
    let (_sandbox, client) = start(Some(300)).await;
    let all: BTreeSet<_> = all(&client, &Listing::default()).await.into_iter().map(|p| p.id).collect();
    let page = client.list_projects(Scope::Member, &[], None, 1).await.expect("a page");
    assert_eq!((page.total, page.items.len(), page.more), (Some(all.len() as u64), 100, true));
    let active: BTreeSet<_> = client.active_in(Scope::Member, 0).await.expect("all").iter().map(|p| p.id).collect();
    assert_eq!(active, all);
    let top = page.items[0].path.split('/').next().expect("a group").to_owned();
    let group = Scope::Group { path: &top, nested: true };
    assert!(client.active_in(group, i64::from(i32::MAX) * 1_000).await.expect("none").is_empty(), "nothing of 2038");
    let project = page.items[0].id;
    let authors = client.commit_authors(project, 0).await.expect("commits");
    assert!(authors.iter().all(|author| author.email.contains('@')), "{authors:?}");
}
