//! The addresses of the API and what each answers.

use bilan_records::{
    catalogue::{Catalogue, Register, Step},
    ledger::sort_keys,
};
use serde_json::{Map, Value as Json, json};

use super::super::observations::{LARGEST, PAGE};
use super::{
    example::{example_of, example_values},
    schema_name, schema_ref, step_body,
};

fn parameter(name: &str) -> Json {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

fn problem(name: &str) -> Json {
    json!({ "$ref": format!("#/components/responses/{name}") })
}

fn answer(description: &str, schema: Json) -> Json {
    json!({ "description": description, "content": { "application/json": { "schema": schema } } })
}

/// An answer that carries one record and its version.
fn record_answer(description: &str, register: &Register) -> Json {
    let mut answer = answer(description, schema_ref(&schema_name(register, "record")));
    answer["headers"] = json!({ "ETag": { "$ref": "#/components/headers/Version" } });
    answer
}

fn body(schema: Json, example: Json) -> Json {
    json!({ "required": true, "content": { "application/json": { "schema": schema, "example": example } } })
}

/// Figures, reports and the list of registers.
pub(super) fn of_the_bureau(catalogue: &Catalogue) -> Map<String, Json> {
    let figure = catalogue.figures.values().find(|figure| !figure.hidden).map_or("", |figure| figure.key.as_str());
    let report = catalogue.reports.keys().next().map_or("annual", String::as_str);
    let get = |id: &str, summary: &str, parameters: Vec<Json>, schema: Json| {
        json!({ "get": {
            "operationId": id, "tags": ["bureau"], "summary": summary, "parameters": parameters,
            "responses": {
                "200": answer(summary, schema), "400": problem("BadRequest"), "401": problem("Unauthorized"),
                "403": problem("Forbidden"), "404": problem("NotFound"),
            },
        } })
    };
    let figures = json!({ "type": "object", "properties": {
        "period": { "type": "string" }, "as_of": { "type": ["string", "null"] },
        "figures": { "type": "array", "items": schema_ref("Figure") },
    } });
    let behind = json!({ "type": "object", "properties": {
        "figure": schema_ref("Figure"), "total": { "type": "integer" }, "offset": { "type": "integer" }, "limit": { "type": "integer" },
        "records": { "type": "array", "items": { "type": "object", "properties": {
            "register": { "type": "string" }, "number": { "type": "string" },
        } } },
    } });
    let key = |example: &str| {
        let mut key = json!({ "name": "key", "in": "path", "required": true, "schema": { "type": "string" } });
        key["example"] = Json::from(example);
        key
    };
    let (year, as_of) = (|| parameter("year"), || parameter("as_of"));
    let paging = || vec![parameter("limit"), parameter("offset")];
    Map::from_iter([
        (
            "/api/v1/registers".to_owned(),
            get("registers", "The registers that you may read", vec![], json!({ "type": "object" })),
        ),
        ("/api/v1/figures".to_owned(), get("figures", "The figures of a period", vec![year(), as_of()], figures)),
        (
            "/api/v1/figures/{key}".to_owned(),
            get("figure", "One figure", vec![key(figure), year(), as_of()], schema_ref("Figure")),
        ),
        (
            "/api/v1/figures/{key}/records".to_owned(),
            get(
                "figure_records",
                "Exactly the records that a figure counts",
                [vec![key(figure), year(), as_of()], paging()].concat(),
                behind,
            ),
        ),
        (
            "/api/v1/reports/{key}".to_owned(),
            get(
                "report",
                "A report with its figures filled in",
                vec![key(report), parameter("whole_year"), as_of()],
                json!({ "type": "object" }),
            ),
        ),
    ])
}

/// What instruments measured.
pub(super) fn of_observations() -> Map<String, Json> {
    let query = |name: &str, schema: Json, description: &str, example: &str| json!({ "name": name, "in": "query", "schema": schema, "description": description, "example": example });
    let series = query(
        "series",
        json!({ "type": "string", "maxLength": 200, "pattern": "^[^:]+(:[^:]+){0,3}$", "default": "*" }),
        "Series as station:factor:kind[:statistic], with * for any text; the last parts may be left out",
        "*:a34004:hour",
    );
    let moment = |name: &str, description: &str, example: &str| {
        let mut moment = query(name, json!({ "type": "string", "format": "date-time" }), description, example);
        moment["required"] = Json::from(true);
        moment
    };
    let limit = json!({
        "name": "limit", "in": "query", "description": "Most values on a page", "example": PAGE,
        "schema": { "type": "integer", "minimum": 1, "maximum": LARGEST, "default": PAGE },
    });
    let after = |schema: Json, example: &str| {
        query("after", schema, "Where the page begins: taken from next of the page before", example)
    };
    let get = |id: &str, summary: &str, description: &str, parameters: Vec<Json>| {
        json!({ "get": {
            "operationId": id, "tags": ["observations"], "summary": summary, "description": description, "parameters": parameters,
            "responses": {
                "200": answer("A page of values, by series and time", schema_ref("Observations")),
                "400": problem("BadRequest"), "401": problem("Unauthorized"), "403": problem("Forbidden"),
            },
        } })
    };
    let span = [
        moment(
            "from",
            "From this moment, at which a period begins; without an offset it is Beijing time",
            "2026-01-31T00:00:00+08:00",
        ),
        moment("to", "To this moment; what begins then does not belong to it", "2026-02-01T00:00:00+08:00"),
    ];
    let place =
        after(json!({ "type": "string", "pattern": "^.+@[0-9]{1,14}$" }), "ZD2020001:a34004:hour:avg@1769788800000");
    let key = after(json!({ "type": "string" }), "ZD2020001:a34004:hour:avg");
    let within = "Of the stations that you may see.";
    Map::from_iter([
        (
            "/api/v1/observations".to_owned(),
            get(
                "observations",
                "What was measured in a span of time",
                &format!(
                    "{within} from and to choose periods by their beginning, as in the files of `bilan observations export`."
                ),
                [vec![series.clone()], span.to_vec(), vec![limit.clone(), place]].concat(),
            ),
        ),
        (
            "/api/v1/observations/latest".to_owned(),
            get("latest_observations", "The newest value of each series", within, vec![series, limit, key]),
        ),
    ])
}

/// The addresses of one register.
pub(super) fn of_register(catalogue: &Catalogue, register: &Register) -> Map<String, Json> {
    let base = format!("/api/v1/{}", register.key);
    let mut paths = Map::new();
    paths.insert(base.clone(), collection(catalogue, register));
    paths.insert(format!("{base}/{{number}}"), item(catalogue, register));
    paths.insert(format!("{base}/{{number}}/journal"), journal(register));
    for (key, step) in register.workflow.iter().flat_map(|workflow| &workflow.steps) {
        paths.insert(format!("{base}/{{number}}/steps/{key}"), step_path(catalogue, register, key, step));
    }
    paths
}

/// Answers that an operation may give whatever it is: too many requests; where it takes a body, one that did not arrive in time, is too large or no JSON; where it
/// writes, a full disk.
pub(super) fn with_common_answers(path: &mut Json) {
    for method in ["get", "post", "patch", "delete"] {
        let Some(operation) = path.get_mut(method) else { continue };
        let takes_body = operation.get("requestBody").is_some();
        let Some(responses) = operation.get_mut("responses").and_then(Json::as_object_mut) else { continue };
        let mut add = |status: &str, name: &str| {
            responses.entry(status).or_insert_with(|| problem(name));
        };
        add("429", "TooMany");
        add("503", "Busy");
        if takes_body {
            add("408", "Stalled");
            add("413", "TooLarge");
            add("415", "NotJson");
        }
        if method != "get" {
            add("507", "DiskFull");
        }
    }
}

/// By what a list of `register` may be sorted.
fn sort(register: &Register) -> Json {
    let keys: Vec<String> = sort_keys(register).flat_map(|key| [key.to_owned(), format!("-{key}")]).collect();
    json!({
        "name": "sort", "in": "query", "schema": { "type": "string", "enum": keys }, "example": "-created_at",
        "description": "Field to sort by; a minus before it for descending",
    })
}

fn collection(catalogue: &Catalogue, register: &Register) -> Json {
    let key = &register.key;
    let shared = ["filter", "q", "limit", "offset", "cell", "as_of"].into_iter().map(parameter);
    let parameters: Vec<Json> = shared.chain([sort(register)]).collect();
    json!({
        "get": {
            "operationId": format!("{key}.list"), "tags": [key],
            "summary": format!("{} · list", register.label.zh),
            "parameters": parameters,
            "responses": {
                "200": answer("A page of records", schema_ref(&schema_name(register, "page"))),
                "400": problem("BadRequest"), "401": problem("Unauthorized"), "403": problem("Forbidden"),
            },
        },
        "post": {
            "operationId": format!("{key}.create"), "tags": [key],
            "summary": format!("{} · enter a record", register.label.zh),
            "x-roles": register.permissions.create,
            "parameters": [parameter("Idempotency-Key")],
            "requestBody": body(
                schema_ref(&schema_name(register, "new")),
                json!({ "values": example_values(catalogue, register) }),
            ),
            "responses": {
                "201": record_answer("The record as it was entered", register),
                "400": problem("BadRequest"), "401": problem("Unauthorized"), "403": problem("Forbidden"),
                "422": problem("Invalid"), "429": problem("TooMany"),
            },
        },
    })
}

fn item(catalogue: &Catalogue, register: &Register) -> Json {
    let key = &register.key;
    let example = register.fields.values().find(|field| super::fields::is_given(field));
    let changes: Map<String, Json> =
        example.and_then(|field| Some((field.key.clone(), example_of(catalogue, field)?))).into_iter().collect();
    json!({
        "parameters": [parameter("number")],
        "get": {
            "operationId": format!("{key}.read"), "tags": [key],
            "summary": format!("{} · one record", register.label.zh),
            "parameters": [parameter("as_of")],
            "responses": {
                "200": record_answer("The record", register),
                "400": problem("BadRequest"), "401": problem("Unauthorized"), "403": problem("Forbidden"),
                "404": problem("NotFound"),
            },
        },
        "patch": {
            "operationId": format!("{key}.change"), "tags": [key],
            "summary": format!("{} · change fields", register.label.zh),
            "x-roles": register.permissions.edit,
            "parameters": [parameter("If-Match"), parameter("Idempotency-Key")],
            "requestBody": body(schema_ref(&schema_name(register, "changes")), json!({ "values": changes, "version": 1 })),
            "responses": written(record_answer("The record as it stands now", register), "200"),
        },
        "delete": {
            "operationId": format!("{key}.delete"), "tags": [key],
            "summary": format!("{} · delete", register.label.zh),
            "x-roles": register.permissions.delete,
            "parameters": [
                parameter("If-Match"), parameter("Idempotency-Key"),
                { "name": "reason", "in": "query", "required": true, "schema": { "type": "string", "pattern": "\\S" }, "description": "Kept in the journal", "example": "重复登记" },
            ],
            "responses": written(json!({ "description": "Deleted; journal and history stay" }), "204"),
        },
    })
}

fn written(success: Json, status: &str) -> Json {
    let mut responses = json!({
        "400": problem("BadRequest"), "401": problem("Unauthorized"), "403": problem("Forbidden"),
        "404": problem("NotFound"), "409": problem("Conflict"), "422": problem("Invalid"),
        "428": problem("VersionMissing"), "429": problem("TooMany"),
    });
    responses[status] = success;
    responses
}

fn journal(register: &Register) -> Json {
    let entries = json!({ "type": "object", "required": ["entries"], "properties": {
        "entries": { "type": "array", "items": schema_ref("JournalEntry") },
    } });
    json!({
        "parameters": [parameter("number")],
        "get": {
            "operationId": format!("{}.journal", register.key), "tags": [register.key],
            "summary": format!("{} · journal of a record", register.label.zh),
            "responses": {
                "200": answer("Who did what, oldest first", entries),
                "401": problem("Unauthorized"), "403": problem("Forbidden"), "404": problem("NotFound"),
            },
        },
    })
}

fn step_path(catalogue: &Catalogue, register: &Register, key: &str, step: &Step) -> Json {
    let needed: Map<String, Json> = step
        .needs
        .iter()
        .filter_map(|need| Some((need.clone(), example_of(catalogue, register.fields.get(need)?)?)))
        .collect();
    let mut example = json!({ "values": needed });
    if step.reason {
        example["reason"] = Json::from("情况说明");
    }
    json!({
        "parameters": [parameter("number")],
        "post": {
            "operationId": format!("{}.step.{key}", register.key), "tags": [register.key],
            "summary": format!("{} · {}", register.label.zh, step.label.zh),
            "description": format!("{}: from {} to {}. Asks for: {}. Needs: {}.", step.label.en, step.from.join(", "), step.to, listed(&step.asks), listed(&step.needs)),
            "x-roles": step.roles,
            "parameters": [parameter("If-Match"), parameter("Idempotency-Key")],
            "requestBody": body(step_body(catalogue, register, step), example),
            "responses": written(record_answer("The record after the step", register), "200"),
        },
    })
}

fn listed(keys: &[String]) -> String {
    if keys.is_empty() { "nothing".to_owned() } else { keys.join(", ") }
}
