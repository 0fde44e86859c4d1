//! The raw stream handed on to a second platform, whatever its manners: one that breaks, refuses, is silent, is small, or hangs up.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bilan_gateway::{Clock, ForwardSettings, ForwardState, Forwarding, forward};
use bilan_telemetry::{Device, Store, Submission};
use hj212::{Decoder, Event, Flag, Message, Mode, Packet, RequestResult, packets};
use jiff::{SignedDuration, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

fn now() -> Timestamp {
    "2026-05-04T10:00:30+08:00".parse().expect("an instant")
}

/// What the played platform does with a packet.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Take,
    Refuse(RequestResult),
    StaySilent,
    HangUp,
    /// Answers with the MN that spoke first on the connection.
    TakeForTheFirst,
}

/// One line of the played platform: who spoke first on it, and how many packets came.
struct Line<'a> {
    first: &'a str,
    count: usize,
}

type Manners = dyn Fn(&Packet<'_>, Line<'_>) -> Manner + Send + Sync;

/// A platform that is played.
struct Platform {
    address: String,
    heard: Arc<Mutex<Vec<(String, i64)>>>,
    listening: JoinHandle<()>,
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Platform {
    async fn play(manners: impl Fn(&Packet<'_>, Line<'_>) -> Manner + Send + Sync + 'static) -> Platform {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let heard: Arc<Mutex<Vec<(String, i64)>>> = Arc::default();
        let (manners, told): (Arc<Manners>, _) = (Arc::new(manners), Arc::clone(&heard));
        let listening = tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                tokio::spawn(serve(line, Arc::clone(&manners), Arc::clone(&told)));
            }
        });
        Platform { address, heard, listening }
    }

    /// Numbers of the packets of a device that it took note of, each once.
    fn of(&self, mn: &str) -> Vec<i64> {
        let heard = self.heard.lock().expect("no panic");
        let mut numbers: Vec<i64> = heard.iter().filter(|(of, _)| of == mn).map(|(_, number)| *number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    fn count(&self) -> usize {
        self.heard.lock().expect("no panic").len()
    }
}

async fn serve(mut line: TcpStream, manners: Arc<Manners>, heard: Arc<Mutex<Vec<(String, i64)>>>) {
    let (mut decoder, mut buffer) = (Decoder::default(), [0u8; 2048]);
    let (mut first, mut count) = (String::new(), 0);
    // Whoever hangs up is gone: that is the end of the line, not of the test.
    while let Ok(length) = line.read(&mut buffer).await {
        if length == 0 {
            return;
        }
        decoder.feed(&buffer[..length]);
        let mut answers = Vec::new();
        while let Some(event) = decoder.next_event() {
            let Event::Packet { packet, .. } = event else { panic!("{event:?}") };
            if first.is_empty() {
                packet.mn.clone_into(&mut first);
            }
            let manner = manners(&packet, Line { first: &first, count });
            if manner == Manner::HangUp {
                let _ = line.write_all(&answers).await;
                return;
            }
            count += 1;
            heard
                .lock()
                .expect("no panic")
                .push((packet.mn.to_owned(), packet.qn.expect("a number").parse().expect("digits")));
            let answer = match manner {
                Manner::Take => hj212::acknowledgement(&packet),
                Manner::Refuse(result) => Some(hj212::request_reply(&packet, result)),
                Manner::TakeForTheFirst => {
                    hj212::acknowledgement(&packet).map(|answer| Message { mn: first.clone(), ..answer })
                }
                Manner::StaySilent | Manner::HangUp => None,
            };
            answers.extend(answer.into_iter().flat_map(|answer| answer.encode().expect("clean")));
        }
        if line.write_all(&answers).await.is_err() {
            return;
        }
    }
}

/// A store whose packets are handed on.
struct Bench {
    _folder: tempfile::TempDir,
    store: Store,
    forwarding: Forwarding,
    running: JoinHandle<()>,
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.running.abort();
    }
}

fn settings(platform: &Platform) -> ForwardSettings {
    ForwardSettings {
        to: platform.address.clone(),
        window: 40,
        // Longer than any machine is busy: only what is never answered is to be late.
        answer_s: 60,
        look_s: 1,
        retry_s: 1,
        ..ForwardSettings::default()
    }
}

