//! What went wrong, explained to programs and people (RFC 9457, `application/problem+json`).
//!
//! A handler returns a [`Problem`] without knowing who asked in which language; [`worded`] stands around the API and
//! writes the body in the language of the request.

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bilan_admission::Wait;
use bilan_records::{
    catalogue::{Catalogue, Register},
    figures::FigureError,
    ledger::{FieldDifference, FieldFault, ReadError, WriteError},
    report::ReportError,
    value::{Language, beijing_text},
};
use serde_json::{Map, Value as Json, json};

use crate::refusal::{BUSY_S, clock_time};
use crate::service::is_disk_full;

/// A refusal of the API.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    zh: String,
    en: Box<str>,
    /// Key in the Chinese sentence, which a page replaces by the name that people know.
    named: Option<Box<Named>>,
    faults: Vec<Fault>,
    more: Map<String, Json>,
}

#[derive(Debug, Clone)]
struct Fault {
    label: Option<bilan_records::catalogue::Label>,
    fault: FieldFault,
}

/// Code, status and title of every kind of problem, in the order of the page that explains them.
pub const KINDS: [(&str, u16, &str, &str); 24] = [
    ("unreadable", 400, "请求内容无法读取", "The body cannot be read"),
    ("parameter", 400, "参数有误", "A parameter is wrong"),
    ("filter", 400, "筛选条件有误", "The filter is wrong"),
    ("unauthorized", 401, "需要登录", "No account"),
    ("csrf", 403, "缺少 X-CSRF-Token", "X-CSRF-Token is missing"),
    ("forbidden", 403, "没有权限", "Not allowed"),
    ("not_found", 404, "没有找到", "Not found"),
    ("method", 405, "不支持的方法", "The method is not supported"),
    ("stalled", 408, "内容没有在时限内送达", "The body did not arrive in time"),
    ("stale", 409, "记录已被他人修改", "Changed by somebody else"),
    ("step_refused", 409, "当前不能办理该步骤", "The step cannot be taken now"),
    ("still_referred", 409, "仍被其他记录引用", "Other records refer to it"),
    ("too_large", 413, "内容过大", "Too large"),
    ("not_json", 415, "只接受 application/json", "Only application/json is accepted"),
    ("invalid", 422, "填写内容有误", "Values are missing or wrong"),
    ("reason_missing", 422, "请说明原因", "A reason is needed"),
    ("key_reused", 422, "幂等键已用于其他内容", "The idempotency key was used for other content"),
    ("same_content", 409, "刚刚保存过相同内容", "The same content was just entered"),
    ("file_refused", 422, "附件不被接受", "The file is not accepted"),
    ("version_missing", 428, "请给出版本", "Say which version"),
    ("too_many", 429, "请求过于频繁", "Too many requests"),
    ("busy", 503, "系统繁忙", "Busy"),
    ("disk_full", 507, "磁盘已满", "The disk is full"),
    ("internal", 500, "系统内部错误", "The system failed"),
];

/// A key that stands in a sentence, and what it is the key of.
#[derive(Debug, Clone)]
enum Named {
    Register(String),
    Step { register: String, step: String },
    Figure(String),
}

impl Named {
    fn key(&self) -> &str {
        match self {
            Self::Register(key) | Self::Figure(key) | Self::Step { step: key, .. } => key,
        }
    }

    /// The Chinese name; the key where the files have none of it.
    fn name<'n>(&'n self, catalogue: &'n Catalogue) -> &'n str {
        let label = match self {
            Self::Register(key) => catalogue.registers.get(key).map(|register| &register.label),
            Self::Figure(key) => catalogue.figures.get(key).map(|figure| &figure.label),
            Self::Step { register, step } => {
                let workflow = catalogue.registers.get(register).and_then(|register| register.workflow.as_ref());
                workflow.and_then(|workflow| workflow.steps.get(step)).map(|step| &step.label)
            }
        };
        label.map_or(self.key(), |label| label.zh.as_str())
    }
}

