//! The description of the JSON API (OpenAPI 3.1), made from the registers: a new field is documented when it exists.
//!
//! [`description`] is pure: the same catalogue always gives the same text.

mod example;
mod fields;
mod paths;

use bilan_records::catalogue::{Catalogue, Register, Step};
use serde_json::{Map, Value as Json, json};

pub use example::example_values;
use fields::{Side, record_values, step_values};

/// Cookie of a signed-in browser.
const SESSION_COOKIE: &str = "bilan_session";

/// Years, quarters and months; the API takes more (a day, two days with .. between), which a pattern cannot check for their order.
const PERIOD: &str = "^(19|20)[0-9]{2}(-Q[1-4]|-(0[1-9]|1[0-2]))?$";

/// The whole description.
#[must_use]
pub fn description(catalogue: &Catalogue, public_url: &str) -> Json {
    let mut paths = paths::of_the_bureau(catalogue);
    paths.extend(paths::of_observations());
    let mut schemas = shared_schemas();
    for register in catalogue.registers.values() {
        paths.extend(paths::of_register(catalogue, register));
        schemas.extend(schemas_of(catalogue, register));
    }
    paths.values_mut().for_each(paths::with_common_answers);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": format!("{} · Bilan API", catalogue.district.bureau.zh),
            "summary": "Every register of the bureau, its figures, its reports and what its instruments measured",
            "description": "Records are read, entered, changed and moved through their workflow with the same permissions \
                as on the pages. Times without an offset are Beijing time. Personal fields are masked. A write may carry \
                an Idempotency-Key: sent again with the same content it is answered, not repeated. Lists take the \
                filter language, for example `category = \"noise\" and received_at >= \"2020-07-01\"`.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": public_url.trim_end_matches('/') }],
        "security": [{ "token": [] }, { "password": [] }, { "session": [] }],
        "tags": tags(catalogue),
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "A token of an account, made on the account's page" },
                "password": { "type": "http", "scheme": "basic", "description": "Name and password of an account" },
                "session": {
                    "type": "apiKey", "in": "cookie", "name": SESSION_COOKIE,
                    "description": "A signed-in browser; writes then carry the header X-CSRF-Token too",
                },
            },
            "parameters": parameters(),
            "headers": {
                "Version": { "description": "The record's version, for If-Match", "schema": { "type": "string" }, "example": "\"3\"" },
            },
            "responses": responses(),
            "schemas": schemas,
        },
    })
}

fn tags(catalogue: &Catalogue) -> Json {
    let registers = catalogue.registers.values().map(|register| {
        json!({ "name": register.key, "description": format!("{} · {}", register.label.zh, register.description.en) })
    });
    let bureau = json!({ "name": "bureau", "description": "指标与文书 · Figures and reports" });
    let observations = json!({ "name": "observations", "description": "监测数据 · What instruments measured" });
    [bureau, observations].into_iter().chain(registers).collect()
}

/// Name of a schema that belongs to a register.
fn schema_name(register: &Register, part: &str) -> String {
    format!("{}.{part}", register.key)
}

