//! What is found by its name: pages, ledgers, figures and reports that the visitor may open.

use bilan_records::actor::{Act, Scope};
use bilan_records::catalogue::{Label, Role};
use bilan_records::ledger::{Part, Words, parts};

use crate::shell::{Language, Messages, daily, systems};
use crate::visit::Visit;

/// Names shown of a kind.
const NAMES: usize = 8;

/// Pages that the staff opens from others: address and key of the message that names it. Those of the side are
/// [`daily`], and here once more under the title that they bear.
const STAFF: [(&str, &str); 16] = [
    ("/map", "live.map.title"),
    ("/map/screen", "live.screen.title"),
    ("/warnings", "live.warnings.title"),
    ("/stations", "live.stations.title"),
    ("/history", "live.history.title"),
    ("/air", "live.air.title"),
    ("/air/ranking", "live.air.ranking.title"),
    ("/air/periods", "live.air.periods.title"),
    ("/water", "live.water.title"),
    ("/noise", "live.noise.title"),
    ("/power", "live.power.title"),
    ("/devices", "live.devices.title"),
    ("/figures", "figures.title"),
    ("/figures/changes", "figures.changes.title"),
    ("/reports", "reports.title"),
    ("/notices", "live.notices.title"),
];

/// Pages for everybody who is signed in.
const EVERYBODY: [(&str, &str); 4] = [
    ("/account", "shell.account.title"),
    ("/account/second-factor", "shell.second_factor.title"),
    ("/api", "shell.nav.api"),
    ("/public", "shell.nav.public"),
];

/// Links of a kind.
pub(super) struct PlaceGroup {
    pub label: &'static str,
    pub places: Vec<Place>,
}

/// A link to what has been found by its name.
pub(super) struct Place {
    pub name: Vec<Part>,
    /// Where it belongs.
    pub within: String,
    pub address: String,
}

/// Everything whose name holds every word, in the language of the page or in the other.
pub(super) fn named(visit: &Visit, words: &Words) -> Vec<PlaceGroup> {
    let groups = [
        ("shell.search.pages", pages(visit, words)),
        ("shell.search.ledgers", ledgers(visit, words)),
        ("shell.search.figures", figures(visit, words)),
        ("shell.search.reports", reports(visit, words)),
    ];
    let shown = |(label, mut places): (&str, Vec<Place>)| {
        places.truncate(NAMES);
        PlaceGroup { label: visit.text(label), places }
    };
    groups.map(shown).into_iter().filter(|group| !group.places.is_empty()).collect()
}

fn is_meant(words: &Words, label: &Label) -> bool {
    words.all_in([label.zh.as_str()]) || words.all_in([label.en.as_str()])
}

fn pages(visit: &Visit, words: &Words) -> Vec<Place> {
    let is_staff = visit.actor.is_staff();
    let sees_notices = [Role::Admin, Role::Auditor, Role::Head, Role::Duty].iter().any(|role| visit.is(*role));
    let sees_accounts = visit.is(Role::Admin) || visit.is(Role::Auditor);
    let staff = STAFF.into_iter().filter(|(address, _)| is_staff && (*address != "/notices" || sees_notices));
    let accounts = sees_accounts.then_some(("/accounts", "shell.accounts.title"));
    let all = daily(visit).chain(staff).chain(EVERYBODY).chain(accounts);
    let mut found: Vec<Place> = Vec::new();
    for (address, message) in all {
        let name =
            Label { zh: Language::Chinese.text(message).to_owned(), en: Language::English.text(message).to_owned() };
        if is_meant(words, &name) && !found.iter().any(|place| place.address == address) {
            let name = parts(name.text(visit.language), words);
            found.push(Place { name, within: String::new(), address: address.to_owned() });
        }
    }
    found
}

fn ledgers(visit: &Visit, words: &Words) -> Vec<Place> {
    let readable = visit.app.catalogue().registers.values();
    let readable = readable.filter(|register| visit.actor.scope(register, Act::Read) != Scope::Nothing);
    let meant = readable.filter(|register| is_meant(words, &register.label));
    let place = |register: &bilan_records::catalogue::Register| Place {
        name: parts(register.label.text(visit.language), words),
        within: systems::label(&register.system, visit.language).to_owned(),
        address: format!("/records/{}", register.key),
    };
    meant.map(place).collect()
}

fn figures(visit: &Visit, words: &Words) -> Vec<Place> {
    let shown = visit.app.catalogue().figures.values().filter(|figure| visit.actor.is_staff() && !figure.hidden);
    let meant = shown.filter(|figure| is_meant(words, &figure.label));
    let place = |figure: &bilan_records::catalogue::Figure| Place {
        name: parts(figure.label.text(visit.language), words),
        within: systems::label(&figure.system, visit.language).to_owned(),
        address: format!("/figures/{}/records", figure.key),
    };
    meant.map(place).collect()
}

fn reports(visit: &Visit, words: &Words) -> Vec<Place> {
    let meant = visit.app.catalogue().reports.values();
    let meant = meant.filter(|report| visit.actor.is_staff() && is_meant(words, &report.label));
    let place = |report: &bilan_records::catalogue::Report| Place {
        name: parts(report.label.text(visit.language), words),
        within: String::new(),
        address: format!("/reports/{}", report.key),
    };
    meant.map(place).collect()
}
