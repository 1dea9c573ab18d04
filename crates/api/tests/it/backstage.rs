//! The shapes of the catalog API. The real client runs against them in `tests/foreign/backstage`.

use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use serde_json::{Value, json};

use crate::support::{House, LOCATION, request};

fn names(items: &Value) -> Vec<&str> {
    let items = items.as_array().expect("array").iter();
    items.map(|entity| entity["metadata"]["name"].as_str().unwrap_or("null")).collect()
}

#[tokio::test]
async fn entities_come_as_an_array_with_links_between_pages() {
    let house = House::new().await;
    let all = house.get_json("/api/catalog/entities").await;
    assert_eq!(names(&all), ["payments-v2", "ferry-web", "payments-api", "tide-tables", "sandrill.checkout"]);
    let first = house.get("/api/catalog/entities?filter=kind=component&limit=2&order=asc:metadata.name").await;
    assert_eq!(names(&first.json()), ["ferry-web", "payments-api"]);
    let link = first.header("link");
    let next = link.strip_prefix('<').and_then(|l| l.strip_suffix(">; rel=\"next\"")).expect(link);
    let second = house.get(next).await;
    assert_eq!((names(&second.json()), second.header("link")), (vec!["tide-tables"], ""));
}

#[tokio::test]
async fn a_large_catalog_is_sent_whole_as_it_is_read() {
    let house = House::with_many(2_500).await;
    let reply = house.get("/api/catalog/entities?order=desc:metadata.name&fields=metadata.name").await;
    assert_eq!(reply.header("content-type"), "application/json; charset=utf-8");
    let all = reply.json();
    let expected: Vec<String> = (0..2_500).rev().map(|n| format!("c{n:04}")).collect();
    assert_eq!(names(&all), expected);
}

#[tokio::test]
async fn fields_cut_entities_down() {
    let house = House::new().await;
    let path = "/api/catalog/entities?fields=kind,metadata.name&filter=metadata.name=ferry-web";
    assert_eq!(house.get_json(path).await, json!([{"kind": "Component", "metadata": {"name": "ferry-web"}}]));
    let reply = house.get("/api/catalog/entities?fields=metadata.tags[0]").await;
    assert_eq!((reply.status, &reply.json()["error"]["name"]), (StatusCode::BAD_REQUEST, &json!("InputError")));
}

#[tokio::test]
async fn questions_are_the_same_in_both_forms() {
    let house = House::new().await;
    let by_string = house
        .get_json("/api/catalog/entities/by-query?filter=kind=component,spec.type=service&filter=kind=api&orderField=metadata.name,desc&limit=2")
        .await;
    assert_eq!(
        (names(&by_string["items"]), by_string["totalItems"].as_u64()),
        (vec!["tide-tables", "payments-v2"], Some(3))
    );
    let predicate = json!({
        "query": {"$any": [{"$all": [{"kind": "component"}, {"spec.type": "service"}]}, {"kind": "API"}]},
        "orderBy": [{"field": "metadata.name", "order": "desc"}], "limit": 2,
    });
    let by_predicate = house.post("/api/catalog/entities/by-query", &predicate).await.json();
    assert_eq!(by_predicate["items"], by_string["items"]);
    let cursor = by_predicate["pageInfo"]["nextCursor"].as_str().expect("next");
    let encoded = percent_encoding::utf8_percent_encode(cursor, percent_encoding::NON_ALPHANUMERIC).to_string();
    let second = house.get_json(&format!("/api/catalog/entities/by-query?cursor={encoded}&limit=2")).await;
    assert_eq!(names(&second["items"]), ["payments-api"]);
    assert_eq!(second["pageInfo"]["nextCursor"], Value::Null);
    assert!(second["pageInfo"]["prevCursor"].is_string());
    let counted = house.get_json("/api/catalog/entities/by-query?totalItems=exclude&limit=0").await;
    assert_eq!(counted, json!({"items": [], "totalItems": 0, "pageInfo": {}}));
    let text = house
        .get_json(
            "/api/catalog/entities/by-query?fullTextFilterTerm=TIDE&fullTextFilterFields=metadata.name,metadata.title",
        )
        .await;
    assert_eq!(names(&text["items"]), ["tide-tables"]);
    for bad in ["cursor=", "cursor=eyJ4IjoxfQ==", "orderField=a,up", "totalItems=maybe", "limit=many", "filter==x"] {
        let reply = house.get(&format!("/api/catalog/entities/by-query?{bad}")).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{bad}: {}", reply.text());
    }
    let reply = house.post("/api/catalog/entities/by-query", &json!({"query": {"$some": []}})).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{}", reply.text());
}

