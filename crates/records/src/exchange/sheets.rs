//! Which sheet of a workbook holds the records, and its rows.

use std::io::{Read, Seek};

use super::{
    note::ImportNote,
    opening::{Opening, read_on, read_rows, texts},
    source::Visitor,
    unreadable::Unreadable,
    xlsx::{Sheet, SheetRows, Workbook},
};

/// Reads the sheet of a workbook that names most of what `visitor` knows.
pub(super) fn read_workbook(source: impl Read + Seek, visitor: &mut impl Visitor) -> Result<(), Unreadable> {
    let mut workbook = Workbook::open(source)?;
    let sheets = workbook.sheets.clone();
    let all_hidden = sheets.iter().all(|sheet| sheet.hidden);
    let (looked_at, mut passed_over): (Vec<usize>, Vec<usize>) =
        (0..sheets.len()).partition(|at| all_hidden || !sheets[*at].hidden);
    if let [only] = looked_at[..] {
        // Nothing is to be chosen: a large sheet is read through once.
        note_passed_over(&sheets, passed_over, only, visitor);
        return read_rows(workbook.rows(&sheets[only])?, visitor);
    }
    let Candidate { at: taken, opening, .. } = choose(&mut workbook, &sheets, looked_at, &mut passed_over, visitor)?;
    passed_over.sort_unstable();
    note_passed_over(&sheets, passed_over, taken, visitor);
    match opening {
        Some(whole) => read_on(whole, None::<SheetRows<'_, std::io::Empty>>, visitor),
        None => read_rows(workbook.rows(&sheets[taken])?, visitor),
    }
}

/// A sheet that may be the one.
struct Candidate {
    at: usize,
    judged: Judged,
    /// Its rows where the first of them are all: they are not read again.
    opening: Option<Opening>,
}

/// Looks at the first rows of each sheet; those that are not the one are added to `passed_over`.
fn choose<R: Read + Seek>(
    workbook: &mut Workbook<R>,
    sheets: &[Sheet],
    looked_at: Vec<usize>,
    passed_over: &mut Vec<usize>,
    visitor: &impl Visitor,
) -> Result<Candidate, Unreadable> {
    let mut best: Option<Candidate> = None;
    for at in looked_at {
        let opening = Opening::read(&mut workbook.rows(&sheets[at])?)?;
        let judged = Judged::of(&opening, visitor);
        match &best {
            _ if judged.filled == 0 => {}
            Some(before) if before.judged.is_ledger && judged.is_ledger => {
                let (first, second) = (sheets[before.at].name.clone(), sheets[at].name.clone());
                return Err(Unreadable::TwoSheets { first, second });
            }
            Some(before) if before.judged.worth() >= judged.worth() => passed_over.push(at),
            before => {
                passed_over.extend(before.iter().map(|before| before.at));
                best = Some(Candidate { at, judged, opening: Some(opening).filter(Opening::is_whole) });
            }
        }
    }
    best.ok_or(Unreadable::Empty)
}

fn note_passed_over(sheets: &[Sheet], passed_over: Vec<usize>, taken: usize, visitor: &mut impl Visitor) {
    for sheet in passed_over.into_iter().map(|at| &sheets[at]) {
        visitor.note(ImportNote::SheetPassedOver {
            name: sheet.name.clone(),
            hidden: sheet.hidden,
            taken: sheets[taken].name.clone(),
        });
    }
}

/// What the first rows of a sheet say of it.
struct Judged {
    /// Rows that are not blank.
    filled: usize,
    /// Headings that are known.
    known: usize,
    /// It names everything that a record must have, and has rows.
    is_ledger: bool,
}

impl Judged {
    fn of(opening: &Opening, visitor: &impl Visitor) -> Self {
        let at = opening.headings(visitor);
        let headings = opening.rows.get(at).map(|(_, cells)| texts(cells)).unwrap_or_default();
        let filled = opening.rows.len();
        Self { filled, known: visitor.known(&headings), is_ledger: visitor.complete(&headings) && filled > at + 1 }
    }

    fn worth(&self) -> (bool, usize) {
        (self.is_ledger, self.known)
    }
}
