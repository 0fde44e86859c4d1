//! Outreach: activities with the materials given out, and what the press wrote.

use jiff::civil::{Date, date};
use serde_json::json;

use super::desk::{Desk, STREETS, after, at, day_2020, later, on, workday};

const OFFLINE: usize = 69;
const ONLINE: usize = 20;
/// Leaflets given out over the year.
const LEAFLETS: i64 = 10_000;
/// Offline activities in each month: few while people were asked to stay at home, many about 5 June.
const MONTHS: [usize; 12] = [3, 0, 2, 5, 8, 14, 6, 6, 7, 7, 6, 5];

/// Kind, how the title reads, where, whom it is for.
type Form = (&'static str, &'static str, &'static str, &'static [&'static str]);

const FORMS: [Form; 9] = [
    ("community", "垃圾分类与低碳生活进社区", "社区居民活动广场", &["residents"]),
    ("school", "小小环保局长进校园", "小学报告厅", &["pupils"]),
    ("enterprise", "排污许可与达标排放企业培训", "园区会议中心", &["enterprises"]),
    ("village", "禁止露天焚烧进乡村", "村部广场", &["residents"]),
    ("square", "蓝天保卫战广场宣传", "商圈中心广场", &["residents", "volunteers"]),
    ("open_day", "环保设施公众开放日", "水质净化厂", &["pupils", "residents"]),
    ("volunteer", "湘江岸线净滩志愿行动", "湘江风光带", &["volunteers"]),
    ("lecture", "噪声污染防治知识讲座", "办事处会议室", &["staff", "residents"]),
    ("community", "绿色出行、文明祭扫倡议", "社区新时代文明实践站", &["residents"]),
];

const WEB: [(&str, &str, &str); 10] = [
    ("livestream", "六五环境日云直播：走进水质自动站", "视频号直播"),
    ("quiz", "生态环境知识线上竞答", "微信公众号"),
    ("short_video", "“我家门口的碧水”短视频征集", "短视频平台"),
    ("article", "疫情期间医疗废物去哪儿了", "微信公众号"),
    ("article", "排污登记一图读懂", "微信公众号"),
    ("livestream", "云听证：夜间施工怎么管", "政务直播间"),
    ("quiz", "固体废物污染环境防治法网上学法", "学法平台"),
    ("article", "臭氧污染健康提示专题", "微信公众号"),
    ("short_video", "环保人的二十四小时", "短视频平台"),
    ("article", "冬防十问", "微信公众号"),
];

pub(super) fn enter(desk: &mut Desk<'_>) {
    let leaflets = desk.shares(OFFLINE, LEAFLETS / 10, 5, 40);
    let mut leaflets = leaflets.into_iter();
    let mut held: Vec<(Date, String, String)> = Vec::new();
    let mut place = 0;
    for (month, count) in (1_i8..=12).zip(MONTHS) {
        for turn in 0..count {
            let day = day_2020(month, i8::try_from(3 + turn * 26 / count.max(1)).unwrap_or(5));
            let day = if month == 1 { workday(day) } else { day };
            let copies = leaflets.next().unwrap_or(5) * 10;
            held.push(offline(desk, place, day, copies));
            place += 1;
        }
    }
    for turn in 0..ONLINE {
        let day = workday(later(date(2020, 2, 10), i64::try_from(turn).unwrap_or(0) * 16));
        held.push(online(desk, turn, day));
    }
    press(desk, &held);
}

fn offline(desk: &mut Desk<'_>, place: usize, day: Date, leaflets: i64) -> (Date, String, String) {
    let (kind, subject, venue, audience) = FORMS[place % FORMS.len()];
    let street = match kind {
        "volunteer" => &STREETS[*desk.pick(&[0, 2, 4, 10, 11, 13])],
        "village" => &STREETS[*desk.pick(&[9, 10, 11, 12, 13])],
        _ => desk.street(),
    };
    let day = if matches!(kind, "school" | "enterprise" | "lecture") { workday(day) } else { day };
    let title = match day.month() {
        6 if place.is_multiple_of(3) => format!("六五环境日主题活动——{subject}（{}）", street.name),
        _ => format!("{subject}（{}街道）", street.name),
    };
    let begun = day.at(i8::try_from(desk.between(9, 15)).unwrap_or(9), 30, 0, 0);
    let mut materials =
        vec![json!({ "kind": "leaflet", "title": format!("《{}》折页", subject_short(kind)), "copies": leaflets })];
    if desk.chance(0.4) {
        let copies = desk.between(30, 160);
        materials
            .push(json!({ "kind": *desk.pick(&["bag", "handbook", "gift"]), "title": "环保宣传品", "copies": copies }));
    }
    let participants = leaflets / 2 + desk.between(15, 90);
    let venue = format!("{}街道{venue}", street.name);
    let spot = desk.spot(street.code, &venue);
    let values = json!({
        "mode": "offline",
        "kind": kind,
        "title": title,
        "theme": if day.month() == 6 { "美丽中国，我是行动者" } else { "共建清洁美丽天心" },
        "held_at": at(begun),
        "ended_at": at(after(begun, desk.between(60, 150))),
        "place": spot,
        "venue": venue,
        "organiser": "区生态环境分局",
        "partners": desk.pick(&["属地街道、社区", "区教育局", "团区委、志愿者协会", "区城市管理局", "区妇联"]),
        "audience": audience,
        "participants": participants,
        "materials": materials,
        "cost": desk.between(4, 46) * 100,
        "summary": format!("现场约{participants}人参加，发放折页{leaflets}张，{}", desk.pick(&["居民现场咨询噪声投诉渠道较多。", "学生互动问答踊跃。", "收集意见建议若干条，已分送科室。", "志愿者清理垃圾二十余袋。", "企业负责人签订达标排放承诺书。"])),
        "handler_name": desk.officer(),
        "state": "archived",
    });
    let number = desk.book.enter("activity", 2020, values);
    (day, number, title)
}

fn subject_short(kind: &str) -> &'static str {
    match kind {
        "school" => "小小环保局长手账",
        "enterprise" => "排污许可告知书",
        "village" => "禁烧告知书",
        "open_day" => "环保设施开放手册",
        "volunteer" => "守护湘江倡议书",
        "lecture" => "噪声防治问答",
        _ => "绿色生活指南",
    }
}

fn online(desk: &mut Desk<'_>, turn: usize, day: Date) -> (Date, String, String) {
    let (kind, subject, venue) = WEB[turn % WEB.len()];
    let title = if turn < WEB.len() { subject.to_owned() } else { format!("{subject}（第二期）") };
    let begun = day.at(19, 0, 0, 0);
    let reach = desk.between(800, 26_000);
    let values = json!({
        "mode": "online",
        "kind": kind,
        "title": title,
        "theme": "共建清洁美丽天心",
        "held_at": at(begun),
        "ended_at": at(after(begun, desk.between(30, 120))),
        "venue": venue,
        "organiser": "区生态环境分局",
        "partners": "区融媒体中心",
        "audience": ["residents", "pupils"],
        "participants": reach / 9,
        "reach": reach,
        "summary": format!("累计触达{reach}人次，{}", desk.pick(&["留言答复率百分之百。", "评选优秀作品十件。", "答题合格率九成以上。", "转载平台三家。"])),
        "handler_name": desk.staff.publicist.clone(),
        "state": "archived",
    });
    let number = desk.book.enter("activity", 2020, values);
    (day, number, title)
}

/// Level of the outlet, its name, its channel.
type Outlet = (&'static str, &'static str, &'static str);

const OUTLETS: [Outlet; 41] = {
    const NATIONAL: Outlet = ("national", "全国环境类报纸", "newspaper");
    const PROVINCE_PAPER: Outlet = ("provincial", "省级日报", "newspaper");
    const PROVINCE_TV: Outlet = ("provincial", "省电视台", "television");
    const PROVINCE_WEB: Outlet = ("provincial", "省级新闻网", "website");
    const CITY_PAPER: Outlet = ("city", "市级晚报", "newspaper");
    const CITY_TV: Outlet = ("city", "市电视台政法频道", "television");
    const CITY_APP: Outlet = ("city", "市级新闻客户端", "app");
    const CITY_RADIO: Outlet = ("city", "市交通广播", "radio");
    const DISTRICT: Outlet = ("district", "区融媒体中心公众号", "wechat");
    [
        CITY_APP,
        CITY_PAPER,
        PROVINCE_WEB,
        CITY_APP,
        DISTRICT,
        CITY_TV,
        CITY_APP,
        PROVINCE_PAPER,
        CITY_PAPER,
        CITY_APP,
        DISTRICT,
        PROVINCE_WEB,
        CITY_RADIO,
        CITY_APP,
        NATIONAL,
        CITY_TV,
        CITY_APP,
        DISTRICT,
        CITY_PAPER,
        PROVINCE_TV,
        CITY_APP,
        CITY_APP,
        PROVINCE_WEB,
        DISTRICT,
        CITY_PAPER,
        CITY_APP,
        PROVINCE_PAPER,
        CITY_TV,
        CITY_APP,
        DISTRICT,
        NATIONAL,
        CITY_APP,
        PROVINCE_WEB,
        CITY_RADIO,
        CITY_APP,
        DISTRICT,
        CITY_PAPER,
        CITY_APP,
        PROVINCE_TV,
        DISTRICT,
        PROVINCE_WEB,
    ]
};

/// Month and day, topic, headline, gist.
type Story = ((i8, i8), &'static str, &'static str, &'static str);

/// What the press wrote about on its own; the other reports follow an activity.
const STORIES: [Story; 27] = [
    ((1, 14), "air", "雾霾天里的夜查人：重污染预警响应直击", "记者随调度令巡查组夜查工地和道路"),
    ((1, 22), "air", "禁放令下的年味：社区老党员上门发倡议", "报道烟花爆竹禁放宣传"),
    ((2, 11), "outreach", "医疗废物日产日清，守住防疫最后一关", "报道党员突击队驻点监管医疗废物收运"),
    ((2, 27), "service", "“不见面审批”助企复工，排污登记全程网办", "报道复工复产期间审批服务举措"),
    ((3, 19), "air", "工地复工，渣土车出场先“洗澡”", "春季扬尘巡查见闻"),
    ((4, 2), "soil", "老厂区变公园，地块“体检”合格才能用", "介绍建设用地土壤调查准入"),
    ((4, 24), "noise", "夜间施工要公示，居民扫码能监督", "介绍夜间施工许可公示"),
    ((5, 13), "enforcement", "三台挖掘机没“身份证”，当场清退", "非道路移动机械专项检查报道"),
    ((5, 21), "water", "湘江边捡垃圾的党员们", "主题党日岸线清洁侧记"),
    ((6, 4), "outreach", "六五环境日：看一滴水怎么被“盯”住", "环境日系列活动预告与水质监测介绍"),
    ((6, 19), "noise", "静音护考，考点周边工地全停工", "报道护考期间噪声巡查"),
    ((7, 2), "party", "党员亮身份，投诉现场办", "报道主题党日办理噪声投诉"),
    ((7, 16), "water", "暴雨里的泵站守夜人", "报道汛期排口溢流处置"),
    ((7, 30), "air", "烧烤摊进店，油烟净化器联网", "餐饮油烟示范街建设报道"),
    ((8, 13), "service", "排污许可证办到企业门口", "固定污染源发证登记清零行动"),
    ((8, 27), "water", "晴天排口不再流污水，溯源查到一口井", "洗车污水混接溯源案例"),
    ((9, 10), "air", "错峰喷涂、错时卸油，打好臭氧阻击战", "夏秋季臭氧管控措施"),
    ((9, 22), "enforcement", "汽修店露天喷漆被立案", "涉气执法案例曝光"),
    ((10, 12), "soil", "小企业的危废怎么管，大排查一家不落", "危险废物大排查报道"),
    ((10, 20), "water", "四座水质自动站上岗，河水变化手机可见", "介绍一江四河水质自动监测体系"),
    ((10, 29), "air", "一纸调度令，两小时到岗", "记录秋冬季调度令巡查"),
    ((11, 9), "water", "湘江沿线排口整治交出答卷", "报道湘江沿线排口整治完工"),
    ((11, 17), "noise", "声屏障立起来，临街住户睡得香", "介绍交通噪声治理项目"),
    ((11, 26), "air", "百余台锅炉“低氮瘦身”，蓝天更有底气", "介绍燃气锅炉低氮化改造完成情况"),
    ((12, 3), "enforcement", "治污设施“假装上班”，用电曲线露了馅", "用电监测发现治污设施未同步运行案例"),
    ((12, 15), "noise", "噪声控制示范区通过评估", "介绍示范区创建成果"),
    ((12, 24), "outreach", "环保人的一年：从一个电话到一条河", "年终盘点"),
];

fn press(desk: &mut Desk<'_>, held: &[(Date, String, String)]) {
    let mut reports: Vec<(Date, &str, String, String, Option<String>)> = STORIES
        .iter()
        .map(|((month, day), topic, headline, gist)| {
            (date(2020, *month, *day), *topic, (*headline).to_owned(), (*gist).to_owned(), None)
        })
        .collect();
    let rest = OUTLETS.len() - STORIES.len();
    for turn in 0..rest {
        let (day, number, title) = &held[(turn * held.len() + 3) / rest];
        let headline = match turn % 4 {
            0 => format!("{title}吸引众多市民参与"),
            1 => format!("现场直击：{title}"),
            2 => format!("{title}今日举行"),
            _ => format!("把环保课堂搬到身边：{title}"),
        };
        reports.push((later(*day, 1), "outreach", headline, format!("报道活动“{title}”"), Some(number.clone())));
    }
    reports.sort_by_key(|report| report.0);
    for (place, ((day, topic, headline, gist, activity), (level, outlet, channel))) in
        reports.into_iter().zip(OUTLETS).enumerate()
    {
        let page = match channel {
            "newspaper" => Some(format!("A{:02}版", desk.between(2, 12))),
            "television" => Some("新闻直播".to_owned()),
            "radio" => Some("城市早高峰".to_owned()),
            _ => None,
        };
        let tone = match topic {
            "enforcement" => "critical",
            _ if place % 5 == 0 => "neutral",
            _ => "positive",
        };
        let values = json!({
            "headline": headline,
            "published_on": on(day),
            "outlet": outlet,
            "level": level,
            "channel": channel,
            "page_text": page,
            "author": format!("记者{} 通讯员{}", desk.kit.person(), desk.staff.publicist),
            "topic": topic,
            "tone": tone,
            "activity": activity,
            "words": desk.between(280, 1_650),
            "reposts": desk.between(0, 14),
            "summary": gist,
            "handler_name": desk.staff.publicist.clone(),
        });
        desk.book.enter("media_report", 2020, values);
    }
}
