//! The JSON API as another department's system uses it: versions, idempotency, problems, its own description.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod live_bureau;
mod office;

use axum::body::Body;
use axum::http::{Method, Request, header};
use bilan_records::catalogue::{Field, FieldKind, Role};
use live_bureau::Bureau;
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
                let year = match path.as_str() {
                    "/api/v1/figures" => "?year=2020",
                    "/api/v1/observations" => "?from=2020-07-01&to=2020-07-02",
                    _ => "",
                };
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

/// A bureau with hours of two stations, one of them outside of the cell of the grid member.
fn measured() -> Bureau {
    let bureau = Bureau::open();
    bureau.enter(
        "station",
        json!({
            "number": "ZD-O", "state": "running", "code": "ZD-O", "name": "城南空气站", "kind": "air", "ownership": "district",
            "place": bureau.place_in("430103002"), "mn": "O1", "password": "654321", "commissioned_on": "2020-01-01",
        }),
    );
    for (mn, value) in [("A1", "41"), ("O1", "17")] {
        for hour in 8..11 {
            bureau.sends(mn, "2061", &format!("20261123{hour:02}0000"), &[("a34004", value), ("a34002", "50.0")]);
        }
    }
    bureau.sends_marked("A1", "20261123200000", "a34004", "40", "D");
    bureau
}

/// The pages of an address, one after the other.
async fn pages(bureau: &Bureau, role: Role, address: &str) -> Vec<Vec<Json>> {
    let (mut pages, mut next) = (Vec::new(), Some(format!("/api/v1{address}")));
    while let Some(address) = next {
        let page = bureau.page(role, &address).await;
        assert_eq!(page.status, 200, "{address}: {}", page.text);
        let page: Json = serde_json::from_str(&page.text).unwrap();
        pages.push(page["observations"].as_array().unwrap().clone());
        next = page["next"].as_str().map(str::to_owned);
    }
    pages
}

#[tokio::test]
async fn what_was_measured_is_read_in_pages_and_stamped_with_the_end_of_its_period() {
    let bureau = measured();
    let day = "from=2026-11-23&to=2026-11-24";
    let all = pages(&bureau, Role::Duty, &format!("/observations?{day}")).await.concat();
    assert_eq!(all.len(), 13);
    let paged = pages(&bureau, Role::Duty, &format!("/observations?{day}&limit=5")).await;
    assert_eq!(paged.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5, 3]);
    assert_eq!(paged.concat(), all, "nothing twice, nothing left out");
    let hours = pages(&bureau, Role::Duty, &format!("/observations?series=ZD-A:a34004:hour&{day}")).await.concat();
    assert_eq!(hours.len(), 3);
    assert_eq!(
        hours[0],
        json!({
            "series": "ZD-A:a34004:hour:avg", "station": "ZD-A", "factor": "a34004", "kind": "hour", "statistic": "avg",
            "time": "2026-11-23T09:00:00+08:00", "period_s": 3600, "value": 41.0, "text": "41", "flag": "N", "valid": true,
        })
    );
    let from_nine = "/observations?series=ZD-A:a34004:hour&from=2026-11-23T09:00&to=2026-11-23T10:00:00%2B08:00";
    let nine = pages(&bureau, Role::Duty, from_nine).await.concat();
    assert_eq!((nine.len(), &nine[0]["time"]), (1, &json!("2026-11-23T10:00:00+08:00")));
    let marked = pages(&bureau, Role::Duty, &format!("/observations?series=*:*:realtime&{day}")).await.concat();
    assert_eq!((marked.len(), &marked[0]["flag"], &marked[0]["valid"]), (1, &json!("D"), &json!(false)));
    let ages = "/observations?series=*:a34002:hour&from=1900-01-01&to=2999-01-01";
    assert_eq!(pages(&bureau, Role::Duty, ages).await.concat().len(), 6, "long empty spans are passed over");
}

#[tokio::test]
async fn the_newest_value_of_each_series_is_read_in_pages() {
    let bureau = measured();
    let newest = pages(&bureau, Role::Duty, "/observations/latest?limit=2").await;
    assert_eq!(newest.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    let named: Vec<_> = newest.concat().iter().map(|value| (value["series"].clone(), value["time"].clone())).collect();
    assert_eq!(named[0], (json!("ZD-A:a34002:hour:avg"), json!("2026-11-23T11:00:00+08:00")));
    assert_eq!(named[2], (json!("ZD-A:a34004:realtime:rtd"), json!("2026-11-23T20:00:00+08:00")));
    let chosen = pages(&bureau, Role::Duty, "/observations/latest?series=*:a34004:hour").await.concat();
    assert_eq!(chosen.iter().map(|value| &value["value"]).collect::<Vec<_>>(), [41.0, 17.0]);
}

#[tokio::test]
async fn nothing_is_measured_out_of_reach() {
    let bureau = measured();
    for address in [
        "/observations?series=*:a34004:hour&from=2026-11-23&to=2026-11-24",
        "/observations/latest?series=*:a34004:hour",
    ] {
        let stations = |values: Vec<Json>| {
            let mut all: Vec<String> =
                values.iter().map(|value| value["station"].as_str().unwrap().to_owned()).collect();
            all.dedup();
            all
        };
        assert_eq!(stations(pages(&bureau, Role::Duty, address).await.concat()), ["ZD-A", "ZD-O"]);
        assert_eq!(stations(pages(&bureau, Role::Grid, address).await.concat()), ["ZD-A"], "of the own cell");
        let beyond = address.replace("series=*", "series=ZD-O");
        assert!(pages(&bureau, Role::Grid, &beyond).await.concat().is_empty(), "as if there were none");
        assert_eq!(bureau.page(Role::Enterprise, &format!("/api/v1{address}")).await.status, 403);
        assert_eq!(bureau.as_guest(&format!("/api/v1{address}")).await.status, 401);
    }
}

#[test_case("?from=2026-11-23"; "no end")]
#[test_case("?from=2026-11-23&to=tomorrow"; "no moment")]
#[test_case("?from=2026-11-23&to=2026-11-24&station=ZD-A"; "an unknown parameter")]
#[test_case("?from=2026-11-23&to=2026-11-24&series="; "a pattern of nothing")]
#[test_case("?from=2026-11-23&to=2026-11-24&series=a:b:c:d:e"; "a pattern of five parts")]
#[test_case("?from=2026-11-23&to=2026-11-24&limit=5001"; "too long a page")]
#[test_case("?from=2026-11-23&to=2026-11-24&after=ZD-A"; "no place of a page")]
#[test_case("/latest?from=2026-11-23"; "a span of the newest")]
#[test_case("/latest?limit=0"; "an empty page")]
#[tokio::test]
async fn a_question_about_what_was_measured_that_cannot_be_meant_is_refused(question: &str) {
    let bureau = Bureau::open();
    let page = bureau.page(Role::Duty, &format!("/api/v1/observations{question}")).await;
    assert_eq!(page.status, 400, "{}", page.text);
}

#[tokio::test]
async fn observations_are_described_with_every_parameter() {
    let office = Office::open();
    let description = office.as_guest("/api/openapi.json").await.json();
    for (path, names) in [
        ("/api/v1/observations", &["series", "from", "to", "limit", "after"][..]),
        ("/api/v1/observations/latest", &["series", "limit", "after"]),
    ] {
        let parameters = description["paths"][path]["get"]["parameters"].as_array().unwrap();
        assert_eq!(parameters.iter().map(|parameter| &parameter["name"]).collect::<Vec<_>>(), names, "{path}");
        assert!(parameters.iter().all(|parameter| parameter["description"].is_string()), "{path}");
    }
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
