//! The people of the grid: agencies, a responsible post for the district, each street, community and cell.

use jiff::civil::date;
use serde_json::{Value, json};

use super::desk::{Desk, STREETS, later, on, workday};

/// Key, full name, short name, kind, duties, way of exchanging data.
type Agency = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const AGENCIES: [Agency; 22] = [
    ("bureau", "区生态环境分局", "分局", "bureau", "统一监督管理全区生态环境保护工作", "platform"),
    ("housing", "区住房和城乡建设局", "区住建局", "department", "工地扬尘与施工噪声管理、排水管网建设", "platform"),
    ("urban", "区城市管理局", "区城管局", "department", "餐饮油烟、露天焚烧、渣土运输、夜间施工审批联动", "platform"),
    ("water", "区水利局", "区水利局", "department", "河长办日常工作、排口整治、防汛排涝", "platform"),
    ("transport", "区交通运输局", "区交通局", "department", "汽修行业管理、货运车辆污染防治", "file"),
    ("resources", "区自然资源部门", "区资规", "department", "建设用地准入、地块用途变更", "platform"),
    ("farm", "区农业农村局", "区农业局", "department", "农业面源、养殖污染、秸秆禁烧", "file"),
    ("commerce", "区商务局", "区商务局", "department", "加油站油气回收行业管理", "file"),
    ("health", "区卫生健康局", "区卫健局", "department", "医疗机构医疗废物和废水管理", "platform"),
    ("education", "区教育局", "区教育局", "department", "环境教育进校园、考点静音保障", "file"),
    ("market", "区市场监督管理局", "区市监局", "department", "餐饮单位证照、计量检定", "platform"),
    ("police", "公安天心分局", "公安分局", "department", "环境犯罪案件、烟花爆竹禁放、社会生活噪声", "paper"),
    ("traffic", "区交警大队", "交警大队", "department", "机动车禁鸣、货车限行、黑烟车查处", "file"),
    ("economy", "区发展和改革局", "区发改局", "department", "项目立项、能源消费总量", "platform"),
    ("finance", "区财政局", "区财政局", "department", "污染防治资金保障", "platform"),
    ("city_bureau", "市生态环境局", "市局", "city", "业务指导与平台对接", "api"),
    ("city_centre", "市生态环境监控中心", "市监控中心", "city", "在线监测数据汇聚", "api"),
    ("weather", "市气象局", "市气象局", "city", "气象实况与预报", "api"),
    ("hotline", "市政务服务热线", "12345热线", "city", "群众诉求转办", "api"),
    ("drainage", "市政排水公司", "排水公司", "platform", "泵站与管网运行", "file"),
    ("supply", "市供水公司", "供水公司", "platform", "取水口水质与运行", "file"),
    ("lab", "湘测检测有限公司", "湘测检测", "service", "委托监测与运维", "file"),
];

pub(super) fn enter(desk: &mut Desk<'_>) {
    agencies(desk);
    posts(desk);
    duties(desk);
}

fn agencies(desk: &mut Desk<'_>) {
    for (key, name, short, kind, duties, exchange) in AGENCIES {
        let place = desk.spot(STREETS[6].code, &format!("天心区湘府中路{}号", 100 + name.len()));
        let values = json!({
            "name": name, "short_name": short, "kind": kind,
            "listed_on": "2019-01-02", "place": if matches!(kind, "city" | "platform") { Value::Null } else { place },
            "contact": desk.kit.person(), "phone": desk.kit.phone(), "duties_text": duties, "exchange": exchange,
        });
        let number = desk.book.enter("agency", 2019, values);
        desk.agencies.insert(key.to_owned(), number);
    }
    for street in &STREETS {
        let place = desk.spot(street.code, &format!("天心区{}街道办事处", street.name));
        let values = json!({
            "name": format!("{}街道办事处", street.name), "short_name": format!("{}街道", street.name), "kind": "street",
            "grid_code": street.code, "listed_on": "2019-01-02", "place": place,
            "contact": desk.kit.person(), "phone": desk.kit.phone(),
            "duties_text": "辖区生态环境保护属地责任，组织网格员巡查，配合执法和信访办理", "exchange": "platform",
        });
        let number = desk.book.enter("agency", 2019, values);
        desk.agencies.insert(street.code.to_owned(), number);
    }
}

