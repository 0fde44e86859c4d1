//! What every page works with.

use std::path::PathBuf;
use std::sync::Arc;

use bilan_documents::Fonts;
use bilan_records::catalogue::Catalogue;
use bilan_records::ledger::Ledger;
use bilan_standards::clock::Clock;
use bilan_telemetry::Store;
use serde_json::Value as Json;

use crate::accounts::Accounts;
use crate::answered::Answered;
use crate::draft::Drafts;
use crate::live::{KeptDays, KeptWater, Notices, Streams};
use crate::public::Found;
use crate::receipt::Receipts;
use crate::records::{Entering, Unmasked};
use crate::service::{Metrics, Readiness, Source, Traffic};

/// Settings of the pages.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address of the site as people type it, without a slash at the end: it stands in documents that leave the site.
    pub public_url: String,
    /// Cookies only over HTTPS.
    pub secure_cookies: bool,
    /// Largest upload, in MB.
    pub upload_limit_mb: u64,
    /// Where uploads wait until they are entered.
    pub uploads: PathBuf,
    /// Who may come in, from where and how often.
    pub access: crate::Access,
    /// The sample district: every page says that its data are simulated, and the sign-in page names the accounts.
    pub demo: bool,
}

/// Handed to every handler; cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// Records.
    pub ledger: Arc<Ledger>,
    /// Observations.
    pub observations: Store,
    /// Accounts and sessions.
    pub accounts: Arc<Accounts>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Settings.
    pub settings: Arc<Settings>,
    /// Fonts for PDF; without them there is no PDF.
    pub fonts: Option<Arc<Fonts>>,
    /// Who has numbers for `/metrics`, beside the pages themselves.
    pub metrics: Vec<Source>,
    /// How forwarding to another platform stands, as JSON; none where nothing is handed on.
    pub forwarding: Option<Arc<dyn Fn() -> Json + Send + Sync>>,
    /// How the connection to a broker of MQTT stands, as JSON; none where reports come in no such way.
    pub broker: Option<Arc<dyn Fn() -> Json + Send + Sync>>,
    /// Ways in which people are called; none where there is no outbox.
    pub notices: Option<Notices>,
    /// What the gateway found about lines and passwords of devices, the newest first: a list of objects, for the page of devices.
    pub line_alarms: Arc<dyn Fn() -> Json + Send + Sync>,
    /// Parts of the program beside the pages that broke off: without them it is not ready.
    pub broken_parts: Arc<dyn Fn() -> Vec<&'static str> + Send + Sync>,
    pub(crate) readiness: Arc<Readiness>,
    pub(crate) traffic: Arc<Traffic>,
    pub(crate) air_days: Arc<KeptDays>,
    pub(crate) water_months: Arc<KeptWater>,
    pub(crate) streams: Arc<Streams>,
    /// Forms that wait until their account has signed in again.
    pub(crate) drafts: Arc<Drafts>,
    /// What acts left to say.
    pub(crate) receipts: Arc<Receipts>,
    /// Files that are being entered.
    pub(crate) entering: Arc<Entering>,
    /// Cases that a browser of a resident may open again.
    pub(crate) found: Arc<Found>,
    /// Pages that refused a form.
    pub(crate) answered: Arc<Answered>,
    /// Personal fields that were just unmasked.
    pub(crate) seen: Arc<Unmasked>,
}

impl AppState {
    /// Puts the parts together; fonts and gateway are added where there are any.
    #[must_use]
    pub fn new(
        ledger: Arc<Ledger>,
        observations: Store,
        accounts: Arc<Accounts>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Self {
        ledger.use_observations(crate::StationStatistics::of(observations.clone()));
        Self {
            ledger,
            observations,
            accounts,
            clock,
            settings: Arc::new(settings),
            fonts: None,
            metrics: Vec::new(),
            forwarding: None,
            broker: None,
            notices: None,
            line_alarms: Arc::new(|| Json::Null),
            broken_parts: Arc::new(Vec::new),
            readiness: Arc::default(),
            traffic: Arc::default(),
            air_days: Arc::default(),
            water_months: Arc::default(),
            streams: Arc::default(),
            drafts: Arc::default(),
            receipts: Arc::default(),
            entering: Arc::default(),
            found: Arc::default(),
            answered: Arc::default(),
            seen: Arc::default(),
        }
    }

    /// With fonts for PDF.
    #[must_use]
    pub fn with_fonts(mut self, fonts: Option<Fonts>) -> Self {
        self.fonts = fonts.map(Arc::new);
        self
    }

    /// With numbers for `/metrics`.
    #[must_use]
    pub fn with_metrics(mut self, source: impl Fn(&mut Metrics) + Send + Sync + 'static) -> Self {
        self.metrics.push(Arc::new(source));
        self
    }

    /// With what knows which parts of the program broke off, for `/readyz`.
    #[must_use]
    pub fn with_parts(mut self, broken: impl Fn() -> Vec<&'static str> + Send + Sync + 'static) -> Self {
        self.broken_parts = Arc::new(broken);
        self
    }

    /// With what a gateway found about lines and passwords of devices.
    #[must_use]
    pub fn with_line_alarms(mut self, alarms: impl Fn() -> Json + Send + Sync + 'static) -> Self {
        self.line_alarms = Arc::new(alarms);
        self
    }

    /// With the state of forwarding.
    #[must_use]
    pub fn with_forwarding(mut self, state: impl Fn() -> Json + Send + Sync + 'static) -> Self {
        self.forwarding = Some(Arc::new(state));
        self
    }

    /// With the state of the connection to a broker of MQTT.
    #[must_use]
    pub fn with_broker(mut self, state: impl Fn() -> Json + Send + Sync + 'static) -> Self {
        self.broker = Some(Arc::new(state));
        self
    }

    /// With an outbox of notices.
    #[must_use]
    pub fn with_notices(mut self, notices: Notices) -> Self {
        self.notices = Some(notices);
        self
    }

    /// Telephone that a resident may call: of the district's file, else of the configuration, else the hotlines that every city answers.
    #[must_use]
    pub fn telephone(&self) -> &str {
        let named = self.catalogue().district.telephone.as_deref().or(self.settings.access.telephone.as_deref());
        named.unwrap_or("12345、12369")
    }

    /// Registers, figures, reports and the district.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        self.ledger.catalogue()
    }
}
