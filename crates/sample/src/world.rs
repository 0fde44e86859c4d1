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

/// A building site of the year, for permits, machines and complaints alike.
#[derive(Debug, Clone)]
pub struct Site {
    /// Name of the works.
    pub name: String,
    /// Client.
    pub builder: String,
    /// Choice of the field `site_kind`.
    pub kind: &'static str,
    /// Number of the contractor's record.
    pub enterprise: String,
    /// Code of its street.
    pub street: String,
    /// Place in the external form.
    pub place: Value,
    /// Distance of the nearest home in metres.
    pub nearest_home_m: i64,
    /// Site manager and telephone.
    pub manager: (String, String),
}

/// An inspection of a machine that led to a case.
#[derive(Debug, Clone)]
pub struct SmokyMachine {
    /// Number of the inspection.
    pub inspection: String,
    /// Number of the machine, if it had a code.
    pub machine: Option<String>,
    /// Number of the contractor's record.
    pub enterprise: String,
    /// Name of the site.
    pub site: String,
    /// Place in the external form.
    pub place: Value,
    /// Day of the inspection.
    pub day: jiff::civil::Date,
    /// Opacity measured and its limit.
    pub smoke: (f64, f64),
}

/// The records that later ones refer to.
#[derive(Debug, Default)]
pub struct World {
    /// Enterprises in order of entry.
    pub enterprises: Vec<Enterprise>,
    /// Building sites.
    pub sites: Vec<Site>,
    /// Machine inspections that ended in a case.
    pub smoky: Vec<SmokyMachine>,
    /// Complaints by number, with category and enterprise.
    pub complaints: Vec<(String, &'static str, Option<String>)>,
    /// Accepted declarations of hazardous waste with their enterprise.
    pub declarations: Vec<(String, Enterprise)>,
    /// Rectification notices with their enterprise.
    pub notices: Vec<(String, String)>,
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
    pub fn of_industry(&self, industries: &[&str]) -> impl Iterator<Item = &Enterprise> {
        self.enterprises.iter().filter(move |enterprise| industries.contains(&enterprise.industry))
    }

    /// Enterprises of the given industries, those of the first industry first.
    #[must_use]
    pub fn in_order(&self, industries: &[&str]) -> Vec<Enterprise> {
        industries.iter().flat_map(|industry| self.of_industry(std::slice::from_ref(industry)).cloned()).collect()
    }
}
