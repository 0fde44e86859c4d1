//! Posts of the grid (网格岗位).

use crate::contract::{AnyChoice, view};

view! {
    /// A post of the grid (网格岗位).
    StaffPost of "staff_post", optional;
    without: "tasks of warnings name no post and no handler, and the map names nobody who answers for a cell";
    fields {
        /// Its name beside the map.
        name: String,
        /// What sort of post it is, beside the map.
        kind: AnyChoice,
        /// The cell for which it answers: tasks find the post by it.
        grid_code: String,
        /// Who holds it: tasks are given to them.
        holder: String,
    }
}
