//! What a register (台账) is after its file has been read and checked.
//!
//! These types carry no source positions: whatever can be wrong with a file is found while it is read
//! (see [`super::check`]), so the rest of the program may rely on every name here being known.

use crate::catalogue::{Code, MapLayer};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// Text in both languages of the screens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Chinese text, shown first.
    pub zh: String,
    /// English text.
    pub en: String,
}

/// The part that an account plays; permissions in register files name these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 管理员: accounts, back-ups, everything.
    Admin,
    /// 审计: reads everything, including the journal; writes nothing.
    Auditor,
    /// 局领导: head of the bureau.
    Head,
    /// 值班员: duty officer.
    Duty,
    /// 网格员/巡查员: works inside their own cell.
    Grid,
    /// 经办人: case handler.
    Handler,
    /// 窗口/许可: permit clerk.
    Clerk,
    /// 分析员: analyst.
    Analyst,
    /// 企业用户: sees only records of its own enterprise.
    Enterprise,
    /// 对接系统: another department's system.
    Integrator,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 10] = [
        Self::Admin,
        Self::Auditor,
        Self::Head,
        Self::Duty,
        Self::Grid,
        Self::Handler,
        Self::Clerk,
        Self::Analyst,
        Self::Enterprise,
        Self::Integrator,
    ];

    /// Name in files and in accounts.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Auditor => "auditor",
            Self::Head => "head",
            Self::Duty => "duty",
            Self::Grid => "grid",
            Self::Handler => "handler",
            Self::Clerk => "clerk",
            Self::Analyst => "analyst",
            Self::Enterprise => "enterprise",
            Self::Integrator => "integrator",
        }
    }
}

/// One register: a ledger of one kind of record.
#[derive(Debug, Clone)]
pub struct Register {
    /// Name in files, addresses and SQL (`complaint`).
    pub key: String,
    /// One of the 24 system ids of the mission table.
    pub system: String,
    /// Name on screens.
    pub label: Label,
    /// What the register is for, in a sentence.
    pub description: Label,
    /// Format of record numbers: literal text, `{yyyy}`, `{mm}`, `{seq:N}` (N digits, counted per year).
    pub number: String,
    /// Field of type date or date-time that places a record in a period.
    pub date: String,
    /// Field that names a record where it is referred to.
    pub title: String,
    /// Field of type place from which the grid cell follows, if the register has one.
    pub place: Option<String>,
    /// Fields by which a piece of work is known where it came from (来源工单号), together; empty if there are none.
    ///
    /// An import shows a row whose piece of work is there already as a repeat, and does not enter it unless asked.
    pub known_by: Vec<String>,
    /// Columns of the list, in order; `number`, `state` and `cell` may be among them.
    pub list: Vec<String>,
    /// Who may do what.
    pub permissions: Permissions,
    /// Fields in the order of the file.
    pub fields: IndexMap<String, Field>,
    /// States and steps; a register without them holds records that have only one state.
    pub workflow: Option<Workflow>,
    /// Clocks that run on its records.
    pub deadlines: Vec<DeadlineRule>,
    /// What anybody may see, if anything.
    pub public: Option<PublicView>,
    /// How its records are shown on the map.
    pub map: MapLayer,
    /// An open record waits for somebody, although no clock runs on it; those of others (enterprises, permits) are simply there.
    pub case: bool,
}

/// Roles allowed each kind of act. `Admin` may everything and need not be named.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permissions {
    /// Who reads; empty means every staff role.
    #[serde(default)]
    pub read: Vec<Role>,
    /// Who creates.
    #[serde(default)]
    pub create: Vec<Role>,
    /// Who edits.
    #[serde(default)]
    pub edit: Vec<Role>,
    /// Who deletes (with a reason; the journal keeps the record).
    #[serde(default)]
    pub delete: Vec<Role>,
    /// Who may see personal fields unmasked; each look is journalled.
    #[serde(default)]
    pub unmask: Vec<Role>,
}

