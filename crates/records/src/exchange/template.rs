//! The Excel template of a register: headings, hints, drop-down lists, and a sheet that explains each column.

use rust_xlsxwriter::{DataValidation, Format as CellFormat, Formula, Note, Workbook, XlsxError};

use super::export::{column_format, properties, sheet_name};
use crate::{
    catalogue::{Catalogue, Field, FieldKind, Register},
    value::Language,
};

/// Why a template could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the template cannot be written: {0}")]
pub struct TemplateError(#[from] XlsxError);

/// Rows below the heading that offer the drop-down lists.
const PREPARED_ROWS: u32 = 5000;

/// The template as the bytes of an Excel file; it is imported as it is filled in.
///
/// # Errors
/// [`TemplateError`] if the workbook cannot be put together.
pub fn template(register: &Register, catalogue: &Catalogue) -> Result<Vec<u8>, TemplateError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(register, catalogue, None));
    let head = CellFormat::new().set_bold();
    let fields: Vec<&Field> = register
        .fields
        .values()
        .filter(|field| !field.read_only && !field.withheld)
        .filter(|field| !matches!(field.kind, FieldKind::Computed { .. } | FieldKind::Attachment { .. }))
        .collect();
    let lists: Vec<(u16, Vec<&str>)> =
        (0..).zip(&fields).filter_map(|(at, field)| Some((at, choices(field)?))).collect();

    let sheet = workbook.add_worksheet();
    sheet.set_name(sheet_name(&register.label.zh))?.set_freeze_panes(1, 0)?;
    for (at, field) in (0..).zip(&fields) {
        let heading = if field.required { format!("{}*", field.label.zh) } else { field.label.zh.clone() };
        sheet.set_column_format(at, &column_format(Some(&field.kind)))?;
        sheet.set_column_width(at, 20)?.write_string_with_format(0, at, heading, &head)?;
        sheet.insert_note(0, at, &Note::new(describe(field, catalogue)).add_author_prefix(false))?;
    }
    for (position, (at, list)) in (0_u16..).zip(&lists) {
        let column = rust_xlsxwriter::utility::column_number_to_name(position);
        let range = format!("='选项'!${column}$2:${column}${}", list.len() + 1);
        let drop_down = DataValidation::new()
            .allow_list_formula(Formula::new(range))
            .set_error_title("不在选项中")?
            .set_error_message("请从下拉列表中选择。")?;
        sheet.add_data_validation(1, *at, PREPARED_ROWS, *at, &drop_down)?;
    }

    let sheet = workbook.add_worksheet();
    sheet.set_name("说明")?.set_column_width(0, 24)?.set_column_width(1, 24)?.set_column_width(5, 80)?;
    for (at, text) in (0..).zip(["列", "Column", "字段", "类型 Type", "必填 Required", "说明 Notes"]) {
        sheet.write_string_with_format(0, at, text, &head)?;
    }
    for (row, field) in (1..).zip(&fields) {
        let required = if field.required { "是 yes" } else { "" };
        let cells = [
            field.label.zh.as_str(),
            &field.label.en,
            &field.key,
            &kind_name(&field.kind),
            required,
            &describe(field, catalogue),
        ];
        for (at, text) in (0..).zip(cells) {
            sheet.write_string(row, at, text)?;
        }
    }

    let sheet = workbook.add_worksheet();
    sheet.set_name("选项")?.set_hidden(true);
    for (position, (at, list)) in (0..).zip(&lists) {
        sheet.write_string_with_format(0, position, &fields[usize::from(*at)].label.zh, &head)?;
        for (row, choice) in (1..).zip(list) {
            sheet.write_string(row, position, *choice)?;
        }
    }
    Ok(workbook.save_to_buffer()?)
}

fn choices(field: &Field) -> Option<Vec<&str>> {
    match &field.kind {
        FieldKind::Choice { choices } => Some(choices.values().map(|label| label.zh.as_str()).collect()),
        FieldKind::YesNo => Some(vec!["是", "否"]),
        _ => None,
    }
}

