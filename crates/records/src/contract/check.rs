//! Holds the registers of a bureau against what the program relies on.

use indexmap::IndexMap;

use super::{Contract, Guard, NeededField, NeededStep, Shape, places::Places};
use crate::catalogue::{Diagnostic, Field, FieldKind, Register, Source, Workflow, closest, fault_at};

/// What was found: faults, and what the bureau does without.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The program cannot work so.
    pub faults: Vec<Diagnostic>,
    /// The program works, but something of it does not.
    pub without: Vec<Diagnostic>,
}

/// Holds registers against contracts. A register whose file has faults of its own is left out: they come first.
pub(crate) fn check(registers: &IndexMap<String, Register>, sources: &[Source], contracts: &[&Contract]) -> Found {
    let mut found = Found::default();
    for contract in contracts {
        let path = format!("registers/{}.toml", contract.register);
        let source = sources.iter().find(|source| source.path == path);
        match (registers.get(contract.register), source) {
            (Some(register), Some(source)) => {
                let places = Places::of(source);
                Held { contract, register, registers, places: &places, found: &mut found }.check();
            }
            (Some(_), None) | (None, Some(_)) => {}
            (None, None) => missing_register(contract, contracts, registers, sources, &path, &mut found),
        }
    }
    found
}

/// A register that is not there: renamed, if another one has all that is needed of it.
fn missing_register(
    contract: &Contract,
    contracts: &[&Contract],
    registers: &IndexMap<String, Register>,
    sources: &[Source],
    path: &str,
    found: &mut Found,
) {
    let key = contract.register;
    let others = || registers.values().filter(|other| contracts.iter().all(|known| known.register != other.key));
    let source_of = |register: &Register| {
        let own = format!("registers/{}.toml", register.key);
        sources.iter().find(|source| source.path == own)
    };
    let renamed = others().find(|other| {
        let Some(source) = source_of(other) else { return false };
        let mut held = Found::default();
        let places = Places::of(source);
        Held { contract, register: other, registers, places: &places, found: &mut held }.check();
        held.faults.is_empty() && contract.names().len() > FEW
    });
    let renamed = renamed.or_else(|| {
        let name = closest(key, others().map(|other| other.key.as_str()))?;
        registers.get(name)
    });
    let message = format!("there is no register “{key}”; without it: {}", contract.without);
    if let Some((register, source)) = renamed.and_then(|register| Some((register, source_of(register)?))) {
        let span = Places::of(source).value(&["key"]).unwrap_or(0..0);
        let remedy = format!(
            "did you mean “{}”? The program finds the register by its key: write key = \"{key}\" and name the file {path}",
            register.key
        );
        found.faults.push(fault_at(source, &span, message, remedy));
        return;
    }
    let nowhere = Source::new(path, "");
    let remedy = format!("put back {path}, as the release has it");
    let fault = fault_at(&nowhere, &(0..0), message, remedy);
    if contract.optional { found.without.push(fault) } else { found.faults.push(fault) }
}

/// A register with no more names than these may have them by chance.
const FEW: usize = 6;

/// One register held against its contract.
struct Held<'c, 'f> {
    contract: &'c Contract,
    register: &'c Register,
    registers: &'c IndexMap<String, Register>,
    places: &'c Places<'c>,
    found: &'f mut Found,
}

impl Held<'_, '_> {
    fn check(&mut self) {
        self.fields(&["fields"], &self.register.fields, self.contract.fields);
        if self.contract.states.is_empty() && self.contract.steps.is_empty() {
            return;
        }
        let Some(workflow) = &self.register.workflow else {
            return self.fault(
                &["workflow"],
                "no workflow".to_owned(),
                "add [workflow], as the release has it".to_owned(),
            );
        };
        for state in self.contract.states {
            if !workflow.states.contains_key(*state) {
                let known = workflow.states.keys().map(String::as_str);
                let known = known.filter(|known| !self.contract.states.contains(known));
                self.missing(&["workflow", "states"], "state", state, known.collect(), "the program asks for it");
            }
        }
        for step in self.contract.steps {
            self.step(workflow, step);
        }
    }

    fn step(&mut self, workflow: &Workflow, needed: &NeededStep) {
        let Some(step) = workflow.steps.get(needed.name) else {
            let is_known = |name: &&str| self.contract.steps.iter().all(|step| step.name != *name);
            let known = workflow.steps.keys().map(String::as_str).filter(is_known);
            return self.missing(&["workflow", "steps"], "step", needed.name, known.collect(), needed.purpose);
        };
        for role in needed.roles.iter().filter(|role| !step.roles.contains(role)) {
            let what = format!("no role “{}” for the step “{}”: {}", role.key(), needed.name, clause(needed.purpose));
            let remedy = format!("add \"{}\" to its roles", role.key());
            self.fault(&["workflow", "steps", needed.name, "roles"], what, remedy);
        }
    }

