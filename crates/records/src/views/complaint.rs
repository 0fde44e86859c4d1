//! Complaints (环境投诉), which residents enter on the portal.

use jiff::Timestamp;

use crate::{
    contract::{AnyChoice, Files, Personal, Withheld, choices, view},
    value::Position,
};

choices! {
    /// How a complaint came in.
    ComplaintSource {
        /// On the portal.
        Portal = "portal",
    }
}

choices! {
    /// What is complained of.
    ComplaintKind {
        /// None of those listed.
        Other = "other",
    }
}

view! {
    /// A complaint (环境投诉).
    ComplaintRecord of "complaint", optional;
    without: "the portal takes no complaint, and nobody can follow one";
    fields {
        /// When the portal took it.
        received_at: Timestamp,
        /// That it came over the portal: only such a one has a receipt.
        source: ComplaintSource,
        /// The code by which the resident follows it, shown to nobody else.
        tracking_code: Withheld,
        /// What the resident chose first; it stands on the page by which the case is followed.
        category: AnyChoice,
        /// What the resident chose then.
        kind: ComplaintKind,
        /// A subject that says nothing of the resident.
        subject: String,
        /// What the resident wrote.
        content: String,
        /// Where it is.
        place: Option<Position>,
        /// Of whom the resident complains.
        against: Option<String> = optional,
        /// Whether it happens at night.
        happens_at_night: Option<bool> = optional,
        /// Name of the resident.
        complainant: Option<Personal>,
        /// Telephone of the resident.
        phone: Option<Personal>,
        /// Whether the resident wants secrecy: what is not said to be open is not published.
        confidential: Option<bool>,
        /// The answer, which the resident reads when it was given.
        reply: Option<String>,
        /// When it was given.
        replied_at: Option<Timestamp>,
        /// Photographs of the resident.
        photos: Files,
    }
}
