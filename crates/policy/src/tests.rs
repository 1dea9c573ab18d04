use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use model::{Action, Ctx, FixedRandom, ManualClock, Millis, Principal, RequestId};

use super::*;

#[derive(Debug, Default)]
struct Rows {
    rows: Mutex<Vec<String>>,
    refuse: bool,
}

#[async_trait]
impl Trail for Rows {
    async fn decided(&self, entry: &TrailEntry) -> Result<TrailId, TrailError> {
        if self.refuse {
            return Err(TrailError("disk full".into()));
        }
        let mut rows = self.rows.lock().expect("rows");
        rows.push(format!("{} {} {} {}", entry.principal, entry.action, entry.resource, entry.allowed));
        Ok(TrailId(i64::try_from(rows.len()).expect("few")))
    }

    async fn ended(&self, id: TrailId, _at: Millis, outcome: &str) -> Result<(), TrailError> {
        self.rows.lock().expect("rows").push(format!("{} {outcome}", id.0));
        Ok(())
    }

    fn abandoned(&self, id: TrailId) {
        self.rows.lock().expect("rows").push(format!("{} abandoned", id.0));
    }
}

#[derive(Debug)]
struct Refresh;

impl Action for Refresh {
    const NAME: &'static str = "RefreshCatalog";

    fn resource(&self) -> String {
        "gitlab/main".to_owned()
    }
}

fn ctx(principal: Principal) -> Ctx {
    let request = RequestId::fresh(&FixedRandom::seeded(1));
    Ctx::new(principal, request, Arc::new(ManualClock::at(1)))
}

#[tokio::test]
async fn a_permitted_action_leaves_its_decision_and_its_outcome() {
    let rows = Arc::new(Rows::default());
    let ctx = ctx(Principal::Operator);
    let permit = Gate::new(rows.clone()).permit(&ctx, Refresh).await.expect("allowed");
    permit.done(&ctx, Outcome::Done("3 projects".into())).await.expect("written");
    assert_eq!(
        *rows.rows.lock().expect("rows"),
        ["local-operator RefreshCatalog gitlab/main true", "1 done: 3 projects"]
    );
}

#[tokio::test]
async fn a_refusal_is_recorded_and_names_who_could() {
    let rows = Arc::new(Rows::default());
    let refused = Gate::new(rows.clone()).permit(&ctx(Principal::System), Refresh).await.expect_err("refused");
    assert!(matches!(refused, Refused::Policy(d) if d.who.as_deref() == Some("the local operator")));
    assert_eq!(*rows.rows.lock().expect("rows"), ["stagedoor RefreshCatalog gitlab/main false"]);
}

#[tokio::test]
async fn a_dropped_permit_is_recorded_as_abandoned() {
    let rows = Arc::new(Rows::default());
    drop(Gate::new(rows.clone()).permit(&ctx(Principal::Operator), Refresh).await.expect("allowed"));
    assert_eq!(rows.rows.lock().expect("rows").last().map(String::as_str), Some("1 abandoned"));
}

#[tokio::test]
async fn no_permit_without_a_recorded_decision() {
    let gate = Gate::new(Arc::new(Rows { refuse: true, ..Rows::default() }));
    let refused = gate.permit(&ctx(Principal::Operator), Refresh).await.expect_err("no trail");
    assert!(refused.to_string().contains("nothing was done"), "{refused}");
}
