//! Every fault of a file, told at once.

use std::fmt;

use anyhow::Result;

/// More than these nobody reads; the others are counted.
const TOLD: usize = 1000;

/// Faults in the order of the file.
#[derive(Debug, Default)]
pub struct Faults {
    told: Vec<String>,
    more: usize,
}

impl Faults {
    /// One more; those of a block are taken over one by one.
    pub fn add(&mut self, fault: &anyhow::Error) {
        match fault.downcast_ref::<Self>() {
            Some(faults) => {
                faults.told.iter().for_each(|told| self.tell(told.clone()));
                self.more += faults.more;
            }
            None => self.tell(format!("{fault:#}")),
        }
    }

    fn tell(&mut self, fault: String) {
        if self.told.len() < TOLD {
            self.told.push(fault);
        } else {
            self.more += 1;
        }
    }

    /// Nothing where there is no fault.
    pub fn into_result(self) -> Result<()> {
        if self.told.is_empty() { Ok(()) } else { Err(self.into()) }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told.join("\n"))?;
        if self.more > 0 { write!(f, "\nand {} more faults", self.more) } else { Ok(()) }
    }
}

impl std::error::Error for Faults {}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn faults_are_told_up_to_a_number_and_then_counted() {
        let mut block = Faults::default();
        assert!(Faults::default().into_result().is_ok());
        (0..TOLD + 5).for_each(|line| block.add(&anyhow!("line {line}")));
        let mut all = Faults::default();
        all.add(&anyhow!("first"));
        all.add(&block.into_result().unwrap_err());
        let text = all.to_string();
        assert!(text.starts_with("first\nline 0\n") && text.ends_with("\nand 6 more faults"), "{text}");
        assert_eq!(text.lines().count(), TOLD + 1);
    }
}
