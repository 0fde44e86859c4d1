//! A complaint by anybody: no account, a number and a tracking code in return.
//!
//! The form says little of the register: category, kind, what, where; who may stay unsaid. What is written here is
//! published only after the bureau has replied, and the subject that is then shown is the bureau's, not the resident's.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use bilan_records::{
    attachments::{NewFile, digest},
    catalogue::{Catalogue, FieldKind, Register},
    contract::{AnyChoice, Files, Personal, View as _, Withheld},
    ledger::{FieldFault, Key, Ledger, Origin, Write, WriteError},
    value::{Language, Position},
    views::{ComplaintKind, ComplaintRecord, ComplaintSource},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::{
    Limits,
    photos::{self, Photo},
    receipt,
    size::Size,
    view,
};
use crate::{
    letters::code_of_letters,
    refusal::Refusal,
    render::page as rendered,
    shell::{Messages as _, Shell},
    submission::{Posted, Submission},
    visit::Guest,
};

/// For so long the same complaint from the same browser is taken for one sent twice.
const JUST_SENT: SignedDuration = SignedDuration::from_hours(1);

#[derive(Template)]
#[template(path = "public/complain.html")]
struct FormPage {
    shell: Shell,
    large: bool,
    key: String,
    categories: Vec<Choice>,
    kinds: Vec<Choice>,
    given: Given,
    faults: Vec<(String, String)>,
    /// Why the form is shown again although nothing in it is wrong.
    notice: Option<&'static str>,
    /// The photographs that must be chosen again.
    choose_again: Option<String>,
}

impl FormPage {
    /// What is wrong with a field.
    fn fault(&self, field: &str) -> Option<&str> {
        self.faults.iter().find(|(name, _)| name == field).map(|(_, why)| why.as_str())
    }
}

struct Choice {
    key: String,
    label: String,
    chosen: bool,
}

/// What a resident typed, kept so that nothing is lost when something is wrong.
#[derive(Default, Clone)]
struct Given {
    category: String,
    kind: String,
    content: String,
    address: String,
    lon: String,
    lat: String,
    against: String,
    night: bool,
    complainant: String,
    phone: String,
    confidential: bool,
}

impl Given {
    fn read(form: &Submission) -> Self {
        let typed = |name: &str| form.filled(name).unwrap_or_default().to_owned();
        Self {
            category: typed("category"),
            kind: typed("kind"),
            content: typed("content"),
            address: typed("place.address"),
            lon: typed("place.lon"),
            lat: typed("place.lat"),
            against: typed("against"),
            night: form.filled("happens_at_night").is_some(),
            complainant: typed("complainant"),
            phone: typed("phone"),
            confidential: form.filled("confidential").is_some(),
        }
    }

    /// What makes two complaints of a browser the same: all that was typed, and the photographs, but not the moment.
    fn content(&self, photos: &[Photo]) -> Json {
        json!({
            "category": self.category, "kind": self.kind, "content": self.content, "address": self.address,
            "lon": self.lon, "lat": self.lat, "against": self.against, "night": self.night,
            "complainant": self.complainant, "phone": self.phone, "confidential": self.confidential,
            "photos": photos.iter().map(|photo| photo.digest.as_str()).collect::<Vec<_>>(),
        })
    }

    /// The record to be entered.
    fn record(&self, register: &Register, at: Timestamp, code: &str) -> ComplaintRecord {
        let kind = if self.kind.is_empty() { ComplaintKind::Other } else { ComplaintKind::of(&self.kind) };
        let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let point = self.lon.parse().ok().zip(self.lat.parse().ok()).map(|(lon, lat)| [lon, lat]);
        let place = Position { point, address: text(&self.address) };
        ComplaintRecord {
            received_at: at,
            source: ComplaintSource::Portal,
            tracking_code: Withheld(Some(code.to_owned())),
            category: AnyChoice(self.category.clone()),
            subject: subject(register, &self.category, &kind),
            kind,
            content: self.content.clone(),
            place: Some(place).filter(|place| place.point.is_some() || place.address.is_some()),
            against: text(&self.against),
            happens_at_night: Some(self.night),
            complainant: text(&self.complainant).map(Personal),
            phone: text(&self.phone).map(Personal),
            confidential: Some(self.confidential),
            reply: None,
            replied_at: None,
            photos: Files::default(),
        }
    }
}

