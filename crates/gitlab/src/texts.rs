//! Texts of named files of many projects, as many as cost and size allow in one request.
//!
//! Every wanted file gets exactly one answer. A size is known before a text is asked for, so that nobody can make us
//! fetch a file of 300 MB; files of unknown size are measured first.

mod pack;

use std::collections::{BTreeMap, HashMap};

use futures::{StreamExt, TryStreamExt, stream};
use model::{BlobId, ProjectId};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    Content, FileText, FileWanted, Gitlab,
    error::{Error, Kind},
    graphql::{Answer, Fault, Query},
    projects::{Blob, Blobs},
};
use pack::{Batch, Item, Part};

const SIZES: &str = "POST /api/graphql CatalogSizes";
const TEXTS: &str = "POST /api/graphql CatalogTexts";

/// What is asked of each blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fields {
    Sizes,
    Texts,
}

impl Fields {
    fn route(self) -> &'static str {
        match self {
            Self::Sizes => SIZES,
            Self::Texts => TEXTS,
        }
    }

    fn operation(self) -> &'static str {
        match self {
            Self::Sizes => "CatalogSizes",
            Self::Texts => "CatalogTexts",
        }
    }

    fn selection(self) -> &'static str {
        match self {
            Self::Sizes => "path oid rawSize",
            Self::Texts => "path oid rawSize rawTextBlob",
        }
    }

    pub(crate) fn count(self) -> u32 {
        match self {
            Self::Sizes => 3,
            Self::Texts => 4,
        }
    }
}

#[derive(Debug, Deserialize)]
struct Connection {
    #[serde(default)]
    nodes: Option<Vec<Option<Node>>>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    repository: Option<Repository>,
}

#[derive(Debug, Deserialize)]
struct Repository {
    blobs: Option<Blobs>,
}

type Data = HashMap<String, Option<Connection>>;

/// What came of one file.
#[derive(Debug)]
enum Outcome {
    Found(Blob),
    Missing,
    /// GitLab says that the blobs of the request are too much together.
    TooMuch,
    Unanswered(String),
}

type Found = (ProjectId, String, Outcome);

impl Gitlab {
    /// The texts of these files at `git_ref` (`None`: the default branch): one answer for each, in order of project and
    /// path. [`Content::Missing`] is only said of projects that answered.
    ///
    /// # Errors
    /// When a request as a whole was not answered.
    pub async fn texts(&self, wanted: &[FileWanted], git_ref: Option<&str>) -> Result<Vec<FileText>, Error> {
        let limit = self.transport().limits().file;
        let mut answers: BTreeMap<(ProjectId, String), FileText> = BTreeMap::new();
        let mut sized: BTreeMap<(ProjectId, String), Option<u64>> = BTreeMap::new();
        for file in wanted {
            let known = sized.entry((file.project, file.path.clone())).or_default();
            *known = known.or(file.size);
        }
        let unknown: Vec<(ProjectId, String, u64)> = sized
            .iter()
            .filter(|(_, size)| size.is_none())
            .map(|((project, path), _)| (*project, path.clone(), 0))
            .collect();
        for (project, path, outcome) in self.ask(unknown, Fields::Sizes, git_ref).await? {
            let key = (project, path);
            if let Outcome::Found(blob) = &outcome
                && blob.size() <= limit
            {
                sized.insert(key, Some(blob.size()));
            } else {
                sized.remove(&key);
                answers.insert(key.clone(), answer(key, outcome, limit));
            }
        }
        let mut readable = Vec::new();
        for ((project, path), size) in sized {
            let size = size.unwrap_or(0);
            if size <= limit {
                readable.push((project, path, size));
            } else {
                let file =
                    FileText { project, path: path.clone(), blob: None, size: Some(size), content: Content::TooLarge };
                answers.insert((project, path), file);
            }
        }
        for (project, path, outcome) in self.ask(readable, Fields::Texts, git_ref).await? {
            let key = (project, path);
            answers.insert(key.clone(), answer(key, outcome, limit));
        }
        Ok(answers.into_values().collect())
    }

