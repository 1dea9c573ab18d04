use super::*;

/// The table of `facts/gitlab-graphql.md`, section 9: CatalogPage with text, eight paths.
#[test]
fn a_catalog_page_costs_what_the_table_says() {
    // `nodes`, seven plain fields, group with two, repository with `rootRef` and `empty` and blobs of four fields.
    let children = 3 + 1 + 7 + 3 + 1 + 2 + 2 + blobs(8, 4);
    assert_eq!(blobs(8, 4), 16);
    assert_eq!([20, 50, 100].map(|n| connection(children, 1, n)), [44, 55, 74]);
}

#[test]
fn group_members_cost_what_the_table_says() {
    // Around the connection: `group` and its two plain fields.
    assert_eq!([20, 50, 100].map(|n| 3 + connection(17, 0, n)), [24, 30, 39]);
}

#[test]
fn a_page_is_as_large_as_cost_allows() {
    let pages = PageSize::new(100);
    assert_eq!(pages.plan(|n| 2 * n), 100);
    assert_eq!(pages.plan(|n| 4 * n), 50);
    assert_eq!(pages.plan(|_| 1000), 1, "GitLab has the last word");
}

#[test]
fn a_refusal_halves_and_teaches() {
    let pages = PageSize::new(100);
    assert!(pages.refused(100, 100, None));
    assert_eq!(pages.plan(|_| 1), 50);
    // GitLab charges twice what we expect and permits 200.
    assert!(pages.refused(50, 150, Some((300, 200))));
    assert_eq!(pages.plan(|_| 1), 25);
    assert!(pages.affords(100));
    assert!(!pages.affords(101));
    assert!(!pages.refused(1, 150, None), "nothing smaller is left");
    assert_eq!(pages.plan(|_| 1), 1);
}

#[test]
fn a_page_that_was_only_too_slow_grows_again_and_one_too_dear_does_not() {
    let pages = PageSize::new(100);
    pages.refused(100, 80, Some((300, 250)));
    pages.refused(50, 40, None);
    assert_eq!(pages.largest(), 25);
    (0..CALM - 1).for_each(|_| pages.answered());
    pages.refused(25, 20, None);
    (0..CALM - 1).for_each(|_| pages.answered());
    assert_eq!(pages.largest(), 12, "a refusal begins the count anew");
    (0..3 * CALM).for_each(|_| pages.answered());
    assert_eq!(pages.largest(), 50, "the size that was too dear stays away");
}
