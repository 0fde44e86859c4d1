//! From `reports/KEY/report.toml` and `text.zh.md` to a [`Report`], checked against registers and figures.

use indexmap::IndexMap;

use super::{
    Block, Figure, Register, Report, SYSTEMS,
    read_figure::check_filter,
    read_register::{SYSTEM_COLUMNS, check_field},
    reader::{Faults, TableReader, instead, parse},
    report_text::{self, Names},
};

/// Reads the description of a report; its text comes from the file beside it.
pub(super) fn read(faults: &Faults<'_>) -> Option<Report> {
    let table = parse(faults.source, faults);
    let file = TableReader::new(table.get_ref(), 0..0, "a report", faults);
    let folder = faults.source.folder();
    let key = file.needed_text("key", &format!("\"{folder}\""));
    if let Some(key) = key.as_ref().filter(|key| key.value != folder) {
        let message = format!("the key “{}” is not the name of the folder", key.value);
        faults.add(&key.span, message, format!("write key = \"{folder}\" or rename the folder"));
    }
    let label = file.needed_label("label");
    let title = file.needed_text("title", "\"{bureau}{year}年工作总结\"");
    let text = |name: &'static str| file.text(name).map(|text| text.value);
    let (subtitle, issuer) = (text("subtitle"), text("issuer"));
    let (document_number, addressee) = (text("document_number"), text("addressee"));
    let particulars = file.other_texts();
    Some(Report {
        key: key?.value,
        label,
        title: title?.value,
        subtitle,
        issuer,
        document_number,
        addressee,
        particulars,
        blocks: Vec::new(),
    })
}

/// Reads the text of a report.
pub(super) fn read_text(
    faults: &Faults<'_>,
    registers: &IndexMap<String, Register>,
    figures: &IndexMap<String, Figure>,
    named: &[String],
) -> Vec<Block> {
    let mut names = Names::default();
    let mut blocks = report_text::read(faults, &mut names);
    for figure in names.figures.iter().filter(|figure| !named.contains(&figure.value)) {
        let remedy = instead(&figure.value, named.iter().map(String::as_str));
        faults.add(&figure.span, format!("there is no figure “{}”", figure.value), remedy);
    }
    for system in names.systems.iter().filter(|system| !SYSTEMS.contains(&system.value.as_str())) {
        let remedy = instead(&system.value, SYSTEMS);
        faults.add(&system.span, format!("there is no system “{}”", system.value), remedy);
    }
    for table in &names.tables {
        check_table(faults, table, registers);
    }
    for block in &mut blocks {
        if let Block::Figures { keys, .. } = block
            && let Some(system) = keys.first().and_then(|key| key.strip_prefix("system:")).map(str::to_owned)
        {
            let shown = figures.values().filter(|figure| figure.system == system && !figure.hidden);
            *keys = shown.map(|figure| figure.key.clone()).collect();
        }
    }
    blocks
}

fn check_table(faults: &Faults<'_>, table: &report_text::TableNames, registers: &IndexMap<String, Register>) {
    let Some(register) = registers.get(&table.register.value) else {
        let remedy = instead(&table.register.value, registers.keys().map(String::as_str));
        let message = format!("there is no register “{}”", table.register.value);
        return faults.add(&table.register.span, message, remedy);
    };
    for column in table.columns.iter().filter(|column| !SYSTEM_COLUMNS.contains(&column.value.as_str())) {
        check_field(faults, column, &register.fields, "columns", "a field", |_| true);
        if register.fields.get(&column.value).is_some_and(crate::catalogue::Field::is_hidden) {
            let message = format!("“{}” is personal or withheld and may not be printed in a report", column.value);
            faults.add(&column.span, message, "take it out of “columns”".to_owned());
        }
    }
    if let Some(filter) = &table.filter {
        let mut filled = filter.clone();
        // Years of four digits stand where the names stood; what comes behind them keeps its order, not its column.
        filled.value = with_years(&filter.value, 2020);
        if filled.value == filter.value {
            check_filter(faults, filter, register, None, registers);
        } else if let Err(error) = crate::filter::Filter::over(&filled.value, register, None, registers) {
            faults.add(&filter.span, error.message.en, error.remedy.map(|remedy| remedy.en));
        }
    }
}

/// A filter with `{year}` and `{next_year}` filled in.
pub(crate) fn with_years(filter: &str, year: i16) -> String {
    filter.replace("{year}", &year.to_string()).replace("{next_year}", &(year + 1).to_string())
}
