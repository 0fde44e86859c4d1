//! The questions that a list takes in its address.

use bilan_records::ledger::ListQuery;

use super::problem::Problem;
use crate::figures::moment;

/// Most records on one page.
pub const LARGEST_PAGE: u64 = 500;

/// Reads the query of a list. An unknown name is refused: a misspelt filter must not answer with everything.
pub(super) fn list_query(register: &str, pairs: &[(String, String)]) -> Result<ListQuery, Problem> {
    let mut query = ListQuery { limit: ListQuery::PAGE, ..ListQuery::of(register) };
    for (name, value) in pairs {
        let value = value.trim();
        match name.as_str() {
            _ if value.is_empty() => {}
            "filter" => query.filter = Some(value.to_owned()),
            "q" => query.search = Some(value.to_owned()),
            "sort" => {
                let (field, descending) = value.strip_prefix('-').map_or((value, false), |field| (field, true));
                query.sort = Some((field.to_owned(), descending));
            }
            "cell" => query.cell = Some(value.to_owned()),
            "limit" => query.limit = limit(value)?,
            "offset" => query.offset = offset(value)?,
            "as_of" => query.as_of = Some(as_of(value)?),
            _ => {
                return Err(Problem::parameter(
                    name,
                    "没有这个参数；可用的有 filter、q、sort、limit、offset、cell、as_of",
                    "there is no such parameter; there are filter, q, sort, limit, offset, cell and as_of",
                ));
            }
        }
    }
    Ok(query)
}

/// Records on a page, 1 to [`LARGEST_PAGE`].
pub(super) fn limit(value: &str) -> Result<u64, Problem> {
    value
        .parse()
        .ok()
        .filter(|limit| (1..=LARGEST_PAGE).contains(limit))
        .ok_or_else(|| Problem::parameter("limit", "应为 1 到 500 的整数", "must be a whole number from 1 to 500"))
}

/// Records skipped.
pub(super) fn offset(value: &str) -> Result<u64, Problem> {
    // SQLite counts in 64 bits with sign.
    value.parse().ok().filter(|offset| *offset <= i64::MAX as u64).ok_or_else(|| {
        Problem::parameter("offset", "应为不小于 0 的整数", "must be a whole number that is not negative")
    })
}

/// An earlier moment.
pub(super) fn as_of(value: &str) -> Result<jiff::Timestamp, Problem> {
    moment(value).ok_or_else(|| {
        Problem::parameter(
            "as_of",
            "应为时刻，如 2020-12-31T18:00:00+08:00",
            "must be a moment like 2020-12-31T18:00:00+08:00",
        )
    })
}

/// The value of a name that is given at most once.
pub(super) fn value<'p>(pairs: &'p [(String, String)], name: &str) -> Option<&'p str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
}
