//! Items of the year's plan: those of 2020 with how they ended, those of 2021 that the summary prints.

use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::desk::{Desk, later, on};

/// Section, title, content, goal, owner, supporters, due (month, day).
type Item = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, (i8, i8));

const NEXT: [Item; 26] = [
    (
        "air",
        "推进PM2.5与臭氧协同控制",
        "依托复合监测站开展组分分析，按季编制源解析简报，形成重点时段减排清单",
        "优良天数比例稳中有升",
        "大气环境科",
        "区住建局、区城管局",
        (12, 20),
    ),
    (
        "air",
        "深化涉VOCs企业治理",
        "完成印刷、汽修、家具企业低效治理设施升级，夏季实施错峰生产",
        "完成企业治理二十家",
        "大气环境科",
        "区商务局、区交通局",
        (9, 30),
    ),
    (
        "air",
        "巩固锅炉低氮化改造成果",
        "对已改造锅炉开展抽测，纳入排污许可管理",
        "抽测比例不低于三成",
        "大气环境科",
        "属地街道",
        (11, 30),
    ),
    (
        "air",
        "加强非道路移动机械监管",
        "推行入场核验、随车二维码，严查未登记和冒黑烟机械",
        "实现“双零”",
        "机动车与机械监管组",
        "区住建局",
        (12, 15),
    ),
    (
        "air",
        "优化调度令巡查机制",
        "调度令电子化下发、巡查轨迹回传、问题闭环销号",
        "两小时到岗率百分之百",
        "综合调度室",
        "各街道",
        (6, 30),
    ),
    (
        "water",
        "实施一江四河水质提升",
        "以断面倒逼整治，超标断面一河一策",
        "断面达标率不低于九成五",
        "水环境科",
        "区水利局",
        (12, 20),
    ),
    (
        "water",
        "开展排口溯源整治",
        "对合流溢流口逐一溯源建档，推进雨污分流",
        "旱季污水零溢流",
        "水环境科",
        "区住建局、排水公司",
        (10, 31),
    ),
    (
        "water",
        "保障饮用水水源安全",
        "保护区网格巡查、视频智能识别、年度风险评估",
        "水质达标率百分之百",
        "水环境科",
        "供水公司、属地街道",
        (12, 20),
    ),
    (
        "water",
        "用好水质自动站",
        "建立超标自动预警与十二小时溯源机制",
        "数据有效率九成五以上",
        "监测分析室",
        "运维单位",
        (6, 30),
    ),
    (
        "soil",
        "推进建设用地安全利用",
        "疑似污染地块调查全覆盖，落实准入联动",
        "安全利用率百分之百",
        "土壤与固废科",
        "区资规、区土储中心",
        (11, 30),
    ),
    (
        "soil",
        "规范危险废物全过程管理",
        "申报、贮存、转移联单电子化，汽修和小微企业集中收运试点",
        "规范化考核达标率九成以上",
        "土壤与固废科",
        "区卫健局",
        (10, 31),
    ),
    ("soil", "整治涉重金属污染源", "完成遗留废渣处置两处", "在册污染源销号", "土壤与固废科", "属地街道", (12, 10)),
    (
        "noise",
        "创建第二个噪声控制示范区",
        "在先锋新城片开展噪声地图、施工静音和交通降噪",
        "通过评估",
        "声环境组",
        "区住建局、交警大队",
        (11, 30),
    ),
    (
        "noise",
        "夜间施工全链条管控",
        "许可、公示、监测、回访一体化，违规工地纳入信用",
        "夜间施工投诉下降一成",
        "审批服务科、声环境组",
        "区住建局、区城管局",
        (12, 15),
    ),
    (
        "enforcement",
        "开展双随机和专项执法",
        "聚焦用电监测预警企业、危废、扬尘",
        "案件公开率百分之百",
        "执法大队",
        "公安分局",
        (12, 20),
    ),
    (
        "enforcement",
        "办好督察信访件",
        "未办结件逐件包案，办结件回头看",
        "年内全部办结",
        "综合科、执法大队",
        "各街道",
        (6, 30),
    ),
    (
        "enforcement",
        "压减重复投诉",
        "同一点位两次以上投诉由分管领导包案",
        "重复投诉下降两成",
        "信访投诉组",
        "属地街道",
        (12, 15),
    ),
    (
        "service",
        "推进审批服务便民化",
        "夜间施工、登记表、排污登记全程网办，容缺受理",
        "群众满意率九成八以上",
        "审批服务科",
        "政务服务中心",
        (9, 30),
    ),
    (
        "service",
        "排污许可证后监管",
        "执行报告和台账记录检查全覆盖，限期整改到位",
        "重点管理单位检查全覆盖",
        "审批服务科",
        "执法大队",
        (11, 30),
    ),
    (
        "technology",
        "建设智慧环保平台",
        "空气、水、噪声、用电数据汇聚一张图，规则预警派单到网格",
        "预警响应时间缩短一半",
        "监测分析室",
        "区数据部门",
        (10, 31),
    ),
    (
        "technology",
        "扩大用电监测覆盖面",
        "新增重点涉气企业接入，停限产措施自动核验",
        "新增企业十五家",
        "监测分析室",
        "大气环境科",
        (9, 30),
    ),
    (
        "sharing",
        "打通部门数据",
        "与住建工地、城管渣土、排水管网、气象数据互通",
        "共享事项不少于十五项",
        "综合科",
        "各成员单位",
        (8, 31),
    ),
    (
        "sharing",
        "完善“三级两巡”联动",
        "区街社区巡查统一编码、统一销号",
        "问题销号率九成五以上",
        "综合调度室",
        "各街道",
        (12, 15),
    ),
    (
        "public",
        "畅通公众监督渠道",
        "投诉二维码上墙，办理进度可查，结果公开",
        "公开率百分之百",
        "信访投诉组",
        "区融媒体中心",
        (6, 5),
    ),
    (
        "public",
        "办好环境宣传活动",
        "六五环境日、设施开放、小小环保局长系列活动",
        "线下活动不少于七十场",
        "宣教组",
        "区教育局、团区委",
        (12, 10),
    ),
    (
        "capability",
        "加强队伍能力建设",
        "监测、执法、法制轮训，网格员持证上岗，党建业务融合",
        "培训全覆盖",
        "党支部、综合科",
        "市局",
        (11, 30),
    ),
];

