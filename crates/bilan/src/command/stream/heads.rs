//! The heads of a file: where stations, times and items stand, in the ways in which people head them. What is not known is refused by its name.

use anyhow::{Result, anyhow};
use bilan_standards::cell::{Head, key};
use bilan_standards::rounding::Rational;
use csv::ByteRecord;

use super::row::text;
use super::{Faults, Remarks};

/// How a column of stations is headed, as [`key`] has it; the first that is there.
const STATIONS: [&str; 22] = [
    "station",
    "stationcode",
    "stationid",
    "stationname",
    "site",
    "sitecode",
    "站点",
    "站点编码",
    "站点编号",
    "站点名称",
    "监测站点",
    "监测站",
    "站名",
    "点位",
    "点位名称",
    "监测点",
    "监测点位",
    "测点",
    "测点名称",
    "断面",
    "断面名称",
    "监测断面",
];
/// How a column of times is headed; the first that is there.
const TIMES: [&str; 13] = [
    "time",
    "datetime",
    "timepoint",
    "datatime",
    "时间",
    "监测时间",
    "采样时间",
    "数据时间",
    "日期时间",
    "date",
    "日期",
    "采样日期",
    "监测日期",
];
/// What says something about a row and is never judged.
const DESCRIPTIONS: [&str; 58] = [
    "note",
    "notes",
    "remark",
    "remarks",
    "comment",
    "备注",
    "说明",
    "序号",
    "no",
    "id",
    "编号",
    "name",
    "名称",
    "positionname",
    "province",
    "省",
    "省份",
    "city",
    "市",
    "城市",
    "地市",
    "area",
    "district",
    "区县",
    "区",
    "county",
    "basin",
    "流域",
    "所在流域",
    "river",
    "河流",
    "水体",
    "所属河流",
    "section",
    "body",
    "水体类型",
    "lon",
    "lat",
    "longitude",
    "latitude",
    "经度",
    "纬度",
    "class",
    "类别",
    "水质类别",
    "等级",
    "level",
    "quality",
    "target",
    "目标",
    "水质目标",
    "state",
    "status",
    "状态",
    "站点情况",
    "flag",
    "unit",
    "单位",
];
/// Heads are sought in so many rows: titles stand above them.
const SEARCHED: usize = 30;
/// How cells may be parted.
const SEPARATORS: [u8; 4] = *b",\t;|";

/// The names of the columns.
pub struct Heads {
    heads: Vec<Head>,
    /// What is said about the file.
    pub remarks: Remarks,
}

/// A column that is judged.
pub struct Column<T> {
    /// Where it stands.
    pub at: usize,
    /// Its head as it is written.
    pub head: String,
    /// What it holds.
    pub item: T,
    /// One of its unit in the unit of the item.
    pub scale: Option<Rational>,
}

/// What a head says to a command.
pub enum Meaning<T> {
    /// It is judged: the item, and one of its unit in the unit of the item, where that differs.
    Judged(T, Option<Rational>),
    /// It is known, and has no part in the result.
    NotJudged,
    /// It would be judged, but cannot be read: why.
    Refused(String),
    /// It is not known.
    Unknown,
}

impl Heads {
    pub(super) fn of(record: &ByteRecord) -> Self {
        let mut heads: Vec<Head> = record.iter().map(|cell| Head::read(&text(cell))).collect();
        // A separator behind the last head heads nothing.
        while heads.last().is_some_and(|head| head.text.is_empty()) {
            heads.pop();
        }
        Self { heads, remarks: Remarks::default() }
    }

    /// How many columns have a head.
    pub(super) fn count(&self) -> usize {
        self.heads.len()
    }

    fn heads_a_table(&self) -> bool {
        self.first(&STATIONS).is_some() && self.first(&TIMES).is_some()
    }

