//! Every kind of every error that a page or the API shows, in both languages.
//!
//! A new variant does not compile until it stands in its list below, and fails until a sample of it is rendered.

use bilan_notify::SubscriptionFault;
use bilan_records::exchange::{Bound, ExportError, Spot, Unreadable};
use bilan_records::figures::FigureError;
use bilan_records::ledger::{ReadError, WriteError};
use bilan_records::report::ReportError;

use super::{SHIPPED, chinese, foreign, read_errors, speaks_both_languages, write_errors};
use crate::accounts::{AccountsError, PasswordFault, explanation};
use crate::api::body::not_whole;
use crate::api::problem::{KINDS, Problem};
use crate::body::BodyFault;
use crate::every_kind;
use crate::refusal::Refusal;
use crate::shell::Language;

every_kind!(every_unreadable_file of Unreadable:
    Unreadable::Empty, Unreadable::Workbook { .. }, Unreadable::OldOrLocked, Unreadable::TwoSheets { .. },
    Unreadable::NotText { .. }, Unreadable::OtherEncoding { .. }, Unreadable::QuoteOpen { .. }, Unreadable::NotJson { .. },
    Unreadable::NotAnObject { .. }, Unreadable::KeyTwice { .. }, Unreadable::TooMuch { .. }, Unreadable::Io { .. });
every_kind!(every_bound of Bound:
    Bound::Rows, Bound::Columns, Bound::CellCharacters, Bound::RowBytes, Bound::Keys, Bound::Depth, Bound::BlankCells,
    Bound::Parts, Bound::Sheets, Bound::Styles, Bound::PassedOver, Bound::SharedTexts, Bound::Unpacked);
every_kind!(every_spot of Spot: Spot::File, Spot::Row(_), Spot::Cell(_), Spot::Part(_), Spot::Text(_));
every_kind!(every_fault_of_a_password of PasswordFault:
    PasswordFault::Length { .. }, PasswordFault::Digits, PasswordFault::Common, PasswordFault::Run, PasswordFault::HoldsName,
    PasswordFault::Simple, PasswordFault::Same);
every_kind!(every_fault_of_an_account of AccountsError:
    AccountsError::NameTaken(_), AccountsError::BadName(_), AccountsError::NoRole, AccountsError::NoPlace,
    AccountsError::Password(_), AccountsError::Unknown(_), AccountsError::Overtaken(_), AccountsError::Sealed(_),
    AccountsError::Journal(_), AccountsError::Hash(_), AccountsError::Database(_) | AccountsError::Migration(_));
every_kind!(every_fault_of_a_subscription of SubscriptionFault:
    SubscriptionFault::UnknownService(_), SubscriptionFault::BadKeys);
every_kind!(every_error_of_a_figure of FigureError:
    FigureError::Unknown { .. }, FigureError::Forbidden { .. }, FigureError::Read(_),
    FigureError::Observations(_) | FigureError::Database(_));
every_kind!(every_error_of_a_report of ReportError:
    ReportError::Unknown { .. }, ReportError::Figure(_), ReportError::Read(_), ReportError::Database(_));
every_kind!(every_error_of_an_export of ExportError:
    ExportError::Read(_), ExportError::TooManyRows,
    ExportError::Io(_) | ExportError::Csv(_) | ExportError::Excel(_) | ExportError::CellTooLong { .. });
every_kind!(every_fault_of_a_body of BodyFault: BodyFault::Stalled, BodyFault::TooLarge, BodyFault::Broken);
every_kind!(every_error_of_reading of ReadError:
    ReadError::UnknownRegister(_), ReadError::NotFound { .. }, ReadError::UnknownField { .. }, ReadError::Forbidden { .. },
    ReadError::ReasonMissing(_), ReadError::Filter(_),
    ReadError::Personal(_) | ReadError::Database(_) | ReadError::Damaged { .. });
every_kind!(every_error_of_writing of WriteError:
    WriteError::UnknownRegister(_), WriteError::NotFound { .. }, WriteError::Forbidden { .. }, WriteError::Invalid { .. },
    WriteError::Stale { .. }, WriteError::StepRefused { .. }, WriteError::ReasonMissing(_), WriteError::StillReferred { .. },
    WriteError::ReferredElsewhere { .. }, WriteError::KeyReused { .. }, WriteError::SameContent { .. },
    WriteError::Attachment { .. },
    WriteError::Personal(_) | WriteError::Database(_) | WriteError::Damaged { .. });

/// A sentence in both languages; `given` are words that came with the file or the address.
#[track_caller]
pub(super) fn speaks(zh: &str, en: &str, given: &str) {
    assert!(chinese(zh), "{zh}");
    assert_eq!(foreign(zh, given), Vec::<&str>::new(), "{zh}");
    assert!(!en.is_empty() && !chinese(en), "{en}");
}

