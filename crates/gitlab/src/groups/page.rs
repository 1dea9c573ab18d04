//! The query of one page of a tree, and what GitLab charges for it.

use super::TreeWant;
use crate::cost::{self, LARGEST_PAGE};

const DIRECT: &str = "[DIRECT]";
const INHERITED: &str = "[DIRECT, INHERITED]";
pub(super) const FIELDS: &str = "id fullPath name description webUrl avatarUrl visibility";
pub(super) const MEMBERS: &str = "pageInfo { hasNextPage endCursor } nodes { accessLevel { integerValue } \
     user { id username name state publicEmail avatarUrl webUrl bot } }";

/// Members asked for with each group: all of them for most groups, fewer once a page was too much.
pub(super) fn members_page(groups: u32) -> u32 {
    groups.clamp(20, LARGEST_PAGE)
}

/// Of which groups the members count that they have from groups above.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Inherit {
    #[default]
    None,
    Top,
    All,
}

impl Inherit {
    pub(super) fn of(want: &TreeWant<'_>) -> Self {
        match (want.inherited, want.keep) {
            (false, _) => Self::None,
            (true, None) => Self::Top,
            (true, Some(_)) => Self::All,
        }
    }

    pub(super) fn relations(self, top: bool) -> &'static str {
        if self == Self::All || (top && self == Self::Top) { INHERITED } else { DIRECT }
    }
}

/// What one page of a tree brings.
#[derive(Debug, Clone, Copy)]
pub(super) struct PageWant {
    pub(super) members: bool,
    pub(super) nested: bool,
    pub(super) inherit: Inherit,
}

impl PageWant {
    pub(super) fn query(self, first: bool) -> String {
        let members = |relations: &str| {
            if self.members {
                format!(" groupMembers(relations: {relations}, first: $m) {{ {MEMBERS} }}")
            } else {
                String::new()
            }
        };
        let own =
            if first { format!("{FIELDS}{}", members(self.inherit.relations(true))) } else { "id fullPath".to_owned() };
        let name = if first { "GroupTree" } else { "GroupTreePage" };
        let m = if self.members { ", $m: Int!" } else { "" };
        let (n, below) = if self.nested {
            let below = format!(
                " descendantGroups(first: $n, after: $after) {{ pageInfo {{ hasNextPage endCursor }} \
                 nodes {{ {FIELDS}{} }} }}",
                members(self.inherit.relations(false))
            );
            (", $n: Int!, $after: String", below)
        } else {
            ("", String::new())
        };
        format!("query {name}($path: ID!{n}{m}) {{ group(fullPath: $path) {{ {own}{below} }} }}")
    }

    /// `descendantGroups` has a fixed cost of 5 whatever its page; the members do not.
    pub(super) fn cost(self, groups: u32) -> u32 {
        let members = if self.members { members_cost(members_page(groups)) } else { 0 };
        let fields = 7;
        // `group` and its resolver; `descendantGroups` with `pageInfo` and `nodes`.
        2 + fields + members + 5 + 3 + 1 + fields + members
    }
}

/// `pageInfo` 3, `nodes` 1, `accessLevel` 2, `user` 9.
pub(super) fn members_cost(members: u32) -> u32 {
    cost::connection(15, 0, members)
}
