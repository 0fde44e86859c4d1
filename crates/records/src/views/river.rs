//! Rivers (河流).

use crate::contract::view;

view! {
    /// A river (河流).
    RiverRecord of "river", optional;
    without: "sections of rivers stand under no name on the page of water";
    fields {
        /// Its name over its sections.
        name: String,
    }
}
