//! Meetings of the party branch: theme days, committee, assemblies, lectures, spread over the months.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::desk::{Desk, after, at, day_2020, workday};

struct Meeting {
    kind: &'static str,
    month: i8,
    day: i8,
    subject: &'static str,
    study: &'static str,
    agenda: &'static [(&'static str, &'static str)],
    decision: &'static str,
}

const fn meeting(
    kind: &'static str,
    (month, day): (i8, i8),
    subject: &'static str,
    study: &'static str,
    agenda: &'static [(&'static str, &'static str)],
    decision: &'static str,
) -> Meeting {
    Meeting { kind, month, day, subject, study, agenda, decision }
}

const THEME: &str = "theme_day";
const COMMITTEE: &str = "committee";
const ASSEMBLY: &str = "assembly";
const LECTURE: &str = "lecture";

const MEETINGS: &[Meeting] = &[
    meeting(
        THEME,
        (1, 15),
        "“走进老党员家”迎新春慰问暨烟花爆竹禁放宣传主题党日",
        "《中国共产党支部工作条例（试行）》",
        &[("新春慰问分组", "分三组走访结对社区老党员八户"), ("禁放宣传", "每组负责两个社区张贴倡议书")],
        "春节期间党员干部带头不燃放烟花爆竹，值班名单上墙。",
    ),
    meeting(
        THEME,
        (2, 20),
        "“战疫情、守底线”医疗废物和医疗废水监管主题党日（线上）",
        "习近平总书记关于疫情防控的重要讲话精神",
        &[
            ("医疗机构监管分片", "党员分包辖区医疗机构，逐日报送医废收运情况"),
            ("自愿捐款", "二十七名党员自愿捐款支持疫情防控"),
        ],
        "成立医疗废物监管党员突击队，实行日报告制度。",
    ),
    meeting(
        THEME,
        (3, 18),
        "“复工复产我服务”企业帮扶主题党日",
        "关于统筹推进疫情防控和经济社会发展生态环保工作的通知",
        &[("复工企业清单", "分街道上门服务复工企业"), ("不见面审批", "登记表备案、排污登记全程网办")],
        "每名党员联系两家企业，一周内完成首次走访。",
    ),
    meeting(
        THEME,
        (4, 16),
        "“清明追思、廉洁家风”主题党日",
        "《中国共产党纪律处分条例》",
        &[("家风分享", "三名党员分享家风故事"), ("廉政谈话", "对关键岗位人员开展廉政谈话")],
        "关键岗位廉政风险点清单重新梳理一遍。",
    ),
    meeting(
        THEME,
        (5, 20),
        "“守护一江碧水”湘江岸线清洁志愿服务主题党日",
        "《中华人民共和国长江保护法（草案）》解读",
        &[("岸线清洁", "清理书院路以西岸线垃圾"), ("排口巡查", "对照名录逐个核对排口标识牌")],
        "发现的三处破损标识牌由水环境科一周内更换。",
    ),
    meeting(
        THEME,
        (6, 5),
        "“美丽中国，我是行动者”六五环境日主题党日",
        "六五环境日国家主场活动主题报告",
        &[("环境日活动分工", "线下宣传与线上直播同步开展"), ("公众开放", "组织居民参观水质自动站")],
        "党员轮流担任现场讲解员。",
    ),
    meeting(
        THEME,
        (7, 1),
        "“重温入党誓词”庆祝建党九十九周年主题党日",
        "《习近平谈治国理政》第三卷",
        &[("重温誓词", "新发展党员领誓"), ("表彰先进", "表彰优秀共产党员两名")],
        "向表彰对象学习，在夜间施工管控中亮身份。",
    ),
    meeting(
        THEME,
        (8, 19),
        "“夏夜静音”噪声投诉现场办理主题党日",
        "《中华人民共和国环境噪声污染防治法》",
        &[("夜间值守", "党员分组参加夜间施工巡查"), ("重复投诉清零", "逐件认领重复投诉")],
        "重复投诉两次以上的工地由支委包案。",
    ),
    meeting(
        THEME,
        (9, 16),
        "“节约粮食、绿色机关”主题党日",
        "关于制止餐饮浪费行为的重要指示",
        &[("光盘行动", "机关食堂按需取餐"), ("绿色办公", "双面打印、下班断电检查")],
        "每月通报科室用电用纸情况。",
    ),
    meeting(
        THEME,
        (10, 15),
        "“迎战秋冬季”大气攻坚主题党日",
        "秋冬季大气污染综合治理攻坚行动方案",
        &[("党员先锋岗", "设立调度令巡查党员先锋岗"), ("巡查分片", "十四个街道分七组")],
        "调度令下发两小时内巡查组必须到位。",
    ),
    meeting(
        THEME,
        (11, 18),
        "学习贯彻党的十九届五中全会精神主题党日",
        "党的十九届五中全会公报",
        &[("研讨交流", "围绕“十四五”生态环境保护谈体会"), ("课题认领", "科室认领调研题目五个")],
        "形成学习体会文章，择优在公众号刊发。",
    ),
    meeting(
        THEME,
        (12, 16),
        "“对照检查、谋划新年”主题党日",
        "《中国共产党党员教育管理工作条例》",
        &[("民主评议党员", "全体党员参加测评"), ("新年计划", "征集明年工作建议二十条")],
        "评议结果与年度考核衔接。",
    ),
    meeting(
        COMMITTEE,
        (1, 8),
        "研究年度党建计划和春节值班",
        "",
        &[("年度党建工作计划", "原则通过，修改后印发"), ("春节值班安排", "领导带班、科室轮值")],
        "通过年度党建工作计划。",
    ),
    meeting(
        COMMITTEE,
        (2, 12),
        "研究疫情期间医疗废物监管组织保障",
        "",
        &[("突击队人员", "确定十二名队员"), ("防护物资", "由办公室统筹调配")],
        "突击队实行组长负责制。",
    ),
    meeting(
        COMMITTEE,
        (3, 11),
        "研究支部换届后委员分工和发展党员工作",
        "",
        &[("委员分工", "明确组织、宣传、纪检委员职责"), ("入党积极分子", "确定积极分子一名")],
        "分工自本月起执行。",
    ),
    meeting(
        COMMITTEE,
        (4, 9),
        "研究意识形态和网络舆情工作",
        "",
        &[("舆情处置流程", "投诉类舆情一小时内核实"), ("公众号审核", "实行三审三校")],
        "修订信息发布审核制度。",
    ),
    meeting(
        COMMITTEE,
        (5, 13),
        "研究督察反馈问题整改中的党建引领",
        "",
        &[("整改包案", "支委每人包案一件"), ("整改督办", "每周调度一次")],
        "整改情况在支部大会上报告。",
    ),
    meeting(
        COMMITTEE,
        (6, 10),
        "研究七一系列活动和困难党员慰问",
        "",
        &[("七一活动方案", "通过"), ("慰问对象", "确定两名")],
        "活动从简、注重实效。",
    ),
    meeting(
        COMMITTEE,
        (7, 15),
        "研究上半年党建考核自查问题",
        "",
        &[("自查问题", "会议记录不规范等四个问题"), ("整改时限", "八月底前完成")],
        "组织委员负责补齐资料。",
    ),
    meeting(
        COMMITTEE,
        (8, 12),
        "研究预备党员转正事项",
        "",
        &[("转正审查", "同意提交党员大会讨论"), ("谈心谈话", "支委与党员谈心全覆盖")],
        "提交第三季度党员大会表决。",
    ),
    meeting(
        COMMITTEE,
        (9, 9),
        "研究国庆中秋廉洁提醒和督察迎检",
        "",
        &[("节前提醒", "发送廉洁短信并签承诺书"), ("迎检资料", "各科室月底前归档")],
        "纪检委员牵头节后抽查。",
    ),
    meeting(
        COMMITTEE,
        (10, 14),
        "研究秋冬季攻坚人员调配",
        "",
        &[("人员调配", "抽调六人充实巡查组"), ("值班纪律", "夜间值班抽查不少于每周两次")],
        "通过人员调配方案。",
    ),
    meeting(
        COMMITTEE,
        (11, 11),
        "研究党费收缴使用和党员档案",
        "",
        &[("党费公示", "三季度党费收缴情况公示"), ("档案核查", "补充材料三份")],
        "档案问题月底前清零。",
    ),
    meeting(
        COMMITTEE,
        (12, 9),
        "研究组织生活会方案和述职评议",
        "",
        &[("组织生活会", "确定会前学习和谈心安排"), ("书记述职", "述职报告征求意见")],
        "通过组织生活会方案。",
    ),
    meeting(
        ASSEMBLY,
        (3, 25),
        "第一季度支部党员大会",
        "",
        &[("党建工作计划", "审议通过"), ("一季度党费", "报告收缴情况")],
        "通过年度党建工作计划。",
    ),
    meeting(
        ASSEMBLY,
        (6, 24),
        "第二季度支部党员大会",
        "",
        &[("上半年支部工作报告", "审议通过"), ("推荐先进", "票决优秀共产党员两名")],
        "推荐名单报上级党委。",
    ),
    meeting(
        ASSEMBLY,
        (9, 23),
        "第三季度支部党员大会",
        "",
        &[("预备党员转正", "表决同意按期转正一名"), ("督察整改", "听取包案整改情况")],
        "同意一名预备党员按期转正。",
    ),
    meeting(
        ASSEMBLY,
        (12, 23),
        "第四季度支部党员大会",
        "",
        &[("支部年度工作报告", "审议通过"), ("民主评议", "宣布评议结果")],
        "通过支部年度工作报告。",
    ),
    meeting(
        LECTURE,
        (4, 28),
        "书记上党课：把初心写在蓝天碧水之间",
        "习近平生态文明思想",
        &[("专题党课", "结合春季水环境问题讲履职担当")],
        "课后撰写学习心得。",
    ),
    meeting(
        LECTURE,
        (7, 8),
        "书记上党课：在督察整改中锤炼党性",
        "党章",
        &[("专题党课", "结合信访件办理讲群众观念")],
        "对办结件回访不少于三成。",
    ),
    meeting(
        LECTURE,
        (11, 25),
        "书记上党课：以五中全会精神谋划“十四五”环保工作",
        "党的十九届五中全会精神",
        &[("专题党课", "讲减污降碳和精准治污")],
        "各科室报送“十四五”工作设想。",
    ),
    meeting(
        "group",
        (5, 27),
        "第一党小组学习讨论会",
        "全国两会精神",
        &[("学习讨论", "交流政府工作报告中的生态环保要求")],
        "形成小组发言提纲。",
    ),
    meeting(
        "organisation_life",
        (1, 20),
        "二〇一九年度组织生活会",
        "主题教育学习资料",
        &[("对照检查", "支委逐一作对照检查"), ("批评与自我批评", "提出意见三十一条")],
        "问题整改清单公示。",
    ),
];

