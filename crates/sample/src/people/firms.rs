//! Enterprises of the district and its building sites, all fictitious.

use std::collections::BTreeSet;

use jiff::civil::date;
use serde_json::json;

use super::entry::{handler, on, record, street_name};
use crate::SampleRecord;
use crate::calendar::working_day;
use crate::kit::Kit;
use crate::world::{Enterprise, Site, World};

/// Industry, how many, how many of them hold a key or simplified permit, name endings, emissions, products.
type Industry =
    (&'static str, usize, usize, &'static [&'static str], &'static [&'static str], &'static str, &'static str);

const INDUSTRIES: [Industry; 20] = [
    (
        "printing",
        36,
        3,
        &["印务有限公司", "彩印有限公司", "包装印刷厂"],
        &["waste_gas", "hazardous_waste"],
        "书刊、包装印刷",
        "C2319",
    ),
    (
        "car_repair",
        96,
        0,
        &["汽车服务有限公司", "汽车维修中心", "汽车销售服务有限公司"],
        &["waste_gas", "hazardous_waste", "noise"],
        "汽车维修与钣喷",
        "O8111",
    ),
    (
        "catering",
        70,
        0,
        &["酒家", "饭店", "餐饮店", "小龙虾馆", "火锅店"],
        &["waste_gas", "noise", "waste_water"],
        "餐饮服务",
        "H6210",
    ),
    ("concrete", 4, 0, &["混凝土有限公司", "预拌商品砼站"], &["dust", "noise"], "预拌混凝土", "C3021"),
    (
        "electroplating",
        3,
        3,
        &["表面处理有限公司", "金属精饰厂"],
        &["waste_water", "waste_gas", "hazardous_waste"],
        "金属表面处理",
        "C3360",
    ),
    ("furniture", 14, 0, &["家居制造有限公司", "木业有限公司"], &["waste_gas", "dust"], "木质家具", "C2110"),
    ("food", 18, 0, &["食品有限公司", "食品加工厂"], &["waste_water", "waste_gas"], "休闲食品、米面制品", "C1439"),
    (
        "hospital",
        40,
        6,
        &["医院", "口腔门诊部", "综合门诊部", "社区卫生服务中心"],
        &["medical_waste", "waste_water", "radiation"],
        "医疗服务",
        "Q8411",
    ),
    ("petrol", 26, 10, &["加油站", "能源服务站"], &["waste_gas", "hazardous_waste"], "汽柴油零售", "F5265"),
    (
        "construction",
        60,
        0,
        &["建筑工程有限公司", "市政建设有限公司", "基础工程有限公司"],
        &["noise", "dust"],
        "建筑施工",
        "E4710",
    ),
    (
        "machinery",
        40,
        0,
        &["机械有限公司", "精密机械厂", "机电设备有限公司"],
        &["noise", "hazardous_waste"],
        "机械零部件",
        "C3484",
    ),
    (
        "electronics",
        20,
        0,
        &["电子科技有限公司", "光电有限公司"],
        &["waste_gas", "hazardous_waste"],
        "电子元件组装",
        "C3989",
    ),
    (
        "chemical",
        10,
        4,
        &["涂料有限公司", "新材料有限公司"],
        &["waste_gas", "hazardous_waste"],
        "水性涂料、胶粘剂",
        "C2641",
    ),
    (
        "laboratory",
        24,
        0,
        &["检测技术有限公司", "检验有限公司"],
        &["hazardous_waste", "waste_gas"],
        "检验检测",
        "M7452",
    ),
    ("laundry", 12, 0, &["洗涤服务有限公司", "布草洗涤厂"], &["waste_water", "noise"], "布草洗涤", "O8030"),
    ("sewage", 2, 2, &["水质净化厂"], &["sludge", "waste_water"], "城镇污水处理", "D4620"),
    ("logistics", 14, 0, &["物流有限公司", "仓储有限公司"], &["noise"], "仓储运输", "G5920"),
    (
        "property",
        24,
        0,
        &["物业服务有限公司", "商业管理有限公司"],
        &["noise", "waste_gas"],
        "商业综合体与小区物业",
        "K7020",
    ),
    ("school", 14, 0, &["职业学校", "实验研究所"], &["hazardous_waste"], "教学科研", "P8336"),
    ("other", 15, 0, &["文化传媒有限公司", "健身休闲会所", "贸易有限公司"], &["noise"], "商贸服务", "F5299"),
];
const FIRST: [&str; 24] = [
    "澜", "榕", "岚", "沅", "澧", "汨", "芷", "桐", "樟", "楠", "橘", "汀", "屿", "霁", "翊", "祺", "筠", "蘅", "苇",
    "浔", "棠", "荻", "潇", "枫",
];
const SECOND: [&str; 28] = [
    "舟", "川", "禾", "蔚", "溪", "垚", "峤", "臻", "序", "砚", "程", "沐", "野", "原", "启", "恒", "泽", "拓", "畅",
    "卓", "渊", "宸", "朴", "淳", "岭", "坪", "垅", "畈",
];

/// What a permit says of the industry of an enterprise: its name and its code, 汽车维修（O8111）.
pub(super) fn industry_text(industry: &str) -> String {
    let name = match industry {
        "printing" => "印刷",
        "car_repair" => "汽车维修",
        "catering" => "餐饮",
        "concrete" => "混凝土搅拌",
        "electroplating" => "电镀与表面处理",
        "furniture" => "家具制造",
        "food" => "食品加工",
        "hospital" => "医疗机构",
        "petrol" => "加油站",
        "construction" => "建筑施工",
        "machinery" => "机械加工",
        "electronics" => "电子制造",
        "chemical" => "化工与涂料",
        "laboratory" => "检测与实验室",
        "laundry" => "洗涤",
        "sewage" => "污水处理",
        "logistics" => "仓储物流",
        "property" => "物业与商业综合体",
        "school" => "学校科研",
        _ => "其他",
    };
    let code = INDUSTRIES.iter().find(|(key, ..)| *key == industry).map(|(.., code)| *code);
    code.map_or_else(|| name.to_owned(), |code| format!("{name}（{code}）"))
}

/// All enterprises.
pub(super) fn records(kit: &mut Kit, world: &mut World) -> Vec<SampleRecord> {
    let mut taken = BTreeSet::new();
    let mut records = Vec::new();
    for industry in &INDUSTRIES {
        for place in 0..industry.1 {
            records.push(one(kit, world, industry, place, &mut taken));
        }
    }
    records
}

fn brand(kit: &mut Kit, taken: &mut BTreeSet<String>) -> String {
    loop {
        let brand = format!("{}{}", kit.pick(&FIRST), kit.pick(&SECOND));
        if taken.insert(brand.clone()) {
            return brand;
        }
    }
}

fn one(kit: &mut Kit, world: &mut World, industry: &Industry, at: usize, taken: &mut BTreeSet<String>) -> SampleRecord {
    let (key, _, permits, endings, emits, products, code) = *industry;
    let street = match key {
        "concrete" | "electroplating" | "furniture" | "chemical" | "logistics" | "food" | "sewage" => {
            (*kit.pick(&["430103013", "430103014", "430103015", "430103016", "430103012"])).to_owned()
        }
        _ => kit.street(),
    };
    let (lon, lat) = kit.point_in(&street);
    let town = *kit.pick(&["长沙", "湖南", "长沙市天心区"]);
    let enterprise = Enterprise {
        number: world.issue("QY", 2018 + i16::from(kit.chance(0.45)), 4),
        name: format!("{town}{}{}", brand(kit, taken), kit.pick(endings)),
        industry: key,
        credit_code: kit.credit_code(),
        address: kit.street_address(&street),
        street,
        lon,
        lat,
        contact: kit.person(),
        phone: kit.phone(),
    };
    let year: i16 = enterprise.number[2..6].parse().unwrap_or(2018);
    let management = if at < permits {
        if matches!(key, "electroplating" | "sewage") { "key" } else { "simplified" }
    } else if matches!(
        key,
        "printing" | "car_repair" | "furniture" | "food" | "machinery" | "electronics" | "laundry" | "concrete"
    ) {
        "registration"
    } else {
        "none"
    };
    let facility = match key {
        "catering" => Some(("fume", "静电式油烟净化器")),
        "printing" | "chemical" => Some(("gas", "活性炭吸附＋催化燃烧")),
        "car_repair" | "furniture" => Some(("gas", "漆雾过滤＋活性炭吸附")),
        "electroplating" | "sewage" | "laundry" | "food" => Some(("water", "生化处理设施")),
        "concrete" => Some(("dust", "料仓封闭及喷淋")),
        "hospital" => Some(("water", "接触消毒池")),
        "petrol" => Some(("gas", "油气回收系统")),
        _ => None,
    };
    let facilities: Vec<_> = facility
        .map(|(kind, name)| json!({ "kind": kind, "name": name, "capacity": format!("设计处理能力 {} 套/日均负荷七成", kit.between(1, 4)), "running": kit.chance(0.95) }))
        .into_iter()
        .collect();
    let founded = date(kit.between(1998, 2017) as i16, kit.between(1, 12) as i8, kit.between(1, 28) as i8);
    let filed = working_day(date(year, kit.between(1, 12) as i8, kit.between(1, 28) as i8));
    let values = json!({
        "name": enterprise.name, "credit_code": enterprise.credit_code, "industry": key, "industry_code": code,
        "scale": kit.pick(&["micro", "small", "small", "small", "medium"]),
        "legal_person": kit.person(), "contact": enterprise.contact, "phone": enterprise.phone,
        "street_name": format!("{}街道", street_name(&enterprise.street)), "place": enterprise.place(),
        "employees": kit.between(4, 160), "area_m2": kit.decimal(60.0, 5200.0, 1),
        "founded_on": on(founded), "registered_on": on(filed), "management": management, "emits": emits,
        "products": products,
        "risk": if matches!(key, "electroplating" | "chemical" | "sewage" | "petrol") { "medium" } else { "low" },
        "double_random": if management == "key" { "key" } else { "general" },
        "facilities": facilities, "handler_name": handler(kit, world), "state": "active",
    });
    let entry = record("enterprise", &enterprise.number, values);
    world.enterprises.push(enterprise);
    entry
}

/// The building sites of the year.
pub(super) fn sites(kit: &mut Kit, world: &mut World) {
    const WORKS: [(&str, &str); 12] = [
        ("housing", "府住宅项目一期"),
        ("housing", "苑二期工程"),
        ("housing", "中心商务楼"),
        ("housing", "里安置房项目"),
        ("road", "路提质改造工程"),
        ("road", "路新建工程"),
        ("metro", "站土建工程"),
        ("drain", "片区排水管网改造"),
        ("utility", "电力管廊工程"),
        ("housing", "学校建设项目"),
        ("housing", "产业园标准厂房"),
        ("other", "片区棚改项目"),
    ];
    let contractors = world.in_order(&["construction"]);
    for at in 0..72 {
        let (kind, ending) = WORKS[at % WORKS.len()];
        let street = kit.street();
        let name = format!("{}{}{ending}", kit.pick(&FIRST), kit.pick(&SECOND));
        let site = Site {
            name,
            builder: format!(
                "{}{}{}",
                kit.pick(&SECOND),
                kit.pick(&FIRST),
                kit.pick(&["置业有限公司", "城市建设投资公司", "轨道建设公司", "项目建设指挥部"])
            ),
            kind,
            enterprise: contractors[at % contractors.len()].number.clone(),
            place: kit.place(&street),
            street,
            nearest_home_m: kit.between(18, 260),
            manager: (kit.person(), kit.phone()),
        };
        world.sites.push(site);
    }
}
