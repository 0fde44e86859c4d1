//! Print a document of some pages in every format and say how long each took:
//! `cargo run -p bilan-documents --example print -- FOLDER [FONT_FOLDER…]`.

use std::path::PathBuf;
use std::time::Instant;

use bilan_documents::{Block, Fonts, HtmlOptions, docx, html, markdown, pdf};

#[path = "../tests/sample/mod.rs"]
mod sample;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = arguments.next().ok_or("a folder to write to is needed")?;
    let font_folders: Vec<PathBuf> = arguments.collect();
    std::fs::create_dir_all(&folder)?;

    let mut long = sample::summary();
    for part in 0..30 {
        long.blocks.insert(12, Block::heading(3, format!("专项工作之{part}")));
        long.blocks.insert(
            13,
            Block::paragraph("围绕群众反映集中的问题，逐件登记、逐件核查、逐件反馈，整改情况全部留痕。".repeat(8)),
        );
    }
    let mut letter = sample::summary();
    letter.title = "关于报送2020年度工作总结的函".into();
    letter.number = Some("示环函〔2021〕3号".into());
    letter.notice = None;

    let started = Instant::now();
    let fonts = Fonts::discover(&font_folders)?;
    println!("fonts found in {:?}: {fonts:?}", started.elapsed());
    for (name, document) in [
        ("summary", sample::summary()),
        ("long", long.clone()),
        ("long", long),
        ("letter", letter),
        ("hostile", sample::hostile()),
    ] {
        let file = |extension: &str| folder.join(format!("{name}.{extension}"));
        let started = Instant::now();
        std::fs::write(file("html"), html(&document, &HtmlOptions { standalone: true, stylesheet: None }))?;
        let html_took = started.elapsed();
        std::fs::write(file("md"), markdown(&document))?;
        let started = Instant::now();
        std::fs::write(file("docx"), docx(&document)?)?;
        let docx_took = started.elapsed();
        let started = Instant::now();
        let bytes = pdf(&document, &fonts)?;
        println!(
            "{name}: html {html_took:?}, docx {docx_took:?}, pdf {:?}, {} kB",
            started.elapsed(),
            bytes.len() / 1024
        );
        std::fs::write(file("pdf"), bytes)?;
    }
    Ok(())
}
