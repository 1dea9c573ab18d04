//! The plain fields: those that are read off a value, with nothing to decide.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde_json::{Value, json};

use super::node::{BlobNode, EntryNode, MemberNode, Node};
use super::resolve::{Asked, Found, gid};
use crate::clock::{date, iso_z};
use crate::options::Edition;
use crate::repo::object::Commit;
use crate::rest::{revision, rows, version};
use crate::world::model::{Group, Person, Project, UserKind, last_segment, level};

/// Answers a plain field of any object that has no file of its own.
pub(super) fn plain(node: &Node, asked: &Asked<'_>) -> Found {
    match node {
        Node::Metadata => match asked.name {
            "version" => version().into(),
            "revision" => revision().into(),
            "enterprise" => (asked.call.app.edition == Edition::Premium).into(),
            _ => Found::Node(Node::Kas),
        },
        Node::Kas => {
            if asked.name == "enabled" {
                false.into()
            } else {
                Found::null()
            }
        }
        Node::ProjectPermissions(project) => permission(project, asked),
        Node::GroupPermissions(group) => {
            let held = asked.call.viewer.group_level(asked.world(), group.id);
            match asked.name {
                "readGroup" => true.into(),
                _ => (held >= level::DEVELOPER).into(),
            }
        }
        Node::Language(name, share) => match asked.name {
            "name" => name.as_str().into(),
            "share" => (*share).into(),
            _ => color(name).into(),
        },
        Node::GroupNamespace(group) => group_namespace(group, asked),
        Node::UserNamespace(person) => match asked.name {
            "id" => gid("Namespaces::UserNamespace", rows::namespace_id(person.id)).into(),
            "name" | "fullName" => person.name.as_str().into(),
            "path" | "fullPath" => person.username.as_str().into(),
            "visibility" => "public".into(),
            _ => Found::null(),
        },
        Node::User(person) | Node::CurrentUser(person) => user(person, asked),
        Node::Member(member) => self::member(member, asked),
        Node::AccessLevel(held) => match asked.name {
            "integerValue" => (*held).into(),
            "stringValue" => level::graphql_name(*held).into(),
            _ => level::human(*held).into(),
        },
        Node::Blob(blob) => self::blob(blob, asked),
        Node::Entry(entry) => self::entry(entry, asked),
        Node::Commit(project, commit) => self::commit(project, commit, asked),
        _ => Found::null(),
    }
}

fn color(language: &str) -> &'static str {
    match language {
        "TypeScript" => "#3178c6",
        "JavaScript" => "#f1e05a",
        "Rust" => "#dea584",
        "Python" => "#3572A5",
        "Go" => "#00ADD8",
        "Java" => "#b07219",
        _ => "#384d54",
    }
}

fn permission(project: &Project, asked: &Asked<'_>) -> Found {
    let world = asked.world();
    let held = asked.call.viewer.level(world, project.id);
    let writable = !project.archived;
    let allowed = match asked.name {
        "readProject" | "readWiki" | "readPagesContent" => true,
        "readProjectMember" => held > 0,
        "requestAccess" => held == 0,
        "downloadCode" | "readCommitStatus" | "downloadWikiCode" | "forkProject" => {
            asked.call.viewer.reads_code(world, project)
        }
        "createIssue" | "uploadFile" => writable && held >= level::GUEST,
        "readCycleAnalytics" | "createLabel" => held >= level::REPORTER,
        "createSnippet" => writable && held >= level::REPORTER,
        "adminProject"
        | "adminOperations"
        | "adminRemoteMirror"
        | "updatePages"
        | "createPages"
        | "destroyPages"
        | "removePages"
        | "adminWiki"
        | "destroyWiki"
        | "pushToDeleteProtectedBranch" => held >= level::MAINTAINER && asked.name != "pushToDeleteProtectedBranch",
        "archiveProject"
        | "removeProject"
        | "renameProject"
        | "changeNamespace"
        | "changeVisibilityLevel"
        | "removeForkProject" => held >= level::OWNER,
        // pushCode and everything else a Developer does.
        _ => writable && held >= level::DEVELOPER,
    };
    allowed.into()
}

