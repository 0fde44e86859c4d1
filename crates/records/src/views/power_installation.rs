//! Installations that watch the electricity of an enterprise (用电监测安装).

use super::EnterpriseRecord;
use crate::contract::{Refers, view};

view! {
    /// An installation that watches electricity (用电监测安装).
    PowerInstallation of "power_installation", optional;
    without: "the page of electricity is empty";
    fields {
        /// Its name on the page of electricity.
        name: String,
        /// The enterprise that is watched.
        enterprise: Refers<EnterpriseRecord>,
    }
}
