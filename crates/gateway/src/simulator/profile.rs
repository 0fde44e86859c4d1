//! What a simulated station measures: smooth curves over day and year, the same for the same seed and instant. Pure.

use bilan_telemetry::intake;
use jiff::Timestamp;

/// One factor of a profile.
pub(crate) struct Factor {
    pub(crate) code: &'static str,
    /// Digits after the point.
    pub(crate) digits: usize,
    /// Suffix of hour values: `Avg`, or `Data` for statistics of noise.
    pub(crate) hourly: &'static str,
    /// Whether the device sends it in real time.
    pub(crate) realtime: bool,
    shape: Shape,
}

/// Curve of a factor.
#[derive(Clone, Copy)]
struct Shape {
    base: f64,
    /// Part of the base that moves with the hour of the day.
    daily: f64,
    hours: Hours,
    /// Part of the base that moves over hours and days.
    slow: f64,
    /// Part of the base that flickers.
    quick: f64,
    /// Part of the base that moves with the year: positive where winter is high, negative where summer is.
    yearly: f64,
    /// Part of the base that moves with the weather, over days and for all stations alike.
    weather: f64,
    low: f64,
    high: f64,
    /// Value while an exceedance is commanded.
    exceeded: Option<f64>,
}

/// When in the day a factor is high.
#[derive(Clone, Copy)]
enum Hours {
    /// Morning and evening traffic.
    Rush,
    /// Early afternoon: sun, heat.
    Afternoon,
    /// Small hours: still air.
    Night,
    /// Working hours.
    Work,
    /// Working hours, a little earlier and longer: what treats begins first and purges last.
    Around,
    /// All alike.
    Even,
}

const fn factor(
    code: &'static str,
    digits: usize,
    base: f64,
    daily: f64,
    hours: Hours,
    slow: f64,
    quick: f64,
) -> Factor {
    let shape =
        Shape { base, daily, hours, slow, quick, yearly: 0.0, weather: 0.0, low: 0.0, high: f64::MAX, exceeded: None };
    Factor { code, digits, hourly: "Avg", realtime: true, shape }
}

impl Factor {
    const fn exceeded(mut self, value: f64) -> Factor {
        self.shape.exceeded = Some(value);
        self
    }

    const fn within(mut self, low: f64, high: f64) -> Factor {
        self.shape.low = low;
        self.shape.high = high;
        self
    }

    const fn winter(mut self, part: f64) -> Factor {
        self.shape.yearly = part;
        self
    }

    const fn weather(mut self, part: f64) -> Factor {
        self.shape.weather = part;
        self
    }

    const fn level(mut self, realtime: bool) -> Factor {
        self.hourly = "Data";
        self.realtime = realtime;
        self
    }

    /// The value at an instant, as a device writes it.
    pub(crate) fn value(&self, seed: u64, at: Timestamp, exceeding: bool) -> String {
        let shape = &self.shape;
        let own =
            seed ^ self.code.bytes().fold(7, |hash: u64, byte| hash.wrapping_mul(131).wrapping_add(u64::from(byte)));
        let second = at.as_second();
        let minute_of_day = (second + 8 * 3600).rem_euclid(86_400) as f64 / 60.0;
        let slow =
            smooth(own, second as f64 / (9.0 * 3600.0)) * 0.6 + smooth(own ^ 1, second as f64 / (70.0 * 3600.0)) * 0.4;
        let quick = smooth(own ^ 2, second as f64 / 240.0);
        // Three days of still or moving air.
        let weather = shape.weather * smooth(self.code.len() as u64, second as f64 / (72.0 * 3600.0));
        let standing = 0.85 + 0.3 * unit(own ^ 3);
        let day_of_year = || f64::from(intake::beijing(at).date().day_of_year());
        let season = if shape.yearly == 0.0 {
            0.0
        } else {
            shape.yearly * (std::f64::consts::TAU * (day_of_year() - 15.0) / 365.0).cos()
        };
        let mut value = match (exceeding, shape.exceeded) {
            (true, Some(exceeded)) => exceeded * (1.0 + 0.04 * quick),
            _ => {
                shape.base
                    * standing
                    * (1.0
                        + shape.daily * shape.hours.at(minute_of_day / 60.0)
                        + shape.slow * slow
                        + season
                        + weather
                        + shape.quick * quick)
            }
        };
        if self.code == "a01001" || self.code == "w01010" {
            // The year of Changsha: cold in January, hot in July.
            value += 11.0 * (std::f64::consts::TAU * (day_of_year() - 110.0) / 365.0).sin();
        }
        format!("{:.*}", self.digits, value.clamp(shape.low, shape.high))
    }
}

