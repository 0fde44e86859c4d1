//! The two languages of the pages, and their messages: `text/{zh,en}/AREA.toml`, keys `area.section.name`.

use std::collections::HashMap;
use std::sync::LazyLock;

use bilan_records::catalogue::Label;
pub use bilan_records::value::Language;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "text"]
struct Texts;

static MESSAGES: LazyLock<[HashMap<String, String>; 2]> = LazyLock::new(|| LANGUAGES.map(messages));

/// Both languages, Chinese first.
pub const LANGUAGES: [Language; 2] = [Language::Chinese, Language::English];

/// What a language says on pages.
pub trait Messages: Sized {
    /// `zh` or `en`, as in addresses and folders.
    fn key(self) -> &'static str;
    /// BCP 47 tag for the `lang` attribute.
    fn tag(self) -> &'static str;
    /// The language of a key.
    fn from_key(key: &str) -> Option<Self>;
    /// The message of a key. A missing one shows as `…`, and fails the test of the catalogue.
    fn text(self, key: &str) -> &'static str;
    /// The message of a key with `{name}` places filled.
    fn fill(self, key: &str, places: &[(&str, &str)]) -> String;
    /// The side of a label in this language.
    fn label(self, label: &Label) -> &str;
}

impl Messages for Language {
    fn key(self) -> &'static str {
        match self {
            Self::Chinese => "zh",
            Self::English => "en",
        }
    }

    fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }

    fn from_key(key: &str) -> Option<Self> {
        LANGUAGES.into_iter().find(|language| language.key() == key)
    }

    fn text(self, key: &str) -> &'static str {
        if let Some(text) = MESSAGES[self as usize].get(key) {
            return text;
        }
        tracing::error!("the message {key} is missing in {}", self.key());
        "…"
    }

    fn fill(self, key: &str, places: &[(&str, &str)]) -> String {
        let mut text = self.text(key).to_owned();
        for (name, value) in places {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }

    fn label(self, label: &Label) -> &str {
        Label::text(label, self)
    }
}

fn messages(language: Language) -> HashMap<String, String> {
    let mut all = HashMap::new();
    for path in Texts::iter() {
        let Some(area) =
            path.strip_prefix(language.key()).and_then(|rest| rest.strip_prefix('/')?.strip_suffix(".toml"))
        else {
            continue;
        };
        let bytes = Texts::get(&path).map(|file| file.data).unwrap_or_default();
        match String::from_utf8_lossy(&bytes).parse::<toml::Table>() {
            Ok(table) => flatten(area, &table, &mut all),
            Err(fault) => tracing::error!("text/{path}: {fault}"),
        }
    }
    all
}

fn flatten(prefix: &str, table: &toml::Table, all: &mut HashMap<String, String>) {
    for (key, value) in table {
        match value {
            toml::Value::String(text) => drop(all.insert(format!("{prefix}.{key}"), text.clone())),
            toml::Value::Table(table) => flatten(&format!("{prefix}.{key}"), table, all),
            other => tracing::error!("{prefix}.{key} is no text but {}", other.type_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_messages_can_be_read() {
        for path in Texts::iter() {
            let bytes = Texts::get(&path).unwrap().data;
            std::str::from_utf8(&bytes)
                .unwrap()
                .parse::<toml::Table>()
                .unwrap_or_else(|fault| panic!("{path}: {fault}"));
        }
    }

    #[test]
    fn both_languages_hold_the_same_messages() {
        let [zh, en] = LANGUAGES.map(|language| messages(language).into_keys().collect::<BTreeSet<_>>());
        assert_eq!(zh.difference(&en).collect::<Vec<_>>(), Vec::<&String>::new(), "only in Chinese");
        assert_eq!(en.difference(&zh).collect::<Vec<_>>(), Vec::<&String>::new(), "only in English");
    }

    #[test]
    fn every_message_that_pages_and_code_ask_for_is_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let known = messages(Language::Chinese);
        let mut missing = BTreeSet::new();
        for folder in ["src", "templates"] {
            each_file(&root.join(folder), &mut |text| {
                for asked in text.split("text(\"").skip(1).chain(text.split("fill(\"").skip(1)) {
                    let key = asked.split('"').next().unwrap_or_default();
                    let looks_like_one = key.contains('.') && !key.contains([' ', '{', '/']);
                    if looks_like_one && !known.contains_key(key) {
                        missing.insert(key.to_owned());
                    }
                }
            });
        }
        assert!(missing.is_empty(), "asked for but not there: {missing:?}");
    }

    fn each_file(folder: &Path, take: &mut impl FnMut(&str)) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                each_file(&path, take);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                take(&text);
            }
        }
    }

    #[test]
    fn places_are_filled() {
        assert_eq!(Language::English.fill("shell.page_of", &[("page", "2"), ("pages", "7")]), "Page 2 of 7");
    }
}
