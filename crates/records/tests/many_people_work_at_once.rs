//! Several desks write while others read; a year's records of several registers come in together.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::{collections::BTreeSet, thread};

use bilan_records::{
    exchange::{ImportError, load},
    ledger::{ListQuery, Write},
};
use serde_json::json;
use support::*;

#[test]
fn each_desk_gets_its_own_number_and_readers_are_answered_meanwhile() {
    let bureau = Bureau::new();
    let ledger = &bureau.ledger;
    let numbers: BTreeSet<String> = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            for _ in 0..50 {
                let page = ledger.list(&handler(), ListQuery::of("complaint")).unwrap();
                assert!(page.total <= 60);
            }
        });
        let desks: Vec<_> = (0..3)
            .map(|desk| {
                scope.spawn(move || {
                    (0..20)
                        .map(|n| {
                            let write = Write::once(&format!("desk {desk}, form {n}"));
                            ledger.create(&handler(), "complaint", noise(), write).unwrap().number
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        reader.join().unwrap();
        desks.into_iter().flat_map(|desk| desk.join().unwrap()).collect()
    });
    assert_eq!(numbers.len(), 60);
    assert_eq!(numbers.last().map(String::as_str), Some("TS202000060"), "no number is left out");
    assert_eq!(ledger.verify().unwrap().unwrap().entries, 60);
}

#[test]
fn records_of_several_registers_come_in_together_or_not_at_all() {
    let bureau = Bureau::new();
    let firm = map(json!({ "number": "QY-A", "name": "长沙某印刷厂", "registered_on": "2019-05-06" }));
    let complaint = |number: &str, firm: &str| {
        let mut values = noise();
        values.extend(map(json!({ "number": number, "state": "closed", "enterprise": firm })));
        ("complaint".to_owned(), values)
    };
    let year = |firm_of_last: &str| {
        vec![
            ("enterprise".to_owned(), firm.clone()),
            complaint("TS202000007", "QY-A"),
            complaint("TS202000009", firm_of_last),
        ]
    };
    let ImportError::Faults(faults) = load(&bureau.ledger, &system(), year("QY-B"), true).unwrap_err() else {
        panic!("a list of faults was expected")
    };
    assert_eq!((faults.faults[0].row, faults.faults[0].column.as_str()), (3, "complaint.enterprise"));
    assert_eq!(bureau.ledger.list(&system(), ListQuery::of("enterprise")).unwrap().total, 0);
    assert_eq!(load(&bureau.ledger, &system(), year("QY-A"), true).unwrap().created, 3);
    assert_eq!(load(&bureau.ledger, &system(), year("QY-A"), true).unwrap().replayed, 3);
    let record = bureau.ledger.record(&system(), "complaint", "TS202000009", None).unwrap();
    assert!(record.simulated && record.state.as_deref() == Some("closed"));
}