impl Problem {
    /// A problem of one of the [`KINDS`].
    pub(super) fn new(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        let status = KINDS.iter().find(|(kind, ..)| *kind == code).map_or(500, |(_, status, ..)| *status);
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            code,
            zh: zh.into(),
            en: en.into().into_boxed_str(),
            named: None,
            faults: Vec::new(),
            more: Map::new(),
        }
    }

    /// Status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What kind of problem it is, in a few words.
    pub fn title(&self, language: Language) -> &'static str {
        let kind = KINDS.iter().find(|(kind, ..)| *kind == self.code);
        kind.map_or("", |(_, _, zh, en)| if language == Language::Chinese { zh } else { en })
    }

    /// What happened.
    pub fn explanation(&self, language: Language) -> &str {
        if language == Language::Chinese { &self.zh } else { &self.en }
    }

    /// Too many wrong passwords from there.
    pub(super) fn too_many(wait: Wait, what_zh: &str, what_en: &str) -> Self {
        let time = clock_time(wait.until);
        let (zh, en) = (
            format!("{what_zh}错误次数过多，请在{time}之后再试"),
            format!("too many wrong {what_en}; try again after {time}"),
        );
        let mut problem = Self::new("too_many", zh, en);
        problem.more.insert("retry_after_s".into(), Json::from(wait.seconds));
        problem
    }

    /// More passwords at once than can be compared; none of them was.
    pub(super) fn busy() -> Self {
        let en = "too many sign in at the same moment; nothing was compared: try again in a few seconds";
        let mut problem = Self::new("busy", "同时登录的请求过多，密码没有核对，请过几秒再试", en);
        problem.more.insert("retry_after_s".into(), Json::from(BUSY_S));
        problem
    }

    /// What happened, for a page: in Chinese with the names of registers, steps and figures instead of their keys.
    pub(crate) fn on_page(&self, language: Language, catalogue: &Catalogue) -> String {
        if language == Language::English {
            return self.en.to_string();
        }
        match &self.named {
            Some(named) => self.zh.replace(&format!("“{}”", named.key()), &format!("“{}”", named.name(catalogue))),
            None => self.zh.clone(),
        }
    }

    fn naming(mut self, named: Named) -> Self {
        self.named = Some(Box::new(named));
        self
    }

    /// A parameter of the address that is wrong.
    pub(super) fn parameter(name: &str, zh: &str, en: &str) -> Self {
        Self::new("parameter", format!("参数“{name}”{zh}"), format!("the parameter “{name}”: {en}"))
    }

    /// Nothing at this address.
    pub(super) fn not_found(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new("not_found", zh, en)
    }

    /// A failure that is ours; the facts go to the log and not to the caller.
    pub(super) fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        if bilan_storage::check().is_err() {
            // Nobody gets to read this.
            tracing::debug!(error, "nobody waits any longer for what the API was asked");
        } else {
            tracing::error!(error, "the API failed");
        }
        if is_disk_full(&error.to_string()) {
            let en = "the disk of the server is full, nothing was stored: make room, then send it again";
            return Self::new("disk_full", "服务器磁盘已满，没有保存任何内容；请腾出空间后重新提交。", en);
        }
        Self::new("internal", "系统出错，已记录，请稍后再试。", "the system failed; it has been noted, try again later")
    }

    /// A refused write to `register`.
    pub(crate) fn of_write(error: WriteError, register: Option<&Register>) -> Self {
        let en = error.to_string();
        match error {
            WriteError::UnknownRegister(key) => unknown_register(&key, en),
            WriteError::NotFound { register, number } => no_record(&register, &number, en),
            WriteError::Forbidden { register, .. } => {
                let zh = format!("您的账号无权对台账“{register}”的这条记录进行此操作");
                Self::new("forbidden", zh, en).naming(Named::Register(register))
            }
            WriteError::Invalid { faults } => {
                let faults: Vec<Fault> = faults.0.into_iter().map(|fault| labelled(fault, register)).collect();
                Self {
                    faults,
                    ..Self::new("invalid", "填写内容有误，没有保存任何内容。", format!("nothing was stored: {en}"))
                }
            }
            WriteError::Stale { number, yours, current, theirs } => {
                let zh = format!("{number}在版本{yours}之后已被他人修改，现为版本{current}；请对照后重新提交。");
                let mut problem = Self::new("stale", zh, en);
                problem.more.insert("yours".into(), Json::from(yours));
                problem.more.insert("current".into(), Json::from(current));
                let differences: Vec<Json> = theirs.iter().map(|theirs| difference(theirs, register)).collect();
                problem.more.insert("differences".into(), Json::from(differences));
                problem
            }
            WriteError::StepRefused { step, register, number, .. } => {
                let zh = format!("{number}现在的状态不能办理步骤“{step}”，请刷新后查看。");
                Self::new("step_refused", zh, en).naming(Named::Step { register, step })
            }
            WriteError::ReasonMissing(_) => Self::new("reason_missing", "请说明原因，原因将记入日志。", en),
            WriteError::StillReferred { number, register, count } => {
                let zh = format!("{number}不能删除：台账“{register}”中有{count}条记录引用它");
                Self::new("still_referred", zh, en).naming(Named::Register(register))
            }
            WriteError::ReferredElsewhere { number } => {
                Self::new("still_referred", format!("{number}不能删除：其他记录引用它"), en)
            }
            WriteError::KeyReused { key, .. } => {
                Self::new("key_reused", format!("幂等键“{key}”已用于另一次写入；新的内容请换新的键"), en)
            }
            WriteError::SameContent { number, .. } => {
                Self::new("same_content", format!("刚刚保存过相同内容：{number}"), en)
            }
            WriteError::Attachment { name, why } => {
                Self::new("file_refused", format!("文件“{name}”不被接受：{}", why.zh), en)
            }
            error @ (WriteError::Personal(_) | WriteError::Database(_) | WriteError::Damaged { .. }) => {
                Self::internal(&error)
            }
        }
    }
}