/// A post for the duty room and one for each unit of the grid, upper levels first.
fn posts(desk: &mut Desk<'_>) {
    const DISTRICT: [(&str, &str, &str, &str); 4] = [
        ("区级网格长（分局主要负责人）", "leader", "head", "统筹全区网格化监管，签发调度令"),
        ("值班室值班员", "duty", "duty", "接收预警和投诉，派发任务，跟踪办结"),
        ("监测分析岗", "analyst", "analyst", "空气和水质数据分析、站点运维管理"),
        ("信访投诉经办岗", "handler", "handler", "投诉受理、核查、回复"),
    ];
    let bureau = desk.agency("bureau");
    for (place, (name, kind, account, duties)) in DISTRICT.into_iter().enumerate() {
        let holder = if place == 0 { desk.staff.secretary.clone() } else { desk.staff.officers[place].clone() };
        let values = json!({
            "name": name, "level": "district", "grid_code": "430103", "kind": kind, "holder": holder.clone(), "phone": desk.kit.phone(),
            "agency": bureau, "account": account, "duties_text": duties, "since_on": "2019-03-01", "trained_on": "2020-04-17", "state": "filled",
        });
        let number = desk.book.enter("staff_post", 2019, values);
        desk.posts.entry("430103".to_owned()).or_insert((number, holder));
    }
    let units = desk.kit.grid_units();
    for level in ["street", "community", "cell"] {
        for (code, name, _) in units.iter().filter(|(_, _, unit_level)| unit_level == level) {
            post(desk, code, name, level);
        }
    }
}

fn post(desk: &mut Desk<'_>, code: &str, name: &str, level: &str) {
    let superior = match level {
        "street" => "430103".to_owned(),
        "community" => code[..9].to_owned(),
        _ => code[..12].to_owned(),
    };
    let short = name.trim_end_matches("居委会").trim_end_matches("村委会");
    let (title, kind, weekly, duties) = match level {
        "street" => (format!("{short}网格长"), "leader", 1, "组织本街道网格巡查，督促问题整改，签收调度令和警示函"),
        "community" => (format!("{short}网格监管员"), "supervisor", 3, "每周巡查社区，核实投诉，协助入户回访"),
        _ => (format!("{short}网格员"), "member", 5, "每日巡查网格，发现上报裸土、焚烧、油烟、噪声和排口异常"),
    };
    let place = desk.spot(code, &format!("{short}驻点"));
    let holder = desk.kit.person();
    let since = later(date(2019, 3, 1), desk.between(0, 300));
    let media: Value = match level {
        "street" => json!(["air", "water", "noise", "soil", "complaint"]),
        "community" => json!(["air", "noise", "complaint"]),
        _ => json!(["air", "water", "noise", "complaint"]),
    };
    let values = json!({
        "name": title,
        "level": level,
        "grid_code": code,
        "kind": kind,
        "holder": holder,
        "phone": desk.kit.phone(),
        "agency": desk.agency(code.get(..9).unwrap_or(code)),
        "place": place,
        "superior": desk.posts.get(&superior).map(|(number, _)| number.clone()),
        "duties_text": duties,
        "media": media,
        "patrols_per_week": weekly,
        "since_on": on(since),
        "trained_on": on(workday(later(date(2020, 4, 13), desk.between(0, 40)))),
        "certificate": format!("WG{}{:03}", &code[6..9], desk.between(1, 999)),
        "state": "filled",
    });
    let number = desk.book.enter("staff_post", since.year(), values);
    desk.posts.insert(code.to_owned(), (number, holder));
}

