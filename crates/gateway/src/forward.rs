//! Forwarding (转发): the raw stream handed on to a second platform (the province, 省平台), every packet of every device as it came.
//!
//! The store is the queue: a mark says up to where the other platform has every packet. A packet is done with when it is answered: taken (9013, 9014) or refused
//! (9011 with another `QnRtn` than 1). One that is met with silence while others are answered is passed over after some tries; a platform that answers nothing at
//! all is waited for, without end. After a break, here or there, nothing is left out; at worst a few packets are sent twice, which HJ 212 allows for.

mod exchange;
mod state;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use bilan_telemetry::{RawPacket, Store, StoreError};
use exchange::{Answer, Broken, Exchange, Sending};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
pub use state::{ForwardFault, ForwardState, Forwarding};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::Clock;

/// Mark in the store: the last packet before which the other platform has every one.
const MARK: &str = "forwarded";

/// Where packets are handed on to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ForwardSettings {
    /// Address of the platform, `host:port`.
    pub to: String,
    /// Packets that are sent before their answers are waited for.
    pub window: usize,
    /// Seconds within which packets must be answered.
    pub answer_s: u64,
    /// Seconds between two looks for new packets.
    pub look_s: u64,
    /// Seconds that are waited after a break or a silence; doubled up to five minutes while it lasts.
    pub retry_s: u64,
    /// How often a packet is sent that is met with silence while others are answered; then it is passed over.
    pub tries: u32,
    /// A connection for each station, for platforms that take all of a connection for the station that spoke first.
    pub connection_per_station: bool,
}

impl Default for ForwardSettings {
    fn default() -> ForwardSettings {
        ForwardSettings {
            to: String::new(),
            window: 100,
            answer_s: 20,
            look_s: 2,
            retry_s: 2,
            tries: 3,
            connection_per_station: false,
        }
    }
}

/// Longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Windows of unanswered packets that are held, to find out whether the platform answers others.
const WINDOWS_HELD: usize = 20;

/// How long packets of a station are not sent at whose packets the line breaks.
const SHUNNED_FOR: Duration = Duration::from_secs(600);

/// Connections that are kept open, where each station has its own.
const MOST_LINES: usize = 500;

/// Hands packets on, without end. A platform that is heard of for the first time gets what comes from now on.
///
/// # Errors
/// If the store is closed.
pub async fn forward(
    store: Store,
    settings: ForwardSettings,
    clock: Clock,
    forwarding: Forwarding,
) -> Result<(), StoreError> {
    let mark = match store.mark(MARK)? {
        Some(mark) => mark,
        None => {
            let newest = store.last_packet_number()?;
            store.set_mark(MARK, newest).await?;
            newest
        }
    };
    let mut queue = Queue {
        pause: Duration::from_secs(settings.retry_s.max(1)),
        store,
        settings,
        clock,
        forwarding,
        mark,
        read: mark,
        held: Vec::new(),
        lines: HashMap::new(),
        unanswering: HashSet::new(),
        shunned: HashMap::new(),
        answers: 0,
        said: None,
        one_by_one: false,
    };
    loop {
        match queue.turn().await {
            Err(StoreError::Closed) => return Err(StoreError::Closed),
            Err(error) => {
                queue.say(Some(ForwardFault::Store), &Some(&error));
                queue.forwarding.change(|state| state.fault = Some(ForwardFault::Store));
                queue.rest().await;
            }
            Ok(()) => {}
        }
    }
}

/// What has been read of the store and is not done with.
struct Queue {
    store: Store,
    settings: ForwardSettings,
    clock: Clock,
    forwarding: Forwarding,
    /// As the store has it.
    mark: i64,
    /// Number of the last packet that was read.
    read: i64,
    /// Packets that are not done with, in the order in which they are sent.
    held: Vec<Sending>,
    /// Open connections, by station where each has its own.
    lines: HashMap<String, TcpStream>,
    /// Stations whose packets were passed over: theirs are sent and not waited for, until one is answered.
    unanswering: HashSet<String>,
    /// Stations at whose packets the line breaks, and until when theirs are not sent.
    shunned: HashMap<String, Instant>,
    /// Answers so far: whether the platform lives.
    answers: u64,
    /// What was said last of why packets are not handed on.
    said: Option<ForwardFault>,
    /// The line broke and nothing was answered: it is found out at which packet.
    one_by_one: bool,
    pause: Duration,
}

