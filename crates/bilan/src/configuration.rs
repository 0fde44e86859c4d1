//! Settings of a bureau (配置): defaults, the configuration file, the environment; each has the word over those before it.
//!
//! The types below are all there is to know of a setting: its place in the file, its environment variable, its type, its meaning and whether it is a secret
//! follow from them.

pub mod environment;
mod secret_file;
mod setting;
mod shown;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use bilan_admission::TrustedProxies;
use bilan_records::catalogue::closest;
use figment::error::Kind;
use figment::providers::Serialized;
use figment::value::{Dict, Map};
use figment::{Figment, Metadata, Profile, Provider};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::secret_file::ReadSecrets;
use self::setting::Schema;
use crate::anchor::AnchorSettings;
use crate::http::HttpServer;
use crate::reports::MqttSettings;

/// Settings of a running bureau.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Configuration {
    /// Data folder.
    pub data: PathBuf,
    /// Address of the pages.
    pub http: String,
    /// Address to which devices connect.
    pub devices: String,
    /// Address of the site as people type it; it stands in documents.
    pub public_url: Option<String>,
    /// Cookies only over HTTPS: wherever people reach the pages through a proxy with a certificate.
    pub secure_cookies: bool,
    /// Addresses and prefixes of reverse proxies that may say for whom they ask (`X-Forwarded-For`, PROXY protocol).
    #[schemars(with = "Vec<String>")]
    pub trusted_proxies: TrustedProxies,
    /// Telephone that a resident may call, where the district's file names none.
    pub telephone: Option<String>,
    /// Limits for the connections of browsers.
    pub http_server: HttpServer,
    /// How often residents may come.
    pub limits: bilan_web::Limits,
    /// What passwords must be, how long tokens hold, who needs a second factor.
    pub accounts: bilan_web::accounts::AccountRules,
    /// Largest upload.
    pub upload_limit_mb: u64,
    /// How long packets, instants and minutes are kept; hours and days are kept for ever.
    pub retention: bilan_telemetry::Retention,
    /// Limits for devices.
    pub gateway: bilan_gateway::Settings,
    /// A second platform to which the raw stream is handed on.
    pub forward: Option<bilan_gateway::ForwardSettings>,
    /// Whom warnings call, and how.
    pub notify: bilan_notify::NotifySettings,
    /// A broker whose messages are reports of devices.
    pub mqtt: Option<MqttSettings>,
    /// Where the head of the journal is kept outside of the data folder.
    pub anchor: AnchorSettings,
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            data: PathBuf::from("data"),
            http: "127.0.0.1:8080".to_owned(),
            devices: "127.0.0.1:9212".to_owned(),
            public_url: None,
            secure_cookies: false,
            trusted_proxies: TrustedProxies::default(),
            telephone: None,
            http_server: HttpServer::default(),
            limits: bilan_web::Limits::default(),
            accounts: bilan_web::accounts::AccountRules::default(),
            upload_limit_mb: 64,
            retention: bilan_telemetry::Retention::default(),
            gateway: bilan_gateway::Settings::default(),
            forward: None,
            notify: bilan_notify::NotifySettings::default(),
            mqtt: None,
            anchor: AnchorSettings::default(),
        }
    }
}

/// Names of the layers of settings.
const DEFAULTS: &str = "defaults";
const ENVIRONMENT: &str = "environment";

/// The settings in force, and where each of them comes from.
pub struct Settings {
    /// The settings.
    pub configuration: Configuration,
    sources: Figment,
}

/// Settings from one place.
struct Layer {
    name: String,
    table: toml::Table,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Serialized::defaults(&self.table).data()
    }
}