fn unknown_register(key: &str, en: String) -> Problem {
    Problem::not_found(format!("没有台账“{key}”"), en)
}

fn no_record(register: &str, number: &str, en: String) -> Problem {
    let zh = format!("台账“{register}”中没有编号为“{number}”的记录，或您无权查看");
    Problem::not_found(zh, en).naming(Named::Register(register.to_owned()))
}

fn labelled(fault: FieldFault, register: Option<&Register>) -> Fault {
    let key = fault.field.split(['[', '.']).next().unwrap_or_default();
    Fault { label: register.and_then(|register| Some(register.fields.get(key)?.label.clone())), fault }
}

fn difference(theirs: &FieldDifference, register: Option<&Register>) -> Json {
    let label = register.and_then(|register| register.fields.get(&theirs.field)).map(|field| &field.label);
    let mut difference = json!({
        "field": theirs.field, "base": theirs.base, "theirs": theirs.theirs, "by": theirs.by, "at": beijing_text(theirs.at),
    });
    if let Some(label) = label {
        difference["label"] = json!(label);
    }
    if let Some(yours) = &theirs.yours {
        difference["yours"] = yours.clone();
    }
    difference
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        let en = error.to_string();
        match error {
            ReadError::UnknownRegister(key) => unknown_register(&key, en),
            ReadError::NotFound { register, number } => no_record(&register, &number, en),
            ReadError::UnknownField { register, field } => {
                let zh = format!("台账“{register}”没有可用于此处的字段“{field}”");
                Self::new("parameter", zh, en).naming(Named::Register(register))
            }
            ReadError::Forbidden { register, .. } => {
                let zh = format!("您的账号无权查看台账“{register}”");
                Self::new("forbidden", zh, en).naming(Named::Register(register))
            }
            ReadError::Filter(why) => Self::new("filter", format!("筛选条件有误：{}", why.zh), en),
            ReadError::ReasonMissing(_) => Self::new("reason_missing", "请说明原因，原因将记入日志。", en),
            error @ (ReadError::Personal(_) | ReadError::Database(_) | ReadError::Damaged { .. }) => {
                Self::internal(&error)
            }
        }
    }
}

