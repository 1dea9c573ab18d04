use super::*;

#[test]
fn gitlab_s_own_words_become_kinds() {
    for (says, expected) in [
        ("Query has complexity of 1733, which exceeds max complexity of 250", "complexity"),
        ("Query has depth of 22, which exceeds max depth of 20", "complexity"),
        ("Timeout on Project.languages", "complexity"),
        ("Request timed out. Please try a less complex query or a smaller set of records.", "complexity"),
        ("Max blobs size limit exceeded (30 MiB / 20 MiB).", "too-large"),
        ("This endpoint has been requested too many times. Try again later.", "rate-limited"),
        ("Field 'languages' doesn't exist on type 'Project'", "unsupported"),
        ("Field 'projects' doesn't accept argument 'active'", "unsupported"),
        ("Internal server error", "server"),
        ("Ref is not valid", "rejected"),
    ] {
        assert_eq!(classify(says).kind.as_str(), expected, "{says}");
    }
}

#[test]
fn a_refusal_tells_cost_and_limit() {
    assert_eq!(cost("Query has complexity of 1733, which exceeds max complexity of 250"), Some((1733, 250)));
    assert_eq!(cost("Query has complexity"), None);
    assert_eq!(cost("99999999999999999999 5"), None);
}

#[test]
fn a_page_must_lead_on() {
    let next =
        |json: &str, after: Option<&str>| serde_json::from_str::<PageInfo>(json).expect("shape").next(after, "r");
    assert_eq!(next(r#"{"hasNextPage":false,"endCursor":"c"}"#, None), Ok(None));
    assert_eq!(next(r#"{"hasNextPage":true,"endCursor":"c"}"#, Some("b")), Ok(Some("c".to_owned())));
    for bad in [
        r#"{"hasNextPage":true,"endCursor":null}"#,
        r#"{"hasNextPage":true,"endCursor":""}"#,
        r#"{"hasNextPage":true,"endCursor":"b"}"#,
    ] {
        assert_eq!(next(bad, Some("b")).expect_err(bad).kind, Kind::Malformed);
    }
}
