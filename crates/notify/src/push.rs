//! Push to browsers: who subscribed, and the signature that says who sends (VAPID, RFC 8292). Encryption is that of RFC 8291.

use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Push services of the browsers' makers.
const SERVICES: [&str; 6] = [
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "push.services.mozilla.com",
    "web.push.apple.com",
    "notify.windows.com",
    "push.hihonorcloud.com",
];
/// How long a service keeps a message for a browser that is off.
pub(crate) const KEPT: SignedDuration = SignedDuration::from_hours(12);
/// How long a signature holds; RFC 8292 allows a day.
const SIGNED_FOR: SignedDuration = SignedDuration::from_hours(12);

/// A browser that wants to be told, as its `PushSubscription` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Address at the browser's push service.
    pub endpoint: String,
    /// Public key of the browser: an uncompressed point of P-256 in base64url.
    pub p256dh: String,
    /// Its secret: 16 bytes in base64url.
    pub auth: String,
}

/// Why a subscription is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubscriptionFault {
    /// Anybody could make the server call any address otherwise.
    #[error("“{0}” is no push service that is known here: an administrator can add it to [notify.push] hosts")]
    UnknownService(String),
    /// Keys that cannot be.
    #[error("the keys of the subscription are none: subscribe again")]
    BadKeys,
}

impl Subscription {
    /// Checks the address against the known services (and `more` of them) and the keys for their form.
    ///
    /// # Errors
    /// [`SubscriptionFault`].
    pub fn check(&self, more: &[String]) -> Result<(), SubscriptionFault> {
        let uri: Option<http::Uri> = self.endpoint.parse().ok();
        let host = uri.as_ref().and_then(http::Uri::host).unwrap_or_default().to_ascii_lowercase();
        let port = uri.as_ref().and_then(http::Uri::port_u16);
        let is_https = uri.as_ref().and_then(http::Uri::scheme_str) == Some("https");
        let is_usual = is_https && port.is_none_or(|port| port == 443);
        // Another port of the same host is another service: it is called only where it is named.
        let own = more.contains(&host) && is_usual || port.is_some_and(|port| more.contains(&format!("{host}:{port}")));
        let public = SERVICES.iter().any(|known| host == *known || host.ends_with(&format!(".{known}")));
        if !(own || (public && is_usual)) || self.endpoint.len() > 2000 {
            return Err(SubscriptionFault::UnknownService(host));
        }
        self.keys().map(drop).ok_or(SubscriptionFault::BadKeys)
    }

    fn keys(&self) -> Option<(p256::PublicKey, web_push_native::Auth)> {
        let point = URL_SAFE_NO_PAD.decode(self.p256dh.trim_end_matches('=')).ok()?;
        let auth = URL_SAFE_NO_PAD.decode(self.auth.trim_end_matches('=')).ok()?;
        let key = p256::PublicKey::from_sec1_bytes(&point).ok()?;
        let auth: [u8; 16] = auth.try_into().ok()?;
        Some((key, auth.into()))
    }

    /// The encrypted body of a message: only this browser can read it.
    ///
    /// # Errors
    /// If the keys are none.
    pub fn encrypt(&self, message: &[u8]) -> Result<Vec<u8>, SubscriptionFault> {
        let (key, auth) = self.keys().ok_or(SubscriptionFault::BadKeys)?;
        web_push_native::encrypt(message.to_vec(), &key, &auth).map_err(|_| SubscriptionFault::BadKeys)
    }
}

/// The key with which this installation signs what it pushes.
pub struct PushKey(SigningKey);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum PushKeyError {
    /// The file cannot be read or written.
    #[error("the key for push messages, {path}: {source}")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{0} holds no key: remove it and let every browser subscribe again")]
    Broken(String),
}

impl PushKey {
    /// Reads the key of an installation; makes one if there is none yet. Only its owner may read the file.
    ///
    /// # Errors
    /// [`PushKeyError`].
    pub fn open_or_create(path: &Path) -> Result<PushKey, PushKeyError> {
        let shown = path.display().to_string();
        let refused = |source| PushKeyError::File { path: shown.clone(), source };
        match std::fs::read_to_string(path) {
            Ok(text) => {
                let bytes = URL_SAFE_NO_PAD.decode(text.trim()).map_err(|_| PushKeyError::Broken(shown.clone()))?;
                SigningKey::from_slice(&bytes).map(PushKey).map_err(|_| PushKeyError::Broken(shown.clone()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = PushKey::random();
                write_secret(path, &URL_SAFE_NO_PAD.encode(key.0.to_bytes())).map_err(refused)?;
                Ok(key)
            }
            Err(error) => Err(refused(error)),
        }
    }

    fn random() -> PushKey {
        loop {
            // One in 2³² draws is no key of the curve.
            if let Ok(key) = SigningKey::from_slice(&rand::random::<[u8; 32]>()) {
                return PushKey(key);
            }
        }
    }

    /// The public key as browsers want it (`applicationServerKey`).
    #[must_use]
    pub fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.verifying_key().to_encoded_point(false).as_bytes())
    }

