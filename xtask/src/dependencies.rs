//! Rules for what the product is built from; what they allow, and why, stands in `xtask/dependencies.toml`.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::asked::Asked;
use crate::workspace::Workspace;

mod doubled;
mod licence;
mod origin;
mod unused;

/// What `xtask/dependencies.toml` allows.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    /// Licences that a part may have, as SPDX names.
    licences: Vec<String>,
    /// Crates that may be there in two versions that cannot stand for each other.
    #[serde(default)]
    doubled: Vec<Doubled>,
    /// By member: dependencies that its sources name nowhere, and why they are declared.
    #[serde(default)]
    unnamed: BTreeMap<String, BTreeMap<String, String>>,
}

/// Crates that are there twice for one reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Doubled {
    /// Who needs the former version, and what would end it.
    because: String,
    /// Their names.
    crates: Vec<String>,
}

/// Holds every package to the rules.
///
/// # Errors
/// With every breach.
pub fn check(asked: &Asked) -> Result<()> {
    let file = asked.root().join("xtask/dependencies.toml");
    let text = std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    let rules: Rules = toml::from_str(&text).with_context(|| format!("{} cannot be read", file.display()))?;
    let workspace = Workspace::ask(asked)?;
    let faults = [
        licence::faults(&workspace, &rules.licences),
        origin::faults(&workspace),
        doubled::faults(&workspace, &rules.doubled),
        unused::faults(&workspace, &rules.unnamed)?,
    ]
    .concat();
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    eprintln!("{} packages hold to xtask/dependencies.toml", workspace.packages().len());
    Ok(())
}
