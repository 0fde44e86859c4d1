//! Why a value does not fit its field: one sentence in either language, with the facts as fields.

use crate::catalogue::{Code, Label};
use std::fmt;

use serde_json::Value as Json;

/// A value that was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Nothing given where a value was announced.
    #[error("must be filled")]
    Empty,
    /// Another type of value.
    #[error("“{found}” is not {wanted}")]
    WrongType {
        /// What the field takes.
        wanted: &'static str,
        /// What was given.
        found: String,
    },
    /// Text longer than the field.
    #[error("has {found} characters; at most {max} are allowed")]
    TooLong {
        /// Characters given.
        found: usize,
        /// Characters allowed.
        max: usize,
    },
    /// A character that no form can have sent on purpose.
    #[error("contains the control character U+{code:04X}")]
    ControlCharacter {
        /// Code point.
        code: u32,
    },
    /// A character that takes no place on a screen, where it could only mislead.
    #[error("contains the invisible character U+{code:04X}; delete it")]
    InvisibleCharacter {
        /// Code point.
        code: u32,
    },
    /// A number that a spreadsheet has shortened, in a field of text.
    #[error(
        "“{found}” has lost digits: a number keeps fifteen in a spreadsheet; format the column as text and enter it again"
    )]
    DigitsLost {
        /// What was given.
        found: String,
    },
    /// Several lines in a one-line field.
    #[error("must be one line")]
    SeveralLines,
    /// Not among the choices.
    #[error("“{found}” is not one of {}{}", .allowed.en, did_you_mean(.closest))]
    NotAChoice {
        /// What was given.
        found: String,
        /// Names of what can be chosen.
        allowed: Label,
        /// The choice that looks most like it.
        closest: Option<Label>,
    },
    /// Below the least value.
    #[error("{found} is less than {min}, the least allowed")]
    TooSmall {
        /// What was given.
        found: String,
        /// Least value.
        min: String,
    },
    /// Above the greatest value.
    #[error("{found} is more than {max}, the most allowed")]
    TooLarge {
        /// What was given.
        found: String,
        /// Greatest value.
        max: String,
    },
    /// More decimals than the field keeps.
    #[error("{found} has more than {digits} decimals")]
    TooManyDigits {
        /// What was given.
        found: String,
        /// Decimals kept.
        digits: u8,
    },
    /// Not a telephone number.
    #[error("“{found}” is not a telephone number (like 13812345678 or 0731-85140000)")]
    NotAPhone {
        /// What was given.
        found: String,
    },
    /// Not a code of its kind.
    #[error("“{found}” is not a {} (like {}): {why}", kind.en(), kind.example())]
    NotACode {
        /// What it should be.
        kind: Code,
        /// What was given.
        found: String,
        /// What is wrong with it.
        why: String,
    },
    /// Not a date.
    #[error("“{found}” is not a date (like 2020-03-01)")]
    NotADate {
        /// What was given.
        found: String,
    },
    /// A date field was given a time of day.
    #[error("“{found}” has a time of day; give the date only")]
    TimeInDate {
        /// What was given.
        found: String,
    },
    /// Not an instant.
    #[error("“{found}” is not a date and time (like 2020-03-01T22:15)")]
    NotAnInstant {
        /// What was given.
        found: String,
    },
    /// A day that no ledger of ours can mean.
    #[error("the year {found} lies outside 1900 to 2200")]
    YearOutOfRange {
        /// Year given.
        found: i16,
    },
    /// A point outside the country.
    #[error("longitude {lon}, latitude {lat} lies outside China{}", if *.swapped { "; the two seem to be swapped" } else { "" })]
    OutsideChina {
        /// Longitude.
        lon: f64,
        /// Latitude.
        lat: f64,
        /// The other way round it would fit.
        swapped: bool,
    },
    /// A line or ring with too few points.
    #[error("has {found} points; at least {least} are needed")]
    TooFewPoints {
        /// Points given.
        found: usize,
        /// Points needed.
        least: usize,
    },
    /// A line or ring with too many points, or a polygon with too many rings.
    #[error("has {found} points or rings; at most {most} are allowed: simplify the drawing")]
    TooManyPoints {
        /// Points or rings given.
        found: usize,
        /// Allowed.
        most: usize,
    },
    /// A field that follows from others.
    #[error("is computed and cannot be given")]
    Computed,
    /// A cell of a child table for which there is no field.
    #[error("there is no such field (found “{found}”)")]
    NoSuchField {
        /// What was given.
        found: String,
    },
    /// A coordinate that is no number.
    #[error("“{found}” is no longitude or latitude: write it in degrees, like 112.98 and 28.10")]
    NotACoordinate {
        /// What was given.
        found: String,
    },
    /// A longitude without a latitude, or the other way round.
    #[error("longitude and latitude belong together: fill in both, or neither")]
    HalfAPoint,
    /// Several files where one is allowed.
    #[error("{found} files given; one is allowed")]
    OneFile {
        /// Files given.
        found: usize,
    },
    /// Faults in the rows of a child table, every one of them.
    #[error("{}", joined(.0))]
    Rows(Vec<CellRefusal>),
}

