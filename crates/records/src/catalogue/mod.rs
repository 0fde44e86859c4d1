//! The files a bureau keeps: registers, figures, reports and its district. Read once, checked like a compiler would.
//!
//! [`load`] reads a folder and gives either a [`Catalogue`] in which every name is known, or [`Diagnostics`] with
//! every fault in every file. Nothing here touches a database.

mod closest;
mod code;
mod diagnostic;
mod district;
mod figure;
mod formula;
mod listed;
mod load;
mod map;
mod read_deadline;
mod read_district;
mod read_field;
mod read_figure;
mod read_map;
mod read_register;
mod read_report;
mod read_workflow;
mod reader;
mod register;
mod report;
mod report_text;
mod source;
mod unbounded;

use indexmap::IndexMap;

pub use closest::closest;
pub(crate) use closest::closest_label;
pub use code::Code;
pub use diagnostic::{Diagnostic, Diagnostics};
pub use district::{CellLevel, District, GridCell, PublicMonitoring, RiverLine};
pub use figure::{Bound, Figure, FigurePeriod, FigureRule, RecordSet};
pub use listed::listed;
pub use load::{check, check_against, load};
pub use map::MapLayer;
pub(crate) use read_report::with_years;
pub(crate) use reader::fault_at;
pub use register::*;
pub use report::{Block, ChartKind, FigureForm, Inline, RecordsTable, Report};
pub use source::{Source, read_sources};
pub use unbounded::{Unbounded, unbounded};

/// The 24 systems of a bureau, in the order of screens; registers and figures belong to one each.
pub const SYSTEMS: [&str; 24] = [
    "air",
    "dispatch",
    "nrmm",
    "project",
    "power",
    "source",
    "river",
    "water",
    "outfall",
    "noise",
    "soil",
    "waste",
    "petition",
    "complaint",
    "permit",
    "enforce",
    "outreach",
    "party",
    "grid",
    "duty",
    "share",
    "public",
    "decide",
    "summary",
];

impl Catalogue {
    /// The registers whose layers are on the map when nobody asked for others, in their order.
    #[must_use]
    pub fn first_layers(&self) -> Vec<&Register> {
        let mut first: Vec<&Register> =
            self.registers.values().filter(|register| register.map.first.is_some()).collect();
        first.sort_by_key(|register| register.map.first);
        first
    }

    /// The figures of the big screen, in their order.
    #[must_use]
    pub fn screen_figures(&self) -> Vec<&Figure> {
        let mut shown: Vec<&Figure> = self.figures.values().filter(|figure| figure.screen.is_some()).collect();
        shown.sort_by_key(|figure| figure.screen);
        shown
    }
}

/// Everything the files of a bureau say.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// Ledgers by key, in the order of their file names.
    pub registers: IndexMap<String, Register>,
    /// Figures by key, in the order of the files.
    pub figures: IndexMap<String, Figure>,
    /// Reports by key.
    pub reports: IndexMap<String, Report>,
    /// The district that the bureau answers for.
    pub district: District,
    /// What the program knows how to use and these files do without, with what is then missing.
    pub without: Vec<Diagnostic>,
}
