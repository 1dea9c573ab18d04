//! Serves packages that passed the policy.

mod policy;

fn main() -> anyhow::Result<()> {
    let rules = policy::Rules { minimum_age_days: 7, exempt: vec!["@sandrill/".to_owned()] };
    let name = std::env::args().nth(1).unwrap_or_default();
    let days = std::env::args().nth(2).and_then(|days| days.parse().ok()).unwrap_or(0);
    println!("{}", if rules.allows(&name, days) { "served" } else { "held back" });
    Ok(())
}
