use bilan_records::actor::Actor;
use bilan_records::catalogue::Role;
use bilan_records::ledger::{JsonMap, Record, Write};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::trial::Trial;

struct Desk {
    reviewer: Reviewer,
    ledger: Arc<Ledger>,
    trial: Trial,
}

impl Desk {
    fn new() -> Self {
        let trial = Trial::new();
        let [lon, lat] = trial.centre();
        trial.load(
            "station",
            json!({
                "number": "ZD1", "code": "A1", "name": "天心一站", "kind": "air", "ownership": "district", "state": "running",
                "place": {"lon": lon, "lat": lat, "address": "湘府中路"},
            }),
        );
        let reviewer = Reviewer::new(Arc::clone(&trial.ledger), trial.observations.clone());
        Self { reviewer, ledger: Arc::clone(&trial.ledger), trial }
    }

    fn enter(&self, begin: &str, end: &str) -> Record {
        let values = json!({
            "station": "ZD1", "factor": "a34004", "begin_at": begin, "end_at": end, "verdict": "invalid",
            "ground": "calibration", "explanation": "零点校准期间",
        });
        let Value::Object(values) = values else { panic!("an object") };
        self.ledger
            .create(&Actor::new("analyst", Role::Analyst), ValueReview::REGISTER, values, Write::default())
            .unwrap()
    }

    fn state(&self, number: &str) -> String {
        let record = self.ledger.record(&Actor::system("test"), ValueReview::REGISTER, number, None).unwrap();
        record.state.unwrap_or_default()
    }

    /// Changes a file of the bureau from beside.
    fn beside(&self, file: &str, sql: &str) {
        let file = rusqlite::Connection::open(self.trial.folder.path().join(file)).unwrap();
        file.busy_timeout(Duration::from_secs(60)).unwrap();
        file.execute_batch(sql).unwrap();
    }

    fn known(&self) -> Vec<Review> {
        self.reviewer.observations.reviews("ZD1", Timestamp::MIN, Timestamp::MAX)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_is_in_force_until_it_is_withdrawn() {
    let desk = Desk::new();
    let record = desk.enter("2026-05-04T01:00:00+08:00", "2026-05-04T02:00:00+08:00");
    desk.reviewer.look().await.unwrap();
    desk.reviewer.look().await.unwrap();
    assert_eq!(desk.state(&record.number), "applied");
    let [known] = desk.known().try_into().unwrap();
    assert_eq!((known.counts, known.by.as_str(), known.reason.as_str()), (false, "analyst", "零点校准期间"));

    let head = Actor::new("head", Role::Head);
    let now = desk.ledger.record(&head, ValueReview::REGISTER, &record.number, None).unwrap();
    let why = Some("校准记录有误".to_owned());
    desk.ledger
        .step(
            &head,
            ValueReview::REGISTER,
            &record.number,
            now.version,
            "withdraw",
            JsonMap::new(),
            why,
            Write::default(),
        )
        .unwrap();
    desk.reviewer.look().await.unwrap();
    assert_eq!((desk.state(&record.number).as_str(), desk.known().len()), ("withdrawn", 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_span_that_is_none_is_said_to_be() {
    let desk = Desk::new();
    let record = desk.enter("2026-05-04T02:00:00+08:00", "2026-05-04T02:00:00+08:00");
    desk.reviewer.look().await.unwrap();
    assert_eq!((desk.state(&record.number).as_str(), desk.known().len()), ("refused", 0));
}

#[derive(Clone, Default)]
struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn reviews_that_the_store_refuses_hold_up_no_other_and_are_said_once() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _logged = tracing::subscriber::set_default(subscriber);
    let desk = Desk::new();
    let enter = || desk.enter("2026-05-04T01:00:00+08:00", "2026-05-04T02:00:00+08:00");
    let refused: Vec<Record> = (0..101).map(|_| enter()).collect();
    let good = enter();
    let condition = format!("WHEN NEW.key < '{}'", good.number);
    let sql =
        format!("CREATE TRIGGER refuses BEFORE INSERT ON review {condition} BEGIN SELECT RAISE(FAIL, 'refused'); END");
    desk.beside("observations.db", &sql);
    for _ in 0..3 {
        desk.reviewer.look().await.unwrap();
    }
    assert_eq!(desk.state(&good.number), "applied");
    assert!(refused.iter().all(|record| desk.state(&record.number) == "entered"));
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.matches("could not be carried out").count(), 101, "each once in three looks");
    desk.beside("observations.db", "DROP TRIGGER refuses");
    desk.reviewer.look().await.unwrap();
    assert!(refused.iter().all(|record| desk.state(&record.number) == "applied"));
}

#[tokio::test]
async fn a_register_that_cannot_be_read_is_not_an_empty_one() {
    let desk = Desk::new();
    let record = desk.enter("2026-05-04T01:00:00+08:00", "2026-05-04T02:00:00+08:00");
    desk.beside("records.db", "ALTER TABLE r_value_review RENAME TO away");
    assert!(matches!(desk.reviewer.look().await, Err(Unread::Ledger(_))));
    desk.beside("records.db", "ALTER TABLE away RENAME TO r_value_review");
    desk.reviewer.look().await.unwrap();
    assert_eq!(desk.state(&record.number), "applied");
}
