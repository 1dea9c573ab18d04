//! Members of the few groups that are kept of a large tree: several groups a request, by alias.

use std::collections::HashMap;

use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

use super::{
    Growing, Node,
    page::{MEMBERS, members_cost},
};
use crate::{
    Gitlab, Partial,
    error::Error,
    graphql::{Answer, Query},
    projects::shrinks,
};

const APART: &str = "POST /api/graphql GroupMembersApart";

/// From here on it is cheaper to ask for the members of every group of the tree. With the page on which that is noticed
/// these are twenty requests.
pub(super) const MOST: usize = 60;

/// Groups of one request; more cost more than GitLab permits.
pub(crate) const AT_ONCE: u32 = 8;

/// Members of each in that request; few groups have more, and those have further pages.
const MEMBERS_AT_ONCE: u32 = 50;

/// A group's place in the tree, its path, and whose membership counts.
type Wanted = (usize, String, &'static str);

impl Gitlab {
    pub(super) async fn members_apart(&self, growing: &mut Growing) -> Result<(), Error> {
        let lacking: Vec<Wanted> = std::mem::take(&mut growing.lacking)
            .into_iter()
            .filter_map(|at| Some((at, growing.groups.get(at)?.full_path.clone(), growing.relations(at))))
            .collect();
        let size = self.inner.apart_pages.plan(cost) as usize;
        let chunks: Vec<_> = lacking.chunks(size).map(|chunk| self.chunk_apart(chunk.to_vec()).boxed()).collect();
        let concurrency = self.transport().limits().concurrency;
        let found: Vec<Vec<(Wanted, Answered)>> =
            stream::iter(chunks).buffer_unordered(concurrency).try_collect().await?;
        for ((at, path, _), answered) in found.into_iter().flatten() {
            let Some(node) = answered.node else {
                let message = answered.fault.unwrap_or_else(|| "it was not shown a second time".to_owned());
                growing.partial.push(Partial { at: path, message });
                continue;
            };
            // What GitLab says against the members of one group stands beside it under its alias.
            let members = self.first_members(growing, at, &path, node.group_members, None);
            growing.partial.extend(answered.fault.map(|message| Partial { at: path, message }));
            if let Some(group) = growing.groups.get_mut(at) {
                group.members = members;
            }
        }
        Ok(())
    }

    async fn chunk_apart(&self, wanted: Vec<Wanted>) -> Result<Vec<(Wanted, Answered)>, Error> {
        let pages = &self.inner.apart_pages;
        let mut found = Vec::with_capacity(wanted.len());
        let mut rest = wanted.as_slice();
        while !rest.is_empty() {
            let n = pages.plan(cost);
            let (now, later) = rest.split_at(rest.len().min(n as usize));
            let text = text(now);
            let mut variables = json!({ "m": MEMBERS_AT_ONCE });
            for (at, (_, path, _)) in now.iter().enumerate() {
                variables[format!("p{at}")] = json!(path);
            }
            let asked = self.graphql(Query { route: APART, text: &text }, &variables).await;
            let answer: Answer<HashMap<String, Option<Node>>> = match asked {
                Err(error) if shrinks(pages, n, cost(n), &error) => continue,
                other => other?,
            };
            pages.answered();
            let Answer { mut data, faults } = answer;
            for (at, wanted) in now.iter().enumerate() {
                let alias = format!("g{at}");
                let fault = faults.iter().find(|f| f.is_below(&[Value::from(alias.as_str())]));
                let fault = fault.map(|f| self.transport().quoted(&f.message));
                found.push((wanted.clone(), Answered { node: data.remove(&alias).flatten(), fault }));
            }
            rest = later;
        }
        Ok(found)
    }
}

struct Answered {
    node: Option<Node>,
    fault: Option<String>,
}

fn text(wanted: &[Wanted]) -> String {
    let declared: Vec<String> = (0..wanted.len()).map(|at| format!("$p{at}: ID!")).collect();
    let group = |(at, (_, _, relations)): (usize, &Wanted)| {
        format!(
            "g{at}: group(fullPath: $p{at}) {{ id fullPath groupMembers(relations: {relations}, first: $m) {{ {MEMBERS} }} }}"
        )
    };
    let groups: Vec<String> = wanted.iter().enumerate().map(group).collect();
    format!("query GroupMembersApart($m: Int!, {}) {{ {} }}", declared.join(", "), groups.join(" "))
}

/// `group` and its resolver, `id` and `fullPath`.
fn cost(groups: u32) -> u32 {
    groups * (4 + members_cost(MEMBERS_AT_ONCE))
}