/// Agency, field, matter, basis, role, how often, supporters.
type Duty = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const DUTIES: [Duty; 26] = [
    ("bureau", "comprehensive", "生态环境保护统一监督管理", "环境保护法第十条", "lead", "continuous", &[]),
    (
        "bureau",
        "air",
        "重污染天气应对与调度令下发",
        "大气污染防治法第九十六条",
        "lead",
        "on_demand",
        &[("housing", "工地停工落实"), ("urban", "保洁与渣土管控")],
    ),
    (
        "bureau",
        "air",
        "涉VOCs企业监管",
        "大气污染防治法第四十五条",
        "lead",
        "monthly",
        &[("commerce", "加油站油气回收"), ("transport", "汽修喷涂管理")],
    ),
    (
        "bureau",
        "air",
        "非道路移动机械编码登记与检查",
        "大气污染防治法第五十六条",
        "lead",
        "continuous",
        &[("housing", "工地机械进场核验")],
    ),
    (
        "bureau",
        "water",
        "水质监测与超标预警",
        "水污染防治法第二十五条",
        "lead",
        "monthly",
        &[("water", "河道管护"), ("drainage", "泵站运行")],
    ),
    ("bureau", "water", "入河排口监督管理", "水污染防治法第二十二条", "lead", "monthly", &[("water", "排口整治")]),
    (
        "bureau",
        "water",
        "饮用水水源保护区巡查",
        "水污染防治法第六十三条",
        "lead",
        "weekly",
        &[("supply", "取水口自查")],
    ),
    (
        "bureau",
        "noise",
        "噪声功能区监测与示范区创建",
        "环境噪声污染防治法第六条",
        "lead",
        "quarterly",
        &[("police", "社会生活噪声"), ("traffic", "禁鸣限行")],
    ),
    (
        "bureau",
        "soil",
        "疑似污染地块监管",
        "土壤污染防治法第五十八条",
        "lead",
        "quarterly",
        &[("resources", "准入管理")],
    ),
    (
        "bureau",
        "soil",
        "危险废物规范化管理",
        "固体废物污染环境防治法第七十八条",
        "lead",
        "continuous",
        &[("health", "医疗废物")],
    ),
    ("bureau", "permit", "排污许可与登记管理", "排污许可管理办法（试行）", "lead", "continuous", &[]),
    (
        "bureau",
        "enforcement",
        "环境违法行为查处与公开",
        "环境保护法第六十三条",
        "lead",
        "on_demand",
        &[("police", "行刑衔接")],
    ),
    ("bureau", "enforcement", "信访投诉办理", "信访条例第二十二条", "lead", "continuous", &[("hotline", "工单转办")]),
    (
        "housing",
        "air",
        "建筑工地扬尘“六个百分百”",
        "大气污染防治法第六十九条",
        "lead",
        "weekly",
        &[("bureau", "巡查通报")],
    ),
    (
        "housing",
        "water",
        "排水管网雨污分流改造",
        "城镇排水与污水处理条例",
        "lead",
        "yearly",
        &[("drainage", "移交管养")],
    ),
    ("urban", "air", "餐饮油烟和露天烧烤治理", "大气污染防治法第八十一条", "lead", "weekly", &[("market", "证照联动")]),
    (
        "urban",
        "air",
        "渣土运输密闭与路线管理",
        "城市建筑垃圾管理规定",
        "lead",
        "continuous",
        &[("traffic", "联合查处")],
    ),
    ("water", "water", "河长制日常工作", "关于全面推行河长制的意见", "lead", "monthly", &[("bureau", "水质通报")]),
    ("farm", "air", "秸秆禁烧与综合利用", "大气污染防治法第七十七条", "lead", "on_demand", &[]),
    ("farm", "water", "养殖污染和农药减量", "水污染防治法第五十六条", "lead", "quarterly", &[]),
    (
        "health",
        "soil",
        "医疗机构医疗废物源头管理",
        "医疗废物管理条例",
        "lead",
        "monthly",
        &[("bureau", "转运处置监管")],
    ),
    (
        "traffic",
        "air",
        "黑烟车抓拍处罚",
        "大气污染防治法第一百一十三条",
        "lead",
        "continuous",
        &[("bureau", "遥测数据")],
    ),
    (
        "resources",
        "soil",
        "建设用地用途变更土壤准入",
        "土壤污染防治法第六十六条",
        "lead",
        "on_demand",
        &[("bureau", "调查评审意见")],
    ),
    ("education", "noise", "考点周边静音保障", "环境噪声污染防治法", "support", "yearly", &[("bureau", "护考巡查")]),
    ("economy", "comprehensive", "污染防治项目立项", "政府投资条例", "support", "on_demand", &[]),
    ("finance", "comprehensive", "污染防治资金保障与绩效", "预算法", "support", "yearly", &[]),
];

fn duties(desk: &mut Desk<'_>) {
    let post = desk.posts.get("430103").map(|(number, _)| number.clone());
    for (agency, medium, matter, basis, role, frequency, supporters) in DUTIES {
        let supporters: Vec<Value> =
            supporters.iter().map(|(key, task)| json!({ "agency": desk.agency(key), "task": task })).collect();
        duty(
            desk,
            agency,
            (medium, matter, basis),
            (role, frequency),
            supporters,
            if agency == "bureau" { post.clone() } else { None },
        );
    }
    for street in &STREETS {
        let post = desk.posts.get(street.code).map(|(number, _)| number.clone());
        let matter = format!("{}街道生态环境属地管理", street.name);
        duty(
            desk,
            street.code,
            ("comprehensive", &matter, "环境保护法第六条"),
            ("territorial", "continuous"),
            Vec::new(),
            post,
        );
    }
}

fn duty(
    desk: &mut Desk<'_>,
    agency: &str,
    (medium, matter, basis): (&str, &str, &str),
    (role, frequency): (&str, &str),
    supporters: Vec<Value>,
    post: Option<String>,
) {
    let values = json!({
        "agency": desk.agency(agency),
        "post": post,
        "medium": medium,
        "matter": matter,
        "content": format!("负责{matter}：制定年度安排，组织检查和整改，建立台账，按期报送情况。"),
        "basis": basis,
        "role": role,
        "supporters": supporters,
        "frequency": frequency,
        "evidence": desk.pick(&["检查记录与整改台账", "会议纪要与通报", "监测报告", "巡查轨迹与照片"]),
        "accountability": "未履行或者未正确履行职责，造成不良后果的，按生态环境保护责任追究有关规定处理。",
        "effective_on": "2020-01-01",
        "handler_name": desk.officer(),
        "state": "in_force",
    });
    desk.book.enter("duty", 2020, values);
}