impl Queue {
    /// Reads on, sends what is held, and settles what became of it.
    async fn turn(&mut self) -> Result<(), StoreError> {
        self.read_on().await?;
        self.count_waiting()?;
        if self.held.is_empty() {
            sleep(Duration::from_secs(self.settings.look_s.max(1))).await;
            return Ok(());
        }
        let exchanges = self.exchange().await;
        let answered = exchanges.iter().flat_map(|exchange| &exchange.answers).flatten().count();
        self.answers += answered as u64;
        let broken = exchanges.iter().find_map(|exchange| exchange.broken.as_ref());
        let fault = broken.map(Broken::fault);
        self.say(fault, &broken);
        let mut done = false;
        for exchange in exchanges {
            done |= self.settle(exchange, answered > 0);
        }
        self.one_by_one &= !self.held.is_empty();
        let unanswering = self.unanswering.iter().cloned().collect();
        self.forwarding.change(|state| (state.fault, state.unanswering) = (fault, unanswering));
        self.move_mark().await?;
        self.count_waiting()?;
        if done {
            self.pause = Duration::from_secs(self.settings.retry_s.max(1));
        } else {
            self.rest().await;
        }
        Ok(())
    }

    /// Says when packets are not handed on, for another reason than before, and when they are again.
    fn say(&mut self, fault: Option<ForwardFault>, why: &Option<impl std::fmt::Display>) {
        if std::mem::replace(&mut self.said, fault) == fault {
            return;
        }
        let to = &self.settings.to;
        match why {
            Some(why) => tracing::warn!(to, "packets are not handed on: {why}"),
            None => tracing::info!(to, "packets are handed on again"),
        }
    }

    /// What is not done with: packets that are held, and those that were not read yet. Others behind the first of them may have been answered.
    fn count_waiting(&self) -> Result<(), StoreError> {
        let unread = u64::try_from(self.store.last_packet_number()? - self.read).unwrap_or(0);
        let waiting = self.held.len() as u64 + unread;
        self.forwarding.change(|state| state.waiting = waiting);
        Ok(())
    }

    /// Nothing was done with: the next turn is a while later.
    async fn rest(&mut self) {
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }

    /// A window more, unless too much is held, or it must be found out first at which packet the line breaks.
    async fn read_on(&mut self) -> Result<(), StoreError> {
        let window = self.settings.window.max(1);
        let finding_out = self.one_by_one && !self.held.iter().all(|sending| sending.suspected.is_some());
        if self.held.len() >= window * WINDOWS_HELD || finding_out {
            return Ok(());
        }
        let now = Instant::now();
        self.shunned.retain(|_, until| *until > now);
        let (store, last) = (self.store.clone(), self.read);
        let read = tokio::task::spawn_blocking(move || store.packets_after(last, window)).await;
        // The reader does not panic; if it were stopped, the next turn reads again.
        let Ok(read) = read else { return Ok(()) };
        for (id, RawPacket { raw, .. }) in read? {
            self.read = id;
            let sending = Sending::new(id, raw);
            if self.shunned.contains_key(&sending.mn) {
                self.forwarding.change(|state| state.passed_over += 1);
            } else {
                self.held.push(sending);
            }
        }
        Ok(())
    }

