//! A group, the groups below it and their direct members.

use futures::{StreamExt, TryStreamExt, stream};
use model::{GroupId, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    Gitlab, Group, GroupTree, Member, Partial, User, Visibility,
    cost::{self, LARGEST_PAGE},
    error::{Error, Kind},
    graphql::{Answer, Fault, PageInfo, Query},
    projects::shrinks,
    types::filled,
};

const TREE: &str = "POST /api/graphql GroupTree";
const MORE_GROUPS: &str = "POST /api/graphql GroupTreePage";
const MORE_MEMBERS: &str = "POST /api/graphql GroupMembers";

const FIELDS: &str = "id fullPath name description webUrl avatarUrl visibility";
const MEMBERS: &str = "pageInfo { hasNextPage endCursor } nodes { accessLevel { integerValue } \
     user { id username name state publicEmail avatarUrl webUrl bot } }";

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
        let mut growing = Growing::default();
        let mut after: Option<String> = None;
        let mut complete = true;
        loop {
            let (mut top, faults) = self.tree_page(top_path, after.as_deref()).await?;
            let below = top.descendant_groups.take();
            if after.is_none() {
                self.grow(&mut growing, top, &[json!("group")], &faults);
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
                    Some(node) => self.grow(&mut growing, node, &place, &faults),
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
        self.remaining_members(&mut growing).await?;
        Ok(GroupTree { groups: growing.groups, partial: growing.partial, complete })
    }

    /// One page of descendants; the first page brings the top group's own fields, too.
    async fn tree_page(&self, top_path: &str, after: Option<&str>) -> Result<(Node, Vec<Fault>), Error> {
        let first = after.is_none();
        let members = format!("groupMembers(relations: [DIRECT], first: $m) {{ {MEMBERS} }}");
        let own = if first { format!("{FIELDS} {members}") } else { "id fullPath".to_owned() };
        let (route, name) = if first { (TREE, "GroupTree") } else { (MORE_GROUPS, "GroupTreePage") };
        let text = format!(
            "query {name}($path: ID!, $n: Int!, $m: Int!, $after: String) {{ group(fullPath: $path) {{ {own} \
             descendantGroups(first: $n, after: $after) {{ pageInfo {{ hasNextPage endCursor }} \
             nodes {{ {FIELDS} {members} }} }} }} }}"
        );
        let pages = &self.inner.group_pages;
        loop {
            let n = pages.plan(tree_cost);
            let variables = json!({ "path": top_path, "n": n, "m": members_page(n), "after": after });
            let answer: Result<Answer<Data>, Error> = self.graphql(Query { route, text: &text }, &variables).await;
            let answer = match answer {
                Err(error) if shrinks(pages, n, tree_cost(n), &error) => continue,
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
    fn no_group(&self, path: &str, faults: &[Fault], route: &'static str) -> Error {
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

    fn grow(&self, growing: &mut Growing, node: Node, place: &[Value], faults: &[Fault]) {
        let Some(id) = GroupId::from_gid(&node.id) else {
            growing.partial.push(Partial { at: node.full_path, message: "its id cannot be read".to_owned() });
            return;
        };
        let in_members = |f: &&Fault| f.is_below(place) && f.path.get(place.len()).is_some_and(|p| p == "groupMembers");
        let fault = faults.iter().find(in_members);
        let mut members = Vec::new();
        match node.group_members {
            Some(found) => {
                members = self.members(found.nodes);
                match found.page_info.next(None, TREE) {
                    Ok(Some(cursor)) => growing.more_members.push((growing.groups.len(), cursor)),
                    Ok(None) => {}
                    Err(error) => growing.partial.push(Partial { at: node.full_path.clone(), message: error.message }),
                }
            }
            None if fault.is_none() => {
                let message = "the token may not see its members".to_owned();
                growing.partial.push(Partial { at: node.full_path.clone(), message });
            }
            None => {}
        }
        if let Some(fault) = fault {
            let message = self.transport().quoted(&fault.message);
            growing.partial.push(Partial { at: node.full_path.clone(), message });
        }
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
        let paths: Vec<(usize, String, String)> = open
            .into_iter()
            .filter_map(|(at, cursor)| Some((at, growing.groups.get(at)?.full_path.clone(), cursor)))
            .collect();
        let pages = paths.into_iter().map(|(at, path, cursor)| async move {
            let more = self.more_members(&path, cursor).await?;
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

    async fn more_members(&self, path: &str, cursor: String) -> Result<More, Error> {
        let text = format!(
            "query GroupMembers($path: ID!, $n: Int!, $after: String) {{ group(fullPath: $path) {{ id fullPath \
             groupMembers(relations: [DIRECT], first: $n, after: $after) {{ {MEMBERS} }} }} }}"
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

/// Members asked for with each group: all of them for most groups, fewer once a page was too much.
fn members_page(groups: u32) -> u32 {
    groups.clamp(20, LARGEST_PAGE)
}

/// `descendantGroups` has a fixed cost of 5 whatever its page; the members do not.
fn tree_cost(groups: u32) -> u32 {
    // `pageInfo` 3, `nodes` 1, `accessLevel` 2, `user` 9.
    let members = cost::connection(15, 0, members_page(groups));
    let fields = 7;
    // `group` and its resolver; `descendantGroups` with `pageInfo` and `nodes`.
    2 + fields + members + 5 + 3 + 1 + fields + members
}
