//! A demonstration without devices, in a process of its own.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The running program; killed when dropped, as a power cut would.
pub struct Server {
    pub child: Child,
    /// Address of the pages: `http://127.0.0.1:40111/`.
    pub pages: String,
    /// Host and port to which devices connect.
    pub devices: String,
}

impl Server {
    /// Starts it on ports of its own and waits until it serves.
    pub fn start(data: &Path) -> Self {
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("bilan"))
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
            .args(["demo", "--quiet-devices", "--http", "127.0.0.1:0", "--devices", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (mut pages, mut devices) = (String::new(), String::new());
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some(rest) = line.strip_prefix("devices: ") {
                devices = rest.split(' ').next().unwrap().to_owned();
            }
            if let Some(rest) = line.strip_prefix("ready: ") {
                pages = rest.to_owned();
                break;
            }
        }
        assert!(!pages.is_empty() && !devices.is_empty(), "the program says where it serves");
        Self { child, pages, devices }
    }

    /// Host and port of the pages.
    pub fn host(&self) -> &str {
        self.pages.trim_start_matches("http://").trim_end_matches('/')
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