fn schema_ref(name: &str) -> Json {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn schemas_of(catalogue: &Catalogue, register: &Register) -> Map<String, Json> {
    let mut schemas = Map::new();
    let states: Vec<&String> = register.workflow.iter().flat_map(|workflow| workflow.states.keys()).collect();
    let state = if states.is_empty() {
        json!({ "type": "null" })
    } else {
        json!({ "type": ["string", "null"], "enum": states.iter().map(|state| json!(state)).chain([Json::Null]).collect::<Vec<_>>() })
    };
    schemas.insert(
        schema_name(register, "record"),
        json!({
            "title": register.label.zh,
            "description": register.description.en,
            "allOf": [
                schema_ref("Record"),
                {
                    "type": "object",
                    "properties": {
                        "register": { "const": register.key },
                        "state": state,
                        "values": schema_ref(&schema_name(register, "values")),
                    },
                },
            ],
        }),
    );
    schemas.insert(
        schema_name(register, "page"),
        json!({
            "allOf": [
                schema_ref("Page"),
                {
                    "type": "object",
                    "properties": {
                        "records": { "type": "array", "items": schema_ref(&schema_name(register, "record")) },
                    },
                },
            ],
        }),
    );
    schemas.insert(schema_name(register, "values"), record_values(catalogue, register, Side::Read));
    schemas.insert(schema_name(register, "new"), wrapped(record_values(catalogue, register, Side::Create), false));
    schemas.insert(schema_name(register, "changes"), wrapped(record_values(catalogue, register, Side::Change), true));
    schemas
}

/// The body of a write: the values, and for a change the version it started from.
fn wrapped(values: Json, change: bool) -> Json {
    let mut properties = json!({ "values": values });
    if change {
        properties["values"]["minProperties"] = Json::from(1);
        properties["version"] = version();
    }
    json!({ "type": "object", "properties": properties, "required": ["values"], "additionalProperties": false })
}

/// The body of a step: the fields that its form asks for, a reason, and the version it started from.
fn step_body(catalogue: &Catalogue, register: &Register, step: &Step) -> Json {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "values": step_values(catalogue, register, step),
            "reason": { "type": "string", "description": if step.reason { "Why; this step needs one" } else { "Why" } },
            "version": version(),
        },
    })
}

/// The version that a write starts from, in its body.
fn version() -> Json {
    json!({ "type": "integer", "minimum": 1, "description": "Instead of If-Match" })
}

