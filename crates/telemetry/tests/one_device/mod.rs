//! One device at a water station, and a store that warns when its oxygen is low.

use std::path::Path;
use std::sync::Arc;

use bilan_telemetry::{Device, Receipt, Store, Submission, rules};
use hj212::{Event, Message, Mode, packets};
use jiff::Timestamp;

const LOW_OXYGEN: &str = r#"
[low_oxygen]
label = { zh = "溶解氧偏低", en = "Low oxygen" }
stations = "water"
factor = "w01009"
op = "<"
threshold = 2
level = "alarm"
message = { zh = "{station}{value}", en = "{station} {value}" }
"#;

/// A store with that rule and further ones.
pub fn open(folder: &Path, further: &str) -> Store {
    let rules = rules::parse("test.toml", &format!("{LOW_OXYGEN}{further}")).expect("good rules");
    Store::open(&folder.join("observations.db"), rules).expect("opened")
}

/// The device.
pub fn device() -> Arc<Device> {
    Arc::new(Device::new("M1", "123456", "W1", "圭塘河站", "water"))
}

/// A message of a device, as it comes in at a moment.
pub fn submission(message: &Message, device: Arc<Device>, at: Timestamp) -> Submission {
    let bytes = message.encode().expect("a clean message");
    let Some(Event::Packet { packet, .. }) = packets(&bytes, Mode::Tolerant).next() else { panic!("a good packet") };
    Submission::new(&packet, device, "127.0.0.1:1", at)
}

/// The device sends a message, which comes in at a moment and is stored.
pub fn append(store: &Store, message: &Message, at: Timestamp) -> Receipt {
    store.append_blocking(submission(message, device(), at)).expect("stored")
}
