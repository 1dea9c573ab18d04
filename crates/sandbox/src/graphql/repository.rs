//! Fields of a repository: files by path, folders, branches.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::node::{BlobNode, EntryNode, Node, TreeNode};
use super::resolve::{Answer, Asked, Found};
use crate::repo::Repo;
use crate::repo::object::{self, Kind, Mode};
use crate::world::model::Project;

/// Bytes that the texts of one `blobs` field may have together, when it names more than one path.
const MOST_BYTES: usize = 20 << 20;
/// The fields that carry a file's content.
const CONTENT: [&str; 4] = ["rawBlob", "base64EncodedBlob", "rawTextBlob", "plainData"];

pub(super) fn field(project: &Arc<Project>, asked: &Asked<'_>) -> Answer {
    let app = &asked.call.app;
    Ok(match asked.name {
        "rootRef" => (!app.is_empty(project)).then(|| app.default_branch(project)).flatten().into(),
        "empty" => app.is_empty(project).into(),
        "exists" => true.into(),
        // Only administrators see where a repository lies.
        "diskPath" => asked.call.viewer.admin().then(|| format!("{}.git", project.id)).into(),
        "blobs" => blobs(project, asked)?,
        "tree" => tree(project, asked)?,
        "paginatedTree" => paginated(project, asked)?,
        _ => branch_names(project, asked),
    })
}

fn open(project: &Arc<Project>, asked: &Asked<'_>) -> Repo {
    asked.call.app.repos.read(asked.world(), project)
}

/// The revision that `ref` and `refType` name.
fn revision(asked: &Asked<'_>) -> String {
    let given = asked.text("ref").filter(|text| !text.is_empty()).unwrap_or("HEAD");
    match asked.text("refType") {
        Some("HEADS") if given != "HEAD" => format!("refs/heads/{given}"),
        Some("TAGS") => format!("refs/tags/{given}"),
        _ => given.to_owned(),
    }
}

fn blobs(project: &Arc<Project>, asked: &Asked<'_>) -> Answer {
    let paths = asked.list("paths").unwrap_or_default();
    let reference = revision(asked);
    let found = match quick(project, asked, &paths, &reference) {
        Some(found) => found,
        None => slow(project, asked, &paths, &reference)?,
    };
    if paths.len() > 1 && asked.selects(&CONTENT) {
        let total: usize = found.iter().map(|blob| blob.data.len()).sum();
        if total > MOST_BYTES {
            return Err(format!("Max blobs size limit exceeded ({} / 20 MiB).", mebibytes(total)));
        }
    }
    let nodes = found.into_iter().map(|blob| Node::Blob(Arc::new(blob))).collect();
    Ok(asked.page("RepositoryBlobConnection", nodes))
}

/// `20.5 MiB`, with at most three digits that say something, as Rails writes sizes.
fn mebibytes(bytes: usize) -> String {
    let tenths = bytes.saturating_mul(10) / (1 << 20);
    let (whole, tenth) = (tenths / 10, tenths % 10);
    if whole >= 100 || tenth == 0 { format!("{whole} MiB") } else { format!("{whole}.{tenth} MiB") }
}

/// Files of the default branch of a project that is still virtual, without making its trees and commits.
fn quick(project: &Arc<Project>, asked: &Asked<'_>, paths: &[String], reference: &str) -> Option<Vec<BlobNode>> {
    let app = &asked.call.app;
    if !app.repos.is_virtual(project.id) || !(reference == "HEAD" || reference == project.default_branch) {
        return None;
    }
    let mut found = Vec::new();
    for path in paths {
        if let Some(data) = app.world.quick_file(project.id, path)? {
            let oid = object::hash(Kind::Blob, &data);
            found.push(blob(project, reference, path, oid, Mode::File, data));
        }
    }
    Some(found)
}

fn slow(project: &Arc<Project>, asked: &Asked<'_>, paths: &[String], reference: &str) -> Result<Vec<BlobNode>, String> {
    let repo = open(project, asked);
    let Some(commit) = repo.resolve(reference) else {
        return if repo.is_empty() { Ok(Vec::new()) } else { Err("Ref is not valid".to_owned()) };
    };
    Ok(paths
        .iter()
        .filter_map(|path| {
            let entry = repo.at(commit.tree, path)?;
            let data = repo.blob(entry.oid)?;
            Some(blob(project, reference, path, entry.oid, entry.mode, data))
        })
        .collect())
}