impl From<FigureError> for Problem {
    fn from(error: FigureError) -> Self {
        let en = error.to_string();
        match error {
            FigureError::Unknown { key, closest } => {
                let meant = closest.map(|closest| format!("，是否指“{closest}”？")).unwrap_or_default();
                Self::not_found(format!("没有指标“{key}”{meant}"), en)
            }
            FigureError::Forbidden { key, .. } => {
                Self::new("forbidden", format!("您的账号无权查看指标“{key}”"), en).naming(Named::Figure(key))
            }
            FigureError::Read(error) => error.into(),
            error @ (FigureError::Observations(_) | FigureError::Database(_)) => Self::internal(&error),
        }
    }
}

impl From<ReportError> for Problem {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Unknown { ref key, .. } => Self::not_found(format!("没有文书“{key}”"), error.to_string()),
            ReportError::Figure(error) => error.into(),
            ReportError::Read(error) => error.into(),
            error @ ReportError::Database(_) => Self::internal(&error),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes the body of a problem in the language of the request.
pub(super) async fn worded(request: Request, next: Next) -> Response {
    let language = language_of(request.headers());
    let instance = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    let mut worded = (problem.status, problem.body(language, &instance).to_string()).into_response();
    let headers = worded.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/problem+json"));
    let tongue = if language == Language::Chinese { "zh-CN" } else { "en" };
    headers.insert(header::CONTENT_LANGUAGE, header::HeaderValue::from_static(tongue));
    if let Some(seconds) = problem.more.get("retry_after_s").and_then(Json::as_u64) {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    if problem.status == StatusCode::UNAUTHORIZED {
        headers.insert(
            header::WWW_AUTHENTICATE,
            header::HeaderValue::from_static("Bearer realm=\"Bilan\", Basic realm=\"Bilan\", charset=\"UTF-8\""),
        );
    }
    worded
}

/// The language that the caller asks for; Chinese, unless English stands before it.
pub(super) fn language_of(headers: &HeaderMap) -> Language {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let first = wanted
        .split(',')
        .map(|tag| tag.trim().to_ascii_lowercase())
        .find(|tag| tag.starts_with("zh") || tag.starts_with("en"));
    match first {
        Some(tag) if tag.starts_with("en") => Language::English,
        _ => Language::Chinese,
    }
}

impl Problem {
    fn body(&self, language: Language, instance: &str) -> Json {
        let pick = |zh: &str, en: &str| match language {
            Language::Chinese => zh.to_owned(),
            Language::English => en.to_owned(),
        };
        let mut body = self.more.clone();
        body.insert("type".into(), Json::from(format!("/api#problem-{}", self.code)));
        body.insert("title".into(), Json::from(self.title(language)));
        body.insert("status".into(), Json::from(self.status.as_u16()));
        body.insert("code".into(), Json::from(self.code));
        body.insert("detail".into(), Json::from(self.explanation(language)));
        body.insert("instance".into(), Json::from(instance));
        if !self.faults.is_empty() {
            let faults = self.faults.iter().map(|Fault { label, fault }| {
                json!({
                    "field": fault.field, "label": label.as_ref().map(|label| label.text(language)), "found": fault.found,
                    "why": pick(&fault.why_zh, &fault.why), "zh": fault.why_zh, "en": fault.why,
                })
            });
            body.insert("faults".into(), faults.collect());
        }
        Json::Object(body)
    }
}
