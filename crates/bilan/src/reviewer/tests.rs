use bilan_records::actor::Actor;
use bilan_records::catalogue::Role;
use bilan_records::ledger::Write;

use super::*;
use crate::trial::Trial;

struct Desk {
    reviewer: Reviewer,
    ledger: Arc<Ledger>,
    _trial: Trial,
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
        Self { reviewer, ledger: Arc::clone(&trial.ledger), _trial: trial }
    }

    fn enter(&self, begin: &str, end: &str) -> Record {
        let values = json!({
            "station": "ZD1", "factor": "a34004", "begin_at": begin, "end_at": end, "verdict": "invalid",
            "ground": "calibration", "explanation": "零点校准期间",
        });
        let Value::Object(values) = values else { panic!("an object") };
        self.ledger.create(&Actor::new("analyst", Role::Analyst), REGISTER, values, Write::default()).unwrap()
    }

    fn state(&self, number: &str) -> String {
        let record = self.ledger.record(&Actor::system("test"), REGISTER, number, None).unwrap();
        record.state.unwrap_or_default()
    }

    fn known(&self) -> Vec<Review> {
        self.reviewer.observations.reviews("ZD1", Timestamp::MIN, Timestamp::MAX)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_is_in_force_until_it_is_withdrawn() {
    let desk = Desk::new();
    let record = desk.enter("2026-05-04T01:00:00+08:00", "2026-05-04T02:00:00+08:00");
    desk.reviewer.look().await;
    desk.reviewer.look().await;
    assert_eq!(desk.state(&record.number), "applied");
    let [known] = desk.known().try_into().unwrap();
    assert_eq!((known.counts, known.by.as_str(), known.reason.as_str()), (false, "analyst", "零点校准期间"));

    let head = Actor::new("head", Role::Head);
    let now = desk.ledger.record(&head, REGISTER, &record.number, None).unwrap();
    let why = Some("校准记录有误".to_owned());
    desk.ledger
        .step(&head, REGISTER, &record.number, now.version, "withdraw", JsonMap::new(), why, Write::default())
        .unwrap();
    desk.reviewer.look().await;
    assert_eq!((desk.state(&record.number).as_str(), desk.known().len()), ("withdrawn", 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_span_that_is_none_is_said_to_be() {
    let desk = Desk::new();
    let record = desk.enter("2026-05-04T02:00:00+08:00", "2026-05-04T02:00:00+08:00");
    desk.reviewer.look().await;
    assert_eq!((desk.state(&record.number).as_str(), desk.known().len()), ("refused", 0));
}
