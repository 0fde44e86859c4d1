//! CSV of any size: read in blocks, worked on by all cores, handed on in the order of the file. Memory does not grow with the file.

mod cutter;
mod faults;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::{Context, Result, anyhow, bail};
use csv::ByteRecord;
use encoding_rs::GB18030;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::offset;

use cutter::{Cutter, line_breaks};
pub use faults::Faults;

/// The file, or standard input.
pub fn source(file: Option<&Path>) -> Result<Box<dyn Read + Send>> {
    Ok(match file {
        Some(path) => Box::new(File::open(path).with_context(|| format!("cannot read {}", path.display()))?),
        None => Box::new(io::stdin()),
    })
}

/// The names of the columns.
pub struct Heads(Vec<String>);

impl Heads {
    /// Where a column stands.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|head| head == name)
    }

    /// Where a column stands that must be there.
    pub fn place(&self, name: &str) -> Result<usize> {
        self.find(name).with_context(|| format!("the column {name} is missing"))
    }

    /// All names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// Whole rows of the file.
pub struct Block {
    bytes: Vec<u8>,
    /// Line of the file on which it begins.
    line: u64,
    columns: usize,
}

/// A row with its line in the file.
pub struct Row<'r> {
    record: &'r ByteRecord,
    /// Line, from 1.
    pub line: u64,
}

impl Row<'_> {
    /// A cell as it stands, without the blanks around it.
    pub fn bytes(&self, at: usize) -> &[u8] {
        self.record.get(at).unwrap_or_default().trim_ascii()
    }

    /// A cell as text; what is not UTF-8 is taken for GB18030.
    pub fn text(&self, at: usize) -> Cow<'_, str> {
        text(self.bytes(at))
    }

    /// A cell that holds a time: ISO 8601, of Beijing unless it names its offset.
    pub fn time(&self, at: usize) -> Result<DateTime> {
        let cell = self.bytes(at);
        plain_time(cell)
            .or_else(|| std::str::from_utf8(cell).ok().and_then(time))
            .with_context(|| format!("line {}: {} is no time", self.line, text(cell)))
    }

    /// A cell that holds the end of an hour, as the day and hour (0 to 23) that begins then.
    pub fn hour_ending(&self, at: usize) -> Result<(Date, i8)> {
        let end = self.time(at)?;
        Ok(match end.hour() {
            0 => (end.date().yesterday()?, 23),
            hour => (end.date(), hour - 1),
        })
    }

    /// A cell that holds a number; `None` where it is empty or `NA`.
    pub fn number<T: std::str::FromStr>(&self, at: usize, column: &str) -> Result<Option<T>> {
        let cell = self.bytes(at);
        if cell.first().is_none_or(|first| *first == b'N' && cell == b"NA") {
            return Ok(None);
        }
        match std::str::from_utf8(cell).ok().and_then(|cell| cell.parse().ok()) {
            Some(number) => Ok(Some(number)),
            None => bail!("line {}, column {column}: {} is no number", self.line, text(cell)),
        }
    }
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => GB18030.decode_without_bom_handling(bytes).0,
    }
}

/// `2020-05-01T08:00` or `2020-05-01 08:00:00`, as nearly every file has it.
fn plain_time(cell: &[u8]) -> Option<DateTime> {
    let number = |range: std::ops::Range<usize>| {
        cell.get(range)?
            .iter()
            .try_fold(0_i16, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i16::from(digit - b'0')))
    };
    let small = |range| number(range).and_then(|number| i8::try_from(number).ok());
    let marks = [(4, b"-"), (7, b"-"), (13, b":")];
    let plain =
        marks.iter().all(|(at, mark)| cell.get(*at) == Some(&mark[0])) && matches!(cell.get(10), Some(b'T' | b' '));
    let second = match (cell.len(), cell.get(16)) {
        (16, _) => 0,
        (19, Some(b':')) => small(17..19)?,
        _ => return None,
    };
    if !plain {
        return None;
    }
    DateTime::new(number(0..4)?, small(5..7)?, small(8..10)?, small(11..13)?, small(14..16)?, second, 0).ok()
}

/// Any other way in which ISO 8601 lets a time be written.
fn time(text: &str) -> Option<DateTime> {
    let of_offset = text.parse::<Timestamp>().ok().map(|at| offset(8).to_datetime(at));
    of_offset.or_else(|| text.parse().ok())
}

impl Block {
    /// Goes through the rows, past those with a fault.
    ///
    /// # Errors
    /// [`Faults`] with every row that was refused.
    pub fn each(&self, mut take: impl FnMut(&Row<'_>) -> Result<()>) -> Result<()> {
        let mut faults = Faults::default();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(self.bytes.as_slice());
        let mut record = ByteRecord::new();
        let (mut at, mut line) = (0, self.line);
        while reader.read_byte_record(&mut record)? {
            // The reader takes a line break of two bytes for the beginning of the next row, so lines are counted here.
            let begins = usize::try_from(record.position().map_or(0, csv::Position::byte))?;
            let breaks = self.bytes[begins..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            line += line_breaks(&self.bytes[at..begins + breaks]);
            at = begins + breaks;
            let (found, columns) = (record.len(), self.columns);
            let taken = if found == columns {
                take(&Row { record: &record, line })
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
    let mut cutter = Cutter::of(source);
    let heads = cutter.heads()?;
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
        faults.into_result()
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

    #[test_case("2020-05-01T08:00" => Some("2020-05-01T08:00:00".to_owned()); "minutes")]
    #[test_case("2020-05-01 08:00:30" => Some("2020-05-01T08:00:30".to_owned()); "a blank and seconds")]
    #[test_case("2020-05-01T00:00Z" => Some("2020-05-01T08:00:00".to_owned()); "universal time")]
    #[test_case("2020-05-01T00:00:00+00:00" => Some("2020-05-01T08:00:00".to_owned()); "an offset")]
    #[test_case("2020-02-29" => Some("2020-02-29T00:00:00".to_owned()); "a leap day")]
    #[test_case("2021-02-29T00:00" => None; "no leap day")]
    #[test_case("2020-05-01T24:00" => None; "hour 24")]
    #[test_case("2020-05-01T08.00" => None; "marks")]
    #[test_case("2020-05-01T+8:00" => None; "a sign")]
    fn times_are_of_beijing(cell: &str) -> Option<String> {
        let record = ByteRecord::from(vec![cell]);
        Row { record: &record, line: 1 }.time(0).ok().map(|time| time.to_string())
    }

    #[test]
    fn faults_name_the_line() {
        let fault = rows(b"a,b\n1,2\n3\n".to_vec()).unwrap_err();
        assert_eq!(fault.to_string(), "line 3: 1 cells where the header names 2 columns");
        assert_eq!(rows(b"b\n1\n".to_vec()).unwrap_err().to_string(), "the column a is missing");
        assert_eq!(rows(Vec::new()).unwrap_err().to_string(), "the column a is missing");
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
