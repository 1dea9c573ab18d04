use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{pack::pack, *};
use crate::{Limits, cost::PageSize};

fn limits() -> Limits {
    Limits::default()
}

#[test]
fn one_file_of_a_thousand_projects_takes_ten_requests() {
    let files = (1..=1000).map(|id| (ProjectId(id), "catalog-info.yaml".to_owned(), 700)).collect();
    let batches = pack(files, Fields::Texts, &limits(), &PageSize::new(100));
    assert_eq!(batches.len(), 10);
    assert!(batches.iter().all(|b| b.parts().len() == 1));
}

#[test]
fn the_query_names_each_path_set_once() {
    let files = vec![
        (ProjectId(1), "a.yaml".to_owned(), 1),
        (ProjectId(2), "a.yaml".to_owned(), 1),
        (ProjectId(2), "b.yaml".to_owned(), 1),
        (ProjectId(3), "a.yaml".to_owned(), 1),
    ];
    let batches = pack(files, Fields::Texts, &limits(), &PageSize::new(100));
    let (text, variables) = query(&batches[0].parts(), Fields::Texts, Some("main"));
    assert_eq!(
        text,
        "query CatalogTexts($ref: String, $g0: [ID!], $n0: Int!, $p0: [String!]!, $b0: Int!, $g1: [ID!], $n1: Int!, \
         $p1: [String!]!, $b1: Int!) { a0: projects(ids: $g0, first: $n0) { nodes { id repository { blobs(paths: $p0, \
         first: $b0, ref: $ref) { nodes { path oid rawSize rawTextBlob } } } } } a1: projects(ids: $g1, first: $n1) { \
         nodes { id repository { blobs(paths: $p1, first: $b1, ref: $ref) { nodes { path oid rawSize rawTextBlob } } } } } }"
    );
    assert_eq!(variables["g0"], json!(["gid://gitlab/Project/1", "gid://gitlab/Project/3"]));
    assert_eq!(variables["p1"], json!(["a.yaml", "b.yaml"]));
    assert_eq!(variables["ref"], json!("main"));
    let (text, variables) = query(&batches[0].parts(), Fields::Sizes, None);
    assert!(!text.contains("ref") && !text.contains("rawTextBlob") && variables.get("ref").is_none(), "{text}");
}

#[test]
fn halves_end_at_one_file() {
    let item = |project, paths: &[&str]| Item {
        project: ProjectId(project),
        paths: paths.iter().map(|p| (*p).to_owned()).collect(),
    };
    let batch = Batch { items: vec![item(1, &["a"]), item(2, &["a", "b", "c"])] };
    let (one, two) = batch.halves().expect("two projects");
    assert_eq!(one.halves(), Err((ProjectId(1), "a".to_owned())));
    let (a, bc) = two.halves().expect("three files");
    assert_eq!((a.items, bc.items), (vec![item(2, &["a"])], vec![item(2, &["b", "c"])]));
}

fn files() -> impl Strategy<Value = Vec<(ProjectId, String, u64)>> {
    let file = (1_u64..60, "[a-d]{1,3}", 0_u64..9_000_000);
    proptest::collection::vec(file, 0..300).prop_map(|files| {
        let mut seen = BTreeSet::new();
        let files = files.into_iter().map(|(project, path, size)| (ProjectId(project), path, size));
        files.filter(|(project, path, _)| seen.insert((*project, path.clone()))).collect()
    })
}

proptest! {
    #[test]
    fn every_file_is_asked_for_once_and_within_bounds(files in files(), page in 1_u32..=100) {
        let sizes: BTreeMap<_, _> = files.iter().map(|(p, path, size)| ((*p, path.clone()), *size)).collect();
        let pages = PageSize::new(page);
        let batches = pack(files, Fields::Texts, &limits(), &pages);
        let mut asked = BTreeSet::new();
        for batch in &batches {
            let mut bytes = 0;
            let mut count = 0;
            for item in &batch.items {
                for path in &item.paths {
                    count += 1;
                    bytes += sizes[&(item.project, path.clone())];
                    prop_assert!(asked.insert((item.project, path.clone())), "twice");
                }
            }
            prop_assert!(batch.items.len() <= page as usize);
            prop_assert!(count == 1 || bytes <= limits().texts, "{} bytes", bytes);
            prop_assert!(batch.items.len() == 1 || pages.affords(batch.cost(Fields::Texts)), "cost {}", batch.cost(Fields::Texts));
            let (text, _) = query(&batch.parts(), Fields::Texts, Some("main"));
            prop_assert!(text.len() < 10_000, "{} characters", text.len());
        }
        prop_assert_eq!(asked.len(), sizes.len());
    }
}