/// One field of a register or of a child table.
#[derive(Debug, Clone)]
pub struct Field {
    /// Name in files, addresses and SQL.
    pub key: String,
    /// Name on screens.
    pub label: Label,
    /// Hint under the input, if any.
    pub hint: Option<Label>,
    /// What it holds.
    pub kind: FieldKind,
    /// Must be filled on every save.
    pub required: bool,
    /// Two records may not share a value.
    pub unique: bool,
    /// Encrypted at rest, masked on screens (个人信息).
    pub personal: bool,
    /// Kept to be compared with what somebody outside gives, and shown to nobody: the code by which a resident follows a complaint.
    pub withheld: bool,
    /// Taken into the full-text search; what holds words is, unless it is personal or its file says `search = false`.
    pub search: bool,
    /// Filled by the system or by a step, never by the form.
    pub read_only: bool,
    /// A code of the system, which a record's page shows folded away.
    pub detail: bool,
    /// What its value must fulfil beside others, the clock and the map.
    pub checks: Checks,
}

impl Field {
    /// Whether people see less of it than its value: what is searched, sorted, counted or published must not give it away.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.personal || self.withheld
    }
}

/// What a value that is right by itself must fulfil beside the others of its record, the clock and the district.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checks {
    /// A day or moment that cannot lie in the future: something that has happened.
    pub past: bool,
    /// Days or moments of the same record that cannot lie after this one.
    pub after: Vec<String>,
    /// A place that may lie outside the district.
    pub anywhere: bool,
}

/// The type of a field.
#[derive(Debug, Clone)]
pub enum FieldKind {
    /// One line of text.
    Text {
        /// Longest text, in characters.
        max: usize,
    },
    /// Several lines.
    LongText {
        /// Longest text, in characters.
        max: usize,
    },
    /// Whole number.
    Integer {
        /// Unit as shown behind the number (`dB(A)`, `台`).
        unit: Option<String>,
        /// Smallest number allowed.
        min: Option<i64>,
        /// Largest number allowed.
        max: Option<i64>,
    },
    /// Number with a fixed count of decimals.
    Decimal {
        /// Unit as shown behind the number.
        unit: Option<String>,
        /// Decimals with which it is stored; a number with more is refused, not rounded.
        digits: u8,
        /// Smallest number allowed.
        min: Option<f64>,
        /// Largest number allowed.
        max: Option<f64>,
    },
    /// Yuan, two decimals, stored as fen.
    Money,
    /// Beijing calendar day.
    Date,
    /// Instant, shown in Beijing time.
    DateTime,
    /// One of a list.
    Choice {
        /// What can be chosen: stored key and name on screens, in the order of the file.
        choices: IndexMap<String, Label>,
    },
    /// Several of a list.
    Choices {
        /// What can be chosen: stored key and name on screens, in the order of the file.
        choices: IndexMap<String, Label>,
    },
    /// Yes or no.
    YesNo,
    /// Name of a natural person.
    Person,
    /// Telephone number.
    Phone,
    /// A code that is built by a rule.
    Code(Code),
    /// Point and address; gives the grid cell.
    Place,
    /// Line on the map.
    Line,
    /// Polygon on the map.
    Polygon,
    /// A record of another register.
    Reference {
        /// Key of that register.
        to: String,
    },
    /// Rows below a record.
    Table {
        /// Fields of a row by key.
        fields: IndexMap<String, Field>,
    },
    /// Files: photographs, PDF.
    Attachment {
        /// Media types allowed (`image/jpeg`).
        accept: Vec<String>,
        /// Largest size of one file, in megabytes.
        max_mb: u32,
        /// More than one file may be attached.
        many: bool,
    },
    /// Follows from other number fields of the record by a formula (`a * b / 100`), `digits` decimals.
    Computed {
        /// The formula as written in the file.
        formula: String,
        /// Unit as shown behind the number.
        unit: Option<String>,
        /// Decimals, rounded half to even (GB/T 8170).
        digits: u8,
    },
}

