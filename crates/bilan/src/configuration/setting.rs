//! Every setting there is, with its type and meaning: read from the schema of [`Configuration`], so that none is listed by hand.

use schemars::schema_for;
use serde_json::Value;

use super::Configuration;

/// How a setting is written in the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text as it stands.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Number,
    /// A JSON list of texts, or texts with commas between them.
    Words,
    /// A JSON list.
    List,
}

/// A setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Where it stands in the file: `["gateway", "idle_s"]`.
    pub path: Vec<String>,
    /// How it is written.
    pub kind: Kind,
    /// Whether its value is shown to nobody.
    pub is_secret: bool,
    /// What it means.
    pub meaning: String,
}

impl Setting {
    /// As a message names it: `gateway.idle_s`.
    pub fn key(&self) -> String {
        self.path.join(".")
    }

    /// The name of its environment variable: `BILAN_GATEWAY_IDLE_S`.
    pub fn variable(&self) -> String {
        variable(&self.path)
    }
}

/// The name of the environment variable of a path.
pub fn variable<T: AsRef<str>>(path: &[T]) -> String {
    path.iter().fold(String::from("BILAN"), |name, part| name + "_" + &part.as_ref().to_ascii_uppercase())
}

/// The schema of the configuration file.
pub struct Schema(Value);

impl Schema {
    /// That of this program.
    pub fn of_configuration() -> Self {
        Self(schema_for!(Configuration).to_value())
    }

    /// All settings, in the order of the alphabet.
    pub fn settings(&self) -> Vec<Setting> {
        let mut found = Vec::new();
        self.collect(&self.0, &mut Vec::new(), &mut found);
        found
    }

    fn collect(&self, part: &Value, path: &mut Vec<String>, found: &mut Vec<Setting>) {
        for (name, property) in properties(part) {
            path.push(name.clone());
            let inner = self.resolve(property);
            if inner.get("properties").is_some() {
                self.collect(inner, path, found);
            } else {
                found.push(Setting {
                    path: path.clone(),
                    kind: self.kind(inner),
                    is_secret: is_secret(property),
                    meaning: meaning(property, inner),
                });
            }
            path.pop();
        }
    }

    fn kind(&self, schema: &Value) -> Kind {
        match type_of(schema) {
            Some("boolean") => Kind::Flag,
            Some("integer") => Kind::Number,
            Some("array") => match schema.get("items").map(|items| self.resolve(items)) {
                Some(items) if items.get("properties").is_some() => Kind::List,
                _ => Kind::Words,
            },
            _ => Kind::Text,
        }
    }

    /// The schema behind a reference, or behind “this or nothing”.
    fn resolve<'s>(&'s self, schema: &'s Value) -> &'s Value {
        if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix("#/$defs/")) {
            return self.0.get("$defs").and_then(|definitions| definitions.get(name)).unwrap_or(schema);
        }
        let choices = schema.get("anyOf").and_then(Value::as_array);
        match choices.and_then(|choices| choices.iter().find(|choice| type_of(choice) != Some("null"))) {
            Some(choice) => self.resolve(choice),
            None => schema,
        }
    }

    /// Visits every table of a file beside the properties that its schema names.
    pub fn visit(&self, table: &mut toml::Table, visitor: &mut impl Visitor) -> anyhow::Result<()> {
        self.visit_part(&self.0, table, &mut Vec::new(), visitor)
    }

    fn visit_part(
        &self,
        part: &Value,
        table: &mut toml::Table,
        path: &mut Vec<String>,
        visitor: &mut impl Visitor,
    ) -> anyhow::Result<()> {
        for (name, property) in properties(part) {
            if is_secret(property) {
                visitor.secret(table, path, name)?;
            }
            let inner = self.resolve(property);
            let items = inner.get("items").map(|items| self.resolve(items));
            path.push(name.clone());
            match table.get_mut(name) {
                Some(toml::Value::Table(below)) => self.visit_part(inner, below, path, visitor)?,
                Some(toml::Value::Array(list)) => {
                    for below in list.iter_mut().filter_map(toml::Value::as_table_mut) {
                        self.visit_part(items.unwrap_or(inner), below, path, visitor)?;
                    }
                }
                _ => {}
            }
            path.pop();
        }
        Ok(())
    }
}

/// Is shown each secret that a file may hold.
pub trait Visitor {
    /// The secret `name` of the table at `path`, whether or not it is there.
    fn secret(&mut self, table: &mut toml::Table, path: &[String], name: &str) -> anyhow::Result<()>;
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

/// The type of a value; that beside `null` where it may be left out.
fn type_of(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::Array(types) => types.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        kind => kind.as_str(),
    }
}

fn is_secret(property: &Value) -> bool {
    property.get("secret").and_then(Value::as_bool).unwrap_or(false)
}

fn meaning(property: &Value, inner: &Value) -> String {
    let text = property.get("description").or_else(|| inner.get("description")).and_then(Value::as_str).unwrap_or("");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_setting_is_a_variable_of_its_own_with_a_meaning() {
        let settings = Schema::of_configuration().settings();
        let names: BTreeSet<String> = settings.iter().map(Setting::variable).collect();
        assert_eq!(names.len(), settings.len(), "no two settings share a variable");
        for setting in &settings {
            assert!(!setting.meaning.is_empty(), "{} says what it means", setting.key());
        }
        for name in ["BILAN_HTTP", "BILAN_GATEWAY_IDLE_S", "BILAN_MQTT_PASSWORD", "BILAN_NOTIFY_EMAIL_TO"] {
            assert!(names.contains(name), "{name} of {names:?}");
        }
    }

    #[test]
    fn kinds_and_secrets_follow_from_the_types() {
        let settings = Schema::of_configuration().settings();
        let of =
            |key: &str| settings.iter().find(|setting| setting.key() == key).map(|found| (found.kind, found.is_secret));
        assert_eq!(of("telephone"), Some((Kind::Text, false)));
        assert_eq!(of("secure_cookies"), Some((Kind::Flag, false)));
        assert_eq!(of("upload_limit_mb"), Some((Kind::Number, false)));
        assert_eq!(of("trusted_proxies"), Some((Kind::Words, false)));
        assert_eq!(of("notify.webhooks"), Some((Kind::List, false)));
        assert_eq!(of("notify.email.server"), Some((Kind::Text, true)));
        assert_eq!(of("mqtt.password"), Some((Kind::Text, true)));
        assert_eq!(of("gateway.trusted_proxies"), None, "it is one setting for pages and devices");
    }
}