fn blob(project: &Arc<Project>, reference: &str, path: &str, oid: object::Oid, mode: Mode, data: Bytes) -> BlobNode {
    let reference = if reference == "HEAD" { project.default_branch.as_str() } else { reference };
    let path = path.trim_matches('/').to_owned();
    BlobNode { project: project.clone(), reference: reference.to_owned(), path, oid, mode, data }
}

fn read_tree(project: &Arc<Project>, asked: &Asked<'_>) -> Option<TreeNode> {
    let repo = open(project, asked);
    let reference = revision(asked);
    let commit = repo.resolve(&reference)?;
    let path = asked.text("path").unwrap_or("").trim_matches('/').to_owned();
    let entries = repo.list(commit.tree, &path, asked.flag("recursive").unwrap_or(false))?;
    Some(TreeNode { project: project.clone(), reference, path, entries })
}

fn tree(project: &Arc<Project>, asked: &Asked<'_>) -> Answer {
    Ok(Found::maybe(read_tree(project, asked).map(|tree| Node::Tree(Arc::new(tree)))))
}

/// A connection whose rows are trees: one a page here, with up to a hundred of the entries.
fn paginated(project: &Arc<Project>, asked: &Asked<'_>) -> Answer {
    if ["last", "before"].iter().any(|name| asked.arguments.get(*name).is_some_and(|value| !value.is_null())) {
        return Err("paginatedTree can be walked forward only (first, after)".to_owned());
    }
    let Some(mut tree) = read_tree(project, asked) else { return Ok(Found::null()) };
    let entries = std::mem::take(&mut tree.entries);
    let nodes: Vec<Node> = entries.into_iter().map(|found| entry(&tree, found)).collect();
    let page = super::connection::of_list(nodes, &super::connection::Wish::of(&asked.arguments));
    let entries = page.rows.iter().filter_map(|(_, node)| match node {
        Node::Entry(entry) => Some(entry.found.clone()),
        _ => None,
    });
    let last = page.rows.last().map(|(cursor, _)| cursor.clone()).unwrap_or_default();
    let row = Node::Tree(Arc::new(TreeNode {
        project: tree.project.clone(),
        reference: tree.reference.clone(),
        path: tree.path.clone(),
        entries: entries.collect(),
    }));
    let page = super::node::Page { rows: vec![(last, row)], next: page.next, previous: page.previous, count: None };
    let connection = super::node::Connection { type_name: "TreeConnection", page, counted: None };
    Ok(Found::Node(Node::Connection(Arc::new(connection))))
}

fn entry(tree: &TreeNode, found: crate::repo::Found) -> Node {
    Node::Entry(Arc::new(EntryNode { project: tree.project.clone(), reference: tree.reference.clone(), found }))
}

pub(super) fn tree_field(tree: &Arc<TreeNode>, asked: &Asked<'_>) -> Answer {
    let of = |kind: &str| -> Vec<Node> {
        let rows = tree.entries.iter().filter(|row| row.entry.mode.kind_word() == kind);
        rows.map(|row| entry(tree, row.clone())).collect()
    };
    Ok(match asked.name {
        "blobs" => asked.page("BlobConnection", of("blob")),
        "trees" => asked.page("TreeEntryConnection", of("tree")),
        "submodules" => asked.page("SubmoduleConnection", of("commit")),
        _ => {
            let repo = open(&tree.project, asked);
            let path = (!tree.path.is_empty()).then_some(tree.path.as_str());
            let last = repo.resolve(&tree.reference).and_then(|tip| repo.log(tip.oid, path).next());
            Found::maybe(last.map(|commit| Node::Commit(tree.project.clone(), Arc::new(commit))))
        }
    })
}

fn branch_names(project: &Arc<Project>, asked: &Asked<'_>) -> Found {
    let number = |name: &str| {
        asked.arguments.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(0)
    };
    let pattern = asked.text("searchPattern").unwrap_or("*").to_owned();
    let fits = |name: &String| match pattern.split_once('*') {
        Some((front, back)) => name.starts_with(front) && name.ends_with(back),
        None => *name == pattern,
    };
    let names: Vec<String> = open(project, asked)
        .branches()
        .into_iter()
        .map(|(name, _)| name)
        .filter(fits)
        .skip(number("offset"))
        .take(number("limit"))
        .collect();
    names.into()
}
