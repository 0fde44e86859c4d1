//! A complaint from receipt to its end, and back again when the citizen disagrees.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use bilan_records::{
    actor::Actor,
    catalogue::Role,
    journal::Action,
    ledger::{JsonMap, ListQuery, Record, Write, WriteError},
};
use serde_json::json;
use support::*;

fn step(
    bureau: &Bureau,
    version: i64,
    step: &str,
    values: JsonMap,
    reason: Option<&str>,
) -> Result<Record, WriteError> {
    let reason = reason.map(str::to_owned);
    bureau.ledger.step(&handler(), "complaint", "TS202000001", version, step, values, reason, Write::default())
}

fn received() -> Bureau {
    let bureau = Bureau::new();
    bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    bureau
}

#[test]
fn a_complaint_is_accepted_closed_and_reopened_with_a_reason() {
    let bureau = received();
    let record = bureau.ledger.record(&handler(), "complaint", "TS202000001", None).unwrap();
    let steps = bureau.ledger.open_steps(&handler(), &record);
    assert_eq!(steps.iter().map(|(key, _)| *key).collect::<Vec<_>>(), ["accept"]);

    let accepted = step(&bureau, 1, "accept", map(json!({ "handler_name": "李经办" })), None).unwrap();
    assert_eq!(accepted.state.as_deref(), Some("accepted"));
    assert_eq!(accepted.external()["accepted_at"], "2020-03-02T09:00:00+08:00", "the step stamps its moment");

    bureau.at("2020-03-08T17:30:00Z");
    let closed = step(&bureau, 2, "close", map(json!({ "result": "已责令停止夜间施工" })), None).unwrap();
    assert_eq!(closed.state.as_deref(), Some("closed"));
    assert_eq!(closed.external()["closed_on"], "2020-03-09", "half past one at night in Beijing is the next day");
    assert_eq!(closed.external()["days"], 8);

    let error = step(&bureau, 3, "reopen", JsonMap::new(), Some("  ")).unwrap_err();
    assert!(matches!(error, WriteError::ReasonMissing(_)), "{error}");
    let reopened = step(&bureau, 3, "reopen", JsonMap::new(), Some("投诉人不满意，噪声仍在")).unwrap();
    assert_eq!(reopened.state.as_deref(), Some("accepted"));
    assert_eq!(reopened.external().get("closed_on"), None, "it is not closed any more");
    assert_eq!(reopened.external()["accepted_at"], "2020-03-02T09:00:00+08:00", "what came before stands");
    let timeline = bureau.ledger.timeline(&handler(), "complaint", "TS202000001").unwrap();
    let last = timeline.last().unwrap();
    assert_eq!(last.action, Action::Step("reopen".into()));
    assert_eq!(last.reason.as_deref(), Some("投诉人不满意，噪声仍在"));
    let state = last.changes.iter().find(|change| change.field == "state").unwrap();
    assert_eq!((&state.before, &state.after), (&json!("closed"), &json!("accepted")));
    assert!(bureau.ledger.verify().unwrap().is_ok());
}

#[test]
fn a_step_is_refused_while_a_field_it_needs_is_empty() {
    let bureau = received();
    let error = step(&bureau, 1, "accept", JsonMap::new(), None).unwrap_err();
    let WriteError::Invalid { faults } = error else { panic!("{error}") };
    assert_eq!(faults.0[0].field, "handler_name");
    let error = step(&bureau, 1, "accept", map(json!({ "handler_name": "李", "subject": "改" })), None).unwrap_err();
    assert!(error.to_string().contains("subject"), "a step changes only what it asks for: {error}");
    let record = bureau.ledger.record(&handler(), "complaint", "TS202000001", None).unwrap();
    assert_eq!((record.version, record.state.as_deref()), (1, Some("received")));
}

#[test]
fn a_step_that_does_not_lead_on_is_refused_with_those_that_do() {
    let error = step(&received(), 1, "close", map(json!({ "result": "好" })), None).unwrap_err();
    assert!(matches!(&error, WriteError::StepRefused { .. }) && error.to_string().contains("accepted"), "{error}");
    let error = step(&received(), 1, "burn", JsonMap::new(), None).unwrap_err();
    assert!(matches!(error, WriteError::Forbidden { .. } | WriteError::StepRefused { .. }), "{error}");
}

#[test]
fn a_double_click_on_a_step_is_told_as_a_stale_edit_unless_it_carries_the_same_key() {
    let bureau = received();
    let values = || map(json!({ "handler_name": "李经办" }));
    let once = |version| {
        let write = Write::once("click-1");
        bureau.ledger.step(&handler(), "complaint", "TS202000001", version, "accept", values(), None, write)
    };
    assert_eq!(once(1).unwrap(), once(1).unwrap());
    let error = step(&bureau, 1, "accept", values(), None).unwrap_err();
    assert!(matches!(error, WriteError::Stale { .. }), "{error}");
}

