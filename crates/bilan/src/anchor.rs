//! Anchors of the journal (日志锚点): its head, written where who may write the data folder may not write.
//!
//! The chain of the journal shows every change of an entry, but whoever may write the data folder may compute a whole
//! new chain, or cut its end off. A head that stands elsewhere — in a file on another machine, in the group of a chat —
//! shows that too: the journal must hold the entry that the anchor names, with that hash.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bilan_notify::{Grade, Notice, Occasion, Outbox, Way};
use bilan_records::ledger::{Head, Ledger};
use jiff::Timestamp;
use serde::Deserialize;

/// Between two looks at the head.
const LOOK: Duration = Duration::from_secs(5);

/// Where the head of the journal is kept besides.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AnchorSettings {
    /// A file to which each anchor is appended; it lies outside of the data folder, best on another machine.
    pub file: Option<PathBuf>,
    /// Name of a webhook of `[notify]` to which each anchor is sent.
    pub push: Option<String>,
    /// Entries after which an anchor is written; one is written at each publication as well.
    pub every: i64,
}

impl Default for AnchorSettings {
    fn default() -> Self {
        Self { file: None, push: None, every: 1000 }
    }
}

impl AnchorSettings {
    /// Refuses a file that whoever may write the data may write as well.
    pub fn check(&self, data: &Path) -> Result<()> {
        if self.every < 1 {
            bail!("anchor.every must be at least 1");
        }
        let absolute = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path));
        if let Some(file) = &self.file
            && absolute(file)?.starts_with(absolute(data)?)
        {
            bail!(
                "anchor.file {} lies in the data folder: who may alter the data could alter the anchors; name a file elsewhere",
                file.display()
            );
        }
        Ok(())
    }
}

/// A line of the file: `2026-11-26T12:00:00Z 1234 9f86d0…`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Anchor {
    at: Timestamp,
    seq: i64,
    hash: String,
}

impl Anchor {
    fn of(head: &Head, now: Timestamp) -> Self {
        Self { at: now, seq: head.seq, hash: hex::encode(head.hash) }
    }

    fn line(&self) -> String {
        format!("{} {} {}", self.at, self.seq, self.hash)
    }

    fn read(line: &str) -> Option<Self> {
        let mut parts = line.split_whitespace();
        let (at, seq, hash) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.to_owned());
        (hash.len() == 64 && parts.next().is_none()).then_some(Self { at, seq, hash })
    }
}

/// Compares the journal with the anchors of a file; gives how many agree.
///
/// # Errors
/// If the file cannot be read, or an anchor does not agree: the journal ends before it or holds another entry there. Where
/// none agrees, the file may be that of another data folder.
pub fn compare(ledger: &Ledger, file: &Path) -> Result<usize> {
    let anchors = read(file)?;
    if anchors.is_empty() {
        bail!("{} holds no anchor", file.display());
    }
    let mut agreeing = 0;
    let mut first: Option<anyhow::Error> = None;
    for anchor in &anchors {
        match agrees(ledger, anchor) {
            Ok(()) => agreeing += 1,
            Err(fault) => {
                let place = || format!("the anchor of {} in {}", anchor.at, file.display());
                first.get_or_insert_with(|| fault.context(place()));
            }
        }
    }
    match first {
        None => Ok(agreeing),
        Some(fault) if agreeing == 0 => Err(fault.context(format!(
            "none of the {} anchors agrees: they are those of another data folder, or the whole journal was replaced",
            anchors.len()
        ))),
        Some(fault) => Err(fault),
    }
}

fn read(file: &Path) -> Result<Vec<Anchor>> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read the anchors {}", file.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| {
            Anchor::read(line).with_context(|| format!("{}: line {} is no anchor", file.display(), index + 1))
        })
        .collect()
}

fn agrees(ledger: &Ledger, anchor: &Anchor) -> Result<()> {
    match ledger.hash_of(anchor.seq)? {
        Some(hash) if hex::encode(hash) == anchor.hash => Ok(()),
        Some(_) => bail!(
            "journal entry {} has another hash: the journal was computed anew behind the anchor's back",
            anchor.seq
        ),
        None => bail!(
            "the journal has no entry {}: entries were taken from its end, or an older copy was put in its place",
            anchor.seq
        ),
    }
}

/// Writes anchors as the journal grows.
pub struct Anchors {
    ledger: Arc<Ledger>,
    settings: AnchorSettings,
    outbox: Arc<Outbox>,
    last: i64,
}

impl Anchors {
    /// For this journal; the last anchor of the file is where it goes on.
    ///
    /// # Errors
    /// If the file cannot be read, or the journal contradicts it: a journal that was altered is not anchored.
    pub fn open(ledger: Arc<Ledger>, settings: AnchorSettings, outbox: Arc<Outbox>) -> Result<Self> {
        let last = match settings.file.as_deref().filter(|file| file.exists()) {
            Some(file) => read(file)?.pop(),
            None => None,
        };
        if let Some(last) = &last {
            agrees(&ledger, last)
                .context("the last anchor does not agree with the journal; run `bilan verify --anchor`")?;
        }
        Ok(Self { ledger, settings, outbox, last: last.map_or(0, |last| last.seq) })
    }

    /// Whether there is anywhere to write them.
    pub fn are_wanted(&self) -> bool {
        self.settings.file.is_some() || self.settings.push.is_some()
    }

    /// Looks every few seconds; never ends.
    pub async fn run(mut self) {
        let mut turns = tokio::time::interval(LOOK);
        turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            turns.tick().await;
            let looked = tokio::task::spawn_blocking(move || {
                let done = self.look(Timestamp::now());
                (self, done)
            });
            match looked.await {
                Ok((anchors, done)) => {
                    self = anchors;
                    if let Err(error) = done {
                        tracing::error!("the head of the journal could not be anchored: {error:#}");
                    }
                }
                Err(error) => {
                    tracing::error!("anchoring the journal broke off: {error}");
                    return;
                }
            }
        }
    }

    /// Writes an anchor if enough entries were made since the last, or something was published.
    fn look(&mut self, now: Timestamp) -> Result<()> {
        let Some(head) = self.ledger.head()?.filter(|head| head.seq > self.last) else { return Ok(()) };
        let enough = self.last == 0 || head.seq - self.last >= self.settings.every;
        if !enough && !self.ledger.published_since(self.last)? {
            return Ok(());
        }
        let anchor = Anchor::of(&head, now);
        if let Some(file) = &self.settings.file {
            let mut file = OpenOptions::new()
                .create(true)
                .append(true)
                .open(file)
                .with_context(|| format!("cannot write {}", file.display()))?;
            writeln!(file, "{}", anchor.line())?;
            file.sync_all()?;
        }
        if let Some(webhook) = &self.settings.push {
            self.outbox.put(&notice(&anchor), &[(Way::Webhook, webhook.clone())], now)?;
        }
        self.last = head.seq;
        Ok(())
    }
}

fn notice(anchor: &Anchor) -> Notice {
    Notice {
        about: format!("anchor:{}", anchor.seq),
        occasion: Occasion::Opened,
        grade: Grade::Info,
        title: "操作日志锚点".to_owned(),
        text: anchor.line(),
        place: String::new(),
        at: anchor.at,
        link: "/journal".to_owned(),
    }
}

#[cfg(test)]
mod tests;
