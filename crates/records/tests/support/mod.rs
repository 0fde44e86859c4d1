//! A small bureau for tests: enterprises and complaints, a clock that can be set, a database in a folder of its own.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::{path::PathBuf, sync::Arc};

use bilan_records::{
    actor::Actor,
    catalogue::{
        Catalogue, CellLevel, ClockEvent, DeadlineRule, District, Field, FieldKind, GridCell, Label, MapLayer,
        Permissions, Register, Role, State, Step, Workflow,
    },
    ledger::{JsonMap, Ledger, OpenError},
    personal::Keyring,
};
use bilan_standards::clock::FixedClock;
use indexmap::IndexMap;
use serde_json::{Value as Json, json};

pub fn label(text: &str) -> Label {
    Label { zh: format!("{text}中"), en: text.to_owned() }
}

/// A field as a file without flags has it.
pub fn field(key: &str, kind: FieldKind) -> Field {
    Field {
        search: kind.is_searchable(),
        key: key.to_owned(),
        label: label(key),
        hint: None,
        kind,
        required: false,
        unique: false,
        personal: false,
        withheld: false,
        read_only: false,
        detail: false,
        checks: bilan_records::catalogue::Checks::default(),
    }
}

pub fn text(key: &str) -> Field {
    field(key, FieldKind::Text { max: 200 })
}

pub fn required(field: Field) -> Field {
    Field { required: true, ..field }
}

pub fn personal(field: Field) -> Field {
    Field { personal: true, search: false, ..field }
}

pub fn choice(key: &str, choices: &[(&str, &str)]) -> Field {
    field(key, FieldKind::Choice { choices: labels(choices) })
}

fn labels(pairs: &[(&str, &str)]) -> IndexMap<String, Label> {
    pairs
        .iter()
        .map(|(key, zh)| ((*key).to_owned(), Label { zh: (*zh).to_owned(), en: format!("{key} (en)") }))
        .collect()
}

pub fn register(key: &str, number: &str, date: &str, title: &str, fields: Vec<Field>) -> Register {
    Register {
        key: key.to_owned(),
        system: "complaint".to_owned(),
        label: label(key),
        description: label(key),
        number: number.to_owned(),
        date: date.to_owned(),
        title: title.to_owned(),
        place: fields.iter().find(|field| matches!(field.kind, FieldKind::Place)).map(|field| field.key.clone()),
        known_by: Vec::new(),
        list: vec!["number".to_owned()],
        permissions: Permissions {
            create: vec![Role::Duty, Role::Handler, Role::Grid],
            edit: vec![Role::Handler, Role::Grid],
            delete: vec![Role::Head],
            unmask: vec![Role::Handler],
            ..Permissions::default()
        },
        fields: fields.into_iter().map(|field| (field.key.clone(), field)).collect(),
        workflow: None,
        deadlines: Vec::new(),
        public: None,
        map: MapLayer::default(),
        case: false,
    }
}

fn step(from: &[&str], to: &str, needs: &[&str]) -> Step {
    let owned = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    Step {
        label: label(to),
        from: owned(from),
        to: to.to_owned(),
        roles: vec![Role::Duty, Role::Handler],
        needs: owned(needs),
        asks: owned(needs),
        reason: false,
        stamps: None,
        signs: None,
        clears: Vec::new(),
        keeps: Vec::new(),
    }
}

pub fn complaint() -> Register {
    let measures = [text("action"), field("units", FieldKind::Integer { unit: None, min: Some(0), max: None })];
    let measures = measures.into_iter().map(|field| (field.key.clone(), field)).collect();
    let mut complaint = register(
        "complaint",
        "TS{yyyy}{seq:5}",
        "received_at",
        "subject",
        vec![
            required(field("received_at", FieldKind::DateTime)),
            required(Field {
                label: Label { zh: "类别".into(), en: "Category".into() },
                ..choice("category", &[("noise", "噪声"), ("waste_gas", "废气")])
            }),
            required(text("subject")),
            field("content", FieldKind::LongText { max: 2000 }),
            personal(field("reporter", FieldKind::Person)),
            personal(field("phone", FieldKind::Phone)),
            field("enterprise", FieldKind::Reference { to: "enterprise".to_owned() }),
            field(
                "leq",
                FieldKind::Decimal { unit: Some("dB(A)".into()), digits: 1, min: Some(0.0), max: Some(140.0) },
            ),
            field("fine", FieldKind::Money),
            field("tags", FieldKind::Choices { choices: labels(&[("night", "夜间"), ("repeat", "重复")]) }),
            field("urgent", FieldKind::YesNo),
            field("place", FieldKind::Place),
            field("measures", FieldKind::Table { fields: measures }),
            field(
                "photos",
                FieldKind::Attachment { accept: vec!["image/jpeg".into(), "image/png".into()], max_mb: 1, many: true },
            ),
            text("handler_name"),
            text("result"),
            Field { read_only: true, ..field("accepted_at", FieldKind::DateTime) },
            Field { read_only: true, ..field("closed_on", FieldKind::Date) },
            field(
                "days",
                FieldKind::Computed { formula: "days_between(received_at, closed_on)".into(), unit: None, digits: 0 },
            ),
        ],
    );
    let state = |closed| State { label: label(if closed { "closed" } else { "open" }), closed };
    let mut steps = IndexMap::new();
    steps.insert(
        "accept".to_owned(),
        Step { stamps: Some("accepted_at".into()), ..step(&["received"], "accepted", &["handler_name"]) },
    );
    steps.insert("hold".to_owned(), step(&["accepted"], "held", &[]));
    steps.insert("resume".to_owned(), step(&["held"], "accepted", &[]));
    steps.insert("extend".to_owned(), Step { roles: vec![Role::Head], ..step(&["accepted"], "accepted", &[]) });
    steps.insert(
        "close".to_owned(),
        Step { stamps: Some("closed_on".into()), ..step(&["accepted"], "closed", &["result"]) },
    );
    steps.insert(
        "reopen".to_owned(),
        Step { reason: true, clears: vec!["closed_on".into()], ..step(&["closed"], "accepted", &[]) },
    );
    let named = |key: &str, label: &str, closed| (key.to_owned(), State { label: self::label(label), ..state(closed) });
    complaint.workflow = Some(Workflow {
        initial: "received".to_owned(),
        states: IndexMap::from([
            named("received", "received", false),
            named("accepted", "accepted", false),
            named("held", "held", false),
            named("closed", "closed", true),
        ]),
        steps,
    });
    complaint.deadlines = vec![DeadlineRule {
        key: "handle".to_owned(),
        label: label("handle"),
        rule: "petition.handle".to_owned(),
        due: None,
        starts: ClockEvent::Step("accept".to_owned()),
        restarts: vec!["reopen".to_owned()],
        stops: vec!["close".to_owned()],
        suspends: vec!["hold".to_owned()],
        resumes: vec!["resume".to_owned()],
        extends: Some(("extend".to_owned(), "petition.extend".to_owned())),
        remind: vec![-3, 0, 1],
        escalate_to: Some(Role::Head),
    }];
    complaint
}

