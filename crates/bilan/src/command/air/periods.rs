//! Days of stations as months, quarters and years.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Write;

use anyhow::{Context, Result};
use bilan_standards::air::{
    self, AirDay, AirPeriod, Edition, EvaluationPeriod, Exclusions, Indicator, Item, Statistic, Weights,
};

use super::{Heavy, Judged, quoted, rows};

impl Judged {
    fn exclusions(&self) -> Result<Exclusions> {
        let Some(file) = &self.without else { return Ok(Exclusions::default()) };
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        Exclusions::from_tsv(&text).with_context(|| file.display().to_string())
    }

    fn period<'d>(&self, of: EvaluationPeriod, days: &'d [AirDay], exclusions: &'d Exclusions) -> AirPeriod<'d> {
        let last = days.iter().rev().find(|day| of.contains(day.date)).map_or(of.last(), |day| day.date);
        let weights = match self.weights {
            Heavy::Equal => Weights::EQUAL,
            Heavy::Claimed2026 => Weights::CLAIMED_2026,
        };
        AirPeriod::of(of, days, self.input.edition(last)).weighed(weights).without(exclusions)
    }

    /// Hands on each year of each station when it is over.
    fn each_year(&self, mut take: impl FnMut(&str, &[AirDay]) -> Result<()>) -> Result<()> {
        let mut years: HashMap<String, Vec<AirDay>> = HashMap::new();
        let mut order: Vec<String> = Vec::new();
        rows::each_day(self.input.file.as_deref(), &self.input.ignore, |station, date, means| {
            if !years.contains_key(station) {
                order.push(station.to_owned());
            }
            let open = years.entry(station.to_owned()).or_insert_with(|| Vec::with_capacity(366));
            if open.first().is_some_and(|first| first.date.year() != date.year()) {
                take(station, open)?;
                open.clear();
            }
            open.push(AirDay::judged(date, means, self.input.edition(date)));
            Ok(())
        })?;
        order.iter().try_for_each(|station| take(station, &years[station]))
    }
}

/// `bilan air stats`
pub(super) fn stats(judged: &Judged, out: &mut impl Write) -> Result<()> {
    writeln!(out, "station,year,indicator,value,valid")?;
    let exclusions = judged.exclusions()?;
    judged.each_year(|station, days| {
        let (Some(first), Some(last)) = (days.first(), days.last()) else { return Ok(()) };
        let year = EvaluationPeriod::year_of(first.date);
        let statistics = judged.period(year, days, &exclusions).statistics();
        write(station, year, &statistics, out)?;
        // A count across a change of edition says nothing unless both series stand beside it.
        if judged.input.edition(first.date) != judged.input.edition(last.date) {
            let valid = statistics.iter().any(|one| one.indicator == Indicator::GoodDays && one.valid);
            for (edition, name) in [(Edition::E2012, "2012"), (Edition::E2026, "2026")] {
                let indexes = days.iter().filter_map(|day| day.means.judge(edition).aqi);
                let good = indexes.filter(|aqi| aqi.value <= air::GOOD).count();
                writeln!(out, "{},{year},good_days_{name},{good},{valid}", quoted(station))?;
            }
        }
        Ok(())
    })
}

fn write(station: &str, period: EvaluationPeriod, statistics: &[Statistic], out: &mut impl Write) -> Result<()> {
    for statistic in statistics {
        let (key, value) = (statistic.indicator.key(), statistic.text().unwrap_or_default());
        writeln!(out, "{},{period},{key},{value},{}", quoted(station), statistic.valid)?;
    }
    Ok(())
}

/// The periods of the days' year in which there is a day, the shortest first.
fn periods_of(days: &[AirDay]) -> Vec<EvaluationPeriod> {
    let kinds = [EvaluationPeriod::month_of, EvaluationPeriod::quarter_of, EvaluationPeriod::year_of];
    let mut periods: Vec<_> = kinds.iter().flat_map(|kind| days.iter().map(|day| kind(day.date))).collect();
    periods.dedup();
    periods
}

/// `bilan air periods`
pub(super) fn periods(judged: &Judged, out: &mut impl Write) -> Result<()> {
    writeln!(out, "station,period,indicator,value,valid")?;
    let exclusions = judged.exclusions()?;
    judged.each_year(|station, days| {
        periods_of(days)
            .into_iter()
            .try_for_each(|period| write(station, period, &judged.period(period, days, &exclusions).statistics(), out))
    })
}

/// A station in a period, before it has its place.
struct Candidate {
    station: String,
    text: String,
    leading: Option<Item>,
    valid: bool,
}

/// `bilan air rank`
pub(super) fn rank(judged: &Judged, out: &mut impl Write) -> Result<()> {
    writeln!(out, "period,rank,station,composite_index,leading,valid")?;
    let exclusions = judged.exclusions()?;
    let mut found: BTreeMap<EvaluationPeriod, Vec<(Candidate, Statistic)>> = BTreeMap::new();
    judged.each_year(|station, days| {
        for of in periods_of(days) {
            let period = judged.period(of, days, &exclusions);
            let index = period.statistic(Indicator::CompositeIndex);
            let candidate = Candidate {
                station: station.to_owned(),
                text: index.text().unwrap_or_default(),
                leading: period.single_indexes().and_then(|parts| air::leading(&parts)).map(|(item, _)| item),
                valid: index.valid,
            };
            found.entry(of).or_default().push((candidate, index));
        }
        Ok(())
    })?;
    for (period, candidates) in found {
        for air::Ranked { rank, who } in air::ranked(candidates) {
            let leading = who.leading.map_or("", Item::key);
            writeln!(out, "{period},{rank},{},{},{leading},{}", quoted(&who.station), who.text, who.valid)?;
        }
    }
    Ok(())
}