impl Bench {
    async fn start(settings: ForwardSettings) -> Bench {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("observations.db"), Vec::new()).expect("opened");
        append(&store, "M1", 0..5).await;
        let (clock, forwarding): (Clock, _) = (Arc::new(now), Forwarding::new(&settings.to));
        let (of, state) = (store.clone(), forwarding.clone());
        let running = tokio::spawn(async move {
            let ended = forward(of, settings, clock, state).await;
            panic!("forwarding ended: {ended:?}");
        });
        until("forwarding has begun", || store.mark("forwarded").expect("read").is_some()).await;
        Bench { _folder: folder, store, forwarding, running }
    }

    /// Waits until the platform has what it will ever have.
    async fn done(&self) -> ForwardState {
        let last = self.store.last_packet_number().expect("read");
        until("every packet is done with", || self.store.mark("forwarded").expect("read") == Some(last)).await;
        self.forwarding.now()
    }
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let waited = timeout(Duration::from_secs(120), async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(waited.await.is_ok(), "not in two minutes: {what}");
}

/// Stores packets of a device, one in ten without a wish for an answer.
async fn append(store: &Store, mn: &str, numbers: std::ops::Range<i64>) {
    let device = Arc::new(Device::new(mn, "123456", mn, mn, "air"));
    let mut receipts = Vec::new();
    for number in numbers {
        let time = bilan_telemetry::intake::data_time_text(now() - SignedDuration::from_secs(number));
        let message = Message {
            qn: Some(format!("{number:017}")),
            pw: Some("123456".into()),
            ..Message::new("22", "2011", mn, Flag(if number % 10 == 9 { 4 } else { 5 }))
        };
        let bytes = message.group([("DataTime", time)]).group([("a34004-Rtd", "35")]).encode().expect("clean");
        let Some(Event::Packet { packet, .. }) = packets(&bytes, Mode::Strict).next() else { panic!("good") };
        receipts.push(store.enqueue(Submission::new(&packet, Arc::clone(&device), "", now())).await.expect("taken"));
    }
    for receipt in receipts {
        receipt.await.expect("answered").expect("stored");
    }
}