pub fn enterprise() -> Register {
    register(
        "enterprise",
        "QY{seq:4}",
        "registered_on",
        "name",
        vec![
            field("registered_on", FieldKind::Date),
            Field { unique: true, ..required(text("name")) },
            field("place", FieldKind::Place),
        ],
    )
}

pub fn catalogue(registers: Vec<Register>) -> Arc<Catalogue> {
    let square = |code: &str, west: f64, east: f64, level| {
        let ring = vec![[west, 28.0], [east, 28.0], [east, 28.2], [west, 28.2], [west, 28.0]];
        (code.to_owned(), GridCell::new(code.to_owned(), label(code), level, None, vec![vec![ring]]))
    };
    let cells = IndexMap::from([
        square("430103", 112.9, 113.1, CellLevel::District),
        square("430103001-01", 112.9, 113.0, CellLevel::Cell),
        square("430103002-01", 113.0, 113.1, CellLevel::Cell),
    ]);
    let district = District { cells, ..District::default() };
    let registers = registers.into_iter().map(|register| (register.key.clone(), register)).collect();
    Arc::new(Catalogue { registers, district, ..Catalogue::default() })
}

pub struct Bureau {
    pub ledger: Ledger,
    pub clock: Arc<FixedClock>,
    pub dir: tempfile::TempDir,
}

impl Bureau {
    pub fn new() -> Self {
        Self::with(vec![enterprise(), complaint()])
    }

    pub fn with(registers: Vec<Register>) -> Self {
        Self::open(catalogue(registers))
    }

    pub fn open(catalogue: Arc<Catalogue>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::new("2020-03-02T01:00:00Z".parse().unwrap()));
        let path = dir.path().join("bilan.db");
        let ledger = Ledger::open(&path, catalogue, clock.clone(), Keyring::new([7; 32])).unwrap();
        Self { ledger, clock, dir }
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().join("bilan.db")
    }

    pub fn at(&self, moment: &str) -> &Self {
        self.clock.set(moment.parse().unwrap());
        self
    }
}

pub fn open(path: PathBuf, registers: Vec<Register>, clock: &Arc<FixedClock>) -> Result<Ledger, OpenError> {
    Ledger::open(&path, catalogue(registers), clock.clone(), Keyring::new([7; 32]))
}

pub fn handler() -> Actor {
    Actor::new("李经办", Role::Handler)
}

pub fn head() -> Actor {
    Actor::new("王局长", Role::Head)
}

pub fn system() -> Actor {
    Actor::system("import")
}

pub fn map(value: Json) -> JsonMap {
    match value {
        Json::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

pub fn noise() -> JsonMap {
    map(json!({
        "received_at": "2020-03-01T22:15:00+08:00",
        "category": "noise",
        "subject": "夜间施工噪声扰民",
        "content": "工地深夜浇筑混凝土，影响休息",
        "reporter": "王小明",
        "phone": "13812345678",
        "place": { "lon": 112.95, "lat": 28.1, "address": "雨花亭街道" },
    }))
}

/// A photograph for the complaint's field of photographs.
pub fn photo(name: &str, bytes: &[u8]) -> bilan_records::attachments::NewFile {
    bilan_records::attachments::NewFile {
        field: "photos".to_owned(),
        name: name.to_owned(),
        declared: "image/jpeg".to_owned(),
        bytes: bytes.to_owned(),
    }
}
