//! Tables, and bar charts as tables of a label, a bar and a value.

use docx_rs::{
    AlignmentType, LineSpacing, LineSpacingType, Paragraph, Run, Table, TableAlignmentType, TableCell, TableLayoutType,
    TableRow, VAlignType, WidthType,
};

use super::add_inlines;
use super::style::{AREA, BODY, HEI, SIZE_TABLE, key, run};
use crate::pdf::column_weight;
use crate::tree::{Align, Bar, Column, Document, Inline};

fn cell_paragraph(align: Align) -> Paragraph {
    let side = match align {
        Align::Left => AlignmentType::Left,
        Align::Center => AlignmentType::Center,
        Align::Right => AlignmentType::Right,
    };
    Paragraph::new()
        .style(key::TABLE)
        .align(side)
        .line_spacing(LineSpacing::new().line(340).line_rule(LineSpacingType::AtLeast).before(40).after(40))
}

pub(super) fn table(document: &Document, columns: &[Column], rows: &[Vec<Vec<Inline>>]) -> Table {
    let weights: Vec<usize> =
        columns.iter().enumerate().map(|(index, column)| column_weight(&column.head, rows, index)).collect();
    let whole: usize = weights.iter().sum::<usize>().max(1);
    let widths: Vec<usize> = weights.iter().map(|weight| AREA * weight / whole).collect();
    let cell = |paragraph: Paragraph, width: usize| {
        TableCell::new().width(width, WidthType::Dxa).vertical_align(VAlignType::Center).add_paragraph(paragraph)
    };
    let heads = columns
        .iter()
        .zip(&widths)
        .map(|(column, width)| cell(cell_paragraph(Align::Center).add_run(run(&column.head, HEI, SIZE_TABLE)), *width));
    let mut lines = vec![TableRow::new(heads.collect()).cant_split()];
    for row in rows {
        let cells = columns.iter().zip(&widths).enumerate().map(|(index, (column, width))| {
            let words = row.get(index).map(Vec::as_slice).unwrap_or_default();
            cell(add_inlines(cell_paragraph(column.align), document, words, BODY, SIZE_TABLE), *width)
        });
        lines.push(TableRow::new(cells.collect()).cant_split());
    }
    Table::new(lines)
        .set_grid(widths)
        .layout(TableLayoutType::Fixed)
        .width(AREA, WidthType::Dxa)
        .align(TableAlignmentType::Center)
}

/// Bars as blocks of text between their labels and values: three columns that stay editable in every office program.
pub(super) fn chart(document: &Document, bars: &[Bar]) -> Table {
    const LABEL: usize = 2600;
    const VALUE: usize = 2000;
    /// Blocks of the longest bar: as many as the column between holds in this size.
    const BLOCKS: f64 = 16.0;
    let widths = [LABEL, AREA - LABEL - VALUE, VALUE];
    let largest = bars.iter().filter_map(|bar| bar.value).map(f64::abs).fold(0.0, f64::max);
    let cell = |width: usize, paragraph: Paragraph| {
        TableCell::new()
            .width(width, WidthType::Dxa)
            .vertical_align(VAlignType::Center)
            .clear_all_border()
            .add_paragraph(paragraph)
    };
    let rows = bars.iter().map(|bar| {
        let blocks = match bar.value {
            // Between 0 and BLOCKS.
            Some(value) if largest > 0.0 => (value.abs() / largest * BLOCKS).round() as usize,
            _ => 0,
        };
        let tone = if bar.value.is_some_and(|value| value < 0.0) { "9AA5AE" } else { "2F7F7F" };
        let drawn: Run = run(&"█".repeat(blocks), BODY, SIZE_TABLE).color(tone);
        let inline = match bar.value {
            Some(_) => Inline::Figure {
                key: bar.key.clone().unwrap_or_default(),
                text: bar.text.clone(),
                href: bar.href.clone(),
            },
            None => Inline::Gap { key: bar.key.clone().unwrap_or_default(), why: bar.text.clone() },
        };
        let value = add_inlines(cell_paragraph(Align::Left), document, &[inline], BODY, SIZE_TABLE);
        let label = cell_paragraph(Align::Right).add_run(run(&bar.label, BODY, SIZE_TABLE));
        let [label_width, bar_width, value_width] = widths;
        TableRow::new(vec![
            cell(label_width, label),
            cell(bar_width, cell_paragraph(Align::Left).add_run(drawn)),
            cell(value_width, value),
        ])
        .cant_split()
    });
    Table::without_borders(rows.collect())
        .set_grid(widths.to_vec())
        .layout(TableLayoutType::Fixed)
        .width(AREA, WidthType::Dxa)
}
