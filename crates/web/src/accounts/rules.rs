//! What passwords must be, how long tokens hold, and who needs a second factor.
//!
//! GB/T 22239-2019, clause 8.1.4.1 (third level of protection), asks for passwords that are complex and changed from time to time (a), for an end to repeated failures (b)
//! and for two kinds of proof of which one rests on cryptography (d). What goes beyond length and the list of common passwords is a setting: NIST SP 800-63B advises against
//! forced changes and classes of characters, and a bureau that is inspected may need them.

use bilan_records::catalogue::{District, Role};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Account;

/// Most characters: a longer password costs more than it protects.
pub(super) const MOST: usize = 200;
/// A password in which fewer characters are left, when runs of a keyboard and of the alphabet count as one, is a run.
const LEFT: usize = 6;
/// So many characters in a row are a run.
const RUN: usize = 3;
/// A name this short stands in a password by chance.
const SHORT_NAME: usize = 3;

/// Words that begin lists of leaked passwords, and those that people at such desks use; with digits and signs around them, or one behind the other, they are no better.
const COMMON: &[&str] = &[
    "password",
    "passwd",
    "pass",
    "passw",
    "word",
    "admin",
    "administrator",
    "root",
    "user",
    "guest",
    "test",
    "demo",
    "login",
    "welcome",
    "default",
    "changeme",
    "change",
    "me",
    "secret",
    "master",
    "system",
    "manager",
    "server",
    "oracle",
    "public",
    "temp",
    "qwerty",
    "qwert",
    "asdf",
    "zxcv",
    "abc",
    "letmein",
    "monkey",
    "dragon",
    "football",
    "baseball",
    "sunshine",
    "princess",
    "shadow",
    "superman",
    "batman",
    "michael",
    "iloveyou",
    "love",
    "hello",
    "freedom",
    "whatever",
    "trustno",
    "starwars",
    "computer",
    "internet",
    "windows",
    "samsung",
    "google",
    "china",
    "beijing",
    "shanghai",
    "changsha",
    "hunan",
    "zhongguo",
    "woaini",
    "woaiwojia",
    "woaizhongguo",
    "aini",
    "nihao",
    "mima",
    "wodemima",
    "qingwen",
    "huanbao",
    "huanjing",
    "shengtai",
    "hbj",
    "hjj",
    "sthj",
    "sthjj",
    "huanbaoju",
    "epb",
    "eeb",
    "guanli",
    "guanliyuan",
    "xitong",
    "yonghu",
    "kaifa",
    "ceshi",
    "caonima",
    "zhang",
    "wang",
    "liu",
    "chen",
    "bilan",
    "district",
    "county",
    "city",
    "bureau",
    "branch",
    "qu",
    "shi",
    "xian",
    "sheng",
    "p",
    "a",
    "aa",
    "qq",
    "wx",
    "pw",
    "mm",
];

/// Rows and columns of a keyboard, the alphabet and the digits, in both directions.
const ROWS: &[&str] = &[
    "`1234567890-=",
    "0123456789",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "abcdefghijklmnopqrstuvwxyz",
    "1qaz",
    "2wsx",
    "3edc",
    "4rfv",
    "5tgb",
    "6yhn",
    "7ujm",
    "8ik,",
    "9ol.",
    "0p;/",
];

/// Settings of passwords, tokens and second factors: the part `[accounts]` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AccountRules {
    /// Least number of characters of a password; never less than eight.
    pub password_length: usize,
    /// Whether a password must have three of: capital letters, small letters, digits, signs.
    pub password_complexity: bool,
    /// Days after which a password must be changed; 0 for never.
    pub password_days: u32,
    /// Days for which a new token holds.
    pub token_days: u32,
    /// Roles whose accounts need a second factor.
    #[schemars(with = "Vec<String>")]
    pub second_factor: Vec<Role>,
}

impl Default for AccountRules {
    fn default() -> Self {
        Self {
            password_length: 10,
            password_complexity: false,
            password_days: 0,
            token_days: 365,
            second_factor: Vec::new(),
        }
    }
}

/// What an account must do before anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Its password is too old.
    ChangePassword,
    /// Its role needs a second factor, and it has none.
    Enrol,
}

/// Why a password will not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// Too short or too long.
    #[error("a password has at least {least} and at most 200 characters")]
    Length {
        /// Least number of characters.
        least: usize,
    },
    /// Digits alone.
    #[error("a password of digits alone is guessed quickly: add letters")]
    Digits,
    /// It is on every list of common passwords, or differs from one by digits and signs.
    #[error("this is one of the passwords that are tried first: choose another")]
    Common,
    /// A run of the keyboard or the alphabet, or one character again and again.
    #[error("a row of the keyboard, of the alphabet or of one character is guessed quickly: choose another")]
    Run,
    /// It holds the name of the account.
    #[error("the password holds the name of the account: choose another")]
    HoldsName,
    /// It has too few kinds of characters.
    #[error("a password has three of these: capital letters, small letters, digits, signs")]
    Simple,
    /// It is the one that is to be changed.
    #[error("the new password is the old one: choose another")]
    Same,
}

