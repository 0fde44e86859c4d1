//! Environmental impact assessments: approvals and filed forms.

use jiff::civil::{Date, date};
use serde_json::json;

use super::entry::{handler, on, record};
use crate::SampleRecord;
use crate::calendar::{later, working_day, working_days_later};
use crate::kit::Kit;
use crate::world::World;

/// Forms filed in the year that stand.
const FORMS: usize = 172;
/// Forms filed and annulled.
const ANNULLED: usize = 4;

/// Industry of the builder, project, list category, day of receipt, state at the end of the year.
const PROJECTS: [(&str, &str, &str, Date, &str); 12] = [
    ("printing", "包装印刷生产线扩建", "印刷", date(2019, 12, 16), "approved"),
    ("hospital", "综合门诊楼扩建", "医院", date(2020, 3, 9), "approved"),
    ("laboratory", "检测实验室建设", "专业实验室", date(2020, 4, 13), "approved"),
    ("food", "米面制品车间技改", "食品制造", date(2020, 5, 18), "approved"),
    ("chemical", "水性涂料分装项目", "涂料制造", date(2020, 6, 8), "approved"),
    ("machinery", "精密零部件加工项目", "通用设备制造", date(2020, 7, 20), "approved"),
    ("concrete", "搅拌站环保升级改造", "水泥制品", date(2020, 8, 24), "approved"),
    ("hospital", "住院楼建设", "医院", date(2020, 9, 21), "approved"),
    ("furniture", "定制家居生产线", "家具制造", date(2020, 10, 12), "refused"),
    ("car_repair", "钣喷中心新建", "汽车维修", date(2020, 10, 26), "withdrawn"),
    ("electronics", "光学元件组装项目", "电子元件", date(2020, 12, 7), "publicised"),
    ("laboratory", "水质检测实验室迁建", "专业实验室", date(2020, 12, 21), "accepted"),
];

pub(super) fn records(kit: &mut Kit, world: &mut World) -> Vec<SampleRecord> {
    let mut records: Vec<SampleRecord> =
        PROJECTS.iter().enumerate().map(|(at, project)| approval(kit, world, at, project)).collect();
    let days = kit.spread_working_dates(FORMS + ANNULLED, 2020, &[8, 2, 8, 10, 9, 9, 8, 8, 9, 8, 9, 7]);
    let mut void: Vec<bool> = (0..days.len()).map(|at| at < ANNULLED).collect();
    kit.shuffle(&mut void);
    for (day, void) in days.into_iter().zip(void) {
        records.push(form(kit, world, day, void));
    }
    records
}

fn approval(kit: &mut Kit, world: &mut World, at: usize, project: &(&str, &str, &str, Date, &str)) -> SampleRecord {
    let (industry, name, category, received, state) = *project;
    let firms = world.in_order(&[industry]);
    let firm = &firms[at % firms.len()];
    let number = world.issue("HP", received.year(), 3);
    let accepted = working_days_later(received, 2);
    let publicised = working_days_later(accepted, kit.between(7, 11));
    let decided = working_days_later(publicised, 6);
    let done = matches!(state, "approved" | "refused");
    let shown = done || state == "publicised";
    let millions = kit.decimal(0.8, 46.0, 2);
    record(
        "eia_approval",
        &number,
        json!({
            "project_name": format!("{}{name}项目", firm.name), "project_code": format!("2020-430103-{}-03-{:06}", 10 + at, kit.between(1, 99_999)),
            "enterprise": firm.number, "contact": firm.contact, "phone": firm.phone, "kind": if industry == "chemical" { "report" } else { "form" },
            "nature": kit.pick(&["new", "extension", "rebuild"]), "place": firm.place(), "industry": category,
            "investment": (millions * 1e6).round(), "environment_investment": (millions * 4.2e4).round(), "area_m2": kit.decimal(300.0, 9000.0, 1),
            "agency": kit.pick(&["湖南楚环评估咨询有限公司", "湘澄环境技术有限公司", "清芷环保科技有限公司"]),
            "received_on": on(received), "accepted_on": on(accepted), "accept_published_on": on(accepted),
            "site_visit_on": shown.then(|| working_days_later(accepted, 3).to_string()), "experts": 3,
            "review": shown.then(|| format!("报告编制较规范，污染防治措施总体可行；{}。", kit.pick(&["应补充异味影响分析", "应细化危险废物暂存要求", "应核实废水接管可行性"]))),
            "objections": 0, "publicised_on": shown.then(|| publicised.to_string()),
            "conclusion": done.then(|| if state == "approved" { "在落实各项污染防治措施的前提下，同意按申报内容建设；建成后依法申领排污许可并自主验收。" } else { "选址与规划用途不符，不予批准。" }),
            "document_no": (state == "approved").then(|| format!("天环评〔2020〕{}号", at + 1)),
            "decided_on": done.then(|| decided.to_string()), "delivered_on": done.then(|| working_days_later(decided, 2).to_string()),
            "handler_name": handler(kit, world), "state": state,
        }),
    )
}

