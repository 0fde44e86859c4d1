//! Every refusal in both languages, over the shipped files of a bureau: Chinese pages speak Chinese, and name things as people know them.

mod devices;
mod faults;
mod kinds;
mod values;

use std::path::Path;
use std::sync::LazyLock;

use bilan_records::actor::Act;
use bilan_records::attachments;
use bilan_records::figures::{FigureError, Gap};
use bilan_records::filter::Filter;
use bilan_records::ledger::{FieldDifference, FieldFault, FieldFaults};
use bilan_records::report::gap_words;
use test_case::test_case;

use super::*;
use crate::every_kind;

static SHIPPED: LazyLock<Catalogue> = LazyLock::new(|| {
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    bilan_records::catalogue::load(&files).expect("the shipped files are good")
});

/// Words of Latin letters that a Chinese sentence may hold: names of formats, units and the words of the filter language itself.
const ALLOWED: [&str; 20] = [
    "CSV", "Excel", "MB", "JSON", "Content", "Type", "and", "or", "not", "in", "is", "empty", "filled", "contains",
    "cell", "closed", "true", "false", "number", "state",
];

/// Words of Latin letters in a sentence that are not allowed there.
fn foreign<'t>(text: &'t str, also: &str) -> Vec<&'t str> {
    text.split(|character: char| !(character.is_ascii_alphabetic() || character == '_'))
        .filter(|word| word.len() > 1 && !ALLOWED.contains(word) && !also.contains(*word))
        .collect()
}

fn chinese(text: &str) -> bool {
    text.chars().any(|character| ('\u{4e00}'..='\u{9fff}').contains(&character))
}

fn speaks_both_languages(refusal: &Refusal, also: &str) {
    let (title, text) = refusal.told(Language::Chinese, &SHIPPED);
    assert!(chinese(title) && chinese(&text), "{refusal:?}: {title}: {text}");
    assert_eq!(foreign(&text, also), Vec::<&str>::new(), "{refusal:?}: {text}");
    assert_eq!(foreign(title, ""), Vec::<&str>::new(), "{refusal:?}: {title}");
    let (title, text) = refusal.told(Language::English, &SHIPPED);
    assert!(!title.is_empty() && !text.is_empty() && !chinese(title), "{refusal:?}: {title}: {text}");
    // Only what somebody typed or named may be Chinese.
    assert!(!also.is_empty() || !chinese(&text), "{refusal:?}: {text}");
}

fn read_errors() -> Vec<ReadError> {
    let complaint = || "complaint".to_owned();
    vec![
        ReadError::UnknownRegister("202000001".into()),
        ReadError::UnknownField { register: complaint(), field: "202000001".into() },
        ReadError::NotFound { register: complaint(), number: "202000001".into() },
        ReadError::Forbidden { actor: "handler".into(), verb: "read".into(), register: complaint() },
        ReadError::ReasonMissing("unmask".into()),
        ReadError::Damaged { what: "complaint".into(), why: "a byte".into() },
    ]
}

fn write_errors() -> Vec<WriteError> {
    let complaint = || "complaint".to_owned();
    let fault = FieldFault {
        field: "subject".into(),
        found: String::new(),
        why: "must be filled".into(),
        why_zh: "必须填写".into(),
    };
    let theirs: Vec<FieldDifference> = Vec::new();
    vec![
        WriteError::UnknownRegister("202000001".into()),
        WriteError::ReferredElsewhere { number: "202000001".into() },
        WriteError::KeyReused { key: "202000001".into(), at: Timestamp::UNIX_EPOCH, number: "202000001".into() },
        WriteError::SameContent { number: "202000001".into(), key: "202000001".into() },
        WriteError::NotFound { register: complaint(), number: "202000001".into() },
        WriteError::Forbidden {
            actor: "handler".into(),
            verb: "create".into(),
            register: complaint(),
            why: "no role".into(),
        },
        WriteError::Invalid { faults: FieldFaults(vec![fault]) },
        WriteError::Stale { number: "202000001".into(), yours: 1, current: 2, theirs },
        WriteError::ReasonMissing("delete".into()),
        WriteError::StillReferred { number: "202000001".into(), register: complaint(), count: 3 },
        WriteError::Attachment {
            name: "图.svg".into(),
            why: attachments::accepted(&["image/jpeg".into(), "application/pdf".into()]),
        },
        WriteError::Damaged { what: "complaint".into(), why: "a byte".into() },
    ]
}

