//! Personal data (个人信息): encrypted at rest, masked by default.
//!
//! A personal field is stored as XChaCha20-Poly1305 ciphertext bound to the record it belongs to, so that a
//! ciphertext moved to another row does not open. The journal holds only the masked form and a keyed digest:
//! enough to see that a value changed, not what it was. The digest is bound to its place as the ciphertext is, so that
//! the same value elsewhere has another one, and it never leaves the journal ([`without_digests`]).

use std::{fs, io, path::Path};

use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use serde_json::{Value as Json, json};
use sm3::Sm3;

use crate::catalogue::{Field, FieldKind};

const NONCE: usize = 24;

/// The key that opens personal fields. It is handed in and never stored in the database.
#[derive(Clone)]
pub struct Keyring {
    key: [u8; 32],
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyring(…)")
    }
}

/// Why a personal field could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum PersonalError {
    /// The ciphertext does not open: another key, or moved or altered behind our back.
    #[error("{place} does not open with this key: the key file is another one, or the stored value was altered")]
    DoesNotOpen {
        /// Register, record and field.
        place: String,
    },
    /// The system's random source failed.
    #[error("no random numbers from the system: {0}")]
    Random(String),
    /// The key file cannot be read or written.
    #[error("key file {path}: {why}")]
    KeyFile {
        /// The file.
        path: String,
        /// What went wrong.
        why: String,
    },
}

impl Keyring {
    /// A keyring from 32 secret bytes.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// Reads the key file, or makes a new one that only its owner may read (mode 0600).
    ///
    /// # Errors
    /// [`PersonalError::KeyFile`] if the file is unreadable, not 64 hexadecimal digits, or open to others.
    pub fn open_or_create(path: &Path) -> Result<Self, PersonalError> {
        let fault = |why: String| PersonalError::KeyFile { path: path.display().to_string(), why };
        match fs::read_to_string(path) {
            Ok(text) => {
                refuse_shared(path).map_err(&fault)?;
                let bytes = hex::decode(text.trim()).map_err(|_| fault("is not 64 hexadecimal digits".into()))?;
                let key = bytes.try_into().map_err(|_| fault("is not 64 hexadecimal digits".into()))?;
                Ok(Self { key })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut key = [0; 32];
                getrandom::fill(&mut key).map_err(|error| PersonalError::Random(error.to_string()))?;
                write_private(path, &hex::encode(key)).map_err(|error| fault(error.to_string()))?;
                Ok(Self { key })
            }
            Err(error) => Err(fault(error.to_string())),
        }
    }

    /// Encrypts `plain` for the place (register, record, field) where it will be stored.
    ///
    /// # Errors
    /// [`PersonalError::Random`] if the system gives no random numbers.
    pub fn seal(&self, place: &str, plain: &str) -> Result<Vec<u8>, PersonalError> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|error| PersonalError::Random(error.to_string()))?;
        let payload = Payload { msg: plain.as_bytes(), aad: place.as_bytes() };
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| PersonalError::DoesNotOpen { place: place.to_owned() })?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`Self::seal`] stored at `place`.
    ///
    /// # Errors
    /// [`PersonalError::DoesNotOpen`] if key, place or bytes are not the ones it was sealed with.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<String, PersonalError> {
        let fault = || PersonalError::DoesNotOpen { place: place.to_owned() };
        let (nonce, text) = sealed.split_at_checked(NONCE).ok_or_else(fault)?;
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| fault())?;
        let payload = Payload { msg: text, aad: place.as_bytes() };
        let plain = self.cipher().decrypt(&XNonce::from(nonce), payload).map_err(|_| fault())?;
        String::from_utf8(plain).map_err(|_| fault())
    }

    /// Keyed digest of a value at a place (register, record, field): it changes when the value does, and says nothing
    /// of the same value at another place.
    #[must_use]
    pub fn digest_at(&self, place: &str, plain: &str) -> String {
        self.mac(&[&(place.len() as u64).to_be_bytes(), place.as_bytes(), plain.as_bytes()])
    }

    /// By which a database knows the key it was made with.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.mac(&[b"the key of this database"])
    }

    fn mac(&self, parts: &[&[u8]]) -> String {
        // HMAC takes keys of any length.
        let Ok(mut mac) = <Hmac<Sm3> as hmac::KeyInit>::new_from_slice(&self.key) else { return String::new() };
        for part in parts {
            mac.update(part);
        }
        hex::encode(&mac.finalize().into_bytes()[..12])
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(self.key))
    }
}

/// What the journal keeps of a personal value at a place.
#[must_use]
pub fn journal_form(keyring: &Keyring, field: &Field, place: &str, plain: &str) -> Json {
    json!({ "masked": mask(field, plain), "digest": keyring.digest_at(place, plain) })
}

/// A value of the journal as it is shown: the digest of a personal value is left out, wherever in it that stands.
#[must_use]
pub fn without_digests(value: Json) -> Json {
    match value {
        Json::Object(mut map) => {
            if map.len() == 2 && map.contains_key("masked") {
                map.remove("digest");
            }
            Json::Object(map.into_iter().map(|(key, value)| (key, without_digests(value))).collect())
        }
        Json::Array(items) => Json::Array(items.into_iter().map(without_digests).collect()),
        scalar => scalar,
    }
}

