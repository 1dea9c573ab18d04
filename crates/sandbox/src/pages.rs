//! Plain web pages, so that a link from elsewhere lands somewhere: instance, group, project, file, commit. There is
//! no sign-in here and nothing can be done; programs use the API.

use std::fmt::Write as _;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Response};

use crate::app::App;
use crate::moved;
use crate::world::model::{Group, Project};

/// Answers a page, or 404 as a page.
pub(crate) fn serve(app: &App, request: &Request) -> Response {
    let path = percent_encoding::percent_decode_str(request.uri().path()).decode_utf8_lossy().into_owned();
    let path = path.trim_matches('/');
    let (front, rest) = path.split_once("/-/").unwrap_or((path, ""));
    if app.world.project_at(front).is_none()
        && let Some(response) = moved::page(app, front, rest)
    {
        return response;
    }
    let body = if path.is_empty() {
        Some(home(app))
    } else if let Some(project) = app.world.project_at(front) {
        project_page(app, &project, rest)
    } else if let Some(group) = app.world.group_at(front.strip_prefix("groups/").unwrap_or(front)) {
        Some(group_page(app, &group))
    } else {
        let person = app.world.person_named(front);
        person.map(|person| page(&person.name, &format!("<p>@{}</p>", escape(&person.username))))
    };
    match body {
        Some(body) => Html(body).into_response(),
        None => {
            let body = page("404: Page not found", "<p>The sandbox has no page at this address.</p>");
            (StatusCode::NOT_FOUND, Html(body)).into_response()
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn page(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title} · Sandbox GitLab</title>\
         <style>body{{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}\
         pre{{background:#f4f4f6;padding:1rem;overflow:auto}}pre span{{display:block}}pre span:target{{background:#fff3c4}}</style>\
         <p><a href=\"/\">Sandbox GitLab</a></p><h1>{title}</h1>{body}</html>"
    )
}

fn link(path: &str, text: &str) -> String {
    format!("<li><a href=\"/{}\">{}</a></li>", escape(path), escape(text))
}

fn home(app: &App) -> String {
    let tops = app.world.groups().filter_map(|id| app.world.group(id)).filter(|group| group.parent.is_none());
    let rows: String = tops.take(100).map(|group| link(&group.path, &group.path)).collect();
    page("Groups", &format!("<ul>{rows}</ul>"))
}

fn group_page(app: &App, group: &Group) -> String {
    let mut rows = String::new();
    for below in app.world.subgroups(group.id).into_iter().filter_map(|id| app.world.group(id)) {
        rows.push_str(&link(&below.path, &format!("{}/", below.slug())));
    }
    for project in app.world.projects_in(group.id).into_iter().filter_map(|id| app.world.project(id)) {
        rows.push_str(&link(&project.path, project.slug()));
    }
    page(&group.path, &format!("<p>{}</p><ul>{rows}</ul>", escape(&group.description)))
}

fn project_page(app: &App, project: &Project, rest: &str) -> Option<String> {
    let repo = app.repos.read(&app.world, project);
    let (what, place) = rest.split_once('/').unwrap_or((rest, ""));
    match what {
        "blob" | "raw" => {
            let (reference, path) = split_reference(&repo, place)?;
            let commit = repo.resolve(&reference)?;
            let data = repo.blob(repo.at(commit.tree, &path)?.oid)?;
            let mut lines = String::new();
            for (number, line) in (1..).zip(String::from_utf8_lossy(&data).lines()) {
                let _ = write!(lines, "<span id=\"L{number}\">{}</span>", escape(line));
            }
            let heading = format!("<p><a href=\"/{0}\">{0}</a> at {1}</p>", escape(&project.path), escape(&reference));
            Some(page(&path, &format!("{heading}<pre>{lines}</pre>")))
        }
        "commit" => {
            let commit = repo.resolve(place)?;
            let text = format!("{} <{}>\n\n{}", commit.author.name, commit.author.email, commit.message);
            Some(page(&commit.oid.to_string(), &format!("<pre>{}</pre>", escape(&text))))
        }
        _ => {
            let branch = repo.root_ref().unwrap_or_else(|| project.default_branch.clone());
            let files = repo.resolve("HEAD").and_then(|commit| repo.list(commit.tree, "", true)).unwrap_or_default();
            let rows: String = files
                .iter()
                .filter(|row| row.entry.mode.kind_word() == "blob")
                .map(|row| link(&format!("{}/-/blob/{branch}/{}", project.path, row.path), &row.path))
                .collect();
            let about = escape(project.description.as_deref().unwrap_or_default());
            let clone = format!("git clone {}/{}.git", app.url, project.path);
            Some(page(&project.path, &format!("<p>{about}</p><pre>{}</pre><ul>{rows}</ul>", escape(&clone))))
        }
    }
}

/// Parts `feature/x/docs/a.md` into a ref and a path: a ref may have slashes, so the longest that exists wins.
fn split_reference(repo: &crate::repo::Repo, place: &str) -> Option<(String, String)> {
    let cuts: Vec<usize> = place.match_indices('/').map(|(at, _)| at).collect();
    cuts.into_iter()
        .rev()
        .map(|at| (place[..at].to_owned(), place[at + 1..].to_owned()))
        .find(|(reference, _)| repo.resolve(reference).is_some())
}
