//! Templates become responses.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use crate::refusal::Refusal;

/// A template as a page of HTML.
///
/// # Errors
/// If the template cannot be rendered, which is a fault of the program.
pub fn page<T: Template>(template: &T) -> Result<Response, Refusal> {
    Ok(Html(template.render()?).into_response())
}
