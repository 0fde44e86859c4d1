//! What instruments measured, over the API: series of the stations that the caller may see, chosen and stamped as in the files of
//! `bilan observations export`.

use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use bilan_records::actor::Actor;
use bilan_records::ledger::Ledger;
use bilan_records::value::{beijing_text, start_of_day};
use bilan_telemetry::{Kind, Observation, SeriesPattern, Store};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use super::caller::Caller;
use super::problem::Problem;
use super::query::{Asked, next_address};
use crate::figures::moment;
use crate::live::stations;

/// Values on a page that does not say how many.
pub(super) const PAGE: u64 = 1000;
/// Most values on a page.
pub(super) const LARGEST: u64 = 5000;
/// Looks into the store for one page: where series are empty for long it ends early, and the next one goes on there.
const LOOKS: usize = 1000;
/// Most empty time of instants and minutes that is looked through at once: what lies behind it may be dense.
const MOST_DAYS: i64 = 8;

type Answer = Result<Response, Problem>;
type Pairs = Query<Vec<(String, String)>>;

/// Where a page begins: a series, and the first instant of it that was not shown yet.
struct Place {
    series: String,
    at: Timestamp,
}

/// Which values are asked for.
struct Question {
    pattern: SeriesPattern,
    from: Timestamp,
    to: Timestamp,
    limit: usize,
    after: Option<Place>,
}

struct Page {
    values: Vec<Json>,
    next: Option<Place>,
}

/// Values of a span by series and time, a page at a time.
pub(super) async fn list(caller: Caller, Query(pairs): Pairs) -> Answer {
    let asked = Asked::read(&pairs, &["series", "from", "to", "limit", "after"])?;
    let question = Question {
        pattern: pattern(&asked)?,
        from: begin(&asked, "from")?,
        to: begin(&asked, "to")?,
        limit: limit(&asked)?,
        after: asked.value("after").map(Place::read).transpose()?,
    };
    let limit = question.limit;
    let store = caller.app.observations.clone();
    let page = caller.ask(move |ledger, actor| page(&store, ledger, actor, &question)).await??;
    let next = page.next.map(|place| next_address("observations", &pairs, "after", &place.to_string()));
    Ok(axum::Json(json!({ "limit": limit, "next": next, "observations": page.values })).into_response())
}

/// The newest value of each series, a page at a time.
pub(super) async fn latest(caller: Caller, Query(pairs): Pairs) -> Answer {
    let asked = Asked::read(&pairs, &["series", "limit", "after"])?;
    let (pattern, limit) = (pattern(&asked)?, limit(&asked)?);
    let after = asked.value("after").map(str::to_owned);
    let store = caller.app.observations.clone();
    let newest = caller.ask(move |ledger, actor| chosen(&store, ledger, actor, &pattern)).await??;
    let mut left = newest.iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
    let shown: Vec<_> = left.by_ref().take(limit).collect();
    let last = shown.last().filter(|_| left.next().is_some());
    let next = last.map(|(key, _)| next_address("observations/latest", &pairs, "after", key));
    let values: Vec<Json> = shown.iter().map(|(key, value)| value_json(key, value)).collect();
    Ok(axum::Json(json!({ "limit": limit, "next": next, "observations": values })).into_response())
}

/// The newest value of each chosen series within reach, in the order of their names.
fn chosen(
    store: &Store,
    ledger: &Ledger,
    actor: &Actor,
    pattern: &SeriesPattern,
) -> Result<Vec<(String, Observation)>, Problem> {
    let within_reach = stations(ledger, actor)?;
    let meant = within_reach.iter().filter(|station| pattern.fits_station(&station.number));
    let newest = meant.flat_map(|station| store.latest(&station.number));
    let mut chosen: Vec<_> =
        newest.filter(|value| pattern.fits(&value.series)).map(|value| (value.series.key(), value)).collect();
    chosen.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(chosen)
}

