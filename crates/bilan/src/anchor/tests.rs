use bilan_notify::SendFault;
use bilan_records::actor::Actor;
use bilan_records::ledger::Write;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::*;
use crate::trial::Trial;

fn entered(trial: &Trial, times: usize) {
    for time in 0..times {
        let Value::Object(values) = json!({
            "received_at": "2026-05-03T22:15:00+08:00", "source": "phone", "category": "noise", "kind": "construction_night",
            "subject": format!("夜间施工 {time}"), "content": "浇筑混凝土", "place": { "address": "雨花亭" },
        }) else {
            unreachable!()
        };
        trial.ledger.create(&Actor::system("test"), "complaint", values, Write::default()).unwrap();
    }
}

struct Kept {
    trial: Trial,
    elsewhere: tempfile::TempDir,
}

impl Kept {
    fn new() -> Self {
        Self { trial: Trial::new(), elsewhere: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.elsewhere.path().join("anchor.txt")
    }

    fn anchors(&self, every: i64) -> Anchors {
        let settings = AnchorSettings { file: Some(self.file()), push: Some("值班群".to_owned()), every };
        let outbox = Arc::new(Outbox::open(&self.trial.folder.path().join("notices.db")).unwrap());
        Anchors::open(Arc::clone(&self.trial.ledger), settings, outbox).unwrap()
    }

    fn other_tool(&self) -> Connection {
        Connection::open(self.trial.folder.path().join("records.db")).unwrap()
    }
}

#[test]
fn an_anchor_is_written_every_so_many_entries_and_goes_on_after_a_restart() {
    let kept = Kept::new();
    let now = "2026-05-04T03:00:00Z".parse().unwrap();
    let mut anchors = kept.anchors(5);
    anchors.look(now).unwrap();
    assert!(!kept.file().exists(), "there is nothing yet");
    entered(&kept.trial, 1);
    anchors.look(now).unwrap();
    entered(&kept.trial, 4);
    anchors.look(now).unwrap();
    assert_eq!(read(&kept.file()).unwrap().len(), 1, "four entries are not five");
    let mut anchors = kept.anchors(5);
    entered(&kept.trial, 1);
    anchors.look(now).unwrap();
    anchors.look(now).unwrap();
    let written = read(&kept.file()).unwrap();
    assert_eq!(written.iter().map(|anchor| anchor.seq).collect::<Vec<_>>(), [1, 6]);
    let sent = anchors.outbox.newest(10).unwrap();
    assert_eq!(sent.len(), 2);
    assert!(sent[0].notice.text.contains(&written[1].hash), "what is pushed is what stands in the file");
    assert_eq!(compare(&kept.trial.ledger, &kept.file()).unwrap(), 2);
}

#[test]
fn a_publication_is_anchored_at_once() {
    let kept = Kept::new();
    let mut anchors = kept.anchors(1000);
    entered(&kept.trial, 1);
    anchors.look(Timestamp::UNIX_EPOCH).unwrap();
    kept.trial.load(
        "complaint",
        json!({
            "number": "TS202600900", "received_at": "2026-05-03T22:15:00+08:00", "source": "phone", "category": "noise",
            "kind": "construction_night", "subject": "李小红女士投诉夜间施工", "content": "x", "place": { "address": "雨花亭" },
            "confidential": false, "state": "closed",
        }),
    );
    anchors.look(Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(read(&kept.file()).unwrap().len(), 1);
    kept.trial.ledger.release(&Actor::system("test"), "complaint", "TS202600900", 1).unwrap();
    anchors.look(Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(read(&kept.file()).unwrap().len(), 2);
}

#[test]
fn entries_taken_from_the_end_are_found_although_the_rest_agrees() {
    let kept = Kept::new();
    entered(&kept.trial, 5);
    kept.anchors(1).look(Timestamp::UNIX_EPOCH).unwrap();
    let other = kept.other_tool();
    other.execute("DELETE FROM journal WHERE seq = 5", []).unwrap();
    let fault = format!("{:#}", compare(&kept.trial.ledger, &kept.file()).unwrap_err());
    assert!(fault.contains("no entry 5"), "{fault}");
    let settings = AnchorSettings { file: Some(kept.file()), ..AnchorSettings::default() };
    let outbox = Arc::new(Outbox::open(&kept.trial.folder.path().join("notices.db")).unwrap());
    assert!(Anchors::open(Arc::clone(&kept.trial.ledger), settings, outbox).is_err(), "it is not anchored any more");
}

#[test]
fn a_journal_that_was_computed_anew_is_found() {
    let kept = Kept::new();
    entered(&kept.trial, 3);
    kept.anchors(1).look(Timestamp::UNIX_EPOCH).unwrap();
    // Whatever was changed, the hash of the entry that the anchor names is another one.
    kept.other_tool().execute("UPDATE journal SET hash = zeroblob(32) WHERE seq = 3", []).unwrap();
    let fault = format!("{:#}", compare(&kept.trial.ledger, &kept.file()).unwrap_err());
    assert!(fault.contains("entry 3 has another hash"), "{fault}");
}

#[test]
fn anchors_in_the_data_folder_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = Some(folder.path().join("anchor.txt"));
    let fault = AnchorSettings { file, ..AnchorSettings::default() }.check(folder.path()).unwrap_err().to_string();
    assert!(fault.contains("lies in the data folder"), "{fault}");
    AnchorSettings { file: Some("/elsewhere/anchor.txt".into()), ..AnchorSettings::default() }
        .check(folder.path())
        .unwrap();
}

#[cfg(unix)]
#[test]
fn anchors_that_would_be_made_in_the_data_folder_are_refused_by_whatever_way_they_lead_there() {
    use std::os::unix::fs::symlink;
    let place = tempfile::tempdir().unwrap();
    let (data, elsewhere) = (place.path().join("data"), place.path().join("elsewhere"));
    fs::create_dir(&data).unwrap();
    fs::create_dir(&elsewhere).unwrap();
    symlink(&data, elsewhere.join("folder")).unwrap();
    symlink("../data/anchor.txt", elsewhere.join("file")).unwrap();
    let check = |file: PathBuf| AnchorSettings { file: Some(file), ..AnchorSettings::default() }.check(&data);
    for way in ["folder/anchor.txt", "file", "../data/anchor.txt", "folder/new/anchor.txt", "new/../../data/a.txt"] {
        let refused = check(elsewhere.join(way)).map_err(|fault| fault.to_string());
        assert!(refused.as_ref().is_err_and(|fault| fault.contains("lies in the data folder")), "{way}: {refused:?}");
    }
    for way in ["anchor.txt", "../data-2/anchor.txt", "folder/../anchor.txt"] {
        check(elsewhere.join(way)).unwrap();
    }
}

#[test]
fn an_anchor_that_cannot_be_sent_is_written_once_and_sent_when_it_can_be() {
    let kept = Kept::new();
    entered(&kept.trial, 1);
    let mut anchors = kept.anchors(1);
    let outbox = Connection::open(kept.trial.folder.path().join("notices.db")).unwrap();
    outbox.execute_batch("CREATE TRIGGER full BEFORE INSERT ON message BEGIN SELECT RAISE(FAIL, 'full'); END").unwrap();
    for _ in 0..3 {
        anchors.look(Timestamp::UNIX_EPOCH).unwrap_err();
    }
    assert_eq!(read(&kept.file()).unwrap().len(), 1, "not a line for each try");
    outbox.execute_batch("DROP TRIGGER full").unwrap();
    anchors.look(Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!((read(&kept.file()).unwrap().len(), anchors.outbox.newest(10).unwrap().len()), (1, 1));
}

#[test]
fn an_anchor_that_could_not_be_sent_is_sent_after_a_restart_although_it_stands_in_the_file() {
    let kept = Kept::new();
    entered(&kept.trial, 1);
    let mut anchors = kept.anchors(1000);
    let outbox = Connection::open(kept.trial.folder.path().join("notices.db")).unwrap();
    outbox.execute_batch("CREATE TRIGGER full BEFORE INSERT ON message BEGIN SELECT RAISE(FAIL, 'full'); END").unwrap();
    anchors.look(Timestamp::UNIX_EPOCH).unwrap_err();
    outbox.execute_batch("DROP TRIGGER full").unwrap();
    let mut anchors = kept.anchors(1000);
    anchors.look(Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!((read(&kept.file()).unwrap().len(), anchors.outbox.newest(10).unwrap().len()), (1, 1));
}

#[test]
fn a_restart_sends_no_anchor_before_enough_entries_were_made() {
    let kept = Kept::new();
    entered(&kept.trial, 1);
    let settings = AnchorSettings { file: None, push: Some("值班群".to_owned()), every: 5 };
    let open = || {
        let outbox = Arc::new(Outbox::open(&kept.trial.folder.path().join("notices.db")).unwrap());
        Anchors::open(Arc::clone(&kept.trial.ledger), settings.clone(), outbox).unwrap()
    };
    let mut sent = Vec::new();
    for _ in 0..6 {
        let mut anchors = open();
        anchors.look(Timestamp::UNIX_EPOCH).unwrap();
        sent.push(anchors.outbox.newest(10).unwrap().len());
        entered(&kept.trial, 1);
    }
    assert_eq!(sent, [1, 1, 1, 1, 1, 2]);
}

#[test]
fn an_anchor_that_never_arrived_is_followed_by_one_that_stands_for_it() {
    let kept = Kept::new();
    entered(&kept.trial, 1);
    let mut anchors = kept.anchors(1000);
    let mut now = "2026-05-04T03:00:00Z".parse().unwrap();
    anchors.look(now).unwrap();
    let [first] = anchors.outbox.newest(10).unwrap().try_into().unwrap();
    anchors.outbox.failed(&first, &SendFault::NoWebhook, true, now).unwrap();
    entered(&kept.trial, 1);
    anchors.look(now).unwrap();
    assert_eq!(anchors.outbox.newest(10).unwrap().len(), 1, "not at once: where it fails for good it would fail again");
    now += AFTER_A_FAILURE;
    anchors.look(now).unwrap();
    anchors.look(now).unwrap();
    let sent = anchors.outbox.newest(10).unwrap();
    assert_eq!(sent.iter().map(|message| message.notice.about.as_str()).collect::<Vec<_>>(), ["anchor:2", "anchor:1"]);
}

#[test]
fn an_anchor_that_cannot_be_written_is_sent_all_the_same() {
    let kept = Kept::new();
    entered(&kept.trial, 1);
    let mut anchors = kept.anchors(1);
    fs::create_dir(kept.file()).unwrap();
    for _ in 0..3 {
        anchors.look(Timestamp::UNIX_EPOCH).unwrap_err();
    }
    assert_eq!(anchors.outbox.newest(10).unwrap().len(), 1);
    fs::remove_dir(kept.file()).unwrap();
    anchors.look(Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(read(&kept.file()).unwrap().len(), 1);
}

#[test]
fn a_line_that_was_not_written_to_its_end_holds_nothing_up_and_stays_alone() {
    let kept = Kept::new();
    entered(&kept.trial, 1);
    kept.anchors(1).look(Timestamp::UNIX_EPOCH).unwrap();
    let whole = fs::read_to_string(kept.file()).unwrap();
    // Wherever in the line the program was killed.
    for letters in [1, 11, 20, 21, 22, 23, 40, whole.len() - 2, whole.len() - 1] {
        fs::write(kept.file(), format!("{whole}{}", &whole[..letters])).unwrap();
        let mut anchors = kept.anchors(1);
        entered(&kept.trial, 1);
        anchors.look(Timestamp::UNIX_EPOCH).unwrap();
        let newest = kept.trial.ledger.head().unwrap().unwrap().seq;
        assert_eq!(kept.anchors(1).filed, newest, "{}", fs::read_to_string(kept.file()).unwrap());
        // The last letter is the break alone: that anchor is whole.
        let expected = if letters == whole.len() - 1 { 3 } else { 2 };
        assert_eq!(compare(&kept.trial.ledger, &kept.file()).unwrap(), expected);
    }
}

#[test]
fn a_line_reads_as_it_was_written_and_rubbish_is_named() {
    let anchor = Anchor { at: "2026-05-04T03:00:00Z".parse().unwrap(), seq: 7, hash: "ab".repeat(32) };
    assert_eq!(Anchor::read(&anchor.line()), Some(anchor));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("anchor.txt");
    std::fs::write(&file, "2026-05-04T03:00:00Z seven\n").unwrap();
    assert!(read(&file).unwrap_err().to_string().contains("line 1 is no anchor"));
}