#[tokio::test]
async fn references_are_answered_in_their_order() {
    let house = House::new().await;
    let body = json!({"entityRefs": ["component:default/tide-tables", "not a ref:", "API:payments-v2", "component:x"],
        "fields": ["metadata.name"]});
    let reply = house.post("/api/catalog/entities/by-refs", &body).await.json();
    assert_eq!(
        reply["items"],
        json!([{"metadata": {"name": "tide-tables"}}, null, {"metadata": {"name": "payments-v2"}}, null])
    );
    let filtered = house.post("/api/catalog/entities/by-refs?filter=kind=api", &body).await.json();
    assert_eq!(filtered["items"], json!([null, null, {"metadata": {"name": "payments-v2"}}, null]));
    let reply = house.post("/api/catalog/entities/by-refs", &json!({"refs": []})).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_entity_is_found_by_name_and_by_uid() {
    let house = House::new().await;
    let by_name = house.get_json("/api/catalog/entities/by-name/Component/default/Payments-API").await;
    let owner = json!({"type": "ownedBy", "targetRef": "group:default/sandrill.checkout"});
    assert!(by_name["relations"].as_array().expect("relations").contains(&owner));
    let uid = by_name["metadata"]["uid"].as_str().expect("uid");
    assert_eq!(house.get_json(&format!("/api/catalog/entities/by-uid/{uid}")).await, by_name);
    let reply = house.get("/api/catalog/entities/by-name/component/default/nothing").await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    assert_eq!(
        reply.json(),
        json!({"error": {"name": "NotFoundError", "message": "No entity named 'nothing' found, with kind 'component' in namespace 'default'"},
            "request": {"method": "GET", "url": "/api/catalog/entities/by-name/component/default/nothing"},
            "response": {"statusCode": 404}})
    );
    let ancestry = house.get_json("/api/catalog/entities/by-name/component/default/payments-api/ancestry").await;
    assert_eq!(ancestry["rootEntityRef"], "component:default/payments-api");
    assert_eq!(ancestry["items"][0]["entity"]["metadata"]["name"], "payments-api");
    assert_eq!(ancestry["items"][0]["parentEntityRefs"], json!([]));
}

#[tokio::test]
async fn facets_count_values() {
    let house = House::new().await;
    let expected = json!({"facets": {"kind": [{"value": "API", "count": 1}, {"value": "Component", "count": 3}]}});
    assert_eq!(house.get_json("/api/catalog/entity-facets?facet=kind&filter=spec.lifecycle").await, expected);
    let body = json!({"facets": ["kind"], "query": {"spec.lifecycle": {"$exists": true}}});
    assert_eq!(house.post("/api/catalog/entity-facets", &body).await.json(), expected);
    assert_eq!(house.get("/api/catalog/entity-facets").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_location_is_registered_once_and_taken_out() {
    let house = House::stored().await;
    let list = house.get_json("/api/catalog/locations").await;
    let known = json!({"id": "loc1", "type": "url", "target": LOCATION, "entityRef": "location:default/generated-1"});
    assert_eq!(list, json!([{ "data": known }]));
    assert_eq!(house.get_json("/api/catalog/locations/loc1").await, known);
    assert_eq!(house.get_json("/api/catalog/locations/by-entity/component/default/harbour").await, known);
    for missing in ["by-entity/component/default/ferry-web", "by-entity/component/default/x", "loc2"] {
        assert_eq!(house.get(&format!("/api/catalog/locations/{missing}")).await.status, StatusCode::NOT_FOUND);
    }

    let again = house.post("/api/catalog/locations", &json!({"type": "url", "target": LOCATION})).await;
    assert_eq!((again.status, &again.json()["error"]["name"]), (StatusCode::CONFLICT, &json!("ConflictError")));
    let again =
        house.post("/api/catalog/locations?onConflict=refresh", &json!({"type": "url", "target": LOCATION})).await;
    assert_eq!((again.status, &again.json()["location"]), (StatusCode::CREATED, &known));
    let dry =
        house.post("/api/catalog/locations?dryRun=true", &json!({"type": "url", "target": LOCATION})).await.json();
    assert_eq!((dry["exists"].as_bool(), names(&dry["entities"])), (Some(true), vec!["harbour", "generated-1"]));

    let target = "https://git.example/sandrill/x/-/blob/main/c.yaml";
    let dry = house.post("/api/catalog/locations?dryRun=true", &json!({"type": "url", "target": target})).await.json();
    assert_eq!((dry["exists"].as_bool(), &dry["entities"]), (Some(false), &json!([])));
    let new = house.post("/api/catalog/locations", &json!({"type": "url", "target": target})).await;
    assert_eq!(new.status, StatusCode::CREATED, "{}", new.text());
    let id = new.json()["location"]["id"].as_str().expect("id").to_owned();
    let page = house.post("/api/catalog/locations/by-query", &json!({"limit": 1})).await.json();
    assert_eq!((page["items"].as_array().map(Vec::len), page["totalItems"].as_u64()), (Some(1), Some(2)));
    let next = json!({"cursor": page["pageInfo"]["nextCursor"]});
    let second = house.post("/api/catalog/locations/by-query", &next).await.json();
    assert_ne!(second["items"][0]["id"], page["items"][0]["id"]);
    assert_eq!(second["pageInfo"], json!({}));

    let delete = |path: String| house.send(request(Method::DELETE, &path).body(Body::empty()).expect("request"));
    assert_eq!(delete(format!("/api/catalog/locations/{id}")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(delete(format!("/api/catalog/locations/{id}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_a_file_describes_cannot_be_deleted_here() {
    let house = House::stored().await;
    let uid = |entity: Value| entity["metadata"]["uid"].as_str().expect("uid").to_owned();
    let delete = |uid: String| {
        let path = format!("/api/catalog/entities/by-uid/{uid}");
        house.send(request(Method::DELETE, &path).body(Body::empty()).expect("request"))
    };
    let file = uid(house.get_json("/api/catalog/entities/by-name/component/default/harbour").await);
    let reply = delete(file).await;
    assert_eq!(reply.status, StatusCode::CONFLICT, "{}", reply.text());
    let location = uid(house.get_json("/api/catalog/entities/by-name/location/default/generated-1").await);
    assert_eq!(delete(location).await.status, StatusCode::NO_CONTENT);
    assert_eq!(
        house.get("/api/catalog/entities/by-name/component/default/harbour").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(delete("0".to_owned()).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn locations_must_be_addresses_of_a_connected_gitlab() {
    let house = House::stored().await;
    for (body, status) in [
        (json!({"type": "file", "target": "/etc/passwd"}), StatusCode::BAD_REQUEST),
        (json!({"type": "url"}), StatusCode::BAD_REQUEST),
        (json!({"type": "url", "target": LOCATION, "x": 1}), StatusCode::BAD_REQUEST),
        (json!({"type": "url", "target": "https://evil.example/x"}), StatusCode::NOT_FOUND),
    ] {
        let reply = house.post("/api/catalog/locations", &body).await;
        assert_eq!(reply.status, status, "{body}: {}", reply.text());
    }
    let dry = house
        .post("/api/catalog/locations?dryRun=true", &json!({"type": "url", "target": "https://evil.example/x"}))
        .await;
    assert_eq!(dry.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_entity_is_read_again_when_asked_for() {
    let house = House::stored().await;
    let reply = house.post("/api/catalog/refresh", &json!({"entityRef": "component:default/ferry-web"})).await;
    assert_eq!((reply.status, reply.bytes.len()), (StatusCode::OK, 0));
    let reply = house.post("/api/catalog/refresh", &json!({"entityRef": "component:default/x"})).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn entities_are_checked_before_they_are_written() {
    let house = House::new().await;
    let good = json!({"apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": {"name": "x"},
        "spec": {"type": "service", "lifecycle": "production", "owner": "crew"}});
    let ask = |entity: Value, location: &'static str| {
        let body = json!({"entity": entity, "location": location});
        let house = &house;
        async move { house.post("/api/catalog/validate-entity", &body).await }
    };
    let reply = ask(good.clone(), "url:https://git.example/x").await;
    assert_eq!((reply.status, reply.bytes.len()), (StatusCode::OK, 0), "{}", reply.text());
    let mut bad = good.clone();
    bad["spec"] = json!({"type": "service"});
    for (entity, location) in [(bad, "url:https://git.example/x"), (good, "file:/x"), (json!("x"), "url:x")] {
        let reply = ask(entity, location).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
        let errors = reply.json();
        assert_eq!(errors["errors"][0]["name"], "InputError", "{errors}");
    }
}

#[tokio::test]
async fn a_repository_is_known_by_any_of_its_addresses() {
    let house = House::new().await;
    for target in [
        "https://git.example/sandrill/ferry-web",
        "https://git.example/Sandrill/ferry-web.git",
        "https://git.example/sandrill/ferry-web/-/blob/main/catalog-info.yaml",
    ] {
        let body = json!({"location": {"type": "url", "target": target}});
        let known = house.post("/api/catalog/analyze-location", &body).await.json();
        let file = &known["existingEntityFiles"][0];
        assert_eq!(file["entity"]["metadata"]["name"], "ferry-web", "{target}: {known}");
        assert_eq!(file["location"]["target"], "https://git.example/sandrill/ferry-web/-/blob/main/catalog-info.yaml");
        assert_eq!(known["generateEntities"], json!([]));
    }
    let ask = |target: &str| json!({"location": {"type": "url", "target": target}});
    let inferred =
        house.post("/api/catalog/analyze-location", &ask("https://git.example/sandrill/tide-tables")).await.json();
    assert_eq!(inferred["generateEntities"][0]["fields"][0]["state"], "analysisSuggestedValue");
    let unknown =
        house.post("/api/catalog/analyze-location", &ask("https://elsewhere.example/a/thing.git")).await.json();
    assert_eq!(unknown["generateEntities"][0]["entity"]["metadata"]["name"], "thing");
    assert_eq!(house.post("/api/catalog/analyze-location", &ask("thing")).await.status, StatusCode::BAD_REQUEST);
}
