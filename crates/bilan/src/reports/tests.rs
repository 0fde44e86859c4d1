use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::Request;
use bilan_gateway::{FixedDirectory, Gateway, Settings};
use bilan_telemetry::{Device, Store};
use bilan_web::every_kind;
use rumqttc::AsyncClient;
use serde_json::Value;
use tokio::net::TcpListener;
use tower::ServiceExt;

use super::*;

async fn gateway() -> (tempfile::TempDir, Store, Gateway) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("observations.db"), Vec::new()).unwrap();
    let directory = Arc::new(FixedDirectory::new([Device::new("M1", "123456", "A1", "天心一站", "air")]));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let clock = Arc::new(|| "2026-05-04T02:00:30Z".parse().unwrap());
    let gateway = bilan_gateway::serve(listener, store.clone(), directory, Settings::default(), clock).unwrap();
    (folder, store, gateway)
}

fn report(time: &str) -> String {
    json!({
        "mn": "M1", "password": "123456", "time": time, "values": [{ "factor": "a34004", "value": "35.0" }],
    })
    .to_string()
}

async fn post(router: &Router, body: String) -> (StatusCode, Value) {
    let peer: SocketAddr = "127.0.0.1:9".parse().unwrap();
    let request = Request::post("/devices/report").extension(ConnectInfo(peer)).body(Body::from(body)).unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    let status = answer.status();
    let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

#[tokio::test]
async fn a_report_comes_over_http_and_is_answered_when_it_is_stored() {
    let (_folder, store, gateway) = gateway().await;
    let router = http(gateway.reports().clone(), TrustedProxies::default());
    let time = "2026-05-04T10:00:00+08:00";
    assert_eq!(post(&router, report(time)).await, (StatusCode::OK, json!({ "stored": 1, "duplicate": false })));
    assert_eq!(post(&router, report(time)).await, (StatusCode::OK, json!({ "stored": 0, "duplicate": true })));
    assert_eq!(store.latest("A1")[0].text, "35.0");
    let (status, told) = post(&router, report(time).replace("123456", "654321")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let told = told["error"].as_str().unwrap();
    assert!(told.starts_with("the device M1 may not report, or its password is wrong"), "{told}");
    assert_eq!(post(&router, "{ \"mn\": 1".to_owned()).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(post(&router, "x".repeat(LARGEST + 1)).await.0, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn guesses_at_a_device_that_is_known_are_answered_as_guesses_at_one_that_is_not() {
    let (_folder, store, gateway) = gateway().await;
    let router = http(gateway.reports().clone(), TrustedProxies::default());
    let mut answers = Vec::new();
    for guess in 0..30 {
        let known = report("2026-05-04T10:00:00+08:00").replace("123456", &format!("{guess:06}"));
        let answer = post(&router, known.clone()).await;
        let (status, told) = post(&router, known.replace("M1", "M9")).await;
        let told = told.to_string().replace("M9", "M1");
        assert_eq!((answer.0, answer.1.to_string()), (status, told), "guess {guess}");
        answers.push(answer);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "the first guess is answered as the last one");
    assert_eq!(gateway.counters().now().slowed, 20, "the passwords of the others were not compared");
    let reasons = |reason: &str| store.quarantined(100).unwrap().iter().filter(|held| held.reason == reason).count();
    assert_eq!((reasons("unknown_device"), reasons("wrong_password") + reasons("slowed")), (30, 30), "each is kept");
}

#[tokio::test(start_paused = true)]
async fn a_report_that_stalls_is_answered() {
    let (_folder, _store, gateway) = gateway().await;
    let router = http(gateway.reports().clone(), TrustedProxies::default());
    let peer: SocketAddr = "127.0.0.1:9".parse().unwrap();
    let body = Body::new(Stalled { has_begun: false });
    let request = Request::post("/devices/report").extension(ConnectInfo(peer)).body(body).unwrap();
    let answer = router.oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT);
}

/// A report of which the beginning arrives.
struct Stalled {
    has_begun: bool,
}

impl hyper::body::Body for Stalled {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        if std::mem::replace(&mut self.has_begun, true) {
            return Poll::Pending;
        }
        Poll::Ready(Some(Ok(hyper::body::Frame::data(Bytes::from_static(b"{ \"mn\": ")))))
    }
}

/// A broker that ends with the test.
struct Broker(Child);

impl Drop for Broker {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn broker(port: u16) -> Broker {
    let place =
        ["/usr/sbin/mosquitto", "/usr/bin/mosquitto"].into_iter().find(|place| std::path::Path::new(place).exists());
    let place = place.expect("mosquitto is not installed: ./test installs it");
    let child = Command::new(place).args(["-p", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    Broker(child.unwrap())
}

/// A bureau that takes reports from a broker, and a device that sends them there.
struct Bench {
    store: Store,
    gateway: Gateway,
    settings: MqttSettings,
    taking: tokio::task::JoinHandle<()>,
    device: AsyncClient,
    folder: tempfile::TempDir,
    _broker: Broker,
}

impl Bench {
    async fn new() -> Self {
        let (folder, store, gateway) = gateway().await;
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let broker = broker(port);
        within_a_minute(async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()).await;
        let settings = MqttSettings { port, ..MqttSettings::default() };
        let taking = tokio::spawn(mqtt(gateway.reports().clone(), settings.clone(), settings.link()));
        let (device, mut line) = AsyncClient::new(MqttOptions::new("device", "127.0.0.1", port), 16);
        tokio::spawn(async move { while line.poll().await.is_ok() {} });
        let bench = Self { store, gateway, settings, taking, device, folder, _broker: broker };
        // The subscription takes a moment; what is sent before it nobody keeps.
        within_a_minute(async || {
            bench.send(1).await;
            !bench.store.latest("A1").is_empty()
        })
        .await;
        bench.arrived(1).await;
        bench
    }

    /// Sends the value of a minute.
    async fn send(&self, minute: i64) {
        self.publish(report(&at(minute).to_string())).await;
    }

    async fn publish(&self, payload: String) {
        self.device.publish("bilan/report/M1", QoS::AtLeastOnce, false, payload).await.unwrap();
    }

    /// Waits until the newest value is that of a minute.
    async fn arrived(&self, minute: i64) {
        within_a_minute(async || self.store.latest("A1").first().is_some_and(|value| value.at == at(minute))).await;
    }

    fn minutes(&self) -> usize {
        let series = bilan_telemetry::Series::main("A1", "a34004", bilan_telemetry::Kind::Realtime);
        self.store.range(&series, jiff::Timestamp::MIN, jiff::Timestamp::MAX).unwrap().len()
    }

    /// Changes the file of the store from beside.
    fn beside(&self, sql: &str) {
        let file = rusqlite::Connection::open(self.folder.path().join("observations.db")).unwrap();
        file.busy_timeout(Duration::from_secs(60)).unwrap();
        file.execute_batch(sql).unwrap();
    }
}

/// A minute before ten o'clock of the day of the tests.
fn at(minute: i64) -> jiff::Timestamp {
    "2026-05-04T00:00:00Z".parse::<jiff::Timestamp>().unwrap() + jiff::SignedDuration::from_mins(minute)
}

/// Waits until something is so.
async fn within_a_minute(is_so: impl AsyncFn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(60), async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    waited.await.expect("within a minute");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_come_over_mqtt_also_those_of_the_time_without_us() {
    let bench = Bench::new().await;
    bench.publish("rubbish".to_owned()).await;
    bench.send(2).await;
    // Rubbish before it does no harm.
    bench.arrived(2).await;

    bench.taking.abort();
    // Whether the broker has noticed by now or not: it keeps what nobody took.
    bench.send(3).await;
    let link = bench.settings.link();
    tokio::spawn(mqtt(bench.gateway.reports().clone(), bench.settings.clone(), link.clone()));
    bench.arrived(3).await;
    assert!(link.now().is_up && link.now().reports > 0, "{:?}", link.now());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_report_that_came_while_the_store_failed_is_stored_and_further_ones_come() {
    let bench = Bench::new().await;
    bench.beside("CREATE TRIGGER full BEFORE INSERT ON arrival BEGIN SELECT RAISE(FAIL, 'full'); END");
    // The broker sends twenty that are not acknowledged, and waits then.
    for minute in 2..=50 {
        bench.send(minute).await;
    }
    within_a_minute(async || bench.gateway.counters().now().not_stored >= 20).await;
    assert_eq!(bench.minutes(), 1, "nothing was stored meanwhile");
    bench.beside("DROP TRIGGER full");
    within_a_minute(async || bench.minutes() == 50).await;
    bench.send(51).await;
    bench.arrived(51).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_over_mqtt_take_no_room_from_reports_that_cannot_be_read() {
    let bench = Bench::new().await;
    // Beyond sixty the guesses of the sender are slowed, where the device was heard before.
    for minute in 100..200 {
        bench.publish(report(&at(minute).to_string()).replace("123456", &format!("{minute:06}"))).await;
    }
    bench.publish("rubbish".to_owned()).await;
    let kept = || bench.store.quarantined(1000).unwrap();
    within_a_minute(async || kept().len() == 101).await;
    let guesses: Vec<_> = kept().into_iter().filter(|kept| kept.reason != "bad_report").collect();
    assert_eq!(guesses.len(), 100);
    assert!(guesses.iter().all(|kept| kept.mn.as_deref() == Some("M1")), "each with the device that was guessed at");
    assert!(bench.gateway.counters().now().slowed > 0, "not all of them were compared");
}

every_kind!(every_fault_of_a_report of ReportFault:
    ReportFault::Identity { .. }, ReportFault::Slowed { .. }, ReportFault::Time { .. }, ReportFault::Empty,
    ReportFault::Value { .. }, ReportFault::Clock(TimeFault::Missing), ReportFault::Clock(TimeFault::Ahead),
    ReportFault::Clock(TimeFault::LongPast), ReportFault::Clock(TimeFault::Taken), ReportFault::Unwritable(_),
    ReportFault::Store(_));
every_kind!(every_fault_of_a_body of BodyFault: BodyFault::Stalled, BodyFault::TooLarge, BodyFault::Broken);

#[test]
fn every_reason_why_a_report_is_refused_is_given_in_both_languages() {
    let times = [TimeFault::Missing, TimeFault::Ahead, TimeFault::LongPast, TimeFault::Taken];
    let mut faults = vec![
        ReportFault::Identity { mn: "M1".into() },
        ReportFault::Slowed { wait_s: 60 },
        ReportFault::Time { time: "1".into() },
        ReportFault::Empty,
        ReportFault::Value { factor: "a34004".into(), value: "1,2".into() },
        ReportFault::Unwritable(hj212::EncodeError::EmptyGroup { position: 0 }),
        ReportFault::Store(StoreError::Closed),
    ];
    faults.extend(times.map(ReportFault::Clock));
    every_fault_of_a_report(&faults);
    let bodies = [BodyFault::Stalled, BodyFault::TooLarge, BodyFault::Broken];
    every_fault_of_a_body(&bodies);
    let refused = faults.iter().map(|fault| not_taken(fault, "M1")).chain(bodies.map(not_whole));
    for (status, zh, en) in refused {
        assert!(status.is_client_error() || status.is_server_error());
        let words = zh.split(|character: char| !character.is_ascii_alphabetic());
        assert_eq!(words.filter(|word| word.len() > 1).collect::<Vec<_>>(), Vec::<&str>::new(), "{zh}");
        assert!(!zh.is_ascii() && !en.chars().any(|character| ('\u{4e00}'..='\u{9fff}').contains(&character)), "{en}");
    }
}

#[tokio::test]
async fn a_broker_that_is_not_there_is_counted_and_shown_as_away() {
    let (_folder, _store, gateway) = gateway().await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings = MqttSettings { port, ..MqttSettings::default() };
    let link = settings.link();
    let taking = tokio::spawn(mqtt(gateway.reports().clone(), settings, link.clone()));
    while link.now().failures == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    taking.abort();
    let state = link.now();
    assert_eq!((state.is_up, state.reports, state.broker), (false, 0, format!("127.0.0.1:{port}")));
    let mut metrics = bilan_web::Metrics::default();
    link.put(&mut metrics);
    let text = metrics.into_text();
    assert!(text.contains("bilan_mqtt_connected 0") && text.contains("bilan_mqtt_failures_total"), "{text}");
}
