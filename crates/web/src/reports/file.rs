//! A report as a file to take away: DOCX, PDF or Markdown.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use bilan_documents::{Document, Fonts};

use super::page::{label_of, make, options, year_of};
use crate::{
    figures::{Asked, encoded},
    refusal::Refusal,
    shell::Messages,
    visit::Visit,
};

/// What a report can be taken away as.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Docx,
    Pdf,
    Markdown,
}

impl Shape {
    fn of(ending: &str) -> Option<Self> {
        Some(match ending {
            "docx" => Self::Docx,
            "pdf" => Self::Pdf,
            "md" => Self::Markdown,
            _ => return None,
        })
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Pdf => "application/pdf",
            Self::Markdown => "text/markdown; charset=utf-8",
        }
    }

    fn write(self, document: &Document, fonts: Option<&Fonts>, no_fonts: &str) -> Result<Vec<u8>, Refusal> {
        match (self, fonts) {
            (Self::Docx, _) => bilan_documents::docx(document).map_err(|error| Refusal::Internal(error.to_string())),
            (Self::Pdf, Some(fonts)) => {
                bilan_documents::pdf(document, fonts).map_err(|error| Refusal::Internal(error.to_string()))
            }
            (Self::Pdf, None) => Err(Refusal::Invalid { why: no_fonts.to_owned() }),
            (Self::Markdown, _) => Ok(bilan_documents::markdown(document).into_bytes()),
        }
    }
}

/// The file of `/reports/{key}.{ending}`; made where waiting does not hold up other requests.
pub(super) async fn download(
    visit: Visit,
    key: &str,
    ending: &str,
    asked: Asked,
    shown: bool,
) -> Result<Response, Refusal> {
    let shape = Shape::of(ending).ok_or_else(|| Refusal::NotFound { what: format!("{key}.{ending}") })?;
    label_of(&visit, key)?;
    let (year, as_of) = (year_of(&visit, &asked).await?, asked.as_of()?);
    let (options, fonts) = (options(&visit, as_of), visit.app.fonts.clone());
    let (no_fonts, wanted) = (visit.text("reports.no_fonts"), key.to_owned());
    let made = visit
        .read(move |ledger, actor| {
            let Some(document) = make(ledger, actor, &wanted, year, as_of, options)? else { return Ok(None) };
            // A PDF is made in one piece.
            bilan_storage::check().map_err(|gone| Refusal::Internal(gone.to_string()))?;
            let bytes = shape.write(&document, fonts.as_deref(), no_fonts)?;
            Ok::<_, Refusal>(Some((document.title, bytes)))
        })
        .await??;
    let nothing =
        || Refusal::NotFound { what: visit.language.fill("reports.no_records", &[("year", &year.to_string())]) };
    let (title, bytes) = made.ok_or_else(nothing)?;
    let plain = format!("{key}-{year}.{ending}");
    let full = format!("{}.{ending}", file_name(&title));
    let how = if shown && matches!(shape, Shape::Pdf) { "inline" } else { "attachment" };
    // Browsers that know UTF-8 names take the Chinese one.
    let disposition = format!("{how}; filename=\"{plain}\"; filename*=UTF-8''{}", encoded(&full));
    let headers = [
        (header::CONTENT_TYPE, shape.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

/// A title without what file systems do not take.
fn file_name(title: &str) -> String {
    title.chars().filter(|c| !c.is_control() && !"\\/:*?\"<>|".contains(*c)).take(100).collect()
}