    /// The header `Authorization` for an endpoint (RFC 8292, clause 3).
    #[must_use]
    pub fn authorization(&self, endpoint: &str, contact: &str, now: Timestamp) -> String {
        let uri: http::Uri = endpoint.parse().unwrap_or_default();
        let audience = format!(
            "{}://{}",
            uri.scheme_str().unwrap_or("https"),
            uri.authority().map(http::uri::Authority::as_str).unwrap_or_default()
        );
        let expires = now.saturating_add(SIGNED_FOR).unwrap_or(now).as_second();
        let head = URL_SAFE_NO_PAD.encode(json!({ "typ": "JWT", "alg": "ES256" }).to_string());
        let claims = URL_SAFE_NO_PAD.encode(json!({ "aud": audience, "exp": expires, "sub": contact }).to_string());
        let signature: Signature = self.0.sign(format!("{head}.{claims}").as_bytes());
        let signed = URL_SAFE_NO_PAD.encode(signature.to_bytes());
        format!("vapid t={head}.{claims}.{signed}, k={}", self.public())
    }
}

fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
    use p256::ecdsa::VerifyingKey;
    use p256::ecdsa::signature::Verifier as _;
    use p256::elliptic_curve::sec1::ToEncodedPoint as _;
    use test_case::test_case;

    use super::*;

    fn browser() -> (p256::SecretKey, Subscription) {
        let secret = p256::SecretKey::from_slice(&[7; 32]).unwrap();
        let point = secret.public_key().to_encoded_point(false);
        let subscription = Subscription {
            endpoint: "https://fcm.googleapis.com/fcm/send/abc".into(),
            p256dh: URL_SAFE_NO_PAD.encode(point.as_bytes()),
            auth: URL_SAFE_NO_PAD.encode([9; 16]),
        };
        (secret, subscription)
    }

    #[test]
    fn only_the_browser_reads_what_is_pushed() {
        let (secret, subscription) = browser();
        let sealed = subscription.encrypt("【报警】溶解氧骤降".as_bytes()).unwrap();
        assert!(!sealed.windows(6).any(|part| part == "报警".as_bytes()));
        let opened = web_push_native::decrypt(sealed, &secret, &[9; 16].into()).unwrap();
        assert_eq!(opened, "【报警】溶解氧骤降".as_bytes());
    }

    #[test]
    fn a_signature_names_the_service_and_holds_for_hours() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("push.key");
        let key = PushKey::open_or_create(&path).unwrap();
        assert_eq!(PushKey::open_or_create(&path).unwrap().public(), key.public(), "the key stays");
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let header = key.authorization("https://fcm.googleapis.com/fcm/send/abc", "mailto:a@b.cn", now);
        let token = header.strip_prefix("vapid t=").unwrap().split(',').next().unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        let public = URL_SAFE_NO_PAD.decode(key.public()).unwrap();
        VerifyingKey::from_sec1_bytes(&public).unwrap().verify(signed.as_bytes(), &signature).unwrap();
        let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().1).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["aud"], "https://fcm.googleapis.com");
        assert_eq!(claims["exp"], 1_700_000_000 + 12 * 3600);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test_case("https://fcm.googleapis.com/fcm/send/abc", true)]
    #[test_case("https://wns2-par02p.notify.windows.com/w/?token=abc", true)]
    #[test_case("http://fcm.googleapis.com/fcm/send/abc", false; "in the clear")]
    #[test_case("https://fcm.googleapis.com.evil.cn/abc", false; "a name that begins alike")]
    #[test_case("https://127.0.0.1:8080/admin", false; "the server itself")]
    #[test_case("https://fcm.googleapis.com:443/fcm/send/abc", true; "the port by name")]
    #[test_case("https://fcm.googleapis.com:8443/fcm/send/abc", false; "another port")]
    #[test_case("https://fcm.googleapis.com:22/", false; "a port of another service")]
    #[test_case("https://user@fcm.googleapis.com:8443/", false; "another port behind a name")]
    #[test_case("https://push.example.cn/x", true; "the bureau's own")]
    #[test_case("http://push.example.cn:9/x", true; "the bureau's own on the port that is named")]
    #[test_case("https://push.example.cn:10/x", false; "the bureau's own on another port")]
    #[test_case("http://push.example.cn/x", false; "the bureau's own in the clear")]
    #[test_case("nonsense", false)]
    fn only_push_services_are_called(endpoint: &str, taken: bool) {
        let subscription = Subscription { endpoint: endpoint.into(), ..browser().1 };
        assert_eq!(subscription.check(&["push.example.cn".to_owned(), "push.example.cn:9".to_owned()]).is_ok(), taken);
    }

    #[test]
    fn keys_that_are_none_are_refused() {
        let subscription = Subscription { p256dh: "AAAA".into(), ..browser().1 };
        assert_eq!(subscription.check(&[]), Err(SubscriptionFault::BadKeys));
    }
}
