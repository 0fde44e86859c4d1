//! Anchors of the journal (日志锚点): its head, written where who may write the data folder may not write.
//!
//! The chain of the journal shows every change of an entry, but anyone who may write the data folder may compute a whole
//! new chain, or cut its end off. A head that stands elsewhere — in a file on another machine, in the group of a chat —
//! shows that too: the journal must hold the entry that the anchor names, with that hash.

use std::fs::{self, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bilan_notify::{Grade, Notice, Occasion, Outbox, Way};
use bilan_records::ledger::{Head, Ledger};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::faults::Faults;

/// Between two looks at the head.
const LOOK: Duration = Duration::from_secs(5);

/// An anchor that did not arrive is followed by another one after so long, however few entries were made.
const AFTER_A_FAILURE: SignedDuration = SignedDuration::from_hours(1);

/// Where the head of the journal is kept besides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// Refuses a file that anyone who may write the data may write as well.
    pub fn check(&self, data: &Path) -> Result<()> {
        if self.every < 1 {
            bail!("anchor.every must be at least 1");
        }
        if let Some(file) = &self.file
            && place_of(file)?.starts_with(place_of(data)?)
        {
            bail!(
                "anchor.file {} lies in the data folder: who may alter the data could alter the anchors; name a file elsewhere",
                file.display()
            );
        }
        Ok(())
    }
}

/// Links of which one leads to the next are followed so far.
const LINKS: usize = 40;

/// Where a file is, or will be when it is made: links are followed as far as there is something.
fn place_of(path: &Path) -> Result<PathBuf> {
    let mut path = std::path::absolute(path)?;
    for _ in 0..LINKS {
        if let Ok(place) = path.canonicalize() {
            return Ok(place);
        }
        // A link to what is not there yet: who writes to it makes that.
        if let Ok(target) = fs::read_link(&path) {
            path = folder_of(&path).join(target);
            continue;
        }
        let Some(last) = path.components().next_back() else { return Ok(path) };
        let folder = place_of(folder_of(&path))?;
        return Ok(match last {
            Component::ParentDir => folder_of(&folder).to_owned(),
            last => folder.join(last),
        });
    }
    bail!("{} is a link that leads nowhere", path.display())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
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

/// Whether a line is the beginning of an anchor: the disk was full, or the program was killed while it wrote. The anchor was written again then.
fn is_torn(line: &str) -> bool {
    let parts: Vec<&str> = line.split(' ').collect();
    let is_time = |text: &str| text.parse::<Timestamp>().is_ok();
    let is_number = |text: &str| text.bytes().all(|letter| letter.is_ascii_digit());
    match parts[..] {
        [at] => at.bytes().all(|letter| letter.is_ascii_digit() || b"-:.TZ".contains(&letter)),
        [at, seq] => is_time(at) && is_number(seq),
        [at, seq, hash] => {
            is_time(at) && is_number(seq) && hash.len() < 64 && hash.bytes().all(|letter| letter.is_ascii_hexdigit())
        }
        _ => false,
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

/// The anchors of a file; what was not written to its end is passed over.
fn read(file: &Path) -> Result<Vec<Anchor>> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read the anchors {}", file.display()))?;
    let mut anchors = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match Anchor::read(line) {
            Some(anchor) => anchors.push(anchor),
            None if is_torn(line) => {
                tracing::warn!("{}: line {} was not written to its end; it is passed over", file.display(), index + 1);
            }
            None => bail!("{}: line {} is no anchor", file.display(), index + 1),
        }
    }
    Ok(anchors)
}

/// Puts a line at the end of the file and on disk, whole or not at all as far as the file allows it.
fn append(path: &Path, line: &str) -> Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    let mut file = OpenOptions::new().create(true).read(true).append(true).open(path).with_context(cannot)?;
    let length = file.metadata()?.len();
    let mut last = [b'\n'];
    if length > 0 {
        file.seek(SeekFrom::Start(length - 1))?;
        file.read_exact(&mut last)?;
    }
    // A line that was left unfinished stays alone.
    let begins = if last == [b'\n'] { "" } else { "\n" };
    let written = file.write_all(format!("{begins}{line}\n").as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // A file that only grows keeps the half line; it is passed over when it is read.
        let _ = file.set_len(length);
    }
    written.with_context(cannot)
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
    /// The newest entry whose anchor stands in the file.
    filed: i64,
    /// The newest entry whose anchor was put into the outbox.
    pushed: i64,
}

