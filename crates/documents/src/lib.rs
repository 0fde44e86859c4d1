//! Documents of an office: one neutral tree, printed as HTML, Markdown, DOCX or PDF.
//!
//! The tree ([`Document`]) says *what* a document holds: headings, paragraphs, figures with the key that
//! they answer for, tables, charts, a signature. It knows nothing of registers or figures files. The
//! renderers say *how* it looks: [`html`], [`markdown`], and for paper [`docx`] and [`pdf`] in the
//! layout of GB/T 9704 (A4, type area 156 × 225 mm, 仿宋 16 pt, fixed line pitch).
//!
//! Numbering of headings (一、（一）1.（1）) happens in one place, [`numbering`], so that the four
//! outputs of a document never disagree.
//!
//! ```
//! use bilan_documents::{Block, Document, Inline, markdown};
//!
//! let mut document = Document::new("2020年工作总结");
//! document.blocks.push(Block::heading(1, "主要工作及成效"));
//! document.blocks.push(Block::Paragraph(vec![
//!     Inline::text("全年办结"),
//!     Inline::figure("petition_closed", "350余件"),
//!     Inline::text("。"),
//! ]));
//! assert!(markdown(&document).contains("## 一、主要工作及成效"));
//! ```

mod docx;
mod fonts;
mod html;
mod links;
mod markdown;
pub mod numbering;
mod pdf;
mod tree;

pub use docx::{DocxError, docx};
pub use fonts::{Fonts, FontsError, Role};
pub use html::{HtmlOptions, STYLESHEET, html};
pub use markdown::markdown;
pub use pdf::{PdfError, pdf};
pub use tree::{Align, Bar, Block, Column, Document, Gap, Inline};
