//! Reports of devices in JSON, over HTTP (`POST /devices/report`) and over MQTT.

mod link;

use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router, body::Body};
use bilan_admission::TrustedProxies;
use bilan_gateway::{Report, ReportFault, ReportIntake};
use bilan_storage::Lasting;
use bilan_telemetry::{StoreError, TimeFault};
use bilan_web::{BodyFault, read_body};
use serde_json::json;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use self::link::BrokerLink;
use self::link::Pauses;

use rumqttc::{AsyncClient, Event, MqttOptions, Packet, Publish, QoS};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::unwritable::unwritable;

/// Largest report.
const LARGEST: usize = 256 * 1024;

/// Reports that may wait in the client of a broker.
const WAITING: usize = 64;

/// Messages that are being stored at the same time; the rest wait at the broker.
const AT_ONCE: usize = 64;

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
        Err(fault) => return refused(not_whole(fault)),
    };
    let report: Report = match serde_json::from_slice(&body) {
        Ok(report) => report,
        Err(fault) => {
            let zh = "上报内容无法读取，请按接入说明的 JSON 格式发送".to_owned();
            let en = format!("the report cannot be read: {fault}");
            return refused((StatusCode::UNPROCESSABLE_ENTITY, zh, en));
        }
    };
    match taken.intake.take(&report, &body, &taken.sender(peer, &headers)).await {
        Ok(receipt) => Json(json!({ "stored": receipt.observations, "duplicate": receipt.duplicate })).into_response(),
        Err(fault) => {
            if let ReportFault::Store(fault) = &fault {
                tracing::error!("a report could not be stored: {fault}");
            }
            refused(not_taken(&fault, &report.mn))
        }
    }
}

/// How a report is refused: with which status, and in Chinese and English why.
type Refused = (StatusCode, String, String);

/// The body of a report did not come whole.
fn not_whole(fault: BodyFault) -> Refused {
    let (status, zh, en) = match fault {
        BodyFault::Stalled => {
            (StatusCode::REQUEST_TIMEOUT, "上报内容没有在时限内送达", "the report did not arrive in time")
        }
        BodyFault::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "上报内容过大", "the report is too large"),
        BodyFault::Broken => (StatusCode::BAD_REQUEST, "上报内容没有全部送达", "the report did not arrive whole"),
    };
    (status, zh.to_owned(), en.to_owned())
}

/// Why a report of this device was not taken.
fn not_taken(fault: &ReportFault, mn: &str) -> Refused {
    let zh = match fault {
        // One answer for both: only the guesses at a device that is known are counted.
        ReportFault::Identity { .. } | ReportFault::Slowed { .. } => {
            return (StatusCode::UNAUTHORIZED, not_from_zh(mn), not_from(mn));
        }
        ReportFault::Store(_) => {
            let en = "the report could not be stored: send it again".to_owned();
            return (StatusCode::SERVICE_UNAVAILABLE, "上报内容未能保存，请重新发送".to_owned(), en);
        }
        ReportFault::Time { time } => {
            format!("时间“{time}”无法识别，请写成 2026-05-04T10:00:00+08:00 或 20260504100000")
        }
        ReportFault::Empty => "没有监测值".to_owned(),
        ReportFault::Value { factor, value } => format!("“{factor}”的值“{value}”不是数字"),
        ReportFault::Clock(fault) => {
            let why = match fault {
                TimeFault::Missing => "没有可识别的时间",
                TimeFault::Ahead => "时间在未来",
                TimeFault::LongPast => "时间早于2005年",
                TimeFault::Taken => "时钟停走或回拨",
            };
            format!("上报时间不可信（{why}），数据已隔离，请校准设备时钟")
        }
        ReportFault::Unwritable(fault) => unwritable(fault).0,
    };
    (StatusCode::UNPROCESSABLE_ENTITY, zh, fault.to_string())
}

fn not_from_zh(mn: &str) -> String {
    format!("设备 {mn} 不能上报，或密码错误，或该地址密码错误次数过多：请核对设备编号和密码，一分钟后重新发送")
}

/// Why a report was not taken that is not the device's, or may not be.
fn not_from(mn: &str) -> String {
    format!(
        "the device {mn} may not report, or its password is wrong, or too many wrong ones came from this address: \
         check both, and send the report again after a minute"
    )
}

fn refused((status, zh, en): Refused) -> Response {
    (status, Json(json!({ "error": en, "zh": zh }))).into_response()
}

/// A broker of MQTT whose messages are reports.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    #[schemars(extend("secret" = true))]
    pub password: String,
}

impl MqttSettings {
    /// How the connection to this broker stands, before there is one.
    pub fn link(&self) -> BrokerLink {
        BrokerLink::to(format!("{}:{}", self.host, self.port), &self.topic)
    }
}

// Without the password: settings are printed and logged.
impl std::fmt::Debug for MqttSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { host, port, topic, client, user, password: _ } = self;
        f.debug_struct("MqttSettings")
            .field("host", host)
            .field("port", port)
            .field("topic", topic)
            .field("client", client)
            .field("user", user)
            .finish_non_exhaustive()
    }
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
pub async fn mqtt(intake: ReportIntake, settings: MqttSettings, link: BrokerLink) {
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
    let (mut pauses, mut connected_at) = (Pauses::new(), None::<Instant>);
    // They end with this.
    let mut taking = JoinSet::new();
    let mut lines = Lasting::default();
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
                if lines.note(&Ok::<_, Infallible>(())).is_some() {
                    tracing::info!(host = settings.host, "the broker is there again");
                }
                link.is_up();
                connected_at = Some(Instant::now());
                if let Err(fault) = client.try_subscribe(&settings.topic, QoS::AtLeastOnce) {
                    tracing::error!(topic = settings.topic, "the topic could not be subscribed to: {fault}");
                }
            }
            Ok(Event::Incoming(Packet::Publish(message))) => {
                link.took();
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
                link.failed();
                if lines.note(&Err::<(), _>(&fault)).is_some() {
                    tracing::warn!(host = settings.host, "no broker, tried again within a minute: {fault}");
                }
                let pause = pauses.next(connected_at.take().map(|at| at.elapsed()));
                tokio::time::sleep(pause).await;
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
