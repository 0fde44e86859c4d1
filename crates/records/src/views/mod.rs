//! Typed views of the registers on which the program relies: the only way in which code names their fields, states and steps.
//!
//! Each file declares one register with the macro `view!`, which makes the type and its [`Contract`] of the same words. What stands here is checked
//! against the files of a bureau by `bilan check` and at every start (`catalogue::load`).

mod complaint;
mod device_command;
mod enterprise;
mod night_work_permit;
mod noise_zone;
mod pollution_response;
mod power_installation;
mod river;
mod staff_post;
mod station;
mod task;
mod value_review;
mod warning;

pub use self::{
    complaint::{ComplaintKind, ComplaintRecord, ComplaintSource},
    device_command::{DeviceCommand, DeviceCommandState, DeviceCommandStep, DeviceOrder},
    enterprise::EnterpriseRecord,
    night_work_permit::{NightWorkPermit, NightWorkPermitState},
    noise_zone::{NoiseZoneRecord, ZoneClass},
    pollution_response::{CurtailmentCheck, CurtailmentMeasure, PollutionResponse},
    power_installation::PowerInstallation,
    river::RiverRecord,
    staff_post::StaffPost,
    station::{Stamping, StationFactor, StationKind, StationRecord, StationState, TargetClass},
    task::{TaskKind, TaskRecord, TaskUrgency},
    value_review::{ReviewVerdict, ValueReview, ValueReviewState, ValueReviewStep},
    warning::{WarningLevel, WarningRecord, WarningStep},
};
use crate::contract::{Contract, View as _};

/// What the program relies on, register by register.
pub static CONTRACTS: &[&Contract] = &[
    StationRecord::CONTRACT,
    WarningRecord::CONTRACT,
    TaskRecord::CONTRACT,
    EnterpriseRecord::CONTRACT,
    StaffPost::CONTRACT,
    DeviceCommand::CONTRACT,
    ValueReview::CONTRACT,
    ComplaintRecord::CONTRACT,
    NoiseZoneRecord::CONTRACT,
    PollutionResponse::CONTRACT,
    NightWorkPermit::CONTRACT,
    PowerInstallation::CONTRACT,
    RiverRecord::CONTRACT,
];

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;
    use crate::{actor::ENTERPRISES, contract::Condition};

    #[test]
    fn accounts_of_enterprises_are_tied_to_the_register_that_is_checked() {
        assert_eq!(EnterpriseRecord::REGISTER, ENTERPRISES);
    }

    #[test]
    fn a_condition_is_written_in_the_filter_language() {
        let reporting = StationRecord::mn()
            .is_filled()
            .and(Condition::in_state(&[StationState::Running, StationState::Maintenance]))
            .and(StationRecord::name().is(&r#"a "b\"#).or(StationRecord::river().is_empty()));
        assert_eq!(
            reporting.text(),
            r#"mn is filled and state in ("running", "maintenance") and (name = "a \"b\\" or river is empty)"#
        );
    }

    #[test]
    fn every_view_that_is_declared_is_checked() {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut folders = vec![sources];
        let mut declared = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let text = fs::read_to_string(&path).unwrap();
                    declared += text.lines().filter(|line| line.trim_start().starts_with("view! {")).count();
                }
            }
        }
        assert_eq!(declared, CONTRACTS.len(), "a view is declared that CONTRACTS does not name");
        let mut registers: Vec<&str> = CONTRACTS.iter().map(|contract| contract.register).collect();
        registers.sort_unstable();
        registers.dedup();
        assert_eq!(registers.len(), CONTRACTS.len(), "a register has two views");
    }
}
