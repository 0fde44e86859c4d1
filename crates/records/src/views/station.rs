//! Monitoring stations (监测站点).

use bilan_standards::water::WaterClass;

use super::{EnterpriseRecord, NoiseZoneRecord, PowerInstallation, RiverRecord};
use crate::{
    contract::{AnyChoice, Personal, Refers, choices, rows, view},
    value::Position,
};

choices! {
    /// What a station measures.
    StationKind {
        /// Air.
        Air = "air",
        /// Surface water.
        Water = "water",
        /// Noise.
        Noise = "noise",
        /// Electricity of an enterprise.
        Power = "power",
        /// Level and quality at an outfall.
        Outfall = "outfall",
        /// Dust and noise of a building site.
        Dust = "dust",
        /// Weather.
        Weather = "weather",
    }
}

choices! {
    /// Class that a section of a river shall keep (GB 3838-2002).
    TargetClass {
        /// Class II.
        Ii = "ii",
        /// Class III.
        Iii = "iii",
        /// Class IV.
        Iv = "iv",
        /// Class V.
        V = "v",
    }
}

impl TargetClass {
    /// The class of the standard.
    #[must_use]
    pub fn class(&self) -> Option<WaterClass> {
        match self {
            Self::Ii => Some(WaterClass::II),
            Self::Iii => Some(WaterClass::III),
            Self::Iv => Some(WaterClass::IV),
            Self::V => Some(WaterClass::V),
            Self::Another(_) => None,
        }
    }
}

choices! {
    /// Which end of its period a device writes into `DataTime`.
    Stamping {
        /// The beginning.
        Start = "start",
        /// The end.
        End = "end",
    }
}

rows! {
    /// A factor in a station's own list.
    StationFactor {
        /// Its code, as the device sends it.
        factor: String,
        /// What it is called at this station.
        name: String,
        /// The unit in which it is reported.
        unit: String,
        /// Least value that the instrument can show.
        low: Option<f64>,
        /// Largest value that the instrument can show.
        high: Option<f64>,
    }
}

view! {
    /// A monitoring station (监测站点).
    StationRecord of "station", required;
    without: "no device may report, nothing is judged and no warning opens";
    fields {
        /// The code by which pages sort stations.
        code: String,
        /// Its name on pages, notices and in warnings.
        name: String,
        /// Says by which standard its values are judged, and which rules hold for it.
        kind: StationKind,
        /// Rules may ask who runs it.
        ownership: AnyChoice,
        /// Where it is on the map; warnings and tasks are placed there.
        place: Option<Position>,
        /// The river on whose page it stands.
        river: Option<Refers<RiverRecord>>,
        /// The class against which its values are held.
        target_class: Option<TargetClass>,
        /// The zone against whose limits its noise is held.
        noise_zone: Option<Refers<NoiseZoneRecord>>,
        /// Whose orders to stop and permits hold for it.
        enterprise: Option<Refers<EnterpriseRecord>>,
        /// The installation whose electricity it measures.
        power_installation: Option<Refers<PowerInstallation>>,
        /// What it measures, in which unit and range.
        factors: Vec<StationFactor>,
        /// The number by which the gateway knows its device.
        mn: Option<String>,
        /// The password that its device must send.
        password: Option<Personal>,
        /// The key with which its device encrypts.
        sm4_key: Option<Personal>,
        /// Minutes that a datum of minutes stands for.
        minute_interval: Option<i64>,
        /// Whether `DataTime` is the beginning or the end of a period.
        stamped: Option<Stamping>,
    }
    states StationState {
        /// It runs: its device may report.
        Running = "running",
        /// It is being looked after: its device may report, and its values are marked.
        Maintenance = "maintenance",
    }
}