/// A subject that says nothing of the resident: 夜间施工噪声（公众平台）.
fn subject(register: &Register, category: &str, kind: &ComplaintKind) -> String {
    let name = |field: &str, key: &str| label(register, field, key, Language::Chinese);
    let what = match kind {
        ComplaintKind::Other => name(ComplaintRecord::category().name(), category),
        ComplaintKind::Another(kind) => name(ComplaintRecord::kind().name(), kind),
    };
    format!("{}（公众平台）", what.unwrap_or_else(|| "环境投诉".to_owned()))
}

fn label(register: &Register, field: &str, key: &str, language: Language) -> Option<String> {
    choices(register, field).find(|(choice, _)| *choice == key).map(|(_, label)| label.text(language).to_owned())
}

fn choices<'r>(
    register: &'r Register,
    field: &str,
) -> impl Iterator<Item = (&'r str, &'r bilan_records::catalogue::Label)> {
    let choices = match register.fields.get(field).map(|field| &field.kind) {
        Some(FieldKind::Choice { choices }) => Some(choices),
        _ => None,
    };
    choices.into_iter().flatten().map(|(key, label)| (key.as_str(), label))
}

fn register(catalogue: &Catalogue) -> Result<&Register, Refusal> {
    let register = catalogue.registers.get(ComplaintRecord::REGISTER);
    register.ok_or_else(|| Refusal::NotFound { what: ComplaintRecord::REGISTER.to_owned() })
}

pub(super) async fn form(guest: Guest, size: Size) -> Result<Response, Refusal> {
    shown(&guest, size.large, Again::default(), StatusCode::OK)
}

/// What the form is drawn from when it is shown again.
#[derive(Default)]
struct Again {
    given: Given,
    faults: Vec<(String, String)>,
    notice: Option<&'static str>,
    key: Option<String>,
    /// Names of the photographs that were chosen.
    chosen: Vec<String>,
}

fn shown(guest: &Guest, large: bool, again: Again, status: StatusCode) -> Result<Response, Refusal> {
    let register = register(guest.app.catalogue())?;
    let shell = guest.shell(guest.text("public.complain.title"));
    let listed = |field: &str, chosen: &str| {
        choices(register, field)
            .map(|(key, label)| Choice {
                key: key.to_owned(),
                label: label.text(guest.language).to_owned(),
                chosen: key == chosen,
            })
            .collect()
    };
    let mut answer = rendered(&FormPage {
        key: again.key.unwrap_or_else(|| shell.idempotency_key()),
        shell,
        large,
        categories: listed(ComplaintRecord::category().name(), &again.given.category),
        kinds: listed(ComplaintRecord::kind().name(), &again.given.kind),
        given: again.given,
        faults: again.faults,
        notice: again.notice,
        choose_again: (!again.chosen.is_empty()).then(|| {
            let (count, names) = (again.chosen.len().to_string(), again.chosen.join(guest.text("shell.list_comma")));
            guest.language.fill("public.complain.choose_again", &[("count", &count), ("names", &names)])
        }),
    })?;
    *answer.status_mut() = status;
    Ok(answer)
}

