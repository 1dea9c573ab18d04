//! Server-sent events, as the HTML standard's "event stream interpretation" reads them.

use reqwest::Response;
use serde_json::Value;

use super::RemoteError;

/// More than one event of ours ever has.
const LONGEST: usize = 16 << 20;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Event {
    /// `message` when the server gives none.
    pub(crate) name: String,
    pub(crate) data: String,
}

impl Event {
    /// The data as JSON; null when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or(Value::Null)
    }
}

/// Events of one answer, as they come.
#[derive(Debug)]
pub(crate) struct Events {
    server: String,
    response: Response,
    reader: Reader,
}

impl Events {
    pub(super) fn new(server: String, response: Response) -> Self {
        Self { server, response, reader: Reader::default() }
    }

    /// The next event; none when the server has said everything.
    ///
    /// # Errors
    /// When the answer breaks off.
    pub(crate) async fn next(&mut self) -> Result<Option<Event>, RemoteError> {
        loop {
            if let Some(event) = self.reader.next() {
                return Ok(Some(event));
            }
            if self.reader.bytes.len() > LONGEST {
                return Err(RemoteError::NotStagedoor { server: self.server.clone() });
            }
            let chunk = self.response.chunk().await.map_err(|error| RemoteError::broken(&self.server, &error))?;
            match chunk {
                Some(chunk) => self.reader.bytes.extend_from_slice(&chunk),
                // An event without its empty line is none: it may be half of one.
                None => return Ok(None),
            }
        }
    }
}

/// Bytes that came and are no event yet.
#[derive(Debug, Default)]
struct Reader {
    bytes: Vec<u8>,
}

impl Reader {
    fn next(&mut self) -> Option<Event> {
        loop {
            let end = block_end(&self.bytes)?;
            let block: Vec<u8> = self.bytes.drain(..end).collect();
            if let Some(event) = event(&String::from_utf8_lossy(&block)) {
                return Some(event);
            }
        }
    }
}

/// Behind the first empty line.
fn block_end(bytes: &[u8]) -> Option<usize> {
    let mut start = 0;
    while let Some(length) = bytes.get(start..)?.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
        let at = start + length;
        let next = match (bytes.get(at), bytes.get(at + 1)) {
            (Some(b'\r'), Some(b'\n')) => at + 2,
            // The other half of a line end may still be on its way.
            (Some(b'\r'), None) => return None,
            _ => at + 1,
        };
        if length == 0 {
            return Some(next);
        }
        start = next;
    }
    None
}

fn event(block: &str) -> Option<Event> {
    let mut name = String::new();
    let mut data: Option<String> = None;
    for line in block.trim_start_matches('\u{feff}').split(['\n', '\r']) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut name),
            "data" => match &mut data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => data = Some(value.to_owned()),
            },
            // `id`, `retry`, comments (which have no field name) and what is not known.
            _ => {}
        }
    }
    let name = if name.is_empty() { "message".to_owned() } else { name };
    data.map(|data| Event { name, data })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, step: usize) -> Vec<(String, String)> {
        let mut reader = Reader::default();
        let mut events = Vec::new();
        for chunk in text.as_bytes().chunks(step) {
            reader.bytes.extend_from_slice(chunk);
            while let Some(event) = reader.next() {
                events.push((event.name, event.data));
            }
        }
        events
    }

    #[test]
    fn events_are_read_however_they_are_cut() {
        let text = ": still here\n\nevent: check\nid: 7\ndata: {\"id\":\"tls\"}\n\ndata: a\ndata: b\n\r\nevent:report\r\ndata:ü\r\n\r\n\nretry: 3\n\ndata: half";
        let wanted = [("check", "{\"id\":\"tls\"}"), ("message", "a\nb"), ("report", "ü")];
        let wanted = wanted.map(|(name, data)| (name.to_owned(), data.to_owned()));
        for step in [1, 2, 3, 7, 1000] {
            assert_eq!(read(text, step), wanted, "in pieces of {step}");
        }
    }
}
