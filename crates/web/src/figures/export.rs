//! The figures of a period as a file.

use axum::response::Response;
use bilan_records::figures::{FigureValue, Figures, Period};

use super::{Asked, has_records};
use crate::{
    parameters::Query,
    refusal::Refusal,
    sheet::{Sheet, file},
    visit::Visit,
};

async fn values(visit: &Visit, asked: Asked) -> Result<(Period, Vec<FigureValue>), Refusal> {
    let as_of = asked.as_of()?;
    let (period, values) = visit
        .read(move |ledger, actor| {
            let period = asked.period(ledger)?;
            Ok::<_, Refusal>((period, Figures::of(ledger, actor, as_of).all(&period)?))
        })
        .await??;
    if !has_records(values.iter().map(|value| (value.key.as_str(), value.records)), visit.app.catalogue()) {
        return Err(Refusal::NotFound { what: format!("{period}") });
    }
    Ok((period, values))
}

/// Name of a file of figures. It says where they are not those of the whole district but of the reader's cell or enterprise.
fn name(period: &Period, values: &[FigureValue], ending: &str) -> String {
    let reach = if values.iter().any(|value| value.confined) { "-within-reach" } else { "" };
    format!("figures-{period}{reach}.{ending}")
}

/// `key value unit records`, as the command line prints it.
pub(super) async fn tsv(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let (period, values) = values(&visit, asked).await?;
    let name = name(&period, &values, "tsv");
    let mut text = String::from("key\tvalue\tunit\trecords\n");
    for value in values {
        let shown = value.value.unwrap_or_default();
        text.push_str(&format!("{}\t{shown}\t{}\t{}\n", value.key, value.unit, value.records));
    }
    Ok(file(text, "text/tab-separated-values; charset=utf-8", &name))
}

/// The same for a spreadsheet, with names; its mark of UTF-8 makes Excel read it as such.
pub(super) async fn csv(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let (period, values) = values(&visit, asked).await?;
    let catalogue = visit.app.catalogue();
    let name = name(&period, &values, "csv");
    let mut sheet = Sheet::of(&["key", "label", "value", "unit", "records", "gap"]);
    for value in values {
        let label = catalogue.figures.get(&value.key).map(|figure| figure.label.text(visit.language).to_owned());
        let gap = value.gap.as_ref().map(|gap| bilan_records::report::gap_words(gap, catalogue));
        let gap = gap.map(|gap| gap.text(visit.language).to_owned()).unwrap_or_default();
        sheet.put([
            value.key.clone(),
            label.unwrap_or_default(),
            value.value.clone().unwrap_or_default(),
            value.unit.clone(),
            value.records.to_string(),
            gap,
        ]);
    }
    Ok(sheet.download(&name))
}
