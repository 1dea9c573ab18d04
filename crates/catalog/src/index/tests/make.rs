//! Small entities to try things with.

use model::{
    BlobId, ConnectionName, Entity, EntityRef, Evidence, Origin, Ownership, ProjectId, RefKey, RelationType, Source,
};
use serde_json::{Value, json};

use crate::index::{Change, Index};

pub(super) fn key(text: &str) -> RefKey {
    RefKey::parse(text).expect("legal reference")
}

/// `kind:namespace/name` in any case, with `metadata` and `spec` beside what the reference says.
pub(super) fn entity(id: i64, reference: &str, metadata: &Value, spec: &Value) -> Entity {
    let entity_ref = EntityRef::parse(reference, None, "default").expect("legal reference");
    let mut head = json!({"namespace": entity_ref.namespace(), "name": entity_ref.name()});
    for (name, value) in metadata.as_object().into_iter().flatten() {
        head[name] = value.clone();
    }
    let body =
        json!({"apiVersion": "backstage.io/v1alpha1", "kind": entity_ref.kind(), "metadata": head, "spec": spec});
    let body = body.to_string();
    let relations = Entity::relations_of(&entity_ref, &body);
    let owner = relations.iter().find(|(kind, _)| *kind == RelationType::OwnedBy).map(|(_, owner)| owner.clone());
    let owned = !matches!(entity_ref.key().kind(), "group" | "user" | "location");
    let evidence = if owner.is_some() { Evidence::Declared } else { Evidence::Missing };
    Entity {
        id,
        origin: Origin::File,
        source: Source {
            connection: ConnectionName::parse("main").expect("legal name"),
            project: Some(ProjectId(u64::try_from(id).expect("positive"))),
            project_path: format!("sandrill/{}", entity_ref.name().to_lowercase()),
            project_url: format!("https://gitlab.example/sandrill/{}", entity_ref.name().to_lowercase()),
            file: Some("catalog-info.yaml".into()),
            git_ref: Some("main".into()),
            blob: Some(BlobId("0".repeat(40))),
            line: Some(1),
        },
        entity_ref,
        body,
        relations,
        aliases: Vec::new(),
        ownership: owned.then(|| Ownership { owner, evidence, detail: "catalog-info.yaml line 9".into(), share: None }),
        language: None,
        facts: Vec::new(),
        problems: Vec::new(),
        stale: None,
        claimed_at: 1_000,
        changed_at: 2_000 + id,
    }
}

pub(super) fn put(entity: Entity) -> Change {
    Change::Put(Box::new(entity))
}

pub(super) fn index(entities: impl IntoIterator<Item = Entity>) -> Index {
    let mut index = Index::new();
    index.apply(entities.into_iter().map(put));
    index
}

/// The ferry company in four groups, three systems' worth of parts and one mistake.
pub(super) fn sandrill() -> Vec<Entity> {
    let mut checkout = entity(
        1,
        "group:default/sandrill.checkout",
        &json!({"title": "Checkout"}),
        &json!({"type": "team", "children": []}),
    );
    checkout.aliases = vec![key("group:default/checkout"), key("group:default/sandrill-checkout")];
    checkout.origin = Origin::Directory;
    let mut harbour = entity(2, "group:default/sandrill.harbour", &json!({}), &json!({"type": "team", "children": []}));
    harbour.aliases = vec![key("group:default/harbour")];
    harbour.origin = Origin::Directory;
    let mut payments = entity(
        3,
        "Component:default/Payments-API",
        &json!({"title": "Payments", "description": "Takes the money, and gives it back.", "tags": ["java", "money"],
            "labels": {"tier": "1"}, "annotations": {"gitlab.com/project-slug": "sandrill/payments"},
            "links": [{"url": "https://pay.example", "title": "Board"}, {"url": "https://log.example", "title": "Logs"}]}),
        &json!({"type": "Service", "lifecycle": "production", "owner": "checkout", "system": "ticketing",
            "providesApis": ["payments"], "dependsOn": ["resource:payments-db"]}),
    );
    payments.language = Some("Java".into());
    let mut ferries = entity(
        4,
        "component:default/ferries",
        &json!({"tags": ["go"], "description": "Where the boats are"}),
        &json!({"type": "service", "lifecycle": "experimental", "owner": "group:default/harbour", "system": "ticketing",
            "consumesApis": ["payments"]}),
    );
    ferries.language = Some("Go".into());
    vec![
        checkout,
        harbour,
        payments,
        ferries,
        entity(
            5,
            "api:default/payments",
            &json!({}),
            &json!({"type": "openapi", "lifecycle": "production",
            "owner": "sandrill.checkout", "definition": "x".repeat(5_000)}),
        ),
        entity(6, "system:default/ticketing", &json!({"title": "Ticketing"}), &json!({"owner": "nobody-here"})),
        entity(
            7,
            "component:default/website",
            &json!({"tags": []}),
            &json!({"type": "website", "lifecycle": "production"}),
        ),
    ]
}
