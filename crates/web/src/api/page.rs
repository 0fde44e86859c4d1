//! The page that explains the API to people, with commands that can be copied.

use askama::Template;
use axum::response::Response;
use bilan_records::catalogue::Register;

use super::{openapi::example_values, problem::KINDS};
use crate::{
    refusal::Refusal,
    render::page as rendered,
    shell::{Messages as _, Shell},
    visit::Guest,
};

#[derive(Template)]
#[template(path = "api/page.html")]
struct ApiPage {
    shell: Shell,
    site: String,
    year: String,
    registers: Vec<Row>,
    problems: Vec<Kind>,
}

/// A register on the page.
struct Row {
    key: String,
    label: String,
    description: String,
    /// A body with which a record can be entered.
    example: String,
    steps: Vec<(String, String)>,
}

/// A kind of problem.
struct Kind {
    code: &'static str,
    status: u16,
    title: &'static str,
}

pub(super) async fn page(guest: Guest) -> Result<Response, Refusal> {
    let language = guest.language;
    let catalogue = guest.app.catalogue();
    let row = |register: &Register| {
        let values = example_values(catalogue, register);
        Row {
            key: register.key.clone(),
            label: register.label.text(language).to_owned(),
            description: register.description.text(language).to_owned(),
            // One quote would end the shell's text.
            example: serde_json::json!({ "values": values }).to_string().replace('\'', "’"),
            steps: register
                .workflow
                .iter()
                .flat_map(|workflow| &workflow.steps)
                .map(|(key, step)| (key.clone(), step.label.text(language).to_owned()))
                .collect(),
        }
    };
    let problems = KINDS.iter().map(|(code, status, zh, en)| Kind {
        code,
        status: *status,
        title: if language == bilan_records::value::Language::Chinese { zh } else { en },
    });
    let year = bilan_standards::clock::beijing_day(guest.app.clock.now()).year() - 1;
    rendered(&ApiPage {
        site: guest.app.settings.public_url.trim_end_matches('/').to_owned(),
        year: if guest.app.settings.demo { "2020".to_owned() } else { year.to_string() },
        registers: catalogue.registers.values().map(row).collect(),
        problems: problems.collect(),
        shell: guest.shell(language.text("api.title")),
    })
}
