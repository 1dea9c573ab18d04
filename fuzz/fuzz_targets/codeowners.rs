//! CODEOWNERS: no text and no path may panic, and a section decides at most once.
#![no_main]

use std::collections::HashSet;

use catalog::codeowners::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str)| {
    let (text, path) = input;
    let (file, _problems) = parse(text);
    let matches = file.owners_of(path);
    let sections: HashSet<_> = matches.iter().map(|found| found.section.as_deref().map(str::to_lowercase)).collect();
    assert_eq!(sections.len(), matches.len());
    let lines = text.lines().count();
    assert!(matches.iter().all(|found| (1..=lines).contains(&(found.line as usize))));
    let _ = file.of_repository();
});
