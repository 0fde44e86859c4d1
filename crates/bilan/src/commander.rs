//! From the ledger to the device: what is entered in the register of device commands is sent, and what the device answers is entered.
//!
//! A command is a record like any other: who may enter it, what was asked and what came of it stand in the register and in the journal. A command that
//! was being sent when the program ended is closed as not done: whether the device did it is not known, and it is not done twice.

use std::sync::Arc;
use std::time::Duration;

use bilan_gateway::{ControlFault, DeviceDirectory, Outcome, Patience, Switchboard};
use bilan_records::contract::{Changes, View};
use bilan_records::ledger::{Ledger, ReadError, Record};
use bilan_records::views::{DeviceCommand, DeviceCommandState, DeviceCommandStep, DeviceOrder};
use bilan_telemetry::intake;
use hj212::{ExecutionResult, History, Request, RequestResult};
use jiff::Timestamp;

use crate::orders::{Orders, Unread};
use crate::stations::StationDirectory;
use crate::unwritable::unwritable;

/// Between two looks for new commands.
const LOOK: Duration = Duration::from_secs(1);
/// Characters of an answer that are kept in the record; the packets themselves are in the store.
const LONGEST_ANSWER: usize = 4000;

/// Sends commands as they are entered.
#[derive(Clone)]
pub struct Commander {
    orders: Orders<DeviceCommand>,
    stations: Arc<StationDirectory>,
    switchboard: Switchboard,
    patience: Patience,
}

/// Why a command was not carried out.
#[derive(Debug)]
enum NotDone {
    Missing(Parameter),
    NoDevice(String),
    Control(ControlFault),
    Interrupted,
    Unreadable(ReadError),
}

impl From<ControlFault> for NotDone {
    fn from(fault: ControlFault) -> NotDone {
        NotDone::Control(fault)
    }
}

/// A parameter of a command, in both languages.
#[derive(Debug, Clone, Copy)]
struct Parameter(&'static str, &'static str);

const FACTOR: Parameter = Parameter("仪表因子编码", "the factor of the instrument (PolId)");
const INFO: Parameter = Parameter("信息编码", "the information (InfoId)");
const INTERVAL: Parameter = Parameter("间隔", "the interval");
const BEGIN: Parameter = Parameter("补传起始", "where history begins");
const END: Parameter = Parameter("补传结束", "where history ends");
const VALUE: Parameter = Parameter("参数值", "the value");
const COMMAND: Parameter = Parameter("指令", "the command");

/// What happened, in Chinese and in English: a line each in the record.
struct Said(String, String);

impl Said {
    fn new(zh: impl Into<String>, en: impl Into<String>) -> Said {
        Said(zh.into(), en.into())
    }

    /// Followed by more.
    fn and(self, more: Option<Said>) -> Said {
        match more {
            Some(more) => Said(format!("{}；{}", self.0, more.0), format!("{}; {}", self.1, more.1)),
            None => self,
        }
    }

    /// As it stands in the record, each line no longer than an answer may be.
    fn text(&self) -> String {
        let cut = |text: &str| text.chars().take(LONGEST_ANSWER / 2).collect::<String>();
        format!("{}\n{}", cut(&self.0), cut(&self.1))
    }
}