impl FieldKind {
    /// Name of the type in register files.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::LongText { .. } => "long_text",
            Self::Integer { .. } => "integer",
            Self::Decimal { .. } => "decimal",
            Self::Money => "money",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Choice { .. } => "choice",
            Self::Choices { .. } => "choices",
            Self::YesNo => "yes_no",
            Self::Person => "person",
            Self::Phone => "phone",
            Self::Code(code) => code.type_name(),
            Self::Place => "place",
            Self::Line => "line",
            Self::Polygon => "polygon",
            Self::Reference { .. } => "reference",
            Self::Table { .. } => "table",
            Self::Attachment { .. } => "attachment",
            Self::Computed { .. } => "computed",
        }
    }

    /// Whether it holds sentences, as people write them.
    #[must_use]
    pub fn is_sentence(&self) -> bool {
        matches!(self, Self::Text { .. } | Self::LongText { .. } | Self::Place)
    }

    /// Whether its values can be searched: words, and the names of choices.
    #[must_use]
    pub fn is_searchable(&self) -> bool {
        self.is_text() || matches!(self, Self::Choice { .. } | Self::Choices { .. })
    }

    /// Whether it holds words: text, names, numbers that are codes, an address.
    #[must_use]
    pub fn is_text(&self) -> bool {
        matches!(
            self,
            Self::Text { .. } | Self::LongText { .. } | Self::Person | Self::Phone | Self::Code(_) | Self::Place
        )
    }
}

/// States and the steps between them.
#[derive(Debug, Clone)]
pub struct Workflow {
    /// State of a new record.
    pub initial: String,
    /// All states in order.
    pub states: IndexMap<String, State>,
    /// All steps in order.
    pub steps: IndexMap<String, Step>,
}

/// A state of a record.
#[derive(Debug, Clone)]
pub struct State {
    /// Name on screens.
    pub label: Label,
    /// Nothing more is expected: the record counts as finished.
    pub closed: bool,
}

/// A way from one state to another.
#[derive(Debug, Clone)]
pub struct Step {
    /// The verb on the button.
    pub label: Label,
    /// States in which it is offered.
    pub from: Vec<String>,
    /// State it leads to.
    pub to: String,
    /// Who may take it.
    pub roles: Vec<Role>,
    /// Fields that must be filled afterwards.
    pub needs: Vec<String>,
    /// Fields offered on the step's form (always a superset of unfilled `needs`).
    pub asks: Vec<String>,
    /// A reason must be given (reopening, refusing).
    pub reason: bool,
    /// Date or date-time field set to the moment of the step.
    pub stamps: Option<String>,
    /// Field set to the name of who takes the step, unless its form asks for it and it was given.
    pub signs: Option<String>,
    /// Fields that become empty: a step back undoes what later steps filled.
    pub clears: Vec<String>,
    /// Fields filled by later steps that a step back leaves as they are.
    pub keeps: Vec<String>,
}

impl Step {
    /// Fields that the form of the step offers, in the order of the register.
    pub fn asked<'r>(&self, register: &'r Register) -> Vec<&'r Field> {
        let is_asked =
            |key: &String| self.asks.contains(key) || (self.needs.contains(key) && self.signs.as_ref() != Some(key));
        let fields = register.fields.values();
        fields.filter(|field| is_asked(&field.key) && self.stamps.as_ref() != Some(&field.key)).collect()
    }
}

/// A clock on the records of a register; the rule itself is law and lives in `bilan-standards`.
#[derive(Debug, Clone)]
pub struct DeadlineRule {
    /// Name within the register.
    pub key: String,
    /// Name on screens.
    pub label: Label,
    /// Key of the statutory rule (`petition.handle`).
    pub rule: String,
    /// Date or date-time field with the last day, where the rule names no number of days (a term written in an order).
    pub due: Option<String>,
    /// What starts the clock.
    pub starts: ClockEvent,
    /// Steps back that begin a new round of it once it has stopped.
    pub restarts: Vec<String>,
    /// Steps that stop it.
    pub stops: Vec<String>,
    /// Steps that pause it.
    pub suspends: Vec<String>,
    /// Steps that let it run on.
    pub resumes: Vec<String>,
    /// Step that extends it, and the statutory rule that says by how much.
    pub extends: Option<(String, String)>,
    /// Days before (negative) or after (positive) the due day on which a reminder is sent.
    pub remind: Vec<i32>,
    /// Role told when a reminder after the due day fires.
    pub escalate_to: Option<Role>,
}

/// What starts a clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClockEvent {
    /// The moment a step is taken.
    Step(String),
    /// The moment named by a date or date-time field of the record.
    Field(String),
}

/// What the public portal shows of a register.
#[derive(Debug, Clone)]
pub struct PublicView {
    /// Fields shown; never a personal one.
    pub show: Vec<String>,
    /// Filter that a record must pass to be shown, in the filter language.
    pub filter: Option<String>,
}