impl Anchors {
    /// For this journal; each way goes on behind the last anchor that went it: what stands in the file may not have been put
    /// into the outbox, and the other way round.
    ///
    /// # Errors
    /// If the file or the outbox cannot be read, or the journal contradicts the file: a journal that was altered is not anchored.
    pub fn open(ledger: Arc<Ledger>, settings: AnchorSettings, outbox: Arc<Outbox>) -> Result<Self> {
        let last = match settings.file.as_deref().filter(|file| file.exists()) {
            Some(file) => read(file)?.pop(),
            None => None,
        };
        if let Some(last) = &last {
            agrees(&ledger, last)
                .context("the last anchor does not agree with the journal; run `bilan verify --anchor`")?;
        }
        let filed = last.map_or(0, |last| last.seq);
        let pushed = settings.push.as_deref().map(|webhook| last_pushed(&ledger, &outbox, webhook)).transpose()?;
        Ok(Self { ledger, settings, outbox, filed, pushed: pushed.unwrap_or(0) })
    }

    /// Whether there is anywhere to write them.
    pub fn are_wanted(&self) -> bool {
        self.settings.file.is_some() || self.settings.push.is_some()
    }

    /// Looks every few seconds.
    ///
    /// # Errors
    /// If a look broke off: nothing is anchored any more.
    pub async fn run(mut self) -> Result<()> {
        let mut turns = tokio::time::interval(LOOK);
        turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut faults = Faults::default();
        loop {
            turns.tick().await;
            let looked = tokio::task::spawn_blocking(move || {
                let done = self.look(Timestamp::now());
                (self, done)
            });
            let (anchors, done) = looked.await?;
            self = anchors;
            faults.note("the head of the journal could not be anchored", &done);
        }
    }

    /// Writes an anchor each way on which enough entries were made since the last, or something was published. One way that fails holds up no other, and
    /// what went one way does not go there again.
    fn look(&mut self, now: Timestamp) -> Result<()> {
        let Some(head) = self.ledger.head()? else { return Ok(()) };
        let filed = self.file(&head, now);
        let pushed = self.push(&head, now);
        match (filed, pushed) {
            (Err(file), Err(push)) => Err(file.context(format!("nor could it be sent: {push:#}"))),
            (filed, pushed) => filed.and(pushed),
        }
    }

    fn file(&mut self, head: &Head, now: Timestamp) -> Result<()> {
        if let Some(file) = &self.settings.file
            && self.is_due(head, self.filed)?
        {
            append(file, &Anchor::of(head, now).line())?;
            self.filed = head.seq;
        }
        Ok(())
    }

    fn push(&mut self, head: &Head, now: Timestamp) -> Result<()> {
        if let Some(webhook) = &self.settings.push
            && (self.is_due(head, self.pushed)? || (head.seq > self.pushed && self.was_given_up(webhook, now)?))
        {
            self.outbox.put(&notice(&Anchor::of(head, now)), &[(Way::Webhook, webhook.clone())], now)?;
            self.pushed = head.seq;
        }
        Ok(())
    }

    /// Whether the last anchor that was to be sent did not arrive and is not tried again. The next one stands for it as well.
    fn was_given_up(&self, webhook: &str, now: Timestamp) -> Result<bool> {
        let last = self.outbox.newest_about(&about(self.pushed), Way::Webhook, webhook)?;
        Ok(last.is_some_and(|last| last.is_given_up() && now.duration_since(last.put_at) >= AFTER_A_FAILURE))
    }

    fn is_due(&self, head: &Head, last: i64) -> Result<bool> {
        if head.seq <= last {
            return Ok(false);
        }
        Ok(last == 0 || head.seq - last >= self.settings.every || self.ledger.published_since(last)?)
    }
}

/// The newest entry whose anchor was put into the outbox; none if the journal no longer holds it: an anchor is sent then.
fn last_pushed(ledger: &Ledger, outbox: &Outbox, webhook: &str) -> Result<i64> {
    let last = outbox.newest_about(ABOUT, Way::Webhook, webhook)?;
    let anchor = last.and_then(|last| Anchor::read(&last.notice.text));
    Ok(anchor.filter(|anchor| agrees(ledger, anchor).is_ok()).map_or(0, |anchor| anchor.seq))
}

/// With what begins what notices of anchors are about.
const ABOUT: &str = "anchor:";

fn about(seq: i64) -> String {
    format!("{ABOUT}{seq}#")
}

fn notice(anchor: &Anchor) -> Notice {
    Notice {
        about: format!("{ABOUT}{}", anchor.seq),
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
