//! Names of system codes (ST), command codes (CN) and return codes. Unknown codes are kept as they are: only the names are missing.

/// Which way a command goes. Many go both ways: the request down, the data up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the centre to the device.
    Down,
    /// From the device to the centre.
    Up,
    /// Both.
    Both,
    /// An answer, either way.
    Reply,
}

/// English name of a system code, as far as an edition (or common practice) knows it.
pub fn system_name(st: &str) -> Option<&'static str> {
    Some(match st {
        "21" => "surface water quality",
        "22" => "ambient air quality",
        "23" => "acoustic environment quality",
        "24" => "groundwater quality",
        "25" => "soil quality",
        "26" => "sea water quality",
        "27" => "volatile organic compounds",
        "31" => "air pollution source",
        "32" => "surface-water pollution source",
        "33" => "groundwater pollution source",
        "34" => "marine pollution source",
        "35" => "soil pollution source",
        "36" => "noise source",
        "37" => "vibration source",
        "38" => "radioactive source",
        "39" => "construction-site dust",
        "41" => "electromagnetic source",
        "44" => "electricity-use monitoring",
        "45" => "key production conditions",
        "51" => "flue-gas process monitoring",
        "52" => "sewage process monitoring",
        "91" => "system interaction",
        _ => return None,
    })
}

/// English name and direction of a command code. Codes whose meaning changed between editions carry that of 2017.
pub fn command(cn: &str) -> Option<(&'static str, Direction)> {
    use Direction::{Both, Down, Reply, Up};
    Some(match cn {
        "1000" => ("set time-out and resend count", Down),
        "1001" => ("upload logger hardware ids", Up),
        "1002" => ("set MN", Down),
        "1011" => ("field time", Both),
        "1012" => ("set field time", Down),
        "1013" => ("ask for time calibration", Up),
        "1014" => ("SM4 key", Both),
        "1021" => ("get alarm limits", Both),
        "1022" => ("set alarm limits", Down),
        "1031" => ("get centre address", Both),
        "1032" => ("set centre address", Down),
        "1041" => ("get upload time", Both),
        "1042" => ("set upload time", Down),
        "1061" => ("real-time interval", Both),
        "1062" => ("set real-time interval", Down),
        "1063" => ("minute interval", Both),
        "1064" => ("set minute interval", Down),
        "1072" => ("set password", Down),
        "2011" => ("real-time data", Both),
        "2012" => ("stop real-time data", Down),
        "2013" => ("raw measurement data", Both),
        "2021" => ("equipment state", Both),
        "2022" => ("stop equipment state", Down),
        "2031" => ("day data", Both),
        "2041" => ("equipment run time of the day", Both),
        "2051" => ("minute data", Both),
        "2052" => ("single noise measurement", Both),
        "2061" => ("hour data", Both),
        "2062" => ("standard check data", Both),
        "2063" => ("spike recovery data", Both),
        "2064" => ("parallel sample data", Both),
        "2065" => ("zero check data", Both),
        "2066" => ("span check data", Both),
        "2071" => ("alarm records", Both),
        "2072" => ("alarm event", Up),
        "2081" => ("logger start time", Up),
        "2111" => ("furnace temperature", Up),
        "3011" => ("zero or span calibration", Down),
        "3012" => ("sample now", Down),
        "3013" => ("cleaning or back-blow", Down),
        "3014" => ("comparison sampling", Down),
        "3015" => ("keep over-limit sample", Both),
        "3016" => ("set sampling period", Down),
        "3017" => ("get sampling period", Both),
        "3018" => ("time to get a sample out", Both),
        "3019" => ("unique device id", Both),
        "3020" => ("field information", Both),
        "3021" => ("set field parameter", Down),
        "3022" => ("keep a sample now", Down),
        "3024" => ("start automatic standard check", Down),
        "9011" => ("request reply", Reply),
        "9012" => ("execution result", Reply),
        "9013" => ("notice reply", Reply),
        "9014" => ("data reply", Reply),
        "9015" => ("heartbeat", Up),
        "9021" => ("login", Up),
        "9022" => ("heartbeat of older devices", Up),
        _ => return None,
    })
}

