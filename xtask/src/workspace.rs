//! The crates of the workspace and everything that they are built from, as `cargo metadata` knows them.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::asked::Asked;

/// The platform that a bureau runs on: what only other systems need is not looked at.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// All packages, those of the workspace among them.
#[derive(Debug, Deserialize)]
pub struct Workspace {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
}

/// A package in one version.
#[derive(Debug, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version, with what is behind `+`.
    pub version: String,
    /// Where it came from; none for a package of the workspace.
    pub source: Option<String>,
    /// Its licence as an SPDX expression.
    pub license: Option<String>,
    /// What its manifest declares.
    pub dependencies: Vec<Dependency>,
    id: String,
    manifest_path: PathBuf,
}

/// A dependency as a manifest declares it.
#[derive(Debug, Deserialize)]
pub struct Dependency {
    /// The package that it names.
    pub name: String,
    /// The name under which the sources see it, if that is another one.
    pub rename: Option<String>,
    /// What needs it.
    #[serde(deserialize_with = "need")]
    pub kind: Need,
}

/// What needs a dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Need {
    /// The crate itself.
    Crate,
    /// Its build script.
    Build,
    /// Its tests, examples and measurements.
    Tests,
}

/// A normal dependency has no kind in the metadata.
fn need<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Need, D::Error> {
    Ok(match Option::<String>::deserialize(from)?.as_deref() {
        Some("dev") => Need::Tests,
        Some("build") => Need::Build,
        _ => Need::Crate,
    })
}

impl Workspace {
    /// Asks cargo.
    ///
    /// # Errors
    /// If cargo cannot be started or its answer not be read.
    pub fn ask(asked: &Asked) -> Result<Self> {
        let mut cargo = asked.command("cargo");
        cargo.args(["metadata", "--locked", "--format-version", "1", "--filter-platform", PLATFORM]);
        let output = cargo.stderr(Stdio::inherit()).output().context("cargo metadata cannot be started")?;
        if !output.status.success() {
            bail!("cargo metadata failed ({})", output.status);
        }
        Self::read(&output.stdout)
    }

    /// Reads what cargo answers.
    ///
    /// # Errors
    /// If it is not the JSON of `cargo metadata`.
    pub fn read(json: &[u8]) -> Result<Self> {
        serde_json::from_slice(json).context("the answer of cargo metadata cannot be read")
    }

    /// Every package.
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// The packages of the workspace.
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }
}

impl Package {
    /// The folder of its manifest.
    pub fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }

    /// What drawings and lists call it: its name without the product's.
    pub fn short(&self) -> &str {
        short(&self.name)
    }
}

/// The name of a package without the product's: `web` for `bilan-web`.
pub fn short(name: &str) -> &str {
    name.strip_prefix("bilan-").unwrap_or(name)
}

#[cfg(test)]
pub mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A workspace of some packages, each as [`package`] writes it; those without a source are its members.
    pub fn workspace(packages: &[Value]) -> Workspace {
        let members: Vec<_> =
            packages.iter().filter(|package| package["source"].is_null()).map(|package| &package["id"]).collect();
        let all = json!({"packages": packages, "workspace_members": members});
        Workspace::read(all.to_string().as_bytes()).unwrap()
    }

    /// A package with its dependencies and what they are needed for.
    pub fn package(name: &str, version: &str, source: Option<&str>, dependencies: &[(&str, Option<&str>)]) -> Value {
        let dependencies: Vec<_> =
            dependencies.iter().map(|(name, kind)| json!({"name": name, "rename": null, "kind": kind})).collect();
        json!({
            "name": name, "version": version, "source": source, "license": "MIT", "dependencies": dependencies,
            "id": format!("{name} {version}"), "manifest_path": format!("/nowhere/{name}/Cargo.toml"),
        })
    }

    #[test]
    fn members_are_known_from_what_they_are_built_from() {
        let workspace = workspace(&[
            package("bilan-web", "0.1.0", None, &[("hex", None), ("insta", Some("dev"))]),
            package("hex", "0.4.3", Some("registry"), &[]),
        ]);
        let members: Vec<_> = workspace.members().map(Package::short).collect();
        assert_eq!((members, workspace.packages().len()), (vec!["web"], 2));
        let needs: Vec<_> = workspace.packages()[0].dependencies.iter().map(|dependency| dependency.kind).collect();
        assert_eq!(needs, [Need::Crate, Need::Tests]);
    }
}
