//! Who looks: a signed-in person, or anybody.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::Method;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE};
use axum::http::request::Parts;
use bilan_admission::{Prefix, TrustedProxies};
use bilan_records::actor::Actor;
use bilan_records::catalogue::Role;
use bilan_records::ledger::Ledger;

use crate::AppState;
use crate::accounts::{Account, Duty, Origin, Session};
use crate::answer::GuestToken;
use crate::refusal::Refusal;
use crate::shell::{Language, Messages, Shell};
use crate::waiting;

/// Cookie of a session.
pub(crate) const SESSION: &str = "bilan_session";
/// Cookie that says in which account a browser has signed in before; see [`crate::accounts::Origin`].
pub(crate) const BROWSER: &str = "bilan_browser";
/// Cookie of a sign-in whose password was right and whose code is awaited.
pub(crate) const PENDING: &str = "bilan_pending";
/// Cookie of the language.
pub(crate) const LANGUAGE: &str = "bilan_language";
/// Cookie that ties the forms of the public portal to a browser.
pub(crate) const GUEST: &str = "bilan_guest";

/// A request of a signed-in person. As an extractor it sends anybody else to the sign-in page.
#[derive(Clone)]
pub struct Visit {
    /// Who acts.
    pub actor: Actor,
    /// Whose account it is.
    pub account: Account,
    /// Language of the page.
    pub language: Language,
    /// The session's token against forged requests.
    pub csrf: String,
    /// What must be done before anything else.
    pub duty: Option<Duty>,
    /// Path and query.
    pub here: String,
    /// The program's parts.
    pub app: AppState,
}

/// A request of anybody.
#[derive(Clone)]
pub struct Guest {
    /// Language of the page.
    pub language: Language,
    /// Who it is, if signed in.
    pub visit: Option<Visit>,
    /// Token against forged requests.
    pub csrf: String,
    /// Path and query.
    pub here: String,
    /// Address from which the request comes, as the log of signing in shows it.
    pub from: String,
    /// The part of it that limits count.
    pub(crate) prefix: Prefix,
    /// What its cookie says of earlier sign-ins.
    pub(crate) browser: Option<String>,
    /// The sign-in whose code is awaited.
    pub(crate) pending: Option<String>,
    /// The program's parts.
    pub app: AppState,
}

impl Visit {
    /// What stands around a page.
    #[must_use]
    pub fn shell(&self, title: impl Into<String>) -> Shell {
        Shell::of_visit(self, title.into())
    }

    /// A message in the visitor's language.
    #[must_use]
    pub fn text(&self, key: &str) -> &'static str {
        self.language.text(key)
    }

    /// Whether the account plays a part.
    #[must_use]
    pub fn is(&self, role: Role) -> bool {
        self.actor.is(role)
    }

    /// Asks the ledger, or writes one transaction, on a thread where waiting is allowed; ended when nobody waits for the
    /// answer any longer.
    ///
    /// # Errors
    /// If the question itself panicked.
    pub async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Ledger, &Actor) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let (ledger, actor) = (self.app.ledger.clone(), self.actor.clone());
        Ok(waiting::while_asked(move || question(&ledger, &actor)).await?)
    }

    /// Writes what is several transactions, a record and its files: to the end, whether or not somebody waits.
    ///
    /// # Errors
    /// If the act itself panicked.
    pub async fn write<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Ledger, &Actor) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let (ledger, actor) = (self.app.ledger.clone(), self.actor.clone());
        Ok(waiting::to_the_end(move || act(&ledger, &actor)).await?)
    }
}

impl Guest {
    /// What stands around a page for anybody.
    #[must_use]
    pub fn shell(&self, title: impl Into<String>) -> Shell {
        Shell::of_guest(self, title.into())
    }

    /// A message in the visitor's language.
    #[must_use]
    pub fn text(&self, key: &str) -> &'static str {
        self.language.text(key)
    }

    /// From where it is signed in.
    pub(crate) fn origin(&self) -> Origin {
        Origin { from: self.from.clone(), prefix: self.prefix, browser: self.browser.clone() }
    }

    /// Asks the ledger on a thread where waiting is allowed; ended when nobody waits for the answer any longer.
    ///
    /// # Errors
    /// If the question itself panicked.
    pub async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Ledger) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let ledger = self.app.ledger.clone();
        Ok(waiting::while_asked(move || question(&ledger)).await?)
    }

    /// Writes what is several transactions, a record and its files: to the end, whether or not somebody waits.
    ///
    /// # Errors
    /// If the act itself panicked.
    pub async fn write<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Ledger) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let ledger = self.app.ledger.clone();
        Ok(waiting::to_the_end(move || act(&ledger)).await?)
    }
}

