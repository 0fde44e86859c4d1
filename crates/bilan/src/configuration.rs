//! `bilan serve`: a bureau by its configuration file.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use bilan_admission::TrustedProxies;
use clap::Args;
use serde::Deserialize;

use crate::anchor::AnchorSettings;
use crate::data_folder;
use crate::http::HttpServer;
use crate::reports::MqttSettings;
use crate::running::{self, Plan};

/// Run a bureau by its configuration file.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  bilan serve --config bilan.toml\n\nThe file (every line may be left out; every setting is also an environment variable, such as BILAN_HTTP):\n  data = \"data\"\n  http = \"127.0.0.1:8080\"\n  devices = \"127.0.0.1:9212\"\n  public_url = \"https://bilan.example.cn\"\n  secure_cookies = true\n  trusted_proxies = [\"127.0.0.1\"]\n  upload_limit_mb = 64\n  [retention]\n  packets_days = 400\n  instants_days = 400\n  minutes_days = 1100\n  [gateway]\n  max_connections = 60000\n  [forward]\n  to = \"10.0.0.8:9212\"\n  [mqtt]\n  host = \"127.0.0.1\"\n  topic = \"bilan/report/#\"\n  [anchor]\n  file = \"/mnt/anchor/bilan.txt\"\n  every = 1000\n  [notify.email]\n  server = \"smtps://user:password@mail.example.cn\"\n  from = \"碧蓝 <bilan@example.cn>\"\n  to = [\"duty@example.cn\"]\n  [[notify.webhooks]]\n  name = \"值班群\"\n  kind = \"wecom\"\n  url = \"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…\""
)]
pub struct Serve {
    /// Configuration file.
    #[arg(long, value_name = "FILE", env = "BILAN_CONFIG")]
    config: Option<PathBuf>,
}

/// Settings of a running bureau.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
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

impl Configuration {
    /// Reads a file and lets the environment have the last word.
    pub fn read(file: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> Result<Self> {
        let text = match file {
            Some(path) => std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?,
            None => String::new(),
        };
        let name = file.map_or_else(|| "settings".to_owned(), |path| path.display().to_string());
        let mut table: toml::Table = text.parse().map_err(|fault: toml::de::Error| anyhow!("{name}: {fault}"))?;
        let defaults = Self::default();
        for (key, value) in environment {
            if let Some(setting) = key.strip_prefix("BILAN_") {
                defaults.override_by(&mut table, &setting.to_ascii_lowercase(), &value)?;
            }
        }
        let read: Self = table.try_into().map_err(|fault| anyhow!("{name}: {fault}"))?;
        if (read.http_server.proxy_protocol || read.gateway.proxy_protocol) && read.trusted_proxies.is_empty() {
            bail!("{name}: proxy_protocol is on and nobody is trusted: name the balancer in trusted_proxies");
        }
        Ok(read)
    }

    fn override_by(&self, table: &mut toml::Table, setting: &str, value: &str) -> Result<()> {
        let number =
            || value.parse::<i64>().map(toml::Value::Integer).with_context(|| wrong(setting, value, "a number"));
        let value = match setting {
            "data" | "http" | "devices" | "public_url" | "telephone" => toml::Value::String(value.to_owned()),
            "secure_cookies" => {
                toml::Value::Boolean(value.parse().with_context(|| wrong(setting, value, "true or false"))?)
            }
            "trusted_proxies" => {
                value.split(',').map(|proxy| toml::Value::String(proxy.trim().to_owned())).collect::<Vec<_>>().into()
            }
            "upload_limit_mb" => number()?,
            _ => {
                let part = ["gateway", "retention", "http_server", "limits", "accounts"].iter().find_map(|part| {
                    let rest = setting.strip_prefix(part)?.strip_prefix('_')?;
                    Some((*part, rest))
                });
                let Some((part, limit)) = part else { return Ok(()) };
                let words =
                    || value.split(',').map(|word| toml::Value::String(word.trim().to_owned())).collect::<Vec<_>>();
                let value = if limit == "second_factor" {
                    Ok(words().into())
                } else {
                    value.parse().map(toml::Value::Boolean).or_else(|_| number())
                }?;
                let part = table.entry(part).or_insert_with(|| toml::Value::Table(toml::Table::new()));
                if let Some(part) = part.as_table_mut() {
                    part.insert(limit.to_owned(), value);
                }
                return Ok(());
            }
        };
        table.insert(setting.to_owned(), value);
        Ok(())
    }
}

fn wrong(setting: &str, value: &str, wanted: &str) -> String {
    format!("BILAN_{}: {value} is not {wanted}", setting.to_ascii_uppercase())
}

impl Serve {
    pub fn run(self) -> Result<()> {
        let configuration = Configuration::read(self.config.as_deref(), std::env::vars())?;
        let served = data_folder::serve(&configuration.data)?;
        running::run(Plan { configuration, demonstration: None }, served)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, environment: &[(&str, &str)]) -> Result<Configuration> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let environment = environment.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Configuration::read(Some(file.path()), environment)
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
        let fault = super::tests::read("[gateway]\nproxy_protocol = true\n", &[]).unwrap_err().to_string();
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
    fn an_unknown_setting_is_named() {
        let fault = read("htpp = \"127.0.0.1:1\"\n", &[]).unwrap_err().to_string();
        assert!(fault.contains("htpp"), "{fault}");
        let fault = read("", &[("BILAN_UPLOAD_LIMIT_MB", "much")]).unwrap_err().to_string();
        assert!(fault.contains("BILAN_UPLOAD_LIMIT_MB: much is not a number"), "{fault}");
    }
}
