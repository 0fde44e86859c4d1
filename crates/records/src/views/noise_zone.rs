//! Zones of noise (声环境功能区).

use bilan_standards::noise::NoiseZone;

use crate::contract::{choices, view};

choices! {
    /// Class of a zone (GB 3096-2008).
    ZoneClass {
        /// Class 0.
        Zone0 = "zone_0",
        /// Class 1.
        Zone1 = "zone_1",
        /// Class 2.
        Zone2 = "zone_2",
        /// Class 3.
        Zone3 = "zone_3",
        /// Class 4a.
        Zone4a = "zone_4a",
        /// Class 4b.
        Zone4b = "zone_4b",
    }
}

impl ZoneClass {
    /// The class as the standard writes it: `4a`.
    #[must_use]
    pub fn in_the_standard(&self) -> &str {
        self.key().trim_start_matches("zone_")
    }

    /// The zone of the standard.
    #[must_use]
    pub fn zone(&self) -> Option<NoiseZone> {
        NoiseZone::from_key(self.in_the_standard())
    }
}

view! {
    /// A zone of noise (声环境功能区).
    NoiseZoneRecord of "noise_zone", optional;
    without: "no noise is judged and no rule knows the limits of a station";
    fields {
        /// Its class, by which noise is judged.
        zone_class: ZoneClass,
        /// Limit by day, which rules ask for.
        day_limit: f64,
        /// Limit by night, which rules ask for.
        night_limit: f64,
    }
}
