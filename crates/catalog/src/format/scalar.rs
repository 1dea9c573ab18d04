//! Plain scalars by the core schema of YAML 1.2 (section 10.3.2), as the reference's library reads it: `yes`, `on`,
//! dates and `1_000` stay text.

use serde_json::Number;

use super::node::Tree;

/// What a plain scalar stands for.
pub(super) fn plain(text: &str) -> Tree {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Tree::Null,
        "true" | "True" | "TRUE" => return Tree::Flag(true),
        "false" | "False" | "FALSE" => return Tree::Flag(false),
        _ => {}
    }
    // Most values are words; nothing numeric begins otherwise.
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return Tree::Text(text.to_owned());
    }
    number(text).unwrap_or_else(|| Tree::Text(text.to_owned()))
}

/// What a scalar with a tag of the core schema stands for, or nothing when its text does not fit the tag.
pub(super) fn tagged(suffix: &str, text: &str) -> Option<Tree> {
    let read = plain(text);
    match (suffix, &read) {
        ("str", _) => Some(Tree::Text(text.to_owned())),
        ("null", Tree::Null) | ("bool", Tree::Flag(_)) | ("int" | "float", Tree::Number(_)) => Some(read),
        _ => None,
    }
}

fn number(text: &str) -> Option<Tree> {
    if let Some(octal) = text.strip_prefix("0o") {
        return radix(octal, 8);
    }
    if let Some(hex) = text.strip_prefix("0x") {
        return radix(hex, 16);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        // JSON has no such numbers; the reference writes null for them.
        return Some(Tree::Null);
    }
    if !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit()) {
        let digits = text.strip_prefix('+').unwrap_or(text);
        return digits
            .parse::<i64>()
            .map(Number::from)
            .or_else(|_| digits.parse::<u64>().map(Number::from))
            .ok()
            .or_else(|| float(text))
            .map(Tree::Number);
    }
    if is_float(unsigned) { Some(float(text).map_or(Tree::Null, Tree::Number)) } else { None }
}

fn radix(digits: &str, radix: u32) -> Option<Tree> {
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    // Beyond 64 bits the reference loses precision; nobody means such a number, so it stays text.
    u64::from_str_radix(digits, radix).ok().map(|n| Tree::Number(Number::from(n)))
}

/// `.5`, `1.`, `1.5`, each perhaps with an exponent; `1e3` too, but not `1`.
fn is_float(unsigned: &str) -> bool {
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && digits(fraction),
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => exponent.is_some() && !mantissa.is_empty() && digits(mantissa),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    mantissa_fits && exponent_fits
}

fn float(text: &str) -> Option<Number> {
    text.parse::<f64>().ok().and_then(Number::from_f64)
}

/// The text a key has when its scalar is not text, as JavaScript would write it.
pub(super) fn key(tree: Tree) -> Option<String> {
    match tree {
        Tree::Text(text) => Some(text),
        Tree::Null => Some(String::new()),
        Tree::Flag(flag) => Some(flag.to_string()),
        Tree::Number(number) => Some(match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 => format!("{float:.0}"),
            _ => number.to_string(),
        }),
        Tree::List(_) | Tree::Map(_) => None,
    }
}
