//! A bureau at work: pages, gateway, bridge and clocks, started together and stopped together.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bilan_gateway::simulator::{self, SimulatedDevice};
use bilan_gateway::{DeviceDirectory, Forwarding, Readmission, SimulateOptions, simulate};
use bilan_notify::{Outbox, PushKey, Sender};
use bilan_web::accounts::{DEMO_ACCOUNTS, DEMO_PASSWORD};
use bilan_web::{Family, Notices};
use jiff::Timestamp;
use tokio::net::TcpListener;

use crate::anchor::Anchors;
use crate::bridge::Bridge;
use crate::bureau::Bureau;
use crate::calling::Calling;
use crate::commander::Commander;
use crate::configuration::Configuration;
use crate::data_folder::{Served, UPLOADS, private_file};
use crate::demonstration::Demonstration;
use crate::logging::put_out;
use crate::parts::Parts;
use crate::reviewer::Reviewer;
use crate::stations::StationDirectory;
use crate::suspicion::Suspicion;
use crate::{alarms, clock, http, jobs, pages, reports, room, stations, uploads};

/// Between two packets of a device of the demonstration.
const DEMONSTRATED_INTERVAL: Duration = Duration::from_secs(10);
/// Hours that devices of the demonstration fill in first.
pub(crate) const DEMONSTRATED_HOURS: u32 = 48;

/// What is to run.
pub struct Plan {
    /// Addresses, data and limits.
    pub configuration: Configuration,
    /// The sample district instead of a bureau's own data.
    pub demonstration: Option<Demonstration>,
}

