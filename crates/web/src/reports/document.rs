//! From a filled report to a document that can be printed as HTML, Markdown, DOCX or PDF.
//!
//! A report knows its figures and records; a document knows headings, tables and links. This is the only place where
//! one becomes the other, so that the page, the download and the command line always show the same text.
//! Each figure becomes a link to exactly the records that it counts; a figure without a value becomes a visible gap.

use bilan_documents::{Bar, Block, Column, Document, Inline};
use bilan_records::{
    report::{Filled, FilledBlock, FilledFigure, FilledInline, FilledRow},
    value::Language,
};
use jiff::{Timestamp, civil::Date};

/// What a document has around the report's own words.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Address of the site, so that links lead back to it from a file that was taken away.
    pub base_url: Option<String>,
    /// Printed at the head of every page, such as [`SIMULATED`].
    pub notice: Option<String>,
    /// Language of the words put around the report: heads of columns, the day, markers.
    pub language: Language,
    /// The day on which the document was made, if it is to be printed.
    pub date: Option<Date>,
    /// When the file is written, for its properties.
    pub written_at: Option<Timestamp>,
}

/// The notice on documents over made-up records.
pub const SIMULATED: &str = "模拟数据，仅供演示";

/// The notice on a report for a reader who sees only a cell or an enterprise.
pub const CONFINED: &str = "仅统计本人可见范围（所属网格或企业）内的记录，不是全局数字";

/// The document of a filled report.
///
/// A report for a reader who sees only a part of the district says so ([`CONFINED`]).
/// A report over simulated records always says so, with [`SIMULATED`] unless `options` word the notice.
#[must_use]
pub fn document(filled: &Filled, options: Options) -> Document {
    let writer = Writer { as_of: filled.as_of, language: options.language };
    let notice = options.notice.or_else(|| filled.simulated.then(|| SIMULATED.to_owned()));
    let notices: Vec<String> = notice.into_iter().chain(filled.confined.then(|| CONFINED.to_owned())).collect();
    let date = options.date.map(|day| writer.day(day));
    let mut blocks: Vec<Block> = filled.addressee.iter().map(|name| Block::Addressee(name.clone())).collect();
    for block in &filled.blocks {
        writer.block(block, &mut blocks);
    }
    for (name, value) in &filled.particulars {
        let colon = writer.word("：", ": ");
        blocks.push(Block::paragraph(format!("{name}{colon}{value}")));
    }
    // A document with a number is signed at its end; another names its office and day under the title.
    if let (Some(_), Some(issuer), Some(date)) = (&filled.document_number, &filled.issuer, &date) {
        blocks.push(Block::Signature { unit: issuer.clone(), date: date.clone() });
    }
    Document {
        subtitle: filled.subtitle.clone(),
        issuer: filled.issuer.clone(),
        number: filled.document_number.clone(),
        date_text: date,
        written_at: options.written_at.map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
        notice: (!notices.is_empty()).then(|| notices.join("；")),
        lang: writer.word("zh-CN", "en").to_owned(),
        base_url: options.base_url,
        blocks,
        ..Document::new(filled.title.clone())
    }
}

/// Address of the records that a figure counts in a period, now or at an earlier moment.
#[must_use]
pub fn records_address(figure: &str, period: impl std::fmt::Display, as_of: Option<Timestamp>) -> String {
    let moment = as_of.map(|at| format!("&as_of={at}")).unwrap_or_default();
    format!("/figures/{figure}/records?year={period}{moment}")
}

struct Writer {
    as_of: Option<Timestamp>,
    language: Language,
}