/// Why a command was not carried out, and what can be done.
fn explanation(fault: &NotDone, request_has_factor: bool, of_the_clock: bool) -> Said {
    let fault = match fault {
        NotDone::Missing(Parameter(zh, en)) => {
            return Said::new(format!("指令缺少参数：{zh}"), format!("The command lacks a parameter: {en}"));
        }
        NotDone::NoDevice(station) => {
            return Said::new(
                format!("站点 {station} 没有登记设备编号（MN），或未处于运行、维护状态"),
                format!("Station {station} has no device (MN), or is neither running nor in maintenance"),
            );
        }
        NotDone::Interrupted => {
            return Said::new(
                "下发途中系统停止，设备是否执行不明，请核对后重新下发",
                "The program stopped while the command was being sent: whether the device did it is not known; look, and send it again",
            );
        }
        NotDone::Unreadable(error) => {
            return Said::new(
                "指令记录已损坏，无法读取，请核对该记录后重新登记",
                format!("The record of the command is damaged, enter it again: {error}"),
            );
        }
        NotDone::Control(fault) => fault,
    };
    match fault {
        ControlFault::NotConnected { .. } => Said::new(
            "设备不在线，恢复上报后再下发",
            "The device is not connected: send the command again when it reports",
        ),
        ControlFault::Busy { .. } => Said::new(
            "设备正在执行另一条指令，稍后再下发",
            "The device is busy with another command: send this one again later",
        ),
        ControlFault::Refused { result, .. } => {
            let (zh, en) = meaning(*result);
            let said = Said::new(
                format!("设备拒绝执行：{zh}（QnRtn={}）", result.number()),
                format!("The device refuses: {en} (QnRtn={})", result.number()),
            );
            let hint = Said::new(
                "部分设备按仪表对时，请填写仪表因子编码（PolId）后重新下发",
                "some devices keep a clock for each instrument: fill in its factor (PolId) and send the command again",
            );
            said.and((of_the_clock && !request_has_factor).then_some(hint))
        }
        ControlFault::NoAnswer { sent, .. } => Said::new(
            format!("下发 {sent} 次，设备均无应答"),
            format!("Sent {sent} times, and the device did not answer"),
        ),
        ControlFault::Gone { .. } => {
            Said::new("执行途中设备断开连接", "The connection of the device ended before the command did")
        }
        ControlFault::Unwritable(fault) => {
            let (zh, en) = unwritable(fault);
            Said::new(format!("参数不能写入报文：{zh}"), format!("A parameter cannot stand in a packet: {en}"))
        }
    }
}

/// What `QnRtn` says, by the table of return values of HJ 212-2017.
fn meaning(result: RequestResult) -> (&'static str, &'static str) {
    match result {
        RequestResult::Accepted => ("准备执行", "it will execute"),
        RequestResult::Refused => ("请求被拒绝", "refused"),
        RequestResult::PasswordError => ("密码错误", "wrong password"),
        RequestResult::MnError => ("设备标识错误", "wrong MN"),
        RequestResult::StError => ("系统编码错误", "wrong ST"),
        RequestResult::FlagError => ("标志错误", "wrong flag"),
        RequestResult::QnError => ("请求编码错误", "wrong QN"),
        RequestResult::CnError => ("命令编码错误", "it does not know the command"),
        RequestResult::CrcError => ("校验错误，或设备忙", "wrong check, or busy"),
        RequestResult::Unknown | RequestResult::Other(_) => ("原因不明", "it does not say why"),
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
        Self { orders: Orders::of(ledger, "gateway"), stations, switchboard, patience }
    }

    /// Looks every second; never ends.
    pub async fn run(self) {
        if !self.orders.are_taken() {
            return;
        }
        let mut turns = tokio::time::interval(LOOK);
        turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // Nothing is sent before: later, what is being sent by this program could not be told from what was being sent by the one before.
        loop {
            turns.tick().await;
            if self.close_interrupted().await.is_ok() {
                break;
            }
        }
        loop {
            turns.tick().await;
            let Ok(due) = self.orders.due(DeviceCommandState::Asked, DeviceCommand::asked_at()).await else { continue };
            for record in due {
                if let Some(record) = self.begin(record).await {
                    let commander = self.clone();
                    tokio::spawn(async move {
                        let (own, asked) = (commander.clone(), record.clone());
                        let carried_out = tokio::spawn(async move { own.carry_out(&asked).await });
                        // A fault of the program must not leave the command as if it were still being sent.
                        let result = carried_out.await.unwrap_or(Err(NotDone::Interrupted));
                        commander.close(record, result).await;
                    });
                }
            }
        }
    }

    /// Closes what was being sent when the program ended.
    async fn close_interrupted(&self) -> Result<(), Unread> {
        for record in self.orders.waiting(DeviceCommandState::Sent).await? {
            self.close(record, Err(NotDone::Interrupted)).await;
        }
        Ok(())
    }

    /// Marks a command as sent before it is: it is not sent twice.
    async fn begin(&self, record: Record) -> Option<Record> {
        self.orders.step(record, DeviceCommandStep::Send, Changes::none()).await
    }

    async fn carry_out(&self, record: &Record) -> Result<Outcome, NotDone> {
        // The time that a device is given is that of the sending, not of the entering.
        let now = self.orders.ledger().now();
        let command = DeviceCommand::read(record).map_err(NotDone::Unreadable)?;
        let request = request(&command, now)?;
        let station = command.fields.station.into_number();
        let mn = self.stations.mn_of(&station).ok_or_else(|| NotDone::NoDevice(station.clone()))?;
        let device = self.stations.device(&mn).ok_or(NotDone::NoDevice(station))?;
        Ok(self.switchboard.ask(&device, &request, now, self.patience).await?)
    }

    async fn close(&self, record: Record, result: Result<Outcome, NotDone>) {
        let (step, changes) = outcome(&record, &result);
        self.orders.step_now(record.number, step, changes).await;
    }
}

