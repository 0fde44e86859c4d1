//! The life of one simulated device.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bilan_telemetry::{Averaging, Stamped, intake};
use hj212::{Decoder, Event, Flag, Message};
use jiff::{SignedDuration, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout_at};

use super::profile::{factors, system_code};
use super::statistics::Statistics;
use super::{Fault, SimulateOptions, SimulatedDevice};

/// The connection is of no use any more.
pub(super) struct Gone;

/// Lives until it is dropped: connects, reports, connects again.
pub(crate) async fn live(device: SimulatedDevice, options: SimulateOptions, statistics: Arc<Statistics>) {
    let mut random = fastrand::Rng::with_seed(device.seed);
    let now = (options.clock)();
    let mut life = Life {
        interval: options.interval,
        reporting: true,
        next_minutes: full(now, MINUTES)
            .saturating_sub(SignedDuration::from_hours(i64::from(options.history_hours.min(MINUTES_BACK))))
            .unwrap_or(now),
        next_hour: full_hour(now)
            .saturating_sub(SignedDuration::from_hours(i64::from(options.history_hours)))
            .unwrap_or(now),
        qn: 0,
        device,
        options,
        statistics,
    };
    // A fleet does not speak in chorus.
    sleep(life.options.interval.mul_f64(random.f64())).await;
    let mut pause = Duration::from_millis(200);
    loop {
        if let Ok(stream) = TcpStream::connect(&life.options.to).await {
            Statistics::add(&life.statistics.connected);
            let _ = stream.set_nodelay(true);
            pause = Duration::from_millis(200);
            let Err(Gone) = life.report(Line::new(stream)).await;
        }
        sleep(pause.mul_f64(0.5 + random.f64())).await;
        pause = (pause * 2).min(Duration::from_secs(30));
    }
}

pub(super) struct Life {
    pub(super) device: SimulatedDevice,
    pub(super) options: SimulateOptions,
    /// Between two real-time packets: what the options say until the centre says otherwise.
    pub(super) interval: Duration,
    /// Whether real-time data are sent.
    pub(super) reporting: bool,
    statistics: Arc<Statistics>,
    /// The hour that is sent next: its start.
    next_hour: Timestamp,
    /// The ten minutes that are sent next: their start.
    next_minutes: Timestamp,
    /// Tells the request numbers of one millisecond apart.
    qn: i64,
}

pub(super) struct Line {
    pub(super) stream: TcpStream,
    decoder: Decoder,
    /// What the centre asked and was not given yet.
    asked: VecDeque<Message>,
}

/// Seconds that minute data stand for.
const MINUTES: i64 = 600;
/// Hours for which minute data are filled in at most.
const MINUTES_BACK: u32 = 24;

fn full_hour(at: Timestamp) -> Timestamp {
    full(at, 3600)
}

/// The start of the period of so many seconds.
fn full(at: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_second(at.as_second() - at.as_second().rem_euclid(seconds)).unwrap_or(at)
}

impl Life {
    async fn report(&mut self, mut line: Line) -> Result<std::convert::Infallible, Gone> {
        let mut next = Instant::now();
        loop {
            let fault = self.options.faults.of(&self.device.mn);
            let now = self.now(fault);
            match fault {
                Some(Fault::Silence) => {}
                None if !self.reporting => {}
                Some(Fault::BrokenPacket) => {
                    let bytes = self.realtime(now, false).encode().map_err(|_| Gone)?;
                    line.stream.write_all(&bytes[..bytes.len() / 2]).await.map_err(|_| Gone)?;
                    return Err(Gone);
                }
                _ => {
                    if fault == Some(Fault::Garbage) {
                        line.stream
                            .write_all(b"##0099QN=20\x00\xff\xfe&&ZZZZ GET / HTTP/1.1\r\n")
                            .await
                            .map_err(|_| Gone)?;
                    }
                    let exceeding = fault == Some(Fault::Exceedance);
                    while self.next_hour.saturating_add(SignedDuration::from_hours(1)).unwrap_or(now) <= now {
                        let hour = self.hour(self.next_hour, now, exceeding);
                        self.deliver(&mut line, &hour).await?;
                        self.next_hour = self.next_hour.saturating_add(SignedDuration::from_hours(1)).unwrap_or(now);
                    }
                    while self.next_minutes.saturating_add(SignedDuration::from_secs(MINUTES)).unwrap_or(now) <= now {
                        let minutes = self.minutes(self.next_minutes, now, exceeding);
                        self.deliver(&mut line, &minutes).await?;
                        self.next_minutes =
                            self.next_minutes.saturating_add(SignedDuration::from_secs(MINUTES)).unwrap_or(now);
                    }
                    let message = self.realtime(now, exceeding);
                    self.deliver(&mut line, &message).await?;
                }
            }
            next = (next + self.interval).max(Instant::now());
            // The centre may speak or go away meanwhile.
            loop {
                while let Some(request) = line.asked.pop_front() {
                    self.obey(&mut line, &request).await?;
                }
                line.listen(next, None).await?;
                if line.asked.is_empty() {
                    break;
                }
            }
        }
    }

    pub(super) fn now(&self, fault: Option<Fault>) -> Timestamp {
        let now = (self.options.clock)();
        match fault {
            Some(Fault::ClockOff(seconds)) => now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(now),
            Some(Fault::ClockStopped(at)) => at,
            _ => now,
        }
    }