    fn first(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.find(name))
    }

    /// Where a column stands; a unit may stand beside its name.
    pub fn find(&self, name: &str) -> Option<usize> {
        let wanted = key(name);
        (0..2).find_map(|way| self.heads.iter().position(|head| head.keys.get(way) == Some(&wanted)))
    }

    /// Where a column stands that must be there.
    pub fn place(&self, name: &str) -> Result<usize> {
        self.find(name).ok_or_else(|| self.missing(name))
    }

    /// Where the stations stand.
    pub fn station(&self) -> Result<usize> {
        self.first(&STATIONS).ok_or_else(|| self.missing("station"))
    }

    /// Where the times stand.
    pub fn time(&self) -> Result<usize> {
        self.first(&TIMES).ok_or_else(|| self.missing("time"))
    }

    fn missing(&self, name: &str) -> anyhow::Error {
        let names: Vec<&str> = self.heads.iter().map(|head| head.text.as_str()).collect();
        anyhow!("the column {name} is missing; the file heads its columns {}", names.join(", "))
    }

    /// The columns that are judged. Columns that are `known` already (station, time) and those that the user wants `ignored` are left out.
    ///
    /// # Errors
    /// [`Faults`] with every column that is not known, heads nothing, or holds what another one holds.
    pub fn judged<T: PartialEq>(
        &self,
        known: &[usize],
        ignored: &[String],
        meaning: impl Fn(&Head) -> Meaning<T>,
    ) -> Result<Vec<Column<T>>> {
        let (mut columns, mut passed, mut faults) = (Vec::<Column<T>>::new(), Vec::new(), Faults::default());
        let is_ignored = |head: &Head| ignored.iter().any(|name| key(name) == head.keys[0]);
        for name in ignored.iter().filter(|name| !self.heads.iter().any(|head| head.keys[0] == key(name))) {
            faults.add(&anyhow!("--ignore {name}: there is no such column"));
        }
        for (at, head) in self.heads.iter().enumerate().filter(|(at, _)| !known.contains(at)) {
            let (number, name) = (at + 1, &head.text);
            match meaning(head) {
                _ if is_ignored(head) => {}
                // Programs number their rows in a first column without a head.
                _ if name.is_empty() && at == 0 => passed.push("the first column, which has no head".to_owned()),
                _ if name.is_empty() => faults.add(&anyhow!("column {number} has no head: name what it holds")),
                Meaning::Judged(item, scale) => match columns.iter().find(|other| other.item == item) {
                    Some(other) => faults.add(&anyhow!(
                        "columns {} ({}) and {number} ({name}) hold the same item: leave one out with --ignore",
                        other.at + 1,
                        other.head
                    )),
                    None => columns.push(Column { at, head: name.clone(), item, scale }),
                },
                Meaning::Refused(why) => faults.add(&anyhow!("column {number} ({name}): {why}")),
                Meaning::NotJudged => passed.push(name.clone()),
                Meaning::Unknown if self.describes(head) => passed.push(name.clone()),
                Meaning::Unknown => faults.add(&anyhow!(
                    "column {number} ({name}) is not known: name it as --help says, or leave it out with --ignore '{name}'"
                )),
            }
        }
        faults.into_result()?;
        if !passed.is_empty() {
            self.remarks.add(format!("columns that have no part in the result: {}", passed.join(", ")));
        }
        Ok(columns)
    }

    /// Whether a head speaks of the station, the time or the row.
    fn describes(&self, head: &Head) -> bool {
        let mut words = DESCRIPTIONS.iter().chain(&STATIONS).chain(&TIMES);
        head.keys.iter().any(|key| words.any(|word| word == key))
    }
}

/// Where the heads were found.
pub(super) struct Found {
    pub(super) heads: Heads,
    pub(super) separator: u8,
    /// Where the rows below begin.
    pub(super) end: usize,
}

/// Finds the row of heads in the beginning of a file: the first that names station and time, however its cells are parted; otherwise the first row.
pub(super) fn find(bytes: &[u8]) -> Result<Found> {
    for separator in SEPARATORS {
        if let Some(found) = search(bytes, separator, SEARCHED, Heads::heads_a_table)? {
            return Ok(found);
        }
    }
    let cells = |separator: u8| {
        let found = search(bytes, separator, 1, |_| true)?;
        Ok(found.map_or(0, |found| found.heads.count()))
    };
    let mut best = (0, SEPARATORS[0]);
    for separator in SEPARATORS {
        let count: Result<usize> = cells(separator);
        let count = count?;
        if count > best.0 {
            best = (count, separator);
        }
    }
    search(bytes, best.1, 1, |_| true)?.ok_or_else(|| anyhow!("the file is empty"))
}

fn search(bytes: &[u8], separator: u8, rows: usize, wanted: impl Fn(&Heads) -> bool) -> Result<Option<Found>> {
    let mut reader = reader(bytes, separator);
    let mut record = ByteRecord::new();
    for _ in 0..rows {
        if !reader.read_byte_record(&mut record)? {
            return Ok(None);
        }
        let heads = Heads::of(&record);
        if heads.count() > 0 && wanted(&heads) {
            let end = usize::try_from(reader.position().byte())?;
            return Ok(Some(Found { heads, separator, end: end + usize::from(bytes.get(end) == Some(&b'\n')) }));
        }
    }
    Ok(None)
}

pub(super) fn reader(bytes: &[u8], separator: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(bytes)
}
