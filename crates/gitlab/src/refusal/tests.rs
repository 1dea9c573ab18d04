use http::HeaderValue;

use super::*;

fn explained(status: u16, kind: &'static str, body: &str) -> Error {
    let mut headers = HeaderMap::new();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(kind));
    explain(status, &headers, body.as_bytes(), "https://gitlab.example", &SecretString::from("glpat-secret"))
}

fn check(status: u16, body: &str, expected: &Kind, part: &str) {
    let error = explained(status, "application/json; charset=utf-8", body);
    assert_eq!((&error.kind, error.status), (expected, Some(status)), "{body}");
    assert!(error.to_string().contains(part), "{body}: {error}");
}

#[test]
fn gitlab_s_error_bodies_are_told_apart() {
    let revoked =
        r#"{"error":"invalid_token","error_description":"Token was revoked. You have to re-authorize from the user."}"#;
    check(401, revoked, &Kind::Unauthorized(Unauthorized::Revoked), "was revoked");
    let expired = r#"{"error":"invalid_token","error_description":"Token is expired. You can either do re-authorization or token refresh."}"#;
    check(401, expired, &Kind::Unauthorized(Unauthorized::Expired), "has expired");
    check(401, r#"{"message":"401 Unauthorized"}"#, &Kind::Unauthorized(Unauthorized::Unknown), "does not accept");
    check(
        401,
        r#"{"errors":[{"message":"Invalid token"}]}"#,
        &Kind::Unauthorized(Unauthorized::Unknown),
        "Invalid token",
    );
    let scope = r#"{"error":"insufficient_scope","error_description":"The request requires higher privileges than provided by the access token.","scope":"api read_api"}"#;
    let needed = vec!["read_api".to_owned(), "api".to_owned()];
    check(403, scope, &Kind::InsufficientScope { needed }, "the scope read_api or api");
    check(403, r#"{"message":"403 Forbidden"}"#, &Kind::Forbidden, "may not");
    check(404, r#"{"message":"404 Project Not Found"}"#, &Kind::NotFound, "404 Project Not Found");
    check(404, r#"{"error":"404 Not Found"}"#, &Kind::Unsupported, "no such API path");
    check(413, r#"{"message":"413 Request Entity Too Large"}"#, &Kind::TooLarge, "less");
    check(422, r#"{"errors":[{"message":"Query too large"}]}"#, &Kind::TooLarge, "bug");
    check(
        400,
        r#"{"message":{"url":["is blocked: Requests to localhost are not allowed"]}}"#,
        &Kind::Rejected,
        "is blocked",
    );
    check(500, r#"{"message":"500 Internal Server Error"}"#, &Kind::Server, "500");
    let slow =
        r#"{"errors":[{"message":"Request timed out. Please try a less complex query or a smaller set of records."}]}"#;
    check(503, slow, &Kind::Complexity { cost: None }, "too long");
}

#[test]
fn a_gateway_s_404_is_no_answer_of_gitlab() {
    for body in ["{}", r#"{"message":"no Route matched with those values"}"#, "[]", "null", "{"] {
        let error = explained(404, "application/json", body);
        assert_eq!(error.kind, Kind::NotGitlab, "{body}");
    }
    assert_eq!(explained(404, "text/html", "<html>").kind, Kind::NotGitlab);
}

#[test]
fn a_gateway_s_page_for_a_tired_gitlab_is_a_server_error_that_passes() {
    for status in [502, 503, 504] {
        let error = explained(status, "text/html", "<html>GitLab is taking too much time to respond");
        assert_eq!((error.kind, error.retry), (Kind::Server, true));
    }
    assert!(!explained(500, "text/html", "").retry, "the same question gives the same 500");
}

#[test]
fn a_message_is_one_short_line_without_the_token() {
    let body = format!(r#"{{"message":"your token glpat-secret\nis {} "}}"#, "ä".repeat(5000));
    let text = explained(400, "application/json", &body).to_string();
    assert!(!text.contains("glpat-secret") && text.contains("[redacted]"), "{text}");
    assert!(!text.contains('\n') && text.chars().count() < 500, "{text}");
}
