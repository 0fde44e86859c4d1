//! What has been entered so far: enterprises that others refer to, and the next number of each register.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// An enterprise of the sample district.
#[derive(Debug, Clone)]
pub struct Enterprise {
    /// Record number, by which other records refer to it.
    pub number: String,
    /// Fictitious name.
    pub name: String,
    /// Choice of the field `industry`.
    pub industry: &'static str,
    /// Unified social credit code.
    pub credit_code: String,
    /// Code of its street.
    pub street: String,
    /// Longitude, WGS-84.
    pub lon: f64,
    /// Latitude, WGS-84.
    pub lat: f64,
    /// Address.
    pub address: String,
    /// Person to talk to.
    pub contact: String,
    /// Telephone of that person.
    pub phone: String,
}

impl Enterprise {
    /// Its place in the external form.
    #[must_use]
    pub fn place(&self) -> Value {
        json!({ "lon": self.lon, "lat": self.lat, "address": self.address })
    }
}

/// The records that later ones refer to.
#[derive(Debug, Default)]
pub struct World {
    /// Enterprises in order of entry.
    pub enterprises: Vec<Enterprise>,
    /// The bureau's case handlers and clerks, drawn once.
    pub handlers: Vec<String>,
    /// Enforcement cases, number and enterprise.
    pub cases: Vec<(String, Option<String>)>,
    issued: BTreeMap<(String, i16), u32>,
}

impl World {
    /// Next number of a register: `prefix`, year and a sequence of `digits` digits counted by year.
    pub fn issue(&mut self, prefix: &str, year: i16, digits: usize) -> String {
        let sequence = self.issued.entry((prefix.to_owned(), year)).or_insert(0);
        *sequence += 1;
        format!("{prefix}{year}{sequence:0digits$}")
    }

    /// Enterprises of the given industries.
    pub fn of_industry<'world>(&'world self, industries: &'world [&str]) -> impl Iterator<Item = &'world Enterprise> {
        self.enterprises.iter().filter(move |enterprise| industries.contains(&enterprise.industry))
    }
}
