//! A GitLab of a few lines: it answers the queries of our client from plain data, counts them, and can be held up.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::to_bytes,
    extract::Request,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use model::ProjectId;
use serde_json::{Map, Value, json};
use tokio::{net::TcpListener, sync::Semaphore};
use url::Url;

/// A project.
#[derive(Debug, Clone, Default)]
pub(crate) struct FakeProject {
    pub(crate) path: String,
    /// Text by branch and path.
    pub(crate) files: BTreeMap<(String, String), String>,
    pub(crate) archived: bool,
    pub(crate) topics: Vec<String>,
    pub(crate) forked: bool,
    /// The token's user is none of its members.
    pub(crate) foreign: bool,
    /// When something happened there, in words of GitLab.
    pub(crate) active_at: Option<String>,
    /// Name and address of each author, newest commit first.
    pub(crate) authors: Vec<(String, String)>,
}

/// A group and its members by number and user name.
#[derive(Debug, Clone, Default)]
pub(crate) struct FakeGroup {
    pub(crate) members: Vec<(u64, String)>,
    /// Only known by the members of those above.
    pub(crate) inherited: Vec<(u64, String)>,
}

/// What there is.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) projects: BTreeMap<u64, FakeProject>,
    pub(crate) groups: BTreeMap<String, FakeGroup>,
    /// Groups and user names that lists leave out.
    pub(crate) unlisted: Vec<String>,
    /// Answers instead of everything else.
    pub(crate) refuse: Option<(u16, Value)>,
    /// The operation that is answered with a refusal of the token.
    pub(crate) refuse_at: Option<&'static str>,
    /// The operations and routes that were asked, in order.
    pub(crate) asked: Vec<String>,
    /// The operation that waits, how often it came, and what it waits for.
    gate: Option<(&'static str, Arc<Gate>)>,
}

/// Where an operation is held up.
#[derive(Debug)]
pub(crate) struct Gate {
    arrived: Semaphore,
    open: Semaphore,
}

impl Gate {
    /// Waits until the operation was asked for.
    pub(crate) async fn arrived(&self) {
        self.arrived.acquire().await.expect("arrived").forget();
    }

    pub(crate) fn open(&self) {
        self.open.add_permits(1_000);
    }
}

/// The server.
#[derive(Debug, Clone)]
pub(crate) struct Fake {
    pub(crate) url: Url,
    world: Arc<Mutex<World>>,
}

pub(crate) fn project(path: &str) -> FakeProject {
    FakeProject { path: path.to_owned(), ..FakeProject::default() }
}

impl FakeProject {
    pub(crate) fn with(mut self, branch: &str, path: &str, text: &str) -> Self {
        self.files.insert((branch.to_owned(), path.to_owned()), text.to_owned());
        self
    }

    /// With a catalog file of one component.
    pub(crate) fn component(self, name: &str) -> Self {
        let text = component(name, "the first");
        self.with("main", "catalog-info.yaml", &text)
    }
}

pub(crate) fn component(name: &str, description: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: {name}, description: {description}}}\n\
         spec: {{type: service, lifecycle: production, owner: crew}}\n"
    )
}

impl Fake {
    pub(crate) async fn start(world: World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound")).parse().expect("address");
        let fake = Self { url, world: Arc::new(Mutex::new(world)) };
        let own = fake.clone();
        let app = Router::new().fallback(move |request: Request| {
            let fake = own.clone();
            async move { fake.answer(request).await }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        fake
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut World)) {
        change(&mut self.world.lock().expect("world"));
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.world.lock().expect("world").asked.clone()
    }

    /// Holds up an operation from now on.
    pub(crate) fn hold(&self, operation: &'static str) -> Arc<Gate> {
        let gate = Arc::new(Gate { arrived: Semaphore::new(0), open: Semaphore::new(0) });
        self.change(|world| world.gate = Some((operation, Arc::clone(&gate))));
        gate
    }

    async fn answer(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("body");
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let text = body["query"].as_str().unwrap_or_default();
        let operation = if text.is_empty() {
            parts.uri.path().to_owned()
        } else {
            text.trim_start_matches("query ").chars().take_while(|c| c.is_alphanumeric()).collect()
        };
        let gate = {
            let mut world = self.world.lock().expect("world");
            world.asked.push(operation.clone());
            world.gate.as_ref().filter(|(held, _)| *held == operation).map(|(_, gate)| Arc::clone(gate))
        };
        if let Some(gate) = gate {
            gate.arrived.add_permits(1);
            gate.open.acquire().await.expect("open").forget();
        }
        let world = self.world.lock().expect("world");
        if let Some((status, body)) = &world.refuse {
            return answer(*status, body);
        }
        if world.refuse_at == Some(operation.as_str()) {
            return answer(401, &json!({"error": "invalid_token", "error_description": "Token was revoked."}));
        }
        if text.is_empty() {
            return world.rest(parts.uri.path(), parts.uri.query().unwrap_or_default());
        }
        answer(200, &json!({ "data": world.graphql(&operation, text, &body["variables"]) }))
    }
}

fn answer(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).expect("status");
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

impl World {
    pub(crate) fn add(mut self, id: u64, project: FakeProject) -> Self {
        let parts: Vec<&str> = project.path.split('/').collect();
        for depth in 1..parts.len() {
            self.groups.entry(parts[..depth].join("/")).or_default();
        }
        self.projects.insert(id, project);
        self
    }

