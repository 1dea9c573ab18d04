use http::{HeaderName, HeaderValue};
use model::ManualClock;

use super::*;

/// Friday 2026-11-20 18:00:00 UTC.
const NOW: Millis = 1_795_197_600_000;

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_str(v).expect("header"))).collect()
}

fn budget(concurrency: usize) -> Budget {
    Budget::new(concurrency, Arc::new(ManualClock::at(NOW)))
}

fn limits(limit: u64, left: u64, reset_in: i64) -> HeaderMap {
    let reset = (NOW / 1000 + reset_in).to_string();
    headers(&[
        ("ratelimit-limit", &limit.to_string()),
        ("ratelimit-remaining", &left.to_string()),
        ("ratelimit-reset", &reset),
    ])
}

/// Seconds until a request is let through; 0 for now.
async fn wait(budget: &Budget) -> i64 {
    match budget.admit(Duration::ZERO).await {
        Ok(_) => 0,
        // The window was set some microseconds ago.
        Err(until) => (until - NOW + 999) / 1000,
    }
}

#[tokio::test]
async fn an_unknown_limit_holds_nobody() {
    let budget = budget(2);
    assert_eq!(wait(&budget).await, 0);
    assert_eq!(budget.usage().left, None);
}

#[tokio::test]
async fn a_used_up_window_holds_until_its_end() {
    let budget = budget(2);
    budget.observe(&limits(2000, 21, 40));
    assert_eq!(wait(&budget).await, 0, "the one above the hundredth that stays free");
    assert_eq!(wait(&budget).await, 40);
    assert_eq!(budget.usage().left, Some(20));
}

#[tokio::test]
async fn answers_that_overtake_each_other_do_not_give_back() {
    let budget = budget(2);
    budget.observe(&limits(100, 30, 60));
    budget.observe(&limits(100, 31, 60));
    assert_eq!(budget.usage().left, Some(30));
    budget.observe(&limits(100, 99, 120));
    assert_eq!(budget.usage().left, Some(99), "a later window");
    budget.observe(&limits(100, 1, 60));
    assert_eq!(budget.usage().left, Some(99), "a late answer of the earlier one");
}

#[tokio::test]
async fn requests_under_way_count_before_gitlab_counts_them() {
    let budget = budget(3);
    let _one = budget.admit(Duration::ZERO).await.expect("free");
    let _two = budget.admit(Duration::ZERO).await.expect("free");
    budget.observe(&limits(10, 1, 60));
    assert_eq!(budget.usage().left, Some(0));
    assert_eq!(wait(&budget).await, 60);
}

#[tokio::test]
async fn a_refusal_holds_everybody_for_as_long_as_it_says() {
    for (pairs, seconds) in [
        (vec![("retry-after", "30")], 30),
        (vec![("retry-after", "Fri, 20 Nov 2026 18:02:00 GMT")], 120),
        (vec![("ratelimit-reset", "1795197645")], 45),
        // GitLab's clock is ten seconds ahead of ours.
        (vec![("ratelimit-reset", "1795197645"), ("date", "Fri, 20 Nov 2026 18:00:10 GMT")], 35),
        (vec![("retry-after", "5"), ("ratelimit-reset", "1795197645")], 5),
        (vec![], 7),
        (vec![("retry-after", "soon")], 7),
    ] {
        let budget = budget(2);
        let until = budget.pause(&headers(&pairs), Duration::from_secs(7));
        assert_eq!(until, NOW + seconds * 1000, "{pairs:?}");
        assert_eq!(wait(&budget).await, seconds, "{pairs:?}");
        assert_eq!(budget.usage().refused, 1);
    }
}

#[tokio::test]
async fn headers_from_hell_do_no_harm() {
    for (left, reset) in
        [("-1", "9"), ("x", "9"), ("0", "99999999999999999999"), ("0", "9223372036854775807"), ("0", "0")]
    {
        let budget = budget(1);
        budget.observe(&headers(&[("ratelimit-remaining", left), ("ratelimit-reset", reset)]));
        assert!(wait(&budget).await <= 86_400, "{left} {reset}");
        budget.pause(&headers(&[("retry-after", "18446744073709551615")]), Duration::ZERO);
        assert!(wait(&budget).await > 0);
    }
}

#[tokio::test]
async fn slots_bound_what_runs_at_once() {
    let budget = Arc::new(budget(1));
    let first = budget.admit(Duration::ZERO).await.expect("free");
    let waiting = tokio::spawn({
        let budget = Arc::clone(&budget);
        async move { budget.admit(Duration::ZERO).await.is_ok() }
    });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    drop(first);
    assert!(waiting.await.expect("no panic"));
}