/// Runs until it is told to stop (SIGINT, SIGTERM).
pub fn run(plan: Plan, served: Served) -> Result<()> {
    // Whatever this process makes is its own: databases, logs, uploads.
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    plan.configuration.anchor.check(&plan.configuration.data)?;
    let bureau = Bureau::open(&plan.configuration.data)?;
    for lacking in &bureau.ledger.catalogue().without {
        tracing::warn!("{lacking}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(work(&plan, bureau, served))
}

async fn work(plan: &Plan, bureau: Bureau, mut served: Served) -> Result<()> {
    let configuration = &plan.configuration;
    let observations = bureau.observations()?;
    let stations = Arc::new(StationDirectory::open(Arc::clone(&bureau.ledger))?);
    let devices = listen(&configuration.devices, "devices").await?;
    let listener = listen(&configuration.http, "http").await?;
    let pages_address = listener.local_addr()?;
    served.listens(pages_address)?;
    let simulated = plan.demonstration.is_some();

    let directory: Arc<dyn DeviceDirectory> = if simulated {
        Arc::new(simulator::WithFleet(Arc::clone(&stations)))
    } else {
        Arc::clone(&stations) as Arc<dyn DeviceDirectory>
    };
    let gateway = bilan_gateway::serve(
        devices,
        observations.clone(),
        directory,
        bilan_gateway::Settings {
            trusted_proxies: configuration.trusted_proxies.clone(),
            ..configuration.gateway.clone()
        },
        clock::for_devices(),
    )?;
    let gateway_address = gateway.address();

    let mut parts = Parts::default();
    let accounts = Arc::new(pages::accounts(&bureau)?.with_rules(configuration.accounts.clone()));
    let site = pages::site(plan, pages_address);
    let outbox = Arc::new(Outbox::open(&private_file(bureau.data.join("notices.db"))?)?);
    let anchors = Anchors::open(Arc::clone(&bureau.ledger), configuration.anchor.clone(), Arc::clone(&outbox))?;
    if anchors.are_wanted() {
        parts.spawn_fallible("anchors", anchors.run());
    }
    let key = PushKey::open_or_create(&bureau.data.join("push.key"))?;
    let sender = Arc::new(Sender::new(configuration.notify.clone(), key));
    let calling = Calling::new(
        Arc::clone(&bureau.ledger),
        Arc::clone(&accounts),
        Arc::clone(&outbox),
        Arc::clone(&sender),
        &site,
    );
    let bridge = Bridge::new(Arc::clone(&bureau.ledger), observations.clone(), simulated).calling(calling.clone());
    parts
        .spawn("signs of tampering", Suspicion::new(observations.clone(), Arc::clone(&stations), bridge.clone()).run());
    let repairs = bridge.repairs();
    parts.spawn_fallible("records of warnings", bridge.run());
    parts.spawn("notices", bilan_notify::dispatch(Arc::clone(&outbox), Arc::clone(&sender), Arc::new(Timestamp::now)));
    let calling_administrators = calling.clone();
    parts.spawn("escalation", jobs::escalate(calling, observations.clone(), Arc::clone(&outbox)));
    parts.spawn(
        "calls of administrators",
        alarms::watch(calling_administrators, gateway.alarms().subscribe(), accounts.guesses()),
    );
    let patience = configuration.gateway.patience();
    let switchboard = gateway.switchboard().clone();
    parts.spawn(
        "commands to devices",
        Commander::new(Arc::clone(&bureau.ledger), Arc::clone(&stations), switchboard, patience).run(),
    );
    let readmission = Readmission::default();
    parts.spawn("stations", stations::follow(Arc::clone(&stations), observations.clone(), readmission.clone()));
    parts.spawn(
        "deadlines",
        jobs::keep_clocks(Arc::clone(&bureau.ledger), Arc::clone(&stations), observations.clone(), readmission),
    );
    parts.spawn("air quality indexes", jobs::keep_indexes(Arc::clone(&bureau.ledger), observations.clone()));
    parts.spawn("sealing of observations", jobs::seal_observations(observations.clone()));
    parts.spawn("watch of the disk", room::watch(bureau.data.clone()));
    parts.spawn("sweeping of uploads", uploads::keep_small(bureau.data.join(UPLOADS)));
    parts.spawn("retention of observations", jobs::retire_observations(observations.clone(), configuration.retention));
    parts.spawn("reviews", Reviewer::new(Arc::clone(&bureau.ledger), observations.clone()).run());
    if plan.demonstration.is_some_and(|demonstration| demonstration.devices) {
        parts.spawn(
            "simulated devices",
            play(gateway_address, stations.devices().iter().map(|device| SimulatedDevice::from(&**device)).collect()),
        );
    }

    let forwarding = configuration.forward.as_ref().map(|forward| Forwarding::new(&forward.to));
    if let Some((forward, forwarding)) = configuration.forward.clone().zip(forwarding.clone()) {
        let store = observations.clone();
        parts.spawn_fallible("forwarding", async move {
            Ok(bilan_gateway::forward(store, forward, clock::for_devices(), forwarding).await?)
        });
    }
    let broker = configuration.mqtt.as_ref().map(reports::MqttSettings::link);
    if let Some((mqtt, link)) = configuration.mqtt.clone().zip(broker.clone()) {
        parts.spawn("reports over MQTT", reports::mqtt(gateway.reports().clone(), mqtt, link));
    }

    let notices =
        Notices { outbox, public_key: sender.public_key(), push_hosts: configuration.notify.push.hosts.clone() };
    let state = pages::state(plan, &bureau, observations, accounts, site, &gateway, forwarding)?;
    let state = state.with_notices(notices).with_metrics(move |metrics| {
        let family = Family::gauge("bilan_warnings_without_record", "Warnings whose record is missing in the ledger.");
        metrics.put(family, repairs.missing());
        let family = Family::gauge("bilan_warnings_without_call", "Calls for warnings that could not be made so far.");
        metrics.put(family, repairs.calls_missing());
    });
    let state = match broker {
        Some(link) => {
            let counted = link.clone();
            let state = state.with_metrics(move |metrics| counted.put(metrics));
            state.with_broker(move || serde_json::to_value(link.now()).unwrap_or_default())
        }
        None => state,
    };
    let (broken, accepts) = (parts.broken(), gateway.accepts());
    let state = state.with_parts(move || {
        let mut names = broken.names();
        if !accepts() {
            names.push("gateway");
        }
        names
    });
    parts.spawn("look at readiness", state.clone().watch_readiness());
    announce(plan, pages_address, gateway_address);
    let router =
        bilan_web::router(state).merge(reports::http(gateway.reports().clone(), configuration.trusted_proxies.clone()));
    let trusted = configuration.trusted_proxies.clone();
    let answered = http::serve(listener, router, configuration.http_server, trusted, told_to_stop());
    // Pages that listen for events never end by themselves: five seconds after the word they are cut off.
    tokio::select! {
        () = answered => {}
        () = grace() => {}
        () = parts.watch() => {}
    }
    parts.stop().await;
    gateway.stop().await;
    Ok(())
}

async fn listen(address: &str, what: &str) -> Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address} ({what}); is another program there?"))
}

async fn play(gateway: SocketAddr, devices: Vec<SimulatedDevice>) {
    let options = SimulateOptions {
        interval: DEMONSTRATED_INTERVAL,
        history_hours: DEMONSTRATED_HOURS,
        ..SimulateOptions::new(gateway.to_string(), devices, clock::for_devices())
    };
    let troubles = simulator::troubles(options.faults.clone(), options.devices.clone());
    tokio::join!(simulate(options), troubles);
}

fn announce(plan: &Plan, pages: SocketAddr, gateway: SocketAddr) {
    if plan.demonstration.is_some() {
        let names: Vec<&str> = DEMO_ACCOUNTS.iter().map(|(name, ..)| *name).collect();
        put_out(format_args!("accounts: {} (password {DEMO_PASSWORD})", names.join(", ")));
    }
    put_out(format_args!("devices: {gateway} (HJ 212 over TCP)"));
    put_out(format_args!("data: {}", shown(&plan.configuration.data)));
    put_out(format_args!("ready: http://{pages}/"));
}

fn shown(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

async fn grace() {
    told_to_stop().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
}

async fn told_to_stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
