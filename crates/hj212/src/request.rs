//! What the centre may ask of a device, typed: one [`Request`] for each common command, and what a device says to it.

use crate::{Edition, ExecutionResult, Flag, Message, Packet, RequestResult};

/// Which stored data a history request wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum History {
    /// 2051.
    Minute,
    /// 2061.
    Hour,
    /// 2031.
    Day,
    /// 2041: running hours of equipment.
    RunTime,
}

impl History {
    /// The command that asks for it and brings it.
    pub const fn command(self) -> &'static str {
        match self {
            History::Minute => "2051",
            History::Hour => "2061",
            History::Day => "2031",
            History::RunTime => "2041",
        }
    }
}

/// A question or an order of the centre. Times are `YYYYMMDDhhmmss` of Beijing.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Request {
    /// 1000: seconds to wait for an answer, and how often to send again.
    SetTimeouts {
        /// Seconds.
        over_time: u8,
        /// Times.
        re_count: u8,
    },
    /// 1011: the clock of the logger, or of one instrument.
    GetTime {
        /// Factor of the instrument.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pol_id: Option<String>,
    },
    /// 1012: set the clock.
    SetTime {
        /// Factor of the instrument; the logger itself if there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pol_id: Option<String>,
        /// The time.
        time: String,
    },
    /// 1061.
    GetRealtimeInterval,
    /// 1062: 30 to 3600 seconds.
    SetRealtimeInterval {
        /// Seconds.
        seconds: u16,
    },
    /// 1063.
    GetMinuteInterval,
    /// 1064.
    SetMinuteInterval {
        /// Minutes.
        minutes: u8,
    },
    /// 1072.
    SetPassword {
        /// Six characters.
        password: String,
    },
    /// 2011.
    StartRealtime,
    /// 2012, a notice.
    StopRealtime,
    /// 2021.
    StartStates,
    /// 2022, a notice.
    StopStates,
    /// 2051, 2061, 2031, 2041: send stored data again.
    GetHistory {
        /// Which.
        history: History,
        /// From.
        begin: String,
        /// To.
        end: String,
    },
    /// 3011: zero (0) or span (1) calibration.
    Calibrate {
        /// Factor of the instrument.
        pol_id: String,
        /// Whether span in place of zero (2025).
        #[serde(default)]
        span: bool,
    },
    /// 3012: take a sample and measure now.
    SampleNow {
        /// Factor of the instrument.
        pol_id: String,
    },
    /// 3013: clean, blow back.
    Clean {
        /// Factor of the instrument.
        pol_id: String,
    },
    /// 3015 (2017), 3022 (2025): keep a sample in its bottle.
    KeepSample,
    /// 3019: unique number of an instrument.
    GetDeviceId {
        /// Factor of the instrument.
        pol_id: String,
    },
    /// 3020: log (`i11001`), state (`i12001`…), parameter (`i13001`…).
    GetInformation {
        /// Factor of the instrument.
        pol_id: String,
        /// Which information.
        info_id: String,
        /// From; only logs are asked for by time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        begin: Option<String>,
        /// To.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<String>,
    },
    /// 3021: set a parameter.
    SetInformation {
        /// Factor of the instrument.
        pol_id: String,
        /// Which parameter.
        info_id: String,
        /// Its new value.
        value: String,
    },
}

/// Who is asked, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addressee<'a> {
    /// MN of the device.
    pub mn: &'a str,
    /// Its password.
    pub password: &'a str,
    /// Its system code.
    pub st: &'a str,
    /// The edition that it speaks.
    pub edition: Edition,
}