every_kind!(every_kind_of_refusal of Refusal:
    Refusal::SignIn { .. }, Refusal::First(Duty::ChangePassword), Refusal::First(Duty::Enrol), Refusal::Stalled,
    Refusal::NotFound { .. }, Refusal::Forbidden { .. }, Refusal::NoRight { .. }, Refusal::NoFigure { .. },
    Refusal::WrongMethod, Refusal::UnknownParameter { .. }, Refusal::BadAddress, Refusal::Broken, Refusal::TooSlow,
    Refusal::Invalid { .. }, Refusal::Unreadable { .. }, Refusal::Forged, Refusal::OtherSession { .. },
    Refusal::MissingParameter { .. }, Refusal::WrongParameter { .. }, Refusal::Told(_), Refusal::TooLarge { .. }, Refusal::TooManyRows,
    Refusal::TooOften(_), Refusal::Busy, Refusal::Internal(_));
every_kind!(every_act of Act: Act::Read, Act::Create, Act::Edit, Act::Delete, Act::Unmask);

#[test]
fn every_refusal_of_a_page_speaks_both_languages() {
    let of_pages = [
        Refusal::First(Duty::ChangePassword),
        Refusal::First(Duty::Enrol),
        Refusal::Stalled,
        Refusal::Forbidden { what: "202000001".into() },
        Refusal::TooOften(Wait { until: Timestamp::UNIX_EPOCH, seconds: 60 }),
        Refusal::SignIn { next: "/".into() },
        Refusal::NotFound { what: "202000001".into() },
        Refusal::WrongMethod,
        Refusal::BadAddress,
        Refusal::UnknownParameter { name: "202000001".into() },
        Refusal::WrongParameter { name: "202000001".into(), found: "202000002".into() },
        Refusal::OtherSession { draft: "abc".into() },
        Refusal::MissingParameter { name: "202000001" },
        Refusal::Broken,
        Refusal::TooSlow,
        Refusal::Busy,
        Refusal::Forged,
        Refusal::TooLarge { limit_mb: 64 },
        Refusal::TooManyRows,
        Refusal::Internal("disk".into()),
        Refusal::NoFigure { key: "party_theme_days".into() },
    ];
    let acts = [Act::Read, Act::Create, Act::Edit, Act::Delete, Act::Unmask];
    every_act(&acts);
    let verbs = acts.into_iter().map(Act::verb).chain(["import", "take this step on", "export"]);
    let no_right = |verb: &str| Refusal::NoRight { verb: verb.into(), register: "night_work_permit".into() };
    let unreadable = ["shell.refusal.period_text", "shell.refusal.moment_text", "shell.refusal.day_text"]
        .map(|message| Refusal::Unreadable { message, found: "2020-".into() });
    // The words of these two are made elsewhere, and looked at there.
    let made_elsewhere = [Refusal::invalid(""), ReadError::ReasonMissing("unmask".into()).into()];
    let said: Vec<Refusal> = of_pages.into_iter().chain(verbs.map(no_right)).chain(unreadable).collect();
    every_kind_of_refusal(said.iter().chain(&made_elsewhere));
    for refusal in &said {
        speaks_both_languages(refusal, "");
    }
    let (_, text) = no_right("create").told(Language::Chinese, &SHIPPED);
    assert!(text.contains("新增“夜间施工许可”台账"), "{text}");
}

#[test]
fn every_refusal_of_the_ledger_speaks_both_languages() {
    for error in read_errors() {
        speaks_both_languages(&error.into(), "");
    }
    for error in write_errors() {
        speaks_both_languages(&error.into(), "svg JPEG PDF");
    }
    let forbidden = FigureError::Forbidden { actor: "enterprise".into(), key: "party_theme_days".into() };
    let refusal = Refusal::from(forbidden);
    speaks_both_languages(&refusal, "");
    assert!(refusal.told(Language::Chinese, &SHIPPED).1.contains("主题党日"));
}

#[test]
fn a_step_is_refused_by_its_name() {
    let refused = WriteError::StepRefused {
        step: "accept".into(),
        register: "complaint".into(),
        number: "202000001".into(),
        why: "closed".into(),
    };
    let (_, text) = Refusal::from(refused).told(Language::Chinese, &SHIPPED);
    assert_eq!(foreign(&text, ""), Vec::<&str>::new(), "{text}");
    assert!(text.contains("受理"), "{text}");
}