fn shared_schemas() -> Map<String, Json> {
    let time = json!({ "type": "string", "format": "date-time", "examples": ["2020-07-15T22:40:00+08:00"] });
    let text = |description: &str| json!({ "type": "string", "description": description });
    let optional = |description: &str| json!({ "type": ["string", "null"], "description": description });
    let count = |description: &str| json!({ "type": "integer", "minimum": 0, "description": description });
    let schemas = json!({
        "Record": {
            "type": "object",
            "required": ["register", "number", "version", "simulated", "values"],
            "properties": {
                "register": text("Register it belongs to"),
                "number": text("The number by which people know it"),
                "state": optional("State of its workflow"),
                "cell": optional("Grid cell in which its place lies"),
                "version": { "type": "integer", "minimum": 1, "description": "Counts its changes" },
                "created_at": time, "created_by": text("Who entered it"),
                "changed_at": time, "changed_by": text("Who last changed it"),
                "simulated": { "type": "boolean", "description": "Made up for the sample district" },
                "values": { "type": "object", "description": "Field values; a field without a value is absent" },
                "steps": { "type": "array", "items": { "type": "string" }, "description": "Steps that you may take now" },
            },
        },
        "Page": {
            "type": "object",
            "required": ["total", "total_is_capped", "offset", "limit", "records"],
            "properties": {
                "total": count("Records that match"),
                "total_is_capped": { "type": "boolean", "description": "Counting stopped; there are more than total" },
                "offset": count("Records skipped"), "limit": count("Records asked for"),
                "next": optional("Address of the next page"),
                "records": { "type": "array", "items": schema_ref("Record") },
            },
        },
        "Observation": {
            "type": "object",
            "required": ["series", "station", "factor", "kind", "statistic", "time", "period_s", "value", "text", "flag", "valid"],
            "properties": {
                "series": text("station:factor:kind:statistic"), "station": text("Number of the station"),
                "factor": text("Factor code of HJ 212"),
                "kind": { "enum": ["realtime", "minute", "hour", "day"], "description": "What the value stands for" },
                "statistic": text("Statistic of the period, after the suffix of HJ 212: rtd, min, avg, max, cou, data …"),
                "time": { "type": "string", "format": "date-time", "description": "The instant, or the END of the period", "examples": ["2026-01-31T09:00:00+08:00"] },
                "period_s": count("Seconds that the value stands for before its time; 0 for an instant"),
                "value": { "type": "number", "description": "In the unit in which the station reports the factor" },
                "text": text("The value as the device wrote it"), "flag": optional("Data mark of the device: N, F, M, S, D, C, T, B"),
                "valid": { "type": "boolean", "description": "Whether it counts: as people say who have looked at it, else as the mark says" },
            },
        },
        "Observations": {
            "type": "object",
            "required": ["limit", "next", "observations"],
            "properties": {
                "limit": count("Values asked for"),
                "next": optional("Address of the next page; null after the last. A page may hold fewer values than asked for, also none, and not be the last"),
                "observations": { "type": "array", "items": schema_ref("Observation") },
            },
        },
        "JournalEntry": {
            "type": "object",
            "required": ["seq", "at", "actor", "action", "version", "changes"],
            "properties": {
                "seq": count("Position in the chain"), "at": time, "actor": text("Who"),
                "action": text("create, import, edit, step:KEY, delete, unmask, attach or remind"),
                "version": count("Version after the act"),
                "changes": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["field", "before", "after"],
                        "properties": { "field": text("Field, or state"), "before": {}, "after": {} },
                    },
                },
                "reason": optional("Reason given"),
            },
        },
        "Figure": {
            "type": "object",
            "required": ["key", "label", "system", "value", "unit", "records", "confined", "gap"],
            "properties": {
                "key": text("Key"), "label": schema_ref("Label"), "system": text("System of the bureau"),
                "value": optional("As printed, without unit; null in a gap"),
                "text": { "description": "With unit and words of its bound", "allOf": [schema_ref("Label")] },
                "unit": text("Unit"), "records": count("How many records it counts"),
                "confined": { "type": "boolean", "description": "Counts only what lies within the caller's cell or enterprise, not the whole district" },
                "gap": { "description": "Why there is no value", "oneOf": [schema_ref("Label"), { "type": "null" }] },
                "formula": { "description": "What it is, in words", "allOf": [schema_ref("Label")] },
                "parts": { "type": "array", "items": { "type": "string" }, "description": "Figures it is made of" },
            },
        },
        "Label": {
            "type": "object", "required": ["zh", "en"],
            "properties": { "zh": { "type": "string" }, "en": { "type": "string" } },
        },
        "Place": {
            "type": "object",
            "description": "A point (WGS-84), an address or both; the grid cell follows from the point",
            "properties": {
                "lon": { "type": "number", "minimum": -180, "maximum": 180 },
                "lat": { "type": "number", "minimum": -90, "maximum": 90 },
                "address": { "type": "string" },
            },
        },
        "Point": { "type": "array", "items": { "type": "number" }, "minItems": 2, "maxItems": 2, "description": "Longitude, latitude" },
        "File": {
            "type": "object", "required": ["name", "sha"],
            "properties": { "name": text("File name"), "sha": text("SM3 digest; the file is at /attachments/{sha}") },
        },
        "Problem": {
            "type": "object",
            "description": "RFC 9457; the language follows Accept-Language",
            "required": ["type", "title", "status", "code", "detail"],
            "properties": {
                "type": { "type": "string", "format": "uri-reference" }, "title": text("The kind of problem"),
                "status": { "type": "integer" }, "code": text("The kind of problem, for programs"),
                "detail": text("What happened and what to do"), "instance": text("Address asked for"),
                "faults": { "type": "array", "items": schema_ref("Fault") },
                "current": { "type": "integer", "description": "Version that stands now" },
                "yours": { "type": "integer", "description": "Version the write started from" },
                "differences": { "type": "array", "items": schema_ref("Difference") },
            },
        },
        "Fault": {
            "type": "object",
            "required": ["field", "found", "why"],
            "properties": {
                "field": text("Field; in a table table[row].field"), "label": optional("Name of the field in the language asked for; null where the field is not one of the register"),
                "found": text("What was given"), "why": text("What is wrong"), "zh": text("The same in Chinese"), "en": text("The same in English"),
            },
        },
        "Difference": {
            "type": "object",
            "description": "What somebody else changed meanwhile",
            "required": ["field", "base", "theirs"],
            "properties": {
                "field": text("Field"), "label": schema_ref("Label"), "base": {}, "yours": {}, "theirs": {},
                "by": text("Who changed it"), "at": time,
            },
        },
    });
    match schemas {
        Json::Object(map) => map,
        _ => Map::new(),
    }
}

