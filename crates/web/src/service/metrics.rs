//! Numbers for Prometheus, in its text format: counters end in `_total`, gauges do not, each has its help.

use std::fmt::{Display, Write as _};
use std::sync::Arc;

/// A family of numbers: its name, without the ending that its kind asks for, and what it says.
///
/// Prometheus has one way to write each: [`Family::counter`] for what only grows, [`Family::gauge`] for what rises and falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    name: &'static str,
    help: &'static str,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
}

impl Family {
    /// What only grows while the program runs. Written with `_total` behind its name.
    #[must_use]
    pub const fn counter(name: &'static str, help: &'static str) -> Self {
        Self { name, help, kind: Kind::Counter }
    }

    /// What rises and falls: a level, a size in bytes, an age in seconds.
    #[must_use]
    pub const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self { name, help, kind: Kind::Gauge }
    }
}

/// One label of a sample: its name and value. Few values: each makes a series of its own.
pub type LabelPair<'a> = (&'static str, &'a str);

/// Who has numbers to say: called at each `/metrics`, so that it must be quick and from memory.
pub type Source = Arc<dyn Fn(&mut Metrics) + Send + Sync>;

/// What `/metrics` answers.
#[derive(Debug, Default)]
pub struct Metrics(String);

impl Metrics {
    /// A family of one number.
    pub fn put(&mut self, family: Family, value: impl Display) {
        self.put_each(family, [(&[][..], value)]);
    }

    /// A family with a number for each set of labels.
    pub fn put_each<'l, V: Display>(
        &mut self,
        family: Family,
        samples: impl IntoIterator<Item = (&'l [LabelPair<'l>], V)>,
    ) {
        let Family { name, help, kind } = family;
        let (ending, kind) = match kind {
            Kind::Counter => ("_total", "counter"),
            Kind::Gauge => ("", "gauge"),
        };
        self.head(&format!("{name}{ending}"), help, kind);
        for (labels, value) in samples {
            self.sample(&format!("{name}{ending}"), labels, value);
        }
    }

    /// How long something took: counts by upper bound in seconds (each holds those below it), their sum and number.
    pub fn histogram(&mut self, name: &str, help: &str, buckets: &[(f64, u64)], seconds: f64, total: u64) {
        self.head(name, help, "histogram");
        let bucket = format!("{name}_bucket");
        for (bound, count) in buckets {
            self.sample(&bucket, &[("le", &bound.to_string())], count);
        }
        self.sample(&bucket, &[("le", "+Inf")], total);
        self.sample(&format!("{name}_sum"), &[], seconds);
        self.sample(&format!("{name}_count"), &[], total);
    }

    /// The text.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }

    fn head(&mut self, name: &str, help: &str, kind: &str) {
        let help = help.replace('\\', "\\\\").replace('\n', " ");
        // Writing into a string cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {}\n# TYPE {name} {kind}", help.trim());
    }

    fn sample(&mut self, name: &str, labels: &[LabelPair<'_>], value: impl Display) {
        self.0.push_str(name);
        for (place, (label, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.0, "{}{label}=\"{text}\"", if place == 0 { '{' } else { ',' });
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_end_in_total_and_gauges_do_not() {
        let mut metrics = Metrics::default();
        metrics.put(Family::counter("bilan_packets", "Packets stored."), 3);
        metrics.put(Family::gauge("bilan_connections", "Connections that are open."), 2);
        let expected = "# HELP bilan_packets_total Packets stored.\n# TYPE bilan_packets_total counter\nbilan_packets_total 3\n\
                        # HELP bilan_connections Connections that are open.\n# TYPE bilan_connections gauge\nbilan_connections 2\n";
        assert_eq!(metrics.into_text(), expected);
    }

    #[test]
    fn a_label_is_quoted_so_that_no_text_breaks_the_line() {
        let mut metrics = Metrics::default();
        let labels = [("to", "a\"b\\c\nd"), ("state", "up")];
        metrics.put_each(Family::gauge("bilan_lines", "Lines."), [(&labels[..], 1)]);
        let last = metrics.into_text().lines().last().map(str::to_owned);
        assert_eq!(last.as_deref(), Some(r#"bilan_lines{to="a\"b\\c\nd",state="up"} 1"#));
    }
}
