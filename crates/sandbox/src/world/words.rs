//! The words that the generated estate is named with.

pub(super) const PLACES: [&str; 16] = [
    "harbour",
    "quay",
    "berth",
    "channel",
    "lock",
    "pier",
    "basin",
    "anchorage",
    "sound",
    "strait",
    "reef",
    "delta",
    "fjord",
    "estuary",
    "lagoon",
    "marina",
];
pub(super) const THINGS: [&str; 24] = [
    "ledger",
    "planner",
    "gateway",
    "feed",
    "router",
    "notifier",
    "archive",
    "scheduler",
    "index",
    "mirror",
    "worker",
    "quota",
    "catalogue",
    "invoice",
    "manifest",
    "tariff",
    "roster",
    "sensor",
    "timetable",
    "beacon",
    "cache",
    "relay",
    "audit",
    "search",
];
pub(super) const FIRST: [&str; 24] = [
    "ada", "bram", "cleo", "dario", "edda", "femi", "greta", "hugo", "ines", "jonas", "kaja", "levi", "mira", "nils",
    "olga", "pau", "quinn", "rosa", "sven", "tove", "umar", "vera", "wim", "yara",
];
pub(super) const LAST: [&str; 24] = [
    "aalto", "berg", "caro", "dahl", "ekman", "falk", "graff", "holm", "ilves", "jensen", "krog", "lund", "moen",
    "nygaard", "oskar", "pohl", "quist", "rask", "solberg", "tveit", "ulrik", "vik", "wester", "ziegler",
];
pub(super) const LANGUAGES: [(&str, &str); 5] =
    [("TypeScript", "ts"), ("Rust", "rs"), ("Python", "py"), ("Go", "go"), ("Java", "java")];
