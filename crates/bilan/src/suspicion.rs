//! Once a day, the data of enterprises are looked through for signs of tampering; what is found becomes a warning and a task, like any other.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bilan_records::contract::View;
use bilan_records::views::{StationKind, TaskRecord};
use bilan_standards::clock::beijing_day;
use bilan_telemetry::rules::Task;
use bilan_telemetry::tampering::{self, Day, Sign, SignKind};
use bilan_telemetry::{Device, Kind, Level, Observation, Series, Store, StoreError, Text, Warning};
use jiff::civil::Date;
use jiff::tz::{TimeZone, offset};
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use crate::bridge::Bridge;
use crate::faults::{Faults, joined};
use crate::stations::StationDirectory;

/// Between two looks whether a day has ended.
const LOOK: Duration = Duration::from_secs(900);
/// A day is looked at so long after its end: what was kept back is in by then.
const SETTLED: SignedDuration = SignedDuration::from_hours(2);
/// Days before the last that are looked through where the program was off: what lies further back was reported long ago.
const LOOKED_BACK: i64 = 31;
/// Kinds of stations whose data enterprises send.
const KINDS: [StationKind; 3] = [StationKind::Power, StationKind::Outfall, StationKind::Dust];
/// Current above which production runs, as the shipped rules have it, A.
const RUNS: f64 = 10.0;
/// Where the last day that was looked at is remembered.
const MARK: &str = "tampering_day";

/// Looks through the days.
#[derive(Clone)]
pub struct Suspicion {
    observations: Store,
    stations: Arc<StationDirectory>,
    bridge: Bridge,
}

impl Suspicion {
    /// Over these observations; what is found goes over this bridge.
    pub fn new(observations: Store, stations: Arc<StationDirectory>, bridge: Bridge) -> Self {
        Self { observations, stations, bridge }
    }

    /// Looks at each day once, those on which the program was off as well; never ends.
    pub async fn run(self) {
        let mut turns = tokio::time::interval(LOOK);
        let mut faults = Faults::default();
        loop {
            turns.tick().await;
            faults.note("signs of tampering could not be looked for", &self.turn(Timestamp::now()).await);
        }
    }

    /// Looks through the days that have ended since the last one that was looked through. One that fails is looked at
    /// again by the next turn, before the others.
    async fn turn(&self, now: Timestamp) -> anyhow::Result<()> {
        let Some(last) = now.checked_sub(SETTLED).ok().and_then(|then| beijing_day(then).yesterday().ok()) else {
            return Ok(());
        };
        for day in days(self.observations.mark(MARK)?.and_then(day_of), last) {
            let own = self.clone();
            let looked = joined(tokio::task::spawn_blocking(move || own.look(day, now)).await);
            looked.with_context(|| format!("{day} could not be looked through"))?;
            self.observations.set_mark(MARK, number_of(day)).await?;
        }
        Ok(())
    }

    /// Looks through a day. What could not be entered is entered by the next look at it.
    fn look(&self, day: Date, now: Timestamp) -> anyhow::Result<()> {
        let mut refused = 0;
        for device in self.stations.devices() {
            if !KINDS.contains(&StationKind::of(&device.kind)) {
                continue;
            }
            for (factor, sign) in of_device(&self.observations, &device, day)? {
                if let Err(error) = self.bridge.enter(&warning(&device, &factor, sign, day, now)) {
                    tracing::error!("{error}");
                    refused += 1;
                }
            }
        }
        anyhow::ensure!(refused == 0, "{refused} signs could not be entered");
        Ok(())
    }
}

/// The days to look through: those behind `known`, the last that was looked through, up to `last`; where nothing is known,
/// that one alone.
fn days(known: Option<Date>, last: Date) -> Vec<Date> {
    // What lies ahead was remembered by a clock that has been set back since.
    let Some(known) = known.filter(|known| *known <= last) else { return vec![last] };
    let earliest = last.saturating_sub(LOOKED_BACK.days());
    known.series(1.day()).skip(1).take_while(|day| *day <= last).filter(|day| *day > earliest).collect()
}

/// A day as it is remembered: 2026124 is the 124th of 2026.
fn number_of(day: Date) -> i64 {
    i64::from(day.year()) * 1000 + i64::from(day.day_of_year())
}

fn day_of(number: i64) -> Option<Date> {
    let year = i16::try_from(number / 1000).ok()?;
    let day = i16::try_from(number % 1000).ok()?;
    Date::new(year, 1, 1).ok()?.with().day_of_year(day).build().ok()
}

