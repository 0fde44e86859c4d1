//! A small bureau with the shipped registers: four stations, two complaints, a post; its clock stands at a quarter past eight in the evening.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use bilan_records::actor::Actor;
use bilan_records::catalogue::{self, Role};
use bilan_records::ledger::{JsonMap, Key, Ledger, Write};
use bilan_records::personal::Keyring;
use bilan_standards::clock::{Clock, FixedClock};
use bilan_telemetry::{Device, Store, Submission, rules};
use bilan_web::accounts::{Accounts, DEMO_ACCOUNTS, NewAccount};
use bilan_web::{AppState, Settings};
use futures_util::StreamExt;
use hj212::{Event, Flag, Message, Mode, packets};
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tower::ServiceExt;

/// An hour of all six items; PM2.5 of 41 µg/m³ makes an index of 62.
pub const SIX: [(&str, &str); 6] =
    [("a34004", "41"), ("a34002", "50"), ("a21026", "7"), ("a21004", "31"), ("a05024", "72"), ("a21005", "0.74")];

const PASSWORD: &str = "correct horse";
const NOW: &str = "2026-11-23T12:15:00Z";

pub struct Bureau {
    folder: TempDir,
    pub ledger: Arc<Ledger>,
    pub store: Store,
    accounts: Arc<Accounts>,
    router: Router,
}

/// What came back.
pub struct Page {
    pub status: StatusCode,
    pub kind: String,
    pub text: String,
}

impl Page {
    /// The text about a word, for messages.
    pub fn near(&self, word: &str) -> String {
        let Some(at) = self.text.find(word) else {
            return format!("“{word}” is not in the page ({})", self.status);
        };
        let letters: Vec<char> = self.text[at..].chars().take(400).collect();
        letters.into_iter().collect()
    }
}

/// An open stream of events.
pub struct Events(axum::body::BodyDataStream);

impl Events {
    /// The next event, within a minute.
    pub async fn next(&mut self) -> String {
        let next = tokio::time::timeout(std::time::Duration::from_secs(60), self.0.next());
        let bytes = next.await.expect("an event in time").expect("the stream is open").expect("bytes");
        String::from_utf8(bytes.to_vec()).expect("text")
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Whose account plays a role.
pub fn person(role: Role) -> &'static str {
    DEMO_ACCOUNTS.iter().find(|(.., other)| *other == role).map_or("某人", |(_, person, _)| *person)
}

fn now() -> Timestamp {
    NOW.parse().expect("an instant")
}

fn device(mn: &str) -> Arc<Device> {
    let (station, name, kind) = match mn {
        "A1" => ("ZD-A", "测试空气站", "air"),
        "W1" => ("ZD-W", "圭塘河水质站", "water"),
        "P1" => ("ZD-P", "印务用电终端", "power"),
        "O1" => ("ZD-O", "城南空气站", "air"),
        _ => ("ZD-N", "坡子街噪声站", "noise"),
    };
    Arc::new(Device::new(mn, "654321", station, name, kind))
}

impl Bureau {
    pub fn open() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock: Arc<dyn Clock> = Arc::new(FixedClock::at(now()));
        let catalogue = catalogue::load(&root()).unwrap_or_else(|faults| panic!("{faults}"));
        let keyring = Keyring::new([7; 32]);
        let ledger = Ledger::open(&folder.path().join("records.db"), Arc::new(catalogue), clock.clone(), keyring);
        let ledger = Arc::new(ledger.expect("a ledger"));
        let rules = rules::parse("test.toml", OXYGEN).expect("a rule");
        let store = Store::open(&folder.path().join("observations.db"), rules).expect("a store");
        let accounts = Accounts::open(&folder.path().join("accounts.db"), clock.clone()).expect("accounts");
        let accounts = Arc::new(accounts.with_quick_hash());
        let settings = Settings {
            public_url: "http://localhost".to_owned(),
            secure_cookies: false,
            upload_limit_mb: 4,
            uploads: folder.path().to_owned(),
            access: bilan_web::Access::default(),
            demo: true,
        };
        let state = AppState::new(ledger.clone(), store.clone(), accounts.clone(), clock, settings);
        let state = state.with_forwarding(|| {
            json!({
                "to": "10.0.0.8:9212", "sent": 130, "answered": 70, "refused": { "4": 54 }, "refused_devices": { "W1": 4 },
                "passed_over": 6, "waiting": 3, "last_answer": NOW, "unanswering": ["N1"], "fault": "silent",
            })
        });
        let state = state.with_broker(|| {
            json!({ "broker": "10.0.0.9:1883", "topic": "bilan/report/#", "is_up": false, "since": NOW, "failures": 17, "reports": 2048 })
        });
        let state = state.with_line_alarms(|| {
            let at = NOW;
            json!([
                { "kind": "guessing", "mn": "W1", "from": "10.1.2.3:40112", "last": at, "times": 21 },
                { "kind": "doubled", "mn": "N1", "from": "10.1.2.4:5", "first": "10.1.2.5:6", "last": at, "times": 2 },
            ])
        });
        let bureau = Self { folder, ledger, store, accounts, router: bilan_web::router(state) };
        bureau.enter_records();
        bureau.enter_accounts();
        bureau
    }

