//! Who is called for a warning: the mailboxes and robots of the configuration, and the browsers of people who may see it.

use std::sync::Arc;

use bilan_notify::{Grade, Notice, Occasion, Outbox, OutboxError, Sender, Way};
use bilan_records::actor::Actor;
use bilan_records::catalogue::Role;
use bilan_records::contract::{Changes, View};
use bilan_records::ledger::{Ledger, ReadError, Write, WriteError};
use bilan_records::views::{WarningRecord, WarningStep};
use bilan_telemetry::{Level, Warning};
use bilan_web::accounts::{Account, Accounts, AccountsError};
use jiff::{SignedDuration, Timestamp};

/// Nobody is called for what happened longer ago: it was put in late, or the program was off.
const NEWS: SignedDuration = SignedDuration::from_hours(2);

/// Puts notices into the outbox.
#[derive(Clone)]
pub struct Calling {
    ledger: Arc<Ledger>,
    accounts: Arc<Accounts>,
    outbox: Arc<Outbox>,
    sender: Arc<Sender>,
    /// Address of the site, without a slash at the end.
    site: String,
}

/// Somebody could not be called.
#[derive(Debug, thiserror::Error)]
pub enum CallingError {
    /// The outbox failed.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// Accounts could not be read.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// Records could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An escalation could not be entered.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl CallingError {
    /// Whether every other call would fail in the same way.
    pub fn is_of_every_call(&self) -> bool {
        matches!(self, Self::Outbox(_) | Self::Accounts(_))
    }
}

impl Calling {
    /// Through this outbox; `site` is where people open the pages.
    pub fn new(
        ledger: Arc<Ledger>,
        accounts: Arc<Accounts>,
        outbox: Arc<Outbox>,
        sender: Arc<Sender>,
        site: &str,
    ) -> Self {
        Self { ledger, accounts, outbox, sender, site: site.trim_end_matches('/').to_owned() }
    }

    /// A warning was entered under `number`: it opened or cleared. Those that only go on an event call nobody, unless they are somebody's task.
    pub fn tell(&self, warning: &Warning, number: &str) -> Result<(), CallingError> {
        let (_, at) = happened(warning);
        if self.ledger.now().duration_since(at) > NEWS {
            return Ok(());
        }
        self.make_up(warning, number)
    }

    /// The same for what was news when it could not be told, and is told now.
    pub fn make_up(&self, warning: &Warning, number: &str) -> Result<(), CallingError> {
        let (occasion, at) = happened(warning);
        if warning.joins() && warning.task.is_none() {
            return Ok(());
        }
        self.call(warning, number, occasion, at, None)
    }

    /// Calls those whom the rules name for warnings that nobody has acknowledged in time, and says so in the record.
    ///
    /// One that cannot be escalated holds up no other. Where nobody can be called at all, the rest waits for the next look.
    ///
    /// # Errors
    /// Which warnings could not be escalated, and why the first of them was not.
    pub fn escalate(&self, open: &[Warning]) -> anyhow::Result<()> {
        let now = self.ledger.now();
        let mut missing = Vec::new();
        let mut why = None;
        for warning in open {
            let Some(escalation) = warning.escalation.as_ref().filter(|_| !warning.joins()) else { continue };
            if now.duration_since(warning.opened_at).as_secs() < escalation.after_s {
                continue;
            }
            if let Err(error) = self.escalate_one(warning, &escalation.roles, now) {
                let is_of_every_call = error.is_of_every_call();
                missing.push(warning.id.as_str());
                why.get_or_insert(error);
                if is_of_every_call {
                    break;
                }
            }
        }
        why.map_or(Ok(()), |why| Err(anyhow::Error::from(why).context(missing.join(", "))))
    }