    fn fields(&mut self, above: &[&str], fields: &IndexMap<String, Field>, needed: &[NeededField]) {
        for need in needed {
            match fields.get(need.name) {
                Some(field) => self.field(above, field, need),
                None => {
                    let is_free = |name: &&str| needed.iter().all(|other| other.name != *name);
                    let known: Vec<&str> = fields.keys().map(String::as_str).filter(is_free).collect();
                    if self.may_lack(need) {
                        self.lacks(above, need, &known);
                    } else {
                        self.missing(above, "field", need.name, known, need.purpose);
                    }
                }
            }
        }
    }

    /// Whether a bureau may keep a register file without a field: an earlier version had none, or what it refers to is not kept.
    fn may_lack(&self, need: &NeededField) -> bool {
        need.optional || need.shape.to.is_some_and(|to| !self.registers.contains_key(to))
    }

    fn field(&mut self, above: &[&str], field: &Field, need: &NeededField) {
        let path: Vec<&str> = above.iter().copied().chain([need.name]).collect();
        let at = |more: &'static str| path.iter().copied().chain([more]).collect::<Vec<_>>();
        let Shape { kinds, filled, to, choices, rows, guard } = need.shape;
        let found = field.kind.name();
        if !kinds.contains(&found) {
            let what = format!(
                "a field “{}” of type {found}, where the program reads {}: {}",
                need.name,
                kinds.join(" or "),
                clause(need.purpose)
            );
            return self.fault(&at("type"), what, format!("write type = \"{}\"", kinds[0]));
        }
        if filled && !field.required {
            let what = format!(
                "a field “{}” that may be empty; the program needs it in every record: {}",
                need.name,
                clause(need.purpose)
            );
            self.fault(&path, what, "add required = true".to_owned());
        }
        let guarded = match guard {
            Guard::None => None,
            Guard::Personal => (!field.personal).then_some(("personal", "encrypted")),
            Guard::Withheld => (!field.withheld).then_some(("withheld", "shown to nobody")),
        };
        if let Some((flag, must)) = guarded {
            let what = format!("a field “{}” that must be {must}: {}", need.name, clause(need.purpose));
            self.fault(&path, what, format!("add {flag} = true"));
        }
        match &field.kind {
            FieldKind::Reference { to: other } if to.is_some_and(|to| to != other) => {
                let to = to.unwrap_or_default();
                let what = format!(
                    "a field “{}” that refers to “{other}”, not to “{to}”: {}",
                    need.name,
                    clause(need.purpose)
                );
                self.fault(&at("to"), what, format!("write to = \"{to}\""));
            }
            FieldKind::Choice { choices: known } => {
                for choice in choices.iter().filter(|choice| !known.contains_key(**choice)) {
                    let free = known.keys().map(String::as_str).filter(|known| !choices.contains(known)).collect();
                    self.missing(&at("choices"), &format!("choice of “{}”", need.name), choice, free, need.purpose);
                }
            }
            FieldKind::Table { fields } => self.fields(&at("fields"), fields, rows),
            _ => {}
        }
    }

    /// A name that is not there; among `known` may be the one that it has become.
    fn missing(&mut self, above: &[&str], kind: &str, name: &str, known: Vec<&str>, purpose: &str) {
        let own: Vec<&str> = above.iter().copied().chain([name]).collect();
        if self.places.name(&own).is_some() {
            // It is declared, with a fault of its own that is said already.
            return;
        }
        let what = format!("no {kind} “{name}”: {}", clause(purpose));
        let (path, remedy) = self.meant(above, name, &known);
        self.fault(&path.iter().map(String::as_str).collect::<Vec<_>>(), what, remedy);
    }

    fn lacks(&mut self, above: &[&str], need: &NeededField, known: &[&str]) {
        let message =
            format!("the register “{}” has no field “{}”: {}", self.register.key, need.name, clause(need.purpose));
        let (path, remedy) = self.meant(above, need.name, known);
        let span = self.places.nearest(&path.iter().map(String::as_str).collect::<Vec<_>>());
        self.found.without.push(fault_at(self.places.source, &span, message, remedy));
    }

    /// The place of the name that was meant, and how to put it right.
    fn meant(&self, above: &[&str], name: &str, known: &[&str]) -> (Vec<String>, String) {
        let mut path: Vec<String> = above.iter().map(|&key| key.to_owned()).collect();
        match closest(name, known.iter().copied()) {
            Some(meant) => {
                path.push(meant.to_owned());
                (path, format!("did you mean “{meant}”? Name it “{name}” again"))
            }
            None => {
                let place = above.join(".");
                (
                    path,
                    format!(
                        "add [{place}.{name}], as the release has it, or give its name back to what has another name now"
                    ),
                )
            }
        }
    }

    fn fault(&mut self, path: &[&str], what: String, remedy: String) {
        let message = format!("the register “{}” has {what}; without it: {}", self.register.key, self.contract.without);
        self.found.faults.push(fault_at(self.places.source, &self.places.nearest(path), message, remedy));
    }
}

/// A purpose as a part of a sentence.
fn clause(purpose: &str) -> String {
    let mut characters = purpose.trim_end_matches('.').chars();
    let first = characters.next().map(|first| first.to_lowercase().to_string()).unwrap_or_default();
    first + characters.as_str()
}