    pub(crate) fn member(mut self, group: &str, id: u64, name: &str) -> Self {
        self.groups.entry(group.to_owned()).or_default().members.push((id, name.to_owned()));
        self
    }

    fn graphql(&self, operation: &str, text: &str, vars: &Value) -> Value {
        match operation {
            "CatalogPage" => {
                let member = text.contains("membership: true");
                let has = |p: &FakeProject| topics(vars).iter().all(|t| p.topics.contains(t));
                let all = self.projects.iter().filter(|(_, p)| !(member && p.foreign) && has(p));
                json!({ "projects": self.page(all.map(|(id, _)| *id).collect(), vars) })
            }
            "CatalogGroupPage" => {
                let path = vars["path"].as_str().unwrap_or_default();
                if !self.groups.contains_key(path) {
                    return json!({ "group": null });
                }
                let nested = vars["nested"] == true;
                let below = |p: &FakeProject| {
                    let above = p.path.rsplit_once('/').map_or("", |(above, _)| above);
                    above == path || (nested && above.starts_with(&format!("{path}/")))
                };
                let all = self.projects.iter().filter(|(_, p)| below(p)).map(|(id, _)| *id).collect();
                json!({"group": {"projects": self.page(all, vars)}})
            }
            "CatalogProjects" => {
                let member = text.contains("membership: true");
                let known = |id: &u64| self.projects.get(id).is_some_and(|p| !(member && p.foreign));
                let found = ids(&vars["ids"]).into_iter().filter(known);
                json!({"projects": {"nodes": found.map(|id| self.node(id, vars)).collect::<Vec<_>>()}})
            }
            "CatalogTexts" | "CatalogSizes" => self.texts(vars),
            "GroupTree" | "GroupTreePage" => self.tree(text, vars),
            "GroupMembersApart" => {
                let mut data = Map::new();
                for at in 0.. {
                    let Some(path) = vars[format!("p{at}")].as_str() else { break };
                    let inherited = text.contains("INHERITED");
                    data.insert(format!("g{at}"), self.group(path, true, inherited));
                }
                Value::Object(data)
            }
            other => panic!("{other} is not known here"),
        }
    }

    fn page(&self, mut ids: Vec<u64>, vars: &Value) -> Value {
        let n = usize::try_from(vars["n"].as_u64().unwrap_or(100)).expect("n");
        let count = ids.len();
        let after: u64 = vars["after"].as_str().and_then(|text| text.parse().ok()).unwrap_or(0);
        ids.retain(|id| *id > after);
        let more = ids.len() > n;
        ids.truncate(n);
        json!({"count": count, "pageInfo": {"hasNextPage": more, "endCursor": ids.last().map(u64::to_string)},
            "nodes": ids.iter().map(|id| self.node(*id, vars)).collect::<Vec<_>>()})
    }

    fn node(&self, id: u64, vars: &Value) -> Value {
        let project = &self.projects[&id];
        let above = project.path.rsplit_once('/').map_or("", |(above, _)| above);
        let blobs = |branch: &str| -> Value {
            let wanted = vars["paths"].as_array().cloned().unwrap_or_default();
            let found = wanted.iter().filter_map(|path| blob(project, branch, path.as_str()?));
            json!({"nodes": found.collect::<Vec<_>>()})
        };
        let named = vars["ref"].as_str();
        let there = |branch: &str| project.files.keys().any(|(b, _)| b == branch);
        json!({"id": ProjectId(id).to_gid(), "fullPath": project.path, "name": project.path.rsplit('/').next(),
            "archived": project.archived, "visibility": "private", "topics": project.topics, "isForked": project.forked,
            "group": {"id": format!("gid://gitlab/Group/{}", number(above)), "fullPath": above, "name": above},
            "namespace": {"fullPath": above}, "languages": [],
            "repository": {"rootRef": "main", "empty": false, "blobs": blobs(named.unwrap_or("main")),
                "branch": named.map(|name| json!({"lastCommit": there(name).then(|| json!({"sha": "1"}))})),
                "fallback": vars["fallback"].as_str().map(blobs)}})
    }