const PARTY_MEMBERS: i64 = 27;

pub(super) fn enter(desk: &mut Desk<'_>) {
    for meeting in MEETINGS {
        let day = workday(day_2020(meeting.month, meeting.day));
        record(desk, meeting, day);
    }
}

fn record(desk: &mut Desk<'_>, meeting: &Meeting, day: Date) {
    let (expected, length) = match meeting.kind {
        COMMITTEE => (5, desk.between(60, 110)),
        "group" => (9, 70),
        THEME => (PARTY_MEMBERS, desk.between(90, 170)),
        _ => (PARTY_MEMBERS, desk.between(75, 120)),
    };
    let absent = if expected > 5 && desk.chance(0.6) { desk.between(1, 3) } else { 0 };
    let (hour, minute) = *desk.pick(&[(9, 0), (9, 30), (14, 30), (15, 0), (16, 0)]);
    let begun = day.at(hour, minute, 0, 0);
    let online = meeting.subject.contains("线上");
    let agenda: Vec<Value> = meeting
        .agenda
        .iter()
        .enumerate()
        .map(|(place, (topic, outcome))| {
            let speaker = if place == 0 { desk.staff.secretary.clone() } else { desk.officer() };
            json!({ "topic": topic, "speaker": speaker, "outcome": outcome })
        })
        .collect();
    let absentees = (absent > 0).then(|| {
        let names = desk.officers(usize::try_from(absent).unwrap_or(0)).join("、");
        let why = ["外出现场检查", "参加市局培训", "休假", "夜间值班补休"][day.day() as usize % 4];
        format!("{names}（{why}）")
    });
    let lecturer = (meeting.kind == LECTURE).then(|| desk.staff.secretary.clone());
    let observers = if meeting.kind == COMMITTEE { desk.between(0, 3) } else { desk.between(0, 4) };
    let values = json!({
        "kind": meeting.kind,
        "subject": meeting.subject,
        "held_at": at(begun),
        "ended_at": at(after(begun, length)),
        "venue": if online { "视频会议" } else if expected > 9 { "分局三楼会议室" } else { "分局二楼党员活动室" },
        "branch": "分局机关支部",
        "chair": if meeting.kind == THEME { desk.staff.organiser.clone() } else { desk.staff.secretary.clone() },
        "lecturer": lecturer,
        "recorder": desk.staff.publicist.clone(),
        "expected": expected,
        "attended": expected - absent,
        "observers": observers,
        "absentees": absentees,
        "agenda": agenda,
        "study_material": if meeting.study.is_empty() { None } else { Some(meeting.study) },
        "decisions": meeting.decision,
        "state": "archived",
    });
    desk.book.enter("meeting", 2020, values);
}
