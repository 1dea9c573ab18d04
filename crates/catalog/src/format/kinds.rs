//! The kinds that the format defines, and what their `spec` must hold.

use model::{Code, Severity};

use super::{
    check::Check,
    node::{Node, quoted},
    shape::{Field, Shape, optional, required},
};

/// One kind of the format.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) versions: &'static [&'static str],
    pub(super) spec: &'static [Field],
}

/// Domains whose kinds are the format's own; under any other an organisation defines what it likes.
const RESERVED: [&str; 2] = ["backstage.io", "scaffolder.backstage.io"];
const CORE: &[&str] = &["backstage.io/v1alpha1", "backstage.io/v1beta1"];

const TYPE: Field = required("type", Shape::Text, "type: service");
const LIFECYCLE: Field = required("lifecycle", Shape::Text, "lifecycle: production");
const OWNER: Field = required("owner", Shape::Reference(Some("Group")), "owner: group:default/your-team");
const SYSTEM: Field = optional("system", Shape::Reference(Some("System")));
const DEPENDS_ON: Field = optional("dependsOn", Shape::List(&Shape::Reference(None)));
const DEPENDENCY_OF: Field = optional("dependencyOf", Shape::OpenReferences(None));
const APIS: Shape = Shape::List(&Shape::Reference(Some("API")));
const GROUPS: Shape = Shape::List(&Shape::Reference(Some("Group")));
const PROFILE: Field = optional(
    "profile",
    Shape::Map(&[
        optional("displayName", Shape::Text),
        optional("email", Shape::Text),
        optional("picture", Shape::Text),
    ]),
);

const KINDS: &[Kind] = &[
    Kind {
        name: "Component",
        versions: CORE,
        spec: &[
            TYPE,
            LIFECYCLE,
            OWNER,
            SYSTEM,
            optional("subcomponentOf", Shape::Reference(Some("Component"))),
            optional("providesApis", APIS),
            optional("consumesApis", APIS),
            DEPENDS_ON,
            DEPENDENCY_OF,
        ],
    },
    Kind {
        name: "API",
        versions: CORE,
        spec: &[
            required("type", Shape::Text, "type: openapi"),
            LIFECYCLE,
            OWNER,
            required("definition", Shape::Text, "definition: {$text: ./openapi.yaml}"),
            SYSTEM,
        ],
    },
    Kind {
        name: "Resource",
        versions: CORE,
        spec: &[required("type", Shape::Text, "type: database"), OWNER, SYSTEM, DEPENDS_ON, DEPENDENCY_OF],
    },
    Kind {
        name: "System",
        versions: CORE,
        spec: &[OWNER, optional("domain", Shape::Reference(Some("Domain"))), optional("type", Shape::Text)],
    },
    Kind {
        name: "Domain",
        versions: CORE,
        spec: &[OWNER, optional("subdomainOf", Shape::Reference(Some("Domain"))), optional("type", Shape::Text)],
    },
    Kind {
        name: "Group",
        versions: CORE,
        spec: &[
            required("type", Shape::Text, "type: team"),
            required("children", GROUPS, "children: []"),
            optional("parent", Shape::Reference(Some("Group"))),
            optional("members", Shape::List(&Shape::Reference(Some("User")))),
            PROFILE,
        ],
    },
    Kind { name: "User", versions: CORE, spec: &[required("memberOf", GROUPS, "memberOf: [your-team]"), PROFILE] },
    Kind {
        name: "Location",
        versions: CORE,
        spec: &[
            optional("type", Shape::Text),
            optional("target", Shape::Text),
            optional("targets", Shape::List(&Shape::Text)),
            optional("presence", Shape::Word(&["required", "optional"])),
        ],
    },
    Kind { name: "Template", versions: &["scaffolder.backstage.io/v1beta3"], spec: TEMPLATE },
];

const PERMISSIONS: Field =
    optional("backstage:permissions", Shape::Map(&[optional("tags", Shape::List(&Shape::AnyText))]));
const PARAMETERS: Shape = Shape::Map(&[PERMISSIONS]);
const DECORATORS: Shape =
    Shape::List(&Shape::Map(&[optional("id", Shape::AnyText), optional("input", Shape::Map(&[]))]));
const TITLE: Field = optional("title", Shape::Text);
const ICON: Field = optional("icon", Shape::Text);
const IF: Field = optional("if", Shape::TextOrFlag);

