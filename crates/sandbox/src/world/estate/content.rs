//! What is in a repository of the estate: its files, the entities they describe, its commits.

use std::fmt::Write as _;

use time::{Duration, OffsetDateTime};

use super::Estate;
use crate::world::model;

/// What describes a project of the estate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Catalog {
    /// `catalog-info.yaml` with a Component and an API.
    Entities,
    /// `catalog-info.yaml` with a Location that names `./catalog/service.yaml`.
    Location,
    /// No catalog file.
    Absent,
}

impl Estate {
    /// Seven of each ten have entities, one a Location, two nothing; which of the ten is drawn by the seed.
    pub(super) fn catalog(&self, id: u64) -> Catalog {
        let index = id - 1;
        match (index + self.dice(12, index / 10)) % 10 {
            0..=6 => Catalog::Entities,
            7 => Catalog::Location,
            _ => Catalog::Absent,
        }
    }

    /// The paths of a project's files, sorted.
    pub(crate) fn paths(&self, id: u64) -> Vec<String> {
        let (_, extension) = self.language(id);
        let mut paths = vec![".gitlab-ci.yml".to_owned(), "Dockerfile".to_owned(), "README.md".to_owned()];
        match self.catalog(id) {
            Catalog::Entities => paths.push("catalog-info.yaml".to_owned()),
            Catalog::Location => paths.extend(["catalog-info.yaml".to_owned(), "catalog/service.yaml".to_owned()]),
            // Half of the undescribed name an owner the other way.
            Catalog::Absent if id.is_multiple_of(2) => paths.push("CODEOWNERS".to_owned()),
            Catalog::Absent => {}
        }
        paths.push(format!("src/main.{extension}"));
        paths.sort();
        paths
    }

    /// One file's text, or `None` where the project has no such file.
    pub(crate) fn file(&self, id: u64, path: &str) -> Option<String> {
        let catalog = self.catalog(id);
        let (language, extension) = self.language(id);
        let slug = self.slug(id);
        match path {
            "catalog-info.yaml" => match catalog {
                Catalog::Entities => Some(self.entities(id)),
                Catalog::Location => Some(format!(
                    "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata:\n  name: {slug}\nspec:\n  type: url\n  targets:\n    - ./catalog/service.yaml\n"
                )),
                Catalog::Absent => None,
            },
            "catalog/service.yaml" if catalog == Catalog::Location => Some(self.entities(id)),
            "CODEOWNERS" if catalog == Catalog::Absent && id.is_multiple_of(2) => {
                Some(format!("* @{}\n", self.group_path(self.group_of(id))))
            }
            "README.md" => Some(format!("# {slug}\n\nA {language} service of the estate, number {id}.\n")),
            ".gitlab-ci.yml" => Some("stages: [build, test]\n\nbuild:\n  stage: build\n  script: [make build]\n\ntest:\n  stage: test\n  script: [make test]\n".to_owned()),
            "Dockerfile" => Some(format!("FROM scratch\nCOPY {slug} /usr/bin/{slug}\nENTRYPOINT [\"/usr/bin/{slug}\"]\n")),
            _ if path.strip_prefix("src/main.") == Some(extension) => Some(source(language, &slug)),
            _ => None,
        }
    }

    fn entities(&self, id: u64) -> String {
        let slug = self.slug(id);
        let (language, _) = self.language(id);
        let owner = model::last_segment(&self.group_path(self.group_of(id))).to_owned();
        let lifecycle = ["production", "production", "experimental", "deprecated"]
            [usize::try_from(self.dice(13, id) % 4).unwrap_or(0)];
        let mut text = format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {slug}\n  description: A {language} service of the estate.\n  tags: [{}]\nspec:\n  type: service\n  lifecycle: {lifecycle}\n  owner: {owner}\n  providesApis: [{slug}-api]\n",
            language.to_lowercase()
        );
        if let Some(other) = self.neighbour(14, id) {
            let _ = writeln!(text, "  dependsOn: [\"component:{}\"]", self.slug(other));
        }
        if let Some(other) = self.neighbour(15, id) {
            let _ = writeln!(text, "  consumesApis: [{}-api]", self.slug(other));
        }
        let _ = write!(
            text,
            "---\napiVersion: backstage.io/v1alpha1\nkind: API\nmetadata:\n  name: {slug}-api\nspec:\n  type: openapi\n  lifecycle: {lifecycle}\n  owner: {owner}\n  definition: |\n    openapi: 3.1.0\n    info:\n      title: {slug}\n      version: 1.0.{}\n    paths:\n      /health:\n        get:\n          responses:\n            '200':\n              description: It is well.\n",
            id % 17
        );
        text
    }

    /// Another project that has entities, for a relation; the search is short because eight of ten have them.
    fn neighbour(&self, what: u64, id: u64) -> Option<u64> {
        let start = self.dice(what, id) % self.projects;
        (0..10)
            .map(|k| (start + k) % self.projects + 1)
            .find(|other| *other != id && self.catalog(*other) != Catalog::Absent)
    }

    /// Times and authors of the project's commits, oldest first.
    pub(crate) fn history(&self, id: u64) -> Vec<(u64, OffsetDateTime, String)> {
        let project_activity = self.activity(id);
        let first = self.created(id) + Duration::hours(2);
        let people = self.member_levels(self.group_of(id));
        vec![
            (people[1].0, first, "Start the service".to_owned()),
            (people[2].0, project_activity, "Describe what runs".to_owned()),
        ]
    }
}

fn source(language: &str, slug: &str) -> String {
    match language {
        "Rust" => format!("fn main() {{\n    println!(\"{slug}\");\n}}\n"),
        "Python" => format!("print(\"{slug}\")\n"),
        "Go" => format!("package main\n\nfunc main() {{\n\tprintln(\"{slug}\")\n}}\n"),
        "Java" => format!(
            "class Main {{\n    public static void main(String[] args) {{\n        System.out.println(\"{slug}\");\n    }}\n}}\n"
        ),
        _ => format!("console.log(\"{slug}\");\n"),
    }
}