pub(super) fn project(project: &Project, asked: &Asked<'_>) -> Found {
    let app = &asked.call.app;
    let web = || format!("{}/{}", app.url, project.path);
    match asked.name {
        "id" => gid("Project", project.id).into(),
        "fullPath" => project.path.as_str().into(),
        "path" => project.slug().into(),
        "name" => project.name.as_str().into(),
        "nameWithNamespace" => rows::name_with_namespace(app, project).into(),
        "description" => project.description.clone().into(),
        "webUrl" => web().into(),
        "httpUrlToRepo" => format!("{}.git", web()).into(),
        "sshUrlToRepo" => format!("git@sandbox.example:{}.git", project.path).into(),
        "archived" => project.archived.into(),
        "visibility" => project.visibility.word().into(),
        "createdAt" => iso_z(project.created).into(),
        "updatedAt" | "lastActivityAt" => iso_z(project.last_activity).into(),
        "topics" => project.topics.clone().into(),
        "forksCount" => app.forks(project.id).into(),
        "starCount" | "openMergeRequestsCount" | "openIssuesCount" => 0.into(),
        "lfsEnabled" | "jobsEnabled" | "issuesEnabled" | "mergeRequestsEnabled" | "removeSourceBranchAfterMerge" => {
            true.into()
        }
        "ciConfigPathOrDefault" => ".gitlab-ci.yml".into(),
        "importStatus" => "none".into(),
        "isForked" => project.forked_from.is_some().into(),
        "mergeRequestsFfOnlyEnabled" | "onlyAllowMergeIfPipelineSucceeds" | "squashReadOnly" => false.into(),
        // avatarUrl
        _ => Found::null(),
    }
}

pub(super) fn group(group: &Group, asked: &Asked<'_>) -> Found {
    let app = &asked.call.app;
    match asked.name {
        "webUrl" => format!("{}/groups/{}", app.url, group.path).into(),
        "archived" => false.into(),
        "createdAt" | "updatedAt" => iso_z(group.created).into(),
        "projectCreationLevel" => "developer".into(),
        "subgroupCreationLevel" => "maintainer".into(),
        "descendantGroupsCount" => app.world.subgroups(group.id).len().into(),
        "groupMembersCount" => group.members.len().into(),
        "projectsCount" => app.world.projects_in(group.id).len().into(),
        "id" => gid("Group", group.id).into(),
        "avatarUrl" | "markedForDeletionOn" => Found::null(),
        _ => group_namespace(group, asked),
    }
}

fn group_namespace(group: &Group, asked: &Asked<'_>) -> Found {
    match asked.name {
        "id" => gid("Group", group.id).into(),
        "name" => group.name.as_str().into(),
        "path" => group.slug().into(),
        "fullName" => rows::full_name(&asked.call.app, group).into(),
        "fullPath" => group.path.as_str().into(),
        "description" => group.description.as_str().into(),
        "visibility" => group.visibility.word().into(),
        _ => Found::null(),
    }
}

/// `UserType` of the schema.
pub(super) fn user_type(person: &Person) -> &'static str {
    match person.kind {
        UserKind::Human => "HUMAN",
        UserKind::ProjectBot => "PROJECT_BOT",
        UserKind::ServiceAccount => "SERVICE_ACCOUNT",
    }
}

fn user(person: &Person, asked: &Asked<'_>) -> Found {
    match asked.name {
        "id" => gid("User", person.id).into(),
        "username" => person.username.as_str().into(),
        "name" => person.name.as_str().into(),
        "state" => person.state.as_str().into(),
        "bot" => person.bot().into(),
        "human" => (!person.bot()).into(),
        "active" => (person.state == "active").into(),
        "type" => user_type(person).into(),
        "publicEmail" | "email" => person.email.as_str().into(),
        "commitEmail" => (asked.call.viewer.id() == Some(person.id)).then(|| person.email.clone()).into(),
        "webUrl" => format!("{}/{}", asked.call.app.url, person.username).into(),
        "webPath" => format!("/{}", person.username).into(),
        "createdAt" => iso_z(person.created).into(),
        "lastActivityOn" => date(person.created.date()).into(),
        "jobTitle" => person.job_title.clone().into(),
        "bio" => "".into(),
        _ => Found::null(),
    }
}

