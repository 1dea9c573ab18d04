//! `catalog problems`.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Asked, items, pages, printed, short, text};
use crate::{
    cli::{PageOptions, ProblemsOptions},
    output::{self, Cell, Format, Look, Paint, Table, clean},
    remote::Remote,
};

pub(super) async fn problems(options: &ProblemsOptions) -> Asked {
    let mut query = Vec::new();
    for (name, values) in [
        ("severity", &options.severity),
        ("code", &options.code),
        ("owner", &options.owner),
        ("project", &options.project),
    ] {
        query.extend(values.iter().map(|value| (name, value.clone())));
    }
    query.extend(options.query.iter().map(|words| ("q", words.clone())));
    let sort = if options.by_owner { Some("owner".to_owned()) } else { options.sort.clone() };
    query.extend(sort.map(|sort| ("sort", sort)));
    let page = PageOptions { all: options.page.all || options.by_owner, ..options.page.clone() };
    let remote = Remote::from(&options.remote)?;
    let list = pages::pages(&remote, "/problems", &query, &page).await?;
    let show = if options.by_owner { by_owner } else { all };
    let exit = printed(output::print(options.output.output, &list, |look| show(items(&list), look)));
    if options.output.output == Format::Table {
        if items(&list).is_empty() {
            eprintln!("no problems");
        }
        pages::rest(&list);
    }
    Ok(exit)
}

fn all(problems: &[Value], look: Look) -> String {
    let mut table = Table::new(["SEVERITY", "CODE", "REF", "OWNER", "WHERE", "WHAT"]);
    for problem in problems {
        table.row([
            severity(problem),
            text(problem, "/code").into(),
            short(text(problem, "/ref")).into(),
            text(problem, "/owner/name").into(),
            place(problem),
            text(problem, "/message").into(),
        ]);
    }
    if problems.is_empty() { String::new() } else { table.render(look) }
}

/// One block an owner; those with the most come first, nobody's at the end.
fn by_owner(problems: &[Value], look: Look) -> String {
    let mut groups: Vec<(&str, &str, Vec<&Value>)> = Vec::new();
    for problem in problems {
        let (owner, name) = (text(problem, "/owner/ref"), text(problem, "/owner/name"));
        match groups.iter_mut().find(|(known, ..)| *known == owner) {
            Some((.., group)) => group.push(problem),
            None => groups.push((owner, name, vec![problem])),
        }
    }
    groups.sort_by_key(|(owner, _, group)| (owner.is_empty(), std::cmp::Reverse(group.len())));
    let mut out = String::new();
    for (owner, name, group) in groups {
        if !out.is_empty() {
            out.push('\n');
        }
        let title =
            if owner.is_empty() { "Nobody".to_owned() } else { format!("{} ({})", clean(name), clean(&short(owner))) };
        let count = group.len();
        let plural = if count == 1 { "" } else { "s" };
        let _infallible = writeln!(out, "{}: {count} problem{plural}", look.paint(Paint::Bold, &title));
        let mut table = Table::new(["", "", "", "", ""]);
        for problem in group {
            let (severity, paint) = severity_of(problem);
            table.row([
                Cell::new(format!("  {severity}")).paint(paint),
                text(problem, "/code").into(),
                short(text(problem, "/ref")).into(),
                place(problem),
                text(problem, "/message").into(),
            ]);
        }
        out.push_str(&table.render(look));
    }
    out
}

/// The lines of one entity's page, each with what to do.
pub(super) fn with_remedies(problems: &[Value], look: Look) -> String {
    let mut out = String::new();
    for problem in problems {
        let (severity, paint) = severity_of(problem);
        let (code, message) = (clean(text(problem, "/code")), clean(text(problem, "/message")));
        let _infallible = writeln!(out, "  {} {code}: {message}", look.paint(paint, severity));
        for line in [position(problem), clean(text(problem, "/remedy"))].iter().filter(|line| !line.is_empty()) {
            let _infallible = writeln!(out, "    {line}");
        }
    }
    out
}

fn severity_of(problem: &Value) -> (&str, Paint) {
    match text(problem, "/severity") {
        "error" => ("error", Paint::Bad),
        "warning" => ("warning", Paint::Warn),
        other => (other, Paint::Dim),
    }
}

fn severity(problem: &Value) -> Cell {
    let (severity, paint) = severity_of(problem);
    Cell::new(severity).paint(paint)
}

fn place(problem: &Value) -> Cell {
    Cell::new(position(problem)).paint(Paint::Dim)
}

/// `file:line:column`, which editors and terminals open.
fn position(problem: &Value) -> String {
    let mut place = clean(text(problem, "/file"));
    for name in ["/line", "/column"] {
        match problem.pointer(name).and_then(Value::as_u64) {
            Some(number) => {
                let _infallible = write!(place, ":{number}");
            }
            None => break,
        }
    }
    place
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn some() -> Vec<Value> {
        let row = |code: &str, severity: &str, owner: Value| {
            json!({
                "code": code, "severity": severity, "message": "m", "remedy": "r", "file": "catalog-info.yaml", "line": 3,
                "column": 7, "ref": "component:default/a", "owner": owner
            })
        };
        let core = json!({"ref": "group:default/core", "name": "core"});
        vec![
            row("missing-field", "error", Value::Null),
            row("conflict", "warning", json!({"ref": "group:default/web", "name": "web"})),
            row("conflict", "warning", core.clone()),
            row("unknown-owner", "error", core),
        ]
    }

    #[test]
    fn owners_with_the_most_come_first_and_nobody_last() {
        let text = by_owner(&some(), Look::default());
        let heads: Vec<_> = text.lines().filter(|line| line.contains(" problem")).collect();
        assert_eq!(heads, ["core (group:core): 2 problems", "web (group:web): 1 problem", "Nobody: 1 problem"]);
        assert!(text.contains("  error    unknown-owner  component:a  catalog-info.yaml:3:7  m"), "{text}");
    }

    #[test]
    fn a_page_says_what_to_do() {
        let text = with_remedies(&some()[..1], Look::default());
        assert_eq!(text, "  error missing-field: m\n    catalog-info.yaml:3:7\n    r\n");
    }
}
