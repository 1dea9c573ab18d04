//! The address of a GitLab as people type or paste it, and where its root is.

use url::{Host, Url};

use crate::error::{Error, Kind};

/// An address as it was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// `http` or `https`, without user, query and fragment. It may still name a group or project: see
    /// [`instance_root`].
    pub url: Url,
    /// What was changed to understand it, one sentence each.
    pub notes: Vec<String>,
}

/// Pages and paths that GitLab serves below its root; whatever stands before one of them is the root.
const BELOW_ROOT: [&str; 6] = ["-", "api", "users", "groups", "dashboard", "explore"];

impl Address {
    /// Reads what somebody typed.
    ///
    /// # Errors
    /// [`Kind::Configuration`] with what it is instead.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |what: String, remedy: &str| Err(Error::caller(Kind::Configuration, what, remedy));
        const LIKE: &str = "give the address a browser would use, such as https://gitlab.example.com";
        let text = text.trim();
        if text.is_empty() {
            return wrong("no address is given".to_owned(), LIKE);
        }
        if text.contains(char::is_whitespace) {
            return wrong("the address holds white space".to_owned(), LIKE);
        }
        if text.starts_with("git@") || text.starts_with("ssh:") || text.starts_with("git:") {
            return wrong("this is an address for git over SSH".to_owned(), LIKE);
        }
        let mut notes = Vec::new();
        let with_scheme = if text.contains("://") {
            text.to_owned()
        } else {
            notes.push("https:// was put before it".to_owned());
            format!("https://{text}")
        };
        let mut url = match Url::parse(&with_scheme) {
            Ok(url) => url,
            Err(url::ParseError::InvalidPort) => {
                return wrong("the port of the address is no number from 1 to 65535".to_owned(), LIKE);
            }
            Err(url::ParseError::InvalidIpv6Address) => {
                return wrong(
                    "the IPv6 address cannot be read".to_owned(),
                    "write it in brackets, such as https://[fd00::1]:8443",
                );
            }
            Err(error) => return wrong(format!("the address cannot be read ({error})"), LIKE),
        };
        if !matches!(url.scheme(), "http" | "https") {
            return wrong(format!("the address begins with {}://", url.scheme()), LIKE);
        }
        if url.port() == Some(0) {
            return wrong("the port of the address is no number from 1 to 65535".to_owned(), LIKE);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return wrong(
                "the address carries a user name or password".to_owned(),
                "leave it out; the token has its own field",
            );
        }
        if let Some(Host::Domain(name)) = url.host()
            && !name.eq_ignore_ascii_case("localhost")
            && name.contains("xn--")
        {
            notes.push(format!("the host's name is {name} on the wire"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            url.set_query(None);
            url.set_fragment(None);
            notes.push("what stood after ? or # was left out".to_owned());
        }
        Ok(Self { url, notes })
    }
}

/// Where the root of the instance may be, the likeliest first: the address itself, then what remains when segments are
/// taken off its end, as for the address of a group or project, or of a page of GitLab.
///
/// A GitLab below a path (`https://example.com/gitlab`) is why this is a list and not simply the host.
#[must_use]
pub fn instance_root(url: &Url) -> Vec<Url> {
    let segments: Vec<&str> = url.path().split('/').filter(|segment| !segment.is_empty()).collect();
    // Nothing from a page's own path on belongs to the root.
    let end = segments.iter().position(|segment| BELOW_ROOT.contains(segment)).unwrap_or(segments.len());
    let at = |count: usize| {
        let mut root = url.clone();
        let path = segments.get(..count).unwrap_or_default().join("/");
        root.set_path(&if path.is_empty() { "/".to_owned() } else { format!("/{path}/") });
        root
    };
    // The address as given, the host alone (nearly always right), and the first segments, for installations below a path.
    let mut counts = vec![end, 0, 1, 2];
    counts.retain(|count| *count <= end);
    let mut roots: Vec<Url> = Vec::new();
    for root in counts.into_iter().map(at) {
        if !roots.contains(&root) {
            roots.push(root);
        }
    }
    roots
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_paste_is_understood() {
        for (text, url, notes) in [
            ("https://gitlab.example.com", "https://gitlab.example.com/", 0),
            ("  gitlab.example.com\n", "https://gitlab.example.com/", 1),
            ("gitlab.example.com:8443", "https://gitlab.example.com:8443/", 1),
            ("http://[fd00::1]:8080", "http://[fd00::1]:8080/", 0),
            ("https://git.bücher.example", "https://git.xn--bcher-kva.example/", 1),
            ("https://gitlab.example.com/users/sign_in?x=1#y", "https://gitlab.example.com/users/sign_in", 1),
        ] {
            let address = Address::parse(text).expect(text);
            assert_eq!((address.url.as_str(), address.notes.len()), (url, notes), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_called_by_its_name() {
        for (text, what) in [
            ("", "no address"),
            ("git lab.example", "white space"),
            ("git@gitlab.example:group/project.git", "git over SSH"),
            ("ssh://git@gitlab.example/x", "git over SSH"),
            ("ftp://gitlab.example", "begins with ftp://"),
            ("https://gitlab.example:99999", "port"),
            ("https://gitlab.example:0", "port"),
            ("https://[fd00::zz]", "IPv6"),
            ("https://fd00::1", "port"),
            ("https://user:hunter2@gitlab.example", "user name or password"),
            ("https://", "cannot be read"),
        ] {
            let error = Address::parse(text).expect_err(text);
            assert!(error.message.contains(what) && !error.to_string().contains("hunter2"), "{text}: {error}");
        }
    }

    #[test]
    fn roots_are_tried_from_the_likeliest() {
        for (url, expected) in [
            ("https://h/", vec!["/"]),
            ("https://h/gitlab", vec!["/gitlab/", "/"]),
            ("https://h/group/sub/project", vec!["/group/sub/project/", "/", "/group/", "/group/sub/"]),
            ("https://h/api/v4", vec!["/"]),
            ("https://h/gitlab/users/sign_in", vec!["/gitlab/", "/"]),
            ("https://h/group/project/-/tree/main", vec!["/group/project/", "/", "/group/"]),
            ("https://h/groups/a", vec!["/"]),
        ] {
            let roots = instance_root(&url.parse().expect("address"));
            assert_eq!(roots.iter().map(Url::path).collect::<Vec<_>>(), expected, "{url}");
        }
    }
}
