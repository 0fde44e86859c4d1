//! The JSON API as another department's system uses it: versions, idempotency, problems, its own description.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod office;

use axum::body::Body;
use axum::http::{Method, Request, header};
use bilan_records::catalogue::{Field, FieldKind, Role};
use office::{Answer, Office};
use serde_json::{Value as Json, json};
use test_case::test_case;
use tokio_stream::StreamExt as _;

#[tokio::test]
async fn a_record_is_entered_changed_moved_and_deleted() {
    let office = Office::open();
    let made = office.call(Role::Handler, Method::POST, "/complaint", &[], office.complaint("夜间施工")).await;
    let number = made.is(201).json()["number"].as_str().unwrap().to_owned();
    assert_eq!(made.headers[header::ETAG], "\"1\"");
    assert!(made.location().ends_with(&number));
    let address = format!("/complaint/{number}");
    let change = json!({ "subject": "夜间浇筑" });
    office.call(Role::Handler, Method::PATCH, &address, &[], change.clone()).await.is(428);
    let changed = office.call(Role::Handler, Method::PATCH, &address, &[("if-match", "\"1\"")], change).await;
    assert_eq!(changed.is(200).json()["values"]["subject"], "夜间浇筑");
    let step = format!("{address}/steps/accept");
    let moved = office.call(Role::Handler, Method::POST, &step, &[("if-match", "\"2\"")], json!({})).await;
    assert_eq!(moved.is(200).json()["state"], "accepted");
    office.call(Role::Handler, Method::POST, &step, &[("if-match", "\"3\"")], json!({})).await.is(409);
    let read = office.call(Role::Handler, Method::GET, &address, &[], Json::Null).await.json();
    assert!(read["steps"].as_array().unwrap().contains(&json!("assign")), "{}", read["steps"]);
    let journal = office.call(Role::Handler, Method::GET, &format!("{address}/journal"), &[], Json::Null).await.json();
    assert_eq!(journal["entries"].as_array().unwrap().len(), 3);
    let gone = |query: &'static str| {
        let address = format!("{address}?{query}");
        let office = &office;
        async move { office.call(Role::Head, Method::DELETE, &address, &[("if-match", "\"3\"")], Json::Null).await }
    };
    gone("").await.is(422);
    gone("reason=%E9%87%8D%E5%A4%8D").await.is(204);
    office.call(Role::Handler, Method::GET, &address, &[], Json::Null).await.is(404);
}

#[tokio::test]
async fn a_stale_write_is_told_what_changed_and_changes_nothing() {
    let office = Office::open();
    let number = office.enter("complaint", office.complaint("原来")).number;
    let address = format!("/complaint/{number}");
    let change = |subject: &str| json!({ "subject": subject });
    office.call(Role::Handler, Method::PATCH, &address, &[("if-match", "\"1\"")], change("先改")).await.is(200);
    let told = office.call(Role::Duty, Method::PATCH, &address, &[("if-match", "\"1\"")], change("后改")).await;
    let problem = told.is(409).json();
    assert_eq!((&problem["code"], &problem["current"]), (&json!("stale"), &json!(2)));
    let difference = &problem["differences"][0];
    assert_eq!(
        [&difference["field"], &difference["base"], &difference["theirs"], &difference["yours"]],
        ["subject", "原来", "先改", "后改"]
    );
    assert_eq!(office.record("complaint", &number).external()["subject"], "先改");
}

#[tokio::test]
async fn a_write_sent_again_under_its_key_is_answered_and_not_repeated() {
    let office = Office::open();
    let send = |subject: &str, role: Role| {
        let body = office.complaint(subject);
        let office = &office;
        async move { office.call(role, Method::POST, "/complaint", &[("idempotency-key", "k-1")], body).await }
    };
    let first = send("夜间施工", Role::Handler).await;
    let again = send("夜间施工", Role::Handler).await;
    assert_eq!(first.is(201).json()["number"], again.is(201).json()["number"]);
    assert_eq!(office.count("complaint"), 1);
    send("别的内容", Role::Handler).await.is(422).says("key_reused");
    send("别的内容", Role::Duty).await.is(201);
    assert_eq!(office.count("complaint"), 2, "two callers may hit on the same key");
}

