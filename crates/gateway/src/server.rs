//! Accepts connections, within limits, and counts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bilan_admission::{Places, proxy_protocol};
use bilan_telemetry::Store;
use jiff::SignedDuration;
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::alarm::Alarms;
use crate::connection::Connection;
use crate::control::Switchboard;
use crate::guard::Guard;
use crate::{Clock, DeviceDirectory, ReportIntake, Settings};

/// A fault of the listener is over when none was met for so long.
const QUIET: Duration = Duration::from_secs(60);
/// A balancer writes its header at once.
const INTRODUCED_WITHIN: Duration = Duration::from_secs(10);

/// A number of the gateway with what it says, as a monitoring system wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    /// Name, without an ending for its kind.
    pub name: &'static str,
    /// What it says.
    pub help: &'static str,
    /// It rises and falls; otherwise it only grows.
    pub is_level: bool,
    /// The number.
    pub value: u64,
}

macro_rules! counters {
    ($(#[doc = $help:literal] $kind:ident $name:ident),* $(,)?) => {
        /// What the gateway has seen since it started.
        #[derive(Debug, Default)]
        pub struct Counters { $(#[doc = $help] pub(crate) $name: AtomicU64),* }

        /// [`Counters`] at one moment.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
        pub struct CountersNow { $(#[doc = $help] pub $name: u64),* }

        impl Counters {
            /// The numbers now.
            pub fn now(&self) -> CountersNow {
                CountersNow { $($name: self.$name.load(Ordering::Relaxed)),* }
            }
        }

        impl CountersNow {
            /// Each number with its name and what it says.
            pub fn each(&self) -> Vec<Number> {
                vec![$(Number {
                    name: concat!("bilan_gateway_", stringify!($name)),
                    help: $help,
                    is_level: matches!(stringify!($kind), "level"),
                    value: self.$name,
                }),*]
            }
        }
    };
}

counters! {
    /// Connections accepted.
    count connections,
    /// Connections that are open.
    level open_connections,
    /// Connections closed at once because there were too many.
    count refused,
    /// Connections closed because of rubbish, silence or a stuck reader.
    count dropped,
    /// Good packets of known devices.
    count packets,
    /// Packets that were stored already.
    count duplicates,
    /// Values stored.
    count observations,
    /// Answers sent.
    count answered,
    /// Packets and noise that were refused.
    count faults,
    /// Good packets of unknown devices.
    count unknown_devices,
    /// Good packets with a wrong password.
    count wrong_passwords,
    /// Real-time packets whose clock differed by more than the limit.
    count clock_skews,
    /// Packets whose times were not believed: they are in quarantine, and were not answered.
    count disbelieved_times,
    /// Packets and reports that could not be stored, and were not answered.
    count not_stored,
    /// Packets and reports that were not looked at because their sender had guessed passwords.
    count slowed,
    /// Packets that were not kept in quarantine because their sender had put too many there.
    count not_kept,
    /// Times that somebody was found guessing the passwords of devices.
    count guessing_alarms,
    /// Times that a device was found to have two lines.
    count doubled_alarms,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// A running gateway.
pub struct Gateway {
    address: SocketAddr,
    counters: Arc<Counters>,
    switchboard: Switchboard,
    alarms: Alarms,
    intake: ReportIntake,
    stop: watch::Sender<bool>,
    lines: Lines,
    accepting: JoinHandle<()>,
}

/// A connection that counts as open until this is dropped: also where its task panics.
struct Open(Arc<Counters>);

impl Open {
    fn counted_by(counters: &Arc<Counters>) -> Self {
        Counters::add(&counters.open_connections);
        Self(Arc::clone(counters))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open_connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What serves a line, and how many there is room for.
#[derive(Clone)]
struct Lines {
    shared: Connection,
    places: Arc<Semaphore>,
    addresses: Arc<Places>,
}

impl Lines {
    /// Serves a line in a task of its own; refuses it where there is no room.
    fn serve(
        &self,
        read: impl AsyncRead + Unpin + Send + 'static,
        write: impl AsyncWrite + Unpin + Send + 'static,
        peer: SocketAddr,
    ) -> bool {
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            Counters::add(&self.shared.counters.refused);
            return false;
        };
        Counters::add(&self.shared.counters.connections);
        let connection = self.shared.clone();
        let held = self.addresses.take(peer.ip());
        if held.is_none() {
            Counters::add(&self.shared.counters.refused);
            return false;
        }
        let open = Open::counted_by(&self.shared.counters);
        tokio::spawn(async move {
            connection.run(read, write, peer).await;
            drop((open, place, held));
        });
        true
    }

    /// Serves a connection of the listener. A balancer that is trusted names the device before the first byte.
    fn accept(&self, stream: TcpStream, peer: SocketAddr) {
        let settings = &self.shared.settings;
        let (mut read, write) = stream.into_split();
        if !settings.proxy_protocol || !settings.trusted_proxies.contains(peer.ip()) {
            self.serve(read, write, peer);
            return;
        }
        let lines = self.clone();
        tokio::spawn(async move {
            match timeout(INTRODUCED_WITHIN, proxy_protocol::read(&mut read)).await {
                Ok(Ok(introduced)) => {
                    let read = std::io::Cursor::new(introduced.rest).chain(read);
                    lines.serve(read, write, introduced.client.unwrap_or(peer));
                }
                Ok(Err(error)) => tracing::warn!(%peer, %error, "a balancer did not name its client"),
                Err(_) => tracing::warn!(%peer, "a balancer did not name its client in time"),
            }
        });
    }
}

impl Gateway {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has seen.
    pub fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// The lines of the devices that are connected, for asking them.
    pub fn switchboard(&self) -> &Switchboard {
        &self.switchboard
    }

    /// What was found about lines and passwords of devices: for administrators.
    pub fn alarms(&self) -> &Alarms {
        &self.alarms
    }

    /// Where reports that come another way than by HJ 212 are taken.
    pub fn reports(&self) -> &ReportIntake {
        &self.intake
    }

    /// Serves a line that did not come through the listener: of a modem, of a tunnel. `peer` is what it is called in the records. False where there is no
    /// room for it; the line is closed then.
    pub fn attach(&self, line: impl AsyncRead + AsyncWrite + Send + 'static, peer: SocketAddr) -> bool {
        let (read, write) = tokio::io::split(line);
        self.lines.serve(read, write, peer)
    }

    /// Says whether devices are still accepted; false when that broke off.
    pub fn accepts(&self) -> impl Fn() -> bool + Send + Sync + use<> {
        let accepting = self.accepting.abort_handle();
        move || !accepting.is_finished()
    }

    /// Stops accepting, lets every connection answer what is being stored, and waits for that.
    pub async fn stop(self) {
        // Nobody left to hear it is no fault.
        let _ = self.stop.send(true);
        let _ = self.accepting.await;
    }
}

/// Serves devices on `listener` until [`Gateway::stop`]. Runs on the current tokio runtime.
///
/// # Errors
/// If the listener has no address.
pub fn serve(
    listener: TcpListener,
    store: Store,
    directory: Arc<dyn DeviceDirectory>,
    settings: Settings,
    clock: Clock,
) -> std::io::Result<Gateway> {
    let address = listener.local_addr()?;
    let counters = Arc::new(Counters::default());
    let (stop, stopped) = watch::channel(false);
    let alarms = Alarms::new(Arc::clone(&counters));
    let switchboard = Switchboard::new(alarms.clone(), SignedDuration::from_secs(settings.line_quiet_s));
    let guard = Arc::new(Guard::new(alarms.clone()));
    guard.learn_from(&store);
    let intake = ReportIntake {
        store: store.clone(),
        directory: Arc::clone(&directory),
        clock: Arc::clone(&clock),
        counters: Arc::clone(&counters),
        guard: Arc::clone(&guard),
    };
    let shared = Connection {
        store,
        directory,
        clock,
        counters: counters.clone(),
        stopped,
        settings: Arc::new(settings),
        switchboard: switchboard.clone(),
        guard: Arc::clone(&guard),
    };
    let room = u32::try_from(shared.settings.max_connections).unwrap_or(u32::MAX).max(1);
    let addresses = Places::new(shared.settings.max_per_address);
    let lines = Lines { shared, places: Arc::new(Semaphore::new(room as usize)), addresses };
    let accepting = tokio::spawn(accept(listener, lines.clone(), room));
    Ok(Gateway { address, counters, switchboard, alarms, intake, stop, lines, accepting })
}

async fn accept(listener: TcpListener, lines: Lines, room: u32) {
    let shared = &lines.shared;
    let mut stopped = shared.stopped.clone();
    let mut minute = tokio::time::interval(std::time::Duration::from_secs(60));
    let mut is_untold = false;
    let mut quiet_until = Instant::now();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => Some(accepted),
            _ = minute.tick() => None,
            () = stop_asked(&mut stopped) => break,
        };
        let (stream, peer) = match accepted {
            Some(Ok(accepted)) => accepted,
            None => {
                // Silence is noticed by the rules only when somebody tells them the time.
                let ticked = shared.store.tick((shared.clock)()).await;
                let was_untold = std::mem::replace(&mut is_untold, ticked.is_err());
                if let (Err(error), false) = (ticked, was_untold) {
                    tracing::error!(%error, "the rules could not be told the time");
                }
                continue;
            }
            Some(Err(error)) => {
                // Out of file handles, or a peer that was gone already: the next one may fare better.
                if Instant::now() >= quiet_until {
                    tracing::warn!(%error, "a device could not be accepted; as long as this lasts it is not said again");
                }
                quiet_until = Instant::now() + QUIET;
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                continue;
            }
        };
        // Answers are small and waited for.
        let _ = stream.set_nodelay(true);
        lines.accept(stream, peer);
    }
    // Every connection gives its place back when it has answered what was being stored.
    let _ = lines.places.acquire_many(room).await;
}

/// Comes back when the gateway is to stop, or nobody is left who could say so.
pub(crate) async fn stop_asked(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}
