//! Calls administrators when somebody guesses passwords, or a device has two lines.

use std::time::Duration;

use bilan_gateway::{LineAlarm, LineAlarmKind};
use bilan_notify::{Grade, Notice, Occasion};
use bilan_web::accounts::Guess;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::calling::Calling;
use crate::faults::{Faults, joined};

/// Between two tries to put in what could not be put in.
const AGAIN: Duration = Duration::from_secs(30);
/// Notices that are tried again; what is found beyond them stands on the pages.
const WAITING: usize = 200;

/// Puts a notice into the outbox for everything that is found, without end. What the outbox does not take, because its disk
/// is full for example, is put in later.
pub async fn watch(calling: Calling, mut lines: Receiver<LineAlarm>, mut guesses: Receiver<Guess>) {
    let mut waiting = Vec::new();
    let mut turns = tokio::time::interval(AGAIN);
    let mut faults = Faults::default();
    loop {
        let notice = tokio::select! {
            alarm = lines.recv() => alarm.map(|alarm| of_line(&alarm)),
            guess = guesses.recv() => guess.map(|guess| of_guess(&guess)),
            _ = turns.tick() => {
                for notice in std::mem::take(&mut waiting) {
                    waiting.extend(put(&calling, notice, &mut faults).await);
                }
                continue;
            }
        };
        match notice {
            Ok(notice) => {
                let refused = put(&calling, notice, &mut faults).await;
                waiting.extend(refused.filter(|_| waiting.len() < WAITING));
            }
            // What was missed stands on the pages.
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

/// Puts a notice in; gives it back if that failed.
async fn put(calling: &Calling, notice: Notice, faults: &mut Faults) -> Option<Notice> {
    let (calling, given) = (calling.clone(), notice.clone());
    let called = joined(tokio::task::spawn_blocking(move || calling.administrators(given)).await);
    faults.note("administrators could not be called, which is tried again", &called);
    called.is_err().then_some(notice)
}

/// The same thing is said once an hour at most.
fn about(what: &str, who: &str, at: jiff::Timestamp) -> String {
    format!("{what}:{who}@{}", at.as_second() / 3600)
}

fn of_line(alarm: &LineAlarm) -> Notice {
    let mn = alarm.mn.as_deref();
    let from = &alarm.from;
    let (title, text) = match alarm.kind {
        LineAlarmKind::Guessing => (
            "设备密码疑似被猜测",
            match mn {
                Some(mn) => {
                    format!("{from} 对设备 {mn} 连续使用错误密码，之后的尝试已暂缓。请核对设备密码，必要时更换。")
                }
                None => format!("{from} 对多台设备连续使用错误密码，之后的尝试已暂缓。请核对来源。"),
            },
        ),
        LineAlarmKind::Doubled => {
            let first = alarm.first.as_deref().unwrap_or_default();
            let mn = mn.unwrap_or_default();
            (
                "同一设备编码有两路连接",
                format!("设备 {mn}：{first} 与 {from} 同时上报，反控命令仍发往先连接的一路。请核实是否有人冒用密码。"),
            )
        }
    };
    let what = match alarm.kind {
        LineAlarmKind::Guessing => "device_guessing",
        LineAlarmKind::Doubled => "device_doubled",
    };
    Notice {
        about: about(what, mn.unwrap_or(from), alarm.at),
        occasion: Occasion::Opened,
        grade: Grade::Warning,
        title: title.to_owned(),
        text,
        place: mn.unwrap_or(from).to_owned(),
        at: alarm.at,
        link: "/devices".to_owned(),
    }
}

fn of_guess(guess: &Guess) -> Notice {
    let Guess { name, from, at } = guess;
    Notice {
        about: about("sign_in_guessing", from, *at),
        occasion: Occasion::Opened,
        grade: Grade::Warning,
        title: "登录密码疑似被猜测".to_owned(),
        text: format!(
            "{from} 连续使用错误密码登录（最近一次的账号：{name}），之后的尝试须等待。请核对来源，必要时更换密码。"
        ),
        place: from.clone(),
        at: *at,
        link: "/accounts".to_owned(),
    }
}
