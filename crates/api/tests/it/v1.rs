use std::time::Duration;

use axum::{
    body::Body,
    http::{Method, StatusCode, header},
};
use model::{Clock, RefKey};
use serde_json::{Value, json};
use store::{Claim, JobKey};

use crate::support::{FILE_TEXT, House, request};

fn refs(list: &Value) -> Vec<&str> {
    list["items"].as_array().expect("items").iter().map(|row| row["ref"].as_str().expect("ref")).collect()
}

#[tokio::test]
async fn a_list_is_filtered_sorted_and_counted() {
    let house = House::new().await;
    let list = house.get_json("/api/v1/entities?kind=component&sort=-name").await;
    assert_eq!(
        refs(&list),
        ["component:default/tide-tables", "component:default/payments-api", "component:default/ferry-web"]
    );
    assert_eq!((list["total"].as_u64(), list["all"].as_u64()), (Some(3), Some(5)));
    assert_eq!(list["asOf"], "2026-11-20T12:00:00.000Z");

    // An owner may be named by another spelling, and a repeated key means any of them.
    let list = house.get_json("/api/v1/entities?owner=checkout&kind=component&kind=api&q=pay").await;
    assert_eq!(refs(&list), ["component:default/payments-api", "api:default/payments-v2"]);
}

#[tokio::test]
async fn a_row_says_what_lists_show() {
    let house = House::new().await;
    let list = house.get_json("/api/v1/entities?kind=component&q=payments-api").await;
    let row = &list["items"][0];
    assert_eq!(row["kind"], "Component");
    assert_eq!(
        row["owner"],
        json!({"ref": "group:default/sandrill.checkout", "name": "sandrill.checkout", "title": "Checkout", "exists": true,
            "evidence": "declared", "detail": "catalog-info.yaml line 9", "confidence": 100})
    );
    assert_eq!(
        row["system"],
        json!({"ref": "system:default/payments", "name": "payments", "title": null, "exists": false})
    );
    assert_eq!(
        row["project"],
        json!({"path": "sandrill/payments-api", "url": "https://git.example/sandrill/payments-api"})
    );
    assert_eq!(
        (&row["type"], &row["lifecycle"], &row["language"]),
        (&json!("service"), &json!("production"), &json!("Go"))
    );
    assert_eq!(row["tags"], json!(["pci"]));
    assert_eq!((&row["origin"], &row["stale"]), (&json!("file"), &Value::Null));
    assert_eq!(row["changedAt"], "2026-11-20T11:59:00.000Z");

    let list = house.get_json("/api/v1/entities?origin=inferred").await;
    assert_eq!(list["items"][0]["stale"]["reason"], "GitLab answered 502");
    let list = house.get_json("/api/v1/entities?kind=group").await;
    assert_eq!((&list["items"][0]["owner"], &list["items"][0]["project"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn pages_lead_forward_and_back() {
    let house = House::new().await;
    let mut seen = Vec::new();
    let mut path = "/api/v1/entities?limit=2".to_owned();
    let mut back = Value::Null;
    for _ in 0..3 {
        let page = house.get_json(&path).await;
        seen.extend(refs(&page).into_iter().map(str::to_owned));
        back = page["prevCursor"].clone();
        let Some(next) = page["nextCursor"].as_str() else { break };
        path = format!("/api/v1/entities?limit=2&cursor={}", percent(next));
    }
    let all = house.get_json("/api/v1/entities").await;
    assert_eq!(seen, refs(&all));
    let before =
        house.get_json(&format!("/api/v1/entities?limit=2&cursor={}", percent(back.as_str().expect("prev")))).await;
    assert_eq!(refs(&before), seen[2..4]);
}

fn percent(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[tokio::test]
async fn what_cannot_be_read_is_a_problem_that_says_so() {
    let house = House::new().await;
    for (path, part) in [
        ("/api/v1/entities?cursor=bm90IG91cnM", "cursor"),
        ("/api/v1/entities?limit=0", "from 1 to 200"),
        ("/api/v1/entities?limit=201", "from 1 to 200"),
        ("/api/v1/entities?limit=1&limit=2", "once"),
        ("/api/v1/entities?sort=size", "sort"),
        ("/api/v1/entities?colour=red", "colour"),
        ("/api/v1/entities/facets", "at least one facet"),
        ("/api/v1/entities/facets?facet=colour", "colour"),
        ("/api/v1/problems?severity=fatal", "fatal"),
        ("/api/v1/problems?sort=x", "sort"),
        ("/api/v1/entities/component/default/ferry-web/graph?depth=4", "from 1 to 3"),
        ("/api/v1/entities/component/default/ferry-web/graph?relations=likes", "likes"),
        ("/api/v1/permissions?action=Everything", "RefreshCatalog"),
    ] {
        let reply = house.get(path).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{path}: {}", reply.text());
        assert_eq!(reply.header("content-type"), "application/problem+json");
        let problem = reply.json();
        assert!(problem["detail"].as_str().expect("detail").contains(part), "{path}: {problem}");
        assert_eq!(problem["status"], 400);
        assert_eq!(problem["instance"], path.split('?').next().expect("path"));
        assert_eq!(problem["requestId"], reply.header("x-request-id"));
        assert!(problem["type"].as_str().expect("type").starts_with("urn:stagedoor:problem:"));
    }
}

#[tokio::test]
async fn facets_count_without_their_own_filter() {
    let house = House::new().await;
    let facets = house.get_json("/api/v1/entities/facets?kind=api&facet=kind&facet=owner").await;
    assert_eq!(facets["total"], 1);
    let kinds: Vec<_> = facets["facets"]["kind"]
        .as_array()
        .expect("kind")
        .iter()
        .map(|v| (v["value"].as_str().expect("value").to_lowercase(), v["count"].as_u64().expect("count")))
        .collect();
    assert_eq!(kinds, [("component".to_owned(), 3), ("api".to_owned(), 1), ("group".to_owned(), 1)]);
    assert_eq!(
        facets["facets"]["owner"],
        json!([{"value": "group:default/sandrill.checkout", "label": "Checkout", "count": 1}])
    );
}

#[tokio::test]
async fn an_entity_page_holds_all_that_is_known() {
    let house = House::new().await;
    let page = house.get_json("/api/v1/entities/Component/default/payments-api").await;
    assert_eq!(page["row"]["ref"], "component:default/payments-api");
    assert_eq!(page["entity"]["spec"]["system"], "payments");
    assert!(page["entity"]["metadata"]["uid"].is_string());
    let relations = page["relations"].as_array().expect("relations");
    let relation = |kind: &str| relations.iter().find(|r| r["type"] == kind).unwrap_or_else(|| panic!("{kind}"));
    assert_eq!(relation("ownedBy")["target"]["title"], "Checkout");
    assert_eq!(relation("ownedBy")["label"], "Owned by");
    assert_eq!(relation("dependsOn")["target"]["exists"], false);
    assert_eq!(relation("providesApi")["target"]["type"], "openapi");
    let conflicts = page["conflicts"].as_array().expect("conflicts");
    let holds: Vec<_> =
        conflicts.iter().map(|c| (c["project"].as_str().expect("project"), c["holds"] == true)).collect();
    assert_eq!(holds, [("sandrill/payments-api", true), ("sandrill/old-payments", false)]);
    assert_eq!(page["source"]["editUrl"], "https://git.example/sandrill/payments-api/-/edit/main/catalog-info.yaml");
    assert_eq!(page["source"]["project"]["id"], 2);
    assert_eq!(page["owner"]["url"], "https://git.example/sandrill/payments-api/-/blob/main/catalog-info.yaml#L9");
    assert_eq!(page["inferred"], Value::Null);

    let page = house.get_json("/api/v1/entities/component/default/tide-tables").await;
    assert_eq!(page["inferred"]["facts"][0]["field"], "spec.owner");
    assert_eq!(page["owner"]["evidence"], "codeowners");
    assert_eq!(page["owner"]["url"], "https://git.example/sandrill/tide-tables/-/blob/main/.gitlab/CODEOWNERS#L3");
    // A group by another of its names.
    let page = house.get_json("/api/v1/entities/group/default/checkout").await;
    assert_eq!(page["row"]["ref"], "group:default/sandrill.checkout");
}

#[tokio::test]
async fn an_unknown_entity_is_404_with_near_names() {
    let house = House::new().await;
    let reply = house.get("/api/v1/entities/api/default/payments-api").await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    let problem = reply.json();
    assert_eq!(problem["errors"][0]["ref"], "component:default/payments-api");
    assert!(problem["detail"].as_str().expect("detail").contains("Did you mean"), "{problem}");
    assert_eq!(house.get("/api/v1/entities/api/default/x%2Fy").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_graph_leads_from_consumer_to_provider() {
    let house = House::new().await;
    let graph = house.get_json("/api/v1/entities/component/default/ferry-web/graph?depth=2").await;
    let nodes: Vec<_> = graph["nodes"]
        .as_array()
        .expect("nodes")
        .iter()
        .map(|n| (n["ref"].as_str().expect("ref"), n["depth"].as_u64()))
        .collect();
    assert_eq!(
        nodes,
        [
            ("component:default/ferry-web", Some(0)),
            ("api:default/payments-v2", Some(1)),
            ("component:default/payments-api", Some(2)),
        ]
    );
    let edges = graph["edges"].as_array().expect("edges");
    assert!(edges.contains(&json!({"from": "component:default/ferry-web", "to": "api:default/payments-v2", "type": "consumesApi", "label": "Consumes API"})), "{edges:?}");
}

#[tokio::test]
async fn problems_have_their_place_and_their_link() {
    let house = House::new().await;
    let list = house.get_json("/api/v1/problems?severity=error&q=ferry-web&code=missing-field").await;
    let problem = &list["items"][0];
    assert_eq!(problem["url"], "https://git.example/sandrill/ferry-web/-/blob/main/catalog-info.yaml#L7");
    assert_eq!((&problem["line"], &problem["column"], &problem["pointer"]), (&json!(7), &json!(3), &json!("spec.x")));
    assert_eq!(problem["owner"], json!({"ref": "group:default/nobody", "name": "nobody"}));
    assert_eq!(list["total"], 1);
    assert!(list["all"].as_u64() > Some(1), "{list}");
    // Another spelling of the owner finds the same problems.
    let of = |owner: &'static str| house.get_json(owner);
    let (short, full) = (
        of("/api/v1/problems?owner=checkout").await,
        of("/api/v1/problems?owner=group:default/sandrill.checkout").await,
    );
    assert_eq!(short["items"], full["items"]);
    assert!(short["total"].as_u64() > Some(0), "{short}");
    let facets = house.get_json("/api/v1/problems/facets?severity=error").await;
    let codes = facets["facets"]["code"].as_array().expect("codes");
    assert!(codes.iter().any(|c| c["value"] == "missing-field" && c["count"] == 1), "{facets}");
    assert_eq!(facets["facets"].as_object().expect("facets").len(), 3);
}

#[tokio::test]
async fn search_says_where_the_words_stand() {
    let house = House::new().await;
    let hits = house.get_json("/api/v1/search?q=payments-v2").await;
    assert_eq!(hits["items"][0]["ref"], "api:default/payments-v2");
    assert_eq!(hits["items"][0]["why"], "name");
    assert_eq!(hits["items"][0]["owner"], "Checkout");
    assert_eq!(house.get_json("/api/v1/search?q=").await, json!({"items": []}));
}

#[tokio::test]
async fn the_same_state_is_answered_with_304() {
    let house = House::new().await;
    for path in [
        "/api/v1/entities",
        "/api/v1/entities/component/default/ferry-web",
        "/api/v1/problems",
        "/api/catalog/entities",
    ] {
        let first = house.get(path).await;
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with("W/\""), "{path}: {tag}");
        house.clock.advance(1_000);
        let again =
            request(Method::GET, path).header(header::IF_NONE_MATCH, &tag).body(Body::empty()).expect("request");
        let again = house.send(again).await;
        assert_eq!((again.status, again.bytes.len()), (StatusCode::NOT_MODIFIED, 0), "{path}");
        let other =
            request(Method::GET, path).header(header::IF_NONE_MATCH, "W/\"0\"").body(Body::empty()).expect("request");
        assert_eq!(house.send(other).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_refresh_passes_the_gate_and_leaves_a_row() {
    let house = House::new().await;
    let reply = house.post("/api/v1/catalog/refresh", &json!({})).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text());
    let row = reply.json()["permit"].as_str().expect("permit").to_owned();
    let rows = house.store.audit_after(0, 10).await.expect("rows");
    assert_eq!(rows.first().map(|r| r.id.to_string()), Some(row));
    let audited: String = rows.iter().map(|row| row.record.as_str()).collect();
    assert!(audited.contains("RefreshCatalog") && audited.contains("local-operator"), "{audited}");

    for (body, status) in [
        (json!({"ref": "component:default/nothing"}), StatusCode::NOT_FOUND),
        (json!({"project": "sandrill/nothing"}), StatusCode::NOT_FOUND),
        (json!({"connection": "nothing"}), StatusCode::NOT_FOUND),
        (json!({"connection": "Not A Name"}), StatusCode::BAD_REQUEST),
        (json!({"ref": "component:x", "connection": "gitlab"}), StatusCode::BAD_REQUEST),
        (json!({"colour": "red"}), StatusCode::BAD_REQUEST),
    ] {
        let reply = house.post("/api/v1/catalog/refresh", &body).await;
        assert_eq!(reply.status, status, "{body}: {}", reply.text());
    }
}

#[tokio::test]
async fn an_idempotency_key_reads_once() {
    let house = House::new().await;
    let send = |body: &'static str| {
        let request = request(Method::POST, "/api/v1/catalog/refresh")
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", "k-1");
        house.send(request.body(Body::from(body)).expect("request"))
    };
    let first = send("{}").await;
    let again = send("{}").await;
    assert_eq!((first.status, first.text()), (again.status, again.text()));
    assert_eq!(house.store.audit_after(0, 10).await.expect("rows").len(), 2, "decision and outcome, once");
    assert_eq!(send("{\"connection\":\"gitlab\"}").await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn one_can_ask_beforehand() {
    let house = House::new().await;
    let permission = house.get_json("/api/v1/permissions?action=RefreshCatalog&on=component:default/ferry-web").await;
    assert_eq!(permission["allowed"], true);
    assert_eq!(permission["rule"], "local-operator");
    let instance = house.get_json("/api/v1/instance").await;
    assert_eq!(instance["person"], json!({"id": "local-operator", "name": "Local operator", "kind": "operator"}));
    let status = house.get_json("/api/v1/catalog/status").await;
    assert_eq!((&status["ready"], &status["totals"]["entities"]), (&json!(true), &json!(5)));
}

#[tokio::test]
async fn a_page_shows_the_file_as_it_was_read() {
    let house = House::stored().await;
    let page = house.get_json("/api/v1/entities/component/default/ferry-web").await;
    assert_eq!((&page["source"]["text"], &page["source"]["tooLarge"]), (&json!(FILE_TEXT), &json!(false)));
    assert_eq!(page["readAt"], "2026-11-20T12:00:20.000Z", "the last good pass");
    let page = house.get_json("/api/v1/entities/component/default/harbour").await;
    assert_eq!((&page["source"]["text"], &page["source"]["tooLarge"]), (&Value::Null, &json!(true)));
}

#[tokio::test]
async fn an_entity_s_project_is_what_is_read_again() {
    let house = House::stored().await;
    for (body, key) in [
        (json!({"ref": "component:default/ferry-web"}), "gitlab/4"),
        (json!({"project": "sandrill/ferry-web"}), "gitlab/4"),
        (json!({"connection": "gitlab"}), "gitlab"),
        (json!({}), "gitlab"),
    ] {
        let reply = house.post("/api/v1/catalog/refresh", &body).await;
        assert_eq!((reply.status, reply.json()["queued"].as_u64()), (StatusCode::ACCEPTED, Some(1)), "{body}");
        let job = house.store.claim(&Claim::any(Duration::from_secs(60))).await.expect("jobs").expect("a job is due");
        assert_eq!(job.key.key, key, "{body}");
        house.store.finish(std::slice::from_ref(&job)).await.expect("finish");
    }
}

#[tokio::test]
async fn how_sure_an_owner_is_shows_and_narrows() {
    let house = House::new().await;
    let page = house.get_json("/api/v1/entities?limit=100").await;
    let rows = page["items"].as_array().expect("rows");
    let sure = |row: &Value| row["owner"]["confidence"].as_u64();
    assert!(rows.iter().filter(|row| row["owner"]["evidence"] == "declared").all(|row| sure(row) == Some(100)));
    assert!(rows.iter().filter(|row| row["owner"]["evidence"] == "codeowners").all(|row| sure(row) == Some(90)));
    let mut counted = 0;
    for standing in ["unowned", "guessed", "stated"] {
        let page = house.get_json(&format!("/api/v1/entities?limit=100&ownership={standing}")).await;
        for row in page["items"].as_array().expect("rows") {
            let found = match (row["owner"]["exists"].as_bool(), sure(row)) {
                (Some(true), Some(80..)) => "stated",
                (Some(true), _) => "guessed",
                _ => "unowned",
            };
            assert_eq!(found, standing, "{row}");
            counted += 1;
        }
    }
    let both = house.get_json("/api/v1/entities?limit=100&ownership=unowned&ownership=stated&ownership=guessed").await;
    assert_eq!(both["items"].as_array().expect("rows").len(), counted);
    assert!(counted > 0 && counted < rows.len(), "groups and people have no owner and are none of the three");
}

#[tokio::test]
async fn a_page_that_was_to_be_read_again_and_was_not_says_so() {
    let house = House::stored().await;
    let path = "/api/v1/entities/component/default/ferry-web";
    let before = house.get_json(path).await;
    assert_eq!(before["freshness"]["state"], "fresh", "{before}");
    let project = house.catalog.index().get(&RefKey::parse("component:default/ferry-web").expect("ref")).map(|view| {
        let source = &view.entity().source;
        (source.connection.clone(), source.project.expect("of a project"))
    });
    let (connection, project) = project.expect("held");
    let key = JobKey { kind: "catalog.project".into(), key: format!("{connection}/{project}") };
    house.store.wake(std::slice::from_ref(&key)).await.expect("woken");
    assert_eq!(house.get_json(path).await["freshness"]["state"], "fresh", "it is about to be read");
    house.clock.advance(6_000);
    let waits = house.get_json(path).await["freshness"].clone();
    assert_eq!((waits["state"].as_str(), waits["reason"].as_str()), (Some("stale"), Some("it waits to be read again")));
    let job = house.store.claim(&Claim::any(Duration::from_secs(60))).await.expect("claims").expect("due");
    assert_eq!(job.key, key);
    house.store.postpone(&job, house.clock.now() + 30_000, "GitLab answered 429").await.expect("said");
    let failed = house.get_json(path).await["freshness"].clone();
    assert_eq!(failed["reason"], "it was to be read again and could not be: GitLab answered 429");
    assert!(failed["since"].is_string(), "{failed}");
    let job = {
        house.clock.advance(30_000);
        house.store.claim(&Claim::any(Duration::from_secs(60))).await.expect("claims").expect("due again")
    };
    house.store.finish(&[job]).await.expect("done");
    assert_eq!(house.get_json(path).await["freshness"]["state"], "fresh");
    house.store.close().await;
    assert_eq!(house.get_json(path).await["freshness"]["state"], "unknown", "what nobody can know is not called fresh");
}