/// Enters a complaint and leads to its receipt. Sent twice, it leads there twice and is entered once.
pub(super) async fn receive(
    guest: Guest,
    size: Size,
    Extension(limits): Extension<Arc<Limits>>,
    posted: Posted,
) -> Result<Response, Refusal> {
    register(guest.app.catalogue())?;
    let form = posted.submission;
    let mut given = Given::read(&form);
    let chosen: Vec<String> = photos::names(&form).into_iter().chain(posted.dropped).collect();
    // A key that could be guessed would make a code that can be guessed.
    let key = form.idempotency_key().filter(|key| is_key(key));
    let key = key.unwrap_or_else(|| guest.shell("").idempotency_key());
    let again = |given, faults, notice: Option<&str>, key| Again {
        given,
        faults,
        notice: notice.map(|notice| guest.text(notice)),
        key,
        chosen: chosen.clone(),
    };
    if !posted.is_current {
        let again = again(given, Vec::new(), Some("public.complain.expired"), Some(key));
        return shown(&guest, size.large, again, StatusCode::FORBIDDEN);
    }
    let mut faults = wrong(&given, guest.language);
    let files = form.files;
    let photos = match guest.read(move |ledger| photos::read(&files, ledger.catalogue())).await? {
        Ok(photos) => photos,
        Err(wrong) => {
            let why: Vec<String> = wrong.iter().map(|fault| fault.text(guest.language)).collect();
            faults.push((ComplaintRecord::photos().name().to_owned(), why.join(" ")));
            Vec::new()
        }
    };
    if !faults.is_empty() {
        return shown(&guest, size.large, again(given, faults, None, Some(key)), StatusCode::UNPROCESSABLE_ENTITY);
    }
    let kept = Key::new(Origin::Portal, &key)
        .held_by(browser(&guest))
        .for_content(given.content(&photos))
        .alone_for(JUST_SENT);
    let asked = kept.clone();
    if guest.read(move |ledger| ledger.written_under(&asked, &view::actor().name)).await??.is_none() {
        limits.complaints.take(&guest, guest.app.clock.now())?;
    }
    let (at, sent) = (guest.app.clock.now(), std::mem::take(&mut given));
    let secret = secret_of(&guest.csrf, &key);
    let (values, code) = (sent.clone(), code_of(&secret));
    match guest.write(move |ledger| enter(ledger, &values, &photos, kept, &code, at)).await? {
        Ok(()) => Ok(Redirect::to(&receipt::address(&secret)).into_response()),
        Err(WriteError::SameContent { key: earlier, .. }) => {
            let secret = secret_of(&guest.csrf, &earlier);
            Ok(Redirect::to(&format!("{}?again=yes", receipt::address(&secret))).into_response())
        }
        Err(WriteError::KeyReused { .. }) => {
            let again = again(sent, Vec::new(), Some("public.complain.used"), None);
            shown(&guest, size.large, again, StatusCode::CONFLICT)
        }
        Err(WriteError::Invalid { faults }) => {
            let faults = faults.0.iter().map(|fault| explanation(fault, guest.language)).collect();
            shown(&guest, size.large, again(sent, faults, None, None), StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(error) => Err(error.into()),
    }
}

/// Letters and digits enough that nobody guesses them, fit for an address.
pub(super) fn is_key(key: &str) -> bool {
    (32..=100).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Distinguishes the browsers of residents, who all write as the portal.
fn browser(guest: &Guest) -> String {
    digest(format!("browser {}", guest.csrf).as_bytes())[..32].to_owned()
}

fn explanation(fault: &FieldFault, language: Language) -> (String, String) {
    let why = if language == Language::Chinese { &fault.why_zh } else { &fault.why };
    (fault.field.clone(), why.clone())
}

/// What a form can say is wrong before the register is asked.
fn wrong(given: &Given, language: Language) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    let mut require = |field: &str, text: &str| {
        if text.is_empty() {
            faults.push((field.to_owned(), language.text("public.complain.required").to_owned()));
        }
    };
    require(ComplaintRecord::category().name(), &given.category);
    require(ComplaintRecord::content().name(), &given.content);
    require(ComplaintRecord::place().name(), &given.address);
    let number = |text: &str| text.is_empty() || text.parse::<f64>().is_ok();
    if !number(&given.lon) || !number(&given.lat) || given.lon.is_empty() != given.lat.is_empty() {
        faults
            .push((ComplaintRecord::place().name().to_owned(), language.text("public.complain.bad_point").to_owned()));
    }
    faults
}

/// What the browser that sent a form alone can know, whoever else has seen the form: the address of the receipt and the code are made of it.
fn secret_of(csrf: &str, key: &str) -> String {
    digest(format!("receipt of {key} in {csrf}").as_bytes())[..32].to_owned()
}

/// The code that belongs to a secret: the same form of the same browser gives the same code, and nobody else can know it.
pub(super) fn code_of(secret: &str) -> String {
    let bytes = (0_u32..).flat_map(|part| Sha256::digest(format!("tracking code of {secret}, part {part}")));
    code_of_letters(bytes)
}

fn enter(
    ledger: &Ledger,
    given: &Given,
    photos: &[Photo],
    key: Key,
    code: &str,
    at: Timestamp,
) -> Result<(), WriteError> {
    let actor = view::actor();
    let unknown = || WriteError::UnknownRegister(ComplaintRecord::REGISTER.to_owned());
    let register = ComplaintRecord::register(ledger).ok_or_else(unknown)?;
    let files = photos
        .iter()
        .map(|photo| NewFile {
            field: ComplaintRecord::photos().name().to_owned(),
            name: photo.name.clone(),
            declared: "image".to_owned(),
            bytes: photo.bytes.clone(),
        })
        .collect();
    given.record(register, at, code).create(ledger, &actor, Write { files, ..Write::under(key) })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_of_a_browser_has_one_code_and_another_form_or_browser_another() {
        let code = |browser: &str, form: &str| code_of(&secret_of(browser, form));
        let first = code("a browser", "a form");
        assert_eq!(first, code("a browser", "a form"));
        assert_ne!(first, code("a browser", "another"));
        assert_ne!(first, code("another", "a form"));
        assert_eq!(first.len(), crate::letters::LENGTH);
        assert!(is_key(&secret_of("a browser", "a form")), "fit for the address of a receipt");
    }
}
