//! Balances in litres: bunkered minus burned.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Deserialize)]
pub struct Note {
    pub ship: String,
    pub litres: i64,
}

pub fn read(source: impl std::io::Read) -> Result<Vec<Note>, csv::Error> {
    csv::Reader::from_reader(source).deserialize().collect()
}

pub fn by_ship(notes: &[Note]) -> BTreeMap<String, i64> {
    let mut table = BTreeMap::new();
    for note in notes {
        *table.entry(note.ship.clone()).or_default() += note.litres;
    }
    table
}