/// The signs of a device's day, by factor.
fn of_device(store: &Store, device: &Device, day: Date) -> Result<Vec<(String, Sign)>, StoreError> {
    let midnight = |day: Date| TimeZone::fixed(offset(8)).to_timestamp(day.at(0, 0, 0, 0)).unwrap_or_default();
    let (from, to) = (midnight(day), midnight(day.tomorrow().unwrap_or(day)));
    let before = from - SignedDuration::from_hours(24);
    let mut factors: Vec<String> = store.series_of(&device.station)?.into_iter().map(|series| series.factor).collect();
    factors.dedup();
    let values = |factor: &str, from: Timestamp, to: Timestamp| -> Result<Vec<Observation>, StoreError> {
        let instants = store.range(&Series::main(&device.station, factor, Kind::Realtime), from, to)?;
        if instants.is_empty() {
            return store.range(&Series::main(&device.station, factor, Kind::Minute), from, to);
        }
        Ok(instants)
    };
    let production = values("d20401", from, to)?;
    let mut found = Vec::new();
    for factor in &factors {
        let today = values(factor, from, to)?;
        let before = values(factor, before, from)?;
        let limit = device.limits.get(factor).copied();
        let signs = tampering::signs(Day { values: &today, before: &before, limit });
        found.extend(signs.into_iter().map(|sign| (factor.clone(), sign)));
        // Waste water and waste gas come out while production runs.
        if !production.is_empty() && (factor.starts_with('w') || factor.starts_with("a2")) {
            let sign = tampering::out_of_step(&today, |at| ran(&production, at));
            found.extend(sign.map(|sign| (factor.clone(), sign)));
        }
    }
    Ok(found)
}

/// Whether the newest current before an instant is that of a running plant.
fn ran(production: &[Observation], at: Timestamp) -> bool {
    let known = production.partition_point(|value| value.at <= at);
    known > 0 && production[known - 1].value > RUNS
}

fn warning(device: &Device, factor: &str, sign: Sign, day: Date, now: Timestamp) -> Warning {
    let (zh, en) = match sign.kind {
        SignKind::TooSmooth => ("数据过于平滑", "values without noise"),
        SignKind::PinnedUnderLimit => ("数据长时间紧贴限值以下", "values just under the limit"),
        SignKind::RepeatedDay => ("与前一日数据雷同", "the day before again"),
        SignKind::NightOnly => ("仅夜间超标", "above the limit at night only"),
        SignKind::CalibrationAbuse => ("频繁标记校准、维护", "calibration again and again"),
        SignKind::OutOfStep => ("生产运行而无排放数据", "production without emission"),
    };
    let text = |zh: String, en: String| Text { zh, en };
    let key = format!("sign_{}", sign.kind.name());
    Warning {
        id: format!("{key}@{}@{factor}@{day}", device.station),
        rule: key,
        edition: "tampering-1".to_owned(),
        label: text(format!("数据真实性线索：{zh}"), format!("Sign of tampering: {en}")),
        level: Level::Warning,
        station: device.station.clone(),
        station_name: device.name.clone(),
        station_kind: device.kind.clone(),
        factor: factor.to_owned(),
        factor_name: text(factor.to_owned(), factor.to_owned()),
        unit: "个".to_owned(),
        opened_at: now,
        lasted_s: 86_400,
        cleared_at: None,
        value: sign.shown as f64,
        threshold: sign.of as f64,
        peak: sign.shown as f64,
        message: text(
            format!("{} {day} {factor}：{zh}（{} 个数据中 {} 个）", device.name, sign.of, sign.shown),
            format!("{}, {day}, {factor}: {en} ({} of {})", device.name, sign.shown, sign.of),
        ),
        task: Some(Task {
            register: TaskRecord::REGISTER.to_owned(),
            title: text(format!("{}数据真实性核查", device.name), format!("Check the data of {}", device.name)),
            instructions: text(
                format!(
                    "{day} 的 {factor} 数据{zh}。核对现场仪器、采样管路、运维与校准记录，比对用电与产量，固定证据。"
                ),
                format!(
                    "{factor} of {day}: {en}. Check instrument, sampling line and logs on site; compare electricity and output."
                ),
            ),
            due_s: 3 * 86_400,
            urgency: "normal".to_owned(),
        }),
        event: String::new(),
        escalation: None,
    }
}

#[cfg(test)]
mod tests {
    use bilan_records::actor::Actor;
    use bilan_records::ledger::ListQuery;
    use hj212::{Event, Flag, Message, Mode, packets};

    use super::*;

    fn day() -> Date {
        "2026-05-04".parse().unwrap()
    }

    /// Two days of minutes of an outfall; the second repeats the first where it is made up.
    fn played(store: &Store, device: &Arc<Device>, made_up: bool) {
        let begins = "2026-05-03T00:00:00+08:00".parse::<Timestamp>().unwrap();
        for place in 0..288_i64 {
            let at = begins + SignedDuration::from_mins(10 * place);
            let phase = if made_up { place % 144 } else { place };
            let value = format!("{:.2}", 3.0 + ((phase * 7919 + 13) % 1009) as f64 / 504.5);
            let message = Message {
                qn: Some(format!("{place:017}")),
                pw: Some("123456".into()),
                ..Message::new("32", "2051", "M1", Flag(5))
            };
            let message = message
                .group([("DataTime", bilan_telemetry::intake::data_time_text(at))])
                .group([("w21003-Avg", value.as_str()), ("w21003-Flag", "N")]);
            let bytes = message.encode().unwrap();
            let Some(Event::Packet { packet, .. }) = packets(&bytes, Mode::Tolerant).next() else { panic!("good") };
            let submission = bilan_telemetry::Submission::new(&packet, Arc::clone(device), "127.0.0.1:1", at);
            store.append_blocking(submission).unwrap();
        }
    }