    fn message(&mut self, cn: &str, now: Timestamp) -> Message {
        self.qn = (self.qn + 1) % 1000;
        Message {
            qn: Some(format!("{}{:03}", intake::data_time_text(now), self.qn)),
            pw: Some(self.device.password.clone()),
            ..Message::new(system_code(&self.device.kind), cn, &self.device.mn, Flag::new(1, false, true))
        }
    }

    fn realtime(&mut self, now: Timestamp, exceeding: bool) -> Message {
        let mut message = self.message("2011", now).group([("DataTime", intake::data_time_text(now))]);
        for factor in factors(&self.device.kind).iter().filter(|factor| factor.realtime) {
            let value = factor.value(self.device.seed, now, exceeding);
            message = message
                .group([(format!("{}-Rtd", factor.code), value), (format!("{}-Flag", factor.code), "N".to_owned())]);
        }
        message
    }

    /// The ten minutes that begin at `start`: the mean.
    fn minutes(&mut self, start: Timestamp, now: Timestamp, exceeding: bool) -> Message {
        let message = self.message("2051", now).group([("DataTime", self.stamp(start, MINUTES))]);
        let middle = start.saturating_add(SignedDuration::from_secs(MINUTES / 2)).unwrap_or(start);
        factors(&self.device.kind).iter().fold(message, |message, factor| {
            let value = factor.value(self.device.seed, middle, exceeding);
            message.group([
                (format!("{}-{}", factor.code, factor.hourly), value),
                (format!("{}-Flag", factor.code), "N".to_owned()),
            ])
        })
    }

    /// How the device writes the period of so many seconds that begins at `start`.
    fn stamp(&self, start: Timestamp, seconds: i64) -> String {
        let length = if self.device.stamped == Stamped::End { seconds } else { 0 };
        intake::data_time_text(start.saturating_add(SignedDuration::from_secs(length)).unwrap_or(start))
    }

    /// The hour that begins at `start`: mean, least and largest of twelve values.
    pub(super) fn hour(&mut self, start: Timestamp, now: Timestamp, exceeding: bool) -> Message {
        let mut message = self.message("2061", now).group([("DataTime", self.stamp(start, 3600))]);
        for factor in factors(&self.device.kind) {
            let values: Vec<f64> = (0..12)
                .filter_map(|step| start.saturating_add(SignedDuration::from_mins(step * 5)).ok())
                .filter_map(|at| factor.value(self.device.seed, at, exceeding).parse().ok())
                .collect();
            let text = |value: f64| format!("{value:.*}", factor.digits);
            let code = factor.code;
            let mean = Averaging::of(code).mean(&values).unwrap_or_default();
            let mut group = vec![(format!("{code}-{}", factor.hourly), text(mean))];
            if factor.hourly == "Avg" {
                group.push((format!("{code}-Min"), text(values.iter().copied().fold(f64::INFINITY, f64::min))));
                group.push((format!("{code}-Max"), text(values.iter().copied().fold(f64::NEG_INFINITY, f64::max))));
            }
            group.push((format!("{code}-Flag"), "N".to_owned()));
            message = message.group(group);
        }
        message
    }

    /// Sends a message, in parts if it is long, until each is acknowledged or given up.
    pub(super) async fn deliver(&self, line: &mut Line, message: &Message) -> Result<(), Gone> {
        let qn = message.qn.clone().unwrap_or_default();
        for part in message.encode_split().map_err(|_| Gone)? {
            Statistics::add(&self.statistics.sent);
            let begun = Instant::now();
            let mut attempt = 0;
            loop {
                line.stream.write_all(&part).await.map_err(|_| Gone)?;
                if line.listen(Instant::now() + self.options.answer_within, Some(&qn)).await? {
                    self.statistics.acknowledged(begun.elapsed());
                    break;
                }
                if attempt == self.options.resends {
                    Statistics::add(&self.statistics.given_up);
                    break;
                }
                attempt += 1;
                Statistics::add(&self.statistics.resent);
            }
        }
        Ok(())
    }
}

impl Line {
    fn new(stream: TcpStream) -> Line {
        Line { stream, decoder: Decoder::default(), asked: VecDeque::new() }
    }

    /// Reads until the acknowledgement of `qn` comes (`true`) or the time is over (`false`); without a `qn` also until the centre asks something.
    async fn listen(&mut self, until: Instant, qn: Option<&str>) -> Result<bool, Gone> {
        let mut buffer = [0u8; 1024];
        loop {
            while let Some(event) = self.decoder.next_event() {
                let Event::Packet { packet, .. } = event else { continue };
                if packet.st != "91" && !packet.cn.starts_with('9') {
                    self.asked.push_back(packet.to_message());
                } else if qn.is_some() && packet.cn == "9014" && packet.qn == qn {
                    return Ok(true);
                }
            }
            if qn.is_none() && !self.asked.is_empty() {
                return Ok(false);
            }
            match timeout_at(until, self.stream.read(&mut buffer)).await {
                Err(_) => return Ok(false),
                Ok(Ok(0) | Err(_)) => return Err(Gone),
                Ok(Ok(length)) => self.decoder.feed(&buffer[..length]),
            }
        }
    }
}
