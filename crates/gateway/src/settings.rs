//! Limits of the gateway. All of them are configuration.

use std::time::Duration;

use bilan_admission::TrustedProxies;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Patience;

/// Limits for devices and their connections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Connections at the same time; further ones are closed at once.
    pub max_connections: usize,
    /// Connections of one address at the same time; further ones are closed at once. Many devices may share the address of a mobile network.
    pub max_per_address: usize,
    /// Whether trusted balancers write the address of the device before its first byte (PROXY protocol, version 1 or 2).
    pub proxy_protocol: bool,
    /// Who is believed then; the part `trusted_proxies` of the configuration.
    #[serde(skip)]
    pub trusted_proxies: TrustedProxies,
    /// Seconds within which the first byte must come.
    pub first_byte_s: u64,
    /// Seconds for which a line may be silent before another address that shows the same MN and password is given the commands of the device.
    pub line_quiet_s: i64,
    /// Seconds without a byte after which a connection is closed. Devices that report every hour keep it open by heartbeats, or come again.
    pub idle_s: u64,
    /// Seconds within which a packet that has begun must be whole.
    pub packet_s: u64,
    /// Milliseconds after which a packet without CR LF is taken as whole.
    pub tail_ms: u64,
    /// Faults in a row (or bytes of noise in units of 4096) after which a connection is closed. A good packet sets the count back.
    pub max_faults: u32,
    /// Packets of one connection that may wait for the disk; beyond it nothing more is read from it.
    pub max_unanswered: usize,
    /// Seconds for an answer to be taken by the device; one that reads nothing is closed.
    pub write_s: u64,
    /// Bytes of a faulty packet that are kept.
    pub quarantined_bytes: usize,
    /// Packets that one connection may put into quarantine; further ones are only counted.
    pub quarantined_per_connection: u32,
    /// Seconds by which a device's clock may differ before it is said so.
    pub clock_skew_s: i64,
    /// Seconds in which a device must answer a request before it is sent again.
    pub answer_s: u64,
    /// How often a request is sent again.
    pub resends: u32,
    /// Seconds in which a device must say how a request ended; begins anew with each frame of data.
    pub execution_s: u64,
    /// Whether a device that asks for the time (1013) is given it (1012).
    pub set_time_when_asked: bool,
    /// Whether deviations from the standard's text are refused.
    pub strict: bool,
}

impl Settings {
    /// How long devices are waited for when they are asked.
    pub fn patience(&self) -> Patience {
        Patience {
            answer: Duration::from_secs(self.answer_s),
            execution: Duration::from_secs(self.execution_s),
            resends: self.resends,
        }
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            max_connections: 60_000,
            max_per_address: 5000,
            proxy_protocol: false,
            trusted_proxies: TrustedProxies::default(),
            first_byte_s: 300,
            line_quiet_s: 300,
            idle_s: 7200,
            packet_s: 30,
            tail_ms: 200,
            max_faults: 20,
            max_unanswered: 64,
            write_s: 30,
            quarantined_bytes: 4096,
            quarantined_per_connection: 100,
            clock_skew_s: 600,
            answer_s: 5,
            resends: 3,
            execution_s: 60,
            set_time_when_asked: true,
            strict: false,
        }
    }
}
