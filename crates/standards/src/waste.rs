//! Hazardous waste (危险废物): codes of the national list and numbers of transfer manifests. Neither has a check digit; what can be checked is their build.

mod management;

use std::sync::LazyLock;
use std::{fmt, str::FromStr};

pub use management::{BatchCode, BatchStep, LEDGER_KEPT_YEARS, ManagementClass, NoBatchCode, Production, plan_due};

use crate::table::Table;

const CATEGORIES: &str = include_str!("../data/hw_categories.tsv");

/// A category of the list: HW01 to HW40 and HW45 to HW50.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WasteCategory {
    /// Its number.
    pub number: u8,
    /// Its name, of the list of 2021.
    pub zh: String,
}

static TABLE: LazyLock<Vec<WasteCategory>> = LazyLock::new(|| {
    let read = |row: crate::table::Row<'_, '_>| {
        let number = row.get("code").strip_prefix("HW")?.parse().ok()?;
        Some(WasteCategory { number, zh: row.get("name_zh").to_owned() })
    };
    Table::read(CATEGORIES).rows().filter_map(read).collect()
});

impl WasteCategory {
    /// All 46.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &TABLE
    }

    /// The category of a number; HW41 to HW44 do not exist.
    #[must_use]
    pub fn of(number: u8) -> Option<&'static Self> {
        TABLE.iter().find(|category| category.number == number)
    }
}

/// Code of a kind of waste, `900-041-49`: trade of its origin, serial number, category (list of 2021, article 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WasteCode {
    origin: u16,
    serial: u16,
    category: u8,
}

/// What is wrong with a waste code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WasteCodeFault {
    /// Not eight digits in three groups.
    #[error("“{found}” is not a waste code: eight digits such as 900-041-49")]
    Shape {
        /// What was given.
        found: String,
    },
    /// The category does not exist.
    #[error(
        "“{found}” ends in {category:02}, but there is no category HW{category:02}: the last two digits are 01 to 40 or 45 to 50"
    )]
    Category {
        /// What was given.
        found: String,
        /// The last two digits.
        category: u8,
    },
}

impl FromStr for WasteCode {
    type Err = WasteCodeFault;

    /// Reads `900-041-49`, also without hyphens or after `HW49 `.
    fn from_str(text: &str) -> Result<Self, WasteCodeFault> {
        let shape = || WasteCodeFault::Shape { found: text.to_owned() };
        let trimmed = text.trim();
        let code = trimmed
            .strip_prefix("HW")
            .map_or(trimmed, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()).trim());
        let groups: Vec<&str> = match code.len() {
            8 if code.is_ascii() => vec![&code[..3], &code[3..6], &code[6..]],
            _ => code.split('-').collect(),
        };
        let [origin, serial, category] = groups.as_slice() else { return Err(shape()) };
        let digits =
            |group: &str, length: usize| group.len() == length && group.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(origin, 3) || !digits(serial, 3) || !digits(category, 2) {
            return Err(shape());
        }
        let category = category.parse().map_err(|_| shape())?;
        if WasteCategory::of(category).is_none() {
            return Err(WasteCodeFault::Category { found: text.to_owned(), category });
        }
        Ok(Self {
            origin: origin.parse().map_err(|_| shape())?,
            serial: serial.parse().map_err(|_| shape())?,
            category,
        })
    }
}

impl WasteCode {
    /// Its category.
    #[must_use]
    pub fn category(self) -> &'static WasteCategory {
        // A code of a category that does not exist is not read.
        WasteCategory::of(self.category).unwrap_or(&TABLE[0])
    }

    /// Whether it stands for waste that was found hazardous by a test, not by the list: `900-000-NN` (article 6).
    #[must_use]
    pub fn is_identified(self) -> bool {
        (self.origin, self.serial) == (900, 0)
    }
}

impl fmt::Display for WasteCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}-{:03}-{:02}", self.origin, self.serial, self.category)
    }
}

