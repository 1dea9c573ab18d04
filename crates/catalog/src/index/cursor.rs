//! Cursors: a question and a position in its answer, in base64 over JSON.
//!
//! They are not signed: whoever writes one asks nothing that could not be asked openly. They are checked in full,
//! because they come from outside.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use super::{Cursor, QueryError};

/// Longer cursors are refused unread; a filter of a few hundred values fits.
const LONGEST: usize = 64 * 1024;

/// Writes a cursor. Its content is plain data, so it can always be written; should that fail, the cursor is empty and
/// refused when it comes back.
pub(super) fn write(content: &impl Serialize) -> Cursor {
    Cursor::new(serde_json::to_vec(content).map(|json| URL_SAFE_NO_PAD.encode(json)).unwrap_or_default())
}

/// Reads a cursor that a client handed back.
pub(super) fn read<T: DeserializeOwned>(cursor: &Cursor) -> Result<T, QueryError> {
    let text = cursor.as_str();
    if text.len() > LONGEST {
        return Err(QueryError::Cursor);
    }
    let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| QueryError::Cursor)?;
    serde_json::from_slice(&json).map_err(|_| QueryError::Cursor)
}
