//! The modules of a crate, as its files are laid out, and where their paths lead.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;

use super::graph::Graph;
use super::paths::{Written, written};
use crate::source;

/// A module by its path from the root of the crate.
type Module = Vec<String>;

/// The modules of a crate with their code.
#[derive(Debug, Default)]
pub struct Modules {
    /// File name and code of each.
    files: BTreeMap<Module, (String, String)>,
    /// What a `use` of a module brings in from elsewhere in the crate: module and name, and where that leads.
    brought: BTreeMap<(Module, String), Module>,
}

impl Modules {
    /// Reads the sources of a crate.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut modules = Self::default();
        for file in source::rust_files(folder)? {
            let name = file.strip_prefix(folder).unwrap_or(&file).to_string_lossy().into_owned();
            modules.add(&name, &source::code_of(&file)?);
        }
        Ok(modules)
    }

    /// Adds a file by its name below `src`; what only tests see is left out.
    fn add(&mut self, name: &str, code: &str) {
        let mut module: Module = name.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if module.last().is_some_and(|last| last == "mod") || matches!(name, "lib.rs" | "main.rs") {
            module.pop();
        }
        if module.iter().any(|part| part == "tests" || part == "bin") {
            return;
        }
        let end = code.find("#[cfg(test)]\nmod ").unwrap_or(code.len());
        let (_, text) = self.files.entry(module).or_insert_with(|| (name.to_owned(), String::new()));
        text.push_str(&code[..end]);
    }

    /// The arrows between the parts of a crate: the files and folders beside each other at its root. Files of one folder are one part.
    pub fn parts(mut self) -> Graph {
        let files = std::mem::take(&mut self.files);
        let known: BTreeSet<Module> = files.keys().cloned().collect();
        let paths: Vec<_> = files.iter().map(|(module, (_, code))| (module, source::tokens(code))).collect();
        for (module, tokens) in &paths {
            for path in written(tokens) {
                let Some(alias) = path.alias else { continue };
                if let Some(target) = absolute(&path, module, &known) {
                    self.brought.insert(((*module).clone(), alias.to_owned()), target);
                }
            }
        }
        let mut graph = Graph::default();
        for (module, tokens) in &paths {
            for target in written(tokens).iter().filter_map(|path| absolute(path, module, &known)) {
                if let (Some(from), Some(to)) = (module.first(), self.led(&target, &known).first())
                    && from != to
                {
                    graph.add(from, to, &files[*module].0);
                }
            }
        }
        graph
    }

    /// The module in which a path ends, through what the modules on its way bring in from elsewhere.
    fn led(&self, path: &[String], known: &BTreeSet<Module>) -> Module {
        let mut path = path.to_vec();
        // As many times as a chain of re-exports may be long.
        for _ in 0..8 {
            let deepest = (0..=path.len()).rev().find(|length| known.contains(&path[..*length])).unwrap_or(0);
            let Some(next) = path.get(deepest) else { return path };
            match self.brought.get(&(path[..deepest].to_vec(), next.clone())) {
                Some(target) if target[..] != path[..=deepest] => path = [&target[..], &path[deepest + 1..]].concat(),
                _ => return path[..deepest].to_vec(),
            }
        }
        path
    }
}

/// A path from the root of the crate; none if it leads out of the crate or is not known to lead into a module.
fn absolute(path: &Written<'_>, module: &[String], known: &BTreeSet<Module>) -> Option<Module> {
    let (mut base, mut rest) = match path.segments.first()? {
        &"crate" => (Vec::new(), &path.segments[1..]),
        &"super" | &"self" => (module.to_vec(), &path.segments[..]),
        first => {
            let child = [module, &[(*first).to_owned()]].concat();
            return known.contains(&child).then(|| [module.to_vec(), owned(&path.segments)].concat());
        }
    };
    while let Some((first, others)) = rest.split_first().filter(|(first, _)| matches!(**first, "super" | "self")) {
        if *first == "super" {
            base.pop();
        }
        rest = others;
    }
    base.extend(owned(rest));
    Some(base)
}

fn owned(segments: &[&str]) -> Module {
    segments.iter().map(|segment| (*segment).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circle(files: &[(&str, &str)]) -> Option<String> {
        let mut modules = Modules::default();
        files.iter().for_each(|(name, code)| modules.add(name, code));
        modules.parts().circle().map(|circle| circle.join(" "))
    }

    #[test]
    fn two_files_that_use_each_other_are_a_circle() {
        let files = [("lib.rs", "mod a; mod b;"), ("a.rs", "use crate::b::B;"), ("b.rs", "fn f() -> crate::a::A {}")];
        assert_eq!(circle(&files).as_deref(), Some("a b a"));
        assert_eq!(circle(&files[..2]), None);
    }

    #[test]
    fn files_of_two_folders_make_a_circle_of_the_folders() {
        let files = [
            ("lib.rs", ""),
            ("a.rs", ""),
            ("a/x.rs", "use crate::b::y::Y;"),
            ("b/mod.rs", ""),
            ("b/y.rs", ""),
            ("b/z.rs", "use super::super::a;"),
        ];
        assert_eq!(circle(&files).as_deref(), Some("a b a"));
    }

    #[test]
    fn files_of_one_folder_are_one_part() {
        let files = [("lib.rs", ""), ("a.rs", ""), ("a/x.rs", "use super::y::Y;"), ("a/y.rs", "use crate::a::x::X;")];
        assert_eq!(circle(&files), None);
    }

    #[test]
    fn a_folder_and_what_is_in_it_may_use_each_other() {
        assert_eq!(
            circle(&[("lib.rs", "use a::A;"), ("a.rs", "use x::X;"), ("a/x.rs", "use super::A; use crate::a::B;")]),
            None
        );
    }

    #[test]
    fn what_is_brought_in_elsewhere_counts_where_it_comes_from() {
        let files = [("lib.rs", "pub use a::A;"), ("a.rs", "use crate::b::B;"), ("b.rs", "use crate::A;")];
        assert_eq!(circle(&files).as_deref(), Some("a b a"));
    }

    #[test]
    fn what_tests_use_is_no_arrow() {
        let files = [
            ("lib.rs", ""),
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "#[cfg(test)]\nmod tests { use crate::a::A; }"),
            ("b/tests.rs", "use crate::a::A;"),
        ];
        assert_eq!(circle(&files), None);
    }
}
