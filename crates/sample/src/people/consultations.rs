//! Questions at the counter, by telephone and online.

use serde_json::json;

use super::entry::{after, at, handler, record};
use crate::SampleRecord;
use crate::kit::Kit;
use crate::world::World;

/// Questions of the year.
const ASKED: usize = 300;
/// Topic, question, answer, basis.
const QUESTIONS: [(&str, &str, &str, &str); 16] = [
    (
        "eia_form",
        "新开餐饮店是否需要办理环评",
        "不产生重大影响的餐饮服务按登记表管理，网上备案即可，须安装油烟净化设施并规范烟道。",
        "建设项目环境影响评价分类管理名录",
    ),
    (
        "eia_form",
        "口腔诊所登记表备案怎样填报",
        "登录备案系统如实填写，涉及射线装置的另办辐射手续，备案后自动生成回执。",
        "登记表备案管理办法",
    ),
    (
        "eia",
        "扩建一条包装印刷线属于报告表还是登记表",
        "看油墨用量和是否有溶剂型工艺，达到名录规定的编制报告表。",
        "建设项目环境影响评价分类管理名录",
    ),
    (
        "eia",
        "报告表审批要多久、需要哪些材料",
        "受理后三十日内作出决定，材料为申请书、报告表和公示证明，可一次告知。",
        "建设项目环境保护管理条例",
    ),
    (
        "discharge_permit",
        "首次申领排污许可证如何确定管理类别",
        "按固定污染源分类管理名录对照行业和规模，重点、简化管理的申领许可证。",
        "固定污染源排污许可分类管理名录",
    ),
    (
        "discharge_permit",
        "法定代表人变更后许可证要不要变更",
        "应当自变更之日起三十日内提出变更申请，网上提交营业执照。",
        "排污许可管理办法（试行）",
    ),
    (
        "discharge_registration",
        "汽修厂排污登记在哪里办",
        "在全国排污许可证管理信息平台自行登记，即时生成回执，有效期五年。",
        "固定污染源排污登记工作指南",
    ),
    (
        "discharge_registration",
        "搬迁后排污登记怎样处理",
        "原登记注销，新址重新登记，信息变动二十日内更新。",
        "固定污染源排污登记工作指南",
    ),
    (
        "night_work",
        "混凝土浇筑需要连续作业怎样办夜间施工证明",
        "先取得住建部门工艺意见，再到窗口申请，开工前在工地和小区张贴公告。",
        "环境噪声污染防治法",
    ),
    ("night_work", "中高考期间还能办夜间施工吗", "考试期间除抢修抢险外一律不予办理。", "考试期间噪声管理通告"),
    (
        "radiation",
        "新购一台牙科CT要办什么手续",
        "属三类射线装置，填报登记表备案后申领辐射安全许可证。",
        "放射性同位素与射线装置安全和防护条例",
    ),
    (
        "hazardous_waste",
        "废机油最长能存多久",
        "应当按管理计划及时交有资质单位，贮存间做到防雨、防渗、防流失。",
        "固体废物污染环境防治法",
    ),
    ("hazardous_waste", "年产生量很少还要申报吗", "无论多少都应当如实申报登记并建立台账。", "固体废物污染环境防治法"),
    (
        "acceptance",
        "项目竣工后自主验收怎么公示",
        "验收报告编制完成后五个工作日内公开，公示不少于二十个工作日，再上平台填报。",
        "建设项目竣工环境保护验收暂行办法",
    ),
    (
        "machine",
        "自有叉车需要上环保号牌吗",
        "国内燃油非道路移动机械均应编码登记，电动机械自愿登记。",
        "非道路移动机械编码登记通告",
    ),
    (
        "other",
        "企业信用修复需要什么条件",
        "处罚履行完毕并整改到位后，在信用平台申请，公示期满可修复。",
        "环境信用评价办法",
    ),
];

pub(super) fn records(kit: &mut Kit, world: &mut World) -> Vec<SampleRecord> {
    let days = kit.spread_working_dates(ASKED, 2020, &[6, 3, 9, 10, 9, 9, 8, 9, 9, 8, 10, 8]);
    days.into_iter().map(|day| {
        let (topic, question, answer, basis) = *kit.pick(&QUESTIONS);
        let channel = if day.month() < 4 { *kit.pick(&["phone", "online", "wechat"]) } else { *kit.pick(&["counter", "counter", "phone", "phone", "online", "wechat", "visit"]) };
        let asked = kit.working_time(day);
        let minutes = kit.between(4, 45);
        let firm = kit.chance(0.55).then(|| kit.pick(&world.enterprises).clone());
        let number = world.issue("ZX", 2020, 4);
        record("consultation", &number, json!({
            "asked_at": at(asked), "channel": channel, "topic": topic, "asker": kit.person(), "phone": kit.phone(),
            "enterprise": firm.as_ref().map(|firm| firm.number.clone()), "unit_name": firm.map(|firm| firm.name),
            "question": question,
            "detail": format!("{}{question}。{}", kit.pick(&["来访人询问：", "来电询问：", "拟办事人员咨询："]), kit.pick(&["已查看办事指南仍不清楚。", "希望了解材料清单。", "想知道办理时限。", "询问能否全程网办。"])),
            "answer": answer, "basis": basis, "answered_at": at(after(asked, minutes)), "minutes": minutes,
            "first_time": kit.chance(0.96), "satisfaction": kit.pick(&["very", "very", "yes", "yes", "basic"]),
            "handler_name": handler(kit, world), "state": "answered",
        }))
    }).collect()
}
