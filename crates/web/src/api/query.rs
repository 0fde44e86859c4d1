//! The questions that a list takes in its address.

use bilan_records::ledger::ListQuery;
use jiff::Timestamp;

use super::problem::Problem;
use crate::figures::moment;

/// Most records on one page.
pub const LARGEST_PAGE: u64 = 500;

/// Reads the query of a list.
pub(super) fn list_query(register: &str, pairs: &[(String, String)]) -> Result<ListQuery, Problem> {
    let asked = Asked::read(pairs, &["filter", "q", "sort", "limit", "offset", "cell", "as_of"])?;
    let mut query = ListQuery::of(register);
    query.filter = asked.text("filter");
    query.search = asked.text("q");
    query.cell = asked.text("cell");
    query.sort = asked.value("sort").map(|sort| {
        let (field, descending) = sort.strip_prefix('-').map_or((sort, false), |field| (field, true));
        (field.to_owned(), descending)
    });
    query.limit = asked.limit()?;
    query.offset = asked.offset()?;
    query.as_of = asked.as_of()?;
    Ok(query)
}

/// The names and values of an address, each name known and given once.
pub(super) struct Asked<'p>(&'p [(String, String)]);

impl<'p> Asked<'p> {
    /// Refuses a name that the address does not take, and one given twice: a misspelt filter must not answer with everything.
    pub(super) fn read(pairs: &'p [(String, String)], names: &[&str]) -> Result<Self, Problem> {
        for (at, (name, _)) in pairs.iter().enumerate() {
            if !names.contains(&name.as_str()) {
                return Err(unknown(name, names));
            }
            if pairs.iter().take(at).any(|(before, _)| before == name) {
                return Err(Problem::parameter(name, "只能给出一次", "must be given once"));
            }
        }
        Ok(Self(pairs))
    }

    /// The value of a name, also an empty one.
    pub(super) fn value(&self, name: &str) -> Option<&'p str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim())
    }

    /// The text of a name; an empty one asks for nothing.
    fn text(&self, name: &str) -> Option<String> {
        self.value(name).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// An earlier moment.
    pub(super) fn as_of(&self) -> Result<Option<Timestamp>, Problem> {
        self.value("as_of").map(as_of).transpose()
    }

    /// Records on a page, 1 to [`LARGEST_PAGE`].
    pub(super) fn limit(&self) -> Result<u64, Problem> {
        self.limit_up_to(ListQuery::PAGE, LARGEST_PAGE)
    }

    /// What is on a page, 1 to `largest`; `usual` where nothing is said.
    pub(super) fn limit_up_to(&self, usual: u64, largest: u64) -> Result<u64, Problem> {
        self.value("limit").map_or(Ok(usual), |value| limit(value, largest))
    }

    /// Records skipped.
    pub(super) fn offset(&self) -> Result<u64, Problem> {
        self.value("offset").map_or(Ok(0), offset)
    }
}

fn unknown(name: &str, names: &[&str]) -> Problem {
    if names.is_empty() {
        return Problem::parameter(
            name,
            "没有这个参数；此处不用参数",
            "there is no such parameter; none is taken here",
        );
    }
    Problem::parameter(
        name,
        &format!("没有这个参数；可用的有 {}", names.join("、")),
        &format!("there is no such parameter; there are {}", names.join(", ")),
    )
}

fn limit(value: &str, largest: u64) -> Result<u64, Problem> {
    value.parse().ok().filter(|limit| (1..=largest).contains(limit)).ok_or_else(|| {
        let (zh, en) = (format!("应为 1 到 {largest} 的整数"), format!("must be a whole number from 1 to {largest}"));
        Problem::parameter("limit", &zh, &en)
    })
}

/// Address of the page after one that was asked for with `pairs`: where it begins stands under `name`.
pub(super) fn next_address(path: &str, pairs: &[(String, String)], name: &str, begins: &str) -> String {
    let mut address = format!("/api/v1/{path}?");
    for (given, value) in pairs.iter().filter(|(given, _)| given != name) {
        address.push_str(&format!("{}={}&", crate::figures::encoded(given), crate::figures::encoded(value)));
    }
    address.push_str(&format!("{name}={}", crate::figures::encoded(begins)));
    address
}

fn offset(value: &str) -> Result<u64, Problem> {
    // SQLite counts in 64 bits with sign.
    value.parse().ok().filter(|offset| *offset <= i64::MAX as u64).ok_or_else(|| {
        Problem::parameter("offset", "应为不小于 0 的整数", "must be a whole number that is not negative")
    })
}

fn as_of(value: &str) -> Result<Timestamp, Problem> {
    moment(value).ok_or_else(|| {
        Problem::parameter(
            "as_of",
            "应为时刻，如 2020-12-31T18:00:00+08:00",
            "must be a moment like 2020-12-31T18:00:00+08:00",
        )
    })
}