/// Hazardous property (危险特性).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hazard {
    /// T 毒性.
    Toxic,
    /// C 腐蚀性.
    Corrosive,
    /// I 易燃性.
    Ignitable,
    /// R 反应性.
    Reactive,
    /// In 感染性.
    Infectious,
}

impl Hazard {
    /// Of the letters of the list.
    #[must_use]
    pub fn from_letters(letters: &str) -> Option<Self> {
        Some(match letters.trim() {
            "T" => Self::Toxic,
            "C" => Self::Corrosive,
            "I" => Self::Ignitable,
            "R" => Self::Reactive,
            "In" => Self::Infectious,
            _ => return None,
        })
    }
}

/// Number of a transfer manifest (转移联单): year, province, city, serial number (transfer rules, article 15).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ManifestNumber(String);

/// What is wrong with the number of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "“{found}” is not the number of a transfer manifest: 14 digits, year (2000 or later), province 11 to 82, city, serial number"
)]
pub struct ManifestNumberFault {
    /// What was given.
    pub found: String,
}

impl FromStr for ManifestNumber {
    type Err = ManifestNumberFault;

    fn from_str(text: &str) -> Result<Self, ManifestNumberFault> {
        let fault = || ManifestNumberFault { found: text.to_owned() };
        let number = text.trim();
        if number.len() != 14 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(fault());
        }
        let (year, province): (u16, u8) =
            (number[..4].parse().map_err(|_| fault())?, number[4..6].parse().map_err(|_| fault())?);
        if year < 2000 || !(11..=82).contains(&province) {
            return Err(fault());
        }
        Ok(Self(number.to_owned()))
    }
}

impl ManifestNumber {
    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test]
    fn there_are_46_categories_with_a_gap() {
        assert_eq!(WasteCategory::all().len(), 46);
        assert!((41..=44).all(|number| WasteCategory::of(number).is_none()));
        assert_eq!(WasteCategory::of(49).unwrap().zh, "其他废物");
    }

    #[test_case("900-041-49", "900-041-49"; "as printed")]
    #[test_case("90024908", "900-249-08"; "without hyphens")]
    #[test_case(" HW08 900-214-08 ", "900-214-08"; "after its category")]
    #[test_case("772-006-49", "772-006-49")]
    fn codes_are_read(text: &str, code: &str) {
        let read: WasteCode = text.parse().unwrap();
        assert_eq!(read.to_string(), code);
        assert_eq!(u32::from(read.category().number), code[8..].parse().unwrap());
    }

    #[test_case("900-041-4" => "“900-041-4” is not a waste code: eight digits such as 900-041-49"; "short")]
    #[test_case("9OO-041-49" => "“9OO-041-49” is not a waste code: eight digits such as 900-041-49"; "letters")]
    #[test_case("900041四九" => "“900041四九” is not a waste code: eight digits such as 900-041-49"; "not ascii")]
    #[test_case("900-041-43" => "“900-041-43” ends in 43, but there is no category HW43: the last two digits are 01 to 40 or 45 to 50"; "gap")]
    fn faults_are_named(text: &str) -> String {
        text.parse::<WasteCode>().unwrap_err().to_string()
    }

    #[test]
    fn waste_found_by_a_test_has_a_code_of_its_own() {
        let identified = |text: &str| text.parse::<WasteCode>().unwrap().is_identified();
        assert!(identified("900-000-49") && !identified("900-041-49"));
        assert_eq!((Hazard::from_letters("In"), Hazard::from_letters("X")), (Some(Hazard::Infectious), None));
    }

    #[test_case("20264301000123", true; "of Changsha")]
    #[test_case("2026430100012", false; "13 digits")]
    #[test_case("20269901000123", false; "no province 99")]
    #[test_case("19994301000123", false; "before there were any")]
    #[test_case("2026430100012A", false; "a letter")]
    fn manifests_have_14_digits(text: &str, valid: bool) {
        assert_eq!(text.parse::<ManifestNumber>().is_ok(), valid);
    }
}
