//! Marks, colours and first layers of the map and the figures of the big screen stand in the files of the bureau.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::path::Path;

use bilan_records::catalogue::{Catalogue, Diagnostic, Source, check, load, read_sources};

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn shipped() -> Catalogue {
    load(&root()).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn what_presses_is_on_the_map_first_and_the_figures_of_the_screen_have_an_order() {
    let shipped = shipped();
    let first: Vec<&str> = shipped.first_layers().iter().map(|register| register.key.as_str()).collect();
    assert_eq!(first, ["station", "warning", "task", "complaint", "dispatch_order", "overflow_event"]);
    let figures: Vec<&str> = shipped.screen_figures().iter().map(|figure| figure.key.as_str()).collect();
    let wanted = [
        "complaints_total",
        "complaints_handled_rate",
        "petition_pieces",
        "petition_close_rate",
        "nrmm_registered",
        "air_dispatch_patrols",
        "water_river_patrols",
        "outreach_media",
    ];
    assert_eq!(figures, wanted);
    assert_eq!(shipped.registers["warning"].map.mark.as_deref(), Some("警"));
    assert_eq!(shipped.registers["overflow_event"].map.at.as_deref(), Some("outfall"));
    assert_eq!(shipped.registers["station"].map.marks["noise"], "声");
    assert!(shipped.registers["handover"].case && !shipped.registers["enterprise"].case);
}

/// The one fault of the shipped files when a line of one of them is another.
fn fault(path: &str, line: &str, instead: &str) -> Diagnostic {
    let mut sources: Vec<Source> = read_sources(&root()).unwrap();
    let source = sources.iter_mut().find(|source| source.path == path).unwrap();
    assert!(source.text.contains(line), "{line}");
    source.text = source.text.replacen(line, instead, 1);
    let mut faults = check(&sources).unwrap_err().faults;
    assert_eq!(faults.len(), 1, "{faults:#?}");
    faults.remove(0)
}

#[test]
fn a_map_that_cannot_be_drawn_is_refused_with_line_and_remedy() {
    for (path, line, instead, said, remedy) in [
        ("registers/warning.toml", "mark = \"警\"", "mark = \"预警\"", "does not fit on a mark", "one character"),
        ("registers/warning.toml", "colour = \"#c62828\"", "colour = \"red\"", "is no colour", "#1769aa"),
        ("registers/task.toml", "first = 3", "first = 2", "is the layer 2 of the map already", "a number of its own"),
        ("registers/overflow_event.toml", "at = \"outfall\"", "at = \"outfal\"", "no field", "did you mean “outfall”?"),
        ("registers/station.toml", "dust = \"尘\"", "dusty = \"尘\"", "is no choice of “kind”", "did you mean “dust”?"),
        ("figures/river.toml", "screen = 7", "screen = 6", "already at this place", "a number of its own"),
    ] {
        let fault = fault(path, line, instead);
        assert!(fault.file.starts_with("registers/") || fault.file.starts_with("figures/"), "{fault}");
        assert!(fault.line > 1 && fault.message.contains(said), "{fault}");
        assert!(fault.remedy.as_ref().is_some_and(|given| given.contains(remedy)), "{fault}");
    }
}
