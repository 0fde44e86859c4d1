//! What the pages are given to work with.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use bilan_documents::Fonts;
use bilan_gateway::{Counters, ForwardState, Forwarding, Gateway};
use bilan_records::catalogue::CellLevel;
use bilan_records::contract::View;
use bilan_records::personal::Keyring;
use bilan_records::views::PowerInstallation;
use bilan_telemetry::Store;
use bilan_web::accounts::Accounts;
use bilan_web::{Access, AppState, Family, Metrics, Settings};

use crate::bureau::{Bureau, operator};
use crate::clock::SystemClock;
use crate::data_folder::{UPLOADS, private_file};
use crate::running::Plan;
use crate::uploads;

/// The state behind the pages; in a demonstration with its accounts.
pub fn state(
    plan: &Plan,
    bureau: &Bureau,
    observations: Store,
    accounts: Arc<Accounts>,
    site: String,
    gateway: &Gateway,
    forwarding: Option<Forwarding>,
) -> Result<AppState> {
    let configuration = &plan.configuration;
    if plan.demonstration.is_some() && accounts.is_empty()? {
        accounts
            .seed_demonstration(&first_community(bureau), &watched_enterprise(bureau)?)
            .context("the accounts of the demonstration")?;
    }
    let uploads = bureau.data.join(UPLOADS);
    uploads::sweep_at_start(&uploads);
    let settings = Settings {
        public_url: site,
        secure_cookies: configuration.secure_cookies,
        upload_limit_mb: configuration.upload_limit_mb,
        uploads,
        access: Access {
            trusted_proxies: configuration.trusted_proxies.clone(),
            limits: configuration.limits,
            telephone: configuration.telephone.clone(),
        },
        demo: plan.demonstration.is_some(),
    };
    let fonts = Fonts::discover(&[bureau.files.join("assets/fonts")]);
    if let Err(why) = &fonts {
        tracing::warn!("no PDF: {why}");
    }
    let (counters, alarms) = (Arc::clone(gateway.counters()), gateway.alarms().clone());
    let state = AppState::new(Arc::clone(&bureau.ledger), observations, accounts, Arc::new(SystemClock), settings);
    let state = state
        .with_fonts(fonts.ok())
        .with_metrics(move |metrics| put_gateway(&counters, metrics))
        .with_line_alarms(move || serde_json::to_value(alarms.newest()).unwrap_or_default());
    let Some(forwarding) = forwarding else { return Ok(state) };
    let counted = forwarding.clone();
    let state = state.with_metrics(move |metrics| put_forwarding(&counted.now(), metrics));
    Ok(state.with_forwarding(move || serde_json::to_value(forwarding.now()).unwrap_or_default()))
}

/// How forwarding stands, for `/metrics`.
fn put_forwarding(state: &ForwardState, metrics: &mut Metrics) {
    metrics.put(Family::counter("bilan_forward_sent", "Packets sent to the other platform."), state.sent);
    metrics.put(Family::counter("bilan_forward_answered", "Packets that the other platform took."), state.answered);
    let codes: Vec<(String, u64)> = state.refused.iter().map(|(code, count)| (code.to_string(), *count)).collect();
    let labels: Vec<_> = codes.iter().map(|(code, _)| [("code", code.as_str())]).collect();
    let refused = Family::counter("bilan_forward_refused", "Packets that the other platform refused, by QnRtn.");
    metrics.put_each(refused, labels.iter().zip(&codes).map(|(labels, (_, count))| (&labels[..], *count)));
    let passed_over = Family::counter("bilan_forward_passed_over", "Packets that the other platform did not answer.");
    metrics.put(passed_over, state.passed_over);
    let waiting = Family::gauge("bilan_forward_waiting", "Packets that the other platform does not have yet.");
    metrics.put(waiting, state.waiting);
    if let Some(at) = state.last_answer {
        let last = Family::gauge("bilan_forward_last_answer_seconds", "When it last answered, in seconds of Unix.");
        metrics.put(last, at.as_second());
    }
}

/// What the gateway has seen, for `/metrics`.
fn put_gateway(gateway: &Counters, metrics: &mut Metrics) {
    for number in gateway.now().each() {
        let family = if number.is_level {
            Family::gauge(number.name, number.help)
        } else {
            Family::counter(number.name, number.help)
        };
        metrics.put(family, number.value);
    }
}

/// Address of the site as people type it, without a slash at the end.
pub fn site(plan: &Plan, address: SocketAddr) -> String {
    let site = plan.configuration.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    site.trim_end_matches('/').to_owned()
}

/// The accounts of a data folder; each change of one is left in its journal.
pub fn accounts(bureau: &Bureau) -> Result<Accounts> {
    let path = private_file(bureau.data.join("accounts.db"))?;
    let accounts =
        Accounts::open(&path, Arc::new(SystemClock)).with_context(|| format!("cannot open {}", path.display()))?;
    let keyring = Keyring::open_or_create(&bureau.data.join("personal.key"))?;
    Ok(accounts.with_keyring(keyring).witnessed_by(Arc::clone(&bureau.ledger))?)
}

/// The cell of the demonstration's grid member: the first community of the district.
fn first_community(bureau: &Bureau) -> String {
    let district = &bureau.ledger.catalogue().district;
    let community = district.cells.values().find(|cell| cell.level == CellLevel::Community);
    community.map_or_else(|| district.adcode.clone(), |cell| cell.code.clone())
}

/// The enterprise of the demonstration's enterprise account: one whose electricity is watched: it has permits and waste to declare as well.
fn watched_enterprise(bureau: &Bureau) -> Result<String> {
    let query = PowerInstallation::query().only(PowerInstallation::enterprise().is_filled()).at_most(1);
    let watched = PowerInstallation::list(&bureau.ledger, &operator(), query)?.records;
    let number = watched.into_iter().next().map(|installation| installation.fields.enterprise.into_number());
    Ok(number.unwrap_or_default())
}
