//! What is shared with other departments and the platforms above.

use jiff::civil::date;
use serde_json::{Value, json};

use super::desk::{Desk, after, at, later, on, workday};

/// Title, agency, direction, kind, content, method, frequency, register, state.
type Share = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const SHARES: [Share; 16] = [
    (
        "空气自动站小时数据上传",
        "city_centre",
        "provide",
        "monitoring",
        "六参数小时值、分钟值及状态标记",
        "api",
        "hourly",
        "监测站点",
        "running",
    ),
    (
        "水质自动站数据上传",
        "city_centre",
        "provide",
        "monitoring",
        "九参数四小时值",
        "api",
        "hourly",
        "监测站点",
        "running",
    ),
    (
        "气象实况与预报获取",
        "weather",
        "obtain",
        "weather",
        "风、温、湿、压、雨量及七十二小时预报",
        "api",
        "hourly",
        "",
        "running",
    ),
    (
        "12345热线工单互通",
        "hotline",
        "both",
        "complaint",
        "环境类诉求工单转办、签收、办结回传",
        "api",
        "realtime",
        "环境投诉",
        "running",
    ),
    (
        "在建工地名录获取",
        "housing",
        "obtain",
        "construction",
        "工地名称、位置、阶段、土方作业计划",
        "platform",
        "weekly",
        "",
        "running",
    ),
    (
        "夜间施工许可推送",
        "urban",
        "provide",
        "permit",
        "许可编号、工地、时段、公示情况",
        "platform",
        "daily",
        "夜间施工许可",
        "running",
    ),
    (
        "排水泵站运行数据获取",
        "drainage",
        "obtain",
        "drainage",
        "泵站开停、液位、流量",
        "file",
        "daily",
        "排口",
        "running",
    ),
    (
        "医疗机构名录与废物交接",
        "health",
        "obtain",
        "monitoring",
        "机构名录、床位、交接量",
        "file",
        "monthly",
        "危险废物",
        "running",
    ),
    (
        "行政处罚信息公示推送",
        "market",
        "provide",
        "penalty",
        "处罚决定书文号、当事人、结果",
        "platform",
        "weekly",
        "执法案件",
        "running",
    ),
    ("黑烟车抓拍结果移交", "traffic", "provide", "vehicle", "车牌、时间、地点、影像", "file", "weekly", "", "running"),
    (
        "地块用途变更联动",
        "resources",
        "both",
        "permit",
        "用途变更申请、土壤调查结论",
        "platform",
        "on_demand",
        "地块",
        "running",
    ),
    (
        "排水管网地理信息获取",
        "housing",
        "obtain",
        "drainage",
        "检查井、管段、流向",
        "file",
        "on_demand",
        "排水管网节点",
        "running",
    ),
    (
        "省固废平台联单同步",
        "city_bureau",
        "both",
        "permit",
        "产废单位、联单、处置单位",
        "api",
        "daily",
        "危险废物",
        "approved",
    ),
    (
        "取水口水质数据获取",
        "supply",
        "obtain",
        "monitoring",
        "取水口原水指标",
        "file",
        "daily",
        "饮用水水源",
        "running",
    ),
    (
        "考点名单与静音时段",
        "education",
        "obtain",
        "construction",
        "考点位置、考试时段",
        "manual",
        "on_demand",
        "",
        "running",
    ),
    ("机动车登记信息", "traffic", "obtain", "vehicle", "车主身份信息", "platform", "on_demand", "", "refused"),
];

pub(super) fn enter(desk: &mut Desk<'_>) {
    for (place, (title, agency, direction, kind, content, method, frequency, register, state)) in (0_i64..).zip(SHARES)
    {
        let requested = workday(later(date(2020, 2, 18), place * 11));
        let running = state == "running";
        let started = later(requested, 35);
        let exchanges: Vec<Value> = if running {
            (0..4)
                .map(|turn| {
                    let moment = after(later(date(2020, 12, 28), -turn * 7).at(2, 15, 0, 0), desk.between(0, 40));
                    let result = if turn == 2 && place % 5 == 1 { "partial" } else { "succeeded" };
                    json!({ "at": at(moment), "records": desk.between(12, 1_900), "result": result })
                })
                .collect()
        } else {
            Vec::new()
        };
        let values = json!({
            "title": title,
            "agency": desk.agency(agency),
            "direction": direction,
            "kind": kind,
            "content": content,
            "method": method,
            "frequency": frequency,
            "secrecy": if state == "refused" { "withheld" } else if place % 3 == 0 { "unconditional" } else { "conditional" },
            "register_name": if register.is_empty() { None } else { Some(register) },
            "requested_on": on(requested),
            "approved_on": (state != "refused").then(|| workday(later(requested, 12)).to_string()),
            "started_on": running.then(|| started.to_string()),
            "last_exchange_at": if running { exchanges[0]["at"].clone() } else { Value::Null },
            "records_total": if running { json!(desk.between(400, 86_000)) } else { Value::Null },
            "exchanges": exchanges,
            "handler_name": desk.officer(),
            "state": state,
        });
        desk.book.enter("data_share", 2020, values);
    }
}