/// Packets of two devices, one after the other; the numbers of the second begin at 1000.
async fn append_two(store: &Store, count: i64) {
    for number in 0..count {
        append(store, "M1", 10 + number..11 + number).await;
        append(store, "M2", 1000 + number..1001 + number).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_behind_a_packet_that_was_not_waits_no_longer() {
    let platform = Platform::play(|packet, _| if packet.mn == "M2" { Manner::StaySilent } else { Manner::Take }).await;
    // Silence is waited out quickly here, and nothing is passed over.
    let bench = Bench::start(ForwardSettings { answer_s: 1, tries: u32::MAX, ..settings(&platform) }).await;
    append_two(&bench.store, 8).await;
    let settled = || bench.forwarding.now().answered == 8;
    until("the other device is answered", settled).await;
    until("eight packets wait", || bench.forwarding.now().waiting == 8).await;
    let first_waiting = bench.store.last_packet_number().expect("read") - 15;
    assert!(bench.store.mark("forwarded").expect("read") <= Some(first_waiting), "the mark stands before them");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_out_through_breaks() {
    let breaks = Mutex::new(vec![333, 100]);
    let platform = Platform::play(move |_, line| {
        let mut breaks = breaks.lock().expect("no panic");
        if breaks.last() == Some(&line.count) {
            breaks.pop();
            return Manner::HangUp;
        }
        Manner::Take
    })
    .await;
    let bench = Bench::start(settings(&platform)).await;
    append(&bench.store, "M1", 5..1305).await;
    // Packed while it is waiting to be handed on.
    let sealing = bench.store.clone();
    let sealed = tokio::task::spawn_blocking(move || sealing.seal_blocking(now() + SignedDuration::from_hours(9)));
    assert_eq!(sealed.await.expect("done").expect("sealed").packets, 1000);
    let state = bench.done().await;
    assert_eq!(platform.of("M1"), (5..1305).collect::<Vec<i64>>(), "what was there before is not sent");
    assert!(platform.count() <= 1300 + 2 * 40, "at most a window is sent again after a break: {}", platform.count());
    assert_eq!((state.answered, state.passed_over, state.refused.len()), (1170, 0, 0), "{state:?}");
    assert_eq!(state.last_answer, Some(now()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_packet_is_counted_and_stops_nobody() {
    let platform = Platform::play(|packet, _| match packet.mn {
        "M2" => Manner::Refuse(RequestResult::MnError),
        _ => Manner::Take,
    })
    .await;
    let bench = Bench::start(settings(&platform)).await;
    append_two(&bench.store, 60).await;
    let state = bench.done().await;
    assert_eq!(platform.of("M1").len(), 60);
    assert_eq!(platform.count(), 120, "a refusal is an answer: nothing is sent twice");
    // Six of the sixty ask for no answer, and whatever is said to them counts for nothing.
    assert_eq!(state.refused.into_iter().collect::<Vec<_>>(), [(4, 54)]);
    assert_eq!(state.refused_devices.into_iter().collect::<Vec<_>>(), [("M2".to_owned(), 4)]);
    assert_eq!(state.passed_over, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_station_that_is_met_with_silence_is_passed_over() {
    let platform = Platform::play(|packet, _| match packet.mn {
        "M2" => Manner::StaySilent,
        _ => Manner::Take,
    })
    .await;
    let bench = Bench::start(ForwardSettings { answer_s: 4, ..settings(&platform) }).await;
    append_two(&bench.store, 100).await;
    let state = bench.done().await;
    assert_eq!((platform.of("M1").len(), platform.of("M2").len()), (100, 100));
    assert_eq!((state.answered, state.passed_over), (90, 90), "{state:?}");
    assert_eq!(state.unanswering, ["M2"]);
    append(&bench.store, "M2", 2000..2002).await;
    append(&bench.store, "M1", 3000..3001).await;
    let before = platform.count();
    bench.done().await;
    assert_eq!(
        platform.count() - before,
        3,
        "a station that is known to be unanswered is sent once and not waited for"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_that_answers_nothing_is_waited_for() {
    let awake = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let wakes = Arc::clone(&awake);
    let platform = Platform::play(move |_, _| {
        if wakes.load(std::sync::atomic::Ordering::Relaxed) { Manner::Take } else { Manner::StaySilent }
    })
    .await;
    let bench = Bench::start(ForwardSettings { answer_s: 1, tries: 1, ..settings(&platform) }).await;
    append(&bench.store, "M1", 10..20).await;
    until("it was tried three times", || platform.count() >= 30).await;
    assert_eq!(bench.store.mark("forwarded").expect("read"), Some(5), "nothing is passed over while it sleeps");
    assert_eq!(bench.forwarding.now().passed_over, 0);
    awake.store(true, std::sync::atomic::Ordering::Relaxed);
    let state = bench.done().await;
    assert_eq!((state.answered, state.passed_over), (9, 0), "{state:?}");
    assert_eq!(state.fault, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_platform_may_answer_with_the_station_that_spoke_first() {
    let platform = Platform::play(|_, _| Manner::TakeForTheFirst).await;
    let bench = Bench::start(settings(&platform)).await;
    append_two(&bench.store, 50).await;
    let state = bench.done().await;
    assert_eq!((state.answered, state.passed_over, platform.count()), (90, 0, 100), "{state:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stations_may_have_a_connection_each() {
    let platform = Platform::play(|packet, line| match packet.mn == line.first {
        true => Manner::Take,
        false => Manner::HangUp,
    })
    .await;
    let bench = Bench::start(ForwardSettings { connection_per_station: true, ..settings(&platform) }).await;
    append_two(&bench.store, 50).await;
    let state = bench.done().await;
    assert_eq!((state.answered, state.passed_over, platform.count()), (90, 0, 100), "{state:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_that_hangs_up_on_a_station_gets_the_others() {
    let platform = Platform::play(|packet, _| match packet.mn {
        "M2" => Manner::HangUp,
        _ => Manner::Take,
    })
    .await;
    let bench = Bench::start(settings(&platform)).await;
    append(&bench.store, "M1", 10..30).await;
    append(&bench.store, "M2", 1000..1003).await;
    append(&bench.store, "M1", 30..60).await;
    let state = bench.done().await;
    assert_eq!(platform.of("M1"), (10..60).collect::<Vec<i64>>());
    assert!(platform.of("M2").is_empty() && state.passed_over == 3, "{state:?}");
}
