//! Lists that come in pages.

use serde_json::Value;

use super::{items, number};
use crate::{
    cli::PageOptions,
    remote::{Remote, RemoteError},
};

/// What the API gives at most at once.
const PAGE: u32 = 200;

/// The list as one answer: the first page with the items of all that were wanted.
pub(super) async fn pages(
    remote: &Remote,
    path: &str,
    query: &[(&str, String)],
    wanted: &PageOptions,
) -> Result<Value, RemoteError> {
    let mut left = if wanted.all { u32::MAX } else { wanted.limit };
    let mut cursor: Option<String> = None;
    let mut whole: Option<Value> = None;
    loop {
        let mut query = query.to_vec();
        query.push(("limit", left.min(PAGE).to_string()));
        if let Some(cursor) = cursor.take() {
            query.push(("cursor", cursor));
        }
        let mut page = remote.get(path, &query).await?;
        let got = u32::try_from(items(&page).len()).unwrap_or(u32::MAX);
        left = left.saturating_sub(got);
        let next = page.get("nextCursor").cloned().unwrap_or(Value::Null);
        let whole = match &mut whole {
            None => whole.insert(page),
            Some(whole) => {
                if let (Some(Value::Array(all)), Some(Value::Array(new))) =
                    (whole.get_mut("items"), page.get_mut("items"))
                {
                    all.append(new);
                }
                whole
            }
        };
        if let Some(place) = whole.get_mut("nextCursor") {
            *place = next.clone();
        }
        match next {
            Value::String(next) if left > 0 && got > 0 => cursor = Some(next),
            _ => return Ok(whole.take()),
        }
    }
}

/// Says how many there are beyond what is shown, beside the answer.
pub(super) fn rest(list: &Value) {
    let (shown, total) = (items(list).len(), number(list, "/total"));
    if u64::try_from(shown).is_ok_and(|shown| shown < total) {
        eprintln!("{shown} of {total}; --all for the rest");
    }
}
