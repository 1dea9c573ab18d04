//! Catalog files: no bytes may panic, cost more than the limits allow, or be refused without saying why.
#![no_main]

use catalog::format::{Limits, check_value, parse, render};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let parsed = parse(bytes, &Limits::default());
    let text = String::from_utf8_lossy(bytes);
    let rendered = render("catalog-info.yaml", &text, &parsed);
    assert!(!rendered.contains('\u{1b}'), "a file wrote an escape to the terminal");
    for document in &parsed.documents {
        let Some(entity) = &document.entity else {
            assert!(!document.problems.is_empty(), "refused without a reason");
            continue;
        };
        // What was accepted is accepted again as JSON, under the same reference.
        let (again, problems) = check_value(&Value::Object(entity.body.clone()));
        let again = again.unwrap_or_else(|| panic!("accepted, then refused: {problems:?}"));
        assert_eq!(again.entity_ref.to_string(), entity.entity_ref.to_string());
        assert_eq!(again.body, entity.body);
    }
});
