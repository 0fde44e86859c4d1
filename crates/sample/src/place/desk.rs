//! The desk at which this side of the year is written: chance, places, people and dates in one hand,
//! and the numbers of records that later ones refer to.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime, date};
use rand::RngExt;
use serde_json::{Value, json};

use super::book::Book;
pub(crate) use crate::calendar::{later, working_day as workday};
use crate::kit::Kit;
use crate::world::World;

/// A street of the district: statistical code, short name, roads that patrols and addresses name.
pub(crate) struct Street {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    pub(crate) roads: [&'static str; 3],
}

const fn street(code: &'static str, name: &'static str, roads: [&'static str; 3]) -> Street {
    Street { code, name, roads }
}

/// The fourteen streets, north to south as their codes run.
pub(crate) const STREETS: [Street; 14] = [
    street("430103002", "坡子街", ["黄兴南路", "解放西路", "湘江中路"]),
    street("430103004", "城南路", ["城南西路", "天心路", "人民西路"]),
    street("430103005", "裕南街", ["书院路", "南湖路", "向东南路"]),
    street("430103006", "金盆岭", ["劳动西路", "黄土岭路", "天剑路"]),
    street("430103007", "新开铺", ["新开铺路", "书香路", "湘江大道南段"]),
    street("430103008", "青园", ["友谊路", "井湾路", "芙蓉南路一段"]),
    street("430103009", "桂花坪", ["湘府中路", "新姚北路", "桂花坪路"]),
    street("430103010", "赤岭路", ["赤岭路", "芙蓉中路三段", "书院南路"]),
    street("430103011", "文源", ["新韶西路", "文源路", "湘府西路"]),
    street("430103012", "先锋", ["杉木冲西路", "新姚南路", "韶山南路"]),
    street("430103013", "黑石铺", ["黑石铺路", "书院南路", "一力路"]),
    street("430103014", "大托铺", ["芙蓉南路二段", "中意路", "桂井路"]),
    street("430103015", "暮云", ["暮云路", "芙蓉南路三段", "伊莱克斯大道"]),
    street("430103016", "南托", ["南托路", "沿江路", "滨洲路"]),
];

/// The bureau's own people who recur through the year.
pub(crate) struct Staff {
    pub(crate) secretary: String,
    pub(crate) deputy: String,
    pub(crate) organiser: String,
    pub(crate) publicist: String,
    pub(crate) officers: Vec<String>,
}

/// An enterprise entered before this side begins.
#[derive(Debug, Clone)]
pub(crate) struct Firm {
    pub(crate) number: String,
    pub(crate) name: String,
    pub(crate) industry: String,
    /// Its place in the external form.
    pub(crate) place: Value,
}

/// Kit, book and what has been entered so far.
pub(crate) struct Desk<'kit> {
    pub(crate) kit: &'kit mut Kit,
    pub(crate) book: Book,
    pub(crate) staff: Staff,
    /// Agency numbers by short key or street code.
    pub(crate) agencies: BTreeMap<String, String>,
    /// Staff posts by grid code.
    pub(crate) posts: BTreeMap<String, (String, String)>,
    /// River numbers by code, with the Chinese name.
    pub(crate) rivers: Vec<(String, &'static super::rivers::River)>,
    /// Station numbers by station code.
    pub(crate) stations: BTreeMap<&'static str, String>,
    /// Outfall numbers with their river's index and street.
    pub(crate) outfalls: Vec<(String, usize, &'static Street, String)>,
    /// Project numbers by a short key.
    pub(crate) projects: BTreeMap<&'static str, String>,
    /// Noise-zone numbers in order of entry.
    pub(crate) noise_zones: Vec<String>,
    /// Enterprises, in order of entry.
    pub(crate) firms: Vec<Firm>,
    /// Power installations with their enterprises.
    pub(crate) installations: Vec<(String, Firm)>,
    /// Outfalls whose drain network was surveyed, with the nodes from the mouth upwards.
    pub(crate) traced: Vec<(String, Vec<String>)>,
    /// Dispatch orders with their day and trigger.
    pub(crate) orders: Vec<(Date, &'static str, String)>,
    /// Water samples with the place of their river and their day.
    pub(crate) samples: Vec<(String, usize, Date)>,
    /// Demonstration zones that passed, with name and day.
    pub(crate) passed_zones: Vec<(String, &'static str, Date)>,
    /// Plot numbers in order of entry.
    pub(crate) plots: Vec<String>,
}

impl<'kit> Desk<'kit> {
    pub(crate) fn new(kit: &'kit mut Kit, world: &World) -> Self {
        let firms = world
            .enterprises
            .iter()
            .map(|enterprise| Firm {
                number: enterprise.number.clone(),
                name: enterprise.name.clone(),
                industry: enterprise.industry.to_owned(),
                place: enterprise.place(),
            })
            .collect();
        let staff = Staff {
            secretary: kit.person(),
            deputy: kit.person(),
            organiser: kit.person(),
            publicist: kit.person(),
            officers: (0..16).map(|_| kit.person()).collect(),
        };
        Self {
            kit,
            book: Book::default(),
            staff,
            agencies: BTreeMap::new(),
            posts: BTreeMap::new(),
            rivers: Vec::new(),
            stations: BTreeMap::new(),
            outfalls: Vec::new(),
            projects: BTreeMap::new(),
            noise_zones: Vec::new(),
            firms,
            installations: Vec::new(),
            traced: Vec::new(),
            orders: Vec::new(),
            samples: Vec::new(),
            passed_zones: Vec::new(),
            plots: Vec::new(),
        }
    }

    /// A whole number of `low..=high`.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        self.kit.rng.random_range(low..=high)
    }

    /// A number between `low` and `high`, cut to `digits` decimals.
    pub(crate) fn decimal(&mut self, low: f64, high: f64, digits: i32) -> f64 {
        rounded(self.kit.rng.random_range(low..high), digits)
    }

    /// True in `share` of all cases.
    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.kit.rng.random_bool(share)
    }

    /// One of a list that is not empty.
    pub(crate) fn pick<'list, T>(&mut self, list: &'list [T]) -> &'list T {
        &list[self.kit.rng.random_range(0..list.len())]
    }

    /// One of the bureau's officers.
    pub(crate) fn officer(&mut self) -> String {
        let at = self.kit.rng.random_range(0..self.staff.officers.len());
        self.staff.officers[at].clone()
    }

    /// Several different officers.
    pub(crate) fn officers(&mut self, count: usize) -> Vec<String> {
        let start = self.kit.rng.random_range(0..self.staff.officers.len());
        self.staff.officers.iter().cycle().skip(start).take(count).cloned().collect()
    }

    /// One of the streets.
    pub(crate) fn street(&mut self) -> &'static Street {
        &STREETS[self.kit.rng.random_range(0..STREETS.len())]
    }