impl Hours {
    /// From -1 to 1.
    fn at(self, hour: f64) -> f64 {
        let bump = |centre: f64, width: f64| {
            let away = (hour - centre).abs().min(24.0 - (hour - centre).abs());
            (-(away / width).powi(2)).exp()
        };
        match self {
            Hours::Rush => (bump(8.0, 2.2) + bump(19.0, 2.8)) * 1.3 - 0.6,
            Hours::Afternoon => bump(14.5, 4.2) * 1.8 - 0.8,
            Hours::Night => bump(3.0, 5.0) * 1.6 - 0.8,
            Hours::Work => {
                if (8.0..18.5).contains(&hour) {
                    1.0
                } else {
                    -1.0
                }
            }
            Hours::Around => {
                if (7.9..18.75).contains(&hour) {
                    1.0
                } else {
                    -1.0
                }
            }
            Hours::Even => 0.0,
        }
    }
}

/// A number from 0 to 1 that follows from `seed` (SplitMix64).
fn unit(seed: u64) -> f64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// Smooth noise from -1 to 1.
fn smooth(seed: u64, at: f64) -> f64 {
    let floor = at.floor();
    let part = at - floor;
    let ease = part * part * (3.0 - 2.0 * part);
    let knot = |offset: i64| unit(seed.wrapping_mul(31).wrapping_add((floor as i64 + offset) as u64)) * 2.0 - 1.0;
    knot(0) * (1.0 - ease) + knot(1) * ease
}

/// System code of a kind of station.
pub(crate) fn system_code(kind: &str) -> &'static str {
    match kind {
        "water" => "21",
        "noise" => "23",
        "outfall" => "32",
        "power" => "44",
        "dust" => "39",
        _ => "22",
    }
}

/// The factors that a kind of station measures. Unknown kinds measure the weather.
pub(crate) fn factors(kind: &str) -> &'static [Factor] {
    match kind {
        "air" => AIR,
        "water" => WATER,
        "noise" => NOISE,
        "outfall" => OUTFALL,
        "power" => POWER,
        "dust" => DUST,
        _ => WEATHER,
    }
}

const AIR: &[Factor] = &[
    factor("a34004", 0, 31.0, 0.20, Hours::Night, 0.45, 0.06)
        .within(3.0, 900.0)
        .exceeded(196.0)
        .winter(0.45)
        .weather(0.80),
    factor("a34002", 0, 50.0, 0.22, Hours::Rush, 0.40, 0.08)
        .within(6.0, 1500.0)
        .exceeded(402.0)
        .winter(0.35)
        .weather(0.65),
    factor("a21026", 0, 7.0, 0.15, Hours::Work, 0.30, 0.08).within(1.0, 1500.0),
    factor("a21004", 0, 27.0, 0.40, Hours::Rush, 0.30, 0.08).within(3.0, 900.0).winter(0.3).weather(0.3),
    factor("a21005", 3, 0.74, 0.22, Hours::Rush, 0.25, 0.05).within(0.1, 50.0),
    factor("a05024", 0, 72.0, 0.62, Hours::Afternoon, 0.25, 0.05)
        .within(2.0, 900.0)
        .exceeded(236.0)
        .winter(-0.45)
        .weather(-0.5),
    factor("a01001", 1, 17.6, 0.20, Hours::Afternoon, 0.12, 0.01).within(-9.0, 42.0),
    factor("a01002", 0, 74.0, -0.20, Hours::Afternoon, 0.15, 0.01).within(15.0, 100.0),
    factor("a01006", 2, 101.3, 0.001, Hours::Night, 0.008, 0.0002).within(97.0, 104.0),
    factor("a01007", 1, 1.9, 0.35, Hours::Afternoon, 0.45, 0.25).within(0.1, 25.0),
    factor("a01008", 0, 180.0, 0.0, Hours::Even, 0.95, 0.10).within(0.0, 359.0),
];

const WATER: &[Factor] = &[
    factor("w01001", 2, 7.4, 0.02, Hours::Afternoon, 0.03, 0.003).within(5.0, 10.0),
    factor("w01009", 2, 6.9, 0.14, Hours::Afternoon, 0.12, 0.02).within(0.1, 18.0).exceeded(1.3),
    factor("w01010", 1, 18.0, 0.04, Hours::Afternoon, 0.05, 0.002).within(2.0, 36.0),
    factor("w01014", 0, 312.0, 0.03, Hours::Work, 0.18, 0.01).within(60.0, 2000.0).exceeded(1180.0),
    factor("w01003", 1, 24.0, 0.10, Hours::Work, 0.50, 0.08).within(1.0, 1000.0),
    factor("w01019", 2, 3.4, 0.08, Hours::Work, 0.22, 0.03).within(0.5, 20.0).exceeded(12.6),
    factor("w21003", 3, 0.42, 0.15, Hours::Rush, 0.40, 0.05)
        .within(0.025, 10.0)
        .exceeded(3.45)
        .winter(0.5)
        .weather(0.4),
    factor("w21011", 3, 0.105, 0.10, Hours::Work, 0.30, 0.04)
        .within(0.01, 2.0)
        .exceeded(0.52)
        .winter(-0.3)
        .weather(0.4),
    factor("w21001", 2, 1.75, 0.08, Hours::Work, 0.22, 0.03).within(0.2, 20.0).exceeded(6.2),
];