    fn escalate_one(&self, warning: &Warning, roles: &[String], now: Timestamp) -> Result<(), CallingError> {
        let rules = Actor::system("rules");
        let Some(number) = self.ledger.bridged(WarningRecord::REGISTER, &warning.id)? else { return Ok(()) };
        let record = match self.ledger.record(&rules, WarningRecord::REGISTER, &number, None) {
            // People deleted it: there is nothing left that somebody could acknowledge.
            Err(ReadError::NotFound { .. }) => return Ok(()),
            record => record?,
        };
        if !WarningRecord::may(&self.ledger, &rules, &record, WarningStep::Escalate) {
            return Ok(());
        }
        // First the call, which is made once however often it is put in; then the record says so.
        self.call(warning, &number, Occasion::Escalated, now, Some(roles))?;
        let known = (number.as_str(), record.version);
        WarningRecord::step(&self.ledger, &rules, known, WarningStep::Escalate, Changes::none(), Write::default())?;
        Ok(())
    }

    fn call(
        &self,
        warning: &Warning,
        number: &str,
        occasion: Occasion,
        at: Timestamp,
        roles: Option<&[String]>,
    ) -> Result<(), CallingError> {
        let now = self.ledger.now();
        let notice = Notice {
            about: warning.id.clone(),
            occasion,
            grade: grade(warning.level),
            title: warning.label.zh.clone(),
            text: warning.message.zh.clone(),
            place: warning.station_name.clone(),
            at,
            link: format!("{}/records/{}/{number}", self.site, WarningRecord::REGISTER),
        };
        let mut places = self.sender.places(notice.grade);
        if notice.grade >= self.sender.settings().push.grade {
            places.extend(self.browsers(number, roles)?);
        }
        self.outbox.put(&notice, &places, now)?;
        Ok(())
    }

    /// Calls the mailboxes and robots of the configuration and the browsers of administrators. `notice.link` begins with `/`.
    pub fn administrators(&self, notice: Notice) -> Result<(), CallingError> {
        let notice = Notice { link: format!("{}{}", self.site, notice.link), ..notice };
        let mut places = self.sender.places(notice.grade);
        if notice.grade >= self.sender.settings().push.grade {
            let is_called = |account: &Account| !account.disabled && account.roles.contains(&Role::Admin);
            let names: Vec<_> =
                self.accounts.list()?.into_iter().filter(is_called).map(|account| account.name).collect();
            let browsers = self.outbox.subscriptions()?.into_iter().filter(|(account, _)| names.contains(account));
            places.extend(browsers.map(|(_, subscription)| (Way::Push, subscription.endpoint)));
        }
        self.outbox.put(&notice, &places, self.ledger.now())?;
        Ok(())
    }

    /// Browsers of accounts that may see the record; with roles, of those that have one of them.
    fn browsers(&self, number: &str, roles: Option<&[String]>) -> Result<Vec<(Way, String)>, CallingError> {
        let subscriptions = self.outbox.subscriptions()?;
        if subscriptions.is_empty() {
            return Ok(Vec::new());
        }
        let called = |account: &Account| {
            !account.disabled
                && roles
                    .is_none_or(|roles| account.roles.iter().any(|role| roles.iter().any(|name| name == role.key())))
                && self.ledger.record(&account.actor(), WarningRecord::REGISTER, number, None).is_ok()
        };
        let names: Vec<String> = self.accounts.list()?.into_iter().filter(called).map(|account| account.name).collect();
        let chosen = subscriptions.into_iter().filter(|(account, _)| names.contains(account));
        Ok(chosen.map(|(_, subscription)| (Way::Push, subscription.endpoint)).collect())
    }
}

/// What happened to a warning last, and when.
fn happened(warning: &Warning) -> (Occasion, Timestamp) {
    match warning.cleared_at {
        None => (Occasion::Opened, warning.opened_at),
        Some(at) => (Occasion::Cleared, at),
    }
}

fn grade(level: Level) -> Grade {
    match level {
        Level::Info => Grade::Info,
        Level::Warning => Grade::Warning,
        Level::Alarm => Grade::Alarm,
    }
}