impl Writer {
    fn word(&self, zh: &'static str, en: &'static str) -> &'static str {
        match self.language {
            Language::Chinese => zh,
            Language::English => en,
        }
    }

    fn day(&self, day: Date) -> String {
        match self.language {
            Language::Chinese => format!("{}年{}月{}日", day.year(), day.month(), day.day()),
            Language::English => day.to_string(),
        }
    }

    fn block(&self, block: &FilledBlock, blocks: &mut Vec<Block>) {
        match block {
            FilledBlock::Heading { level, text } => {
                blocks.push(Block::Heading { level: *level, inlines: self.inlines(text) });
            }
            FilledBlock::Paragraph { text } => blocks.push(Block::Paragraph(self.inlines(text))),
            // Items that follow each other are one list.
            FilledBlock::Item { text } => match blocks.last_mut() {
                Some(Block::List(items)) => items.push(self.inlines(text)),
                _ => blocks.push(Block::List(vec![self.inlines(text)])),
            },
            FilledBlock::Records { title, heads, rows, more, .. } => {
                blocks.push(records_table(title.as_deref(), heads, rows));
                if *more > 0 {
                    let text = match self.language {
                        Language::Chinese => format!("另有{more}条记录未列出。"),
                        Language::English => format!("{more} more records are not shown."),
                    };
                    blocks.push(Block::paragraph(text));
                }
            }
            FilledBlock::Figures { title, figures } => blocks.push(self.figures_table(title.as_deref(), figures)),
            // A pie is drawn as bars too: lengths are compared more surely than angles, and paper is black and white.
            FilledBlock::Chart { title, figures, .. } => blocks.push(self.chart(title.as_deref(), figures)),
        }
    }

    fn inlines(&self, text: &[FilledInline]) -> Vec<Inline> {
        let mut inlines = Vec::with_capacity(text.len());
        for inline in text {
            match inline {
                FilledInline::Text { text } => inlines.push(Inline::text(text)),
                FilledInline::Figure(figure) => inlines.push(self.figure(figure)),
                FilledInline::Strong { text } => inlines.extend(self.inlines(text).into_iter().map(stressed)),
            }
        }
        inlines
    }

    fn figure(&self, figure: &FilledFigure) -> Inline {
        let key = figure.key.clone();
        match self.gap(figure) {
            Some(why) => Inline::Gap { key, why },
            None => Inline::Figure { key, text: figure.text.clone(), href: Some(self.address(figure)) },
        }
    }

    /// Name of the missing figure and the reason, if it has no value.
    fn gap(&self, figure: &FilledFigure) -> Option<String> {
        if !figure.gap {
            return None;
        }
        let name = if figure.label.is_empty() { &figure.key } else { &figure.label };
        let Some(why) = &figure.why else { return Some(name.clone()) };
        Some(format!("{name}{}{}", self.word("，", ": "), why.text(self.language)))
    }

    fn address(&self, figure: &FilledFigure) -> String {
        records_address(&figure.key, figure.period, self.as_of)
    }

    fn figures_table(&self, title: Option<&str>, figures: &[FilledFigure]) -> Block {
        let rows = figures.iter().map(|figure| {
            let records = if figure.gap { Inline::text("—") } else { Inline::text(figure.records.to_string()) };
            vec![vec![Inline::text(&figure.label)], vec![self.figure(figure)], vec![records]]
        });
        Block::Table {
            caption: title.map(str::to_owned),
            columns: vec![
                Column::left(self.word("指标", "Figure")),
                Column::right(self.word("数值", "Value")),
                Column::right(self.word("记录数", "Records")),
            ],
            rows: rows.collect(),
        }
    }

    fn chart(&self, title: Option<&str>, figures: &[FilledFigure]) -> Block {
        let unit = figures.first().map(|figure| figure.unit.as_str()).filter(|unit| !unit.is_empty());
        let one_unit = unit.filter(|unit| figures.iter().all(|figure| figure.unit == *unit));
        let bars = figures.iter().map(|figure| {
            let number = figure.value.as_deref().filter(|_| !figure.gap);
            let text = match (self.gap(figure), number) {
                (Some(why), _) => why,
                // The unit of all stands over the chart once.
                (None, Some(number)) if one_unit.is_some() => number.to_owned(),
                (None, _) => figure.text.clone(),
            };
            Bar {
                key: Some(figure.key.clone()),
                label: figure.label.clone(),
                value: number.and_then(|number| number.parse().ok()),
                text,
                href: Some(self.address(figure)),
            }
        });
        Block::BarChart { caption: title.map(str::to_owned), unit: one_unit.map(str::to_owned), bars: bars.collect() }
    }
}

fn records_table(title: Option<&str>, heads: &[String], rows: &[FilledRow]) -> Block {
    Block::Table {
        caption: title.map(str::to_owned),
        columns: heads.iter().map(Column::left).collect(),
        rows: rows.iter().map(|row| row.cells.iter().map(|cell| vec![Inline::text(cell)]).collect()).collect(),
    }
}

