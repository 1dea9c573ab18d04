//! `Idempotency-Key`: asking again with the same key gives the first answer and does nothing again.
//!
//! Kept in memory: the last 1,000 keys, for 24 hours, until the process ends. Every write is idempotent in itself (a
//! refresh that is asked for twice reads twice), so losing a key costs work and never correctness.

use std::{
    collections::{HashMap, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Mutex, PoisonError},
};

use axum::http::{HeaderMap, HeaderName, StatusCode};
use model::Millis;

use crate::{Answer, Failure};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const KEPT: usize = 1_000;
const LONGEST: usize = 255;
const LIFETIME: Millis = 24 * 60 * 60 * 1000;

/// The answers given to keys.
#[derive(Debug, Default)]
pub(crate) struct Replays(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    answers: HashMap<String, Entry>,
    order: VecDeque<String>,
}

#[derive(Debug)]
struct Entry {
    asked: u64,
    at: Millis,
    /// Absent while the first request is still at work.
    answer: Option<(StatusCode, String)>,
}

/// What to do with a request.
#[derive(Debug)]
pub(crate) enum Turn<'a> {
    /// Do it; then call [`Slot::keep`].
    First(Option<Slot<'a>>),
    /// It was done: this was the answer.
    Again(StatusCode, String),
}

/// The place for the answer of a request that is being done. Dropped without an answer, the key is free again.
#[derive(Debug)]
pub(crate) struct Slot<'a> {
    replays: &'a Replays,
    key: String,
}

impl Replays {
    /// Looks at the key of a request for `operation` with `body`.
    ///
    /// # Errors
    /// 400 for a malformed key, 409 while the first request is at work, 422 when the key was used for another request.
    pub(crate) fn turn(&self, headers: &HeaderMap, operation: &str, body: &[u8], now: Millis) -> Answer<Turn<'_>> {
        let mut keys = headers.get_all(KEY).iter();
        let Some(key) = keys.next() else { return Ok(Turn::First(None)) };
        let legal = |key: &str| !key.is_empty() && key.len() <= LONGEST && key.bytes().all(|b| b.is_ascii_graphic());
        let key = match (key.to_str(), keys.next()) {
            (Ok(key), None) if legal(key) => key,
            _ => {
                return Err(Failure::bad_request(
                    "Idempotency-Key: send one key of 1 to 255 visible ASCII characters.",
                ));
            }
        };
        let asked = fingerprint(body);
        let key = format!("{operation} {key}");
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.forget(now);
        match known.answers.get(&key) {
            None => {
                known.answers.insert(key.clone(), Entry { asked, at: now, answer: None });
                known.order.push_back(key.clone());
                Ok(Turn::First(Some(Slot { replays: self, key })))
            }
            Some(entry) if entry.asked != asked => Err(Failure::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency-key-reused",
                "This Idempotency-Key was used for a request with another body. Use a new key for a new request.",
            )),
            Some(Entry { answer: None, .. }) => {
                Err(Failure::conflict("The request with this Idempotency-Key is still at work. Ask again in a moment."))
            }
            Some(Entry { answer: Some((status, body)), .. }) => Ok(Turn::Again(*status, body.clone())),
        }
    }
}

impl Slot<'_> {
    /// Keeps the answer for whoever asks again.
    pub(crate) fn keep(self, status: StatusCode, body: &str) {
        let mut known = self.replays.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = known.answers.get_mut(&self.key) {
            entry.answer = Some((status, body.to_owned()));
        }
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let mut known = self.replays.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.answers.get(&self.key).is_some_and(|entry| entry.answer.is_none()) {
            known.answers.remove(&self.key);
            known.order.retain(|key| *key != self.key);
        }
    }
}

impl Known {
    fn forget(&mut self, now: Millis) {
        while let Some(oldest) = self.order.front() {
            let old = self.answers.get(oldest).is_none_or(|entry| now - entry.at > LIFETIME);
            if !old && self.order.len() < KEPT {
                break;
            }
            self.answers.remove(oldest);
            self.order.pop_front();
        }
    }
}

fn fingerprint(body: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_key(key: &str) -> HeaderMap {
        HeaderMap::from_iter([(KEY, key.parse().expect("header"))])
    }

    #[test]
    fn a_key_gives_the_first_answer_again_and_refuses_another_body() {
        let replays = Replays::default();
        let headers = with_key("k1");
        let Ok(Turn::First(Some(slot))) = replays.turn(&headers, "refresh", b"{}", 0) else { panic!("first") };
        let busy = replays.turn(&headers, "refresh", b"{}", 0).expect_err("at work");
        assert_eq!(busy.status(), StatusCode::CONFLICT);
        slot.keep(StatusCode::ACCEPTED, "done");
        let Ok(Turn::Again(status, body)) = replays.turn(&headers, "refresh", b"{}", 1) else { panic!("again") };
        assert_eq!((status, body.as_str()), (StatusCode::ACCEPTED, "done"));
        let other = replays.turn(&headers, "refresh", b"{\"a\":1}", 1).expect_err("other body");
        assert_eq!(other.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(matches!(replays.turn(&headers, "register", b"{}", 1), Ok(Turn::First(Some(_)))));
        assert!(matches!(replays.turn(&headers, "refresh", b"{}", LIFETIME + 1), Ok(Turn::First(Some(_)))));
    }

    #[test]
    fn a_failed_request_frees_its_key_and_old_keys_make_room() {
        let replays = Replays::default();
        drop(replays.turn(&with_key("k"), "x", b"", 0).expect("first"));
        assert!(matches!(replays.turn(&with_key("k"), "x", b"", 0), Ok(Turn::First(Some(_)))));
        for n in 0..KEPT + 10 {
            match replays.turn(&with_key(&n.to_string()), "x", b"", 0).expect("turn") {
                Turn::First(Some(slot)) => slot.keep(StatusCode::OK, ""),
                other => panic!("{other:?}"),
            }
        }
        assert!(replays.0.lock().expect("lock").answers.len() <= KEPT);
        assert!(replays.turn(&with_key(&"x".repeat(256)), "x", b"", 0).is_err());
    }
}
