//! Calls administrators when somebody guesses passwords, or a device has two lines.

use std::collections::VecDeque;
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
    let mut waiting = Waiting::default();
    let mut turns = tokio::time::interval(AGAIN);
    let mut faults = Faults::default();
    loop {
        let notice = tokio::select! {
            alarm = lines.recv() => alarm.map(|alarm| of_line(&alarm)),
            guess = guesses.recv() => guess.map(|guess| of_guess(&guess)),
            _ = turns.tick() => {
                waiting.turn(|notice| put(&calling, notice), &mut faults).await;
                continue;
            }
        };
        match notice {
            Ok(notice) => {
                let called = put(&calling, notice.clone()).await;
                let is_kept = called.is_ok() || waiting.keep(notice);
                if is_kept {
                    faults.note(CALLED, &called);
                }
                if called.is_ok() || !is_kept {
                    faults.note(LOST, &called);
                }
            }
            // What was missed stands on the pages.
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

/// What fails.
const CALLED: &str = "administrators could not be called, which is tried again";
/// What fails where no more can wait.
const LOST: &str = "administrators are not called, too many calls wait already";

/// Notices that the outbox has not taken.
#[derive(Default)]
struct Waiting(VecDeque<Notice>);

impl Waiting {
    /// Whether there is room for one more.
    fn keep(&mut self, notice: Notice) -> bool {
        let has_room = self.0.len() < WAITING;
        if has_room {
            self.0.push_back(notice);
        }
        has_room
    }

    /// Puts them in until one is refused; that one waits behind the others.
    async fn turn<P>(&mut self, mut put: impl FnMut(Notice) -> P, faults: &mut Faults)
    where
        P: Future<Output = anyhow::Result<()>>,
    {
        while let Some(notice) = self.0.pop_front() {
            let called = put(notice.clone()).await;
            faults.note(CALLED, &called);
            if called.is_err() {
                self.0.push_back(notice);
                return;
            }
        }
    }
}

/// Puts a notice in.
async fn put(calling: &Calling, notice: Notice) -> anyhow::Result<()> {
    let calling = calling.clone();
    joined(tokio::task::spawn_blocking(move || calling.administrators(notice)).await)
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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::future::ready;

    use super::*;

    fn notice(number: usize) -> Notice {
        of_guess(&Guess { name: number.to_string(), from: "203.0.113.9".into(), at: jiff::Timestamp::UNIX_EPOCH })
    }

    #[tokio::test]
    async fn a_full_disk_of_notices_is_met_once_in_a_turn_and_what_waits_is_put_in_later() {
        let (mut waiting, mut faults) = (Waiting::default(), Faults::default());
        let kept: Vec<bool> = (0..WAITING + 2).map(|number| waiting.keep(notice(number))).collect();
        assert_eq!(kept.iter().filter(|kept| !**kept).count(), 2, "they are lost, and said to be");
        let tried = RefCell::new(0);
        let full = |_| {
            *tried.borrow_mut() += 1;
            ready(Err(anyhow::anyhow!("database or disk is full")))
        };
        waiting.turn(full, &mut faults).await;
        assert_eq!((*tried.borrow(), waiting.0.len()), (1, WAITING));
        // One that is refused for a reason of its own holds up no other.
        let put = RefCell::new(Vec::new());
        let but_one = |given: Notice| {
            let is_refused = given == notice(1);
            ready((!is_refused).then(|| put.borrow_mut().push(given)).ok_or_else(|| anyhow::anyhow!("refused")))
        };
        waiting.turn(&but_one, &mut faults).await;
        waiting.turn(&but_one, &mut faults).await;
        assert_eq!((put.borrow().len(), waiting.0.len()), (WAITING - 1, 1));
    }
}
