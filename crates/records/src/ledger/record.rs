//! What the ledger hands out: records, pages of records, the journal of one record, what refers to it.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::key::{Key, Origin};
use crate::{
    attachments::NewFile,
    catalogue::{Field, Register},
    value::{Point, Position},
};

/// A record's values in the external form, by field key.
pub type JsonMap = Map<String, Json>;

/// One record as it is shown: personal fields masked, references as the other record's number.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    /// Register it belongs to.
    pub register: String,
    /// Row in the database; never shown.
    pub id: i64,
    /// The number by which people know it.
    pub number: String,
    /// State of its workflow, if the register has one.
    pub state: Option<String>,
    /// Grid cell in which its place lies.
    pub cell: Option<String>,
    /// Counts its changes; an edit names the version it started from.
    pub version: i64,
    /// When it was entered.
    pub created_at: Timestamp,
    /// Who entered it.
    pub created_by: String,
    /// When it was last changed.
    pub changed_at: Timestamp,
    /// Who last changed it.
    pub changed_by: String,
    /// Made up for the sample district.
    pub simulated: bool,
    /// Field values; a field without a value is absent. Code reads them through the views of [`crate::views`], pages by the fields of the catalogue.
    pub(crate) values: JsonMap,
}

/// Values by the fields of the catalogue, for what is the same for every register: lists, forms, exports, the API.
///
/// Code that names a field declares it in a view ([`crate::views`]); there is no value by its name as text:
///
/// ```compile_fail,E0616
/// fn station_of(record: &bilan_records::ledger::Record) -> Option<&serde_json::Value> {
///     record.values.get("station")
/// }
/// ```
///
/// ```
/// use bilan_records::{contract::View as _, ledger::{ReadError, Record}, views::TaskRecord};
///
/// fn station_of(record: &Record) -> Result<Option<String>, ReadError> {
///     Ok(TaskRecord::read(record)?.fields.station.map(|station| station.into_number()))
/// }
/// ```
impl Record {
    /// The value of a field.
    #[must_use]
    pub fn value(&self, field: &Field) -> Option<&Json> {
        self.values.get(&field.key)
    }

    /// The value of a field that is kept as text.
    #[must_use]
    pub fn text(&self, field: &Field) -> Option<&str> {
        self.value(field)?.as_str()
    }

    /// The text that names the record, where there is one.
    #[must_use]
    pub fn title(&self, register: &Register) -> Option<&str> {
        self.text(register.fields.get(&register.title)?)
    }

    /// The day or moment that places it in a period.
    #[must_use]
    pub fn date(&self, register: &Register) -> Option<&str> {
        self.text(register.fields.get(&register.date)?)
    }

    /// The point of its place: longitude and latitude.
    #[must_use]
    pub fn point(&self, register: &Register) -> Option<Point> {
        let place = self.value(register.fields.get(register.place.as_ref()?)?)?;
        Position::from_json(place).ok()?.point
    }

    /// All of its values in the external form, as a form is filled with them and the API gives them.
    #[must_use]
    pub fn external(&self) -> JsonMap {
        self.values.clone()
    }
}

/// Which records are wanted, in which order, how many.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Register.
    pub register: String,
    /// Condition in the filter language.
    pub filter: Option<String>,
    /// Words that a record must hold, in its own texts or in the name of what it refers to.
    pub search: Option<String>,
    /// Field or system column to sort by, and whether descending; without it the newest date first.
    pub sort: Option<(String, bool)>,
    /// Records skipped.
    pub offset: u64,
    /// Records returned; 0 means [`ListQuery::PAGE`].
    pub limit: u64,
    /// The moment at which the ledger is looked at; now, if absent.
    pub as_of: Option<Timestamp>,
    /// Only records in this cell or below it.
    pub cell: Option<String>,
}

impl ListQuery {
    /// Records on a page if the query does not say.
    pub const PAGE: u64 = 50;

    /// The first page of a register.
    #[must_use]
    pub fn of(register: &str) -> Self {
        Self { register: register.to_owned(), ..Self::default() }
    }
}

/// A part of a list, and how long the whole is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Page {
    /// Records on this page.
    pub records: Vec<Record>,
    /// Records that match.
    pub total: u64,
    /// `total` stopped counting here because the list is longer than anybody pages through.
    pub total_is_capped: bool,
}

/// What a write carries besides its values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Write {
    /// The same write sent again under it is answered, not repeated.
    pub key: Option<Key>,
    /// The moment the write counts from; now, if absent.
    pub at: Option<Timestamp>,
    /// The record is made up for the sample district.
    pub simulated: bool,
    /// Files that come with it and are kept in the same transaction: who may write the record may hang them on it.
    pub files: Vec<NewFile>,
}

impl Write {
    /// A write that may be repeated safely under a key of the program's own.
    #[must_use]
    pub fn once(key: &str) -> Self {
        Self::under(Key::new(Origin::Program, key))
    }

    /// A write that may be repeated safely under `key`.
    #[must_use]
    pub fn under(key: Key) -> Self {
        Self { key: Some(key), ..Self::default() }
    }
}

/// One field in one change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldChange {
    /// Field key, `state`, or `table` for a child table as a whole.
    pub field: String,
    /// Value before; null if there was none.
    pub before: Json,
    /// Value after; null if it was taken away.
    pub after: Json,
}

/// What somebody else changed meanwhile, beside what the refused edit wanted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldDifference {
    /// Field key.
    pub field: String,
    /// Value when the refused edit began.
    pub base: Json,
    /// Value the refused edit wanted; absent if it did not touch the field.
    pub yours: Option<Json>,
    /// Value that stands now.
    pub theirs: Json,
    /// Who set it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Records of another register that refer to a record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Related {
    /// Register of the referring records.
    pub register: String,
    /// Field by which they refer.
    pub field: String,
    /// How many there are.
    pub total: u64,
    /// The newest of them.
    pub first: Vec<Record>,
}
