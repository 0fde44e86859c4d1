//! Published records: lists and single ones.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use bilan_records::{catalogue::FieldKind, ledger::Record};

use super::{
    size::Size,
    view::{PAGE, View, Writer},
};
use crate::{figures::encoded, refusal::Refusal, render::page as rendered, shell::Shell, visit::Guest};

#[derive(Template)]
#[template(path = "public/list.html")]
struct ListPage {
    shell: Shell,
    large: bool,
    key: String,
    description: String,
    q: String,
    kind_label: String,
    /// Key, name, chosen.
    kinds: Vec<(String, String, bool)>,
    total: u64,
    rows: Vec<Row>,
    page: u64,
    pages: u64,
    previous: Option<String>,
    next: Option<String>,
}

struct Row {
    address: String,
    title: String,
    shown: Vec<(String, String)>,
}

#[derive(Default)]
struct Wanted {
    q: String,
    kind: String,
    page: u64,
}

impl Wanted {
    /// What the parameters of the address ask for. One that nobody knows is no filter, and a list that ignored it would
    /// show what was not asked for.
    fn of(pairs: Vec<(String, String)>, view: View<'_>) -> Result<Self, Refusal> {
        let mut wanted = Self { page: 1, ..Self::default() };
        for (name, value) in pairs {
            match name.as_str() {
                "q" => wanted.q = value.trim().to_owned(),
                "kind" => wanted.kind = value,
                "page" => wanted.page = crate::parameters::page(&value)?,
                other => crate::parameters::known(other, |_| false)?,
            }
        }
        let is_known = match view.kind().map(|field| &field.kind) {
            Some(FieldKind::Choice { choices }) => choices.contains_key(&wanted.kind),
            _ => false,
        };
        if wanted.kind.is_empty() || is_known {
            Ok(wanted)
        } else {
            Err(crate::parameters::wrong("kind", &wanted.kind))
        }
    }
}

pub(super) async fn list(
    guest: Guest,
    size: Size,
    Path(key): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let language = guest.language;
    let missing = || Refusal::NotFound { what: key.clone() };
    let view = View::of(guest.app.catalogue(), &key).ok_or_else(missing)?;
    let wanted = Wanted::of(pairs, view)?;
    let page = wanted.page;
    let (q, kind, register) = (wanted.q.clone(), wanted.kind.clone(), key.clone());
    let words = q.clone();
    let (rows, total) = guest
        .read(move |ledger| {
            let Some(view) = View::of(ledger.catalogue(), &register) else { return Ok((Vec::new(), 0)) };
            let mut writer = Writer::new(ledger, language);
            let (found, total) = view.page(&mut writer, &words, &kind, page)?;
            Ok::<_, Refusal>((found.iter().map(|record| row(view, record, &mut writer)).collect(), total))
        })
        .await??;
    let kinds = match view.kind().map(|field| &field.kind) {
        Some(FieldKind::Choice { choices }) => choices
            .iter()
            .map(|(choice, label)| (choice.clone(), label.text(language).to_owned(), *choice == wanted.kind))
            .collect(),
        _ => Vec::new(),
    };
    let pages = total.div_ceil(PAGE).max(1);
    let turned = |page: u64| format!("/public/{key}?q={}&kind={}&page={page}", encoded(&q), encoded(&wanted.kind));
    rendered(&ListPage {
        shell: guest.shell(view.register.label.text(language)),
        large: size.large,
        description: view.register.description.text(language).to_owned(),
        kind_label: view.kind().map(|field| field.label.text(language).to_owned()).unwrap_or_default(),
        kinds,
        total,
        rows,
        page,
        pages,
        previous: (page > 1).then(|| turned(page - 1)),
        next: (page < pages).then(|| turned(page + 1)),
        q: q.clone(),
        key: key.clone(),
    })
}

/// A card of the list: its title where that is shown, else its number or the first value.
fn row(view: View<'_>, record: &Record, writer: &mut Writer<'_>) -> Row {
    let register = view.register;
    let titled = view.columns().find(|column| *column == register.title);
    let named = titled.or_else(|| view.columns().next());
    let title = named.map(|column| writer.text(view, record, column)).filter(|title| !title.is_empty());
    let mut shown = writer.shown(view, record);
    if let (Some(title), true) = (&title, named.is_some()) {
        let at = shown.iter().position(|(_, text)| text == title);
        at.map(|at| shown.remove(at));
    }
    Row {
        address: format!("/public/{}/{}", register.key, encoded(&record.number)),
        title: title.unwrap_or_else(|| register.label.text(writer.language()).to_owned()),
        shown,
    }
}

#[derive(Template)]
#[template(path = "public/record.html")]
struct RecordPage {
    shell: Shell,
    large: bool,
    key: String,
    register: String,
    title: String,
    shown: Vec<(String, String)>,
}

pub(super) async fn one(
    guest: Guest,
    size: Size,
    Path((key, number)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let language = guest.language;
    let missing = || Refusal::NotFound { what: number.clone() };
    let view = View::of(guest.app.catalogue(), &key).ok_or_else(missing)?;
    let (register, wanted) = (key.clone(), number.clone());
    let found = guest
        .read(move |ledger| {
            let Some(view) = View::of(ledger.catalogue(), &register) else { return Ok(None) };
            let mut writer = Writer::new(ledger, language);
            let record = view.record(ledger, &wanted)?;
            Ok::<_, Refusal>(record.map(|record| {
                let title = row(view, &record, &mut writer).title;
                (title, writer.shown(view, &record))
            }))
        })
        .await??;
    let (title, shown) = found.ok_or_else(missing)?;
    rendered(&RecordPage {
        shell: guest.shell(title.clone()),
        large: size.large,
        register: view.register.label.text(language).to_owned(),
        key,
        title,
        shown,
    })
}