/// Words stand out; a figure among them stays a figure, for its link matters more than its weight.
fn stressed(inline: Inline) -> Inline {
    match inline {
        Inline::Text(text) => Inline::Strong(text),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use bilan_documents::{HtmlOptions, html, markdown};
    use bilan_records::{catalogue::Label, figures::Period};

    use super::*;

    fn figure(key: &str, value: Option<&str>) -> FilledFigure {
        FilledFigure {
            key: key.into(),
            label: "投诉总数".into(),
            text: value.map_or_else(|| format!("〔数据缺失：{key}〕"), |value| format!("{value}件")),
            value: value.map(str::to_owned),
            unit: "件".into(),
            period: Period::year(2020),
            records: 3,
            gap: value.is_none(),
            why: value.is_none().then(|| Label { zh: "没有记录".into(), en: "no records".into() }),
        }
    }

    fn filled(blocks: Vec<FilledBlock>) -> Filled {
        Filled {
            key: "annual".into(),
            title: "2020年工作总结".into(),
            subtitle: None,
            issuer: Some("示范分局".into()),
            document_number: None,
            addressee: None,
            particulars: vec![],
            year: 2020,
            as_of: None,
            confined: false,
            simulated: true,
            blocks,
            gaps: vec![],
        }
    }

    fn text(text: &str) -> FilledInline {
        FilledInline::Text { text: text.into() }
    }

    #[test]
    fn a_figure_links_to_its_records_and_a_gap_is_seen() {
        let line = vec![
            FilledInline::Strong { text: vec![text("共"), FilledInline::Figure(figure("total", Some("393")))] },
            FilledInline::Figure(figure("rate", None)),
        ];
        let document = document(&filled(vec![FilledBlock::Paragraph { text: line }]), Options::default());
        let page = html(&document, &HtmlOptions::default());
        let link = r#"<a class="figure" data-figure="total" href="/figures/total/records?year=2020">393件</a>"#;
        assert!(page.contains(link), "{page}");
        assert!(page.contains("<strong>共</strong>"));
        assert!(page.contains(r#"<mark class="gap" data-figure="rate">【缺：投诉总数，没有记录】</mark>"#), "{page}");
        assert!(page.contains(SIMULATED), "made-up records are labelled whatever the caller says");
    }

    #[test]
    fn a_report_of_a_part_of_the_district_says_so_beside_the_word_on_made_up_records() {
        let filled = Filled { confined: true, ..filled(vec![]) };
        let page = html(&document(&filled, Options::default()), &HtmlOptions::default());
        assert!(page.contains(&format!("{SIMULATED}；{CONFINED}")), "{page}");
    }

    #[test]
    fn an_earlier_moment_stays_in_the_links() {
        let mut filled =
            filled(vec![FilledBlock::Paragraph { text: vec![FilledInline::Figure(figure("total", Some("3")))] }]);
        filled.as_of = Some("2021-01-05T00:00:00Z".parse().unwrap());
        let page = html(&document(&filled, Options::default()), &HtmlOptions::default());
        assert!(page.contains("/figures/total/records?year=2020&amp;as_of=2021-01-05T00:00:00Z"), "{page}");
    }

    #[test]
    fn items_that_follow_each_other_are_one_list() {
        let item = |words: &str| FilledBlock::Item { text: vec![text(words)] };
        let blocks = vec![item("一"), item("二"), FilledBlock::Paragraph { text: vec![text("完")] }, item("三")];
        let document = document(&filled(blocks), Options::default());
        let lists: Vec<usize> = document
            .blocks
            .iter()
            .filter_map(|block| if let Block::List(items) = block { Some(items.len()) } else { None })
            .collect();
        assert_eq!(lists, [2, 1]);
    }

    #[test]
    fn a_bar_without_a_value_is_a_gap_and_not_a_bar_of_nothing() {
        let figures = vec![figure("noise", Some("200")), figure("gas", None)];
        let blocks = vec![FilledBlock::Chart { title: None, kind: "bar", figures }];
        let document = document(&filled(blocks), Options::default());
        let Some(Block::BarChart { bars, unit, .. }) = document.blocks.first() else { panic!("no chart") };
        assert_eq!((bars[0].value, bars[0].text.as_str(), unit.as_deref()), (Some(200.0), "200", Some("件")));
        assert_eq!(bars[1].value, None);
        assert_eq!(document.gaps().len(), 1);
    }

    #[test]
    fn the_links_of_a_file_lead_back_to_the_site() {
        let blocks = vec![FilledBlock::Figures { title: None, figures: vec![figure("total", Some("3"))] }];
        let options = Options { base_url: Some("https://bilan.example".into()), ..Options::default() };
        let text = markdown(&document(&filled(blocks), options));
        assert!(text.contains("[3件](<https://bilan.example/figures/total/records?year=2020>)"), "{text}");
    }
}