impl Request {
    /// The command code.
    pub fn command(&self, edition: Edition) -> &'static str {
        match self {
            Request::SetTimeouts { .. } => "1000",
            Request::GetTime { .. } => "1011",
            Request::SetTime { .. } => "1012",
            Request::GetRealtimeInterval => "1061",
            Request::SetRealtimeInterval { .. } => "1062",
            Request::GetMinuteInterval => "1063",
            Request::SetMinuteInterval { .. } => "1064",
            Request::SetPassword { .. } => "1072",
            Request::StartRealtime => "2011",
            Request::StopRealtime => "2012",
            Request::StartStates => "2021",
            Request::StopStates => "2022",
            Request::GetHistory { history, .. } => history.command(),
            Request::Calibrate { .. } => "3011",
            Request::SampleNow { .. } => "3012",
            Request::Clean { .. } => "3013",
            Request::KeepSample if edition == Edition::Of2025 => "3022",
            Request::KeepSample => "3015",
            Request::GetDeviceId { .. } => "3019",
            Request::GetInformation { .. } => "3020",
            Request::SetInformation { .. } => "3021",
        }
    }

    /// Whether one 9013 ends the exchange, in place of 9011 and 9012.
    pub fn is_notice(&self) -> bool {
        matches!(self, Request::StopRealtime | Request::StopStates)
    }

    /// Whether the exchange is over when the device has accepted: what it then sends is sent until it is told to stop.
    pub fn ends_when_accepted(&self) -> bool {
        matches!(self, Request::StartRealtime | Request::StartStates)
    }

    /// The packet that asks it. `qn` (17 digits, the time of asking) names the exchange: what the device answers repeats it.
    ///
    /// ```
    /// use hj212::{Addressee, Edition, Request};
    /// let device = Addressee { mn: "010000A8900016F000169DC0", password: "100000", st: "32", edition: Edition::Of2017 };
    /// let packet = Request::SetRealtimeInterval { seconds: 30 }.message(device, "20160801085857223").encode()?;
    /// assert_eq!(packet, b"##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&1C80\r\n");
    /// # Ok::<(), hj212::EncodeError>(())
    /// ```
    pub fn message(&self, to: Addressee<'_>, qn: &str) -> Message {
        let version = match to.edition {
            Edition::Of2005 => 0,
            Edition::Of2017 => 1,
            Edition::Of2025 => 2,
            Edition::Unknown(version) => version,
        };
        let mut message = Message {
            qn: Some(qn.to_owned()),
            pw: Some(to.password.to_owned()),
            ..Message::new(to.st, self.command(to.edition), to.mn, Flag::new(version, false, true))
        };
        message.cp = self.parameters(to.edition).into_iter().map(|(key, value)| vec![(key, value)]).collect();
        message
    }

    fn parameters(&self, edition: Edition) -> Vec<(String, String)> {
        let item = |key: &str, value: String| Some((key.to_owned(), value));
        let pol = |pol_id: &Option<String>| pol_id.clone().map(|pol_id| ("PolId".to_owned(), pol_id));
        let items = match self {
            Request::SetTimeouts { over_time, re_count } => {
                vec![item("OverTime", over_time.to_string()), item("ReCount", re_count.to_string())]
            }
            Request::GetTime { pol_id } => vec![pol(pol_id)],
            Request::SetTime { pol_id, time } => vec![pol(pol_id), item("SystemTime", time.clone())],
            Request::SetRealtimeInterval { seconds } => vec![item("RtdInterval", seconds.to_string())],
            Request::SetMinuteInterval { minutes } => vec![item("MinInterval", minutes.to_string())],
            Request::SetPassword { password } => vec![item("NewPW", password.clone())],
            Request::GetHistory { begin, end, .. } => {
                vec![item("BeginTime", begin.clone()), item("EndTime", end.clone())]
            }
            Request::Calibrate { pol_id, span } => {
                let kind = (edition == Edition::Of2025).then(|| u8::from(*span).to_string());
                vec![item("PolId", pol_id.clone()), kind.and_then(|kind| item("CalibrationType", kind))]
            }
            Request::SampleNow { pol_id } | Request::Clean { pol_id } | Request::GetDeviceId { pol_id } => {
                vec![item("PolId", pol_id.clone())]
            }
            Request::GetInformation { pol_id, info_id, begin, end } => vec![
                item("PolId", pol_id.clone()),
                item("InfoId", info_id.clone()),
                begin.clone().and_then(|begin| item("BeginTime", begin)),
                end.clone().and_then(|end| item("EndTime", end)),
            ],
            Request::SetInformation { pol_id, info_id, value } => {
                vec![
                    item("PolId", pol_id.clone()),
                    item("InfoId", info_id.clone()),
                    item(&format!("{info_id}-Info"), value.clone()),
                ]
            }
            Request::GetRealtimeInterval
            | Request::GetMinuteInterval
            | Request::StartRealtime
            | Request::StopRealtime
            | Request::StartStates
            | Request::StopStates
            | Request::KeepSample => Vec::new(),
        };
        items.into_iter().flatten().collect()
    }
}

/// What a device says to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// 9011: whether it will do it.
    Request(RequestResult),
    /// 9012: how it went.
    Execution(ExecutionResult),
    /// 9013: the notice was received.
    Notice,
    /// 9014: the data were received.
    Data,
}

