//! `bilan serve`: a bureau by its configuration file.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::configuration::Configuration;
use crate::data_folder;
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

impl Serve {
    pub fn run(self) -> Result<()> {
        let configuration = Configuration::read(self.config.as_deref(), std::env::vars())?;
        let served = data_folder::serve(&configuration.data)?;
        running::run(Plan { configuration, demonstration: None }, served)
    }
}