fn parameters() -> Json {
    let query = |name: &str, schema: Json, description: &str, example: Json| json!({ "name": name, "in": "query", "schema": schema, "description": description, "example": example });
    let header = |name: &str, schema: Json, description: &str| json!({ "name": name, "in": "header", "schema": schema, "description": description });
    let text = || json!({ "type": "string" });
    let mut year = query(
        "year",
        json!({ "type": "string", "pattern": PERIOD }),
        "Period: 2020, 2020-Q3 or 2020-07",
        json!("2020"),
    );
    year["required"] = Json::from(true);
    let mut whole_year =
        query("year", json!({ "type": "string", "pattern": "^(19|20)[0-9]{2}$" }), "Year", json!("2020"));
    whole_year["required"] = Json::from(true);
    json!({
        "filter": query("filter", text(), "Condition in the filter language", json!("created_at >= \"2020-07-01\"")),
        "q": query("q", text(), "Words to be found in the searched fields", json!("夜间施工")),
        "limit": query("limit", json!({ "type": "integer", "minimum": 1, "maximum": super::query::LARGEST_PAGE, "default": 50 }), "Records on a page", json!(50)),
        "offset": query("offset", json!({ "type": "integer", "format": "int64", "minimum": 0, "maximum": i64::MAX, "default": 0 }), "Records skipped", json!(0)),
        "cell": query("cell", text(), "Only records in this grid cell or below it", json!("430103005")),
        "as_of": query("as_of", json!({ "type": "string", "format": "date-time" }), "The ledger as it stood then", json!("2020-12-31T18:00:00+08:00")),
        "year": year,
        "whole_year": whole_year,
        "number": { "name": "number", "in": "path", "required": true, "schema": { "type": "string" }, "description": "Number of the record" },
        "key": { "name": "key", "in": "path", "required": true, "schema": { "type": "string" }, "description": "Key of the figure or report" },
        // Without an example: a program that copies one key into every write would be answered with the first.
        "Idempotency-Key": header("Idempotency-Key", json!({ "type": "string", "pattern": "^([!#-~]{1,200}|\"[!#-~]{1,200}\")$" }), "The same write sent again under it is answered, not repeated: a key of your own for each write, for example a UUID"),
        "If-Match": header("If-Match", json!({ "type": "string", "pattern": "^\"[1-9][0-9]{0,8}\"$" }), "Version the write starts from, as given in ETag"),
    })
}

/// Answers that many operations give, all problems.
fn responses() -> Json {
    let problem = |description: &str| json!({ "description": description, "content": { "application/problem+json": { "schema": schema_ref("Problem") } } });
    json!({
        "BadRequest": problem("The request cannot be read: JSON, filter, sort or another parameter"),
        "Unauthorized": problem("No account, or a wrong password or token"),
        "Forbidden": problem("The account may not do this"),
        "NotFound": problem("No such register, record, figure or report within your reach"),
        "Conflict": problem("Changed by somebody else meanwhile, with both sides; or the workflow or other records forbid it"),
        "Invalid": problem("Values are missing or wrong; every fault is listed"),
        "VersionMissing": problem("Say which version the write starts from"),
        "Stalled": problem("The body did not arrive in time: nothing was stored"),
        "TooLarge": problem("More was sent than is taken"),
        "NotJson": problem("The body is not application/json"),
        "TooMany": problem("Too many requests; try later"),
        "Busy": problem("Too many passwords at the same moment, none of which was compared; try again in a few seconds"),
        "DiskFull": problem("The disk is full: nothing was stored"),
    })
}
