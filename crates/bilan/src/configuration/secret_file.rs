//! Secrets in files of their own, as container platforms and systemd hand them over: `password_file = "/run/secrets/mqtt"`.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::setting::Visitor;

/// Largest secret in bytes.
const LARGEST: u64 = 64 * 1024;

/// Puts the content of each named file in the place of its secret.
pub struct ReadSecrets;

impl Visitor for ReadSecrets {
    fn secret(&mut self, table: &mut toml::Table, path: &[String], name: &str) -> Result<()> {
        let key = format!("{name}_file");
        let Some(file) = table.remove(&key) else { return Ok(()) };
        let shown = || path.iter().map(String::as_str).chain([key.as_str()]).collect::<Vec<_>>().join(".");
        if table.contains_key(name) {
            bail!("{} and {name} are both set: keep one of them", shown());
        }
        let Some(file) = file.as_str() else { bail!("{} names no file", shown()) };
        let secret = read(Path::new(file)).with_context(|| format!("{}: cannot read {file}", shown()))?;
        table.insert(name.to_owned(), toml::Value::String(secret));
        Ok(())
    }
}

fn read(file: &Path) -> Result<String> {
    let mut text = String::new();
    File::open(file)?.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        bail!("a secret has at most {LARGEST} bytes");
    }
    // Editors and `echo` end a file with a line break.
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}