#[tokio::test]
async fn problems_say_what_and_where_in_both_languages() {
    let office = Office::open();
    let mut values = office.complaint("夜间施工");
    values["category"] = json!("smell");
    values["unicorn"] = json!(1);
    for (language, why, title) in
        [("zh-CN", "污染类别", "填写内容有误"), ("en", "Category", "Values are missing or wrong")]
    {
        let headers = [("accept-language", language)];
        let told = office.call(Role::Handler, Method::POST, "/complaint", &headers, values.clone()).await;
        told.is(422).says(why).says("unicorn");
        assert_eq!(told.headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(told.json()["title"], title);
    }
    let filter = "/complaint?filter=subject%20%3D%3D%3D%201";
    office.call(Role::Handler, Method::GET, filter, &[], Json::Null).await.is(400).says("filter");
    office.call(Role::Handler, Method::GET, "/unicorn", &[], Json::Null).await.is(404);
    office.call(Role::Handler, Method::PUT, "/complaint", &[], Json::Null).await.is(405);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let token = office.accounts.issue_token("handler", "test", "test").unwrap();
    let request = Request::post("/api/v1/complaint")
        .header(form[0].0, form[0].1)
        .header("authorization", format!("Bearer {token}"));
    office.ask(request.body(Body::from("subject=x")).unwrap()).await.is(415);
    let broken = Request::post("/api/v1/complaint")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"));
    office.ask(broken.body(Body::from("{\"subject\":")).unwrap()).await.is(400);
    office.as_guest("/api/v1/complaint").await.is(401);
    assert_eq!(office.count("complaint"), 0);
}

#[tokio::test]
async fn a_cookie_alone_does_not_write() {
    let office = Office::open();
    let handler = office.sign_in(Role::Handler);
    let request = |csrf: &str| {
        Request::post("/api/v1/complaint")
            .header(header::COOKIE, &handler.cookie)
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-csrf-token", csrf)
            .body(Body::from(office.complaint("夜间施工").to_string()))
            .unwrap()
    };
    office.ask(request("wrong")).await.is(403);
    office.ask(request(&handler.csrf)).await.is(201);
}

#[tokio::test]
async fn the_description_is_whole_and_every_address_in_it_answers() {
    let office = Office::open();
    let description = office.as_guest("/api/openapi.json").await.json();
    assert_eq!(description["openapi"], "3.1.0");
    let mut references = Vec::new();
    collect(&description, &mut references);
    assert!(references.len() > 100);
    for reference in references {
        let pointer = reference.trim_start_matches('#');
        assert!(description.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let paths = description["paths"].as_object().unwrap();
    assert!(office.ledger.catalogue().registers.keys().all(|key| paths.contains_key(&format!("/api/v1/{key}"))));
    for (path, item) in paths {
        for method in item.as_object().unwrap().keys() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            if method == Method::GET && !path.contains('{') {
                let year = if path.ends_with("/figures") { "?year=2020" } else { "" };
                let address = format!("{}{year}", path.trim_start_matches("/api/v1"));
                let answer: Answer = office.call(Role::Admin, method, &address, &[], Json::Null).await;
                assert!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.text);
            } else if !path.contains('{') {
                let answer = office.call(Role::Admin, method, path.trim_start_matches("/api/v1"), &[], json!({})).await;
                assert!(
                    ![404, 405, 500].contains(&answer.status.as_u16()),
                    "{path}: {} {}",
                    answer.status,
                    answer.text
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stalls_is_answered_and_one_that_is_too_large_is_told_the_bound() {
    let office = Office::open();
    let token = office.accounts.issue_token(Role::Handler.key(), "test", "test").unwrap();
    let asked = |method: Method, address: &str, body: Body| {
        let request = Request::builder().method(method).uri(format!("/api/v1{address}"));
        let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        office.ask(request.header(header::CONTENT_TYPE, "application/json").body(body).unwrap())
    };
    let begun = || tokio_stream::iter([Ok::<_, std::io::Error>(axum::body::Bytes::from_static(b"{\"values\": "))]);
    for (method, address) in [
        (Method::POST, "/complaint"),
        (Method::PATCH, "/complaint/TS202000001"),
        (Method::POST, "/complaint/TS202000001/steps/accept"),
    ] {
        let told = asked(method, address, Body::from_stream(begun().chain(tokio_stream::pending()))).await;
        assert_eq!(told.is(408).json()["code"], "stalled", "{address}");
    }
    let endless = tokio_stream::iter(std::iter::repeat(()))
        .map(|()| Ok::<_, std::io::Error>(axum::body::Bytes::from_static(&[b' '; 64 * 1024])));
    let told = asked(Method::POST, "/complaint", Body::from_stream(endless)).await;
    assert!(told.is(413).json()["detail"].as_str().unwrap().contains("2 MB"), "{}", told.text);
    // A piece every twenty seconds never stalls, and never ends.
    let slow = tokio_stream::StreamExt::throttle(
        tokio_stream::iter(std::iter::repeat(()))
            .map(|()| Ok::<_, std::io::Error>(axum::body::Bytes::from_static(b" "))),
        std::time::Duration::from_secs(20),
    );
    asked(Method::POST, "/complaint", Body::from_stream(slow)).await.is(408);
}

#[tokio::test]
async fn what_an_operation_may_answer_is_described() {
    let office = Office::open();
    let description = office.as_guest("/api/openapi.json").await.json();
    let described = |method: &str, path: &str, status: &str| {
        let responses = &description["paths"][format!("/api/v1/{path}")][method]["responses"];
        assert!(responses.get(status).is_some(), "{method} {path}: {status} is not among {responses}");
    };
    let token = office.accounts.issue_token(Role::Handler.key(), "test", "test").unwrap();
    let plain = Request::post("/api/v1/complaint")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "text/plain")
        .body(Body::from("{}"))
        .unwrap();
    office.ask(plain).await.is(415);
    for status in ["408", "413", "415", "422", "429", "507"] {
        described("post", "complaint", status);
        described("patch", "complaint/{number}", status);
    }
    described("get", "complaint", "429");
    let types = &description["components"]["schemas"];
    assert_eq!(types["Fault"]["properties"]["label"]["type"], json!(["string", "null"]));
    assert_eq!(types["Difference"]["properties"]["label"]["$ref"], "#/components/schemas/Label");
    let refused =
        office.call(Role::Handler, Method::POST, "/complaint", &[], json!({ "values": { "nonsense": 1 } })).await;
    let faults = refused.is(422).json()["faults"].clone();
    assert!(
        faults.as_array().unwrap().iter().all(|fault| fault["label"].is_string() || fault["label"].is_null()),
        "{faults}"
    );
}

#[tokio::test]
async fn a_list_is_sorted_by_everything_that_the_description_offers_and_by_nothing_else() {
    let office = Office::open();
    let description = office.as_guest("/api/openapi.json").await.json();
    let parameters = description["paths"]["/api/v1/complaint"]["get"]["parameters"].as_array().unwrap();
    let sort = parameters.iter().find(|parameter| parameter["name"] == "sort").unwrap();
    let offered: Vec<&str> =
        sort["schema"]["enum"].as_array().unwrap().iter().map(|key| key.as_str().unwrap()).collect();
    assert!(offered.contains(&"-received_at") && offered.contains(&"number"), "{offered:?}");
    for key in &offered {
        office.call(Role::Admin, Method::GET, &format!("/complaint?sort={key}"), &[], Json::Null).await.is(200);
    }
    for key in ["complainant", "place", "nonsense"] {
        assert!(!offered.contains(&key));
        office.call(Role::Admin, Method::GET, &format!("/complaint?sort={key}"), &[], Json::Null).await.is(400);
    }
}

#[test_case("/complaint?sort="; "an order of nothing")]
#[test_case("/complaint?limit="; "a page of nothing")]
#[test_case("/complaint?offset=1&offset=2"; "a name given twice")]
#[test_case("/complaint?fliter=number"; "a misspelt name")]
#[test_case("/complaint/TS202000001?as_of="; "an empty moment")]
#[test_case("/figures?year=2020&as_off=2020-01-01"; "a misspelt moment of figures")]
#[test_case("/figures/complaints_noise/records?year=2020&offset=&offset=3"; "an empty number given twice")]
#[test_case("/reports/annual?year=2020&as_of="; "an empty moment of a report")]
#[tokio::test]
async fn a_question_that_cannot_be_meant_is_refused_and_not_guessed(address: &str) {
    let office = Office::open();
    office.call(Role::Admin, Method::GET, address, &[], Json::Null).await.is(400);
}

#[tokio::test]
async fn a_version_said_in_two_places_is_one_version() {
    let office = Office::open();
    let made = office.call(Role::Handler, Method::POST, "/complaint", &[], office.complaint("夜间施工")).await;
    let address = format!("/complaint/{}", made.is(201).json()["number"].as_str().unwrap());
    let change = |version: i64| json!({ "values": { "subject": "夜间浇筑" }, "version": version });
    for wrong in [2, 0, -913] {
        office.call(Role::Handler, Method::PATCH, &address, &[("if-match", "\"1\"")], change(wrong)).await.is(428);
    }
    office.call(Role::Handler, Method::PATCH, &address, &[("if-match", "\"1\"")], change(1)).await.is(200);
}

#[tokio::test]
async fn a_change_that_changes_nothing_is_refused() {
    let office = Office::open();
    for body in [json!({ "version": 1 }), json!({ "version": 1, "values": {} })] {
        office.call(Role::Admin, Method::PATCH, "/complaint/TS202000001", &[], body).await.is(400);
    }
}

#[tokio::test]
async fn every_step_describes_the_fields_of_its_own_form() {
    let office = Office::open();
    let description = office.as_guest("/api/openapi.json").await.json();
    let mut seen = 0;
    for register in office.ledger.catalogue().registers.values() {
        for (key, step) in register.workflow.iter().flat_map(|workflow| &workflow.steps) {
            let path = format!("/api/v1/{}/{{number}}/steps/{key}", register.key);
            let body = &description["paths"][&path]["post"]["requestBody"]["content"]["application/json"]["schema"];
            let given = body["properties"]["values"]["properties"].as_object().unwrap();
            for asked in step.asks.iter().filter(|field| !description_leaves_out(&register.fields[*field])) {
                assert!(given.contains_key(asked), "{path}: {asked}");
            }
            assert_eq!(body["additionalProperties"], json!(false), "{path}");
            seen += 1;
        }
    }
    assert!(seen > 100);
}

/// Files are handed in at another address; what is computed or read-only nobody gives.
fn description_leaves_out(field: &Field) -> bool {
    field.read_only || matches!(field.kind, FieldKind::Attachment { .. } | FieldKind::Computed { .. })
}

fn collect(json: &Json, references: &mut Vec<String>) {
    match json {
        Json::Object(members) => {
            for (key, value) in members {
                match value {
                    Json::String(reference) if key == "$ref" => references.push(reference.clone()),
                    other => collect(other, references),
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}
