//! A group, the groups below it and their direct members.

mod apart;
mod page;

use futures::{StreamExt, TryStreamExt, stream};
use model::{GroupId, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) use apart::AT_ONCE;
use page::{Inherit, MEMBERS, PageWant, members_page};

use crate::{
    Gitlab, Group, GroupTree, Member, Partial, User, Visibility,
    cost::LARGEST_PAGE,
    error::{Error, Kind},
    graphql::{Answer, Fault, PageInfo, Query},
    projects::shrinks,
    types::filled,
};

const TREE: &str = "POST /api/graphql GroupTree";
const MORE_GROUPS: &str = "POST /api/graphql GroupTreePage";
const MORE_MEMBERS: &str = "POST /api/graphql GroupMembers";

#[derive(Debug, Deserialize)]
struct Data {
    group: Option<Node>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    id: String,
    full_path: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    web_url: Option<String>,
    #[serde(default)]
    avatar_url: Option<String>,
    #[serde(default)]
    visibility: Option<String>,
    #[serde(default)]
    group_members: Option<Members>,
    #[serde(default)]
    descendant_groups: Option<Descendants>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descendants {
    page_info: PageInfo,
    nodes: Option<Vec<Option<Node>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members {
    page_info: PageInfo,
    nodes: Option<Vec<Option<MemberNode>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MemberNode {
    access_level: Option<AccessLevel>,
    /// Null for somebody who was invited by mail and has not come yet.
    user: Option<UserNode>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccessLevel {
    integer_value: Option<u16>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserNode {
    id: String,
    username: String,
    name: String,
    state: Option<String>,
    public_email: Option<String>,
    avatar_url: Option<String>,
    web_url: Option<String>,
    bot: Option<bool>,
}

/// The tree as it grows, and the groups whose members are on further pages.
#[derive(Debug, Default)]
struct Growing {
    groups: Vec<Group>,
    partial: Vec<Partial>,
    more_members: Vec<(usize, String)>,
    /// Groups that were listed without their members.
    lacking: Vec<usize>,
    /// The groups whose inherited members are wanted, too: none, the first or all.
    inheriting: Inherit,
}

impl Growing {
    fn relations(&self, at: usize) -> &'static str {
        self.inheriting.relations(at == 0)
    }
}

/// What of a tree is read.
#[derive(Clone, Copy)]
pub struct TreeWant<'a> {
    /// Also the groups below the top one.
    pub nested: bool,
    /// Also the members that the top group has from groups above it; with `keep`, those that any group has from there.
    /// Without it the other groups' inherited members are the members of the groups above them in the tree.
    pub inherited: bool,
    /// Only groups at these full paths; the others are passed over, and their members not asked for if few are kept.
    pub keep: Option<&'a (dyn Fn(&str) -> bool + Send + Sync)>,
}

impl std::fmt::Debug for TreeWant<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let keep = self.keep.map_or("all", |_| "some");
        let mut shown = f.debug_struct("TreeWant");
        shown.field("nested", &self.nested).field("inherited", &self.inherited).field("keep", &keep).finish()
    }
}

impl Default for TreeWant<'_> {
    fn default() -> Self {
        Self { nested: true, inherited: false, keep: None }
    }
}

impl TreeWant<'_> {
    fn keeps(&self, path: &str) -> bool {
        self.keep.is_none_or(|keep| keep(path))
    }
}

/// The members after the first page, and why they are not all, should that be so.
#[derive(Debug)]
struct More {
    members: Vec<Member>,
    why: Option<String>,
}

impl Gitlab {
    /// The group at `top_path`, all groups below it that the token may see, and the direct members of each.
    ///
    /// # Errors
    /// [`Kind::NotFound`] when the token does not see the group: never an empty tree.
    pub async fn group_tree(&self, top_path: &str) -> Result<GroupTree, Error> {
        self.group_tree_of(top_path, &TreeWant::default()).await
    }

