//! Small facts about a project that need its repository, told without building one where that can be avoided.

use crate::app::App;
use crate::world::model::Project;

impl App {
    /// Whether the repository has no branch.
    pub(crate) fn is_empty(&self, project: &Project) -> bool {
        if self.repos.is_virtual(project.id) {
            return self.world.starts_empty(project.id);
        }
        self.repos.read(&self.world, project).is_empty()
    }

    /// The default branch; GitLab gives an empty project the instance's default.
    pub(crate) fn default_branch(&self, project: &Project) -> Option<String> {
        if self.repos.is_virtual(project.id) {
            return Some(project.default_branch.clone());
        }
        let repo = self.repos.read(&self.world, project);
        repo.root_ref().or_else(|| Some(project.default_branch.clone()))
    }

    /// Where the README can be read, if there is one.
    pub(crate) fn readme(&self, project: &Project, branch: Option<&str>) -> Option<String> {
        let branch = branch?;
        let name = if self.repos.is_virtual(project.id) && self.world.quick_file(project.id, "README.md").is_some() {
            "README.md".to_owned()
        } else {
            let repo = self.repos.read(&self.world, project);
            let tree = repo.resolve("HEAD")?.tree;
            repo.tree(tree).into_iter().find(|entry| entry.name.to_lowercase().starts_with("readme"))?.name
        };
        Some(format!("{}/{}/-/blob/{branch}/{name}", self.url, project.path))
    }

    /// How many projects are forks of this one.
    pub(crate) fn forks(&self, project: u64) -> usize {
        self.world.forks(project)
    }
}