impl FromRequestParts<AppState> for Visit {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Refusal> {
        let visit = signed_in(parts, app).await?.ok_or_else(|| Refusal::SignIn { next: here(parts) })?;
        match visit.duty.filter(|_| !is_own(parts.uri.path())) {
            Some(duty) => Err(Refusal::First(duty)),
            None => Ok(visit),
        }
    }
}

impl FromRequestParts<AppState> for Guest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Infallible> {
        // A database that cannot be asked makes a guest of everybody; the pages of the staff say what is wrong.
        let visit = signed_in(parts, app).await.ok().flatten();
        let csrf = match &visit {
            Some(visit) => visit.csrf.clone(),
            None => match parts.extensions.get::<GuestToken>() {
                Some(GuestToken(token)) => token.clone(),
                None => guest_token(parts).unwrap_or_default(),
            },
        };
        Ok(Self {
            language: language(parts),
            visit,
            csrf,
            here: here(parts),
            from: from(parts),
            prefix: prefix(parts),
            browser: cookie(parts, BROWSER),
            pending: cookie(parts, PENDING),
            app: app.clone(),
        })
    }
}

/// The request carries no session that lives; asked once a request.
#[derive(Clone, Copy)]
struct NobodySignedIn;

/// Whether a page is one on which somebody does what must be done first, or leaves.
fn is_own(path: &str) -> bool {
    path == "/account" || path.starts_with("/account/") || path == "/sign-out"
}

/// Cookies of one name that are looked at; a browser holds several where one was set for a part of the site.
const COOKIES_OF_A_NAME: usize = 4;

/// Who is signed in, by the cookie of the request.
pub(crate) async fn signed_in(parts: &mut Parts, app: &AppState) -> Result<Option<Visit>, Refusal> {
    if let Some(visit) = parts.extensions.get::<Visit>() {
        return Ok(Some(visit.clone()));
    }
    if parts.extensions.get::<NobodySignedIn>().is_some() {
        return Ok(None);
    }
    let secrets: Vec<String> = cookies(parts, SESSION).take(COOKIES_OF_A_NAME).collect();
    if secrets.is_empty() {
        return Ok(None);
    }
    let accounts = app.accounts.clone();
    // The first that lives: a dead cookie of another path does not hide a live one.
    let session =
        waiting::to_the_end(move || secrets.iter().find_map(|secret| accounts.session(secret).transpose()).transpose());
    let Some(Session { csrf, account, duty, .. }) = session.await?? else {
        parts.extensions.insert(NobodySignedIn);
        return Ok(None);
    };
    let visit = Visit {
        actor: account.actor(),
        account,
        language: language(parts),
        csrf,
        duty,
        here: here(parts),
        app: app.clone(),
    };
    // Body extractors ask for the same session again.
    parts.extensions.insert(visit.clone());
    Ok(Some(visit))
}