/// A fault in one cell of a child table.
#[derive(Debug, Clone, PartialEq)]
pub struct CellRefusal {
    /// Row, counted from 1.
    pub row: usize,
    /// Field of the row by its name; empty where the row as a whole is wrong.
    pub field: Label,
    /// What is wrong.
    pub refusal: Box<Refusal>,
}

impl fmt::Display for CellRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}, {}: {}", self.row, self.field.en, self.refusal)
    }
}

impl Refusal {
    pub(super) fn wrong_type(wanted: &'static str, found: &Json) -> Self {
        Self::WrongType { wanted, found: shown(found) }
    }

    /// The code by which other programs know the refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::WrongType { .. } => "wrong_type",
            Self::TooLong { .. } => "too_long",
            Self::ControlCharacter { .. } => "control_character",
            Self::InvisibleCharacter { .. } => "invisible_character",
            Self::DigitsLost { .. } => "digits_lost",
            Self::SeveralLines => "several_lines",
            Self::NotAChoice { .. } => "not_a_choice",
            Self::TooSmall { .. } => "too_small",
            Self::TooLarge { .. } => "too_large",
            Self::TooManyDigits { .. } => "too_many_digits",
            Self::NotAPhone { .. } => "not_a_phone",
            Self::NotACode { kind, .. } => match kind {
                Code::Credit => "not_a_credit_code",
                Code::Waste => "not_a_waste_code",
                Code::Manifest => "not_a_manifest_number",
                Code::Machine => "not_a_machine_code",
            },
            Self::NotADate { .. } => "not_a_date",
            Self::TimeInDate { .. } => "time_in_date",
            Self::NotAnInstant { .. } => "not_an_instant",
            Self::YearOutOfRange { .. } => "year_out_of_range",
            Self::OutsideChina { .. } => "outside_china",
            Self::TooFewPoints { .. } => "too_few_points",
            Self::TooManyPoints { .. } => "too_many_points",
            Self::Computed => "computed",
            Self::NoSuchField { .. } => "no_such_field",
            Self::NotACoordinate { .. } => "not_a_coordinate",
            Self::HalfAPoint => "half_a_point",
            Self::OneFile { .. } => "one_file",
            Self::Rows(_) => "rows",
        }
    }

    /// The same sentence in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Empty => "必须填写".into(),
            Self::WrongType { wanted, found } => format!("“{found}”类型不符，应为{}", wanted_zh(wanted)),
            Self::TooLong { found, max } => format!("共{found}个字符，最多{max}个"),
            Self::ControlCharacter { code } => format!("含有控制字符U+{code:04X}"),
            Self::InvisibleCharacter { code } => format!("含有不可见字符U+{code:04X}，请删除"),
            Self::DigitsLost { found } => {
                format!("“{found}”已丢失数位：电子表格的数字只保留15位，请将该列设为文本格式后重新填写")
            }
            Self::SeveralLines => "只能填写一行".into(),
            Self::NotAChoice { found, allowed, closest } => {
                let hint = closest.as_ref().map(|closest| format!("；是否应为“{}”？", closest.zh)).unwrap_or_default();
                format!("“{found}”不在可选项中，可选：{}{hint}", allowed.zh)
            }
            Self::TooSmall { found, min } => format!("{found}小于最小值{min}"),
            Self::TooLarge { found, max } => format!("{found}大于最大值{max}"),
            Self::TooManyDigits { found, digits } => format!("{found}的小数位数超过{digits}位"),
            Self::NotAPhone { found } => format!("“{found}”不是电话号码（如13812345678或0731-85140000）"),
            Self::NotACode { kind, found, .. } => {
                format!("“{found}”不是有效的{}（如{}）：{}", kind.zh(), kind.example(), kind.form_zh())
            }
            Self::NotADate { found } => format!("“{found}”不是日期（如2020-03-01）"),
            Self::TimeInDate { found } => format!("“{found}”含有时刻，此处只填日期"),
            Self::NotAnInstant { found } => format!("“{found}”不是日期和时间（如2020-03-01T22:15）"),
            Self::YearOutOfRange { found } => format!("年份{found}不在1900至2200之间"),
            Self::OutsideChina { lon, lat, swapped } => {
                let hint = if *swapped { "，经纬度可能颠倒" } else { "" };
                format!("经度{lon}、纬度{lat}不在中国境内{hint}")
            }
            Self::TooFewPoints { found, least } => format!("只有{found}个点，至少需要{least}个"),
            Self::TooManyPoints { found, most } => format!("共{found}个点或环，最多{most}个，请简化图形"),
            Self::Computed => "由系统计算，不能填写".into(),
            Self::NoSuchField { found } => format!("没有这个字段（填有“{found}”）"),
            Self::NotACoordinate { found } => format!("“{found}”不是经度或纬度，请填写度数，如112.98、28.10"),
            Self::HalfAPoint => "经度和纬度须同时填写，或都不填".into(),
            Self::OneFile { found } => format!("共{found}个文件，只能有一个"),
            Self::Rows(faults) => {
                let lines: Vec<String> = faults
                    .iter()
                    .map(|fault| format!("第{}行“{}”：{}", fault.row, fault.field.zh, fault.refusal.zh()))
                    .collect();
                lines.join("；")
            }
        }
    }
}