    /// The group at `top_path` and those below it that are wanted, with their members.
    ///
    /// One request for each hundred groups. As long as few of them are kept they are listed without members, and those of
    /// the few are read apart: at most twenty requests more.
    ///
    /// # Errors
    /// As [`Gitlab::group_tree`].
    pub async fn group_tree_of(&self, top_path: &str, want: &TreeWant<'_>) -> Result<GroupTree, Error> {
        let mut growing = Growing { inheriting: Inherit::of(want), ..Growing::default() };
        let mut after: Option<String> = None;
        let mut complete = true;
        loop {
            let page = PageWant {
                members: want.keep.is_none() || growing.lacking.len() > apart::MOST,
                nested: want.nested,
                inherit: growing.inheriting,
            };
            let (mut top, faults) = self.tree_page(top_path, after.as_deref(), page).await?;
            let below = top.descendant_groups.take();
            if after.is_none() && want.keeps(&top.full_path) {
                self.grow(&mut growing, top, &[json!("group")], &faults, page);
            }
            if !want.nested {
                break;
            }
            let Some(below) = below else {
                let why = faults.first().map_or("GitLab gave no reason", |f| f.message.as_str());
                growing.partial.push(Partial { at: top_path.to_owned(), message: self.transport().quoted(why) });
                complete = false;
                break;
            };
            for (at, node) in below.nodes.unwrap_or_default().into_iter().enumerate() {
                let place = [json!("group"), json!("descendantGroups"), json!("nodes"), json!(at)];
                match node {
                    Some(node) if want.keeps(&node.full_path) => self.grow(&mut growing, node, &place, &faults, page),
                    Some(_) => {}
                    // Without a fault it is one that the token may not see, and no part of the tree.
                    None => {
                        if let Some(fault) = faults.iter().find(|f| f.is_below(&place)) {
                            let message = self.transport().quoted(&fault.message);
                            growing.partial.push(Partial { at: fault.place(), message });
                            complete = false;
                        }
                    }
                }
            }
            after = below.page_info.next(after.as_deref(), TREE)?;
            if after.is_none() {
                break;
            }
        }
        self.members_apart(&mut growing).await?;
        self.remaining_members(&mut growing).await?;
        Ok(GroupTree { groups: growing.groups, partial: growing.partial, complete })
    }

    /// One page of descendants; the first page brings the top group's own fields, too.
    async fn tree_page(
        &self,
        top_path: &str,
        after: Option<&str>,
        page: PageWant,
    ) -> Result<(Node, Vec<Fault>), Error> {
        let first = after.is_none();
        let text = page.query(first);
        let route = if first { TREE } else { MORE_GROUPS };
        let pages = &self.inner.group_pages;
        loop {
            let n = pages.plan(|n| page.cost(n));
            let mut variables = json!({ "path": top_path, "after": after });
            if page.members {
                variables["m"] = json!(members_page(n));
            }
            if page.nested {
                variables["n"] = json!(n);
            }
            let answer: Result<Answer<Data>, Error> = self.graphql(Query { route, text: &text }, &variables).await;
            let answer = match answer {
                Err(error) if shrinks(pages, n, page.cost(n), &error) => continue,
                other => other?,
            };
            pages.answered();
            return match answer.data.group {
                Some(group) => Ok((group, answer.faults)),
                None => Err(self.no_group(top_path, &answer.faults, route)),
            };
        }
    }

    /// GitLab answers null without an error for a group that is not there or not to be seen.
    pub(crate) fn no_group(&self, path: &str, faults: &[Fault], route: &'static str) -> Error {
        if faults.is_empty() {
            return Error::caller(
                Kind::NotFound,
                format!("there is no group {path:?} that the token may see"),
                "check the path and make the token's user a member of the group",
            )
            .status(200)
            .on(route);
        }
        self.fault(faults.first(), route)
    }

    fn grow(&self, growing: &mut Growing, node: Node, place: &[Value], faults: &[Fault], page: PageWant) {
        let Some(id) = GroupId::from_gid(&node.id) else {
            growing.partial.push(Partial { at: node.full_path, message: "its id cannot be read".to_owned() });
            return;
        };
        let in_members = |f: &&Fault| f.is_below(place) && f.path.get(place.len()).is_some_and(|p| p == "groupMembers");
        let fault = faults.iter().find(in_members);
        let at = growing.groups.len();
        let members = if page.members {
            self.first_members(growing, at, &node.full_path, node.group_members, fault)
        } else {
            growing.lacking.push(at);
            Vec::new()
        };
        let web = || self.url().join(&format!("groups/{}", node.full_path)).map(String::from).unwrap_or_default();
        growing.groups.push(Group {
            id,
            name: node.name,
            description: filled(node.description),
            web_url: filled(node.web_url).unwrap_or_else(web),
            parent_path: node.full_path.rsplit_once('/').map(|(above, _)| above.to_owned()),
            visibility: Visibility::read(node.visibility.as_deref()),
            avatar_url: filled(node.avatar_url),
            members,
            full_path: node.full_path,
        });
    }