    fn texts(&self, vars: &Value) -> Value {
        let mut data = Map::new();
        let branch = vars["ref"].as_str().unwrap_or("main");
        for at in 0.. {
            let Some(paths) = vars[format!("p{at}")].as_array() else { break };
            let known = ids(&vars[format!("g{at}")]).into_iter().filter(|id| self.projects.contains_key(id));
            let nodes: Vec<Value> = known
                .map(|id| {
                    let found = paths.iter().filter_map(|path| blob(&self.projects[&id], branch, path.as_str()?));
                    json!({"id": ProjectId(id).to_gid(), "repository": {"blobs": {"nodes": found.collect::<Vec<_>>()}}})
                })
                .collect();
            data.insert(format!("a{at}"), json!({ "nodes": nodes }));
        }
        Value::Object(data)
    }

    fn group_by_number(&self, id: &str) -> Option<(&String, &FakeGroup)> {
        self.groups.iter().find(|(path, _)| number(path).to_string() == id)
    }

    fn group(&self, path: &str, members: bool, inherited: bool) -> Value {
        let Some(group) = self.groups.get(path) else { return Value::Null };
        let user = |(id, name): &(u64, String)| {
            json!({"accessLevel": {"integerValue": 30}, "user": {"id": format!("gid://gitlab/User/{id}"),
                "username": name, "name": name, "state": "active", "bot": false}})
        };
        let also = group.inherited.iter().filter(|_| inherited);
        let listed = group.members.iter().chain(also).filter(|(_, name)| !self.unlisted.contains(name));
        let found: Vec<Value> = listed.map(user).collect();
        json!({"id": format!("gid://gitlab/Group/{}", number(path)), "fullPath": path, "name": path,
            "groupMembers": members.then(|| json!({"pageInfo": {"hasNextPage": false}, "nodes": found}))})
    }

    fn tree(&self, text: &str, vars: &Value) -> Value {
        let top = vars["path"].as_str().unwrap_or_default();
        let members = text.contains("groupMembers");
        let mut group = self.group(top, members, text.contains("INHERITED"));
        if text.contains("descendantGroups") && !group.is_null() {
            let n = usize::try_from(vars["n"].as_u64().unwrap_or(100)).expect("n");
            let after = vars["after"].as_str().unwrap_or_default();
            let below = format!("{top}/");
            let from = self.groups.range(after.max(below.as_str()).to_owned()..).map(|(path, _)| path);
            let mut paths: Vec<&String> = from
                .filter(|path| path.as_str() > after && !self.unlisted.contains(*path))
                .take_while(|path| path.starts_with(&below))
                .take(n + 1)
                .collect();
            let more = paths.len() > n;
            paths.truncate(n);
            let end = paths.last().copied().cloned();
            let nodes: Vec<Value> = paths.into_iter().map(|path| self.group(path, members, false)).collect();
            group["descendantGroups"] = json!({"pageInfo": {"hasNextPage": more, "endCursor": end}, "nodes": nodes});
        }
        json!({ "group": group })
    }

