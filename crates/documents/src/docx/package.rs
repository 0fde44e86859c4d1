//! What an office program writes into a DOCX and the packer has no words for: the default style, the language of the text, table heads that
//! repeat on every page, title, author and day of the file.

use docx_rs::XMLDocx;

use crate::links::printable;
use crate::tree::{Block, Document};

/// The parts of the file, completed.
pub(super) fn completed(mut parts: XMLDocx, document: &Document) -> XMLDocx {
    let language = &document.lang;
    parts.styles = edited(parts.styles, |xml| {
        xml.replacen(r#"<w:style w:type="paragraph" w:styleId="Normal">"#, NORMAL, 1).replacen(
            "<w:rPrDefault><w:rPr>",
            &format!(r#"<w:rPrDefault><w:rPr><w:lang w:val="{language}" w:eastAsia="{language}" />"#),
            1,
        )
    });
    parts.document = edited(parts.document, |xml| with_repeated_heads(&xml, document));
    parts.doc_props.core = core(document).into_bytes();
    parts
}

const NORMAL: &str = r#"<w:style w:type="paragraph" w:default="1" w:styleId="Normal">"#;

fn edited(part: Vec<u8>, edit: impl Fn(String) -> String) -> Vec<u8> {
    // The packer writes UTF-8; a part that is not is left as it is.
    match String::from_utf8(part) {
        Ok(xml) => edit(xml).into_bytes(),
        Err(other) => other.into_bytes(),
    }
}

/// Marks the first row of each table of the document as its head; a chart, which is a table in the file, has none.
fn with_repeated_heads(xml: &str, document: &Document) -> String {
    let mut with_head = document.blocks.iter().filter_map(|block| match block {
        Block::Table { .. } => Some(true),
        Block::BarChart { .. } => Some(false),
        _ => None,
    });
    let mut parts = xml.split("<w:tbl>");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for table in parts {
        out.push_str("<w:tbl>");
        match with_head.next() {
            Some(true) => out.push_str(&table.replacen("<w:trPr>", "<w:trPr><w:tblHeader />", 1)),
            _ => out.push_str(table),
        }
    }
    out
}

/// Title, author, language and day; without a day none is made up.
fn core(document: &Document) -> String {
    let text = |words: &str| {
        printable(words).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
    };
    let author = text(document.issuer.as_deref().unwrap_or_default());
    let day = document.written_at.as_deref().map(text).map_or_else(String::new, |at| {
        ["created", "modified"]
            .map(|what| format!(r#"<dcterms:{what} xsi:type="dcterms:W3CDTF">{at}</dcterms:{what}>"#))
            .concat()
    });
    format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>{title}</dc:title><dc:creator>{author}</dc:creator><cp:lastModifiedBy>{author}</cp:lastModifiedBy>{day}<dc:language>{language}</dc:language></cp:coreProperties>"#,
        title = text(&document.title),
        language = text(&document.lang),
    )
}