    /// The first page of a group's members, with what is said about it and a note of further pages.
    fn first_members(
        &self,
        growing: &mut Growing,
        at: usize,
        path: &str,
        found: Option<Members>,
        fault: Option<&Fault>,
    ) -> Vec<Member> {
        let mut partial = |message: String| growing.partial.push(Partial { at: path.to_owned(), message });
        let mut members = Vec::new();
        match found {
            Some(found) => {
                members = self.members(found.nodes);
                match found.page_info.next(None, TREE) {
                    Ok(Some(cursor)) => growing.more_members.push((at, cursor)),
                    Ok(None) => {}
                    Err(error) => partial(error.message),
                }
            }
            None if fault.is_none() => partial("the token may not see its members".to_owned()),
            None => {}
        }
        if let Some(fault) = fault {
            growing.partial.push(Partial { at: path.to_owned(), message: self.transport().quoted(&fault.message) });
        }
        members
    }

    fn members(&self, nodes: Option<Vec<Option<MemberNode>>>) -> Vec<Member> {
        let member = |node: MemberNode| {
            let user = node.user?;
            Some(Member {
                user: User {
                    id: UserId::from_gid(&user.id)?,
                    web_url: filled(user.web_url)
                        .unwrap_or_else(|| self.url().join(&user.username).map(String::from).unwrap_or_default()),
                    username: user.username,
                    name: user.name,
                    state: user.state.unwrap_or_default().to_ascii_lowercase(),
                    public_email: filled(user.public_email),
                    avatar_url: filled(user.avatar_url),
                    bot: user.bot.unwrap_or(false),
                },
                level: node.access_level.and_then(|l| l.integer_value).unwrap_or(0),
            })
        };
        nodes.unwrap_or_default().into_iter().flatten().filter_map(member).collect()
    }

    /// Further pages of members, of the few groups that have them.
    async fn remaining_members(&self, growing: &mut Growing) -> Result<(), Error> {
        let open = std::mem::take(&mut growing.more_members);
        let paths: Vec<_> = open
            .into_iter()
            .filter_map(|(at, cursor)| Some((at, growing.groups.get(at)?.full_path.clone(), at == 0, cursor)))
            .collect();
        let inheriting = growing.inheriting;
        let pages = paths.into_iter().map(move |(at, path, top, cursor)| async move {
            let relations = inheriting.relations(top);
            let more = self.more_members(&path, relations, cursor).await?;
            Ok::<_, Error>((at, path, more))
        });
        let found: Vec<(usize, String, More)> =
            stream::iter(pages).buffer_unordered(self.transport().limits().concurrency).try_collect().await?;
        for (at, path, More { members, why }) in found {
            if let Some(group) = growing.groups.get_mut(at) {
                group.members.extend(members);
            }
            growing.partial.extend(why.map(|message| Partial { at: path, message }));
        }
        Ok(())
    }

    async fn more_members(&self, path: &str, relations: &str, cursor: String) -> Result<More, Error> {
        let text = format!(
            "query GroupMembers($path: ID!, $n: Int!, $after: String) {{ group(fullPath: $path) {{ id fullPath \
             groupMembers(relations: {relations}, first: $n, after: $after) {{ {MEMBERS} }} }} }}"
        );
        let query = Query { route: MORE_MEMBERS, text: &text };
        let mut members = Vec::new();
        let mut after = cursor;
        loop {
            let variables = json!({ "path": path, "n": LARGEST_PAGE, "after": after });
            let answer: Answer<Data> = self.graphql(query, &variables).await?;
            let why = answer.faults.first().map(|f| self.transport().quoted(&f.message));
            let Some(page) = answer.data.group.and_then(|g| g.group_members) else {
                let why = why.or_else(|| Some("its further members were not shown".to_owned()));
                return Ok(More { members, why });
            };
            members.extend(self.members(page.nodes));
            match page.page_info.next(Some(&after), MORE_MEMBERS)? {
                Some(next) if why.is_none() => after = next,
                _ => return Ok(More { members, why }),
            }
        }
    }
}
