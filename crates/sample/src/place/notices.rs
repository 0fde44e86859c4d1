//! What the bureau published: bulletins each month, notices through the year, each with its index number.

use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::desk::{Desk, at, later, on, workday};

/// Month and day, kind, title, text.
type Notice = ((i8, i8), &'static str, &'static str, &'static str);

const NOTICES: [Notice; 14] = [
    ((1, 10), "notice", "关于春节期间禁止燃放烟花爆竹的倡议", "请广大市民自觉遵守禁放规定，共同守护蓝天。"),
    (
        (2, 14),
        "notice",
        "关于疫情期间环保业务不见面办理的公告",
        "登记表备案、排污登记、咨询事项可通过网上和电话办理，材料可邮寄。",
    ),
    ((3, 5), "plan", "二〇二〇年生态环境工作要点", "围绕蓝天、碧水、净土、静音四项任务，安排年度重点工作十八项。"),
    (
        (3, 31),
        "permit",
        "固定污染源排污登记工作的通告",
        "尚未登记的排污单位请于九月三十日前完成网上登记，疑问可到政务窗口咨询。",
    ),
    (
        (5, 8),
        "inspection",
        "督察“回头看”信访件办理情况公开（第一批）",
        "按照边督边改要求，现将第一批信访件办理情况公开，接受社会监督。",
    ),
    ((5, 29), "notice", "六五环境日系列活动预告", "水质自动站公众开放、线上直播和社区宣传活动安排如下，欢迎参加。"),
    (
        (6, 12),
        "notice",
        "高考中考期间噪声管控通告",
        "考试期间考点周边五百米范围内停止产生噪声的施工作业，违规者依法处理。",
    ),
    ((7, 6), "notice", "夏季餐饮油烟整治告知书", "餐饮服务单位应安装并正常使用油烟净化设施，定期清洗并留存记录。"),
    ((8, 10), "notice", "臭氧污染天气健康提示", "午后臭氧浓度偏高时段，老人儿童请减少户外活动。"),
    (
        (9, 14),
        "penalty",
        "生态环境违法典型案例（第一批）",
        "公布涉气、噪声、危险废物违法典型案例，提醒相关单位引以为戒。",
    ),
    ((10, 9), "notice", "非道路移动机械编码登记提示", "尚未登记的机械请携带资料办理，未登记机械不得进入工地使用。"),
    (
        (11, 2),
        "notice",
        "秋冬季大气污染防治致企业的一封信",
        "请涉气企业落实错峰生产和应急减排措施，确保治污设施同步运行。",
    ),
    ((11, 23), "permit", "夜间施工许可办理指南（修订）", "明确申请条件、公告要求和时段限制，附申请表样式。"),
    (
        (12, 25),
        "inspection",
        "督察“回头看”信访件办理情况公开（第二批）",
        "现将阶段性办结情况公开，未办结事项继续推进。",
    ),
];

/// A notice before it has a number.
struct Draft {
    formed: Date,
    kind: &'static str,
    title: String,
    text: String,
    sample: Option<String>,
    zone: Option<String>,
}

pub(super) fn enter(desk: &mut Desk<'_>) {
    let mut drafts: Vec<Draft> = NOTICES
        .iter()
        .map(|((month, day), kind, title, text)| Draft {
            formed: date(2020, *month, *day),
            kind,
            title: (*title).to_owned(),
            text: (*text).to_owned(),
            sample: None,
            zone: None,
        })
        .collect();
    for month in 1_i8..=12 {
        let sample = desk.samples.iter().find(|(_, river, day)| *river == 0 && day.month() == month);
        drafts.push(Draft {
            formed: workday(later(date(2020, month, 1).last_of_month(), -1)).min(date(2020, 12, 31)),
            kind: "quality",
            title: format!("天心区{month}月水环境质量信息"),
            text: "一江四河断面手工监测与自动监测结果，按地表水环境质量标准评价，超标断面已发函督促整改。".to_owned(),
            sample: sample.map(|sample| sample.0.clone()),
            zone: None,
        });
    }
    for (number, name, day) in &desk.passed_zones {
        drafts.push(Draft {
            formed: *day,
            kind: "notice",
            title: format!("关于公布{name}的公告"),
            text: format!("经专家评估，{name}符合创建要求，现予公布。"),
            sample: None,
            zone: Some(number.clone()),
        });
    }
    drafts.sort_by_key(|draft| draft.formed);
    for (place, draft) in drafts.into_iter().enumerate() {
        notice(desk, place, draft);
    }
}

fn notice(desk: &mut Desk<'_>, place: usize, draft: Draft) {
    let Draft { formed, kind, title, text, sample, zone } = draft;
    let formed = workday(formed);
    let formed = if formed.year() == 2020 { formed } else { date(2020, 12, 31) };
    let published = workday(later(formed, desk.between(1, 9)));
    // What was formed in the last days of December waits for the new year.
    let open = published.year() > 2020;
    let values = json!({
        "kind": kind,
        "title": title,
        "index_no": format!("430103/2020-{:05}", 210 + place * 7),
        "document_no": if matches!(kind, "plan" | "inspection") { json!(format!("天环发〔2020〕{}号", place + 3)) } else { Value::Null },
        "formed_on": on(formed),
        "issuer": "区生态环境分局",
        "content": text,
        "openness": "active",
        "feedback_until": if kind == "permit" { on(later(formed, 14)) } else { Value::Null },
        "water_sample": sample,
        "noise_demo_zone": zone,
        "reviewed_by": desk.staff.publicist.clone(),
        "published_at": if open { Value::Null } else { at(published.at(10, 30, 0, 0)) },
        "views": if open { Value::Null } else { json!(desk.between(90, 5_200)) },
        "handler_name": desk.officer(),
        "state": if open { "reviewed" } else { "published" },
    });
    desk.book.enter("notice", 2020, values);
}
