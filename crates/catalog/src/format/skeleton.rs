//! Folders whose catalog files describe no entity: what a template copies into new repositories.

/// Whether a path of a repository lies in the skeleton of a template.
///
/// That is a folder named `skeleton` (or with that word in its name, such as `nodejs-skeleton`), a folder whose name is
/// itself an expression (`${{ values.name }}`, `{{cookiecutter.name}}`), or the folder `content` or `template` of one
/// template under `template/`, `templates/` or `scaffolder-templates/`.
#[must_use]
pub fn is_skeleton_path(path: &str) -> bool {
    let Some((folders, _)) = path.rsplit_once('/') else { return false };
    let mut below_templates = false;
    for folder in folders.split('/') {
        let folder = folder.to_ascii_lowercase();
        let words = || folder.split(['-', '_', '.']);
        if folder.contains("{{") || words().any(|word| matches!(word, "skeleton" | "skeletons")) {
            return true;
        }
        if below_templates && matches!(folder.as_str(), "content" | "template") {
            return true;
        }
        below_templates = below_templates || words().any(|word| matches!(word, "template" | "templates"));
    }
    false
}
