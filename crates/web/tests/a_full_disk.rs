//! A disk that is full: the program says that it is not ready and why, people are told in their language, and when there is
//! room again everything goes on by itself.
//!
//! The disk is a small one of its own, made in memory within a user namespace: each test starts itself again in there. Where
//! the system does not allow that, the tests say so and end.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![cfg(target_os = "linux")]

mod office;

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use bilan_records::catalogue::Role;
use office::browser::Browser;
use office::{Answer, Office};
use serde_json::json;
use test_case::test_case;

/// Says to a test where its small disk is.
const SMALL: &str = "BILAN_TEST_SMALL_DISK";
const IMPORT: &str = "/records/complaint/import";

/// The small disk, for the test that was started again; to everybody else, nothing: the test has run by then.
fn small_disk() -> Option<PathBuf> {
    if let Some(small) = std::env::var_os(SMALL) {
        return Some(small.into());
    }
    let within = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]);
        command
    };
    let folder = tempfile::tempdir().unwrap();
    let mount = r#"mount -t tmpfs -o size=64m small "$0""#;
    let tried = within(mount).arg(folder.path()).output();
    if !tried.as_ref().is_ok_and(|ran| ran.status.success()) {
        println!("skipped: no disk of one's own can be made here ({tried:?})");
        return None;
    }
    let test = std::thread::current().name().unwrap().to_owned();
    let mut again = within(&format!(r#"{mount} && exec "$@""#));
    again.arg(folder.path()).arg(std::env::current_exe().unwrap()).args([&test, "--exact", "--nocapture"]);
    let ran = again.env(SMALL, folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
    None
}

/// Takes all the room that is left; gives it back when removed.
fn fill(disk: &Path) -> PathBuf {
    let path = disk.join("filler");
    let mut file = File::create(&path).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    path
}

/// Asks again and again, as what watches a server does.
async fn ready_is(office: &Office, status: u16, says: impl Fn(&str) -> bool) -> Answer {
    for _ in 0..300 {
        let answer = office.as_guest("/readyz").await;
        if answer.status.as_u16() == status && says(&answer.text) {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("after half a minute: {:?}", office.as_guest("/readyz").await);
}

#[test_case("records")]
#[test_case("observations")]
#[test_case("accounts")]
#[test_case("notices")]
#[tokio::test]
async fn while_the_disk_of_any_database_is_full_the_program_is_not_ready_and_names_it(database: &str) {
    let Some(small) = small_disk() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = format!("{database}.db");
    symlink(small.join(&file), folder.path().join(&file)).unwrap();
    let office = Office::open_in(folder);
    ready_is(&office, 200, |text| text == "ready\n").await;
    let filler = fill(&small);
    // The look at the disk says it, and so does the database itself, as soon as it needs a page more.
    let failed = |line: &str| line.starts_with(&format!("{database}: ")) && line.contains("database or disk is full");
    let told = ready_is(&office, 503, |text| text.lines().any(failed)).await;
    let lines: Vec<&str> = told.text.lines().collect();
    assert!(lines[0].starts_with("disk: full, ") && lines[0].contains(small.to_str().unwrap()), "{lines:?}");
    assert_eq!(lines.len(), 2, "the others can be written: {lines:?}");
    fs::remove_file(filler).unwrap();
    ready_is(&office, 200, |text| text == "ready\n").await;
}

/// Signs in with a browser of this language.
async fn sign_in(office: &Office, language: &str) -> Answer {
    let mut browser = Browser::of(office);
    browser.cookies.insert("bilan_language".to_owned(), language.to_owned());
    browser.sign_in("duty", "/").await
}

#[tokio::test]
async fn who_signs_in_imports_or_calls_the_api_beside_a_full_disk_is_told_so_and_loses_nothing() {
    let Some(small) = small_disk() else { return };
    let office = Office::open_in(tempfile::tempdir_in(&small).unwrap());
    let handler = office.sign_in(Role::Handler);
    let file = csv(2000);
    let waiting = office.upload(&handler, IMPORT, "投诉.csv", file.as_bytes()).await.is(303).location().to_owned();
    let filler = fill(&small);
    let titles = [("zh", "磁盘已满", "没有保存任何内容"), ("en", "The disk is full", "nothing was kept")];
    for (language, title, text) in titles {
        // What a database has reserved already may take one or the other.
        let mut answer = sign_in(&office, language).await;
        while answer.status.as_u16() == 303 {
            answer = sign_in(&office, language).await;
        }
        answer.is(507).says(title).says(text);
    }
    office.post(&handler, &waiting, &[]).await.is(507).says("磁盘已满");
    assert_eq!(office.count("complaint"), 0);
    office.upload(&handler, IMPORT, "投诉二.csv", file.as_bytes()).await.is(507).says("磁盘已满");
    ready_is(&office, 503, |text| text.starts_with("disk: full")).await;

    fs::remove_file(&filler).unwrap();
    ready_is(&office, 200, |text| text == "ready\n").await;
    sign_in(&office, "zh").await.is(303);
    office.post(&handler, &waiting, &[]).await.is(303);
    assert_eq!(office.count("complaint"), 2000, "the file that waited is entered whole");
    office.ledger.verify().unwrap().unwrap();
}

#[tokio::test]
async fn an_api_call_beside_a_full_disk_is_answered_507_in_both_languages() {
    let Some(small) = small_disk() else { return };
    let office = Office::open_in(tempfile::tempdir_in(&small).unwrap());
    let token = office.accounts.issue_token(Role::Handler.key(), "test", "test").unwrap();
    fill(&small);
    let mut entered = 0;
    for (language, title) in [("zh-CN", "磁盘已满"), ("en", "The disk is full")] {
        let refused = loop {
            let request = Request::post("/api/v1/complaint")
                .header(header::AUTHORIZATION, format!("Bearer {token}"))
                .header(header::ACCEPT_LANGUAGE, language)
                .header(header::CONTENT_TYPE, "application/json");
            let body = office.complaint(&format!("夜间施工{entered}")).to_string();
            let answer = office.ask(request.body(Body::from(body)).unwrap()).await;
            // What a database has reserved already may take some.
            if answer.status.as_u16() != 201 {
                break answer;
            }
            entered += 1;
        };
        assert_eq!(refused.is(507).json()["title"], json!(title));
    }
    assert_eq!(office.count("complaint"), entered, "what was answered 201 is there, and nothing else");
    office.as_guest("/healthz").await.is(200);
}

fn csv(rows: usize) -> String {
    let mut text = "received_at,source,category,kind,subject,content,place\n".to_owned();
    for row in 0..rows {
        text +=
            &format!("2020-07-15 22:40,hotline12345,noise,construction_night,夜间施工{row},浇筑混凝土,解放西路8号\n");
    }
    text
}
