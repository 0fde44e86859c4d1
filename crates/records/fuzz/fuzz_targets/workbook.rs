//! Any bytes as a workbook: nothing panics, and what is read lies within the bounds.
//!
//! `cargo +nightly fuzz run workbook` in `crates/records`. An odd first byte makes the rest the sheet of a workbook that is whole, so that
//! the reader of cells is reached and not only that of the archive.
#![no_main]

use std::io::Cursor;

use bilan_records::exchange::{COLUMNS, Format, ROWS, measure};
use libfuzzer_sys::fuzz_target;

const WORKBOOK: &[u8] = br#"<workbook xmlns:r="r"><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const RELATIONS: &[u8] = br#"<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="sheet1.xml"/><Relationship Id="rId2" Type="x/sharedStrings" Target="texts.xml"/><Relationship Id="rId3" Type="x/styles" Target="styles.xml"/></Relationships>"#;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let file = match first % 4 {
        0 => rest.to_vec(),
        1 => stored(&[("xl/sheet1.xml", rest)]),
        2 => stored(&[("xl/sheet1.xml", b"<worksheet><sheetData><row><c t=\"s\"><v>0</v></c></row></sheetData></worksheet>"), ("xl/texts.xml", rest)]),
        _ => stored(&[("xl/sheet1.xml", b"<worksheet><sheetData><row><c s=\"1\"><v>43891</v></c></row></sheetData></worksheet>"), ("xl/styles.xml", rest)]),
    };
    if let Ok(measured) = measure(Cursor::new(file), Format::Xlsx) {
        assert!(measured.rows <= ROWS && measured.cells <= measured.rows * COLUMNS as u64);
    }
});

/// An archive of stored parts.
fn stored(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    let fixed: [(&str, &[u8]); 2] = [("xl/workbook.xml", WORKBOOK), ("xl/_rels/workbook.xml.rels", RELATIONS)];
    let parts: Vec<(&str, &[u8])> = fixed.into_iter().chain(parts.iter().copied()).collect();
    for (name, content) in &parts {
        let (offset, length) = (file.len() as u32, content.len() as u32);
        let mut common = Vec::new();
        for half in [20_u16, 0, 0, 0, 0] {
            common.extend(half.to_le_bytes());
        }
        common.extend(crc(content).to_le_bytes());
        common.extend(length.to_le_bytes());
        common.extend(length.to_le_bytes());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend(0_u16.to_le_bytes());
        file.extend(b"PK\x03\x04");
        file.extend(&common);
        file.extend(name.as_bytes());
        file.extend(*content);
        directory.extend(b"PK\x01\x02");
        directory.extend(20_u16.to_le_bytes());
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (offset, length) = (file.len() as u32, directory.len() as u32);
    file.extend(directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    for _ in 0..2 {
        file.extend((parts.len() as u16).to_le_bytes());
    }
    file.extend(length.to_le_bytes());
    file.extend(offset.to_le_bytes());
    file.extend(0_u16.to_le_bytes());
    file
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}