fn form(kit: &mut Kit, world: &mut World, day: Date, void: bool) -> SampleRecord {
    let (category, industries, what, measure): (&str, &[&str], &str, &str) = *kit.pick(&[
        ("catering", &["catering"][..], "餐厅经营", "油烟经静电净化后由专用烟道楼顶排放，含油废水经隔油池"),
        ("catering", &["catering"][..], "中央厨房配套", "安装复合式净化器并设清洗台账"),
        ("gas", &["property", "catering"][..], "油烟净化设施改造", "更换高效净化器，风机加隔声罩"),
        ("car_repair", &["car_repair"][..], "汽车保养快修（无喷漆）", "废机油分类暂存交有资质单位，洗车水沉淀回用"),
        ("clinic", &["hospital"][..], "门诊经营", "医疗废物专间暂存，废水消毒后接市政管网"),
        ("culture", &["other"][..], "文娱场所装修", "墙体隔声，音响限幅，二十二时后关窗"),
        ("warehouse", &["logistics"][..], "普通货物仓储", "雨污分流，限速禁鸣"),
        ("school", &["school"][..], "教学用房改造", "实验废液分类收集委托处置"),
        ("property", &["property"][..], "地下车库通风改造", "风井消声，排口避开住宅"),
    ]);
    let firms: Vec<_> = world.of_industry(industries).cloned().collect();
    let firm = kit.pick(&firms).clone();
    let thousands = kit.between(30, 2600);
    let number = world.issue("BA", 2020, 4);
    let receipt = format!("2020430103{:08}", number[6..].parse::<u32>().unwrap_or(0) * 7 + 100);
    let checked = void || kit.chance(0.2);
    record(
        "eia_form",
        &number,
        json!({
            "project_name": format!("{}{what}项目", firm.name), "unit_name": firm.name, "enterprise": firm.number,
            "legal_person": firm.contact, "phone": firm.phone, "place": firm.place(), "category": category,
            "nature": kit.pick(&["new", "new", "rebuild", "extension"]), "area_m2": kit.decimal(60.0, 2400.0, 1),
            "investment": thousands * 1000, "environment_investment": thousands * 60,
            "operates_on": on(later(day, kit.between(10, 70))), "content": format!("{what}，建筑面积见申报，{}", kit.pick(&["租赁现有商铺。", "利用既有厂房。", "不新增用地。"])),
            "impacts": kit.pick(&[&["waste_gas", "noise"][..], &["waste_water", "solid"], &["noise"], &["waste_gas", "waste_water", "noise"]]),
            "measures": format!("{measure}。"), "promise": true, "receipt_no": receipt, "filed_on": on(day),
            "checked_on": checked.then(|| working_day(later(day, 12)).min(date(2020, 12, 31)).to_string()),
            "check_result": checked.then_some(if void { "wrong_class" } else { "ok" }),
            "handler_name": checked.then(|| handler(kit, world)), "state": if void { "void" } else { "filed" },
        }),
    )
}