/// Whether the centre takes a packet with this command as data from the device (answered by 9014).
pub fn is_upload(cn: &str) -> bool {
    match cn.as_bytes() {
        [b'9', ..] => false,
        b"1001" | b"1013" => false,
        b"2012" | b"2022" => false,
        [b'2', ..] => true,
        _ => matches!(command(cn), Some((_, Direction::Up | Direction::Both))),
    }
}

/// `QnRtn`: what the receiver of a request will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestResult {
    /// 1: will execute.
    Accepted,
    /// 2: refused.
    Refused,
    /// 3: wrong password.
    PasswordError,
    /// 4: wrong device id.
    MnError,
    /// 5: wrong system code.
    StError,
    /// 6: wrong flag.
    FlagError,
    /// 7: wrong request number.
    QnError,
    /// 8: unknown command.
    CnError,
    /// 9: wrong check (9 = busy in the surface-water dialect).
    CrcError,
    /// 100: unknown error.
    Unknown,
    /// Another number.
    Other(u16),
}

impl RequestResult {
    /// From the number.
    pub fn from_number(number: u16) -> RequestResult {
        match number {
            1 => RequestResult::Accepted,
            2 => RequestResult::Refused,
            3 => RequestResult::PasswordError,
            4 => RequestResult::MnError,
            5 => RequestResult::StError,
            6 => RequestResult::FlagError,
            7 => RequestResult::QnError,
            8 => RequestResult::CnError,
            9 => RequestResult::CrcError,
            100 => RequestResult::Unknown,
            other => RequestResult::Other(other),
        }
    }

    /// The number on the line.
    pub fn number(self) -> u16 {
        match self {
            RequestResult::Accepted => 1,
            RequestResult::Refused => 2,
            RequestResult::PasswordError => 3,
            RequestResult::MnError => 4,
            RequestResult::StError => 5,
            RequestResult::FlagError => 6,
            RequestResult::QnError => 7,
            RequestResult::CnError => 8,
            RequestResult::CrcError => 9,
            RequestResult::Unknown => 100,
            RequestResult::Other(other) => other,
        }
    }
}

/// `ExeRtn`: how the execution of a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecutionResult {
    /// 1: done.
    Success,
    /// 2: failed, reason unknown.
    Failed,
    /// 3: the conditions of the request are wrong.
    ConditionError,
    /// 4: time-out.
    TimedOut,
    /// 5: busy.
    Busy,
    /// 6: fault of the system.
    SystemFault,
    /// 100: no data.
    NoData,
    /// Another number.
    Other(u16),
}

impl ExecutionResult {
    /// From the number.
    pub fn from_number(number: u16) -> ExecutionResult {
        match number {
            1 => ExecutionResult::Success,
            2 => ExecutionResult::Failed,
            3 => ExecutionResult::ConditionError,
            4 => ExecutionResult::TimedOut,
            5 => ExecutionResult::Busy,
            6 => ExecutionResult::SystemFault,
            100 => ExecutionResult::NoData,
            other => ExecutionResult::Other(other),
        }
    }

    /// The number on the line.
    pub fn number(self) -> u16 {
        match self {
            ExecutionResult::Success => 1,
            ExecutionResult::Failed => 2,
            ExecutionResult::ConditionError => 3,
            ExecutionResult::TimedOut => 4,
            ExecutionResult::Busy => 5,
            ExecutionResult::SystemFault => 6,
            ExecutionResult::NoData => 100,
            ExecutionResult::Other(other) => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn return_codes_survive_the_way_there_and_back() {
        for number in 0..=120 {
            assert_eq!(RequestResult::from_number(number).number(), number);
            assert_eq!(ExecutionResult::from_number(number).number(), number);
        }
    }

    #[test]
    fn uploads_are_told_from_commands_and_notices() {
        for cn in ["2011", "2021", "2031", "2041", "2051", "2061", "2081", "3019", "3020", "1011", "2099"] {
            assert!(is_upload(cn), "{cn}");
        }
        for cn in ["1012", "1013", "1062", "2012", "3011", "9011", "9014", "9015", "9021"] {
            assert!(!is_upload(cn), "{cn}");
        }
    }
}