/// The form shown without permission: a name keeps its first character, a number its ends.
#[must_use]
pub fn mask(field: &Field, plain: &str) -> String {
    let count = plain.chars().count();
    if field.withheld || is_secret(&field.key) {
        return SECRET.to_owned();
    }
    match field.kind {
        FieldKind::Phone => keep_ends(plain, if count >= 11 { 3 } else { 1 }, if count >= 8 { 4 } else { 1 }),
        FieldKind::Text { .. } | FieldKind::Person if looks_like_number(plain) => keep_ends(plain, 3, 4),
        FieldKind::Text { .. } | FieldKind::Person => plain.chars().take(1).chain("**".chars()).collect(),
        _ => "***".to_owned(),
    }
}

/// Whether a value of a personal field is its mask and not itself: every mask holds an asterisk, which no name, number or address does.
#[must_use]
pub fn is_mask(field: &Field, text: &str) -> bool {
    if is_secret(&field.key) { text == SECRET } else { text.contains('*') }
}

/// A password or key of a device: nothing of it is shown, not its length and not its ends.
fn is_secret(key: &str) -> bool {
    ["password", "secret", "key"].iter().any(|word| key.rsplit('_').next() == Some(word))
}

/// How it stands on a screen.
const SECRET: &str = "******";

fn looks_like_number(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    digits >= 8 && digits + 2 >= text.chars().count()
}

fn keep_ends(text: &str, head: usize, tail: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= head + tail {
        return "****".to_owned();
    }
    let start: String = chars[..head].iter().collect();
    let end: String = chars[chars.len() - tail..].iter().collect();
    format!("{start}{}{end}", "*".repeat(chars.len() - head - tail))
}

#[cfg(unix)]
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(not(unix))]
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    fs::write(path, text)
}

#[cfg(unix)]
fn refuse_shared(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path).map_err(|error| error.to_string())?.permissions().mode();
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(format!("may be read by others (mode {:o}); allow only its owner: chmod 600", mode & 0o777))
    }
}

#[cfg(not(unix))]
fn refuse_shared(_path: &Path) -> Result<(), String> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;
    use crate::catalogue::Label;

    fn field(kind: FieldKind) -> Field {
        let label = Label { zh: "姓名".into(), en: "Name".into() };
        Field {
            key: "name".into(),
            label,
            hint: None,
            kind,
            required: false,
            unique: false,
            personal: true,
            withheld: false,
            search: false,
            read_only: false,
            detail: false,
            checks: crate::catalogue::Checks::default(),
        }
    }

    #[test_case(FieldKind::Person, "王小明", "王**"; "name of three characters")]
    #[test_case(FieldKind::Person, "李四", "李**"; "the length of a name is not told")]
    #[test_case(FieldKind::Phone, "13812345678", "138****5678"; "mobile phone")]
    #[test_case(FieldKind::Phone, "0731-85140000", "073******0000"; "fixed line")]
    #[test_case(FieldKind::LongText { max: 100 }, "雨花亭12栋", "***"; "address")]
    fn a_personal_value_is_shown_masked(kind: FieldKind, plain: &str, masked: &str) {
        assert_eq!(mask(&field(kind), plain), masked);
    }

    #[test_case("password", "128336")]
    #[test_case("password", "12833612833612")]
    #[test_case("sm4_key", "0123456789abcdef0123456789abcdef")]
    fn nothing_is_shown_of_a_secret(key: &str, plain: &str) {
        let field = Field { key: key.to_owned(), ..field(FieldKind::Text { max: 100 }) };
        assert_eq!(mask(&field, plain), "******");
    }

    #[test]
    fn a_sealed_value_opens_only_where_it_was_stored_and_with_its_key() {
        let keyring = Keyring::new([7; 32]);
        let sealed = keyring.seal("complaint/TS1/reporter", "王小明").unwrap();
        assert_eq!(keyring.open("complaint/TS1/reporter", &sealed).unwrap(), "王小明");
        assert!(keyring.open("complaint/TS2/reporter", &sealed).is_err());
        assert!(Keyring::new([8; 32]).open("complaint/TS1/reporter", &sealed).is_err());
        assert!(!sealed.windows(3).any(|bytes| bytes == "王".as_bytes()));
    }

    #[test]
    fn the_digest_of_a_value_is_another_at_every_place_and_with_every_key() {
        let keyring = Keyring::new([7; 32]);
        let here = keyring.digest_at("complaint/TS1/phone", "13812345678");
        assert_eq!(here, keyring.digest_at("complaint/TS1/phone", "13812345678"));
        assert_ne!(here, keyring.digest_at("complaint/TS2/phone", "13812345678"), "another record");
        assert_ne!(here, keyring.digest_at("complaint/TS1/phone2", "13812345678"), "another field");
        assert_ne!(keyring.digest_at("a", "bc"), keyring.digest_at("ab", "c"), "place and value do not run together");
        assert_ne!(here, Keyring::new([8; 32]).digest_at("complaint/TS1/phone", "13812345678"));
    }

    #[test]
    fn what_is_shown_of_the_journal_has_no_digests() {
        let stored = json!([{ "driver": { "masked": "王**", "digest": "0635" }, "weight": 3 }, "text", null]);
        assert_eq!(without_digests(stored), json!([{ "driver": { "masked": "王**" }, "weight": 3 }, "text", null]));
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_is_made_once_for_its_owner_alone_and_refused_when_others_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let first = Keyring::open_or_create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Keyring::open_or_create(&path).unwrap().key, first.key);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(Keyring::open_or_create(&path).unwrap_err().to_string().contains("chmod 600"));
    }
}
