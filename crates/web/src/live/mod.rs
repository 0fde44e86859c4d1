//! Pages that show the district as it is now: the one map (一张图) with its big screen, stations, warnings, devices.
//!
//! - [`condition`] asks the observation plane how stations are; [`verdict`] says what the standards make of it (pure); [`curve`] gives the
//!   values of a chart.
//! - [`ground`] turns registers into layers of the map.
//! - [`events`] tells open pages what comes in. A page is a whole without script: script only fetches the same page again and
//!   puts the regions that changed in their place.

mod air;
mod broker;
mod condition;
mod curve;
mod deviation;
mod devices;
mod events;
mod factors;
mod find;
mod forwarding;
mod ground;
mod history;
mod index;
mod kept;
mod map;
mod noise;
mod notices;
mod packet;
mod packets;
mod panel;
mod power;
mod registered;
mod screen;
mod station;
mod stations;
mod statistics;
mod streams;
mod verdict;
mod view;
mod warnings;
mod water;
mod window;

use std::sync::Arc;

use axum::routing::{get, post};
use axum::{Extension, Router};

use crate::state::AppState;
pub(crate) use air::KeptDays;
pub use condition::ConditionError;
pub(crate) use condition::Desk;
pub(crate) use factors::factor_label;
pub use factors::unit_of_factor;
pub use index::air_indexes;
pub use notices::Notices;
pub use power::stop_orders;
pub(crate) use registered::{seen, stations};
pub use statistics::StationStatistics;
pub(crate) use streams::Streams;
pub(crate) use view::{Moment, StationRow, VerdictView, refused, snapshot};
pub(crate) use water::KeptWater;
#[cfg(test)]
pub(crate) use {
    devices::held_because,
    notices::{send_fault, subscription_fault},
};

/// The live pages.
pub fn routes(desk: Arc<Desk>) -> Router<AppState> {
    Router::new()
        .route("/map", get(map::show))
        .route("/map/list", get(map::list))
        .route("/map/layers/{layer}", get(map::layer))
        .route("/map/cells/{code}", get(panel::cell))
        .route("/map/panel/{register}/{number}", get(panel::record))
        .route("/map/search", get(find::search))
        .route("/map/events", get(map::events))
        .route("/map/screen", get(screen::show))
        .route("/stations", get(stations::list))
        .route("/stations/{number}", get(station::show))
        .route("/stations/{number}/events", get(station::events))
        .route("/stations/{number}/series.json", get(station::series))
        .route("/stations/{number}/packets", get(packets::show))
        .route("/warnings", get(warnings::wall))
        .route("/warnings/events", get(warnings::events))
        .route("/warnings/{number}/acknowledge", post(warnings::acknowledge))
        .route("/history", get(history::show))
        .route("/history/series.json", get(history::series))
        .route("/history/values.csv", get(history::csv))
        .route("/air", get(air::show))
        .route("/air/days.csv", get(air::csv))
        .route("/air/attainment.csv", get(air::attainment_csv))
        .route("/air/day", get(air::show_day))
        .route("/air/indicator", get(air::show_indicator))
        .route("/air/ranking", get(air::show_ranking))
        .route("/air/ranking.csv", get(air::ranking_csv))
        .route("/air/periods", get(air::show_periods))
        .route("/air/periods.csv", get(air::periods_csv))
        .route("/water", get(water::show))
        .route("/water/classes.csv", get(water::csv))
        .route("/water/month", get(water::show_month))
        .route("/noise", get(noise::show))
        .route("/noise/days.csv", get(noise::csv))
        .route("/noise/day", get(noise::show_day))
        .route("/notices", get(notices::list))
        .route("/notices/key", get(notices::key))
        .route("/notices/subscription", post(notices::subscribe))
        .route("/notices/subscription/end", post(notices::unsubscribe))
        .route("/devices", get(devices::list))
        .route("/power", get(power::show))
        .layer(Extension(desk))
        .layer(Extension(Arc::new(screen::Reckoned::default())))
}
