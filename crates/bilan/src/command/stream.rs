//! CSV of any size: read in blocks, worked on by all cores, handed on in the order of the file. Memory does not grow with the file.

mod cutter;
mod encoding;
mod faults;
mod heads;
mod remarks;
mod row;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::{Context, Result, anyhow};
use bilan_records::exchange::holds_rows;
use csv::ByteRecord;

use cutter::{Cutter, line_breaks};
pub use faults::Faults;
pub use heads::{Column, Heads, Meaning};
pub use remarks::Remarks;
pub use row::Row;

/// The file, or standard input.
pub fn source(file: Option<&Path>) -> Result<Box<dyn Read + Send>> {
    Ok(match file {
        Some(path) => Box::new(File::open(path).with_context(|| format!("cannot read {}", path.display()))?),
        None => Box::new(io::stdin()),
    })
}

/// Whole rows of the file.
pub struct Block {
    bytes: Vec<u8>,
    /// Line of the file on which it begins.
    line: u64,
    columns: usize,
    separator: u8,
}

impl Block {
    /// Goes through the rows, past those with a fault.
    ///
    /// # Errors
    /// [`Faults`] with every row that was refused.
    pub fn each(&self, mut take: impl FnMut(&Row<'_>) -> Result<()>) -> Result<()> {
        let mut faults = Faults::default();
        let mut reader = heads::reader(&self.bytes, self.separator);
        let mut record = ByteRecord::new();
        let (mut at, mut line) = (0, self.line);
        while reader.read_byte_record(&mut record)? {
            // The reader takes a line break of two bytes for the beginning of the next row, so lines are counted here.
            let begins = usize::try_from(record.position().map_or(0, csv::Position::byte))?;
            let breaks = self.bytes[begins..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            line += line_breaks(&self.bytes[at..begins + breaks]);
            at = begins + breaks;
            let (found, columns) = (record.len(), self.columns);
            let row = Row { record: &record, line };
            // Spreadsheets leave blank cells behind a row and blank rows below the last.
            let fits = found == columns || (found > columns && (columns..found).all(|at| row.bytes(at).is_empty()));
            let swallowed = record.as_slice().contains(&b'\n')
                && record.iter().any(|cell| holds_rows(cell, self.separator, columns));
            let taken = if swallowed {
                Err(anyhow!(
                    "line {line}: a cell holds whole rows: a quotation mark opens too early or closes too late"
                ))
            } else if row.bytes(0).is_empty() && row.is_blank() {
                Ok(())
            } else if fits {
                take(&row)
            } else {
                Err(anyhow!("line {line}: {found} cells where the header names {columns} columns"))
            };
            if let Err(fault) = taken {
                faults.add(&fault);
            }
        }
        faults.into_result()
    }
}

/// Reads the header and makes a plan of it, then makes something of each block of rows, on all cores, and takes what was made in the order of the file.
///
/// # Errors
/// [`Faults`] with every fault of the file in its order, of reading, `make` and `take`; at once what `plan` refuses and what cannot be written.
pub fn blocks<P: Sync, T: Send>(
    source: Box<dyn Read + Send>,
    plan: impl FnOnce(&Heads) -> Result<P>,
    make: impl Fn(&P, &Block) -> Result<T> + Sync,
    mut take: impl FnMut(&P, T) -> Result<()>,
) -> Result<()> {
    let mut cutter = Cutter::of(source)?;
    let heads = cutter.heads()?;
    let remarks = heads.remarks.clone();
    let plan = plan(&heads)?;
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        // So many blocks are under way at once; one that is taken lets the next in.
        let (let_in, allowed) = sync_channel(workers * 4);
        let (give, given) = sync_channel::<(u64, Result<Block>)>(workers * 4);
        let (hand_on, made) = sync_channel(workers * 4);
        for _ in 0..workers * 4 {
            let_in.send(())?;
        }
        scope.spawn(move || cut(cutter, &allowed, &give));
        let given = Arc::new(Mutex::new(given));
        let (make, plan) = (&make, &plan);
        for _ in 0..workers {
            let (given, hand_on) = (Arc::clone(&given), hand_on.clone());
            scope.spawn(move || work(&given, &hand_on, |block| make(plan, block)));
        }
        drop((given, hand_on));
        let mut faults = Faults::default();
        in_order(&made, |done| {
            if let Err(fault) = done.and_then(|done| take(plan, done)) {
                if fault.is::<io::Error>() {
                    return Err(fault);
                }
                faults.add(&fault);
            }
            // The reader is gone once it has read everything.
            let _at_the_end = let_in.send(());
            Ok(())
        })?;
        faults.into_result()?;
        for remark in remarks.lines() {
            eprintln!("note: {remark}");
        }
        Ok(())
    })
}

