//! Who may report.

use std::collections::HashMap;
use std::sync::Arc;

use bilan_telemetry::Device;
use subtle::ConstantTimeEq;

/// Knows devices by their MN. Asked for every packet: answer from memory.
pub trait DeviceDirectory: Send + Sync {
    /// The device with this MN, if it may report.
    fn device(&self, mn: &str) -> Option<Arc<Device>>;
}

impl<D: DeviceDirectory + ?Sized> DeviceDirectory for Arc<D> {
    fn device(&self, mn: &str) -> Option<Arc<Device>> {
        (**self).device(mn)
    }
}

/// A directory that does not change.
#[derive(Debug, Clone, Default)]
pub struct FixedDirectory(HashMap<String, Arc<Device>>);

impl FixedDirectory {
    /// Of these devices.
    pub fn new(devices: impl IntoIterator<Item = Device>) -> FixedDirectory {
        FixedDirectory(devices.into_iter().map(|device| (device.mn.clone(), Arc::new(device))).collect())
    }
}

impl DeviceDirectory for FixedDirectory {
    fn device(&self, mn: &str) -> Option<Arc<Device>> {
        self.0.get(mn).cloned()
    }
}

/// What the papers that a packet shows are worth.
pub(crate) enum Identity {
    Known(Arc<Device>),
    Unknown,
    WrongPassword,
}

/// Looks a device up and compares its password in constant time.
pub(crate) fn identify(directory: &dyn DeviceDirectory, mn: &str, password: Option<&str>) -> Identity {
    match directory.device(mn) {
        None => Identity::Unknown,
        Some(device) => {
            let same = device.password.as_bytes().ct_eq(password.unwrap_or("").as_bytes());
            if bool::from(same) { Identity::Known(device) } else { Identity::WrongPassword }
        }
    }
}