    /// A place in a cell, with the words for it.
    pub(crate) fn spot(&mut self, cell: &str, address: &str) -> Value {
        let (lon, lat) = self.kit.point_in(cell);
        json!({ "lon": rounded(lon, 6), "lat": rounded(lat, 6), "address": address })
    }

    /// A place in a cell as near to a river as a handful of tries finds, so that it stands on the bank.
    pub(crate) fn riverbank(&mut self, river: &str, cell: &str, address: &str) -> Value {
        let tries: Vec<(f64, f64)> = (0..24).map(|_| self.kit.point_in(cell)).collect();
        let nearest = tries.into_iter().min_by(|one, other| {
            super::courses::distance(river, *one).total_cmp(&super::courses::distance(river, *other))
        });
        let (lon, lat) = nearest.unwrap_or_default();
        json!({ "lon": rounded(lon, 6), "lat": rounded(lat, 6), "address": address })
    }

    /// A place somewhere on a road of a street.
    pub(crate) fn roadside(&mut self, street: &'static Street) -> Value {
        let road = *self.pick(&street.roads);
        let number = self.between(1, 399);
        self.spot(street.code, &format!("天心区{}街道{road}{number}号", street.name))
    }

    /// `total` cut into `parts` shares of `low..=high` each, by chance.
    pub(crate) fn shares(&mut self, parts: usize, total: i64, low: i64, high: i64) -> Vec<i64> {
        let mut shares = vec![low; parts];
        let mut left = total - low * i64::try_from(parts).unwrap_or(i64::MAX);
        debug_assert!(left >= 0 && total <= high * i64::try_from(parts).unwrap_or(i64::MAX));
        while left > 0 {
            let at = self.kit.rng.random_range(0..parts);
            if shares[at] < high {
                shares[at] += 1;
                left -= 1;
            }
        }
        shares
    }

    /// Enterprises of an industry.
    pub(crate) fn firms_of(&self, industry: &str) -> Vec<Firm> {
        self.firms.iter().filter(|firm| firm.industry == industry).cloned().collect()
    }

    /// Number of an agency entered before, by its key.
    pub(crate) fn agency(&self, key: &str) -> Value {
        self.agencies.get(key).map_or(Value::Null, |number| json!(number))
    }
}

/// `value` with `digits` decimals, so that the JSON text is short.
pub(crate) fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

/// A day in the external form.
pub(crate) fn on(day: Date) -> Value {
    json!(day.to_string())
}

/// A Beijing moment in the external form.
pub(crate) fn at(moment: DateTime) -> Value {
    json!(format!("{}+08:00", moment.strftime("%Y-%m-%dT%H:%M:%S")))
}

/// `minutes` after `moment`.
pub(crate) fn after(moment: DateTime, minutes: i64) -> DateTime {
    moment.saturating_add(jiff::Span::new().minutes(minutes))
}

/// A day of the year 2020, kept inside the month.
pub(crate) fn day_2020(month: i8, day: i8) -> Date {
    let first = date(2020, month, 1);
    date(2020, month, day.clamp(1, first.days_in_month()))
}

/// Weather as people write it in a patrol record.
pub(crate) fn weather(desk: &mut Desk<'_>, day: Date) -> String {
    let (sky, low, high): (&[&str], i64, i64) = match day.month() {
        12 | 1 | 2 => (&["阴", "小雨", "多云", "晴", "雾转阴"], 3, 13),
        3..=5 => (&["小雨", "阵雨", "多云", "阴", "晴"], 12, 26),
        6..=9 => (&["晴", "多云", "雷阵雨", "晴间多云"], 25, 37),
        _ => (&["晴", "多云", "阴", "小雨"], 12, 25),
    };
    let sky = *desk.pick(sky);
    let from = desk.between(low, high - 4);
    let to = desk.between(from + 2, high);
    let wind = *desk.pick(&["偏北风1—2级", "东北风2级", "南风2级", "微风", "西北风2—3级"]);
    format!("{sky}，{from}—{to}℃，{wind}")
}
