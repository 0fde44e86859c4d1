//! Origin: every part that is not of the workspace comes from crates.io.

use crate::workspace::Workspace;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// A line for each package from elsewhere.
pub fn faults(workspace: &Workspace) -> Vec<String> {
    let members: Vec<_> = workspace.members().map(|member| &member.name).collect();
    let fault = |package: &crate::workspace::Package| match package.source.as_deref() {
        Some(CRATES_IO) => None,
        None if members.contains(&&package.name) => None,
        Some(source) => Some(format!("{} {} comes from {source}, not from crates.io", package.name, package.version)),
        None => Some(format!("{} {} comes from a folder outside of the workspace", package.name, package.version)),
    };
    workspace.packages().iter().filter_map(fault).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::workspace::tests::package;

    #[test]
    fn what_comes_from_a_repository_or_a_folder_is_named() {
        let all = json!({
            "packages": [
                package("bilan", "0.1.0", None, &[]),
                package("hex", "0.4.3", Some(CRATES_IO), &[]),
                package("forked", "0.1.0", Some("git+https://example.org/forked"), &[]),
                package("beside", "0.1.0", None, &[]),
            ],
            "workspace_members": ["bilan 0.1.0"],
        });
        let workspace = Workspace::read(all.to_string().as_bytes()).unwrap();
        assert_eq!(
            faults(&workspace),
            [
                "forked 0.1.0 comes from git+https://example.org/forked, not from crates.io",
                "beside 0.1.0 comes from a folder outside of the workspace",
            ]
        );
    }
}