    fn enter_accounts(&self) {
        for role in [Role::Admin, Role::Duty, Role::Grid, Role::Enterprise] {
            let account = NewAccount {
                name: role.key().to_owned(),
                display_name: person(role).to_owned(),
                password: PASSWORD.to_owned(),
                roles: vec![role],
                cell: (role == Role::Grid).then(|| "430103005".to_owned()),
                enterprise: (role == Role::Enterprise).then(|| "QY-1".to_owned()),
            };
            self.accounts.create(&account, "test").expect("an account");
        }
    }

    pub fn enter(&self, register: &str, values: Json) {
        let Json::Object(given) = values else { panic!("an object") };
        let mut values = filled(&self.ledger.catalogue().registers[register]);
        values.extend(given);
        self.enter_map(register, values);
    }

    fn enter_map(&self, register: &str, values: JsonMap) {
        bilan_records::exchange::load(
            &self.ledger,
            &Actor::system("test"),
            std::iter::once((register.to_owned(), values)),
            true,
        )
        .unwrap_or_else(|error| panic!("{register}: {error}"));
    }

    /// Somebody changes fields of a record.
    pub fn edits(&self, register: &str, number: &str, values: Json) {
        let Json::Object(values) = values else { panic!("an object") };
        let actor = Actor::system("test");
        let version = self.ledger.record(&actor, register, number, None).expect("read").version;
        let write = bilan_records::ledger::Write::default();
        self.ledger.edit(&actor, register, number, version, values, write).unwrap_or_else(|error| panic!("{error}"));
    }

    fn enter_records(&self) {
        let inside = self.place_in("430103005");
        let outside = self.place_in("430103002");
        self.enter("noise_zone", json!({
            "number": "SG-1", "code": "SG-1", "name": "二类区", "zone_class": "zone_2", "place": inside,
            "bounds_text": "四至", "area_km2": 1.5, "day_limit": 60, "night_limit": 50, "basis": "长政发〔2018〕1号",
            "effective_on": "2019-01-01",
        }));
        for (number, mn, name, kind, more) in [
            ("ZD-A", "A1", "测试空气站", "air", json!({})),
            ("ZD-W", "W1", "圭塘河水质站", "water", json!({ "target_class": "iii" })),
            ("ZD-N", "N1", "坡子街噪声站", "noise", json!({ "noise_zone": "SG-1" })),
        ] {
            let mut values = json!({
                "number": number, "state": "running", "code": number, "name": name, "kind": kind,
                "ownership": "district", "place": inside, "mn": mn, "password": "654321",
                "commissioned_on": "2020-01-01",
            });
            for (key, value) in more.as_object().expect("an object") {
                values[key] = value.clone();
            }
            self.enter("station", values);
        }
        self.enter("enterprise", json!({ "number": "QY-1", "name": "天心印务有限公司", "place": inside, "credit_code": "91430103MA4L16JQ9Q" }));
        self.enter(
            "power_installation",
            json!({ "number": "YD-1", "name": "天心印务用电监测", "enterprise": "QY-1", "place": inside, "installed_on": "2020-03-01" }),
        );
        self.enter("station", json!({
            "number": "ZD-P", "state": "running", "code": "ZD-P", "name": "印务用电终端", "kind": "power", "ownership": "enterprise",
            "place": inside, "mn": "P1", "password": "654321", "commissioned_on": "2020-01-01", "power_installation": "YD-1",
        }));
        for (number, subject, place) in [("TS-1", "夜间施工噪声", &inside), ("TS-2", "餐饮油烟", &outside)] {
            let mut place = place.clone();
            place["address"] = json!("解放西路8号3栋");
            self.enter(
                "complaint",
                json!({
                    "number": number, "subject": subject, "place": place, "received_at": "2026-11-20T22:10:00+08:00",
                }),
            );
        }
        self.enter("agency", json!({ "number": "DW-1", "name": "天心分局", "short_name": "分局", "kind": "bureau", "listed_on": "2020-01-01" }));
        self.enter(
            "staff_post",
            json!({
                "number": "GWZ-1", "state": "filled", "name": "区网格长岗", "level": "district", "grid_code": "430103",
                "kind": "leader", "holder": "李强", "agency": "DW-1", "since_on": "2020-01-01",
            }),
        );
    }

