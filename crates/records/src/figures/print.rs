//! How a figure is worded: 216件, 350余人次, 约16600米, 67%.

use super::FigureValue;
use crate::{catalogue::Bound, value::Language};

impl FigureValue {
    /// Value and unit with the words of its bound; a gap is a visible gap.
    #[must_use]
    pub fn full(&self, language: Language) -> String {
        match &self.value {
            Some(value) => self.worded(value, language),
            None => self.missing(language),
        }
    }

    /// The number alone.
    #[must_use]
    pub fn number(&self, language: Language) -> String {
        self.value.clone().unwrap_or_else(|| self.missing(language))
    }

    /// The value without its sign, with its unit: for “下降67%”.
    #[must_use]
    pub fn magnitude(&self, language: Language) -> String {
        match &self.value {
            Some(value) => self.worded(value.trim_start_matches('-'), language),
            None => self.missing(language),
        }
    }

    /// A change in words: 下降67%, 上升12%, 持平.
    #[must_use]
    pub fn change(&self, language: Language) -> String {
        let Some(value) = &self.value else { return self.missing(language) };
        if value.chars().all(|character| matches!(character, '0' | '.' | '-')) {
            return language.pick("持平", "unchanged").to_owned();
        }
        let way = if self.is_negative() { ("下降", "down ") } else { ("上升", "up ") };
        format!("{}{}", language.pick(way.0, way.1), self.magnitude(language))
    }

    /// Whether the value is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.value.as_deref().is_some_and(|value| value.starts_with('-'))
    }

    fn missing(&self, language: Language) -> String {
        match language {
            Language::Chinese => format!("〔数据缺失：{}〕", self.label.zh),
            Language::English => format!("[missing: {}]", self.label.en),
        }
    }

    fn worded(&self, value: &str, language: Language) -> String {
        let unit = &self.unit;
        match (language, self.bound) {
            (Language::Chinese, Bound::Exact) => format!("{value}{unit}"),
            (Language::Chinese, Bound::About) => format!("约{value}{unit}"),
            // 余 stands behind a round number only; behind another it is 以上.
            (Language::Chinese, Bound::AtLeast) if value.ends_with('0') && !value.contains('.') && value.len() > 1 => {
                format!("{value}余{unit}")
            }
            (Language::Chinese, Bound::AtLeast) => format!("{value}{unit}以上"),
            (Language::English, bound) => {
                let unit = if unit == "%" { "%" } else { "" };
                let word = match bound {
                    Bound::Exact => "",
                    Bound::AtLeast => "more than ",
                    Bound::About => "about ",
                };
                format!("{word}{value}{unit}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use crate::catalogue::Label;

    use super::*;

    fn figure(value: Option<&str>, unit: &str, bound: Bound) -> FigureValue {
        FigureValue {
            key: "petition_close_rate".into(),
            label: Label { zh: "信访办结率".into(), en: "Petitions closed".into() },
            value: value.map(str::to_owned),
            unit: unit.into(),
            records: 0,
            confined: false,
            gap: None,
            exact: None,
            bound,
        }
    }

    #[test_case(figure(Some("216"), "件", Bound::Exact), "216件"; "exact")]
    #[test_case(figure(Some("350"), "人次", Bound::AtLeast), "350余人次"; "at least, round")]
    #[test_case(figure(Some("63"), "次", Bound::AtLeast), "63次以上"; "at least, not round")]
    #[test_case(figure(Some("16600"), "米", Bound::About), "约16600米"; "about")]
    #[test_case(figure(None, "%", Bound::Exact), "〔数据缺失：信访办结率〕"; "gap")]
    fn a_figure_is_worded_by_its_bound(figure: FigureValue, text: &str) {
        assert_eq!(figure.full(Language::Chinese), text);
    }

    #[test]
    fn a_fall_is_written_without_its_sign() {
        let figure = figure(Some("-67"), "%", Bound::Exact);
        assert!(figure.is_negative());
        assert_eq!(figure.magnitude(Language::Chinese), "67%");
        assert_eq!(figure.change(Language::Chinese), "下降67%");
        assert_eq!(figure.number(Language::Chinese), "-67");
    }

    #[test_case("12.5", "上升12.5%", "up 12.5%"; "more")]
    #[test_case("-3", "下降3%", "down 3%"; "less")]
    #[test_case("0.0", "持平", "unchanged"; "the same")]
    #[test_case("-0.0", "持平", "unchanged"; "the same after rounding")]
    fn a_change_is_said_with_its_direction(value: &str, zh: &str, en: &str) {
        let figure = figure(Some(value), "%", Bound::Exact);
        assert_eq!([figure.change(Language::Chinese), figure.change(Language::English)], [zh, en]);
    }
}
