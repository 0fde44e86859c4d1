//! A bureau with the shipped registers and an account of every role, asked through its router. Its clock stands on a Monday noon.
#![allow(dead_code, reason = "each test uses a part of it")]

pub mod browser;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use bilan_notify::Outbox;
use bilan_records::actor::Actor;
use bilan_records::catalogue::{self, Catalogue, FieldKind, Role};
use bilan_records::exchange::{ImportError, ImportOutcome};
use bilan_records::ledger::{JsonMap, Ledger, Record, Write};
use bilan_records::personal::Keyring;
use bilan_standards::clock::{Clock, FixedClock};
use bilan_telemetry::{Store, rules};
use bilan_web::accounts::{AccountRules, Accounts, DEMO_ACCOUNTS, NewAccount};
use bilan_web::{AppState, Notices, Settings};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tower::ServiceExt;

pub const PASSWORD: &str = "correct horse";
/// Cell of the grid member, and one beside it.
pub const OWN_CELL: &str = "430103005";
pub const OTHER_CELL: &str = "430103002";
/// Largest upload, in MB.
pub const UPLOAD_MB: u64 = 2;

pub struct Office {
    folder: TempDir,
    pub ledger: Arc<Ledger>,
    pub accounts: Arc<Accounts>,
    pub clock: Arc<FixedClock>,
    router: Router,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Fails unless the page says this.
    pub fn says(&self, words: &str) -> &Self {
        assert!(self.text.contains(words), "“{words}” is not on the page ({}): {}", self.status, self.text);
        self
    }

    pub fn says_not(&self, words: &str) -> &Self {
        let at = self.text.find(words).map(|at| self.text[at..].chars().take(200).collect::<String>());
        assert_eq!(at, None, "“{words}” stands on the page ({})", self.status);
        self
    }

    pub fn is(&self, status: u16) -> &Self {
        let told = self.text.split("<main").nth(1).unwrap_or(&self.text).chars().take(1500).collect::<String>();
        assert_eq!(self.status.as_u16(), status, "{told}");
        self
    }
}

/// A session: its cookie and its token against forged requests.
#[derive(Clone)]
pub struct Signed {
    pub cookie: String,
    pub csrf: String,
}

/// Whose account plays a role.
pub fn person(role: Role) -> &'static str {
    DEMO_ACCOUNTS.iter().find(|(.., other)| *other == role).map_or("某人", |(_, person, _)| *person)
}

impl Office {
    pub fn open() -> Self {
        Self::build(bilan_web::Access::default(), AccountRules::default(), |_| {})
    }

    /// With other rules of passwords and second factors.
    pub fn open_with_rules(rules: AccountRules) -> Self {
        Self::build(bilan_web::Access::default(), rules, |_| {})
    }

    /// With other settings of who comes in.
    pub fn open_with(access: bilan_web::Access) -> Self {
        Self::build(access, AccountRules::default(), |_| {})
    }

    /// A bureau whose files say something else than the shipped ones.
    pub fn with(change: impl FnOnce(&mut Catalogue)) -> Self {
        Self::build(bilan_web::Access::default(), AccountRules::default(), change)
    }

    /// With its data in this folder, notices among them.
    pub fn open_in(folder: TempDir) -> Self {
        let outbox = Arc::new(Outbox::open(&folder.path().join("notices.db")).unwrap());
        let notices = Notices { outbox, public_key: String::new(), push_hosts: Vec::new() };
        let with_notices = |state: AppState| state.with_notices(notices);
        Self::build_in(folder, bilan_web::Access::default(), AccountRules::default(), |_| {}, with_notices)
    }

