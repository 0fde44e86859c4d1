//! The first page of the portal.

use askama::Template;
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use qrcode::{QrCode, render::svg};

use super::{size::Size, view::View};
use crate::{
    AppState,
    refusal::Refusal,
    render::page as rendered,
    shell::{Shell, systems},
    visit::Guest,
};

#[derive(Template)]
#[template(path = "public/home.html")]
struct HomePage {
    shell: Shell,
    large: bool,
    site: String,
    publishes_monitoring: bool,
    shelves: Vec<Shelf>,
}

/// What is published of one system of the bureau.
struct Shelf {
    system: String,
    label: String,
    registers: Vec<(String, String, String, u64)>,
}

pub(super) async fn page(guest: Guest, size: Size) -> Result<Response, Refusal> {
    let language = guest.language;
    let shelves = guest
        .read(move |ledger| {
            let mut shelves: Vec<Shelf> = Vec::new();
            for view in View::all(ledger.catalogue()) {
                let register = view.register;
                let entry = (
                    register.key.clone(),
                    register.label.text(language).to_owned(),
                    register.description.text(language).to_owned(),
                    view.count(ledger)?,
                );
                match shelves.iter_mut().find(|shelf| shelf.system == register.system) {
                    Some(shelf) => shelf.registers.push(entry),
                    None => shelves.push(Shelf {
                        system: register.system.clone(),
                        label: systems::label(&register.system, language).to_owned(),
                        registers: vec![entry],
                    }),
                }
            }
            Ok::<_, Refusal>(shelves)
        })
        .await??;
    rendered(&HomePage {
        shell: guest.shell(guest.text("public.title")),
        large: size.large,
        site: site(&guest.app),
        publishes_monitoring: guest.app.catalogue().district.public_monitoring.is_some(),
        shelves,
    })
}

fn site(app: &AppState) -> String {
    format!("{}/public", app.settings.public_url.trim_end_matches('/'))
}

/// The portal's address to be read by a phone.
pub(super) async fn code(State(app): State<AppState>) -> Response {
    match QrCode::new(site(&app)) {
        Ok(code) => {
            let picture = code.render::<svg::Color<'_>>().min_dimensions(192, 192).build();
            ([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "public, max-age=3600")], picture)
                .into_response()
        }
        // Only an address of thousands of characters does not fit.
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