/// As [`Item`], then the progress at the end of the year.
type Past = (&'static str, &'static str, &'static str, &'static str, i64, (i8, i8));

const THIS: [Past; 18] = [
    ("air", "建成用电监测动态管控系统", "重点涉气企业分表计电并联网", "监测分析室", 100, (11, 30)),
    ("air", "完成燃气锅炉低氮化改造", "分三片推进改造并逐台检测", "大气环境科", 100, (11, 30)),
    ("air", "开展印刷企业无组织废气治理", "两批企业密闭收集与末端升级", "大气环境科", 100, (10, 31)),
    ("air", "落实调度令巡查和三级两巡", "建立巡查销号台账", "综合调度室", 100, (12, 31)),
    ("air", "非道路移动机械编码登记", "应登尽登，违规清退", "机动车与机械监管组", 100, (12, 31)),
    ("water", "建设四座水质自动站", "一江四河支流入江口建站联网", "水环境科", 100, (10, 31)),
    ("water", "整治湘江沿线排口", "截流井改造和液位监控", "水环境科", 100, (10, 31)),
    ("water", "实施道路排水管网提质改造", "北片与南部片区同步推进", "区住建局", 100, (12, 15)),
    ("noise", "创建噪声控制示范区", "湘府路片区创建并通过评估", "声环境组", 100, (12, 15)),
    ("soil", "危险废物大排查", "逐企排查、申报登记", "土壤与固废科", 100, (10, 31)),
    ("soil", "重点地块土壤污染管控", "某机械厂地块阻隔工程", "土壤与固废科", 60, (12, 31)),
    ("enforcement", "办理督察“回头看”信访件", "逐件交办、公开、回访", "执法大队", 85, (12, 31)),
    ("service", "固定污染源排污许可全覆盖", "发证登记清零", "审批服务科", 100, (9, 30)),
    ("service", "企业复工复产帮扶", "一对一联系、网上办理", "审批服务科", 100, (6, 30)),
    ("public", "环境宣传教育", "线上线下活动与媒体报道", "宣教组", 100, (12, 20)),
    ("sharing", "与热线平台对接", "诉求工单自动流转", "信访投诉组", 100, (8, 31)),
    ("capability", "党建与业务融合", "三会一课、党员突击队", "党支部", 100, (12, 31)),
    ("technology", "视频识别露天焚烧试点", "高点摄像机接入", "监测分析室", 40, (12, 31)),
];

