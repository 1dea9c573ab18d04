//! Owners by recent commits: when they are looked at, what follows, and that nothing is asked twice.

use model::{Discovery, Evidence, Ownership, RefKey};

use super::{
    fake::{Fake, World, project},
    house::House,
};

fn by(authors: &[(&str, usize)]) -> Vec<(String, String)> {
    authors.iter().flat_map(|(name, count)| vec![((*name).to_owned(), String::new()); *count]).collect()
}

fn estate() -> World {
    let mut pay = project("sandrill/pay");
    pay.authors = by(&[("ilse", 6), ("odd", 3), ("stranger", 1)]);
    let mut web = project("sandrill/web");
    web.authors = by(&[("ilse", 2), ("stranger", 3)]);
    let mut owned = project("sandrill/owned").with("main", "CODEOWNERS", "* @odd\n");
    owned.authors = by(&[("ilse", 9)]);
    World::default()
        .add(1, pay)
        .add(2, web)
        .add(3, owned)
        .add(4, project("sandrill/told").component("told"))
        .member("sandrill/crew", 7, "ilse")
        .member("sandrill/crew", 8, "odd")
        .member("sandrill", 9, "kai")
}

fn owner(house: &House, component: &str) -> Ownership {
    let index = house.catalog.index();
    let key = RefKey::parse(&format!("component:default/{component}")).expect("key");
    index.get(&key).expect("held").entity().ownership.clone().expect("an owner")
}

fn asked(fake: &Fake) -> usize {
    fake.asked().iter().filter(|asked| asked.ends_with("/commits")).count()
}

async fn until_looked(house: &House) {
    loop {
        house.until_waiting().await;
        if house.store.next_due().await.expect("jobs").is_none() {
            return;
        }
        house.later(2_000).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_most_is_found_after_the_first_load() {
    let house = House::with_commits().await;
    let fake = Fake::start(estate()).await;
    let gate = fake.hold("/api/v4/projects/1/repository/commits");
    house.read("main", &fake, Discovery::default()).await;
    assert_eq!(owner(&house, "sandrill.pay").evidence, Evidence::Group, "the load does not wait for it");
    gate.open();
    until_looked(&house).await;
    let pay = owner(&house, "sandrill.pay");
    assert_eq!((pay.owner.expect("one").as_str(), pay.evidence), ("group:default/sandrill.crew", Evidence::Commits));
    assert_eq!((pay.detail.as_str(), pay.share), ("90 % of 10 commits since 22 August", Some(85)));
    assert_eq!(owner(&house, "sandrill.web").evidence, Evidence::Group, "less than half of it");
    assert_eq!(owner(&house, "sandrill.owned").evidence, Evidence::Codeowners);
    assert_eq!(owner(&house, "told").evidence, Evidence::Declared);
    assert_eq!(asked(&fake), 2, "only where nobody said whose it is: {:?}", fake.asked());
    // Another pass, and another process, keep it and ask nobody.
    house.pass("main").await;
    until_looked(&house).await;
    let house = house.again().await;
    house.read("main", &fake, Discovery::default()).await;
    until_looked(&house).await;
    assert_eq!((owner(&house, "sandrill.pay").evidence, asked(&fake)), (Evidence::Commits, 2));
}
