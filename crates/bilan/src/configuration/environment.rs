//! Settings of the environment: `BILAN_HTTP`, `BILAN_GATEWAY_IDLE_S`. What begins with `BILAN_` and is no setting is refused: a
//! misspelled limit would otherwise hold nowhere.

use anyhow::{Context, Result, anyhow, bail};
use bilan_records::catalogue::closest;

use super::setting::{Kind, Schema, Setting, variable};

/// Variables of the program that stand beside the settings of a bureau.
const OF_THE_PROGRAM: [(&str, &str); 3] = [
    ("BILAN_CONFIG", "the configuration file"),
    ("BILAN_FILES", "the folder with registers/, rules/, figures/, reports/ and districts/"),
    ("BILAN_LOG", "what is logged, such as debug or warn,bilan=info"),
];

/// Variables of tests; the program leaves them alone.
const OF_TESTS: &str = "BILAN_TEST_";

/// Ends the name of a variable that names a file with a secret.
const FILE: &str = "_FILE";

/// The settings that the environment makes, as a table like that of the file.
pub fn table(schema: &Schema, environment: impl Iterator<Item = (String, String)>) -> Result<toml::Table> {
    let settings = schema.settings();
    let mut table = toml::Table::new();
    for (name, text) in environment.filter(|(name, _)| concerns_a_setting(name)) {
        if let Some(setting) = settings.iter().find(|setting| setting.variable() == name) {
            insert(&mut table, &setting.path, value(setting, &name, &text)?)?;
        } else if let Some(path) = path_of_file(&settings, &name) {
            insert(&mut table, &path, toml::Value::String(text))?;
        } else {
            return Err(unknown(&settings, &name));
        }
    }
    Ok(table)
}

/// Refuses variables that begin with `BILAN_` and are none of this program.
///
/// # Errors
/// The first of them, with the name that was probably meant.
pub fn check(environment: impl Iterator<Item = String>) -> Result<()> {
    let settings = Schema::of_configuration().settings();
    let is_known = |name: &String| {
        settings.iter().any(|setting| setting.variable() == *name) || path_of_file(&settings, name).is_some()
    };
    match environment.filter(|name| concerns_a_setting(name)).find(|name| !is_known(name)) {
        Some(name) => Err(unknown(&settings, &name)),
        None => Ok(()),
    }
}

fn concerns_a_setting(name: &str) -> bool {
    name.starts_with("BILAN_") && !name.starts_with(OF_TESTS) && !OF_THE_PROGRAM.iter().any(|(known, _)| *known == name)
}

/// `BILAN_MQTT_PASSWORD_FILE` stands for `mqtt.password_file`.
fn path_of_file(settings: &[Setting], name: &str) -> Option<Vec<String>> {
    let secret = name.strip_suffix(FILE)?;
    let setting = settings.iter().find(|setting| setting.is_secret && setting.variable() == secret)?;
    let mut path = setting.path.clone();
    path.last_mut()?.push_str("_file");
    Some(path)
}

fn unknown(settings: &[Setting], name: &str) -> anyhow::Error {
    let known: Vec<String> = settings
        .iter()
        .flat_map(|setting| [Some(setting.variable()), setting.is_secret.then(|| setting.variable() + FILE)])
        .flatten()
        .chain(OF_THE_PROGRAM.iter().map(|(name, _)| (*name).to_owned()))
        .collect();
    match closest(name, known.iter().map(String::as_str)) {
        Some(meant) => anyhow!("{name} is not a setting; did you mean {meant}?"),
        None => anyhow!("{name} is not a setting; `bilan config show` lists the variable of each"),
    }
}