/// The token that ties the forms of this browser to it, if its cookie holds one.
pub(crate) fn guest_token(parts: &Parts) -> Option<String> {
    cookies(parts, GUEST).find(|token| token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Path and query of the page that is looked at; for a form that was sent, of a page that can be opened again.
pub(crate) fn here(parts: &Parts) -> String {
    if is_write(&parts.method) {
        return page_of_form(parts.uri.path());
    }
    parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string)
}

/// Whether a request may change something.
pub(crate) fn is_write(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// The page on which the form stands that is sent to an address: many of those addresses only take forms.
fn page_of_form(path: &str) -> String {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    match segments.as_slice() {
        ["records", register, number, "step" | "delete" | "unmask", ..] => format!("/records/{register}/{number}"),
        [page @ ("account" | "accounts" | "journal" | "notices" | "publication" | "warnings"), _, ..] => {
            format!("/{page}")
        }
        ["sign-out" | "language"] => "/".to_owned(),
        _ => path.to_owned(),
    }
}

/// Address of the person behind the request; of the proxy where none is trusted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client(IpAddr);

impl Client {
    /// Who asks, as the connection says it, or a trusted proxy in `X-Forwarded-For`.
    pub(crate) fn of(parts: &Parts, trusted: &TrustedProxies) -> Option<Self> {
        let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
        let headers = parts.headers.get_all("x-forwarded-for").iter();
        Some(Self(trusted.client(peer.ip(), headers.filter_map(|value| value.to_str().ok()))))
    }
}

/// Where the request comes from, for the log of signing in.
pub(crate) fn from(parts: &Parts) -> String {
    parts.extensions.get().map_or_else(|| "unknown".to_owned(), |Client(address)| address.to_string())
}

/// The part of the address that limits count.
pub(crate) fn prefix(parts: &Parts) -> Prefix {
    // A request without a connection is one of this program itself.
    parts.extensions.get().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |Client(address)| *address).into()
}

/// The language of a request: its cookie, else what the browser prefers, else Chinese.
pub(crate) fn language(parts: &Parts) -> Language {
    if let Some(chosen) = cookie(parts, LANGUAGE).and_then(|key| Language::from_key(&key)) {
        return chosen;
    }
    let wanted = parts.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let first = wanted.split([',', ';']).next().unwrap_or_default().trim().to_ascii_lowercase();
    if first.starts_with("en") { Language::English } else { Language::Chinese }
}

/// The value of a cookie.
pub(crate) fn cookie(parts: &Parts, name: &str) -> Option<String> {
    cookies(parts, name).next()
}

/// The values of all cookies of a name. Bytes that are no text spoil their own cookie alone: other programs of the
/// host set cookies, too.
fn cookies<'p>(parts: &'p Parts, name: &'p str) -> impl Iterator<Item = String> + 'p {
    parts
        .headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| std::str::from_utf8(pair).ok()?.trim().split_once('='))
        .filter(move |(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

/// The cookies of a request.
pub(crate) struct Cookies(Parts);

impl Cookies {
    /// The value of one.
    pub fn get(&self, name: &str) -> Option<String> {
        cookie(&self.0, name)
    }
}

impl FromRequestParts<AppState> for Cookies {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Infallible> {
        Ok(Self(parts.clone()))
    }
}

/// A text, fit for the query of an address.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// An address of this site, or `/` where the text is none: nobody is led elsewhere.
pub(crate) fn own_address(text: &str) -> &str {
    let own = text.starts_with('/') && !text.starts_with("//") && !text.contains(['\\', '\r', '\n', '\t']);
    if own { text } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_to_another_site() {
        for (text, led) in [
            ("/records/complaint?q=1", "/records/complaint?q=1"),
            ("//evil.example", "/"),
            ("https://evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/\t/evil.example", "/"),
            ("", "/"),
        ] {
            assert_eq!(own_address(text), led);
        }
    }

    #[test]
    fn a_form_that_was_sent_leads_back_to_a_page() {
        for (sent, page) in [
            ("/records/complaint/TS1/step/accept", "/records/complaint/TS1"),
            ("/records/complaint/TS1/delete", "/records/complaint/TS1"),
            ("/records/complaint/TS1/edit", "/records/complaint/TS1/edit"),
            ("/records/complaint/new", "/records/complaint/new"),
            ("/records/complaint/import/ab.csv", "/records/complaint/import/ab.csv"),
            ("/account/tokens/3/revoke", "/account"),
            ("/accounts/duty/password", "/accounts"),
            ("/warnings/YJ1/acknowledge", "/warnings"),
            ("/sign-out", "/"),
            ("/public/complain", "/public/complain"),
        ] {
            assert_eq!(page_of_form(sent), page);
        }
    }

    #[test]
    fn a_cookie_that_is_no_text_spoils_no_other() {
        let mut request = axum::http::Request::new(());
        let sent = b"other=\xff\xfe; bilan_session=dead; bilan_session=alive; \xe5=1";
        request.headers_mut().insert(COOKIE, axum::http::HeaderValue::from_bytes(sent).unwrap());
        let (parts, ()) = request.into_parts();
        assert_eq!(cookies(&parts, SESSION).collect::<Vec<_>>(), ["dead", "alive"]);
        assert_eq!(cookie(&parts, "other"), None);
    }

    #[test]
    fn a_query_keeps_every_text() {
        assert_eq!(encoded("/记 a&b"), "%2F%E8%AE%B0%20a%26b");
    }
}
