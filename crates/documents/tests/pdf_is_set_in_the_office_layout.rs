//! PDF needs Chinese fonts; where a machine has none the tests say so and check the refusal instead.

#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod sample;

use std::path::PathBuf;

use bilan_documents::{Block, Document, Fonts, FontsError, Role, pdf};

fn fonts() -> Option<Fonts> {
    let assets = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets/fonts");
    match Fonts::discover(&[assets, PathBuf::from("/usr/share/fonts")]) {
        Ok(fonts) => Some(fonts),
        Err(refused) => {
            eprintln!("skipped: {refused}");
            None
        }
    }
}

fn pages(pdf: &[u8]) -> usize {
    let text = String::from_utf8_lossy(pdf);
    text.matches("/Type /Page\n").count() + text.matches("/Type/Page\n").count() + text.matches("/Type/Page/").count()
}

#[test]
fn a_summary_becomes_a4_pages() {
    let Some(fonts) = fonts() else { return };
    let bytes = pdf(&sample::summary(), &fonts).unwrap();
    assert!(bytes.starts_with(b"%PDF-"));
    assert!(pages(&bytes) >= 2, "{} pages", pages(&bytes));
    assert!(String::from_utf8_lossy(&bytes).contains("595.2"), "A4 is 595.28 points wide");
}

#[test]
fn the_same_document_gives_the_same_bytes() {
    let Some(fonts) = fonts() else { return };
    assert_eq!(pdf(&sample::summary(), &fonts).unwrap(), pdf(&sample::summary(), &fonts).unwrap());
}

#[test]
fn hostile_text_is_set_like_any_other() {
    let Some(fonts) = fonts() else { return };
    let bytes = pdf(&sample::hostile(), &fonts).unwrap();
    assert!(bytes.starts_with(b"%PDF-"));
    let text = String::from_utf8_lossy(&bytes).replace(' ', "");
    assert!(text.contains("/URI(https://bilan.example/x?"), "the good link is there");
    assert!(!text.contains("/URI(javascript:"), "the bad one is not");
}

#[test]
fn an_empty_or_english_document_is_set_too() {
    let Some(fonts) = fonts() else { return };
    let mut document = Document::new("");
    assert!(pdf(&document, &fonts).unwrap().starts_with(b"%PDF-"));
    document.lang = "en".into();
    document.title = "Annual summary".into();
    document.blocks = vec![
        Block::heading(1, "Work done"),
        Block::Table { caption: None, columns: vec![], rows: vec![] },
        Block::BarChart { caption: None, unit: None, bars: vec![] },
        Block::Attachments(vec![]),
        Block::Paragraph(vec![]),
    ];
    assert!(pdf(&document, &fonts).unwrap().starts_with(b"%PDF-"));
}

#[test]
fn every_role_has_a_family_and_the_free_fonts_fill_it() {
    let Some(fonts) = fonts() else { return };
    for role in Role::ALL {
        assert!(!fonts.families(role).is_empty(), "{role:?}");
    }
}

#[test]
fn without_a_chinese_font_the_message_names_what_to_install() {
    let refused = Fonts::discover(&[PathBuf::from("/nonexistent/fonts")]).unwrap_err();
    let FontsError::NoChineseFont { .. } = &refused;
    let message = refused.to_string();
    for part in ["/nonexistent/fonts", "scripts/fonts", "fonts-noto-cjk"] {
        assert!(message.contains(part), "{message}");
    }
}
