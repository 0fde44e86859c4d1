//! What a figure is, said in words: whom it counts, by which date, divided by what.

use crate::live::factor_label;
use bilan_records::{
    catalogue::{Catalogue, Figure, FigurePeriod, FigureRule, Label, RecordSet},
    value::Language,
};

/// The definition of a figure in words.
#[must_use]
pub fn formula(figure: &Figure, catalogue: &Catalogue, language: Language) -> String {
    let speaker = Speaker { figure, catalogue, language };
    match &figure.rule {
        FigureRule::Count(records) => speaker.sentence("条数", "the number", records, None),
        FigureRule::Distinct { records, field } => {
            let field = speaker.field(records, None, field);
            speaker.sentence(
                &format!("不同“{field}”的个数"),
                &format!("the number of different values of “{field}”"),
                records,
                None,
            )
        }
        FigureRule::Sum { records, rows, field, .. } => {
            let name = speaker.field(records, rows.as_deref(), field);
            speaker.sentence(&format!("“{name}”之和"), &format!("the sum of “{name}”"), records, rows.as_deref())
        }
        FigureRule::Ratio { of, to, percent } => {
            let (of, to) = (speaker.name(of), speaker.name(to));
            let times = if *percent { " × 100%" } else { "" };
            format!("“{of}” ÷ “{to}”{times}")
        }
        FigureRule::Change { of, against, percent } => {
            let (of, against) = (speaker.name(of), speaker.name(against));
            let times = if *percent { " × 100%" } else { "" };
            match language {
                Language::Chinese => format!("（“{of}” − “{against}”）÷ “{against}”{times}"),
                Language::English => format!("(“{of}” − “{against}”) ÷ “{against}”{times}"),
            }
        }
        FigureRule::Observations { series, statistic } => observations(series, statistic, language),
    }
}

/// What is computed of which hours: 全区各站PM2.5小时值在时段内的平均值.
fn observations(series: &str, statistic: &str, language: Language) -> String {
    let (station, factor) = series.split_once('/').unwrap_or((series, "*"));
    let of_factor = factor_label(factor);
    let computed = match statistic {
        "mean" => ("平均值", "the mean"),
        "min" => ("最小值", "the least value"),
        "max" => ("最大值", "the largest value"),
        "sum" => ("合计", "the sum"),
        "count" => ("有效小时数", "the number of valid hours"),
        "percentile_90" => ("第90百分位数", "the 90th percentile"),
        "percentile_95" => ("第95百分位数", "the 95th percentile"),
        "good_days" => ("优良天数", "the number of good days"),
        "good_day_rate" => ("优良天数比例", "the share of good days"),
        _ => ("统计值", "a statistic"),
    };
    match language {
        Language::Chinese => {
            let place = if station == "*" { "全区各站".to_owned() } else { format!("“{station}”站") };
            let what = of_factor.map_or_else(String::new, |label| label.zh);
            format!("{place}{what}小时值在时段内的{}", computed.0)
        }
        Language::English => {
            let place = if station == "*" { "all stations".to_owned() } else { format!("the station “{station}”") };
            let what = of_factor.map_or_else(String::new, |label| format!("{} ", label.en));
            format!("{} of the hourly {what}values of {place} in the period", computed.1)
        }
    }
}

struct Speaker<'c> {
    figure: &'c Figure,
    catalogue: &'c Catalogue,
    language: Language,
}

impl Speaker<'_> {
    fn text<'t>(&self, label: Option<&'t Label>, otherwise: &'t str) -> &'t str {
        label.map_or(otherwise, |label| label.text(self.language))
    }

    fn name(&self, figure: &str) -> String {
        self.text(self.catalogue.figures.get(figure).map(|figure| &figure.label), figure).to_owned()
    }

    fn field(&self, records: &RecordSet, rows: Option<&str>, field: &str) -> String {
        use bilan_records::catalogue::FieldKind;
        let fields = self.catalogue.registers.get(&records.of).map(|register| &register.fields);
        let fields = match (fields, rows) {
            (Some(fields), Some(rows)) => match fields.get(rows).map(|field| &field.kind) {
                Some(FieldKind::Table { fields }) => Some(fields),
                _ => None,
            },
            (fields, _) => fields,
        };
        self.text(fields.and_then(|fields| fields.get(field)).map(|field| &field.label), field).to_owned()
    }

    /// `of what`, among which records, placed in time by which date.
    fn sentence(&self, zh: &str, en: &str, records: &RecordSet, rows: Option<&str>) -> String {
        let register = self.catalogue.registers.get(&records.of);
        let ledger = self.text(register.map(|register| &register.label), &records.of);
        let date = self.field(records, None, &records.date);
        let condition = records.filter.as_ref().map(|filter| filter.words(self.catalogue, self.language));
        let asked = self.figure.period == FigurePeriod::Asked;
        match self.language {
            Language::Chinese => {
                let time = if asked { format!("、{date}在所选时段内") } else { "、不限时段".to_owned() };
                let part = rows.map(|rows| format!("各行（{}）", self.field(records, None, rows))).unwrap_or_default();
                let condition = condition.map(|words| format!("、{words}")).unwrap_or_default();
                format!("“{ledger}”台账{part}中{}{condition}的{zh}", time.trim_start_matches('、'))
            }
            Language::English => {
                let time = if asked { format!(" with “{date}” in the period") } else { " of any time".to_owned() };
                let part = rows.map(|rows| format!(" ({})", self.field(records, None, rows))).unwrap_or_default();
                let condition = condition.map(|words| format!(", where {words}")).unwrap_or_default();
                format!("{en} in “{ledger}”{part}{time}{condition}")
            }
        }
    }
}

/// The definition as it stands in the figure's file, for those who keep the files.
#[must_use]
pub fn definition(figure: &Figure) -> String {
    let records = |records: &RecordSet, more: &str| {
        let condition = records.filter.as_ref().map(|filter| format!(", where = '{}'", filter.text()));
        format!("{{ of = \"{}\"{more}, date = \"{}\"{} }}", records.of, records.date, condition.unwrap_or_default())
    };
    let rule = match &figure.rule {
        FigureRule::Count(set) => format!("count = {}", records(set, "")),
        FigureRule::Distinct { records: set, field } => {
            format!("distinct = {}", records(set, &format!(", field = \"{field}\"")))
        }
        FigureRule::Sum { records: set, rows, field, .. } => {
            let rows = rows.as_ref().map(|rows| format!(", rows = \"{rows}\"")).unwrap_or_default();
            format!("sum = {}", records(set, &format!("{rows}, field = \"{field}\"")))
        }
        FigureRule::Ratio { of, to, percent } => {
            format!("ratio = {{ of = \"{of}\", to = \"{to}\", percent = {percent} }}")
        }
        FigureRule::Change { of, against, percent } => {
            format!("change = {{ of = \"{of}\", against = \"{against}\", percent = {percent} }}")
        }
        FigureRule::Observations { series, statistic } => {
            format!("observations = {{ series = \"{series}\", statistic = \"{statistic}\" }}")
        }
    };
    let period = match figure.period {
        FigurePeriod::Asked => "",
        FigurePeriod::All => "\nperiod = \"all\"",
    };
    format!("[{}]\n{rule}{period}\ndigits = {}", figure.key, figure.digits)
}