#[test_case("类别 = 1"; "a name in Chinese")]
#[test_case("subject == 1"; "two equal signs")]
#[test_case("subject = “噪声”"; "curly quotes")]
#[test_case("subject = \"噪声"; "an open quote")]
#[test_case("subject = 12x"; "no number")]
#[test_case("subject = 12"; "a number for text")]
#[test_case("subject"; "text that stands alone")]
#[test_case("subjekt = \"a\""; "a misspelt field")]
#[test_case("category = \"nois\""; "a misspelt choice")]
#[test_case("zzz = \"a\""; "an unknown field")]
#[test_case("phone = \"138\""; "a personal field")]
#[test_case("received_at = \"gestern\""; "no date")]
#[test_case("received_at contains \"2020\""; "an operator that does not fit")]
#[test_case("place = \"a\""; "a place")]
#[test_case("photos = \"a\""; "files")]
#[test_case("closed > 1"; "a yes or no")]
#[test_case("enterprise.enterprise.number = \"1\""; "two references")]
#[test_case("subject.length = 1"; "no reference")]
#[test_case("subject = "; "no value")]
#[test_case("subject = \"a\" subject"; "nothing between")]
#[test_case("("; "an open bracket")]
#[test_case("subject is"; "is what")]
#[test_case("subject in ("; "an open list")]
#[test_case("not"; "not what")]
#[test_case("cell > \"1\""; "a cell")]
fn a_wrong_filter_is_explained_in_both_languages(filter: &str) {
    let register = SHIPPED.registers.get("complaint").expect("shipped");
    let Err(error) = Filter::parse(filter, register, &SHIPPED) else { panic!("{filter} is a filter") };
    // What was typed comes back as it was typed; keys of fields and choices are the words of the language.
    let fields: String = register.fields.keys().map(String::as_str).collect::<Vec<_>>().join(" ");
    let also = format!("{filter} {fields} noise waste_gas waste_water other version created_at changed_at");
    let refusal = Refusal::from(ReadError::Filter(error.into()));
    speaks_both_languages(&refusal, &also);
    assert_eq!(refusal.status(), StatusCode::BAD_REQUEST);
}

#[test]
fn what_a_figure_is_and_why_it_lacks_a_value_is_said_without_keys() {
    let gaps = [
        Gap::DivisionByZero { divisor: "complaints_noise".into() },
        Gap::Part { part: "complaints_noise".into(), why: "it is divided by zero".into() },
        Gap::NoObservations { series: "*/a34004".into() },
        Gap::TooLarge,
    ];
    for gap in &gaps {
        let words = gap_words(gap, &SHIPPED);
        assert_eq!(foreign(&words.zh, ""), Vec::<&str>::new(), "{gap:?}: {}", words.zh);
    }
    for figure in SHIPPED.figures.values() {
        let text = crate::figures::formula(figure, &SHIPPED, Language::Chinese);
        let keys: Vec<&str> = foreign(&text, "PM AQI DN").into_iter().filter(|word| word.contains('_')).collect();
        assert_eq!(keys, Vec::<&str>::new(), "{}: {text}", figure.key);
        assert!(!text.contains("*/") && !text.contains("good_day"), "{}: {text}", figure.key);
    }
}

#[test]
fn a_full_disk_is_told_as_such_in_both_languages_whatever_met_it() {
    let full = || rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL), None);
    let refusals: [Refusal; 4] = [
        WriteError::Database(full()).into(),
        crate::accounts::AccountsError::Database(full()).into(),
        StoreError::Database { path: "observations.db".into(), message: full().to_string() }.into(),
        std::io::Error::from_raw_os_error(28).into(),
    ];
    for refusal in refusals {
        assert_eq!(refusal.status(), StatusCode::INSUFFICIENT_STORAGE, "{refusal}");
        let catalogue = Catalogue::default();
        assert_eq!(refusal.told(Language::Chinese, &catalogue).0, "磁盘已满");
        assert_eq!(refusal.told(Language::English, &catalogue).0, "The disk is full");
    }
}

#[test]
fn a_personal_field_of_a_condition_goes_by_its_name_in_both_languages() {
    let register = SHIPPED.registers.get("complaint").expect("shipped");
    let Err(error) = Filter::parse("phone = \"138\"", register, &SHIPPED) else { panic!("a personal field") };
    let refusal = Refusal::from(ReadError::Filter(error.into()));
    let named = register.fields["phone"].label.clone();
    assert!(refusal.told(Language::English, &SHIPPED).1.contains(&format!("“{}” is personal", named.en)));
    assert!(refusal.told(Language::Chinese, &SHIPPED).1.contains(&format!("“{}”是加密", named.zh)));
}
