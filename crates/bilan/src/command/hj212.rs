//! `bilan hj212`: packets decoded, and how fast.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use hj212::{Decoder, Event, FaultCode, Mode, Sm4Key, packets, to_json_line};

/// Packets of HJ 212.
#[derive(Debug, Args)]
pub struct Hj212 {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Decode raw packets, one JSON object each.
    #[command(
        after_help = "Examples:\n  bilan hj212 decode packets.txt | jq .mn\n  bilan hj212 decode sealed.bin --sm4-key msbE74gsiSHSEh5e"
    )]
    Decode {
        /// File of raw packets; standard input if it is left out.
        file: Option<PathBuf>,
        /// Refuse deviations from the standard's text instead of naming them.
        #[arg(long)]
        strict: bool,
        /// Key that opens encrypted packets of the 2025 edition: 16 characters, or 32 hex digits.
        #[arg(long, value_name = "KEY", value_parser = Sm4Key::parse)]
        sm4_key: Option<Sm4Key>,
    },
    /// Decode a file again and again, on one thread; prints packets and bytes per second.
    #[command(after_help = "Example:\n  bilan hj212 bench packets.txt")]
    Bench {
        /// File of raw packets.
        file: PathBuf,
        /// Seconds to run.
        #[arg(long, default_value_t = 3.0)]
        seconds: f64,
    },
}

impl Hj212 {
    pub fn run(self) -> Result<()> {
        match self.what {
            What::Decode { file: Some(path), strict, sm4_key } => {
                let file = File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
                decode(file, mode(strict), sm4_key.as_ref())
            }
            What::Decode { file: None, strict, sm4_key } => decode(io::stdin().lock(), mode(strict), sm4_key.as_ref()),
            What::Bench { file, seconds } => {
                let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
                bench(&bytes, Duration::from_secs_f64(seconds.clamp(0.01, 3600.0)))
            }
        }
    }
}

fn mode(strict: bool) -> Mode {
    if strict { Mode::Strict } else { Mode::Tolerant }
}

fn decode(mut source: impl Read, mode: Mode, key: Option<&Sm4Key>) -> Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut decoder = Decoder::new(mode);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = source.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        decoder.feed(&buffer[..read]);
        while let Some(event) = decoder.next_event() {
            writeln!(out, "{}", line(&event, mode, key))?;
        }
    }
    while let Some(event) = decoder.next_event_at_end() {
        writeln!(out, "{}", line(&event, mode, key))?;
    }
    Ok(out.flush()?)
}

/// The line of an event; of an encrypted packet that the key opens, the line of what is in it.
fn line(event: &Event<'_>, mode: Mode, key: Option<&Sm4Key>) -> String {
    if let (Event::Fault(fault), Some(key)) = (event, key)
        && fault.code == FaultCode::Encrypted
        && let Ok(plain) = hj212::open(fault.raw, key)
        && let Some(Event::Packet { mut packet, .. }) = packets(&plain, mode).next()
    {
        packet.encrypted = true;
        return to_json_line(&Event::Packet { offset: fault.offset, packet });
    }
    to_json_line(event)
}

fn bench(bytes: &[u8], lasting: Duration) -> Result<()> {
    let (mut decoded, mut fields, mut rounds) = (0_u64, 0_u64, 0_u64);
    let start = Instant::now();
    while start.elapsed() < lasting {
        for event in packets(bytes, Mode::Tolerant) {
            if let Event::Packet { packet, .. } = event {
                decoded += 1;
                fields += packet.groups().map(|group| group.items().count() as u64).sum::<u64>();
            }
        }
        rounds += 1;
        if decoded == 0 {
            bail!("the file holds no packet that can be decoded");
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 52 bits")]
    let per_second = |count: u64| (count as f64 / seconds).round();
    println!("{} {}", per_second(decoded), per_second(rounds * bytes.len() as u64));
    eprintln!("{decoded} packets with {fields} fields in {seconds:.2} s, one thread");
    Ok(())
}
