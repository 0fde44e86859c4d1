//! The 24 systems of a bureau by name, in the order of screens.

use bilan_records::catalogue::SYSTEMS;

use super::Language;

/// Names in the order of [`SYSTEMS`].
const NAMES: [(&str, &str); 24] = [
    ("大气监测", "Air"),
    ("调度巡查", "Dispatch and patrols"),
    ("非道路移动机械", "Non-road machinery"),
    ("治理项目", "Projects"),
    ("用电监管", "Electricity use"),
    ("饮用水水源", "Drinking-water source"),
    ("河长巡河", "River chiefs"),
    ("水质监测", "Water"),
    ("排口", "Outfalls"),
    ("噪声", "Noise"),
    ("土壤", "Soil"),
    ("危险废物", "Hazardous waste"),
    ("督察信访", "Inspection petitions"),
    ("环境投诉", "Complaints"),
    ("行政许可", "Permits"),
    ("执法", "Enforcement"),
    ("宣传", "Outreach"),
    ("党建", "Party work"),
    ("网格", "Grid"),
    ("职责与计划", "Duties and plan"),
    ("信息共享", "Information sharing"),
    ("公众监督", "Public portal"),
    ("科学决策", "Decision support"),
    ("总结", "Annual summary"),
];

/// The name of a system; its key where it is none of the 24.
#[must_use]
pub fn label(system: &str, language: Language) -> &str {
    let Some(at) = SYSTEMS.iter().position(|key| *key == system) else { return system };
    match language {
        Language::Chinese => NAMES[at].0,
        Language::English => NAMES[at].1,
    }
}