    /// With something added to what every page works with.
    pub fn open_and(with: impl FnOnce(AppState) -> AppState) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::build_in(folder, bilan_web::Access::default(), AccountRules::default(), |_| {}, with)
    }

    fn build(access: bilan_web::Access, account_rules: AccountRules, change: impl FnOnce(&mut Catalogue)) -> Self {
        Self::build_in(tempfile::tempdir().unwrap(), access, account_rules, change, |state| state)
    }

    fn build_in(
        folder: TempDir,
        access: bilan_web::Access,
        account_rules: AccountRules,
        change: impl FnOnce(&mut Catalogue),
        with: impl FnOnce(AppState) -> AppState,
    ) -> Self {
        let clock = Arc::new(FixedClock::at("2026-11-23T04:00:00Z".parse().unwrap()));
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut catalogue = catalogue::load(&files).unwrap_or_else(|faults| panic!("{faults}"));
        change(&mut catalogue);
        let handed: Arc<dyn Clock> = clock.clone();
        let path = folder.path().join("records.db");
        let ledger = Arc::new(Ledger::open(&path, Arc::new(catalogue), handed.clone(), Keyring::new([7; 32])).unwrap());
        let rules = rules::load(&files.join("rules")).unwrap();
        let store = Store::open(&folder.path().join("observations.db"), rules).unwrap();
        let accounts = Accounts::open(&folder.path().join("accounts.db"), handed.clone()).unwrap().with_quick_hash();
        let accounts = Arc::new(accounts.with_rules(account_rules));
        let settings = Settings {
            public_url: "http://localhost".to_owned(),
            secure_cookies: false,
            upload_limit_mb: UPLOAD_MB,
            uploads: folder.path().join("uploads"),
            access,
            demo: false,
        };
        let state = AppState::new(ledger.clone(), store, accounts.clone(), handed, settings);
        let office = Self { folder, ledger, accounts, clock, router: bilan_web::router(with(state)) };
        for role in Role::ALL {
            let account = NewAccount {
                name: role.key().to_owned(),
                display_name: person(role).to_owned(),
                password: PASSWORD.to_owned(),
                roles: vec![role],
                cell: (role == Role::Grid).then(|| OWN_CELL.to_owned()),
                enterprise: (role == Role::Enterprise).then(|| "QY-1".to_owned()),
            };
            office.accounts.create(&account, "test").unwrap();
        }
        office
    }

    /// A point inside of a cell, with an address.
    pub fn place_in(&self, cell: &str) -> Json {
        let cell = &self.ledger.catalogue().district.cells[cell];
        let [west, south, east, north] = cell.bounds();
        let points = (1..100).flat_map(|x| (1..100).map(move |y| (f64::from(x) / 100.0, f64::from(y) / 100.0)));
        let (lon, lat) = points
            .map(|(x, y)| (west + (east - west) * x, south + (north - south) * y))
            .find(|(lon, lat)| cell.contains(*lon, *lat))
            .unwrap();
        json!({ "lon": lon, "lat": lat, "address": "解放西路8号" })
    }

    /// The values of a complaint that may be entered.
    pub fn complaint(&self, subject: &str) -> Json {
        json!({
            "received_at": "2020-07-15T22:40:00+08:00", "source": "hotline12345", "category": "noise",
            "kind": "construction_night", "subject": subject, "content": "工地夜间浇筑混凝土。",
            "complainant": "王小明", "phone": "13800001234", "confidential": false, "place": self.place_in(OWN_CELL),
        })
    }

    /// Enters a record as the program.
    pub fn enter(&self, register: &str, values: Json) -> Record {
        let Json::Object(values) = values else { panic!("an object") };
        let entered = self.ledger.create(&Actor::system("test"), register, values, Write::default());
        entered.unwrap_or_else(|error| panic!("{register}: {error}"))
    }

    /// A value for every plain field that a record must have.
    pub fn least(&self, register: &str) -> JsonMap {
        let value = |kind: &FieldKind| match kind {
            FieldKind::Choice { choices } => json!(choices.keys().next()),
            FieldKind::Choices { choices } => json!([choices.keys().next()]),
            FieldKind::Integer { .. } | FieldKind::Decimal { .. } | FieldKind::Money => json!(1),
            FieldKind::Date => json!("2020-11-20"),
            FieldKind::DateTime => json!("2020-11-20T22:10:00+08:00"),
            FieldKind::YesNo => json!(false),
            FieldKind::Place => self.place_in(OWN_CELL),
            FieldKind::Phone => json!("0731-85140000"),
            FieldKind::Code(code) => json!(code.example()),
            FieldKind::Person => json!("李强"),
            _ => json!("内容"),
        };
        let simple = |kind: &FieldKind| !matches!(kind, FieldKind::Reference { .. } | FieldKind::Table { .. });
        let fields = self.ledger.catalogue().registers[register].fields.values();
        let wanted = fields.filter(|field| field.required && simple(&field.kind));
        wanted.map(|field| (field.key.clone(), value(&field.kind))).collect()
    }

    /// Enters a record as an import of the program does, with its number and state.
    pub fn load(&self, register: &str, values: JsonMap) {
        self.import(register, values).unwrap_or_else(|error| panic!("{register}: {error}"));
    }

    /// The same; whether the register took it.
    pub fn try_load(&self, register: &str, values: JsonMap) -> bool {
        self.import(register, values).is_ok()
    }

    fn import(&self, register: &str, values: JsonMap) -> Result<ImportOutcome, ImportError> {
        let records = std::iter::once((register.to_owned(), values));
        bilan_records::exchange::load(&self.ledger, &Actor::system("test"), records, false)
    }

    /// Whether there is such a record.
    pub fn has(&self, register: &str, number: &str) -> bool {
        self.ledger.record(&Actor::system("test"), register, number, None).is_ok()
    }

    pub fn record(&self, register: &str, number: &str) -> Record {
        self.ledger.record(&Actor::system("test"), register, number, None).unwrap()
    }

    pub fn count(&self, register: &str) -> u64 {
        self.ledger.count(&Actor::system("test"), &bilan_records::ledger::ListQuery::of(register)).unwrap()
    }

    pub fn sign_in(&self, role: Role) -> Signed {
        let session = self.accounts.sign_in(role.key(), PASSWORD, "10.0.0.1").unwrap();
        Signed { cookie: format!("bilan_session={}; bilan_language=zh", session.secret), csrf: session.csrf }
    }

    pub async fn get(&self, who: &Signed, address: &str) -> Answer {
        self.ask(Request::get(address).header(header::COOKIE, &who.cookie).body(Body::empty()).unwrap()).await
    }

    pub async fn as_guest(&self, address: &str) -> Answer {
        self.ask(Request::get(address).body(Body::empty()).unwrap()).await
    }

    /// Sends a form with the session's token.
    pub async fn post(&self, who: &Signed, address: &str, fields: &[(&str, &str)]) -> Answer {
        let mut fields = fields.to_vec();
        fields.push(("csrf", &who.csrf));
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(address)
            .header(header::COOKIE, &who.cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.ask(request.body(Body::from(body)).unwrap()).await
    }

    /// Sends a form with a file.
    pub async fn upload(&self, who: &Signed, address: &str, name: &str, bytes: &[u8]) -> Answer {
        let mut body = format!(
            "--line\r\ncontent-disposition: form-data; name=\"csrf\"\r\n\r\n{}\r\n--line\r\n\
             content-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n",
            who.csrf
        )
        .into_bytes();
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n--line--\r\n");
        self.send_upload(who, address, Body::from(body)).await
    }

    pub async fn send_upload(&self, who: &Signed, address: &str, body: Body) -> Answer {
        let request = Request::post(address)
            .header(header::COOKIE, &who.cookie)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=line");
        self.ask(request.body(body).unwrap()).await
    }

    /// Calls the API with a token of the role.
    pub async fn call(
        &self,
        role: Role,
        method: Method,
        address: &str,
        headers: &[(&str, &str)],
        body: Json,
    ) -> Answer {
        let token = self.accounts.issue_token(role.key(), "test", "test").unwrap();
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{address}"))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.ask(request.body(body).unwrap()).await
    }

    /// The answer as it begins: of a stream that has no end.
    pub async fn response(&self, request: Request<Body>) -> axum::response::Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.response(request).await;
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 16 << 20).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}