impl Reply {
    /// The reply that a packet is; `None` if it is none. A return code that is missing or no number is read as failure.
    pub fn read(packet: &Packet<'_>) -> Option<Reply> {
        let number =
            |key| packet.value(key).and_then(|text| std::str::from_utf8(text).ok()?.trim().parse::<u16>().ok());
        Some(match packet.cn {
            "9011" => Reply::Request(number("QnRtn").map_or(RequestResult::Unknown, RequestResult::from_number)),
            "9012" => Reply::Execution(number("ExeRtn").map_or(ExecutionResult::Failed, ExecutionResult::from_number)),
            "9013" => Reply::Notice,
            "9014" => Reply::Data,
            _ => return None,
        })
    }

    /// The request number that a packet answers: in its header, or inside CP as the edition of 2005 has it.
    pub fn answers<'a>(packet: &Packet<'a>) -> Option<&'a str> {
        packet.qn.or_else(|| packet.value("QN").and_then(|text| std::str::from_utf8(text).ok()))
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;
    use crate::{Event, Mode, packets};

    const TO: Addressee<'_> = Addressee { mn: "M1", password: "123456", st: "32", edition: Edition::Of2017 };

    fn cp(request: &Request, edition: Edition) -> String {
        let bytes = request.message(Addressee { edition, ..TO }, "20240601085857223").encode().unwrap();
        match packets(&bytes, Mode::Strict).next() {
            Some(Event::Packet { packet, .. }) => {
                format!("{} {}", packet.cn, String::from_utf8_lossy(packet.cp()))
            }
            other => panic!("{other:?}"),
        }
    }

    #[test_case(Request::SetTimeouts { over_time: 5, re_count: 3 }, "1000 OverTime=5;ReCount=3")]
    #[test_case(Request::GetTime { pol_id: None }, "1011 ")]
    #[test_case(Request::SetTime { pol_id: Some("w01018".into()), time: "20240601085857".into() }, "1012 PolId=w01018;SystemTime=20240601085857")]
    #[test_case(Request::SetMinuteInterval { minutes: 10 }, "1064 MinInterval=10")]
    #[test_case(Request::GetHistory { history: History::Hour, begin: "20240601000000".into(), end: "20240601230000".into() }, "2061 BeginTime=20240601000000;EndTime=20240601230000")]
    #[test_case(Request::Calibrate { pol_id: "w01018".into(), span: true }, "3011 PolId=w01018")]
    #[test_case(Request::KeepSample, "3015 ")]
    #[test_case(Request::GetInformation { pol_id: "w01018".into(), info_id: "i13004".into(), begin: None, end: None }, "3020 PolId=w01018;InfoId=i13004")]
    #[test_case(Request::SetInformation { pol_id: "w01018".into(), info_id: "i13004".into(), value: "168.0".into() }, "3021 PolId=w01018;InfoId=i13004;i13004-Info=168.0")]
    fn asked_as_2017_has_it(request: Request, expected: &str) {
        assert_eq!(cp(&request, Edition::Of2017), expected);
    }

    #[test]
    fn what_2025_changed() {
        assert_eq!(cp(&Request::KeepSample, Edition::Of2025), "3022 ");
        let calibrate = Request::Calibrate { pol_id: "a21026".into(), span: true };
        assert_eq!(cp(&calibrate, Edition::Of2025), "3011 PolId=a21026;CalibrationType=1");
    }

    #[test_case("9011", "QnRtn=1", Some(Reply::Request(RequestResult::Accepted)))]
    #[test_case("9011", "QnRtn=x", Some(Reply::Request(RequestResult::Unknown)))]
    #[test_case("9012", "ExeRtn=100", Some(Reply::Execution(ExecutionResult::NoData)))]
    #[test_case("9012", "Something=1", Some(Reply::Execution(ExecutionResult::Failed)))]
    #[test_case("2011", "DataTime=20240601085857", None)]
    fn replies_are_read(cn: &str, item: &str, expected: Option<Reply>) {
        let (key, value) = item.split_once('=').unwrap();
        let bytes = Message::new("91", cn, "M1", Flag(4)).group([("QN", "20240601085857223"), (key, value)]).encode();
        let bytes = bytes.unwrap();
        let Some(Event::Packet { packet, .. }) = packets(&bytes, Mode::Tolerant).next() else { panic!("good") };
        assert_eq!(Reply::read(&packet), expected);
        assert_eq!(Reply::answers(&packet), Some("20240601085857223"), "as 2005 has it, inside CP");
    }
}