fn wanted_zh(wanted: &str) -> &str {
    match wanted {
        "text" => "文字",
        "a whole number" => "整数",
        "a number" => "数字",
        "one of a list" => "选项",
        "a list of choices" => "选项列表",
        "yes or no" => "是或否",
        "coordinates like “112.98,28.10”, longitude first" => "形如“112.98,28.10”的坐标，经度在前",
        "a point with “lon” and “lat”" => "含经度（lon）、纬度（lat）的点",
        "a list of points [lon, lat]" => "点的列表[经度, 纬度]",
        "a list of rings, each a list of points [lon, lat]" => "由点组成的环的列表",
        "a list of rows" => "行的列表",
        "a row" => "一行",
        _ => "上传的文件",
    }
}

fn did_you_mean(closest: &Option<Label>) -> String {
    closest.as_ref().map(|closest| format!("; did you mean “{}”?", closest.en)).unwrap_or_default()
}

fn joined(faults: &[CellRefusal]) -> String {
    faults.iter().map(CellRefusal::to_string).collect::<Vec<_>>().join("; ")
}

/// What was found, shortened so that a message stays a message.
pub(super) fn shown(json: &Json) -> String {
    let text = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
    if text.chars().count() > 60 { text.chars().take(59).chain(['…']).collect() } else { text }
}