    /// A point inside of a cell.
    pub fn place_in(&self, cell: &str) -> Json {
        let cell = &self.ledger.catalogue().district.cells[cell];
        let [west, south, east, north] = cell.bounds();
        let points = (1..100).flat_map(|x| (1..100).map(move |y| (f64::from(x) / 100.0, f64::from(y) / 100.0)));
        let (lon, lat) = points
            .map(|(x, y)| (west + (east - west) * x, south + (north - south) * y))
            .find(|(lon, lat)| cell.contains(*lon, *lat))
            .expect("a point inside");
        json!({ "lon": lon, "lat": lat })
    }

    /// A device sends a packet, a few seconds ago.
    pub fn sends(&self, mn: &str, cn: &str, time: &str, values: &[(&str, &str)]) {
        let message = values.iter().fold(message(cn, mn, time), |message, (factor, value)| {
            let suffix = match cn {
                "2011" => "Rtd",
                _ if factor.starts_with('L') => "Data",
                _ => "Avg",
            };
            message.group([
                (format!("{factor}-{suffix}"), (*value).to_owned()),
                (format!("{factor}-Flag"), "N".to_owned()),
            ])
        });
        self.append(mn, &message);
    }

    /// A device sends one value with a mark.
    pub fn sends_marked(&self, mn: &str, time: &str, factor: &str, value: &str, flag: &str) {
        let message = message("2011", mn, time)
            .group([(format!("{factor}-Rtd"), value.to_owned()), (format!("{factor}-Flag"), flag.to_owned())]);
        self.append(mn, &message);
    }

    fn append(&self, mn: &str, message: &Message) {
        self.append_of(device(mn), message);
    }

    /// A device sends one packet of instants, a few seconds ago, in units of its own.
    pub fn sends_scaled(&self, mn: &str, time: &str, values: &[(&str, &str)], scales: &[(&str, f64)]) {
        let scales = scales.iter().map(|(factor, scale)| ((*factor).to_owned(), *scale)).collect();
        let device = Device { scales, ..(*device(mn)).clone() };
        let message = values.iter().fold(message("2011", mn, time), |message, (factor, value)| {
            message.group([(format!("{factor}-Rtd"), *value)])
        });
        self.append_of(Arc::new(device), &message);
    }

    fn append_of(&self, device: Arc<Device>, message: &Message) {
        let bytes = message.encode().expect("a clean message");
        let Some(Event::Packet { packet, .. }) = packets(&bytes, Mode::Tolerant).next() else {
            panic!("a good packet")
        };
        let submission = Submission::new(&packet, device, "10.1.2.3:4", now());
        let store = self.store.clone();
        // Tests run inside of a runtime, where waiting is not allowed.
        std::thread::spawn(move || store.append_blocking(submission)).join().expect("ended").expect("stored");
    }

