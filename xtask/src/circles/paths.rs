//! Paths as sources write them: `crate::a::b`, `super::b`, and those of a `use` with its braces taken apart.

use crate::source::is_name;

/// A path by its segments, and whether a `use` brings it in.
#[derive(Debug, PartialEq, Eq)]
pub struct Written<'a> {
    /// `crate`, `a`, `b`.
    pub segments: Vec<&'a str>,
    /// The name under which a `use` brings it in.
    pub alias: Option<&'a str>,
}

/// All paths of tokens that have more than one segment or are brought in by a `use`.
pub fn written<'a>(tokens: &[&'a str]) -> Vec<Written<'a>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let in_use = tokens[at] == "use";
        at += usize::from(in_use);
        let start = at;
        if at < tokens.len() && (in_use || is_name(tokens[at])) {
            at = tree(tokens, at, &[], in_use, &mut found);
        }
        at = at.max(start + usize::from(!in_use));
    }
    found
}

/// Reads one tree of a `use`, or one path elsewhere; answers where it ends.
fn tree<'a>(
    tokens: &[&'a str],
    mut at: usize,
    before: &[&'a str],
    in_use: bool,
    found: &mut Vec<Written<'a>>,
) -> usize {
    let mut segments = before.to_vec();
    loop {
        match tokens.get(at) {
            // `::name` of a `use` begins at the crates.
            Some(&"::") => at += 1,
            Some(&"{") if in_use => {
                at += 1;
                while let Some(token) = tokens.get(at) {
                    match *token {
                        "}" => return at + 1,
                        "," => at += 1,
                        _ => at = tree(tokens, at, &segments, in_use, found).max(at + 1),
                    }
                }
                return at;
            }
            Some(token) if is_name(token) => {
                segments.push(token);
                at += 1;
                if tokens.get(at) == Some(&"::") {
                    continue;
                }
                let renamed = tokens.get(at + 1).filter(|_| in_use && tokens.get(at) == Some(&"as"));
                at += if renamed.is_some() { 2 } else { 0 };
                let alias = in_use.then(|| renamed.copied().unwrap_or(segments[segments.len() - 1]));
                // `use a::{self}` brings in `a`.
                if segments.last() == Some(&"self") && segments.len() > 1 {
                    segments.pop();
                }
                let alias = alias.map(|alias| if alias == "self" { segments[segments.len() - 1] } else { alias });
                if in_use || segments.len() > 1 {
                    found.push(Written { segments, alias });
                }
                return at;
            }
            // `*`, `<`, or the end: what was read so far is meant.
            _ => {
                if segments.len() > before.len() {
                    found.push(Written { segments, alias: None });
                }
                return at;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{code, tokens};

    fn paths(source: &str) -> Vec<String> {
        let code = code(source);
        let shown = |path: &Written<'_>| {
            format!(
                "{}{}",
                path.segments.join("::"),
                path.alias.map(|alias| format!(" as {alias}")).unwrap_or_default()
            )
        };
        written(&tokens(&code)).iter().map(shown).collect()
    }

    #[test]
    fn the_braces_of_a_use_are_taken_apart() {
        assert_eq!(
            paths("use crate::{a::{self, B as C}, d::*}; pub(crate) use e::F;"),
            ["crate::a as a", "crate::a::B as C", "crate::d", "e::F as F"]
        );
    }

    #[test]
    fn paths_in_code_are_found_and_single_names_are_not() {
        assert_eq!(
            paths("fn f(x: super::A) -> crate::b::C<D> { crate::e::G { h: i } }"),
            ["super::A", "crate::b::C", "crate::e::G"]
        );
        assert_eq!(paths("Vec::<u8>::new(); x"), ["Vec"]);
    }
}
