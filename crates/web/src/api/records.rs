//! Records over the API: the same reads, writes and refusals as on the pages.

use axum::{
    extract::{Path, Query},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bilan_records::{
    actor::{Act, Actor},
    catalogue::Register,
    ledger::{JsonMap, Key, Ledger, Origin, Record, Write},
    value::beijing_text,
};
use serde_json::{Value as Json, json};

use super::{
    body::Sent,
    caller::Caller,
    problem::Problem,
    query::{self, Asked},
};

type Answer = Result<Response, Problem>;
type Pairs = Query<Vec<(String, String)>>;

/// The registers that the caller may read, with what the caller may do there.
pub(super) async fn registers(caller: Caller) -> Answer {
    let catalogue = caller.app.ledger.catalogue();
    let nothing = bilan_records::actor::Scope::Nothing;
    let may = |register: &Register, act| caller.actor.scope(register, act) != nothing;
    let registers: Vec<Json> = catalogue
        .registers
        .values()
        .filter(|register| may(register, Act::Read))
        .map(|register| {
            json!({
                "key": register.key, "system": register.system, "label": register.label,
                "description": register.description, "records": format!("/api/v1/{}", register.key),
                "may": { "create": may(register, Act::Create), "edit": may(register, Act::Edit), "delete": may(register, Act::Delete) },
            })
        })
        .collect();
    Ok(axum::Json(json!({ "registers": registers })).into_response())
}

/// A page of a register.
pub(super) async fn list(caller: Caller, Path(register): Path<String>, Query(pairs): Pairs) -> Answer {
    let question = query::list_query(&register, &pairs)?;
    let (offset, limit) = (question.offset, question.limit);
    let page = caller.ask(move |ledger, actor| ledger.list(actor, question)).await??;
    let shown = offset + page.records.len() as u64;
    let next = (shown < page.total || page.total_is_capped)
        .then(|| query::next_address(&register, &pairs, "offset", &shown.to_string()));
    let records: Vec<Json> = page.records.iter().map(record_json).collect();
    let body = json!({
        "total": page.total, "total_is_capped": page.total_is_capped, "offset": offset, "limit": limit, "next": next,
        "records": records,
    });
    Ok(axum::Json(body).into_response())
}

/// One record, now or as it stood at an earlier moment.
pub(super) async fn read(
    caller: Caller,
    Path((register, number)): Path<(String, String)>,
    Query(pairs): Pairs,
) -> Answer {
    let as_of = Asked::read(&pairs, &["as_of"])?.as_of()?;
    let (record, steps) = caller
        .ask(move |ledger, actor| {
            let record = ledger.record(actor, &register, &number, as_of)?;
            let steps: Vec<String> = match as_of {
                None => ledger.open_steps(actor, &record).iter().map(|(key, _)| (*key).to_owned()).collect(),
                Some(_) => Vec::new(),
            };
            Ok::<_, Problem>((record, steps))
        })
        .await??;
    let mut body = record_json(&record);
    body["steps"] = json!(steps);
    Ok(with_version(StatusCode::OK, &record, body))
}

/// The journal of a record.
pub(super) async fn journal(caller: Caller, Path((register, number)): Path<(String, String)>) -> Answer {
    let entries = caller.ask(move |ledger, actor| ledger.timeline(actor, &register, &number)).await??;
    let entries: Vec<Json> = entries
        .iter()
        .map(|entry| {
            json!({
                "seq": entry.seq, "at": beijing_text(entry.at), "actor": entry.actor, "action": entry.action.text(),
                "version": entry.version, "changes": entry.changes, "reason": entry.reason,
            })
        })
        .collect();
    Ok(axum::Json(json!({ "entries": entries })).into_response())
}

/// Enters a record.
pub(super) async fn create(
    caller: Caller,
    Path(register): Path<String>,
    headers: HeaderMap,
    Sent(body): Sent,
) -> Answer {
    let values = values_of(object(&headers, &body)?)?;
    let write = write(&headers)?;
    let record =
        caller.put(&register, move |ledger, actor, register| ledger.create(actor, register, values, write)).await?;
    let mut answer = with_version(StatusCode::CREATED, &record, record_json(&record));
    let address = format!("/api/v1/{register}/{}", crate::figures::encoded(&record.number));
    if let Ok(address) = HeaderValue::from_str(&address) {
        answer.headers_mut().insert(header::LOCATION, address);
    }
    Ok(answer)
}

/// Changes fields of a record.
pub(super) async fn change(
    caller: Caller,
    Path((register, number)): Path<(String, String)>,
    headers: HeaderMap,
    Sent(body): Sent,
) -> Answer {
    let mut body = object(&headers, &body)?;
    let version = version(&headers, body.remove("version"))?;
    let (changes, write) = (values_of(body)?, write(&headers)?);
    if changes.is_empty() {
        return Err(unreadable("没有给出要修改的字段", "says no field to change"));
    }
    let edit = move |ledger: &Ledger, actor: &Actor, register: &str| {
        ledger.edit(actor, register, &number, version, changes, write)
    };
    let record = caller.put(&register, edit).await?;
    Ok(with_version(StatusCode::OK, &record, record_json(&record)))
}

/// Takes a step of the workflow.
pub(super) async fn step(
    caller: Caller,
    Path((register, number, step)): Path<(String, String, String)>,
    headers: HeaderMap,
    Sent(body): Sent,
) -> Answer {
    let mut body = if body.is_empty() { JsonMap::new() } else { object(&headers, &body)? };
    let version = version(&headers, body.remove("version"))?;
    let reason = match body.remove("reason") {
        None | Some(Json::Null) => None,
        Some(Json::String(reason)) => Some(reason),
        Some(_) => return Err(unreadable("reason 应为文本", "reason must be text")),
    };
    let values = match body.remove("values") {
        None | Some(Json::Null) => JsonMap::new(),
        Some(Json::Object(values)) => values,
        Some(_) => return Err(unreadable("values 应为对象", "values must be an object")),
    };
    if let Some(key) = body.keys().next() {
        return Err(unreadable(
            &format!("“{key}”不在此处；字段写在 values 中"),
            &format!("“{key}” does not belong here; fields stand in values"),
        ));
    }
    let write = write(&headers)?;
    let take = move |ledger: &Ledger, actor: &Actor, register: &str| {
        ledger.step(actor, register, &number, version, &step, values, reason, write)
    };
    let record = caller.put(&register, take).await?;
    Ok(with_version(StatusCode::OK, &record, record_json(&record)))
}

/// Deletes a record; its journal and history stay.
pub(super) async fn delete(
    caller: Caller,
    Path((register, number)): Path<(String, String)>,
    Query(pairs): Pairs,
    headers: HeaderMap,
) -> Answer {
    let asked = Asked::read(&pairs, &["reason", "version"])?;
    // What is no number is refused as what it is.
    let given = asked.value("version").map(|text| text.parse::<i64>().map_or_else(|_| Json::from(text), Json::from));
    let version = version(&headers, given)?;
    let reason = asked.value("reason").unwrap_or_default().to_owned();
    let write = write(&headers)?;
    let remove = move |ledger: &Ledger, actor: &Actor, register: &str| {
        ledger.delete(actor, register, &number, version, &reason, write)
    };
    caller.put(&register, remove).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A record as the API shows it.
pub(super) fn record_json(record: &Record) -> Json {
    json!({
        "register": record.register, "number": record.number, "state": record.state, "cell": record.cell,
        "version": record.version, "created_at": beijing_text(record.created_at), "created_by": record.created_by,
        "changed_at": beijing_text(record.changed_at), "changed_by": record.changed_by,
        "simulated": record.simulated, "values": record.external(),
    })
}

fn with_version(status: StatusCode, record: &Record, body: Json) -> Response {
    let mut answer = (status, axum::Json(body)).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", record.version)) {
        answer.headers_mut().insert(header::ETAG, tag);
    }
    answer
}

fn unreadable(zh: &str, en: &str) -> Problem {
    Problem::new("unreadable", zh, en)
}

/// The body as a JSON object.
fn object(headers: &HeaderMap, body: &[u8]) -> Result<JsonMap, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    // A form on another site cannot send this type, so a session's cookie alone never writes.
    if !kind.eq_ignore_ascii_case("application/json") && !kind.to_ascii_lowercase().ends_with("+json") {
        return Err(Problem::new(
            "not_json",
            format!("请以 Content-Type: application/json 提交，收到的是“{kind}”"),
            format!("send Content-Type: application/json; this was “{kind}”"),
        ));
    }
    match serde_json::from_slice(body) {
        Ok(Json::Object(object)) => Ok(object),
        Ok(_) => Err(unreadable("应为一个 JSON 对象", "must be one JSON object")),
        Err(error) => Err(unreadable(
            &format!("不是 JSON（第{}行第{}列处有误）", error.line(), error.column()),
            &format!("is not JSON: {error}"),
        )),
    }
}

