//! Which addresses a document may link to.
//!
//! Texts and addresses come from records that anyone may have typed. Only web addresses and places on
//! the site itself become links; `javascript:` and the like never do.

/// `href` if it is a place on the site or a web address.
pub(crate) fn on_site(href: &str) -> Option<&str> {
    let plain = !href.is_empty() && !href.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\');
    let local = (href.starts_with('/') && !href.starts_with("//")) || href.starts_with('?') || href.starts_with('#');
    (plain && (local || is_web(href))).then_some(href)
}

/// `href` as a full web address, for files that leave the site.
pub(crate) fn away(href: &str, base: Option<&str>) -> Option<String> {
    let href = on_site(href)?;
    if is_web(href) {
        return Some(href.to_owned());
    }
    let base = base.filter(|base| is_web(base))?;
    Some(format!("{}/{}", base.trim_end_matches('/'), href.trim_start_matches('/')))
}

fn is_web(href: &str) -> bool {
    href.starts_with("https://") || href.starts_with("http://")
}

/// `text` without characters that XML 1.0 and paper cannot carry; line ends become spaces.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\n' | '\r' | '\t' => Some(' '),
            '\u{fffe}' | '\u{ffff}' => None,
            c if c.is_control() => None,
            c => Some(c),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_site_and_the_web_are_linked() {
        for good in ["/figures/a?year=2020", "?page=2", "#a", "https://example.org/", "http://127.0.0.1:8080/x"] {
            assert_eq!(on_site(good), Some(good));
        }
        for bad in
            ["", "javascript:alert(1)", "//evil.example", "data:text/html,x", "/a b", "/a\nb", "/\\evil", "file:///etc"]
        {
            assert_eq!(on_site(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_file_that_leaves_the_site_carries_full_addresses_or_none() {
        assert_eq!(away("/figures/a", Some("https://b.example/")).as_deref(), Some("https://b.example/figures/a"));
        assert_eq!(away("/figures/a", None), None);
        assert_eq!(away("/figures/a", Some("javascript:")), None);
        assert_eq!(away("https://c.example/x", None).as_deref(), Some("https://c.example/x"));
    }
}