#[test]
fn every_file_that_cannot_be_read_is_explained_in_both_languages() {
    // What programs say of a file is English and stays out of a Chinese sentence.
    let detail = || "expected value at line 1 column 1".to_owned();
    let spots =
        [Spot::File, Spot::Row(7), Spot::Cell("C7".into()), Spot::Part("styles.xml".into()), Spot::Text("2020".into())];
    every_spot(&spots);
    let bounds = [
        Bound::Rows,
        Bound::Columns,
        Bound::CellCharacters,
        Bound::RowBytes,
        Bound::Keys,
        Bound::Depth,
        Bound::BlankCells,
        Bound::Parts,
        Bound::Sheets,
        Bound::Styles,
        Bound::PassedOver,
        Bound::SharedTexts,
        Bound::Unpacked,
    ];
    every_bound(&bounds);
    let mut files = vec![
        Unreadable::Empty,
        Unreadable::Workbook { detail: detail() },
        Unreadable::OldOrLocked,
        Unreadable::TwoSheets { first: "1".into(), second: "2".into() },
        Unreadable::NotText { line: 3, encoding: "GB18030" },
        Unreadable::OtherEncoding { name: "UTF-16" },
        Unreadable::QuoteOpen { line: 3 },
        Unreadable::NotJson { line: 3, detail: detail() },
        Unreadable::NotAnObject { line: 3 },
        Unreadable::KeyTwice { line: 3, key: "7".into() },
        Unreadable::Io { detail: detail() },
    ];
    files.extend(spots.iter().map(|spot| Unreadable::TooMuch { spot: spot.clone(), bound: Bound::Rows }));
    files.extend(bounds.map(|bound| Unreadable::TooMuch { spot: Spot::File, bound }));
    every_unreadable_file(&files);
    for file in &files {
        speaks(&file.zh(), &file.to_string(), "UTF GB xls xlsx XFD styles.xml");
    }
}

#[test]
fn every_fault_of_an_account_its_password_and_its_subscription_is_explained_in_both_languages() {
    let passwords = [
        PasswordFault::Length { least: 10 },
        PasswordFault::Digits,
        PasswordFault::Common,
        PasswordFault::Run,
        PasswordFault::HoldsName,
        PasswordFault::Simple,
        PasswordFault::Same,
    ];
    every_fault_of_a_password(&passwords);
    let mut faults = vec![
        AccountsError::NameTaken("202001".into()),
        AccountsError::BadName("?".into()),
        AccountsError::NoRole,
        AccountsError::NoPlace,
        AccountsError::Unknown("202001".into()),
        AccountsError::Overtaken("202001".into()),
        AccountsError::Sealed("the key is another one".into()),
        AccountsError::Journal("disk".into()),
        AccountsError::Hash("out of memory".into()),
        AccountsError::Database(rusqlite::Error::InvalidQuery),
    ];
    faults.extend(passwords.into_iter().map(AccountsError::Password));
    every_fault_of_an_account(&faults);
    for fault in &faults {
        speaks(&explanation(fault, Language::Chinese), &explanation(fault, Language::English), "");
    }
    let subscriptions = [SubscriptionFault::UnknownService("https://1.2.3.4/".into()), SubscriptionFault::BadKeys];
    every_fault_of_a_subscription(&subscriptions);
    for fault in &subscriptions {
        let said = |language| crate::live::subscription_fault(fault, language);
        speaks(&said(Language::Chinese), &said(Language::English), "https");
    }
}

#[test]
fn every_problem_of_the_api_and_every_refusal_of_figures_reports_and_exports_speaks_both_languages() {
    for (code, _, zh, en) in KINDS {
        speaks(zh, en, "X-CSRF-Token application/json");
        assert!(KINDS.iter().filter(|(other, ..)| *other == code).count() == 1, "{code} stands twice");
    }
    let filter = || ReadError::Filter(bilan_records::catalogue::Label { zh: "第1列".into(), en: "column 1".into() });
    let reads = || read_errors().into_iter().chain([filter()]).collect::<Vec<_>>();
    every_error_of_reading(&reads());
    let step = WriteError::StepRefused {
        step: "accept".into(),
        register: "complaint".into(),
        number: "202000001".into(),
        why: "closed".into(),
    };
    let writes: Vec<WriteError> = write_errors().into_iter().chain([step]).collect();
    every_error_of_writing(&writes);
    let database = || rusqlite::Error::InvalidQuery;
    let figures = || {
        vec![
            FigureError::Unknown { key: "2020".into(), closest: Some("2021".into()) },
            FigureError::Forbidden { actor: "enterprise".into(), key: "party_theme_days".into() },
            FigureError::Read(filter()),
            FigureError::Database(database()),
        ]
    };
    every_error_of_a_figure(&figures());
    let reports = || {
        let mut reports = vec![
            ReportError::Unknown { key: "2020".into(), known: "2021".into() },
            ReportError::Read(filter()),
            ReportError::Database(database()),
        ];
        reports.extend(figures().into_iter().map(ReportError::Figure));
        reports
    };
    every_error_of_a_report(&reports());
    let exports =
        [ExportError::Read(filter()), ExportError::TooManyRows, ExportError::Io(std::io::Error::other("gone"))];
    every_error_of_an_export(&exports);

    let mut problems: Vec<Problem> = reads().into_iter().map(Problem::from).collect();
    problems.extend(writes.into_iter().map(|error| Problem::of_write(error, None)));
    problems.extend(figures().into_iter().map(Problem::from));
    problems.extend(reports().into_iter().map(Problem::from));
    let bodies = [BodyFault::Stalled, BodyFault::TooLarge, BodyFault::Broken];
    every_fault_of_a_body(&bodies);
    problems.extend(bodies.map(not_whole));
    for problem in &problems {
        let said = |language| problem.on_page(language, &SHIPPED);
        // A name that somebody gave, of a picture, comes back as it was given.
        let (zh, en) = (said(Language::Chinese), said(Language::English).replace('图', ""));
        speaks(&zh, &en, "svg JPEG PDF");
        assert!(chinese(problem.title(Language::Chinese)) && !problem.title(Language::English).is_empty());
    }
    let refusals = figures().into_iter().map(Refusal::from).chain(reports().into_iter().map(Refusal::from));
    for refusal in refusals.chain(exports.into_iter().map(Refusal::from)) {
        speaks_both_languages(&refusal, "第1列");
    }
}
