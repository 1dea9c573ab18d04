//! Entity names for things of GitLab whose paths may hold characters and lengths that entity names may not.

use crate::RefKey;

/// The longest entity name the catalog format allows.
const LONGEST: usize = 63;

/// Makes an entity name of a full path, so that different paths never give one name.
///
/// The slash becomes a dot: `sandrill/harbour-ops` is `sandrill.harbour-ops`. (Replacing it by a hyphen, as the
/// reference does, gives `a/b-c` and `a-b/c` one name.) A path that has dots of its own, is longer than 63 characters,
/// or begins or ends with punctuation gets a readable prefix and eight hex digits of a hash over the whole path.
#[must_use]
pub fn safe_name(full_path: &str) -> String {
    let plain = |segment: &str| {
        !segment.is_empty()
            && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && segment.starts_with(|c: char| c.is_ascii_alphanumeric())
            && segment.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    if full_path.len() <= LONGEST && full_path.split('/').all(plain) {
        return full_path.replace('/', ".");
    }
    let readable: String =
        full_path.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '.' }).collect();
    let readable = readable.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let prefix: String = readable.chars().take(LONGEST - 10).collect();
    let prefix = prefix.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    // Two dots never stand in a plain name, so a hashed name cannot meet one.
    if prefix.is_empty() {
        format!("x..{:08x}", fnv1a(full_path))
    } else {
        format!("{prefix}..{:08x}", fnv1a(full_path))
    }
}

/// Makes an entity name of a user name, so that different people never share one.
///
/// A user name has no slash, so its dots may stay: `ilse.brandvold` is what people write in CODEOWNERS and catalog files.
#[must_use]
pub fn user_name(username: &str) -> String {
    let plain = username.len() <= LONGEST
        && !username.contains("..")
        && username.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        && username.starts_with(|c: char| c.is_ascii_alphanumeric())
        && username.ends_with(|c: char| c.is_ascii_alphanumeric());
    if plain { username.to_owned() } else { safe_name(username) }
}

/// FNV-1a, folded to 32 bits. Not a security boundary: it only keeps names of different paths apart.
fn fnv1a(text: &str) -> u32 {
    let hash = text
        .to_ascii_lowercase()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    let [a, b, c, d, e, f, g, h] = hash.to_be_bytes();
    u32::from_be_bytes([a ^ e, b ^ f, c ^ g, d ^ h])
}

/// The other spellings by which people mean the group at `full_path`: the last segment, the path with hyphens, and
/// that path without its first segment (what the reference makes when that group is its configured root).
#[must_use]
pub fn group_aliases(full_path: &str) -> Vec<RefKey> {
    let own = safe_name(full_path).to_lowercase();
    let mut names = vec![full_path.replace('/', "-")];
    if let Some((_, below)) = full_path.split_once('/') {
        names.push(below.replace('/', "-"));
    }
    if let Some((_, last)) = full_path.rsplit_once('/') {
        names.push(last.to_owned());
    }
    let mut keys: Vec<RefKey> = Vec::new();
    for name in names {
        if name.to_lowercase() != own
            && let Ok(key) = RefKey::parse(&format!("group:default/{name}"))
            && !keys.contains(&key)
        {
            keys.push(key);
        }
    }
    keys
}