/// `scaffolder.backstage.io/v1beta3`.
const TEMPLATE: &[Field] = &[
    TYPE,
    required(
        "steps",
        Shape::List(&Shape::Map(&[
            required("action", Shape::AnyText, "action: fetch:template"),
            optional("id", Shape::AnyText),
            optional("name", Shape::AnyText),
            optional("input", Shape::Map(&[])),
            IF,
            PERMISSIONS,
        ])),
        "steps: []",
    ),
    optional("owner", Shape::Reference(Some("Group"))),
    optional("lifecycle", Shape::Text),
    optional("parameters", Shape::ListOr(&Shape::List(&PARAMETERS), &PARAMETERS)),
    optional("secrets", Shape::Map(&[optional("schema", Shape::Map(&[]))])),
    optional(
        "presentation",
        Shape::Map(&[optional(
            "buttonLabels",
            Shape::Map(&[
                optional("backButtonText", Shape::AnyText),
                optional("createButtonText", Shape::AnyText),
                optional("reviewButtonText", Shape::AnyText),
            ]),
        )]),
    ),
    optional("EXPERIMENTAL_recovery", Shape::Map(&[optional("EXPERIMENTAL_strategy", Shape::AnyText)])),
    optional("formDecorators", DECORATORS),
    optional("EXPERIMENTAL_formDecorators", DECORATORS),
    optional(
        "output",
        Shape::TextMap(&[
            optional(
                "links",
                Shape::List(&Shape::Map(&[
                    IF,
                    optional("url", Shape::Text),
                    optional("entityRef", Shape::Text),
                    TITLE,
                    ICON,
                ])),
            ),
            optional("text", Shape::List(&Shape::Map(&[IF, TITLE, ICON, optional("content", Shape::AnyText)]))),
        ]),
    ),
];

/// Fields that relate any entity to others, checked for kinds of an organisation's own too.
const OWN_KIND: &[Field] = &[optional("owner", Shape::OpenReferences(Some("Group")))];

/// Checks `spec` against the rules of the document's kind; refuses spellings that nobody else may define.
pub(super) fn check_spec(root: &Node, api_version: &str, kind: &str, check: &mut Check) {
    let spec = root.get("spec");
    let Some(core) = recognise(root, api_version, kind, check) else {
        if let Some(spec) = spec.filter(|spec| spec.entries().is_some()) {
            Shape::Map(OWN_KIND).check(spec, "spec", check);
        }
        return;
    };
    match spec {
        None => check.missing(root.at, "spec", format!("A {} must have a spec.", core.name)),
        // Another type than a mapping was refused with the envelope.
        Some(spec) if spec.entries().is_none() => {}
        Some(spec) => Shape::Map(core.spec).check(spec, "spec", check),
    }
}

/// The core kind a document is of, or nothing if its rules are not ours.
fn recognise(root: &Node, api_version: &str, kind: &str, check: &mut Check) -> Option<&'static Kind> {
    let at = |field| root.get(field).and_then(|node: &Node| node.at);
    let core = KINDS.iter().find(|core| core.name.eq_ignore_ascii_case(kind));
    let reserved = api_version.split_once('/').is_some_and(|(domain, _)| RESERVED.contains(&domain));
    match core {
        Some(core) if core.name == kind && core.versions.contains(&api_version) => return Some(core),
        Some(core) if core.name != kind && reserved => {
            let message = format!("kind {} is not spelled as the format spells it", quoted(kind));
            check.refuse(Code::InvalidField, at("kind"), "kind", message, format!("Write {}.", core.name));
        }
        Some(core) if reserved => {
            let message = format!("apiVersion {} is none of {kind}'s", quoted(api_version));
            let remedy = format!("Write {}.", core.versions.join(" or "));
            check.refuse(Code::InvalidField, at("apiVersion"), "apiVersion", message, remedy);
        }
        Some(core) => {
            let message = format!(
                "kind {} of {} is not the format's own, so only its envelope is checked",
                core.name,
                quoted(api_version)
            );
            let remedy = format!("Write apiVersion {} if you mean the {} of the format.", core.versions[0], core.name);
            check.note(Code::InvalidField, Severity::Warning, at("apiVersion"), "apiVersion", message, remedy);
        }
        None if reserved => {
            let message = format!(
                "kind {} is none that {} defines, so only its envelope is checked",
                quoted(kind),
                quoted(api_version)
            );
            let remedy = match nearest(kind) {
                Some(near) => {
                    format!("Write {near} if you mean that; give a kind of your own an apiVersion of your own.")
                }
                None => "Give a kind of your own an apiVersion of your own, such as example.com/v1.".to_owned(),
            };
            check.note(Code::InvalidField, Severity::Warning, at("kind"), "kind", message, remedy);
        }
        None => {}
    }
    None
}

/// The core kind that a misspelled one probably means: two changed, added or missing letters at most.
fn nearest(kind: &str) -> Option<&'static str> {
    let distance = |core: &Kind| edit_distance(&core.name.to_ascii_lowercase(), &kind.to_ascii_lowercase());
    KINDS.iter().map(|core| (distance(core), core.name)).filter(|(d, _)| *d <= 2).min().map(|(_, name)| name)
}

fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let changed = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}