impl Settings {
    /// Reads a file and the environment over the defaults.
    ///
    /// # Errors
    /// Names the first setting that is unknown or cannot be, where it stands, and what could be meant.
    pub fn read(file: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> Result<Self> {
        let schema = Schema::of_configuration();
        let name = file.map_or_else(|| "settings".to_owned(), |path| path.display().to_string());
        let text = match file {
            Some(path) => std::fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?,
            None => String::new(),
        };
        let mut written: toml::Table = text.parse().map_err(|fault: toml::de::Error| anyhow!("{name}: {fault}"))?;
        let mut surrounding = environment::table(&schema, environment)?;
        schema.visit(&mut written, &mut ReadSecrets).with_context(|| name.clone())?;
        schema.visit(&mut surrounding, &mut ReadSecrets).context(ENVIRONMENT)?;
        let sources = Figment::new()
            .merge(Layer { name: DEFAULTS.to_owned(), table: toml::Table::try_from(Configuration::default())? })
            .merge(Layer { name: name.clone(), table: written })
            .merge(Layer { name: ENVIRONMENT.to_owned(), table: surrounding });
        let configuration: Configuration = sources.extract().map_err(|fault| described(fault, &name, &text))?;
        configuration.check().with_context(|| name)?;
        Ok(Self { configuration, sources })
    }
}

impl Configuration {
    /// Reads a file and lets the environment have the last word.
    ///
    /// # Errors
    /// As [`Settings::read`].
    pub fn read(file: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> Result<Self> {
        Settings::read(file, environment).map(|settings| settings.configuration)
    }

    /// What no single setting can say of itself.
    fn check(&self) -> Result<()> {
        if (self.http_server.proxy_protocol || self.gateway.proxy_protocol) && self.trusted_proxies.is_empty() {
            bail!("proxy_protocol is on and nobody is trusted: name the balancer in trusted_proxies");
        }
        self.anchor.check(&self.data)
    }
}

/// A fault with its place: the line of the file, or the environment variable.
fn described(fault: figment::Error, file: &str, text: &str) -> anyhow::Error {
    let mut path = fault.path.clone();
    let what = match &fault.kind {
        Kind::UnknownField(name, expected) => {
            if path.last() != Some(name) {
                path.push(name.clone());
            }
            match closest(name, expected.iter().copied()) {
                Some(meant) => format!("unknown setting; did you mean {meant}?"),
                None => format!("unknown setting; expected one of {}", expected.join(", ")),
            }
        }
        Kind::MissingField(name) => format!("{name} is missing"),
        kind => kind.to_string(),
    };
    let is_of_environment = fault.metadata.as_ref().is_some_and(|found| found.name == ENVIRONMENT);
    let place = match line_of(text, &path) {
        _ if is_of_environment => setting::variable(&path),
        Some(line) => format!("{file}:{line}: {}", path.join(".")),
        None => format!("{file}: {}", path.join(".")),
    };
    anyhow!("{place}: {what}")
}

/// The line of a file on which a setting stands.
fn line_of(text: &str, path: &[String]) -> Option<usize> {
    let document = toml::de::DeTable::parse(text).ok()?;
    let mut table = document.get_ref();
    let mut start = None;
    for part in path {
        let Some((key, value)) = table.iter().find(|(key, _)| key.get_ref() == part.as_str()) else { break };
        start = Some(key.span().start);
        match value.get_ref() {
            toml::de::DeValue::Table(below) => table = below,
            _ => break,
        }
    }
    Some(text.get(..start?)?.matches('\n').count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, environment: &[(&str, &str)]) -> Result<Configuration> {
        settings(text, environment).map(|settings| settings.configuration)
    }

    fn settings(text: &str, environment: &[(&str, &str)]) -> Result<Settings> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let environment = environment.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Settings::read(Some(file.path()), environment)
    }

    #[test]
    fn the_environment_has_the_last_word() {
        let read = read(
            "http = \"127.0.0.1:1\"\n[gateway]\nidle_s = 5\n",
            &[
                ("BILAN_HTTP", "127.0.0.1:2"),
                ("BILAN_GATEWAY_MAX_CONNECTIONS", "7"),
                ("BILAN_LOG", "debug"),
                ("BILAN_RETENTION_MINUTES_DAYS", "90"),
            ],
        )
        .unwrap();
        assert_eq!(read.http, "127.0.0.1:2");
        assert_eq!((read.gateway.idle_s, read.gateway.max_connections), (5, 7));
        assert_eq!((read.retention.minutes_days, read.retention.packets_days), (90, 400));
        assert_eq!(read.devices, "127.0.0.1:9212", "the rest stays as it is by default: on loopback");
    }

    #[test]
    fn other_ways_for_reports_are_there_when_they_are_named() {
        let read = read(
            "[forward]\nto = \"10.0.0.8:9212\"\n[mqtt]\ntopic = \"haina/#\"\n",
            &[("BILAN_GATEWAY_SET_TIME_WHEN_ASKED", "false")],
        )
        .unwrap();
        assert_eq!(read.forward.map(|forward| (forward.to, forward.window)), Some(("10.0.0.8:9212".to_owned(), 100)));
        assert_eq!(read.mqtt.map(|mqtt| (mqtt.topic, mqtt.port)), Some(("haina/#".to_owned(), 1883)));
        assert!(!read.gateway.set_time_when_asked && Configuration::default().mqtt.is_none());
    }

    #[test]
    fn proxies_are_trusted_by_name_alone() {
        let read = read(
            "trusted_proxies = [\"127.0.0.1\"]\n[http_server]\nproxy_protocol = true\n",
            &[("BILAN_TRUSTED_PROXIES", "10.0.0.0/8, fd00::1"), ("BILAN_GATEWAY_PROXY_PROTOCOL", "true")],
        )
        .unwrap();
        assert!(read.trusted_proxies.contains("10.1.2.3".parse().unwrap()));
        assert!(!read.trusted_proxies.contains("127.0.0.1".parse().unwrap()), "the environment has the last word");
        assert!(read.gateway.proxy_protocol && read.http_server.proxy_protocol);
        let fault = format!("{:#}", super::tests::read("[gateway]\nproxy_protocol = true\n", &[]).unwrap_err());
        assert!(fault.contains("trusted_proxies"), "{fault}");
        let fault = super::tests::read("trusted_proxies = [\"nginx\"]\n", &[]).unwrap_err().to_string();
        assert!(fault.contains("“nginx” is no address"), "{fault}");
    }

