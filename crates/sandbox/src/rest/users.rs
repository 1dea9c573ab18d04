//! People.

use std::sync::Arc;

use axum::extract::Path;

use super::{Answer, ok, rows};
use crate::app::Table;
use crate::call::Call;
use crate::errors::ApiError;
use crate::paging::Page;
use crate::world::model::Person;

pub(super) fn routes(table: &mut Table) {
    table.get("/api/v4/user", own);
    table.get("/api/v4/users", list);
    table.get("/api/v4/users/{id}", one);
}

async fn own(call: Call) -> Answer {
    let person = call.viewer.person()?;
    ok(&rows::user_private(&call.app, person, person.admin))
}

async fn list(call: Call) -> Answer {
    let params = &call.params;
    let username = params.get("username").map(str::to_lowercase);
    if call.viewer.user.is_none() && username.is_none() {
        return Err(ApiError::forbidden_because("Not authorized to access /api/v4/users"));
    }
    let search = params.get("search").map(str::to_lowercase);
    let (active, blocked, humans) = (params.on("active")?, params.on("blocked")?, params.on("humans")?);
    let ascending = params.word("sort", &["desc", "asc"])? == "asc";
    let fits = |person: &Arc<Person>| {
        username.as_ref().is_none_or(|name| person.username.to_lowercase() == *name)
            && search.as_ref().is_none_or(|word| {
                person.name.to_lowercase().contains(word)
                    || person.username.to_lowercase().contains(word)
                    || person.email.to_lowercase() == *word
            })
            && (!active || person.state == "active")
            && (!blocked || person.state == "blocked")
            && (!humans || !person.bot())
    };
    let ids = call.app.world.people();
    let ordered: Box<dyn Iterator<Item = u64>> = match &username {
        // A name has one owner, so there is nothing to walk.
        Some(name) => Box::new(call.app.world.person_named(name).map(|person| person.id).into_iter()),
        None if ascending => Box::new(ids),
        None => Box::new(ids.rev()),
    };
    let page = Page::of(params)?;
    let paged = page.cut(ordered.filter_map(|id| call.app.world.person(id)).filter(fits));
    let admin = call.viewer.admin();
    let json = |person: &Arc<Person>| {
        if admin { rows::user_private(&call.app, person, true) } else { rows::user_basic(&call.app, person) }
    };
    let rows = paged.rows.iter().map(json).collect();
    Ok(page.answer(&call.address, &paged, rows))
}

async fn one(call: Call, Path(id): Path<String>) -> Answer {
    call.viewer.person()?;
    let id = id.parse().map_err(|_| ApiError::parameter("id is invalid"))?;
    let person = call.app.world.person(id).ok_or_else(|| ApiError::not_found("User"))?;
    if call.viewer.admin() {
        return ok(&rows::user_private(&call.app, &person, true));
    }
    ok(&rows::user(&call.app, &person))
}
