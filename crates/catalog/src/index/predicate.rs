//! Reads the POST predicates of the catalog API.

use serde_json::{Map, Value};

use super::{Filter, QueryError};

/// Deeper ones are refused: what people write has three levels.
const DEEPEST: usize = 32;

/// Reads a predicate; see [`Filter::from_predicate`].
pub(super) fn read(predicate: &Value) -> Result<Filter, QueryError> {
    whole(predicate, DEEPEST)
}

fn refuse<T>(why: impl Into<String>) -> Result<T, QueryError> {
    Err(QueryError::Predicate(why.into()))
}

fn whole(predicate: &Value, depth: usize) -> Result<Filter, QueryError> {
    let Some(depth) = depth.checked_sub(1) else { return refuse(format!("more than {DEEPEST} levels deep")) };
    let Value::Object(map) = predicate else {
        return refuse(format!("{predicate} stands alone: name the field, for example {{\"kind\": {predicate}}}"));
    };
    for operator in ["$all", "$any", "$not"] {
        let Some(operand) = map.get(operator) else { continue };
        if map.len() > 1 {
            return refuse(format!("{operator} stands beside other keys: join them with $all"));
        }
        return match (operator, operand) {
            ("$not", operand) => Ok(Filter::Not(Box::new(whole(operand, depth)?))),
            (_, Value::Array(items)) if items.is_empty() => Ok(Filter::Nothing),
            (operator, Value::Array(items)) => {
                let items = items.iter().map(|item| whole(item, depth)).collect::<Result<_, _>>()?;
                Ok(if operator == "$all" { Filter::And(items) } else { Filter::Or(items) })
            }
            _ => refuse(format!("{operator} needs a list")),
        };
    }
    fields(map, depth)
}

fn fields(map: &Map<String, Value>, depth: usize) -> Result<Filter, QueryError> {
    let mut all = Vec::new();
    for (key, condition) in map {
        if key.starts_with('$') {
            return refuse(format!("there is no operator {key} here: use $all, $any, $not or a field"));
        }
        all.push(field(key, condition, depth)?);
    }
    Ok(if all.is_empty() { Filter::All } else { Filter::And(all) })
}

fn field(key: &str, condition: &Value, depth: usize) -> Result<Filter, QueryError> {
    if let Some(value) = scalar(condition) {
        return Ok(Filter::In(key.to_owned(), vec![value]));
    }
    let Value::Object(map) = condition else { return refuse(format!("{key} needs a value or an operator")) };
    let mut operators = map.iter();
    let (Some((operator, operand)), None) = (operators.next(), operators.next()) else {
        return refuse(format!("{key} needs exactly one operator"));
    };
    match (operator.as_str(), operand) {
        ("$exists", Value::Bool(true)) => Ok(Filter::Exists(key.to_owned())),
        ("$exists", Value::Bool(false)) => Ok(Filter::Not(Box::new(Filter::Exists(key.to_owned())))),
        ("$exists", _) => refuse(format!("$exists of {key} needs true or false")),
        ("$in", Value::Array(items)) => match items.iter().map(scalar).collect::<Option<Vec<_>>>() {
            Some(values) => Ok(Filter::In(key.to_owned(), values)),
            None => refuse(format!("$in of {key} needs texts, numbers or booleans")),
        },
        ("$in", _) => refuse(format!("$in of {key} needs a list")),
        ("$hasPrefix", Value::String(prefix)) => Ok(Filter::Prefix(key.to_owned(), prefix.clone())),
        ("$hasPrefix", _) => refuse(format!("$hasPrefix of {key} needs a text")),
        ("$contains", operand) => contains(key, operand, depth),
        _ => refuse(format!("there is no operator {operator}: use $in, $exists, $hasPrefix or $contains")),
    }
}

fn contains(key: &str, operand: &Value, depth: usize) -> Result<Filter, QueryError> {
    if let Some(value) = scalar(operand) {
        return Ok(Filter::Item(key.to_owned(), vec![value]));
    }
    let inner = whole(operand, depth)?;
    if key.eq_ignore_ascii_case("relations")
        && let Some(filter) = relation(&inner)
    {
        return Ok(filter);
    }
    Ok(Filter::Element(key.to_owned(), Box::new(inner)))
}

/// The usual question for a relation, `{type, targetRef}` or `{type}`, has lists to answer it.
fn relation(inner: &Filter) -> Option<Filter> {
    let Filter::And(fields) = inner else { return None };
    let values = |name: &str| {
        fields.iter().find_map(|field| match field {
            Filter::In(key, values) if key.eq_ignore_ascii_case(name) => Some(values),
            _ => None,
        })
    };
    let (types, targets) = (values("type")?, values("targetRef"));
    if fields.len() != 1 + usize::from(targets.is_some()) {
        return None;
    }
    let of_type = |kind: &String| match targets {
        Some(targets) => Filter::In(format!("relations.{kind}"), targets.clone()),
        None => Filter::Exists(format!("relations.{kind}")),
    };
    Some(Filter::Or(types.iter().map(of_type).collect()))
}

/// Values compare by their text, as the reference does: `1` and `"1"` are the same.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