/// A text with something in it.
fn filled(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// The request that a record asks for.
fn request(command: &DeviceCommand, now: Timestamp) -> Result<Request, NotDone> {
    let factor =
        || filled(&command.factor).map(|code| hj212::factor_code(code).into_owned()).ok_or(NotDone::Missing(FACTOR));
    let info = || filled(&command.info_id).map(str::to_owned).ok_or(NotDone::Missing(INFO));
    let interval = || command.interval.ok_or(NotDone::Missing(INTERVAL));
    let time = |at: Option<Timestamp>| at.map(intake::data_time_text);
    let history = |history: History| {
        let begin = time(command.begin_at).ok_or(NotDone::Missing(BEGIN))?;
        let end = time(command.end_at).ok_or(NotDone::Missing(END))?;
        Ok::<_, NotDone>(Request::GetHistory { history, begin, end })
    };
    Ok(match &command.command {
        DeviceOrder::GetTime => Request::GetTime { pol_id: factor().ok() },
        DeviceOrder::SetTime => Request::SetTime { pol_id: factor().ok(), time: intake::data_time_text(now) },
        DeviceOrder::GetRealtimeInterval => Request::GetRealtimeInterval,
        DeviceOrder::SetRealtimeInterval => {
            Request::SetRealtimeInterval { seconds: interval()?.try_into().map_err(|_| NotDone::Missing(INTERVAL))? }
        }
        DeviceOrder::GetMinuteInterval => Request::GetMinuteInterval,
        DeviceOrder::SetMinuteInterval => {
            Request::SetMinuteInterval { minutes: interval()?.try_into().map_err(|_| NotDone::Missing(INTERVAL))? }
        }
        DeviceOrder::StartRealtime => Request::StartRealtime,
        DeviceOrder::StopRealtime => Request::StopRealtime,
        DeviceOrder::GetMinutes => history(History::Minute)?,
        DeviceOrder::GetHours => history(History::Hour)?,
        DeviceOrder::GetDays => history(History::Day)?,
        DeviceOrder::CalibrateZero => Request::Calibrate { pol_id: factor()?, span: false },
        DeviceOrder::CalibrateSpan => Request::Calibrate { pol_id: factor()?, span: true },
        DeviceOrder::SampleNow => Request::SampleNow { pol_id: factor()? },
        DeviceOrder::Clean => Request::Clean { pol_id: factor()? },
        DeviceOrder::KeepSample => Request::KeepSample,
        DeviceOrder::GetDeviceId => Request::GetDeviceId { pol_id: factor()? },
        DeviceOrder::GetInformation => Request::GetInformation {
            pol_id: factor()?,
            info_id: info()?,
            begin: time(command.begin_at),
            end: time(command.end_at),
        },
        DeviceOrder::SetInformation => Request::SetInformation {
            pol_id: factor()?,
            info_id: info()?,
            value: filled(&command.value).map(str::to_owned).ok_or(NotDone::Missing(VALUE))?,
        },
        DeviceOrder::Another(_) => return Err(NotDone::Missing(COMMAND)),
    })
}

/// The step that closes a command, and what it enters.
fn outcome(record: &Record, result: &Result<Outcome, NotDone>) -> (DeviceCommandStep, Changes<DeviceCommand>) {
    let answered = |answer: String, attempts: u32| {
        Changes::none()
            .with(DeviceCommand::answer(), &Some(answer))
            .with(DeviceCommand::attempts(), &Some(i64::from(attempts)))
    };
    match result {
        Ok(outcome) => {
            let done = matches!(outcome.execution, None | Some(ExecutionResult::Success));
            let answer = ended(outcome).and(brought(outcome)).text();
            let step = if done { DeviceCommandStep::Finish } else { DeviceCommandStep::Fail };
            let changes = answered(answer, outcome.sent).with(DeviceCommand::qn(), &Some(outcome.qn.clone()));
            (step, changes)
        }
        Err(fault) => {
            let attempts = match fault {
                NotDone::Control(ControlFault::NoAnswer { sent, .. }) => *sent,
                NotDone::Control(ControlFault::Refused { .. } | ControlFault::Gone { .. }) => 1,
                _ => 0,
            };
            let asked = DeviceCommand::read(record).ok();
            let of_the_clock = asked
                .as_ref()
                .is_some_and(|asked| matches!(asked.command, DeviceOrder::GetTime | DeviceOrder::SetTime));
            let has_factor = asked.as_ref().is_some_and(|asked| filled(&asked.factor).is_some());
            let said = explanation(fault, has_factor, of_the_clock);
            (DeviceCommandStep::Fail, answered(said.text(), attempts))
        }
    }
}

/// How the device said that it ended.
fn ended(outcome: &Outcome) -> Said {
    match outcome.execution {
        Some(ExecutionResult::Success) => Said::new("执行成功（ExeRtn=1）", "Done (ExeRtn=1)"),
        Some(ExecutionResult::NoData) => {
            Said::new("设备没有所要的数据（ExeRtn=100）", "The device has none of the data (ExeRtn=100)")
        }
        Some(other) => {
            let number = other.number();
            Said::new(format!("执行未成功（ExeRtn={number}）"), format!("Not done (ExeRtn={number})"))
        }
        None if outcome.command == "2011" || outcome.command == "2021" => {
            Said::new("设备已接受（QnRtn=1）", "The device accepted it (QnRtn=1)")
        }
        None => Said::new("设备已接受，未报告执行结果", "The device accepted it and did not say how it ended"),
    }
}

/// What the device sent: how many measurements, and of when (they are taken like any other); anything else in full.
fn brought(outcome: &Outcome) -> Option<Said> {
    if !outcome.command.starts_with('2') {
        let items: Vec<String> = items(outcome).map(|(key, value)| format!("{key}={value}")).collect();
        return (!items.is_empty()).then(|| Said::new(items.join("，"), items.join(", ")));
    }
    if matches!(outcome.command, "2011" | "2012" | "2021" | "2022") {
        return None;
    }
    if outcome.packets == 0 {
        return Some(Said::new("没有收到数据", "no data came"));
    }
    let is_value = |key: &str| key.rsplit_once('-').is_some_and(|(_, suffix)| !suffix.eq_ignore_ascii_case("Flag"));
    let values = items(outcome).filter(|(key, _)| is_value(key)).count();
    let mut times: Vec<&str> =
        items(outcome).filter(|(key, _)| key.eq_ignore_ascii_case("DataTime")).map(|(_, time)| time.as_str()).collect();
    times.sort_unstable();
    let packets = outcome.packets;
    let said = Said::new(
        format!("收到 {packets} 个报文、{values} 个数据"),
        format!("{packets} packets with {values} values came"),
    );
    let span = times.first().zip(times.last());
    Some(said.and(
        span.map(|(first, last)| Said::new(format!("数据时间 {first} 至 {last}"), format!("of {first} to {last}"))),
    ))
}

fn items(outcome: &Outcome) -> impl Iterator<Item = &(String, String)> {
    outcome.data.iter().flat_map(|message| message.cp.iter().flatten())
}

#[cfg(test)]
mod tests;