    fn rest(&self, path: &str, query: &str) -> Response {
        let pairs: BTreeMap<String, String> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let path = path.trim_start_matches("/api/v4/");
        let parts: Vec<&str> = path.split('/').collect();
        let row = |id: &u64, p: &FakeProject| {
            let forked = p.forked.then(|| json!({"id": 1}));
            json!({"id": id, "path_with_namespace": p.path, "topics": p.topics, "last_activity_at": p.active_at,
                "forked_from_project": forked})
        };
        match parts.as_slice() {
            ["projects"] => {
                let since = pairs.get("last_activity_after");
                let member = pairs.contains_key("membership");
                let fits = |p: &&FakeProject| {
                    !(member && p.foreign)
                        && since.is_none_or(|since| p.active_at.as_ref().is_some_and(|at| at >= since))
                        && (pairs.get("archived").is_none_or(|wanted| *wanted == p.archived.to_string()))
                };
                self.rows(self.projects.iter().filter(|(_, p)| fits(p)).map(|(id, p)| row(id, p)).collect(), &pairs)
            }
            ["projects", id] => match id.parse().ok().and_then(|id: u64| self.projects.get(&id)) {
                Some(project) => answer(200, &json!({"path_with_namespace": project.path})),
                None => answer(404, &json!({"message": "404 Project Not Found"})),
            },
            ["projects", id, "repository", "commits"] => {
                let project = id.parse().ok().and_then(|id: u64| self.projects.get(&id));
                let authors = project.map(|p| p.authors.as_slice()).unwrap_or_default();
                let row = |(name, email): &(String, String)| json!({"author_name": name, "author_email": email});
                self.rows(authors.iter().map(row).collect(), &pairs)
            }
            ["groups", group, "projects"] => {
                let group = percent_encoding::percent_decode_str(group).decode_utf8().expect("path").into_owned();
                if !self.groups.contains_key(&group) {
                    return answer(404, &json!({"message": "404 Group Not Found"}));
                }
                let below = |p: &&FakeProject| {
                    p.path.starts_with(&format!("{group}/"))
                        && (pairs.get("archived").is_none_or(|wanted| *wanted == p.archived.to_string()))
                };
                self.rows(self.projects.iter().filter(|(_, p)| below(p)).map(|(id, p)| row(id, p)).collect(), &pairs)
            }
            ["groups"] => self.rows(self.groups.keys().map(|g| json!({"full_path": g})).collect(), &pairs),
            ["groups", group, "descendant_groups"] => {
                let group = percent_encoding::percent_decode_str(group).decode_utf8().expect("path").into_owned();
                if !self.groups.contains_key(&group) {
                    return answer(404, &json!({"message": "404 Group Not Found"}));
                }
                let below = self.groups.keys().filter(|g| g.starts_with(&format!("{group}/")));
                self.rows(below.map(|g| json!({"full_path": g})).collect(), &pairs)
            }
            ["groups", id] => match self.group_by_number(id) {
                Some((path, _)) => answer(200, &json!({"full_path": path})),
                None => answer(404, &json!({"message": "404 Group Not Found"})),
            },
            ["groups", id, "members", user] => {
                let members = self.group_by_number(id).map(|(_, group)| group.members.as_slice()).unwrap_or_default();
                match members.iter().any(|(id, _)| id.to_string() == *user) {
                    true => answer(200, &json!({"id": user})),
                    false => answer(404, &json!({"message": "404 Not found"})),
                }
            }
            ["personal_access_tokens", "self"] => answer(401, &json!({"message": "401 Unauthorized"})),
            _ => answer(404, &json!({"error": "404 Not Found"})),
        }
    }

    /// One page, with the headers of offset paging.
    fn rows(&self, rows: Vec<Value>, pairs: &BTreeMap<String, String>) -> Response {
        let number = |name: &str, or: usize| pairs.get(name).and_then(|n| n.parse().ok()).unwrap_or(or);
        let (page, size) = (number("page", 1), number("per_page", 20));
        let total = rows.len();
        let found: Vec<Value> = rows.into_iter().skip((page - 1) * size).take(size).collect();
        let mut response = answer(200, &Value::Array(found));
        let headers = response.headers_mut();
        headers.insert("x-total", total.into());
        if page * size < total {
            let link = format!("<http://git.example/api?page={}&per_page={size}>; rel=\"next\"", page + 1);
            headers.insert(header::LINK, link.parse().expect("header"));
        }
        response
    }
}

/// A number that the group keeps, whatever others there are.
fn number(group: &str) -> u64 {
    let digest = <sha2::Sha256 as sha2::Digest>::digest(group);
    digest[..6].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn topics(vars: &Value) -> Vec<String> {
    vars["topics"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn ids(gids: &Value) -> Vec<u64> {
    let gids = gids.as_array().into_iter().flatten().filter_map(Value::as_str);
    gids.filter_map(ProjectId::from_gid).map(|id| id.0).collect()
}

fn blob(project: &FakeProject, branch: &str, path: &str) -> Option<Value> {
    let text = project.files.get(&(branch.to_owned(), path.to_owned()))?;
    let oid = hex::encode(&<sha2::Sha256 as sha2::Digest>::digest(text)[..20]);
    Some(json!({"path": path, "oid": oid, "rawSize": text.len().to_string(), "rawTextBlob": text}))
}
