//! Heavy-pollution responses of the year and the check of enterprises by their electricity use.

use jiff::civil::{DateTime, date};
use serde_json::{Value, json};

use super::desk::{Desk, after, at, later};

/// Beginning, end, AQI forecast, highest AQI.
const RESPONSES: [(DateTime, DateTime, i64, i64); 4] = [
    (date(2020, 1, 12).at(0, 0, 0, 0), date(2020, 1, 15).at(0, 0, 0, 0), 205, 212),
    (date(2020, 11, 13).at(0, 0, 0, 0), date(2020, 11, 15).at(8, 0, 0, 0), 201, 188),
    (date(2020, 12, 10).at(0, 0, 0, 0), date(2020, 12, 13).at(8, 0, 0, 0), 213, 219),
    (date(2020, 12, 28).at(0, 0, 0, 0), date(2020, 12, 30).at(0, 0, 0, 0), 204, 196),
];

pub(super) fn enter(desk: &mut Desk<'_>) {
    for (begun, ended, forecast, peak) in RESPONSES {
        let orders: Vec<Value> = desk
            .orders
            .iter()
            .filter(|(day, trigger, _)| {
                *trigger == "heavy_pollution_warning" && begun.date() <= *day && *day <= ended.date()
            })
            .map(|(_, _, number)| json!({ "dispatch_order": number }))
            .collect();
        // Meters stand from May on; the January response was checked on the spot only.
        let checks = if begun.month() == 1 { Vec::new() } else { checks(desk, begun) };
        let violations = checks.iter().filter(|check| check["verdict"] == "violated").count();
        let stopped = desk.between(31, 58);
        let metered = match (begun.month(), violations) {
            (1, _) => "现场核查未发现擅自生产".to_owned(),
            (_, 0) => "用电核验各清单企业均已落实".to_owned(),
            (_, count) => format!("用电核验发现未落实企业{count}家，已移交执法"),
        };
        let outcome = if peak < forecast { "有所削减" } else { "基本一致" };
        let evaluation = format!("响应期间停工工地{stopped}处，{metered}；峰值较预测{outcome}。");
        let values = json!({
            "subject": format!("{}月{}日重污染天气黄色预警响应", begun.month(), begun.day()),
            "document_no": format!("长重污指〔2020〕{}号", desk.between(1, 9)),
            "level": "yellow",
            "issued_by": "市重污染天气应急指挥部",
            "started_at": at(begun),
            "ended_at": at(ended),
            "primary_pollutant": "pm2_5",
            "forecast_aqi": forecast,
            "peak_aqi": peak,
            "measures": "应急清单企业按“一厂一策”停限产；工地停止土石方、拆除和喷涂；国三以下柴油货车和非道路移动机械停用；主次干道每日冲洗不少于四次；禁止露天焚烧和燃放烟花爆竹。",
            "orders": orders,
            "enterprises_listed": 46,
            "checks": checks,
            "violations": violations,
            "sites_stopped": stopped,
            "evaluation": evaluation,
            "handler_name": desk.officer(),
            "evaluated_at": at(later(ended.date(), 5).at(16, 30, 0, 0)),
            "state": "evaluated",
        });
        desk.book.enter("pollution_response", 2020, values);
    }
}

fn checks(desk: &mut Desk<'_>, begun: DateTime) -> Vec<Value> {
    let installations = desk.installations.clone();
    let odd = desk.between(3, 17);
    (0_i64..)
        .zip(installations.iter().take(20))
        .map(|(place, (installation, firm))| {
            let usual = desk.decimal(380.0, 2_600.0, 1);
            let share = if place == odd { 0.97 } else { desk.decimal(0.12, 0.62, 3) };
            let verdict = match share {
                share if share > 0.9 => "violated",
                share if share > 0.55 => "partial",
                _ => "complied",
            };
            json!({
                "enterprise": firm.number,
                "power_installation": installation,
                "checked_at": at(after(begun, 60 * 24 + 9 * place)),
                "measure": if place % 3 == 0 { "stop" } else { "limit" },
                "reference_kwh": usual,
                "measured_kwh": super::desk::rounded(usual * share, 1),
                "verdict": verdict,
            })
        })
        .collect()
}
