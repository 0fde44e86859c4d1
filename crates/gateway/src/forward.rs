//! Handing the raw stream on to a second platform (the province, 省平台), every packet of every device as it came.
//!
//! The store is the queue: a number says how far the other platform has got. It moves on when what was sent is answered, so that after a break, here or
//! there, nothing is left out; at worst a few packets are sent twice, which HJ 212 allows for.

use std::collections::HashSet;
use std::time::Duration;

use bilan_telemetry::{RawPacket, Store, StoreError};
use hj212::{Decoder, Event, Mode, packets};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// Mark in the store: the last packet that the other platform has.
const MARK: &str = "forwarded";

/// Where packets are handed on to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ForwardSettings {
    /// Address of the platform, `host:port`.
    pub to: String,
    /// Packets that are sent before their answers are waited for.
    pub window: usize,
    /// Seconds within which a window must be answered; then the connection is made anew and the window sent again.
    pub answer_s: u64,
    /// Seconds between two looks for new packets.
    pub look_s: u64,
    /// Seconds that are waited after a break; doubled up to five minutes while it lasts.
    pub retry_s: u64,
}

impl Default for ForwardSettings {
    fn default() -> ForwardSettings {
        ForwardSettings { to: String::new(), window: 100, answer_s: 20, look_s: 2, retry_s: 2 }
    }
}

/// Longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Why a line to the other platform ended.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the line broke: {0}")]
    Line(#[from] std::io::Error),
    #[error("it ended the connection")]
    Closed,
    #[error("{missing} packets were not answered in time")]
    NotAnswered { missing: usize },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Hands packets on, without end. A platform that is heard of for the first time gets what comes from now on.
///
/// # Errors
/// If the store is closed.
pub async fn forward(store: Store, settings: ForwardSettings) -> Result<(), StoreError> {
    if store.mark(MARK)?.is_none() {
        let newest = store.last_packet_number()?;
        store.set_mark(MARK, newest).await?;
    }
    let mut pause = Duration::from_secs(settings.retry_s.max(1));
    loop {
        match hand_on(&store, &settings, &mut pause).await {
            Err(Broken::Store(StoreError::Closed)) => return Err(StoreError::Closed),
            Err(broken) => tracing::warn!(to = settings.to, "packets are not handed on: {broken}"),
            Ok(never) => match never {},
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn hand_on(
    store: &Store,
    settings: &ForwardSettings,
    pause: &mut Duration,
) -> Result<std::convert::Infallible, Broken> {
    let mut line = timeout(Duration::from_secs(settings.answer_s), TcpStream::connect(&settings.to))
        .await
        .map_err(|_| Broken::NotAnswered { missing: 0 })??;
    line.set_nodelay(true)?;
    loop {
        let last = store.mark(MARK)?.unwrap_or(0);
        let reader = store.clone();
        let window = settings.window.max(1);
        let read = tokio::task::spawn_blocking(move || reader.packets_after(last, window)).await;
        let batch = read.map_err(std::io::Error::other)??;
        let Some((newest, _)) = batch.last() else {
            sleep(Duration::from_secs(settings.look_s)).await;
            continue;
        };
        send(&mut line, &batch, Duration::from_secs(settings.answer_s)).await?;
        store.set_mark(MARK, *newest).await?;
        *pause = Duration::from_secs(settings.retry_s.max(1));
    }
}

/// Sends a window and waits until every packet that asks for an answer has one.
async fn send(line: &mut TcpStream, batch: &[(i64, RawPacket)], within: Duration) -> Result<(), Broken> {
    let mut wanted: HashSet<(String, String)> = HashSet::new();
    let mut bytes = Vec::new();
    for (_, kept) in batch {
        if let Some(Event::Packet { packet, .. }) = packets(&kept.raw, Mode::Tolerant).next()
            && packet.wants_reply()
            && let Some(qn) = packet.qn
        {
            wanted.insert((packet.mn.to_owned(), qn.to_owned()));
        }
        bytes.extend_from_slice(&kept.raw);
        if !kept.raw.ends_with(b"\n") {
            bytes.extend_from_slice(b"\r\n");
        }
    }
    let until = Instant::now() + within;
    let late = |missing: usize| Broken::NotAnswered { missing };
    let (mut read, mut write) = line.split();
    let mut decoder = Decoder::default();
    let mut buffer = [0u8; 4096];
    // Both at once: who waits for its answers to be read does not read.
    let writing = write.write_all(&bytes);
    tokio::pin!(writing);
    let mut written = false;
    while !written || !wanted.is_empty() {
        tokio::select! {
            done = &mut writing, if !written => {
                done?;
                written = true;
            }
            length = timeout_at(until, read.read(&mut buffer)) => match length.map_err(|_| late(wanted.len()))?? {
                0 => return Err(Broken::Closed),
                length => decoder.feed(&buffer[..length]),
            }
        }
        while let Some(event) = decoder.next_event() {
            if let Event::Packet { packet, .. } = event
                && matches!(packet.cn, "9013" | "9014")
                && let Some(qn) = packet.qn
            {
                wanted.remove(&(packet.mn.to_owned(), qn.to_owned()));
            }
        }
    }
    Ok(())
}