    /// The gateway puts bytes into quarantine.
    pub async fn quarantines(&self, raw: &[u8], reason: &str) {
        self.store.quarantine(raw.to_vec(), reason, Some("NOBODY"), "10.9.9.9:1", now()).await.expect("kept");
        for _ in 0..6000 {
            if !self.store.quarantined(1).expect("read").is_empty() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("nothing in quarantine");
    }

    /// The bridge enters the open warning; its number.
    pub fn enters_warning(&self) -> String {
        let open = self.store.open_warnings().expect("read");
        let warning = open.first().expect("an open warning");
        let values = json!({
            "subject": warning.message.zh, "rule_key": warning.rule, "rule_name": warning.label.zh,
            "rule_edition": warning.edition, "lasted_min": 2, "level": warning.level.name(), "medium": "water",
            "station": warning.station, "value": warning.value, "threshold": warning.threshold,
            "opened_at": warning.opened_at.to_string(),
        });
        let Json::Object(values) = values else { panic!("an object") };
        let write = Write::under(Key::bridged("warning", &warning.id));
        self.ledger.create(&Actor::system("rules"), "warning", values, write).expect("entered").number
    }

    pub fn state_of(&self, register: &str, number: &str) -> String {
        let record = self.ledger.record(&Actor::system("test"), register, number, None).expect("a record");
        record.state.unwrap_or_default()
    }

    pub async fn page(&self, role: Role, address: &str) -> Page {
        self.page_in(role, address, "zh").await
    }

    pub async fn page_in(&self, role: Role, address: &str, language: &str) -> Page {
        let request = Request::get(address).header(header::COOKIE, self.cookies(role, language));
        self.answer(request.body(Body::empty()).expect("a request")).await
    }

    pub async fn as_guest(&self, address: &str) -> Page {
        self.answer(Request::get(address).body(Body::empty()).expect("a request")).await
    }

    pub async fn listen(&self, role: Role, address: &str) -> Events {
        let request = Request::get(address).header(header::COOKIE, self.cookies(role, "zh"));
        let request = request.body(Body::empty()).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        Events(response.into_body().into_data_stream())
    }

    /// The form of the wall, sent.
    pub async fn acknowledges(&self, role: Role, number: &str) -> Page {
        let (cookie, csrf) = self.session(role);
        self.post(number, &cookie, &format!("csrf={csrf}&idempotency_key=k1")).await
    }

    /// The same without the session's token.
    pub async fn acknowledges_without_token(&self, number: &str) -> Page {
        let (cookie, _) = self.session(Role::Duty);
        self.post(number, &cookie, "idempotency_key=k2").await
    }

    async fn post(&self, number: &str, cookie: &str, body: &str) -> Page {
        let request = Request::post(format!("/warnings/{number}/acknowledge"))
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body.to_owned()));
        self.answer(request.expect("a request")).await
    }

    fn session(&self, role: Role) -> (String, String) {
        let session = self.accounts.sign_in(role.key(), PASSWORD, "10.0.0.1").expect("signed in");
        (format!("bilan_session={}", session.secret), session.csrf)
    }

    fn cookies(&self, role: Role, language: &str) -> String {
        format!("{}; bilan_language={language}", self.session(role).0)
    }

    async fn answer(&self, request: Request<Body>) -> Page {
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let status = response.status();
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.to_owned();
        // An open stream has no end: its head is all that is wanted here.
        let text = if kind == "text/event-stream" {
            String::new()
        } else {
            let bytes = axum::body::to_bytes(response.into_body(), 8 << 20).await.expect("a body");
            String::from_utf8_lossy(&bytes).into_owned()
        };
        Page { status, kind, text }
    }
}

/// A value for every field that a record must have, and for every personal one.
fn filled(register: &catalogue::Register) -> JsonMap {
    use bilan_records::catalogue::FieldKind;
    let value = |kind: &FieldKind| match kind {
        FieldKind::Choice { choices } => json!(choices.keys().next()),
        FieldKind::Choices { choices } => json!([choices.keys().next()]),
        FieldKind::Integer { .. } | FieldKind::Decimal { .. } | FieldKind::Money => json!(1),
        FieldKind::Date => json!("2026-11-20"),
        FieldKind::DateTime => json!("2026-11-20T22:10:00+08:00"),
        FieldKind::YesNo => json!(false),
        FieldKind::Phone => json!("13873100000"),
        FieldKind::Person => json!("王小明"),
        _ => json!("内容"),
    };
    let simple =
        |kind: &FieldKind| !matches!(kind, FieldKind::Reference { .. } | FieldKind::Place | FieldKind::Table { .. });
    let wanted = register.fields.values().filter(|field| (field.required || field.personal) && simple(&field.kind));
    wanted.map(|field| (field.key.clone(), value(&field.kind))).collect()
}

fn message(cn: &str, mn: &str, time: &str) -> Message {
    Message {
        qn: Some(format!("{time}000")),
        pw: Some("654321".into()),
        ..Message::new("22", cn, mn, Flag::new(1, false, true))
    }
    .group([("DataTime", time)])
}

const OXYGEN: &str = r#"
[dissolved_oxygen_crash]
label = { zh = "溶解氧骤降", en = "Dissolved oxygen crash" }
stations = "water"
factor = "w01009"
factor_name = { zh = "溶解氧", en = "Dissolved oxygen" }
unit = "mg/L"
op = "<"
threshold = 2.0
level = "alarm"
message = { zh = "{station}溶解氧 {value} {unit}", en = "{station}: {value} {unit}" }
[noise_hour]
label = { zh = "噪声超限", en = "Noise beyond the limit" }
stations = "noise"
factor = "Leq"
factor_name = { zh = "等效声级", en = "Equivalent level" }
unit = "dB(A)"
kind = "hour"
statistic = "data"
op = ">"
threshold = 90
clear_for = "2h"
level = "info"
message = { zh = "{station} {value} {unit}", en = "{station}: {value} {unit}" }
"#;
