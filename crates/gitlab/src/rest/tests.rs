use http::HeaderValue;
use proptest::prelude::*;

use super::*;

fn check(link: &str, expected: Option<&str>) {
    let mut headers = HeaderMap::new();
    headers.insert(header::LINK, HeaderValue::from_str(link).expect("header"));
    let base = Url::parse("https://gitlab.example/git/").expect("address");
    assert_eq!(next_query(&headers, &base).as_deref(), expected, "{link}");
}

#[test]
fn the_next_page_is_found_among_links() {
    check(
        r#"<https://gitlab.example/api/v4/projects?id_after=42&per_page=20>; rel="next""#,
        Some("id_after=42&per_page=20"),
    );
    check(
        r#"<https://a/x?page=1>; rel="first", <https://a/x?page=3>; rel="next", <https://a/x?page=9>; rel="last""#,
        Some("page=3"),
    );
    check(r#"<https://a/x?page=1>; rel="prev""#, None);
    check(r#"<https://a/x?q=a,b>; title="a"; REL=next"#, Some("q=a,b"));
    check("nonsense", None);
    check(r#"nonsense, <https://a/x?page=2>; rel="next""#, Some("page=2"));
    check(r#"<https://a/x>; rel="next""#, None);
    check("", None);
}

#[test]
fn another_host_in_a_link_lends_only_its_query() {
    check(r#"<http://internal.example:8080/api/v4/projects?page=2>; rel="next""#, Some("page=2"));
}

#[test]
fn queries_are_encoded() {
    assert_eq!(
        query(&[("a", "b c&d"), ("t", "2026-11-20T18:00:00+02:00")]),
        "a=b%20c%26d&t=2026-11-20T18%3A00%3A00%2B02%3A00"
    );
}

proptest! {
    #[test]
    fn no_link_header_makes_it_panic(text in "[ -~]{0,80}") {
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(header::LINK, value);
            let _ = next_query(&headers, &Url::parse("https://gitlab.example/").expect("address"));
        }
    }

    #[test]
    fn a_query_says_what_was_put_in(value in "\\PC{0,20}") {
        let url = Url::parse(&format!("https://gitlab.example/?{}", query(&[("v", &value)]))).expect("address");
        let read: Vec<_> = url.query_pairs().into_owned().collect();
        prop_assert_eq!(read, vec![("v".to_owned(), value)]);
    }
}
