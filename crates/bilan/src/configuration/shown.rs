//! Settings as they are in force, as a file that could be read again; secrets are masked.

use std::fmt::Write as _;

use anyhow::Result;

use super::setting::{Schema, Setting, Visitor, variable};
use super::{Configuration, Settings};

/// Stands in the place of a secret.
const MASKED: &str = "********";

/// Takes every secret out.
struct Mask;

impl Visitor for Mask {
    fn secret(&mut self, table: &mut toml::Table, _: &[String], name: &str) -> Result<()> {
        if let Some(secret) = table.get_mut(name)
            && secret.as_str() != Some("")
        {
            *secret = toml::Value::String(MASKED.to_owned());
        }
        Ok(())
    }
}

impl Settings {
    /// Every setting with its value, where that comes from, and its environment variable.
    ///
    /// # Errors
    /// If the settings cannot be written as TOML.
    pub fn shown(&self) -> Result<String> {
        let schema = Schema::of_configuration();
        let mut table = masked(&schema, &self.configuration)?;
        let settings = schema.settings();
        let mut text = String::new();
        // A setting without a part stands before the parts: TOML counts what follows a head to it.
        let (whole, parts): (Vec<_>, Vec<_>) = settings.iter().partition(|setting| setting.path.len() == 1);
        let mut part: &[String] = &[];
        for setting in whole.into_iter().chain(parts) {
            let (last, above) = setting.path.split_last().map_or(("", &[][..]), |(last, above)| (last.as_str(), above));
            if above != part {
                part = above;
                let is_there = above.is_empty() || at(&table, above).is_some();
                writeln!(text, "\n{}[{}]", if is_there { "" } else { "# " }, above.join("."))?;
            }
            match take(&mut table, &setting.path) {
                Some(value) => writeln!(text, "{last} = {value}  # {}", self.origin(setting))?,
                None => writeln!(text, "# {last}  # not set ({})", setting.variable())?,
            }
        }
        Ok(text)
    }

    /// Where the value of a setting comes from.
    fn origin(&self, setting: &Setting) -> String {
        match self.sources.find_metadata(&setting.key()).map(|found| found.name.as_ref()) {
            Some(super::ENVIRONMENT) => variable(&setting.path),
            Some(super::DEFAULTS) | None => format!("default ({})", setting.variable()),
            Some(file) => format!("{file} ({})", setting.variable()),
        }
    }
}

fn masked(schema: &Schema, configuration: &Configuration) -> Result<toml::Table> {
    let mut table = toml::Table::try_from(configuration)?;
    schema.visit(&mut table, &mut Mask)?;
    Ok(table)
}

fn at<'t>(table: &'t toml::Table, path: &[String]) -> Option<&'t toml::Table> {
    path.iter().try_fold(table, |table, part| table.get(part)?.as_table())
}

fn take(table: &mut toml::Table, path: &[String]) -> Option<toml::Value> {
    let (last, above) = path.split_last()?;
    above.iter().try_fold(table, |table, part| table.get_mut(part)?.as_table_mut())?.remove(last)
}