fn page(store: &Store, ledger: &Ledger, actor: &Actor, asked: &Question) -> Result<Page, Problem> {
    let (mut values, mut looks) = (Vec::new(), LOOKS);
    for (key, newest) in chosen(store, ledger, actor, &asked.pattern)? {
        let mut begin = match &asked.after {
            Some(after) if key < after.series => continue,
            Some(after) if key == after.series => asked.from.max(after.at),
            _ => asked.from,
        };
        // Nothing lies behind the newest value.
        let end = asked.to.min(newest.at.saturating_add(SignedDuration::from_millis(1)).unwrap_or(newest.at));
        let mut days = 1;
        while begin < end {
            if looks == 0 {
                return Ok(Page { values, next: Some(Place { series: key, at: begin }) });
            }
            looks -= 1;
            let until = begin.saturating_add(portion(newest.series.kind, days)).unwrap_or(end).min(end);
            let found = store.range(&newest.series, begin, until).map_err(|error| Problem::internal(&error))?;
            days = if found.is_empty() { (days * 2).min(MOST_DAYS) } else { 1 };
            for value in found {
                if values.len() == asked.limit {
                    return Ok(Page { values, next: Some(Place { series: key, at: value.at }) });
                }
                values.push(value_json(&key, &value));
            }
            begin = until;
        }
    }
    Ok(Page { values, next: None })
}

/// What is read at once: hours and days are few.
fn portion(kind: Kind, days: i64) -> SignedDuration {
    let days = match kind {
        Kind::Realtime | Kind::Minute => days,
        Kind::Hour => 60 * days,
        Kind::Day => 1000 * days,
    };
    SignedDuration::from_hours(24 * days)
}

fn value_json(key: &str, value: &Observation) -> Json {
    json!({
        "series": key, "station": value.series.station, "factor": value.series.factor,
        "kind": value.series.kind.name(), "statistic": value.series.statistic.name(),
        "time": beijing_text(value.end()), "period_s": value.period_s,
        "value": value.value, "text": value.text, "flag": value.flag, "valid": value.is_valid(),
    })
}

fn pattern(asked: &Asked<'_>) -> Result<SeriesPattern, Problem> {
    asked.value("series").unwrap_or("*").parse().map_err(|_| {
        Problem::parameter(
            "series",
            "应为“站点:因子:类别[:统计量]”，可用 * 代表任意文字，如 *:a34004:hour",
            "must be station:factor:kind[:statistic] with * for any text, like *:a34004:hour",
        )
    })
}

fn limit(asked: &Asked<'_>) -> Result<usize, Problem> {
    Ok(usize::try_from(asked.limit_up_to(PAGE, LARGEST)?).unwrap_or(usize::MAX))
}

/// A moment at which periods begin; a day alone is its first moment.
fn begin(asked: &Asked<'_>, name: &'static str) -> Result<Timestamp, Problem> {
    let text = asked.value(name).unwrap_or_default();
    let day = || text.parse::<Date>().ok().filter(|_| text.len() == 10).and_then(start_of_day);
    day().or_else(|| moment(text)).ok_or_else(|| {
        Problem::parameter(
            name,
            "应为时刻，如 2026-01-31T08:00:00+08:00，或日期 2026-01-31（其零时）",
            "must be a moment like 2026-01-31T08:00:00+08:00, or a day like 2026-01-31 (its first moment)",
        )
    })
}

impl Place {
    fn read(text: &str) -> Result<Self, Problem> {
        let place = text.rsplit_once('@').and_then(|(series, at)| {
            Some(Self { series: series.to_owned(), at: Timestamp::from_millisecond(at.parse().ok()?).ok()? })
        });
        place.ok_or_else(|| {
            Problem::parameter(
                "after",
                "请原样使用上一页 next 中的值",
                "take it from “next” of the page before, as it is",
            )
        })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.series, self.at.as_millisecond())
    }
}