/// The values of a write: what stands in `values`, or the whole object if there is no such member.
fn values_of(mut body: JsonMap) -> Result<JsonMap, Problem> {
    match body.remove("values") {
        None => Ok(body),
        Some(Json::Object(values)) if body.is_empty() => Ok(values),
        Some(Json::Object(_)) => {
            Err(unreadable("字段请全部写在 values 中", "fields stand either all in values or all outside"))
        }
        Some(_) => Err(unreadable("values 应为对象", "values must be an object")),
    }
}

/// The version that a write starts from; where both places say it, both must say the same.
fn version(headers: &HeaderMap, given: Option<Json>) -> Result<i64, Problem> {
    let wrong = || {
        Problem::new(
            "version_missing",
            "请用 If-Match 或 version 给出所依据的版本，如 If-Match: \"3\"",
            "say with If-Match or version which version the write starts from, for example If-Match: \"3\"",
        )
    };
    let in_header = headers.get(header::IF_MATCH).map(|value| {
        let tag = value.to_str().unwrap_or_default().trim();
        let tag = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
        tag.parse::<i64>().map_err(|_| wrong())
    });
    let in_body = given.filter(|version| !version.is_null()).map(|version| version.as_i64().ok_or_else(wrong));
    let version = match (in_header.transpose()?, in_body.transpose()?) {
        (Some(header), Some(body)) if header != body => {
            return Err(Problem::new(
                "version_missing",
                format!("If-Match 给出版本 {header}，version 给出版本 {body}：请给出同一个版本"),
                format!("If-Match says version {header} and version says {body}: say one"),
            ));
        }
        (header, body) => header.or(body).ok_or_else(wrong)?,
    };
    if version < 1 { Err(wrong()) } else { Ok(version) }
}

/// The idempotency key of the call; keys of other accounts and of pages are others, even if they read the same.
fn write(headers: &HeaderMap) -> Result<Write, Problem> {
    const LONGEST: usize = 200;
    let Some(key) = headers.get("idempotency-key") else { return Ok(Write::default()) };
    let key = key.to_str().unwrap_or_default().trim();
    let key = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key);
    let is_visible = |byte: u8| byte.is_ascii_graphic() && byte != b'"';
    if key.is_empty() || key.len() > LONGEST || !key.bytes().all(is_visible) {
        return Err(Problem::parameter(
            "Idempotency-Key",
            "应为 1 到 200 个可见的 ASCII 字符，不含空格和引号",
            "must be 1 to 200 visible ASCII characters without spaces or quotes",
        ));
    }
    Ok(Write::under(Key::new(Origin::Api, key)))
}
