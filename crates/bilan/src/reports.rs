//! Reports of devices in JSON, over HTTP (`POST /devices/report`) and over MQTT.

use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router, body::Body};
use bilan_admission::TrustedProxies;
use bilan_gateway::{Report, ReportFault, ReportIntake};
use bilan_telemetry::StoreError;
use bilan_web::{BodyFault, read_body};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rumqttc::{AsyncClient, Event, MqttOptions, Packet, Publish, QoS};
use serde::Deserialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Largest report.
const LARGEST: usize = 256 * 1024;

/// Reports that may wait in the client of a broker.
const WAITING: usize = 64;

/// Messages that are being stored at the same time; the rest wait at the broker.
const AT_ONCE: usize = 64;

/// Between two attempts to reach a broker.
const PAUSE: Duration = Duration::from_secs(5);

/// Between two attempts to store a message.
const STORED_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// The address for reports over HTTP. Who reports shows the device's number and password in the report itself.
pub fn http(intake: ReportIntake, trusted: TrustedProxies) -> Router {
    let taken = Taken { intake, trusted: Arc::new(trusted) };
    Router::new().route("/devices/report", post(report)).with_state(taken)
}

/// What reports over HTTP are taken with.
#[derive(Clone)]
struct Taken {
    intake: ReportIntake,
    trusted: Arc<TrustedProxies>,
}

impl Taken {
    /// Who reports, as the records name it: the address of the connection, or the one that a trusted proxy speaks for.
    fn sender(&self, peer: SocketAddr, headers: &HeaderMap) -> String {
        let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let client = self.trusted.client(peer.ip(), forwarded);
        if client == peer.ip().to_canonical() { format!("http {peer}") } else { format!("http {client}") }
    }
}

async fn report(
    State(taken): State<Taken>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let body = match read_body(body, LARGEST).await {
        Ok(body) => body,
        Err(BodyFault::Stalled) => return refused(StatusCode::REQUEST_TIMEOUT, "the report did not arrive in time"),
        Err(BodyFault::TooLarge) => return refused(StatusCode::PAYLOAD_TOO_LARGE, "the report is too large"),
        Err(BodyFault::Broken) => return refused(StatusCode::BAD_REQUEST, "the report did not arrive whole"),
    };
    let report: Report = match serde_json::from_slice(&body) {
        Ok(report) => report,
        Err(fault) => return refused(StatusCode::UNPROCESSABLE_ENTITY, &format!("the report cannot be read: {fault}")),
    };
    match taken.intake.take(&report, &body, &taken.sender(peer, &headers)).await {
        Ok(receipt) => Json(json!({ "stored": receipt.observations, "duplicate": receipt.duplicate })).into_response(),
        // One answer for both: only the guesses at a device that is known are counted.
        Err(ReportFault::Identity { .. } | ReportFault::Slowed { .. }) => {
            refused(StatusCode::UNAUTHORIZED, &not_from(&report.mn))
        }
        Err(fault @ ReportFault::Store(_)) => {
            tracing::error!("a report could not be stored: {fault}");
            refused(StatusCode::SERVICE_UNAVAILABLE, "the report could not be stored: send it again")
        }
        Err(fault) => refused(StatusCode::UNPROCESSABLE_ENTITY, &fault.to_string()),
    }
}

/// Why a report was not taken that is not the device's, or may not be.
fn not_from(mn: &str) -> String {
    format!(
        "the device {mn} may not report, or its password is wrong, or too many wrong ones came from this address: \
         check both, and send the report again after a minute"
    )
}

fn refused(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "error": message }))).into_response()
}

/// A broker of MQTT whose messages are reports.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MqttSettings {
    /// Host of the broker.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Topic under which reports come; `+` and `#` as MQTT has them.
    pub topic: String,
    /// Name of this client; the broker keeps what comes while it is away.
    pub client: String,
    /// Account at the broker.
    pub user: String,
    /// Its password.
    pub password: String,
}

impl Default for MqttSettings {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 1883,
            topic: "bilan/report/#".to_owned(),
            client: "bilan".to_owned(),
            user: String::new(),
            password: String::new(),
        }
    }
}

/// Takes reports from a broker, without end. A message is acknowledged when its values are on disk, or when it can never be taken and is in quarantine.
pub async fn mqtt(intake: ReportIntake, settings: MqttSettings) {
    let mut options = MqttOptions::new(&settings.client, &settings.host, settings.port);
    options.set_keep_alive(Duration::from_secs(30));
    options.set_clean_session(false);
    options.set_manual_acks(true);
    options.set_max_packet_size(LARGEST, LARGEST);
    if !settings.user.is_empty() {
        options.set_credentials(&settings.user, &settings.password);
    }
    let (client, mut events) = AsyncClient::new(options, WAITING);
    let places = Arc::new(Semaphore::new(AT_ONCE));
    // They end with this.
    let mut taking = JoinSet::new();
    loop {
        // Before the next message is read there is a place for it: what finds none waits at the broker, not in memory.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        while let Some(taken) = taking.try_join_next() {
            if let Err(fault) = taken {
                tracing::error!("a message broke off and is not acknowledged: {fault}");
            }
        }
        match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                if let Err(fault) = client.try_subscribe(&settings.topic, QoS::AtLeastOnce) {
                    tracing::error!(topic = settings.topic, "the topic could not be subscribed to: {fault}");
                }
            }
            Ok(Event::Incoming(Packet::Publish(message))) => {
                let (intake, client) = (intake.clone(), client.clone());
                taking.spawn(async move {
                    store(&intake, &message).await;
                    // Acknowledgements go out while the next message is waited for: they must not hold up that.
                    drop(place);
                    if let Err(fault) = client.ack(&message).await {
                        tracing::warn!("a report could not be acknowledged and will come again: {fault}");
                    }
                });
            }
            Ok(_) => {}
            Err(fault) => {
                tracing::warn!(host = settings.host, "no broker: {fault}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Takes a message until it is on disk, however often that fails: a broker sends it again only on a new connection, and meanwhile sends no more than a
/// few others.
async fn store(intake: &ReportIntake, message: &Publish) {
    let mut is_said = false;
    while let Err(fault) = take(intake, message).await {
        if !std::mem::replace(&mut is_said, true) {
            tracing::error!(topic = message.topic, "a report could not be stored and is tried again: {fault}");
        }
        tokio::time::sleep(STORED_AGAIN_AFTER).await;
    }
}

/// Takes a message; an error only where it could not be stored.
async fn take(intake: &ReportIntake, message: &Publish) -> Result<(), StoreError> {
    let peer = format!("mqtt {}", message.topic);
    let report = match serde_json::from_slice::<Report>(&message.payload) {
        Ok(report) => report,
        Err(fault) => {
            tracing::warn!(topic = message.topic, "a report cannot be read: {fault}");
            return intake.refuse(&message.payload, &peer).await;
        }
    };
    match intake.take(&report, &message.payload, &peer).await {
        Ok(_) => {}
        Err(ReportFault::Store(fault)) => return Err(fault),
        // The gateway raises an alarm of its own; a flood of guesses must not become one of the log.
        Err(fault @ (ReportFault::Identity { .. } | ReportFault::Slowed { .. })) => {
            tracing::debug!(topic = message.topic, "a report was not taken: {fault}");
        }
        Err(fault) => tracing::warn!(topic = message.topic, "a report was not taken: {fault}"),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
