//! `bilan hj212`: packets decoded, and how fast.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use hj212::{Decoder, Event, Mode, packets, to_json_line};

/// Packets of HJ 212.
#[derive(Debug, Args)]
pub struct Hj212 {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Decode raw packets, one JSON object each.
    #[command(after_help = "Example:\n  bilan hj212 decode packets.txt | jq .mn")]
    Decode {
        /// File of raw packets; standard input if it is left out.
        file: Option<PathBuf>,
        /// Refuse deviations from the standard's text instead of naming them.
        #[arg(long)]
        strict: bool,
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
            What::Decode { file: Some(path), strict } => {
                let file = File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
                decode(file, mode(strict))
            }
            What::Decode { file: None, strict } => decode(io::stdin().lock(), mode(strict)),
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

fn decode(mut source: impl Read, mode: Mode) -> Result<()> {
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
            writeln!(out, "{}", to_json_line(&event))?;
        }
    }
    while let Some(event) = decoder.next_event_at_end() {
        writeln!(out, "{}", to_json_line(&event))?;
    }
    Ok(out.flush()?)
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