#[test]
fn only_the_roles_of_a_step_take_it() {
    let bureau = received();
    let record = bureau.ledger.record(&handler(), "complaint", "TS202000001", None).unwrap();
    let clerk = Actor::new("窗口", Role::Clerk);
    assert!(bureau.ledger.open_steps(&clerk, &record).is_empty());
    let values = map(json!({ "handler_name": "李" }));
    let error = bureau
        .ledger
        .step(&clerk, "complaint", "TS202000001", 1, "accept", values, None, Write::default())
        .unwrap_err();
    assert!(matches!(error, WriteError::Forbidden { .. }), "{error}");
}

#[test]
fn a_list_is_filtered_by_state_reference_child_row_and_cell_now_and_at_an_earlier_moment() {
    let bureau = received();
    let firm = map(json!({ "name": "长沙某印刷厂", "registered_on": "2019-05-06" }));
    bureau.ledger.create(&handler(), "enterprise", firm, Write::default()).unwrap();
    let change = map(json!({ "enterprise": "QY0001", "leq": 62.5, "measures": [{ "action": "停工", "units": 3 }] }));
    bureau.at("2020-03-05T00:00:00Z");
    bureau.ledger.edit(&handler(), "complaint", "TS202000001", 1, change, Write::default()).unwrap();
    bureau.at("2020-03-06T00:00:00Z");
    step(&bureau, 2, "accept", map(json!({ "handler_name": "李经办" })), None).unwrap();
    let total = |filter: &str, as_of: Option<&str>| {
        let as_of = as_of.map(|moment| moment.parse().unwrap());
        let query = ListQuery { filter: Some(filter.to_owned()), as_of, ..ListQuery::of("complaint") };
        bureau.ledger.list(&handler(), query).unwrap().total
    };
    for (filter, now, before) in [
        ("state = \"accepted\"", 1, 0),
        ("closed = false", 1, 1),
        ("enterprise.name contains \"印刷\"", 1, 0),
        ("measures.units >= 3", 1, 0),
        ("leq > 62.4 and category in (\"noise\", \"waste_gas\")", 1, 0),
        ("cell in \"430103001\"", 1, 1),
        ("received_at >= \"2020-03-01\" and received_at < \"2020-03-02\"", 1, 1),
        ("enterprise is empty", 0, 1),
    ] {
        assert_eq!(total(filter, None), now, "{filter} now");
        assert_eq!(total(filter, Some("2020-03-04T00:00:00Z")), before, "{filter} before");
    }
    let wrong = ListQuery { filter: Some("colour = 1".into()), ..ListQuery::of("complaint") };
    assert!(bureau.ledger.list(&handler(), wrong).unwrap_err().to_string().contains("colour"));
}

#[test]
fn a_step_is_signed_by_who_takes_it_unless_its_form_asks_for_the_name() {
    let person = Actor { person: Some("李经办".into()), ..handler() };
    let signed = |asks: &[&str], given: Option<&str>, actor: &Actor| {
        let mut register = complaint();
        let accept = register.workflow.as_mut().unwrap().steps.get_mut("accept").unwrap();
        accept.signs = Some("handler_name".into());
        accept.asks = asks.iter().map(|&key| key.to_owned()).collect();
        let bureau = Bureau::with(vec![enterprise(), register]);
        bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
        let values = given.map(|name| map(json!({ "handler_name": name }))).unwrap_or_default();
        let write = Write::default();
        let taken = bureau.ledger.step(actor, "complaint", "TS202000001", 1, "accept", values, None, write);
        taken.map(|record| record.external()["handler_name"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(signed(&[], None, &person).unwrap(), "李经办");
    assert_eq!(signed(&[], Some("别人"), &person).unwrap(), "李经办", "nobody signs for another");
    assert_eq!(signed(&["handler_name"], None, &person).unwrap(), "李经办");
    assert_eq!(signed(&["handler_name"], Some("王同事"), &person).unwrap(), "王同事", "the form asked for the name");
    let program = signed(&[], None, &Actor::system("rules"));
    assert!(matches!(program, Err(WriteError::Invalid { .. })), "a program has no name to sign with: {program:?}");
}

#[test]
fn in_every_shipped_register_who_did_a_step_is_signed_and_not_typed() {
    // Signed by a person of another office, or on behalf of the leader who decided.
    const OF_OTHERS: [&str; 2] = ["dispatch_order.issued_by", "handover.received_by"];
    let files = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let catalogue = bilan_records::catalogue::load(&files).unwrap();
    let mut typed = Vec::new();
    let mut signed = 0;
    for register in catalogue.registers.values() {
        for step in register.workflow.iter().flat_map(|workflow| workflow.steps.values()) {
            signed += usize::from(step.signs.is_some());
            let people = step.asked(register).into_iter().filter(|field| field.kind.name() == "person");
            let by = people.filter(|field| field.key.ends_with("_by") && step.signs.as_ref() != Some(&field.key));
            typed.extend(by.map(|field| format!("{}.{}", register.key, field.key)));
        }
    }
    assert_eq!(typed, OF_OTHERS);
    assert!(signed >= 12, "{signed}");
}