/// Gives out numbered blocks until the file ends or nobody wants more.
fn cut(mut cutter: Cutter, allowed: &Receiver<()>, give: &SyncSender<(u64, Result<Block>)>) {
    for number in 0.. {
        if allowed.recv().is_err() {
            return;
        }
        let Some(block) = cutter.next().transpose() else { return };
        let failed = block.is_err();
        if give.send((number, block)).is_err() || failed {
            return;
        }
    }
}

type Given = Mutex<Receiver<(u64, Result<Block>)>>;

fn work<T>(given: &Given, hand_on: &SyncSender<(u64, Result<T>)>, make: impl Fn(&Block) -> Result<T>) {
    loop {
        let next = match given.lock() {
            Ok(given) => given.recv(),
            // Another worker failed for good; the fault is its own.
            Err(_) => return,
        };
        let Ok((number, block)) = next else { return };
        if hand_on.send((number, block.and_then(|block| make(&block)))).is_err() {
            return;
        }
    }
}

fn in_order<T>(made: &Receiver<(u64, T)>, mut take: impl FnMut(T) -> Result<()>) -> Result<()> {
    let (mut waiting, mut next) = (BTreeMap::new(), 0);
    for (number, done) in made {
        waiting.insert(number, done);
        while let Some(done) = waiting.remove(&next) {
            take(done)?;
            next += 1;
        }
    }
    if waiting.is_empty() { Ok(()) } else { Err(anyhow!("a part of the file was lost on the way")) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use test_case::test_case;

    use super::*;

    /// Gives out a few bytes at a time.
    struct Slow(io::Cursor<Vec<u8>>);

    impl Read for Slow {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let few = into.len().min(7);
            self.0.read(&mut into[..few])
        }
    }

    fn rows(csv: Vec<u8>) -> Result<Vec<(u64, String)>> {
        let mut all = Vec::new();
        let read = |_: &(), block: &Block| {
            let mut rows = Vec::new();
            block.each(|row| {
                rows.push((row.line, row.text(0).into_owned()));
                Ok(())
            })?;
            Ok(rows)
        };
        blocks(
            Box::new(Slow(io::Cursor::new(csv))),
            |heads| heads.place("a").map(drop),
            read,
            |(), rows| {
                all.extend(rows);
                Ok(())
            },
        )?;
        Ok(all)
    }

    #[test]
    fn rows_keep_their_lines_whatever_stands_in_quotation_marks() {
        let found = rows(b"\xef\xbb\xbfa,b\r\n1,2\r\n\"x\ny\",3\n\"say \"\"no\"\"\",4\n\xb1\xb1,5".to_vec()).unwrap();
        let expected = [(2, "1"), (3, "x\ny"), (5, "say \"no\""), (6, "北")];
        assert_eq!(found, expected.map(|(line, text)| (line, text.to_owned())));
        assert_eq!(rows(b"a\n".to_vec()).unwrap(), []);
    }

    #[test]
    fn faults_name_the_line() {
        let fault = rows(b"a,b\n1,2\n3\n".to_vec()).unwrap_err();
        assert_eq!(fault.to_string(), "line 3: 1 cells where the header names 2 columns");
        let missing = rows(b"b,c\n1,2\n".to_vec()).unwrap_err().to_string();
        assert_eq!(missing, "the column a is missing; the file heads its columns b, c");
        assert_eq!(rows(Vec::new()).unwrap_err().to_string(), "the file is empty");
    }

    #[test]
    fn a_quotation_mark_that_is_never_closed_is_refused_and_no_row_is_lost() {
        let mut csv = "a,time,station\n1,t,s\n\"2,t,s\n".to_owned();
        csv += &"3,t,s\n".repeat(97);
        let fault = rows(csv.clone().into_bytes()).unwrap_err().to_string();
        assert_eq!(fault, "line 3: the quotation mark opened on line 3 is never closed: close or delete it");
        csv += "4,t,\"s\"\n";
        let fault = rows(csv.clone().into_bytes()).unwrap_err().to_string();
        assert!(fault.starts_with("line 3: a cell holds whole rows"), "closed far away: {fault}");
        let head = rows(b"a,time,\"station\n1,t,s\n".to_vec()).unwrap_err().to_string();
        assert!(head.contains("opened on line 1 is never closed"), "{head}");
        assert_eq!(rows(b"a,b\n5\" pipe,1\n6,2\n".to_vec()).unwrap().len(), 2, "a mark within a cell opens nothing");
    }

    #[test_case("a,time,station\n1,t,s\n", 2; "commas")]
    #[test_case("a;time;station\n1;t;s\n", 2; "semicolons")]
    #[test_case("a\ttime\tstation\n1\tt\ts\n", 2; "tabs")]
    #[test_case("sep=;\na;time;station\n1;t;s\n", 3; "a line for the spreadsheet")]
    #[test_case("2020年5月监测数据,,\n制表：某站,,\n\na,时间,站点\n1,t,s\n", 5; "titles and a blank line above")]
    #[test_case("a,time,station,\n1,t,s,\n", 2; "a separator at the end")]
    #[test_case("a,time,station\n1,t,s,,\n,,,,\n", 2; "blank cells and a blank row")]
    #[test_case("\u{feff}a,time,station\r\n1,t,s\r\n", 2; "a mark and line breaks of two bytes")]
    #[test_case("a,time,station\r1,t,s\r", 2; "carriage returns")]
    fn files_are_read_however_they_were_saved(csv: &str, line: u64) {
        assert_eq!(rows(csv.as_bytes().to_vec()).unwrap(), [(line, "1".to_owned())]);
        let wide: Vec<u8> = csv.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(rows(wide).unwrap(), [(line, "1".to_owned())]);
    }

    #[test]
    fn a_file_of_many_blocks_comes_in_order() {
        let line = |at: usize| format!("{at},{}\n", "x".repeat(90));
        let csv: String = "a,b\n".to_owned() + &(0..60_000).map(line).collect::<String>();
        let found = rows(csv.into_bytes()).unwrap();
        assert_eq!(found.len(), 60_000);
        assert!(found.iter().enumerate().all(|(at, (line, text))| *line == at as u64 + 2 && *text == at.to_string()));
    }

    #[test]
    fn every_fault_is_told_in_the_order_of_the_file() {
        let mut csv: String = "a,b\n".to_owned() + &"1,2\n".repeat(600_000);
        csv += "wrong\n";
        csv += &"1,2\n".repeat(600_000);
        csv += "wrong\n";
        let told = rows(csv.into_bytes()).unwrap_err().to_string();
        let lines: Vec<&str> = told.lines().map(|line| line.split(':').next().unwrap()).collect();
        assert_eq!(lines, ["line 600002", "line 1200003"]);
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _read = rows([b"a\n".to_vec(), bytes].concat());
        }
    }
}
