//! Query strings, read strictly: a parameter that nobody knows is an error, not a silent nothing.

use axum::{extract::FromRequestParts, http::request::Parts};
use url::form_urlencoded;

use crate::{Answer, Failure};

/// The parameters of one request, taken one by one.
#[derive(Debug)]
pub(crate) struct Params(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::read(parts.uri.query().unwrap_or_default()))
    }
}

impl Params {
    pub(crate) fn read(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// All values of a parameter, in order.
    pub(crate) fn all(&mut self, name: &str) -> Vec<String> {
        self.0.extract_if(.., |(key, _)| key == name).map(|(_, value)| value).collect()
    }

    /// The one value of a parameter.
    ///
    /// # Errors
    /// When it is given twice: which one was meant is not for us to guess.
    pub(crate) fn one(&mut self, name: &str) -> Answer<Option<String>> {
        let mut values = self.all(name);
        let value = values.pop();
        if values.is_empty() { Ok(value) } else { Err(Failure::bad_request(format!("Give {name} once."))) }
    }

    /// A number in a range.
    ///
    /// # Errors
    /// When it is none, or outside.
    pub(crate) fn number(&mut self, name: &str, least: usize, most: usize) -> Answer<Option<usize>> {
        let Some(text) = self.one(name)? else { return Ok(None) };
        match text.parse::<usize>() {
            Ok(number) if (least..=most).contains(&number) => Ok(Some(number)),
            _ => Err(Failure::bad_request(format!("{name} {text:?}: give a whole number from {least} to {most}."))),
        }
    }

    /// Refuses what was not taken.
    ///
    /// # Errors
    /// When a parameter is left over.
    pub(crate) fn end(self) -> Answer<()> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(Failure::bad_request(format!(
                "There is no parameter {name:?} here; /api/v1/openapi.json lists those there are."
            ))),
        }
    }
}
