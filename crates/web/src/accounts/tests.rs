//! What runs at the same time as something else: many who guess, a password that is changed meanwhile, a change that takes long.

use std::sync::{Arc, Barrier, mpsc};
use std::time::Duration;

use bilan_records::catalogue;
use bilan_records::ledger::Ledger;
use bilan_standards::clock::{Clock, FixedClock};
use jiff::SignedDuration;
use rusqlite::Connection;
use totp_rs::{Builder, Secret};

use super::password::Standing;
use super::proof::Asks;
use super::store::{note_refusal, prune_refusals};
use super::*;

const NAME: &str = "li.ming";
const PASSWORD: &str = "correct horse";
const ANOTHER: &str = "another good one";
const HOME: &str = "10.0.0.1";

struct Desk {
    folder: tempfile::TempDir,
    clock: Arc<FixedClock>,
    accounts: Accounts,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::at("2026-11-23T04:00:00Z".parse().unwrap()));
        let accounts = opened(&folder, clock.clone());
        let new = NewAccount {
            name: NAME.to_owned(),
            display_name: "李明".to_owned(),
            password: PASSWORD.to_owned(),
            roles: vec![Role::Admin],
            cell: None,
            enterprise: None,
        };
        accounts.create(&new, "test").unwrap();
        Self { folder, clock, accounts }
    }

    /// The same accounts, as the command line opens them.
    fn another_process(&self) -> Accounts {
        opened(&self.folder, self.clock.clone())
    }

    fn sign_in(&self) -> Session {
        self.accounts.sign_in(NAME, PASSWORD, HOME).unwrap()
    }

    /// Sets a second factor up in the browser of a session; its secret.
    fn enrol(&self, session: &Session) -> String {
        let secret = self.accounts.enrolment(&session.csrf).secret;
        assert!(self.accounts.enrol(NAME, &session.csrf, &self.code(&secret)).unwrap());
        self.clock.advance(SignedDuration::from_mins(2));
        secret
    }

    /// The code that a telephone shows now.
    fn code(&self, secret: &str) -> String {
        let second = u64::try_from(self.clock.now().as_second()).unwrap();
        let secret = Secret::try_from_base32(secret).unwrap();
        Builder::new().with_secret(secret).build().unwrap().generate(second).to_string()
    }

    /// Signs in up to the code.
    fn pending(&self) -> String {
        match self.accounts.sign_in(NAME, PASSWORD, HOME) {
            Err(SignInRefused::CodeNeeded(pending)) => pending,
            other => panic!("{other:?}"),
        }
    }

    fn count(&self, sql: &str) -> i64 {
        self.accounts.reader().query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

fn opened(folder: &tempfile::TempDir, clock: Arc<FixedClock>) -> Accounts {
    let accounts = Accounts::open(&folder.path().join("accounts.db"), clock).unwrap();
    accounts.with_quick_hash().with_keyring(Keyring::new([7; 32]))
}

/// How many of a hundred that begin at the same moment are as asked for.
fn of_a_hundred_at_once(is_meant: impl Fn(usize) -> bool + Sync) -> usize {
    let begun = Barrier::new(100);
    let one = |number| {
        begun.wait();
        is_meant(number)
    };
    std::thread::scope(|threads| {
        let one = &one;
        let all: Vec<_> = (0..100).map(|number| threads.spawn(move || one(number))).collect();
        all.into_iter().map(|one| one.join().unwrap()).filter(|is_meant| *is_meant).count()
    })
}

#[test]
fn of_a_hundred_codes_sent_at_once_five_are_compared() {
    let desk = Desk::new();
    let secret = desk.enrol(&desk.sign_in());
    let pending = desk.pending();
    let right = desk.code(&secret);
    let wrong = |number: usize| {
        let guess = format!("{number:06}");
        let answer = desk.accounts.sign_in_with_code(&pending, &guess, HOME);
        assert!(guess == right || matches!(answer, Err(SignInRefused::WrongCode | SignInRefused::Locked(_))));
        matches!(answer, Err(SignInRefused::WrongCode))
    };
    assert_eq!(of_a_hundred_at_once(wrong), 5);
    assert!(matches!(desk.accounts.sign_in_with_code(&pending, &right, HOME), Err(SignInRefused::Locked(_))));
}

#[test]
fn a_flood_of_guesses_leaves_the_owner_his_turn_and_says_why_others_have_none() {
    let desk = Desk::new();
    desk.sign_in();
    let waits_for = |standing, count| {
        while desk.accounts.hasher.waiting(standing) < count {
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    let turns = [(); 2].map(|()| desk.accounts.hasher.turn(Standing::Stranger).unwrap());
    let cookie = desk.accounts.browser_cookie(NAME);
    std::thread::scope(|threads| {
        let guess = |number: usize| {
            let from = format!("2001:db8:{number:x}::1");
            desk.accounts.by_password_of_program(&format!("nobody{number}"), "a guess", from.as_str())
        };
        let first: Vec<_> = (0..48).map(|number| threads.spawn(move || guess(number))).collect();
        waits_for(Standing::Stranger, 48);
        assert!(matches!(guess(48), Err(SignInRefused::Busy)), "no word of wrong passwords");
        let at_home = threads.spawn(|| desk.accounts.by_password_of_program(NAME, PASSWORD, HOME));
        let origin = Origin { browser: Some(cookie), ..Origin::from("203.0.113.9") };
        let in_his_browser = threads.spawn(|| desk.accounts.sign_in(NAME, PASSWORD, origin));
        waits_for(Standing::Address, 1);
        waits_for(Standing::Browser, 1);
        drop(turns);
        assert!(at_home.join().unwrap().is_ok());
        assert!(in_his_browser.join().unwrap().is_ok());
        for guess in first {
            assert!(matches!(guess.join().unwrap(), Err(SignInRefused::Wrong)));
        }
    });
}

#[test]
fn of_a_hundred_passwords_sent_at_once_five_are_compared() {
    let desk = Desk::new();
    let wrong = |number: usize| {
        let answer = desk.accounts.sign_in(NAME, &format!("guess {number}"), HOME);
        matches!(answer, Err(SignInRefused::Wrong))
    };
    assert_eq!(of_a_hundred_at_once(wrong), 5);
    let desk = Desk::new();
    let wrong = |number: usize| {
        let answer = desk.accounts.by_password_of_program(NAME, &format!("guess {number}"), HOME);
        matches!(answer, Err(SignInRefused::Wrong))
    };
    assert_eq!(of_a_hundred_at_once(wrong), 5, "of programs");
}

#[test]
fn who_goes_on_guessing_one_password_from_one_address_is_noticed_once_by_page_and_by_program() {
    let desk = Desk::new();
    let mut guesses = desk.accounts.guesses.subscribe();
    for number in 0..100 {
        let _ = desk.accounts.by_password_of_program(NAME, &format!("guess {number}"), HOME);
    }
    let [refused, slowed, guessing] = desk.accounts.sign_in_counts();
    assert_eq!((refused, slowed, guessing), (5, 95, 1));
    assert_eq!(guesses.try_recv().unwrap().name, NAME);
    let _ = desk.accounts.sign_in(NAME, "guess", HOME);
    assert_eq!(desk.accounts.sign_in_counts(), [5, 96, 1], "once is enough");
}

#[test]
fn a_hundred_programs_with_the_right_password_are_held_up_by_no_limit_of_guesses() {
    let desk = Desk::new();
    of_a_hundred_at_once(|_| desk.accounts.by_password_of_program(NAME, PASSWORD, HOME).is_ok());
    assert_eq!(desk.accounts.sign_in_counts(), [0, 0, 0], "refused, slowed, guessing");
}

#[test]
fn a_password_that_is_changed_while_it_is_compared_opens_nothing() {
    let desk = Desk::new();
    let accounts = &desk.accounts;
    let compared = || accounts.compare(NAME, PASSWORD, &HOME.into(), Asks::Person).unwrap().credentials;
    let (of_person, of_program, of_change) = (compared(), compared(), compared());
    desk.another_process().set_password(NAME, ANOTHER, "admin").unwrap();

    let begun = accounts.begin_session(NAME, &of_person, &HOME.into());
    assert!(matches!(begun, Err(SignInRefused::Wrong)), "a session");
    accounts.recent.learn(sessions::digest(&format!("{NAME}\0{PASSWORD}")), of_program, desk.clock.now());
    let program = accounts.by_password_of_program(NAME, PASSWORD, HOME);
    assert!(matches!(program, Err(SignInRefused::Wrong)), "a program");
    let changed = accounts.put_password(NAME, "a third one of mine", NAME, Some(&of_change));
    assert!(matches!(changed, Err(AccountsError::Overtaken(_))), "another change");
    assert!(accounts.sign_in(NAME, ANOTHER, HOME).is_ok());
}

#[test]
fn a_sign_in_that_waits_for_its_code_ends_with_the_password_also_where_another_process_changes_it() {
    let desk = Desk::new();
    let secret = desk.enrol(&desk.sign_in());
    let pending = desk.pending();
    desk.another_process().set_password(NAME, ANOTHER, "admin").unwrap();
    let signed = desk.accounts.sign_in_with_code(&pending, &desk.code(&secret), HOME);
    assert!(matches!(signed, Err(SignInRefused::Wrong)));
    let Err(SignInRefused::CodeNeeded(pending)) = desk.accounts.sign_in(NAME, ANOTHER, HOME) else { panic!() };
    assert!(desk.accounts.sign_in_with_code(&pending, &desk.code(&secret), HOME).is_ok(), "the code was not used up");
}

#[test]
fn a_second_factor_that_is_set_up_while_a_password_is_compared_is_asked_for() {
    let desk = Desk::new();
    let session = desk.sign_in();
    let proven = desk.accounts.compare(NAME, PASSWORD, &HOME.into(), Asks::Person).unwrap();
    desk.enrol(&session);
    let begun = desk.accounts.begin_session(NAME, &proven.credentials, &HOME.into());
    assert!(matches!(begun, Err(SignInRefused::Wrong)));
}

#[test]
fn what_a_session_asked_for_is_not_done_once_it_has_ended() {
    let desk = Desk::new();
    let session = desk.sign_in();
    let secret = desk.accounts.enrolment(&session.csrf).secret;
    desk.accounts.set_password(NAME, ANOTHER, "admin").unwrap();
    let token = desk.accounts.issue_token_to_session(NAME, "script", &session.csrf);
    assert!(matches!(token, Err(AccountsError::Overtaken(_))));
    let enrolled = desk.accounts.enrol(NAME, &session.csrf, &desk.code(&secret));
    assert!(matches!(enrolled, Err(AccountsError::Overtaken(_))));
    assert!(desk.accounts.sign_in(NAME, ANOTHER, HOME).is_ok(), "no code is asked for");
    let session = desk.accounts.sign_in(NAME, ANOTHER, HOME).unwrap();
    assert!(desk.accounts.issue_token_to_session(NAME, "script", &session.csrf).is_ok());
}

#[test]
fn however_a_session_ends_what_was_typed_in_it_belongs_to_its_account_and_who_listens_hears_of_it() {
    type End = fn(&Desk, &Session);
    let ends: [(&str, End); 6] = [
        ("signed out", |desk, session| desk.accounts.sign_out(&session.secret, HOME).unwrap()),
        ("password", |desk, _| desk.accounts.set_password(NAME, ANOTHER, "admin").unwrap()),
        ("disabled", |desk, _| desk.accounts.set_disabled(NAME, true, "admin").unwrap()),
        ("second factor set", |desk, _| drop(desk.enrol(&desk.sign_in()))),
        ("second factor taken away", |desk, _| desk.accounts.reset_second_factor(NAME, "admin").unwrap()),
        ("too old", |desk, _| {
            desk.clock.advance(SignedDuration::from_hours(24 * 8));
            desk.sign_in();
        }),
    ];
    for (how, end) in ends {
        let desk = Desk::new();
        let session = desk.sign_in();
        let mut ended = desk.accounts.ended();
        end(&desk, &session);
        assert!(!desk.accounts.session_holds(&session.csrf).unwrap(), "{how}");
        assert_eq!(desk.accounts.account_of_form(&session.csrf).unwrap().as_deref(), Some(NAME), "{how}");
        let said: Vec<Ended> = std::iter::from_fn(|| ended.try_recv().ok()).collect();
        let expected = match how {
            "too old" => Vec::new(),
            "signed out" | "second factor set" => vec![Ended::Session(session.csrf.clone())],
            _ => vec![Ended::Account(NAME.to_owned())],
        };
        assert_eq!(said, expected, "{how}");
        desk.clock.advance(SignedDuration::from_hours(24 * 15));
        assert_eq!(desk.accounts.account_of_form(&session.csrf).unwrap(), None, "{how}: a week after its end");
    }
}

#[test]
fn pages_go_on_while_an_account_is_being_changed_here_or_by_another_process() {
    let desk = Desk::new();
    let session = desk.sign_in();
    let token = desk.accounts.issue_token(NAME, "script", "test").unwrap();
    // So long that it would be noted that somebody looks.
    desk.clock.advance(SignedDuration::from_mins(6));
    let other = Connection::open(desk.folder.path().join("accounts.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // Whoever changes something holds this.
    let _changing = desk.accounts.connection();
    let (answers, answered) = mpsc::channel();
    std::thread::scope(|threads| {
        threads.spawn(|| {
            let accounts = &desk.accounts;
            let holds = accounts.session(&session.secret).unwrap().is_some();
            let by_token = accounts.by_token(&token).unwrap().is_some();
            let persons = accounts.persons().unwrap().len();
            answers.send((holds, accounts.session_holds(&session.csrf).unwrap(), by_token, persons)).unwrap();
        });
        let answer = answered.recv_timeout(Duration::from_secs(60));
        if answer.is_err() {
            // The thread would wait for ever, and the scope for the thread.
            std::process::abort();
        }
        assert_eq!(answer, Ok((true, true, true, 1)));
    });
}

#[test]
fn people_sign_in_while_a_change_of_an_account_waits_for_the_ledger() {
    let desk = Desk::new();
    let files = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let catalogue = catalogue::load(&files);
    let records = desk.folder.path().join("records.db");
    let key = bilan_records::personal::Keyring::new([7; 32]);
    let ledger =
        Ledger::open(&records, Arc::new(catalogue.expect("the shipped files are good")), desk.clock.clone(), key)
            .unwrap();
    let accounts = desk.another_process().witnessed_by(Arc::new(ledger)).unwrap();
    let other = Connection::open(&records).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (begins, has_begun) = mpsc::channel();
    std::thread::scope(|threads| {
        let accounts = &accounts;
        let changing = threads.spawn(move || {
            accounts.attested(NAME, "enabled", "test", |_| {
                begins.send(()).unwrap();
                Ok(())
            })
        });
        // It would hold the accounts from here on.
        assert!(has_begun.recv_timeout(Duration::from_millis(300)).is_err(), "the ledger's turn comes first");
        accounts.sign_in(NAME, PASSWORD, HOME).unwrap();
        other.execute_batch("ROLLBACK").unwrap();
        changing.join().unwrap().unwrap();
    });
}

#[test]
fn a_page_does_not_fail_because_another_process_writes() {
    let desk = Desk::new();
    let session = desk.sign_in();
    desk.clock.advance(SignedDuration::from_mins(6));
    let other = Connection::open(desk.folder.path().join("accounts.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(desk.accounts.session(&session.secret).unwrap().is_some());
    other.execute_batch("COMMIT").unwrap();
    assert!(desk.accounts.session(&session.secret).unwrap().is_some());
    let seen = format!(
        "SELECT count(*) FROM session WHERE seen_at = '{}'",
        bilan_records::value::stored_time(desk.clock.now())
    );
    assert_eq!(desk.count(&seen), 1, "it is noted as soon as that is possible");
}

#[test]
fn what_strangers_write_into_the_history_has_a_bound_and_an_end() {
    let desk = Desk::new();
    let refusals = "SELECT count(*) FROM event WHERE what IN ('refused', 'locked', 'guessing', 'code_refused')";
    {
        let connection = desk.accounts.connection();
        connection.execute_batch("BEGIN").unwrap();
        for _ in 0..22_000 {
            note_refusal(&connection, desk.clock.now(), "?", "refused", "203.0.113.9").unwrap();
        }
        connection.execute_batch("COMMIT").unwrap();
    }
    assert!((20_000..=20_500).contains(&desk.count(refusals)), "{}", desk.count(refusals));
    desk.clock.advance(SignedDuration::from_hours(24 * 183));
    prune_refusals(&desk.accounts.connection(), desk.clock.now()).unwrap();
    assert_eq!(desk.count(refusals), 20_000, "half a year is kept");
    desk.clock.advance(SignedDuration::from_hours(48));
    desk.another_process();
    assert_eq!(desk.count(refusals), 0, "a start lets go of what is older");
    assert_eq!(desk.count("SELECT count(*) FROM event WHERE what = 'created'"), 1, "what the staff did stays");
}

#[test]
fn a_damaged_row_hides_no_other_account_and_does_not_keep_the_program_from_starting() {
    let desk = Desk::new();
    desk.sign_in();
    let new = NewAccount {
        name: "wang".to_owned(),
        display_name: "王".to_owned(),
        password: PASSWORD.to_owned(),
        roles: vec![Role::Duty],
        cell: None,
        enterprise: None,
    };
    desk.accounts.create(&new, "test").unwrap();
    let damaged = Connection::open(desk.folder.path().join("accounts.db")).unwrap();
    let sql = "UPDATE account SET display_name = CAST(x'e59c' AS TEXT) WHERE name = 'wang';
               UPDATE event SET by = CAST(x'e59c' AS TEXT) WHERE what = 'signed_in'";
    damaged.execute_batch(sql).unwrap();
    let accounts = desk.another_process();
    assert_eq!(accounts.list().unwrap().into_iter().map(|account| account.name).collect::<Vec<_>>(), [NAME]);
    assert_eq!(accounts.persons().unwrap().len(), 1);
    assert!(!accounts.events(10).unwrap().is_empty());
    accounts.sign_in(NAME, PASSWORD, HOME).unwrap();
}
