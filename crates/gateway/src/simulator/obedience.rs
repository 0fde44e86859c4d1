//! What a simulated device does when the centre asks it something.

use std::time::Duration;

use bilan_telemetry::intake;
use hj212::{ExecutionResult, Flag, Message, RequestResult};
use jiff::Timestamp;
use tokio::io::AsyncWriteExt;

use super::Fault;
use super::device::{Gone, Life, Line};
use super::profile::system_code;

/// Full hours that one history request brings at most.
const MOST_HOURS: i64 = 31 * 24;

impl Life {
    /// Answers a request as HJ 212 wants it: 9011, then what was asked for, then 9012; 9013 to a notice.
    pub(super) async fn obey(&mut self, line: &mut Line, request: &Message) -> Result<(), Gone> {
        let fault = self.options.faults.of(&self.device.mn);
        if fault == Some(Fault::Silence) {
            return Ok(());
        }
        let reply = |cn: &str| Message {
            qn: request.qn.clone(),
            pw: request.pw.clone(),
            ..Message::new("91", cn, &request.mn, request.flag.unwrap_or_default().for_reply())
        };
        let accept = |result: RequestResult| reply("9011").group([("QnRtn", result.number().to_string())]);
        if matches!(request.cn.as_str(), "2012" | "2022") {
            self.reporting &= request.cn != "2012";
            return line.say(&reply("9013")).await;
        }
        let refused = match () {
            () if request.pw.as_deref() != Some(&self.device.password) => Some(RequestResult::PasswordError),
            () if request.mn != self.device.mn => Some(RequestResult::MnError),
            () if !KNOWN.contains(&request.cn.as_str()) => Some(RequestResult::CnError),
            () => None,
        };
        if let Some(result) = refused {
            return line.say(&accept(result)).await;
        }
        line.say(&accept(RequestResult::Accepted)).await?;
        let result = self.execute(line, request, fault).await?;
        if request.cn == "2011" {
            return Ok(());
        }
        line.say(&reply("9012").group([("ExeRtn", result.number().to_string())])).await
    }

    async fn execute(
        &mut self,
        line: &mut Line,
        request: &Message,
        fault: Option<Fault>,
    ) -> Result<ExecutionResult, Gone> {
        let number = |key: &str| value(request, key).and_then(|text| text.parse::<u64>().ok());
        match request.cn.as_str() {
            "1012" => {
                if matches!(fault, Some(Fault::ClockOff(_) | Fault::ClockStopped(_))) {
                    self.options.faults.clear(&self.device.mn);
                }
            }
            "1062" => match number("RtdInterval").filter(|seconds| (1..=3600).contains(seconds)) {
                Some(seconds) => self.interval = Duration::from_secs(seconds),
                None => return Ok(ExecutionResult::ConditionError),
            },
            "2011" => self.reporting = true,
            "2061" => return self.send_hours(line, request, fault).await,
            "1011" => {
                let time = intake::data_time_text(self.now(fault));
                line.say(&self.data(request, vec![("SystemTime", time)])).await?;
            }
            "1061" => {
                let seconds = self.interval.as_secs().to_string();
                line.say(&self.data(request, vec![("RtdInterval", seconds)])).await?;
            }
            "3019" => {
                let Some(pol_id) = value(request, "PolId") else { return Ok(ExecutionResult::ConditionError) };
                let key = format!("{pol_id}-SN");
                let serial = format!("{:024X}", self.device.seed);
                line.say(&self.data(request, vec![("PolId", pol_id.to_owned()), (key.as_str(), serial)])).await?;
            }
            _ => {}
        }
        Ok(ExecutionResult::Success)
    }

    async fn send_hours(
        &mut self,
        line: &mut Line,
        request: &Message,
        fault: Option<Fault>,
    ) -> Result<ExecutionResult, Gone> {
        let time = |key: &str| value(request, key).and_then(|text| intake::data_time(text.as_bytes()));
        let (Some(begin), Some(end)) = (time("BeginTime"), time("EndTime")) else {
            return Ok(ExecutionResult::ConditionError);
        };
        let now = self.now(fault);
        let first = begin.as_second().div_euclid(3600);
        let last = end.min(now).as_second().div_euclid(3600).min(first + MOST_HOURS);
        if first >= last {
            return Ok(ExecutionResult::NoData);
        }
        for hour in first..last {
            let start = Timestamp::from_second(hour * 3600).unwrap_or(now);
            let exceeding = fault == Some(Fault::Exceedance);
            let message = Message { qn: request.qn.clone(), ..self.hour(start, now, exceeding) };
            // One number for the whole exchange: each frame is told by its DataTime, and asks for no answer of its own.
            let message = Message { flag: Some(Flag::new(1, false, false)), ..message };
            for part in message.encode_split().map_err(|_| Gone)? {
                line.stream.write_all(&part).await.map_err(|_| Gone)?;
            }
        }
        Ok(ExecutionResult::Success)
    }

    fn data(&self, request: &Message, items: Vec<(&str, String)>) -> Message {
        let message = Message {
            qn: request.qn.clone(),
            pw: Some(self.device.password.clone()),
            ..Message::new(system_code(&self.device.kind), &request.cn, &self.device.mn, Flag::new(1, false, false))
        };
        items.into_iter().fold(message, |message, item| message.group([item]))
    }
}

/// What a simulated device understands: clock, intervals, history, sampling, cleaning, calibration, restart of reporting, serial numbers.
const KNOWN: [&str; 13] =
    ["1000", "1011", "1012", "1061", "1062", "2011", "2061", "3011", "3012", "3013", "3015", "3019", "3022"];

fn value<'a>(message: &'a Message, key: &str) -> Option<&'a str> {
    message.cp.iter().flatten().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

impl Line {
    async fn say(&mut self, message: &Message) -> Result<(), Gone> {
        let bytes = message.encode().map_err(|_| Gone)?;
        self.stream.write_all(&bytes).await.map_err(|_| Gone)
    }
}
