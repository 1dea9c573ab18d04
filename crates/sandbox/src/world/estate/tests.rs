use super::content::Catalog;
use super::*;

#[test]
fn seventy_ten_twenty() {
    let estate = Estate::new(1000, None, 7);
    let count = |wanted| (1..=1000).filter(|id| estate.catalog(*id) == wanted).count();
    assert_eq!((count(Catalog::Entities), count(Catalog::Location), count(Catalog::Absent)), (700, 100, 200));
}

#[test]
fn paths_lead_back_to_ids() {
    let estate = Estate::new(5000, None, 3);
    for id in [1, 2, 13, 416, 417, 4999, 5000] {
        assert_eq!(estate.project_at(&estate.project(id).unwrap().path), Some(id));
    }
    for id in 1..=estate.groups() {
        assert_eq!(estate.group_at(&estate.group(id).unwrap().path), Some(id));
    }
    for id in 1..=estate.people() {
        assert_eq!(estate.person_named(&estate.person(id).unwrap().username).unwrap().id, id);
    }
    assert_eq!(estate.project_at("estate/quay-ledger-5001"), None);
    assert_eq!(estate.person(0).map(|p| p.id), None);
}

#[test]
fn five_distinct_members_in_every_group() {
    for projects in [1, 100, 1000, 100_000] {
        let estate = Estate::new(projects, None, 42);
        for group in 1..=estate.groups() {
            let mut users = estate.member_levels(group).map(|(user, _)| user).to_vec();
            users.sort_unstable();
            users.dedup();
            assert_eq!(users.len(), 5, "group {group} of {projects}");
            assert!(users.iter().all(|user| estate.person(*user).is_some()));
        }
    }
}

#[test]
fn every_project_stands_in_its_group_and_its_listed_files_exist() {
    for groups in [None, Some(1), Some(7), Some(25), Some(26), Some(3000)] {
        let estate = Estate::new(300, groups, 1);
        let mut seen = 0;
        for group in 1..=estate.groups() {
            for project in estate.projects_in(group) {
                assert_eq!(estate.group_of(project), group);
                for path in estate.paths(project) {
                    assert!(estate.file(project, &path).is_some(), "{path}");
                }
                seen += 1;
            }
        }
        assert_eq!(seen, 300, "{groups:?}");
    }
}

#[test]
fn a_wood_of_groups_is_at_most_six_deep_and_every_group_has_its_parent() {
    for groups in [2, 16, 17, 100, 10_000, 100_000] {
        let estate = Estate::new(10, Some(groups), 1);
        let depth = |mut id: u64| {
            let mut depth = 1;
            while let Some(parent) = estate.parent(id) {
                assert!(estate.subgroups(parent).contains(&id), "{id} in {parent} of {groups}");
                (id, depth) = (parent, depth + 1);
            }
            depth
        };
        assert!((1..=groups).all(|id| depth(id) <= 6), "{groups}");
        assert_eq!((1..=groups).filter(|id| estate.parent(*id).is_none()).count(), if groups > 16 { 8 } else { 1 });
    }
    assert_eq!(Estate::new(10, Some(10_000), 1).group(10_000).unwrap().path.matches('/').count(), 5);
}

#[test]
fn another_seed_is_another_estate() {
    let (a, b, c) = (Estate::new(50, None, 1), Estate::new(50, None, 1), Estate::new(50, None, 2));
    let all = |estate: &Estate| (1..=50).map(|id| estate.project(id).unwrap().path.clone()).collect::<Vec<_>>();
    assert_eq!(all(&a), all(&b));
    assert_ne!(all(&a), all(&c));
}