/// Hint, unit, limits and choices of a field in a sentence or two.
fn describe(field: &Field, catalogue: &Catalogue) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Some(hint) = &field.hint {
        parts.push(format!("{} {}", hint.zh, hint.en));
    }
    match &field.kind {
        FieldKind::Integer { unit, min, max } => {
            parts.extend(unit.as_ref().map(|unit| format!("单位：{}", Language::Chinese.unit(unit))));
            parts.extend(min.map(|min| format!("不小于{min}")));
            parts.extend(max.map(|max| format!("不大于{max}")));
        }
        FieldKind::Decimal { unit, digits, min, max } => {
            parts.extend(unit.as_ref().map(|unit| format!("单位：{}", Language::Chinese.unit(unit))));
            parts.push(format!("小数{digits}位"));
            parts.extend(min.map(|min| format!("不小于{min}")));
            parts.extend(max.map(|max| format!("不大于{max}")));
        }
        FieldKind::Money => parts.push("单位：元，两位小数".into()),
        FieldKind::Date => parts.push("如 2020-03-01".into()),
        FieldKind::DateTime => parts.push("如 2020-03-01 22:15（北京时间）".into()),
        FieldKind::Phone => parts.push("手机、带区号的座机（分机写“转8012”）、400、12345；两个号码用、隔开".into()),
        FieldKind::Choice { choices } => {
            let list: Vec<String> = choices.iter().map(|(key, label)| format!("{}（{key}）", label.zh)).collect();
            parts.push(format!("从中选一：{}", list.join("、")));
        }
        FieldKind::Choices { choices } => {
            let list: Vec<&str> = choices.values().map(|label| label.zh.as_str()).collect();
            parts.push(format!("可选多项，用、分隔：{}", list.join("、")));
        }
        FieldKind::Place => parts.push("经度,纬度 地址（WGS-84），如 112.98,28.10 雨花亭".into()),
        FieldKind::Reference { to } => parts.push(format!(
            "“{}”台账中记录的编号",
            catalogue.registers.get(to).map_or(to.as_str(), |register| &register.label.zh)
        )),
        FieldKind::Table { fields } => {
            let keys: Vec<String> =
                fields.values().map(|field| format!("{}（{}）", field.key, field.label.zh)).collect();
            parts.push(format!("JSON 行列表 [{{…}}]，字段：{}", keys.join("、")));
        }
        FieldKind::Line => parts.push("LINESTRING (经度 纬度, 经度 纬度, …)，或JSON坐标列表 [[经度,纬度],…]".into()),
        FieldKind::Polygon => {
            parts.push("POLYGON ((经度 纬度, 经度 纬度, …))，或JSON坐标列表 [[[经度,纬度],…]]".into());
        }
        FieldKind::Text { max } | FieldKind::LongText { max } => parts.push(format!("最多{max}个字符")),
        _ => {}
    }
    if field.unique {
        parts.push("不能重复".into());
    }
    if field.personal {
        parts.push("个人信息，加密存储".into());
    }
    parts.join("；")
}

fn kind_name(kind: &FieldKind) -> String {
    let name = match kind {
        FieldKind::Text { .. } => "文本 text",
        FieldKind::LongText { .. } => "长文本 long text",
        FieldKind::Integer { .. } => "整数 integer",
        FieldKind::Decimal { .. } => "小数 decimal",
        FieldKind::Money => "金额 money",
        FieldKind::Date => "日期 date",
        FieldKind::DateTime => "时间 date and time",
        FieldKind::Choice { .. } => "单选 choice",
        FieldKind::Choices { .. } => "多选 choices",
        FieldKind::YesNo => "是否 yes or no",
        FieldKind::Person => "人名 person",
        FieldKind::Phone => "电话 phone",
        FieldKind::Code(code) => return format!("{} {}", code.zh(), code.en()),
        FieldKind::Place => "位置 place",
        FieldKind::Line => "线 line",
        FieldKind::Polygon => "面 polygon",
        FieldKind::Reference { .. } => "引用 reference",
        FieldKind::Table { .. } => "子表 table",
        FieldKind::Attachment { .. } => "附件 attachment",
        FieldKind::Computed { .. } => "计算 computed",
    };
    name.to_owned()
}
