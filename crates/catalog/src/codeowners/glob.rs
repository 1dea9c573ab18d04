//! Patterns as GitLab matches them: Ruby's `File.fnmatch?` with `FNM_PATHNAME` and `FNM_DOTMATCH`, after GitLab's own
//! normalisation (no leading slash means anywhere, a trailing slash means everything below).

/// One pattern, split at its slashes.
#[derive(Debug, Clone)]
pub(super) struct Glob {
    steps: Vec<Step>,
}

#[derive(Debug, Clone)]
enum Step {
    /// `**`: any number of folders, also none.
    Folders,
    /// The name of one folder or file.
    Name(Vec<Token>),
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Char(char),
    /// `?`
    One,
    /// `*`
    Many,
    /// `[a-z]`
    Set {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Glob {
    /// Reads a pattern; `None` if it can match no path.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        if pattern.is_empty() {
            return None;
        }
        let anchored = pattern.starts_with('/');
        let below = pattern.ends_with('/');
        let trimmed = pattern.strip_prefix('/').unwrap_or(pattern);
        let trimmed = trimmed.strip_suffix('/').unwrap_or(trimmed);
        let mut steps = Vec::new();
        if !anchored {
            steps.push(Step::Folders);
        }
        if !trimmed.is_empty() {
            let names: Vec<&str> = trimmed.split('/').collect();
            let last = names.len() - 1;
            for (i, name) in names.into_iter().enumerate() {
                // At the very end `**` is no more than `*`: only `**/` crosses folders.
                if name == "**" && (i < last || below) {
                    steps.push(Step::Folders);
                } else {
                    steps.push(Step::Name(tokens(name)?));
                }
            }
        }
        if below {
            steps.push(Step::Folders);
            steps.push(Step::Name(vec![Token::Many]));
        }
        Some(Self { steps })
    }

    /// Whether the path of a file, without a leading slash, is matched as a whole.
    pub(super) fn matches(&self, path: &str) -> bool {
        let names: Vec<Vec<char>> = path.split('/').map(|name| name.chars().collect()).collect();
        // reachable[j]: the steps so far can take the first j names.
        let mut reachable = vec![false; names.len() + 1];
        reachable[0] = true;
        for step in &self.steps {
            let mut next = vec![false; names.len() + 1];
            match step {
                Step::Folders => {
                    let first = reachable.iter().position(|reached| *reached).unwrap_or(reachable.len());
                    next.iter_mut().skip(first).for_each(|reached| *reached = true);
                }
                Step::Name(tokens) => {
                    for (j, name) in names.iter().enumerate() {
                        next[j + 1] = reachable[j] && name_matches(tokens, name);
                    }
                }
            }
            reachable = next;
        }
        reachable[names.len()]
    }
}

/// `None` for a set without an end, which Ruby matches with nothing.
fn tokens(name: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        let token = match c {
            '*' if tokens.last() == Some(&Token::Many) => continue,
            '*' => Token::Many,
            '?' => Token::One,
            '[' => set(&mut chars)?,
            '\\' => Token::Char(chars.next().unwrap_or('\\')),
            _ => Token::Char(c),
        };
        tokens.push(token);
    }
    Some(tokens)
}

fn set(chars: &mut std::str::Chars<'_>) -> Option<Token> {
    let mut rest = chars.clone();
    let negated = matches!(rest.clone().next(), Some('^' | '!'));
    if negated {
        rest.next();
    }
    let mut ranges = Vec::new();
    loop {
        let mut from = rest.next()?;
        if from == ']' {
            break;
        }
        if from == '\\' {
            from = rest.next()?;
        }
        let mut ahead = rest.clone();
        let to = match (ahead.next(), ahead.next()) {
            (Some('-'), Some(to)) if to != ']' => {
                rest = ahead;
                if to == '\\' { rest.next()? } else { to }
            }
            _ => from,
        };
        ranges.push((from, to));
    }
    *chars = rest;
    Some(Token::Set { negated, ranges })
}

/// Wildcard matching in linear space and without recursion: on a mismatch the last `*` takes one character more.
fn name_matches(tokens: &[Token], name: &[char]) -> bool {
    let (mut t, mut n) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while n < name.len() {
        match tokens.get(t) {
            Some(Token::Many) => {
                retry = Some((t, n));
                t += 1;
                continue;
            }
            Some(token) if one_matches(token, name[n]) => {
                t += 1;
                n += 1;
                continue;
            }
            _ => {}
        }
        let Some((star, taken)) = retry else { return false };
        retry = Some((star, taken + 1));
        t = star + 1;
        n = taken + 1;
    }
    tokens[t..].iter().all(|token| *token == Token::Many)
}

fn one_matches(token: &Token, c: char) -> bool {
    match token {
        Token::Char(expected) => *expected == c,
        Token::One => true,
        Token::Many => false,
        Token::Set { negated, ranges } => ranges.iter().any(|(from, to)| (*from..=*to).contains(&c)) != *negated,
    }
}
