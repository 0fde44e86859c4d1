//! Which warnings are one event: a warning that opens joins the first of them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::Watch;
use super::everywhere::{self, Earlier, Place};
use super::state::State;
use crate::Warning;
use crate::rules::Gathering;

/// What befalls several stations within this time has one cause.
const TOGETHER: SignedDuration = SignedDuration::from_mins(10);

impl Watch {
    /// Says of each warning that opened to which event it belongs. One that only goes on an event asks for no task, unless it is graver than all before it.
    pub(super) fn gathered(&mut self, mut told: Vec<Warning>) -> Vec<Warning> {
        for warning in &mut told {
            let gathering = self.gathering(&warning.rule).cloned();
            if !warning.is_open() {
                if let Some(Gathering { event, everywhere: true }) = &gathering {
                    self.everywhere.cleared(event, warning);
                }
                continue;
            }
            let earlier = gathering.as_ref().map_or((None, false), |own| self.earlier(warning, own));
            warning.event = earlier.0.unwrap_or_else(|| warning.id.clone());
            if earlier.1 {
                warning.task = None;
            }
            let watched = self.watched.get_mut(&warning.station).into_iter().flat_map(BTreeMap::values_mut);
            for state in watched {
                if let Some(State::Open { warning: kept, .. }) = &mut state.state
                    && kept.id == warning.id
                {
                    kept.event.clone_from(&warning.event);
                    kept.task.clone_from(&warning.task);
                }
            }
            if let Some(Gathering { event, everywhere: true }) = &gathering {
                self.everywhere.opened(event, warning);
            }
        }
        told
    }

    fn gathering(&self, rule: &str) -> Option<&Gathering> {
        self.rules.iter().find(|known| known.key == rule)?.gathering.as_ref()
    }

    /// Of the open warnings with which this one is one event: the event of the oldest, and whether somebody was called for something as grave. Those are the
    /// warnings of its station, and of all stations that opened shortly before where the rule says so.
    fn earlier(&self, warning: &Warning, own: &Gathering) -> (Option<String>, bool) {
        let of_station = self.watched.get(&warning.station).into_iter().flat_map(BTreeMap::values);
        let of_station: BTreeMap<Place, Earlier> = of_station
            .filter_map(|watched| match &watched.state {
                Some(State::Open { warning, .. }) => Some(&**warning),
                _ => None,
            })
            .filter(|other| other.id != warning.id && !other.event.is_empty())
            .filter(|other| self.gathering(&other.rule) == Some(own))
            .map(|other| (everywhere::place(other), Earlier::of(other)))
            .collect();
        let from = if own.everywhere { warning.opened_at - TOGETHER } else { Timestamp::MAX };
        let of_all = || self.everywhere.since(&own.event, from);
        let oldest = of_station.iter().next().into_iter().chain(of_all().next()).min_by_key(|(place, _)| *place);
        let called = of_station.values().chain(of_all().map(|(_, earlier)| earlier));
        (oldest.map(|(_, earlier)| earlier.event.clone()), called.into_iter().any(|one| one.has_called(warning.level)))
    }
}
