//! From the ledger to the device: what is entered in the register of device commands is sent, and what the device answers is entered.
//!
//! A command is a record like any other: who may enter it, what was asked and what came of it stand in the register and in the journal. A command that
//! was being sent when the program ended is closed as not done: whether the device did it is not known, and it is not done twice.

use std::sync::Arc;
use std::time::Duration;

use bilan_gateway::{ControlFault, DeviceDirectory, Outcome, Patience, Switchboard};
use bilan_records::ledger::{JsonMap, Ledger, Record};
use bilan_telemetry::intake;
use hj212::{ExecutionResult, History, Request};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::orders::Orders;
use crate::stations::StationDirectory;

/// Register of the commands.
const REGISTER: &str = "device_command";
/// Between two looks for new commands.
const LOOK: Duration = Duration::from_secs(1);
/// Characters of an answer that are kept in the record; the packets themselves are in the store.
const LONGEST_ANSWER: usize = 4000;

/// Sends commands as they are entered.
#[derive(Clone)]
pub struct Commander {
    orders: Orders,
    stations: Arc<StationDirectory>,
    switchboard: Switchboard,
    patience: Patience,
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
enum NotDone {
    #[error("指令缺少参数：{0}")]
    Missing(&'static str),
    #[error("站点 {0} 没有登记设备编号（MN），或未处于运行、维护状态")]
    NoDevice(String),
    #[error("{}", told(.0))]
    Control(#[from] ControlFault),
    #[error("下发途中系统停止，设备是否执行不明，请核对后重新下发")]
    Interrupted,
}

/// A fault as the record tells it.
fn told(fault: &ControlFault) -> String {
    match fault {
        ControlFault::NotConnected { .. } => "设备不在线，恢复上报后再下发".to_owned(),
        ControlFault::Busy { .. } => "设备正在执行另一条指令，稍后再下发".to_owned(),
        ControlFault::Refused { result, .. } => format!("设备拒绝执行（QnRtn={}）", result.number()),
        ControlFault::NoAnswer { sent, .. } => format!("下发 {sent} 次，设备均无应答"),
        ControlFault::Gone { .. } => "执行途中设备断开连接".to_owned(),
        ControlFault::Unwritable(fault) => format!("参数不能写入报文：{fault}"),
    }
}

impl Commander {
    /// From this register, over these lines.
    pub fn new(
        ledger: Arc<Ledger>,
        stations: Arc<StationDirectory>,
        switchboard: Switchboard,
        patience: Patience,
    ) -> Self {
        Self { orders: Orders::of(ledger, REGISTER, "gateway"), stations, switchboard, patience }
    }

    /// Looks every second; never ends.
    pub async fn run(self) {
        if !self.orders.are_taken() {
            return;
        }
        for record in self.orders.waiting("sent").await {
            self.close(record, Err(NotDone::Interrupted)).await;
        }
        let mut turns = tokio::time::interval(LOOK);
        turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            turns.tick().await;
            for record in self.due(self.orders.waiting("asked").await) {
                if let Some(record) = self.begin(record).await {
                    let commander = self.clone();
                    tokio::spawn(async move {
                        let result = commander.carry_out(&record).await;
                        commander.close(record, result).await;
                    });
                }
            }
        }
    }

    /// Those whose time has come.
    fn due(&self, mut records: Vec<Record>) -> Vec<Record> {
        let now = self.orders.ledger().now();
        records.retain(|record| {
            let due = text(record, "asked_at").and_then(|at| at.parse::<Timestamp>().ok());
            due.is_none_or(|due| due <= now)
        });
        records
    }

    /// Marks a command as sent before it is: it is not sent twice.
    async fn begin(&self, record: Record) -> Option<Record> {
        self.orders.step(record, "send", JsonMap::new()).await
    }

    async fn carry_out(&self, record: &Record) -> Result<Outcome, NotDone> {
        // The time that a device is given is that of the sending, not of the entering.
        let now = self.orders.ledger().now();
        let request = request(record, now)?;
        let station = text(record, "station").unwrap_or_default().to_owned();
        let mn = self.stations.mn_of(&station).ok_or_else(|| NotDone::NoDevice(station.clone()))?;
        let device = self.stations.device(&mn).ok_or(NotDone::NoDevice(station))?;
        Ok(self.switchboard.ask(&device, &request, now, self.patience).await?)
    }

    async fn close(&self, record: Record, result: Result<Outcome, NotDone>) {
        let (step, values) = outcome(&result);
        self.orders.step_now(record.number, step, values).await;
    }
}

fn text<'a>(record: &'a Record, field: &str) -> Option<&'a str> {
    record.values.get(field).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

/// The request that a record asks for.
fn request(record: &Record, now: Timestamp) -> Result<Request, NotDone> {
    let factor = || text(record, "factor").map(str::to_owned).ok_or(NotDone::Missing("仪表因子编码"));
    let info = || text(record, "info_id").map(str::to_owned).ok_or(NotDone::Missing("信息编码"));
    let interval = || record.values.get("interval").and_then(Value::as_i64).ok_or(NotDone::Missing("间隔"));
    let time =
        |field: &str| text(record, field).and_then(|at| at.parse::<Timestamp>().ok()).map(intake::data_time_text);
    let history = |history: History| {
        let begin = time("begin_at").ok_or(NotDone::Missing("补传起始"))?;
        let end = time("end_at").ok_or(NotDone::Missing("补传结束"))?;
        Ok::<_, NotDone>(Request::GetHistory { history, begin, end })
    };
    Ok(match text(record, "command").unwrap_or_default() {
        "get_time" => Request::GetTime { pol_id: factor().ok() },
        "set_time" => Request::SetTime { pol_id: factor().ok(), time: intake::data_time_text(now) },
        "get_realtime_interval" => Request::GetRealtimeInterval,
        "set_realtime_interval" => {
            Request::SetRealtimeInterval { seconds: interval()?.try_into().map_err(|_| NotDone::Missing("间隔"))? }
        }
        "get_minute_interval" => Request::GetMinuteInterval,
        "set_minute_interval" => {
            Request::SetMinuteInterval { minutes: interval()?.try_into().map_err(|_| NotDone::Missing("间隔"))? }
        }
        "start_realtime" => Request::StartRealtime,
        "stop_realtime" => Request::StopRealtime,
        "get_minutes" => history(History::Minute)?,
        "get_hours" => history(History::Hour)?,
        "get_days" => history(History::Day)?,
        "calibrate_zero" => Request::Calibrate { pol_id: factor()?, span: false },
        "calibrate_span" => Request::Calibrate { pol_id: factor()?, span: true },
        "sample_now" => Request::SampleNow { pol_id: factor()? },
        "clean" => Request::Clean { pol_id: factor()? },
        "keep_sample" => Request::KeepSample,
        "get_device_id" => Request::GetDeviceId { pol_id: factor()? },
        "get_information" => Request::GetInformation {
            pol_id: factor()?,
            info_id: info()?,
            begin: time("begin_at"),
            end: time("end_at"),
        },
        "set_information" => Request::SetInformation {
            pol_id: factor()?,
            info_id: info()?,
            value: text(record, "value").map(str::to_owned).ok_or(NotDone::Missing("参数值"))?,
        },
        _ => return Err(NotDone::Missing("指令")),
    })
}

/// The step that closes a command, and what it enters.
fn outcome(result: &Result<Outcome, NotDone>) -> (&'static str, JsonMap) {
    let (step, values) = match result {
        Ok(outcome) => {
            let ended = match outcome.execution {
                Some(ExecutionResult::Success) => "执行成功（ExeRtn=1）".to_owned(),
                Some(ExecutionResult::NoData) => "设备没有所要的数据（ExeRtn=100）".to_owned(),
                Some(other) => format!("执行未成功（ExeRtn={}）", other.number()),
                None if outcome.command == "2011" || outcome.command == "2021" => "设备已接受（QnRtn=1）".to_owned(),
                None => "设备已接受，未报告执行结果".to_owned(),
            };
            let done = matches!(outcome.execution, None | Some(ExecutionResult::Success));
            let answer: String = format!("{ended}{}", data_text(outcome)).chars().take(LONGEST_ANSWER).collect();
            let values = json!({ "answer": answer, "attempts": outcome.sent, "qn": outcome.qn });
            (if done { "finish" } else { "fail" }, values)
        }
        Err(fault) => {
            let attempts = match fault {
                NotDone::Control(ControlFault::NoAnswer { sent, .. }) => *sent,
                NotDone::Control(ControlFault::Refused { .. } | ControlFault::Gone { .. }) => 1,
                _ => 0,
            };
            ("fail", json!({ "answer": fault.to_string(), "attempts": attempts }))
        }
    };
    match values {
        Value::Object(values) => (step, values),
        _ => (step, JsonMap::new()),
    }
}

/// What the device sent: measurements by their number (they are stored like any other), anything else in full.
fn data_text(outcome: &Outcome) -> String {
    if outcome.data.is_empty() {
        return String::new();
    }
    if outcome.command.starts_with('2') {
        return format!("；补传 {} 组数据，已入库", outcome.data.len());
    }
    let items: Vec<String> = outcome
        .data
        .iter()
        .flat_map(|message| message.cp.iter().flatten())
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    format!("；{}", items.join("，"))
}

#[cfg(test)]
mod tests;