    #[test]
    fn rules_of_accounts_are_settings() {
        let read = read(
            "[accounts]\npassword_length = 12\npassword_complexity = true\npassword_days = 90\n",
            &[("BILAN_ACCOUNTS_SECOND_FACTOR", "admin, head"), ("BILAN_ACCOUNTS_TOKEN_DAYS", "30")],
        )
        .unwrap();
        assert_eq!(
            (read.accounts.password_length, read.accounts.password_days, read.accounts.token_days),
            (12, 90, 30)
        );
        assert_eq!(read.accounts.second_factor.len(), 2);
        let fault = super::tests::read("[accounts]\nsecond_factor = [\"boss\"]\n", &[]).unwrap_err().to_string();
        assert!(fault.contains("boss"), "{fault}");
    }

    #[test]
    fn a_fault_names_its_place_and_what_was_meant() {
        let fault = |text: &str, environment: &[(&str, &str)]| format!("{:#}", read(text, environment).unwrap_err());
        let unknown = fault("data = \"data\"\nhtpp = \"127.0.0.1:1\"\n", &[]);
        assert!(unknown.ends_with(":2: htpp: unknown setting; did you mean http?"), "{unknown}");
        let below = fault("[gateway]\n\nidle_s = \"long\"\n", &[]);
        assert!(below.contains(":3: gateway.idle_s: ") && below.contains("\"long\""), "{below}");
        let missing = fault("[notify.email]\nfrom = \"a@example.cn\"\nto = []\n", &[]);
        assert!(missing.contains("notify.email") && missing.contains("server is missing"), "{missing}");
        let outside = fault("", &[("BILAN_MQTT_PORT", "70000")]);
        assert!(outside.starts_with("BILAN_MQTT_PORT: "), "{outside}");
        let number = fault("", &[("BILAN_UPLOAD_LIMIT_MB", "much")]);
        assert!(number.contains("BILAN_UPLOAD_LIMIT_MB: much is not a number"), "{number}");
    }

    #[test]
    fn a_secret_is_read_from_a_file_of_its_own_and_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, "kept-to-itself\n").unwrap();
        let secret = secret.to_str().unwrap();
        let text = format!(
            "[mqtt]\npassword_file = {secret:?}\n[[notify.webhooks]]\nname = \"值班群\"\nkind = \"wecom\"\nurl_file = {secret:?}\n"
        );
        let environment = [
            ("BILAN_NOTIFY_EMAIL_SERVER_FILE", secret),
            ("BILAN_NOTIFY_EMAIL_FROM", "a@example.cn"),
            ("BILAN_NOTIFY_EMAIL_TO", "b@example.cn"),
        ];
        let settings = settings(&text, &environment).unwrap();
        let read = &settings.configuration;
        assert_eq!(read.mqtt.as_ref().map(|mqtt| mqtt.password.as_str()), Some("kept-to-itself"));
        assert_eq!(read.notify.webhooks[0].url, "kept-to-itself");
        assert_eq!(read.notify.email.as_ref().map(|email| email.server.as_str()), Some("kept-to-itself"));
        let shown = settings.shown().unwrap();
        assert!(!shown.contains("kept-to-itself") && shown.matches("********").count() == 3, "{shown}");
        assert!(!format!("{read:?}").contains("kept-to-itself"), "nor logged");
        let twice = format!("[mqtt]\npassword = \"one\"\npassword_file = {secret:?}\n");
        assert!(format!("{:#}", super::tests::read(&twice, &[]).unwrap_err()).contains("keep one of them"));
        let nowhere = super::tests::read("[mqtt]\npassword_file = \"/nowhere/secret\"\n", &[]).unwrap_err();
        assert!(format!("{nowhere:#}").contains("mqtt.password_file: cannot read /nowhere/secret"), "{nowhere:#}");
    }

    #[test]
    fn what_is_shown_can_be_read_again_and_says_where_it_comes_from() {
        let settings =
            settings("http = \"127.0.0.1:1\"\n[forward]\nto = \"10.0.0.8:9212\"\n", &[("BILAN_GATEWAY_IDLE_S", "60")])
                .unwrap();
        let shown = settings.shown().unwrap();
        assert!(shown.contains("idle_s = 60  # BILAN_GATEWAY_IDLE_S\n"), "{shown}");
        assert!(shown.contains("upload_limit_mb = 64  # default (BILAN_UPLOAD_LIMIT_MB)\n"), "{shown}");
        assert!(shown.contains("# telephone  # not set (BILAN_TELEPHONE)\n"), "{shown}");
        let again = super::tests::read(&shown, &[]).unwrap();
        assert_eq!(again, settings.configuration);
    }
}
