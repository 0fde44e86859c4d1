//! Commands to devices (设备反控指令).

use jiff::Timestamp;

use super::StationRecord;
use crate::contract::{Refers, choices, view};

choices! {
    /// What a device is asked to do (HJ 212).
    DeviceOrder {
        /// Say its time (1011).
        GetTime = "get_time",
        /// Set its clock (1012).
        SetTime = "set_time",
        /// Say how often it sends instants (1061).
        GetRealtimeInterval = "get_realtime_interval",
        /// Send instants so often (1062).
        SetRealtimeInterval = "set_realtime_interval",
        /// Say how long its minutes are (1063).
        GetMinuteInterval = "get_minute_interval",
        /// Make its minutes so long (1064).
        SetMinuteInterval = "set_minute_interval",
        /// Send instants (2011).
        StartRealtime = "start_realtime",
        /// Send no instants (2012).
        StopRealtime = "stop_realtime",
        /// Send minutes of the past (2051).
        GetMinutes = "get_minutes",
        /// Send hours of the past (2061).
        GetHours = "get_hours",
        /// Send days of the past (2031).
        GetDays = "get_days",
        /// Calibrate zero (3011).
        CalibrateZero = "calibrate_zero",
        /// Calibrate span (3011).
        CalibrateSpan = "calibrate_span",
        /// Take a sample now (3012).
        SampleNow = "sample_now",
        /// Clean (3013).
        Clean = "clean",
        /// Keep a sample (3015).
        KeepSample = "keep_sample",
        /// Say its serial number (3019).
        GetDeviceId = "get_device_id",
        /// Send information of the field (3020).
        GetInformation = "get_information",
        /// Set a parameter of the field (3021).
        SetInformation = "set_information",
    }
}

view! {
    /// A command to a device (设备反控指令).
    DeviceCommand of "device_command", optional;
    without: "no command is sent to any device";
    fields {
        /// The station whose device is meant.
        station: Refers<StationRecord>,
        /// What it is asked to do.
        command: DeviceOrder,
        /// The instrument that is meant.
        factor: Option<String>,
        /// The interval that it shall keep.
        interval: Option<i64>,
        /// Where the history begins that it shall send.
        begin_at: Option<Timestamp>,
        /// Where the history ends that it shall send.
        end_at: Option<Timestamp>,
        /// The information that is asked for or set.
        info_id: Option<String>,
        /// The value that is set.
        value: Option<String>,
        /// It is not sent before.
        asked_at: Timestamp,
        /// The number under which it was sent is entered there.
        qn: Option<String>,
        /// How often it was sent is entered there.
        attempts: Option<i64>,
        /// What the device answered is entered there.
        answer: Option<String>,
    }
    states DeviceCommandState {
        /// It waits to be sent.
        Asked = "asked",
        /// It is being sent.
        Sent = "sent",
    }
    steps DeviceCommandStep {
        /// Taken before it is sent, so that it is not sent twice.
        Send = "send" by Admin;
        /// Taken when the device has done it.
        Finish = "finish" by Admin;
        /// Taken when the device has not done it.
        Fail = "fail" by Admin
    }
}