impl AccountRules {
    /// Fewest characters of a password.
    #[must_use]
    pub fn least(&self) -> usize {
        self.password_length.clamp(8, MOST)
    }

    /// Checks a password for an account.
    ///
    /// # Errors
    /// [`PasswordFault`] says what is wrong with it.
    pub fn check(&self, name: &str, password: &str) -> Result<(), PasswordFault> {
        self.check_at(name, password, &[])
    }

    /// Checks it where `places` are the names that everybody there thinks of first.
    pub(super) fn check_at(&self, name: &str, password: &str, places: &[String]) -> Result<(), PasswordFault> {
        let (lower, name) = (password.to_lowercase(), name.to_lowercase());
        if !(self.least()..=MOST).contains(&password.chars().count()) {
            return Err(PasswordFault::Length { least: self.least() });
        }
        if password.chars().all(char::is_numeric) {
            return Err(PasswordFault::Digits);
        }
        if name.chars().count() >= SHORT_NAME && lower.contains(&name) {
            return Err(PasswordFault::HoldsName);
        }
        if is_common(&lower, places) {
            return Err(PasswordFault::Common);
        }
        if left_without_runs(&lower) < LEFT || left_of_kinds(&lower) < LEFT {
            return Err(PasswordFault::Run);
        }
        if self.password_complexity && kinds(password) < 3 {
            return Err(PasswordFault::Simple);
        }
        Ok(())
    }

    /// What the account must do before anything else.
    pub(super) fn duty(&self, account: &Account, now: Timestamp) -> Option<Duty> {
        let days = SignedDuration::from_hours(24 * i64::from(self.password_days));
        if self.password_days > 0 && now.duration_since(account.password_set_at) >= days {
            return Some(Duty::ChangePassword);
        }
        (self.needs_second_factor(account) && !account.has_second_factor).then_some(Duty::Enrol)
    }

    pub(super) fn needs_second_factor(&self, account: &Account) -> bool {
        account.roles.iter().any(|role| self.second_factor.contains(role))
    }
}

/// Whether nothing but common words is left without digits and signs around them, however letters are written.
fn is_common(lower: &str, places: &[String]) -> bool {
    let trimmed = lower.trim_matches(|c: char| !c.is_alphabetic());
    let plain = |text: &str| text.chars().filter_map(as_letter).collect::<String>();
    [plain(trimmed), trimmed.chars().filter(|c| c.is_alphabetic()).collect(), plain(lower)]
        .iter()
        .any(|text| !text.is_empty() && are_words(text, places))
}

/// The letter that a digit or sign stands for; nothing for one that stands for none.
fn as_letter(c: char) -> Option<char> {
    match c {
        '@' | '4' => Some('a'),
        '0' => Some('o'),
        '1' | '!' => Some('i'),
        '3' => Some('e'),
        '5' | '$' => Some('s'),
        '7' => Some('t'),
        c if c.is_alphabetic() => Some(c),
        _ => None,
    }
}

/// Whether a text is common words one behind the other.
fn are_words(text: &str, places: &[String]) -> bool {
    let words = || COMMON.iter().copied().chain(places.iter().map(String::as_str));
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for from in 0..text.len() {
        if reached[from] && text.is_char_boundary(from) {
            for word in words().filter(|word| text[from..].starts_with(word)) {
                reached[from + word.len()] = true;
            }
        }
    }
    reached[text.len()]
}

/// Characters that are left when each run counts as one and letters, digits and signs stand apart: `a1b2c3` is two runs.
fn left_of_kinds(lower: &str) -> usize {
    let of = |kind: fn(char) -> bool| lower.chars().filter(|c| kind(*c)).collect::<String>();
    let kinds = [of(char::is_alphabetic), of(char::is_numeric), of(|c| !c.is_alphanumeric())];
    kinds.iter().map(|kind| left_without_runs(kind)).sum()
}

/// Words of the names of a district, its bureau, cells and rivers, which everybody there thinks of first.
pub(super) fn places(district: &District) -> Vec<String> {
    let cells = district.cells.values().map(|cell| &cell.name);
    let names = [&district.name, &district.bureau].into_iter().chain(cells);
    let names = names.chain(district.rivers.iter().map(|river| &river.name));
    let mut words = vec![district.key.to_lowercase()];
    for name in names {
        let (zh, en) = (name.zh.to_lowercase(), name.en.to_lowercase());
        let short = zh.trim_end_matches(['省', '市', '区', '县', '镇', '乡', '村']);
        words.extend([short.to_owned(), zh.clone()]);
        words.extend(en.split(|c: char| !c.is_alphabetic()).filter(|word| word.len() > SHORT_NAME).map(str::to_owned));
    }
    words.retain(|word| word.chars().count() > 1);
    words.sort_unstable();
    words.dedup();
    words
}