const NOISE: &[Factor] = &[
    factor("LA", 1, 50.0, 0.09, Hours::Work, 0.05, 0.07).within(32.0, 110.0).exceeded(81.5).level(true),
    factor("Leq", 1, 51.5, 0.09, Hours::Work, 0.05, 0.02).within(34.0, 110.0).exceeded(80.2).level(false),
    factor("L10", 1, 54.5, 0.09, Hours::Work, 0.05, 0.02).within(36.0, 115.0).exceeded(84.0).level(false),
    factor("L50", 1, 49.0, 0.09, Hours::Work, 0.05, 0.02).within(33.0, 105.0).exceeded(78.0).level(false),
    factor("L90", 1, 44.5, 0.09, Hours::Work, 0.05, 0.02).within(31.0, 100.0).exceeded(72.0).level(false),
];

const OUTFALL: &[Factor] = &[
    factor("w00000", 1, 46.0, 0.30, Hours::Rush, 0.40, 0.05).within(0.0, 3000.0).exceeded(870.0),
    factor("w01014", 0, 540.0, 0.06, Hours::Rush, 0.15, 0.02).within(60.0, 3000.0).exceeded(1620.0),
    factor("w21003", 2, 4.6, 0.15, Hours::Rush, 0.30, 0.05).within(0.05, 50.0).exceeded(28.0),
];

const POWER: &[Factor] = &[
    factor("d20401", 1, 62.0, 0.90, Hours::Work, 0.06, 0.03).within(0.0, 600.0),
    factor("d30401", 1, 18.0, 0.90, Hours::Around, 0.05, 0.02).within(0.0, 200.0).exceeded(0.0),
    factor("e701", 2, 9.4, 0.90, Hours::Around, 0.05, 0.02).within(0.0, 200.0).exceeded(0.0),
];

const DUST: &[Factor] = &[
    factor("a34002", 0, 78.0, 0.25, Hours::Work, 0.35, 0.12).within(8.0, 2000.0).exceeded(520.0),
    factor("a34001", 0, 130.0, 0.25, Hours::Work, 0.35, 0.12).within(15.0, 5000.0).exceeded(880.0),
    factor("LA", 1, 59.0, 0.12, Hours::Work, 0.05, 0.06).within(36.0, 115.0).exceeded(83.0).level(true),
];

const WEATHER: &[Factor] = &[
    factor("a01001", 1, 17.6, 0.20, Hours::Afternoon, 0.12, 0.01).within(-9.0, 42.0),
    factor("a01002", 0, 74.0, -0.20, Hours::Afternoon, 0.15, 0.01).within(15.0, 100.0),
    factor("a01007", 1, 1.9, 0.35, Hours::Afternoon, 0.45, 0.25).within(0.1, 25.0),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        // 2024-06-01 00:00 in Beijing, and so many hours later.
        Timestamp::from_second(1_717_171_200 + hour * 3600).unwrap()
    }

    #[test]
    fn the_same_seed_and_instant_give_the_same_value() {
        for factor in AIR.iter().chain(WATER) {
            assert_eq!(factor.value(5, at(3), false), factor.value(5, at(3), false));
        }
        let day = |seed| (0..24).map(|hour| AIR[0].value(seed, at(hour), false)).collect::<Vec<_>>();
        assert_ne!(day(5), day(6));
    }

    #[test]
    fn days_have_their_shape() {
        let mean = |factor: &Factor, hour: i64| {
            (0..40).map(|day| factor.value(9, at(day * 24 + hour), false).parse::<f64>().unwrap()).sum::<f64>() / 40.0
        };
        assert!(mean(&AIR[5], 15) > 1.5 * mean(&AIR[5], 4), "ozone in the afternoon");
        assert!(mean(&AIR[3], 8) > 1.2 * mean(&AIR[3], 13), "nitrogen dioxide in the rush hour");
        assert!(mean(&WATER[1], 15) > mean(&WATER[1], 4), "oxygen by daylight");
        assert!(mean(&NOISE[0], 12) > mean(&NOISE[0], 2) + 5.0, "noise by day");
        assert!(mean(&POWER[0], 12) > 10.0 * mean(&POWER[0], 2), "work by day");
    }

    #[test]
    fn exceedances_cross_the_shipped_limits_and_normal_days_do_not() {
        for (factor, limit, upward) in
            [(&WATER[1], 2.0, false), (&WATER[6], 2.0, true), (&AIR[0], 150.0, true), (&AIR[1], 350.0, true)]
        {
            for hour in 0..24 * 60 {
                for seed in 0..6 {
                    let normal: f64 = factor.value(seed, at(hour), false).parse().unwrap();
                    let bad: f64 = factor.value(seed, at(hour), true).parse().unwrap();
                    assert_eq!(bad > limit, upward, "{} {bad}", factor.code);
                    assert_ne!(normal > limit, upward, "{} {normal}", factor.code);
                }
            }
        }
    }
}