    /// Sends what is held: over one connection, or over one for each station, beside each other.
    async fn exchange(&mut self) -> Vec<Exchange> {
        let mut groups: HashMap<String, Vec<Sending>> = HashMap::new();
        self.held.sort_by_key(|sending| (sending.suspected.is_some(), sending.id));
        let later = if self.one_by_one { self.held.split_off(self.held.len().min(1)) } else { Vec::new() };
        for mut sending in std::mem::replace(&mut self.held, later) {
            sending.is_awaited = sending.qn.is_some() && !self.unanswering.contains(&sending.mn);
            let line = if self.settings.connection_per_station { sending.mn.clone() } else { String::new() };
            groups.entry(line).or_default().push(sending);
        }
        let within = Duration::from_secs(self.settings.answer_s.max(1));
        let mut running = JoinSet::new();
        for (name, packets) in groups {
            let (line, to) = (self.lines.remove(&name), self.settings.to.clone());
            running.spawn(async move { (name, exchange::run(line, &to, packets, within).await) });
        }
        let mut done = Vec::new();
        while let Some(joined) = running.join_next().await {
            // An exchange does not panic and nobody stops it.
            let Ok((name, mut exchange)) = joined else { continue };
            if let Some(line) = exchange.line.take()
                && self.lines.len() < MOST_LINES
            {
                self.lines.insert(name, line);
            }
            done.push(exchange);
        }
        done
    }

    /// Counts what was answered and takes back what was not; says whether anything is done with. `lived`: somebody answered something, so that silence means
    /// the packet and not the platform.
    fn settle(&mut self, exchange: Exchange, lived: bool) -> bool {
        let now = (self.clock)();
        let broke = matches!(exchange.broken, Some(Broken::Line(_) | Broken::Closed));
        // What was sent before an answered packet has come as well.
        let reached = exchange.answers.iter().rposition(Option::is_some);
        let alone = exchange.packets.len() == 1;
        self.one_by_one |= broke && reached.is_none();
        let (held_before, count) = (self.held.len(), exchange.packets.len());
        for (place, (mut sending, answer)) in exchange.packets.into_iter().zip(exchange.answers).enumerate() {
            let written = place < exchange.written;
            self.forwarding.change(|state| state.count(&sending, answer, written, now));
            let has_come = if broke { reached.is_some_and(|reached| place < reached) } else { written };
            if let Some(answer) = answer {
                self.unanswering.remove(&sending.mn);
                if let Answer::Refused(code) = answer {
                    tracing::info!(mn = sending.mn, qn = sending.qn, code, "the other platform refused a packet");
                }
            } else if !sending.is_awaited && has_come {
                self.forwarding.change(|state| state.passed_over += u64::from(sending.qn.is_some()));
            } else if broke && alone {
                // While others are answered, a line that breaks at one packet alone breaks because of it.
                let suspected = *sending.suspected.get_or_insert(self.answers);
                sending.tries += u32::from(self.answers > suspected);
                if self.pass_over(&sending) { self.shun(&sending.mn) } else { self.held.push(sending) }
            } else {
                sending.tries += u32::from(has_come && !broke && lived);
                if self.pass_over(&sending) {
                    self.unanswering.insert(sending.mn);
                } else {
                    self.held.push(sending);
                }
            }
        }
        self.held.len() < held_before + count
    }

    /// Sends nothing of a station for a while.
    fn shun(&mut self, mn: &str) {
        self.shunned.insert(mn.to_owned(), Instant::now() + SHUNNED_FOR);
        let before = self.held.len();
        self.held.retain(|sending| sending.mn != mn);
        let let_go = (before - self.held.len()) as u64;
        self.forwarding.change(|state| state.passed_over += let_go);
    }

    /// Whether a packet has been tried often enough; it is counted and named then.
    fn pass_over(&self, sending: &Sending) -> bool {
        let enough = sending.tries >= self.settings.tries.max(1);
        if enough {
            tracing::warn!(
                mn = sending.mn,
                qn = sending.qn,
                "the other platform does not answer a packet: it is passed over"
            );
            self.forwarding.change(|state| state.passed_over += 1);
        }
        enough
    }

    /// The mark follows: up to the first packet that is not done with.
    async fn move_mark(&mut self) -> Result<(), StoreError> {
        let done = self.held.iter().map(|sending| sending.id - 1).min().unwrap_or(self.read);
        if done > self.mark {
            self.store.set_mark(MARK, done).await?;
            self.mark = done;
        }
        Ok(())
    }
}