    /// A bureau with one outfall whose data of 4 May repeat those of the day before.
    fn suspected(trial: &crate::trial::Trial) -> Suspicion {
        let [lon, lat] = trial.centre();
        trial.load(
            "station",
            serde_json::json!({
                "number": "ZD1", "code": "S1", "name": "总排口", "kind": "outfall", "ownership": "enterprise", "state": "running",
                "place": {"lon": lon, "lat": lat, "address": "湘府中路"}, "mn": "M1", "password": "123456",
            }),
        );
        let device = Arc::new(Device::new("M1", "123456", "ZD1", "总排口", "outfall"));
        played(&trial.observations, &device, true);
        let stations = Arc::new(StationDirectory::open(Arc::clone(&trial.ledger)).unwrap());
        let bridge = Bridge::new(Arc::clone(&trial.ledger), trial.observations.clone(), false);
        Suspicion::new(trial.observations.clone(), stations, bridge)
    }

    #[test]
    fn a_day_on_which_the_program_was_off_is_looked_at_afterwards() {
        let trial = crate::trial::Trial::new();
        let suspicion = suspected(&trial);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            trial.observations.set_mark(MARK, number_of("2026-05-02".parse().unwrap())).await.unwrap();
            suspicion.turn("2026-05-08T02:00:00Z".parse().unwrap()).await.unwrap();
        });
        let entered = trial.ledger.list(&Actor::system("test"), ListQuery::of("warning")).unwrap().records;
        let subjects: Vec<_> = entered.iter().map(|record| record.external()["subject"].to_string()).collect();
        assert!(subjects.iter().any(|subject| subject.contains("2026-05-04")), "{subjects:?}");
        assert_eq!(trial.observations.mark(MARK).unwrap().and_then(day_of), Some("2026-05-07".parse().unwrap()));
    }

    #[test]
    fn each_day_since_the_last_is_looked_at_and_not_more_than_a_month_of_them() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let last = day("2026-03-01");
        assert_eq!(days(None, last), [last], "a new bureau has no past");
        assert_eq!(days(Some(last), last), [] as [Date; 0]);
        assert_eq!(days(Some(day("2026-02-27")), last), [day("2026-02-28"), last]);
        assert_eq!(days(Some(day("2026-03-09")), last), [last], "a clock that was set back");
        let month = days(Some(day("2020-01-01")), last);
        assert_eq!((month.len(), month[0]), (31, day("2026-01-30")));
        assert_eq!(day_of(number_of(day("2028-12-31"))), Some(day("2028-12-31")));
    }

    #[test]
    fn a_day_whose_signs_could_not_be_entered_is_looked_at_again() {
        let trial = crate::trial::Trial::new();
        let suspicion = suspected(&trial);
        let now = "2026-05-05T02:00:00Z".parse().unwrap();
        let beside = rusqlite::Connection::open(trial.folder.path().join("records.db")).unwrap();
        beside
            .execute_batch("CREATE TRIGGER full BEFORE INSERT ON r_warning BEGIN SELECT RAISE(FAIL, 'full'); END")
            .unwrap();
        suspicion.look(day(), now).unwrap_err();
        beside.execute_batch("DROP TRIGGER full").unwrap();
        suspicion.look(day(), now).unwrap();
        let entered: i64 = beside.query_row("SELECT count(*) FROM r_warning", [], |row| row.get(0)).unwrap();
        assert_eq!(entered, 1);
    }

    #[test]
    fn a_day_that_repeats_the_one_before_is_told_of_once() {
        let device = Arc::new(Device::new("M1", "123456", "ZD1", "总排口", "outfall"));
        for made_up in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(&folder.path().join("observations.db"), Vec::new()).unwrap();
            played(&store, &device, made_up);
            let found = of_device(&store, &device, day()).unwrap();
            let kinds: Vec<_> = found.iter().map(|(factor, sign)| (factor.as_str(), sign.kind)).collect();
            let expected: &[_] = if made_up { &[("w21003", SignKind::RepeatedDay)] } else { &[] };
            assert_eq!(kinds, expected);
            if let [(factor, sign)] = &found[..] {
                let told = warning(&device, factor, *sign, day(), Timestamp::UNIX_EPOCH);
                assert_eq!(told.id, "sign_repeated_day@ZD1@w21003@2026-05-04", "the same day, the same warning");
                assert!(told.message.zh.contains("144 个数据中 144 个"), "{}", told.message.zh);
            }
        }
    }
}