/// Characters that are left when each run counts as one.
fn left_without_runs(lower: &str) -> usize {
    let chars: Vec<char> = lower.chars().map(unshifted).collect();
    let (mut at, mut left) = (0, 0);
    while at < chars.len() {
        let longest = (RUN..=chars.len() - at).rev().find(|length| is_run(&chars[at..at + length]));
        at += longest.unwrap_or(1);
        left += 1;
    }
    left
}

/// The digit of the key with which a sign is written.
fn unshifted(c: char) -> char {
    ")!@#$%^&*(".find(c).and_then(|digit| char::from_digit(digit as u32, 10)).unwrap_or(c)
}

fn is_run(chars: &[char]) -> bool {
    if chars.iter().all(|c| *c == chars[0]) {
        return true;
    }
    let (forth, back): (String, String) = (chars.iter().collect(), chars.iter().rev().collect());
    ROWS.iter().any(|row| row.contains(&forth) || row.contains(&back))
}

fn kinds(password: &str) -> usize {
    let has = |kind: fn(char) -> bool| usize::from(password.chars().any(kind));
    has(char::is_uppercase) + has(char::is_lowercase) + has(char::is_numeric) + has(|c| !c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case("short1!", PasswordFault::Length { least: 10 })]
    #[test_case("1234567890", PasswordFault::Digits)]
    #[test_case("73105829461", PasswordFault::Digits)]
    #[test_case("２０２６１１２６８８", PasswordFault::Digits; "digits of full width")]
    #[test_case("Password2026", PasswordFault::Common)]
    #[test_case("P@ssw0rd!2026", PasswordFault::Common; "letters written as signs")]
    #[test_case("admin123456", PasswordFault::Common)]
    #[test_case("adminpassword", PasswordFault::Common; "two words")]
    #[test_case("woaini1314520", PasswordFault::Common)]
    #[test_case("Huanbao@2026", PasswordFault::Common)]
    #[test_case("bilan-demo", PasswordFault::Common; "of the demonstration")]
    #[test_case("qwertyuiop", PasswordFault::Run)]
    #[test_case("a1b2c3d4e5", PasswordFault::Run; "two rows in turn")]
    #[test_case("1a2s3d4f5g", PasswordFault::Run; "two rows of the keyboard in turn")]
    #[test_case("1qaz2wsx3edc", PasswordFault::Run; "columns of the keyboard")]
    #[test_case("!QAZ2wsx#EDC", PasswordFault::Run; "columns with capitals")]
    #[test_case("zyxwvutsrq", PasswordFault::Run)]
    #[test_case("aaaaaaaaaab", PasswordFault::Run)]
    #[test_case("zhang.wei-2026", PasswordFault::HoldsName)]
    #[test_case("my-ZHANG.WEI!", PasswordFault::HoldsName)]
    fn what_is_guessed_first_is_refused(password: &str, fault: PasswordFault) {
        assert_eq!(AccountRules::default().check("zhang.wei", password), Err(fault));
    }

    #[test_case("correct horse")]
    #[test_case("k7m2xq9rtbw4hzpn"; "made up by the command line")]
    #[test_case("湘江北去橘子洲头看万山红遍")]
    #[test_case("passworded-river-43")]
    fn others_are_taken(password: &str) {
        assert_eq!(AccountRules::default().check("zhang.wei", password), Ok(()));
    }

    #[test_case("Tianxin2026")]
    #[test_case("tianxinqu@430103")]
    #[test_case("天心区20261127")]
    #[test_case("Changsha-Tianxin1")]
    fn a_password_of_the_names_of_the_place_is_one_that_is_tried_first(password: &str) {
        let files = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let places = places(&bilan_records::catalogue::load(&files).unwrap().district);
        let rules = AccountRules::default();
        assert_eq!(rules.check_at("zhang.wei", password, &places), Err(PasswordFault::Common));
        assert_eq!(rules.check_at("zhang.wei", "tianxin correct horse", &places), Ok(()), "among other words");
        assert_eq!(rules.check_at("zhang.wei", "湘江北去橘子洲头看万山红遍", &places), Ok(()));
    }

    #[test]
    fn kinds_of_characters_are_asked_for_where_that_is_set() {
        let rules = AccountRules { password_complexity: true, ..AccountRules::default() };
        assert_eq!(rules.check("zhang", "correct horse"), Err(PasswordFault::Simple));
        assert_eq!(rules.check("zhang", "Correct horse"), Ok(()));
        let rules = AccountRules { password_length: 14, ..AccountRules::default() };
        assert_eq!(rules.check("zhang", "correct horse"), Err(PasswordFault::Length { least: 14 }));
    }
}
