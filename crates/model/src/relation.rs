//! Relations: every edge is known from both of its ends, so a type always has an inverse.

use serde::{Deserialize, Serialize};

use crate::{EntityRef, RefKey};

macro_rules! relations {
    ($($variant:ident $text:literal inverse $inverse:ident),* $(,)?) => {
        /// The type of a relation as the catalog API spells it (`ownedBy`, `providesApi` …).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        #[expect(missing_docs, reason = "the names are the catalog format's own")]
        pub enum RelationType { $($variant),* }

        impl RelationType {
            /// All of them, each beside its inverse.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The spelling of the catalog API.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// The same edge seen from the other end.
            #[must_use]
            pub fn inverse(self) -> Self {
                match self { $(Self::$variant => Self::$inverse),* }
            }

            /// Reads the spelling of the catalog API, without regard to case.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|t| t.as_str().eq_ignore_ascii_case(text))
            }
        }
    };
}

relations! {
    OwnedBy "ownedBy" inverse OwnerOf,
    OwnerOf "ownerOf" inverse OwnedBy,
    PartOf "partOf" inverse HasPart,
    HasPart "hasPart" inverse PartOf,
    ProvidesApi "providesApi" inverse ApiProvidedBy,
    ApiProvidedBy "apiProvidedBy" inverse ProvidesApi,
    ConsumesApi "consumesApi" inverse ApiConsumedBy,
    ApiConsumedBy "apiConsumedBy" inverse ConsumesApi,
    DependsOn "dependsOn" inverse DependencyOf,
    DependencyOf "dependencyOf" inverse DependsOn,
    MemberOf "memberOf" inverse HasMember,
    HasMember "hasMember" inverse MemberOf,
    ChildOf "childOf" inverse ParentOf,
    ParentOf "parentOf" inverse ChildOf,
}

/// A field of `spec`, the relation it states and the kind its references have when they name none.
type Rule = (&'static str, RelationType, Option<&'static str>);

const OWNER: Rule = ("owner", RelationType::OwnedBy, Some("Group"));
const SYSTEM: Rule = ("system", RelationType::PartOf, Some("System"));
const DEPENDS: Rule = ("dependsOn", RelationType::DependsOn, None);
const DEPENDENCY: Rule = ("dependencyOf", RelationType::DependencyOf, None);

fn rules(kind: &str) -> &'static [Rule] {
    const COMPONENT: &[Rule] = &[
        OWNER,
        SYSTEM,
        DEPENDS,
        DEPENDENCY,
        ("subcomponentOf", RelationType::PartOf, Some("Component")),
        ("providesApis", RelationType::ProvidesApi, Some("API")),
        ("consumesApis", RelationType::ConsumesApi, Some("API")),
    ];
    const RESOURCE: &[Rule] = &[OWNER, SYSTEM, DEPENDS, DEPENDENCY];
    const GROUP: &[Rule] = &[
        ("parent", RelationType::ChildOf, Some("Group")),
        ("children", RelationType::ParentOf, Some("Group")),
        ("members", RelationType::HasMember, Some("User")),
    ];
    match kind.to_ascii_lowercase().as_str() {
        "component" => COMPONENT,
        "api" => &[OWNER, SYSTEM],
        "resource" => RESOURCE,
        "system" => &[OWNER, ("domain", RelationType::PartOf, Some("Domain"))],
        "domain" => &[OWNER, ("subdomainOf", RelationType::PartOf, Some("Domain"))],
        "user" => &[("memberOf", RelationType::MemberOf, Some("Group"))],
        "group" => GROUP,
        // Location, Template and kinds of an organisation's own: an owner is all they can state.
        _ => &[OWNER],
    }
}

/// The relations that the `spec` of an entity states, seen from that entity, in the order of its fields, each once.
///
/// References that cannot be read are left out here; `catalog` reports them when it validates the document.
#[must_use]
pub fn implied_relations(entity: &EntityRef, spec: &serde_json::Value) -> Vec<(RelationType, RefKey)> {
    let mut found: Vec<(RelationType, RefKey)> = Vec::new();
    for (field, relation, default_kind) in rules(entity.kind()) {
        let texts: Vec<&str> = match spec.get(field) {
            Some(serde_json::Value::String(text)) => vec![text],
            Some(serde_json::Value::Array(items)) => items.iter().filter_map(serde_json::Value::as_str).collect(),
            _ => Vec::new(),
        };
        for text in texts {
            if let Ok(target) = EntityRef::parse(text, *default_kind, entity.namespace()) {
                let edge = (*relation, target.key());
                if !found.contains(&edge) {
                    found.push(edge);
                }
            }
        }
    }
    found
}
