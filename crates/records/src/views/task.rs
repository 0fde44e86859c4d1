//! Tasks on cells of the grid (网格任务).

use jiff::Timestamp;

use super::{StaffPost, StationRecord, WarningRecord};
use crate::{
    contract::{Refers, choices, view},
    value::Position,
};

choices! {
    /// What a task is for.
    TaskKind {
        /// To look on the spot after a warning.
        WarningCheck = "warning_check",
    }
}

choices! {
    /// How soon it must be done, as rules say.
    TaskUrgency {
        /// In its turn.
        Normal = "normal",
        /// Before others.
        Urgent = "urgent",
        /// At once.
        Critical = "critical",
    }
}

view! {
    /// A task on a cell of the grid (网格任务).
    TaskRecord of "task", required;
    without: "a warning gives nobody a task, and nobody sees on the first page what to do";
    fields {
        /// What is to be done, in a line.
        subject: String,
        /// Tasks of warnings are entered with a kind of their own.
        kind: TaskKind,
        /// The warning for which it is.
        warning: Option<Refers<WarningRecord>>,
        /// The station at which it is; its page lists its tasks.
        station: Option<Refers<StationRecord>>,
        /// How soon it must be done, as the rule says.
        urgency: TaskUrgency,
        /// Where it is to be done.
        place: Option<Position>,
        /// The cell in which the station stands.
        grid_code: Option<String>,
        /// The post that answers for the cell.
        post: Option<Refers<StaffPost>>,
        /// Who holds that post.
        handler_name: Option<String>,
        /// What is to be looked at, as the rule says.
        instructions: String,
        /// When the warning opened.
        opened_at: Timestamp,
        /// Until when it must be done; the first page sorts by it and says what is late.
        due_at: Option<Timestamp>,
    }
}