fn member(member: &MemberNode, asked: &Asked<'_>) -> Found {
    match asked.name {
        "id" => {
            // A membership has no id of its own here: its place and person make one that stays.
            let (model, place) = match (&member.project, &member.group) {
                (Some(project), _) => ("ProjectMember", project.id),
                (None, group) => ("GroupMember", group.as_ref().map_or(0, |group| group.id)),
            };
            gid(model, place * 1_000_000 + member.person.id).into()
        }
        "accessLevel" => Found::Node(Node::AccessLevel(member.member.level)),
        "createdBy" => Found::maybe(asked.world().person(1).map(Node::User)),
        "createdAt" | "updatedAt" => iso_z(member.member.created).into(),
        "expiresAt" => member.member.expires.map(|day| iso_z(day.midnight().assume_utc())).into(),
        "user" => Found::Node(Node::User(member.person.clone())),
        "group" => Found::maybe(member.group.clone().map(Node::Group)),
        "project" => Found::maybe(member.project.clone().map(Node::Project)),
        _ => Found::null(),
    }
}

/// Text of a file, or `None` where it is binary.
fn text(data: &Bytes) -> Option<String> {
    let binary = data.iter().take(8000).any(|byte| *byte == 0);
    (!binary).then(|| String::from_utf8_lossy(data).into_owned())
}

fn blob(blob: &Arc<BlobNode>, asked: &Asked<'_>) -> Found {
    let base = || format!("/{}/-", blob.project.path);
    let place = || format!("{}/{}", blob.reference, blob.path);
    match asked.name {
        "id" => json!(format!("gid://gitlab/Blob/{}", blob.oid)).into(),
        "oid" => blob.oid.to_string().into(),
        "path" => blob.path.as_str().into(),
        "name" => last_segment(&blob.path).into(),
        "mode" => blob.mode.digits().into(),
        // BigInt travels as a string.
        "size" | "rawSize" => blob.data.len().to_string().into(),
        "rawBlob" | "plainData" => String::from_utf8_lossy(&blob.data).into_owned().into(),
        "rawTextBlob" => text(&blob.data).into(),
        "base64EncodedBlob" => BASE64.encode(&blob.data).into(),
        "storedExternally" => false.into(),
        "webPath" => format!("{}/blob/{}", base(), place()).into(),
        "rawPath" => format!("{}/raw/{}", base(), place()).into(),
        "historyPath" => format!("{}/commits/{}", base(), place()).into(),
        "fileType" => if text(&blob.data).is_some() { "text" } else { "download" }.into(),
        // lfsOid, externalStorage, language
        _ => Found::null(),
    }
}

fn entry(entry: &EntryNode, asked: &Asked<'_>) -> Found {
    let (row, app) = (&entry.found, &asked.call.app);
    let kind = row.entry.mode.kind_word();
    let web = || format!("/{}/-/{kind}/{}/{}", entry.project.path, entry.reference, row.path);
    match asked.name {
        "id" => json!(format!("gid://gitlab/Gitlab::Git::Tree/{}", row.entry.oid)).into(),
        "sha" => row.entry.oid.to_string().into(),
        "name" => row.entry.name.as_str().into(),
        "type" => kind.into(),
        "path" | "flatPath" => row.path.as_str().into(),
        "mode" => row.entry.mode.digits().into(),
        "webPath" => web().into(),
        "webUrl" if kind != "commit" => format!("{}{}", app.url, web()).into(),
        _ => Found::null(),
    }
}

fn commit(project: &Project, commit: &Commit, asked: &Asked<'_>) -> Found {
    let path = format!("/{}/-/commit/{}", project.path, commit.oid);
    match asked.name {
        "id" => json!(format!("gid://gitlab/Commit/{}", commit.oid)).into(),
        "sha" => commit.oid.to_string().into(),
        "shortId" => commit.oid.short().into(),
        "title" | "fullTitle" => commit.title().into(),
        "message" => commit.message.as_str().into(),
        "description" => commit.message.split_once("\n\n").map_or("", |(_, rest)| rest).into(),
        "authoredDate" => iso_z(commit.author.at).into(),
        "committedDate" => iso_z(commit.committer.at).into(),
        "authorName" => commit.author.name.as_str().into(),
        "authorEmail" => commit.author.email.as_str().into(),
        "author" => {
            let world = asked.world();
            let mut people = world.people().filter_map(|id| world.person(id));
            Found::maybe(people.find(|person| person.email == commit.author.email).map(Node::User))
        }
        "webUrl" => format!("{}{path}", asked.call.app.url).into(),
        "webPath" => path.into(),
        _ => Value::Null.into(),
    }
}
