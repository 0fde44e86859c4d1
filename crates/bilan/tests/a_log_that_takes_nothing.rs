//! The disk under the log is full: what the program says is lost, and nothing else.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// A program that serves; killed when dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        self.0.wait().unwrap();
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Takes every connection, and no byte of what is written into it.
fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

fn serve(folder: &Path, http: SocketAddr, devices: SocketAddr) -> Server {
    let (settings, data) = (folder.join("bilan.toml"), folder.join("data"));
    fs::create_dir(&data).unwrap();
    fs::write(&settings, format!("data = {data:?}\nhttp = \"{http}\"\ndevices = \"{devices}\"\n")).unwrap();
    let child = Command::new(assert_cmd::cargo::cargo_bin!("bilan"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .env_remove("BILAN_FILES")
        .env("BILAN_LOG", "trace")
        .args(["serve", "--config", settings.to_str().unwrap()])
        .stdout(full())
        .stderr(full())
        .spawn()
        .unwrap();
    Server(child)
}

/// The first line of the answer; nothing where nobody answers.
fn answer(address: SocketAddr, request: &str) -> Option<String> {
    let mut line = TcpStream::connect(address).ok()?;
    line.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    line.read_to_string(&mut answer).ok()?;
    answer.lines().next().map(str::to_owned)
}

fn is_ready(http: SocketAddr) -> Option<String> {
    answer(http, "GET /readyz HTTP/1.1\r\nhost: bilan\r\nconnection: close\r\n\r\n")
}

/// Reports with a wrong password are kept aside by the thread that stores.
fn report(http: SocketAddr, number: usize) -> Option<String> {
    let body = format!(
        r#"{{"mn":"M{number}","password":"wrong","kind":"realtime","time":"20260504100000","values":[{{"factor":"w01001","value":7}}]}}"#
    );
    let length = body.len();
    answer(
        http,
        &format!(
            "POST /devices/report HTTP/1.1\r\nhost: bilan\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        ),
    )
}

#[test]
fn a_program_whose_log_and_output_take_nothing_serves_as_ever() {
    let folder = tempfile::tempdir().unwrap();
    let (http, devices) = (free_address(), free_address());
    let mut server = serve(folder.path(), http, devices);
    let end = Instant::now() + Duration::from_secs(120);
    while is_ready(http).as_deref() != Some("HTTP/1.1 200 OK") {
        assert_eq!(server.0.try_wait().unwrap(), None, "the program goes on");
        assert!(Instant::now() < end, "it is ready: {:?}", is_ready(http));
        std::thread::sleep(Duration::from_millis(100));
    }
    for number in 0..20 {
        // A line that sends rubbish is closed, and that is logged.
        let mut rubbish = TcpStream::connect(devices).unwrap();
        rubbish.write_all(&[b'x'; 20_000]).unwrap();
        assert_eq!(report(http, number).as_deref(), Some("HTTP/1.1 401 Unauthorized"));
    }
    assert_eq!(is_ready(http).as_deref(), Some("HTTP/1.1 200 OK"));
    assert_eq!(server.0.try_wait().unwrap(), None, "the program goes on");
}