    async fn ask(
        &self,
        files: Vec<(ProjectId, String, u64)>,
        fields: Fields,
        git_ref: Option<&str>,
    ) -> Result<Vec<Found>, Error> {
        let batches = pack::pack(files, fields, self.transport().limits(), &self.inner.text_pages);
        let found = batches.into_iter().map(|batch| self.batch(batch, fields, git_ref));
        let found: Vec<Vec<Found>> =
            stream::iter(found).buffer_unordered(self.transport().limits().concurrency).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// One batch, in halves where GitLab finds it too much.
    async fn batch(&self, batch: Batch, fields: Fields, git_ref: Option<&str>) -> Result<Vec<Found>, Error> {
        let pages = &self.inner.text_pages;
        let mut open = vec![batch];
        let mut found = Vec::new();
        while let Some(batch) = open.pop() {
            match self.ask_once(&batch, fields, git_ref).await {
                Ok(answers) => {
                    pages.answered();
                    for (project, path, outcome) in answers {
                        let alone = batch.paths_of(project) <= 1;
                        if matches!(outcome, Outcome::TooMuch) && !alone {
                            open.push(Batch { items: vec![Item { project, paths: vec![path] }] });
                        } else {
                            found.push((project, path, outcome));
                        }
                    }
                }
                Err(error) if error.smaller_may_pass() => {
                    if let Kind::Complexity { cost } = error.kind
                        && batch.items.len() > 1
                    {
                        let size = u32::try_from(batch.items.len()).unwrap_or(u32::MAX);
                        pages.refused(size, batch.cost(fields), cost);
                    }
                    match batch.halves() {
                        Ok((one, other)) => open.extend([one, other]),
                        Err((project, path)) if error.kind == Kind::TooLarge => {
                            found.push((project, path, Outcome::TooMuch));
                        }
                        Err(_) => return Err(error),
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    async fn ask_once(&self, batch: &Batch, fields: Fields, git_ref: Option<&str>) -> Result<Vec<Found>, Error> {
        let parts = batch.parts();
        let (text, variables) = query(&parts, fields, git_ref);
        let answer: Answer<Data> = self.graphql(Query { route: fields.route(), text: &text }, &variables).await?;
        let mut data = answer.data;
        let mut found = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            let alias = format!("a{at}");
            let connection = data.remove(&alias).flatten();
            self.part(part, &alias, connection, &answer.faults, &mut found);
        }
        Ok(found)
    }

    /// The answers of one alias.
    fn part(
        &self,
        part: &Part<'_>,
        alias: &str,
        connection: Option<Connection>,
        faults: &[Fault],
        found: &mut Vec<Found>,
    ) {
        let at_root = faults.iter().find(|f| f.is_below(&[json!(alias)]) && f.path.len() <= 2);
        let mut nodes: HashMap<ProjectId, (usize, Node)> = HashMap::new();
        for (at, node) in connection.and_then(|c| c.nodes).unwrap_or_default().into_iter().enumerate() {
            if let Some(node) = node
                && let Some(id) = ProjectId::from_gid(&node.id)
            {
                nodes.insert(id, (at, node));
            }
        }
        for project in &part.projects {
            let Some((at, node)) = nodes.remove(project) else {
                let why = at_root.map_or_else(
                    || "the project is not visible to this token".to_owned(),
                    |fault| self.transport().quoted(&fault.message),
                );
                let unanswered = |path: &String| (*project, path.clone(), Outcome::Unanswered(why.clone()));
                found.extend(part.paths.iter().map(unanswered));
                continue;
            };
            let place = [json!(alias), json!("nodes"), json!(at)];
            let fault = faults.iter().find(|f| f.is_below(&place));
            found.extend(self.files(*project, part.paths, node, fault));
        }
    }

    /// The answers of one project. A fault makes every absence below it doubtful.
    fn files(&self, project: ProjectId, paths: &[String], node: Node, fault: Option<&Fault>) -> Vec<Found> {
        let mut blobs: HashMap<String, Blob> = HashMap::new();
        let mut doubt = match fault {
            Some(fault) if fault.message.contains("Max blobs size limit") => Some(None),
            Some(fault) => Some(Some(self.transport().quoted(&fault.message))),
            None => None,
        };
        match node.repository.map(|r| r.blobs.and_then(|b| b.nodes)) {
            Some(Some(nodes)) => blobs.extend(nodes.into_iter().flatten().map(|b| (b.path.clone(), b))),
            Some(None) => {
                doubt.get_or_insert_with(|| Some("GitLab named no files and no reason".to_owned()));
            }
            None => {
                doubt.get_or_insert_with(|| Some("the token may not read code in this project".to_owned()));
            }
        }
        let outcome = |path: &String| match (blobs.remove(path), &doubt) {
            (Some(blob), Some(Some(why))) if blob.raw_text_blob.is_none() => Outcome::Unanswered(why.clone()),
            (Some(blob), _) => Outcome::Found(blob),
            (None, None) => Outcome::Missing,
            (None, Some(None)) => Outcome::TooMuch,
            (None, Some(Some(why))) => Outcome::Unanswered(why.clone()),
        };
        let mut outcome = outcome;
        paths.iter().map(|path| (project, path.clone(), outcome(path))).collect()
    }
}

/// The query and its variables; every path set has an alias, so that no project is asked for a file of another.
fn query(parts: &[Part<'_>], fields: Fields, git_ref: Option<&str>) -> (String, Value) {
    let mut variables = Map::new();
    let mut declared = Vec::new();
    let mut body = String::new();
    // An explicit null would stand for itself and not for the default.
    let at_ref = if git_ref.is_some() { ", ref: $ref" } else { "" };
    if let Some(git_ref) = git_ref {
        declared.push("$ref: String".to_owned());
        variables.insert("ref".to_owned(), json!(git_ref));
    }
    for (at, part) in parts.iter().enumerate() {
        declared.push(format!("$g{at}: [ID!], $n{at}: Int!, $p{at}: [String!]!, $b{at}: Int!"));
        let gids: Vec<String> = part.projects.iter().map(|id| id.to_gid()).collect();
        variables.insert(format!("n{at}"), json!(gids.len()));
        variables.insert(format!("g{at}"), json!(gids));
        variables.insert(format!("b{at}"), json!(part.paths.len()));
        variables.insert(format!("p{at}"), json!(part.paths));
        body.push_str(&format!(
            " a{at}: projects(ids: $g{at}, first: $n{at}) {{ nodes {{ id repository {{ \
             blobs(paths: $p{at}, first: $b{at}{at_ref}) {{ nodes {{ {} }} }} }} }} }}",
            fields.selection()
        ));
    }
    let text = format!("query {}({}) {{{body} }}", fields.operation(), declared.join(", "));
    (text, Value::Object(variables))
}

fn answer((project, path): (ProjectId, String), outcome: Outcome, limit: u64) -> FileText {
    let (blob, size, content) = match outcome {
        Outcome::Missing => (None, None, Content::Missing),
        Outcome::TooMuch => (None, None, Content::TooLarge),
        Outcome::Unanswered(why) => (None, None, Content::Unanswered(why)),
        Outcome::Found(blob) => {
            let size = blob.size();
            let content = match blob.raw_text_blob {
                _ if size > limit => Content::TooLarge,
                Some(text) => Content::Text(text),
                // Nothing is text, too.
                None if size == 0 => Content::Text(String::new()),
                None => Content::Binary,
            };
            (Some(BlobId(blob.oid)), Some(size), content)
        }
    };
    FileText { project, path, blob, size, content }
}

#[cfg(test)]
mod tests;