pub(super) fn enter(desk: &mut Desk<'_>) {
    for (place, past) in (1_i64..).zip(THIS) {
        this_year(desk, place, &past);
    }
    for (place, item) in (1_i64..).zip(NEXT) {
        next_year(desk, place, &item);
    }
}

fn this_year(desk: &mut Desk<'_>, place: i64, (section, title, content, owner, progress, (month, day)): &Past) {
    let due = date(2020, *month, *day);
    let done = *progress == 100;
    let project = match *title {
        "建成用电监测动态管控系统" => "power",
        "完成燃气锅炉低氮化改造" => "boiler_3",
        "开展印刷企业无组织废气治理" => "printing_2",
        "建设四座水质自动站" => "stations",
        "整治湘江沿线排口" => "outfall",
        "创建噪声控制示范区" => "noise",
        "重点地块土壤污染管控" => "soil",
        _ => "",
    };
    let post = desk.posts.get("430103").map(|(number, _)| number.clone());
    let values = json!({
        "year": 2020,
        "section": section,
        "sequence": place,
        "title": title,
        "content": content,
        "measures": measures(desk, content, date(2020, 1, 15), due, if done { 3 } else { 1 }),
        "owner": owner,
        "post": post,
        "leader": desk.staff.deputy.clone(),
        "due_on": on(due),
        "started_on": on(later(date(2020, 1, 10), place * 3)),
        "completed_on": done.then(|| later(due, -desk.between(1, 14)).to_string()),
        "progress": progress,
        "progress_note": if done { "已完成年度目标。" } else { "受审批和汛期影响未全部完成，结转下一年度。" },
        "project": desk.projects.get(project),
        "state": if done { "done" } else { "delayed" },
    });
    desk.book.enter("plan_item", 2020, values);
}

fn next_year(desk: &mut Desk<'_>, place: i64, (section, title, content, goal, owner, supporters, (month, day)): &Item) {
    let due = date(2021, *month, *day);
    let post = desk.posts.get("430103").map(|(number, _)| number.clone());
    let values = json!({
        "year": 2021,
        "section": section,
        "sequence": place,
        "title": title,
        "content": content,
        "goal": goal,
        "measures": measures(desk, content, date(2021, 1, 15), due, 0),
        "owner": owner,
        "post": post,
        "leader": if place % 2 == 0 { desk.staff.deputy.clone() } else { desk.staff.organiser.clone() },
        "supporters": supporters,
        "budget": desk.between(2, 90) * 10_000,
        "due_on": on(due),
        "started_on": (place % 4 == 0).then(|| date(2020, 12, 21).to_string()),
        "progress": if place % 4 == 0 { 5 } else { 0 },
        "progress_note": (place % 4 == 0).then_some("方案已编制，正在征求意见。"),
        "state": if place % 4 == 0 { "doing" } else { "planned" },
    });
    desk.book.enter("plan_item", 2021, values);
}

/// The clauses of the content as measures, spread over the time that there is; the first `done` are done.
fn measures(desk: &mut Desk<'_>, content: &str, from: Date, due: Date, done: usize) -> Vec<Value> {
    let clauses: Vec<&str> = content.split(['，', '、']).filter(|clause| clause.chars().count() > 3).collect();
    let days = i64::from((due - from).get_days());
    let count = i64::try_from(clauses.len().max(1)).unwrap_or(1);
    clauses
        .iter()
        .zip(1_i64..)
        .map(|(clause, place)| {
            let day = later(from, days * place / count);
            let mut row = json!({ "title": clause, "owner": desk.officer(), "due_on": on(day) });
            if usize::try_from(place).unwrap_or(0) <= done {
                row["done_on"] = on(later(day, -3));
            }
            row
        })
        .collect()
}