fn value(setting: &Setting, name: &str, text: &str) -> Result<toml::Value> {
    Ok(match setting.kind {
        Kind::Text => text.into(),
        Kind::Flag => text.parse::<bool>().with_context(|| format!("{name}: {text} is not true or false"))?.into(),
        Kind::Number => text.parse::<i64>().with_context(|| format!("{name}: {text} is not a number"))?.into(),
        Kind::Words if !text.trim_start().starts_with('[') => {
            let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
            words.map(|word| toml::Value::String(word.to_owned())).collect::<Vec<_>>().into()
        }
        // Not the text itself: it may hold a secret.
        Kind::Words | Kind::List => {
            serde_json::from_str(text).map_err(|fault| anyhow!("{name} is not a JSON list: {fault}"))?
        }
    })
}

fn insert(table: &mut toml::Table, path: &[String], value: toml::Value) -> Result<()> {
    let Some((last, above)) = path.split_last() else { return Ok(()) };
    let mut table = table;
    for part in above {
        let below = table.entry(part.clone()).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        let Some(below) = below.as_table_mut() else { bail!("{} is set twice", variable(path)) };
        table = below;
    }
    table.insert(last.clone(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(environment: &[(&str, &str)]) -> Result<toml::Table> {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        table(&Schema::of_configuration(), environment)
    }

    #[test]
    fn a_variable_is_read_by_the_type_of_its_setting() {
        let read = read(&[
            ("BILAN_TELEPHONE", "12369"),
            ("BILAN_SECURE_COOKIES", "true"),
            ("BILAN_TRUSTED_PROXIES", "10.0.0.0/8, fd00::1"),
            ("BILAN_ACCOUNTS_SECOND_FACTOR", r#"["admin"]"#),
            ("BILAN_NOTIFY_WEBHOOKS", r#"[{"name": "值班群", "kind": "wecom", "url": "https://example.cn"}]"#),
            ("BILAN_MQTT_PASSWORD_FILE", "/run/secrets/mqtt"),
            ("BILAN_FORWARD_WINDOW", "5"),
            ("BILAN_LOG", "debug"),
            ("BILAN_TEST_KILLS", "3"),
            ("HOME", "/root"),
        ])
        .unwrap();
        let written: toml::Table = r#"
            telephone = "12369"
            secure_cookies = true
            trusted_proxies = ["10.0.0.0/8", "fd00::1"]
            accounts = { second_factor = ["admin"] }
            notify = { webhooks = [{ name = "值班群", kind = "wecom", url = "https://example.cn" }] }
            mqtt = { password_file = "/run/secrets/mqtt" }
            forward = { window = 5 }
        "#
        .parse()
        .unwrap();
        assert_eq!(read, written);
    }

    #[test]
    fn an_unknown_variable_is_refused_with_the_name_that_was_meant() {
        let fault = |name: &str| read(&[(name, "1")]).unwrap_err().to_string();
        assert_eq!(fault("BILAN_HTPP"), "BILAN_HTPP is not a setting; did you mean BILAN_HTTP?");
        assert!(fault("BILAN_GATEWAY_IDEL_S").contains("did you mean BILAN_GATEWAY_IDLE_S?"));
        assert!(fault("BILAN_MQTT_HOST_FILE").contains("is not a setting"), "the host is no secret");
        assert!(fault("BILAN_RUNS").contains("is not a setting"));
        assert!(check(["BILAN_HTPP".to_owned()].into_iter()).is_err());
        assert!(check(["BILAN_FILES".to_owned(), "BILAN_TEST_KILLS".to_owned()].into_iter()).is_ok());
    }

    #[test]
    fn a_value_of_another_type_is_refused_by_the_name_of_its_variable() {
        let fault = |name: &str, value: &str| read(&[(name, value)]).unwrap_err().to_string();
        assert_eq!(fault("BILAN_UPLOAD_LIMIT_MB", "much"), "BILAN_UPLOAD_LIMIT_MB: much is not a number");
        assert_eq!(fault("BILAN_SECURE_COOKIES", "yes"), "BILAN_SECURE_COOKIES: yes is not true or false");
        let fault = fault("BILAN_NOTIFY_WEBHOOKS", "https://hook.example.cn/secret");
        assert!(fault.starts_with("BILAN_NOTIFY_WEBHOOKS is not a JSON list") && !fault.contains("secret"), "{fault}");
    }
}
