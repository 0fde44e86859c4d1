//! Links at the side: the daily pages, then the ledgers grouped by the systems of the bureau.

use bilan_records::actor::{Act, Scope};
use bilan_records::catalogue::{Role, SYSTEMS};

use super::systems;
use crate::visit::Visit;

/// Links that belong together.
#[derive(Debug, Clone)]
pub struct NavigationGroup {
    /// Name; the first group has none.
    pub label: String,
    /// The page that is shown is one of these.
    pub is_open: bool,
    /// Links.
    pub links: Vec<NavigationLink>,
}

/// A link at the side.
#[derive(Debug, Clone)]
pub struct NavigationLink {
    /// Name.
    pub label: String,
    /// Address.
    pub address: String,
    /// It leads to the page that is shown.
    pub is_current: bool,
}

const DAILY: [(&str, &str); 14] = [
    ("/", "shell.nav.home"),
    ("/map", "shell.nav.map"),
    ("/warnings", "shell.nav.warnings"),
    ("/stations", "shell.nav.stations"),
    ("/air", "shell.nav.air"),
    ("/water", "shell.nav.water"),
    ("/noise", "shell.nav.noise"),
    ("/power", "shell.nav.power"),
    ("/devices", "shell.nav.devices"),
    ("/records", "shell.nav.records"),
    ("/figures", "shell.nav.figures"),
    ("/reports", "shell.nav.reports"),
    ("/publication", "shell.nav.publication"),
    ("/journal", "shell.nav.journal"),
];

/// The daily pages that the visitor may open: address and key of the message that names it.
pub(crate) fn daily(visit: &Visit) -> impl Iterator<Item = (&'static str, &'static str)> {
    let ledger = &visit.app.ledger;
    let may_audit = ledger.may_read_journal(&visit.actor);
    let may_release = ledger.catalogue().registers.values().any(|register| ledger.may_release(&visit.actor, register));
    let is_staff = visit.actor.is_staff();
    DAILY.into_iter().filter(move |(address, _)| match *address {
        "/journal" => may_audit,
        "/publication" => may_release,
        "/" | "/records" => true,
        _ => is_staff,
    })
}

pub(super) fn groups(visit: &Visit) -> Vec<NavigationGroup> {
    let path = visit.here.split('?').next().unwrap_or_default();
    let links = daily(visit).map(|(address, message)| NavigationLink {
        label: visit.text(message).to_owned(),
        address: address.to_owned(),
        is_current: path == address
            || (address != "/" && address != "/records" && path.starts_with(&format!("{address}/"))),
    });
    let mut groups = vec![NavigationGroup { label: String::new(), is_open: true, links: links.collect() }];
    let registers = &visit.app.catalogue().registers;
    for system in SYSTEMS {
        let links: Vec<NavigationLink> = registers
            .values()
            .filter(|register| register.system == system && visit.actor.scope(register, Act::Read) != Scope::Nothing)
            .map(|register| {
                let address = format!("/records/{}", register.key);
                NavigationLink {
                    label: register.label.text(visit.language).to_owned(),
                    is_current: path == address || path.starts_with(&format!("{address}/")),
                    address,
                }
            })
            .collect();
        if !links.is_empty() {
            groups.push(NavigationGroup {
                label: systems::label(system, visit.language).to_owned(),
                is_open: links.iter().any(|link| link.is_current),
                links,
            });
        }
    }
    groups
}

/// Key of the message that names a part.
pub(crate) fn role_message(role: Role) -> &'static str {
    match role {
        Role::Admin => "shell.role.admin",
        Role::Auditor => "shell.role.auditor",
        Role::Head => "shell.role.head",
        Role::Duty => "shell.role.duty",
        Role::Grid => "shell.role.grid",
        Role::Handler => "shell.role.handler",
        Role::Clerk => "shell.role.clerk",
        Role::Analyst => "shell.role.analyst",
        Role::Enterprise => "shell.role.enterprise",
        Role::Integrator => "shell.role.integrator",
    }
}
