//! True answers, changed on their way.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures::StreamExt as _;
use serde_json::{Map, Value, json};

/// The largest answer that is changed; none is larger.
const LARGEST: usize = 64 << 20;
/// Between half an answer and the end of the connection.
const PAUSE: Duration = Duration::from_millis(20);

/// How an answer is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Altered {
    Cut,
    Truncated,
    Partial,
}

impl Altered {
    pub(crate) async fn answer(self, response: Response) -> Response {
        let (mut head, body) = response.into_parts();
        let Ok(bytes) = to_bytes(body, LARGEST).await else { return Response::from_parts(head, Body::empty()) };
        if self == Self::Cut {
            let half = bytes.slice(..bytes.len() / 2);
            head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
            // The rest never comes: the server ends the connection there. Not at once, or the half would not be sent.
            let broken = futures::stream::once(async {
                tokio::time::sleep(PAUSE).await;
                Err(io::Error::from(io::ErrorKind::ConnectionReset))
            });
            let half = futures::stream::iter([Ok::<Bytes, io::Error>(half)]);
            return Response::from_parts(head, Body::from_stream(half.chain(broken)));
        }
        let Ok(mut value) = serde_json::from_slice::<Value>(&bytes) else {
            return Response::from_parts(head, Body::from(bytes));
        };
        match (self, &mut value) {
            (Self::Truncated, Value::Array(rows)) => {
                rows.truncate(rows.len() / 2);
                for name in ["link", "x-next-page"] {
                    head.headers.remove(name);
                }
            }
            (Self::Truncated, _) => truncate(&mut value),
            (Self::Partial, _) => time_out(&mut value),
            (Self::Cut, _) => {}
        }
        // The tag of the whole answer would let a client take the changed one for it later.
        for name in [header::CONTENT_LENGTH, header::ETAG] {
            head.headers.remove(name);
        }
        Response::from_parts(head, Body::from(value.to_string()))
    }
}

/// Takes half of the nodes out of every connection of a GraphQL answer, and says that there is no more.
fn truncate(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let paged = fields.contains_key("pageInfo");
            if let Some(Value::Array(nodes)) = fields.get_mut("nodes").filter(|_| paged) {
                nodes.truncate(nodes.len() / 2);
            }
            if let Some(Value::Object(info)) = fields.get_mut("pageInfo") {
                info.insert("hasNextPage".to_owned(), json!(false));
            }
            fields.values_mut().for_each(truncate);
        }
        Value::Array(rows) => rows.iter_mut().for_each(truncate),
        _ => {}
    }
}

/// Makes the repository of every second project null, as when its field ran out of time, with GitLab's words.
fn time_out(value: &mut Value) {
    let mut errors = Vec::new();
    if let Some(Value::Object(data)) = value.get_mut("data") {
        for (name, field) in data.iter_mut() {
            let Some(Value::Array(nodes)) = field.get_mut("nodes") else { continue };
            for (at, node) in nodes.iter_mut().enumerate().filter(|(at, _)| at % 2 == 1) {
                if let Some(repository) = node.get_mut("repository") {
                    *repository = Value::Null;
                    errors.push(
                        json!({"message": "Timeout on Project.repository", "locations": [{"line": 1, "column": 1}],
                        "path": [name, "nodes", at, "repository"]}),
                    );
                }
            }
        }
    }
    if let (Value::Object(answer), false) = (value, errors.is_empty()) {
        let known: &mut Map<String, Value> = answer;
        known.insert("errors".to_owned(), Value::Array(errors));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_truncated_list_says_that_it_is_whole() {
        let mut answer =
            json!({"data": {"projects": {"count": 4, "nodes": [1, 2, 3, 4], "pageInfo": {"hasNextPage": true}}}});
        truncate(&mut answer);
        assert_eq!(
            answer["data"]["projects"],
            json!({"count": 4, "nodes": [1, 2], "pageInfo": {"hasNextPage": false}})
        );
    }

    #[test]
    fn a_field_that_ran_out_of_time_is_null() {
        let mut answer = json!({"data": {"projects": {"nodes": [{"repository": {"a": 1}}, {"repository": {"a": 2}}]}}});
        time_out(&mut answer);
        assert_eq!(answer["data"]["projects"]["nodes"], json!([{"repository": {"a": 1}}, {"repository": null}]));
        assert_eq!(answer["errors"][0]["path"], json!(["projects", "nodes", 1, "repository"]));
    }
}
