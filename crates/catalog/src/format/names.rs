//! The forms that names, keys, tags and versions may have. All of them are ASCII, so lengths are bytes.

/// The longest name, namespace, tag, kind, label value or key suffix.
const LONGEST: usize = 63;
/// The longest prefix of a key or apiVersion (a DNS subdomain, RFC 1123).
const LONGEST_PREFIX: usize = 253;

/// A form and how to say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Name,
    Namespace,
    Kind,
    ApiVersion,
    Key,
    LabelValue,
    Tag,
}

impl Form {
    pub(super) fn allows(self, text: &str) -> bool {
        match self {
            Self::Name => name(text),
            Self::Namespace => dns_label(text),
            Self::Kind => within(text) && text.starts_with(|c: char| c.is_ascii_alphabetic()) && alphanumeric(text),
            Self::ApiVersion => prefixed(text, |version| within(version) && alphanumeric(version)),
            Self::Key => prefixed(text, name),
            Self::LabelValue => text.is_empty() || name(text),
            Self::Tag => within(text) && text.split('-').all(|part| !part.is_empty() && part.bytes().all(tag_byte)),
        }
    }

    /// What is expected, for a message that continues "must be …".
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Name => {
                "1 to 63 letters, digits, `-`, `_` or `.`, with a letter or digit at the beginning and at the end"
            }
            Self::Namespace => "1 to 63 small letters, digits or `-`, with no `-` at the beginning or end",
            Self::Kind => "1 to 63 letters and digits that begin with a letter",
            Self::ApiVersion => {
                "a version of letters and digits, with the domain of its owner before it: backstage.io/v1alpha1"
            }
            Self::Key => {
                "a name of at most 63 characters, perhaps with a domain in small letters and one slash before it: \
                 example.com/name"
            }
            Self::LabelValue => {
                "empty, or 1 to 63 letters, digits, `-`, `_` or `.` that begin and end alphanumerically"
            }
            Self::Tag => "1 to 63 small letters, digits, `+`, `#` or `:`, in parts separated by single `-`",
        }
    }
}

fn within(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len())
}

fn alphanumeric(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn name(text: &str) -> bool {
    within(text)
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
}

fn dns_label(text: &str) -> bool {
    within(text)
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn tag_byte(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b':' | b'+' | b'#')
}

/// A DNS subdomain, a slash and a suffix, or the suffix alone.
fn prefixed(text: &str, suffix_fits: impl Fn(&str) -> bool) -> bool {
    match text.split_once('/') {
        None => suffix_fits(text),
        Some((prefix, suffix)) => {
            (1..=LONGEST_PREFIX).contains(&prefix.len()) && prefix.split('.').all(dns_label) && suffix_fits(suffix)
        }
    }
}
