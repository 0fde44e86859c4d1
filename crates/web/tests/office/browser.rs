//! A browser before the office: it keeps cookies and sends the forms of the pages that it was shown.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Request, header};

use super::{Answer, Office, PASSWORD};

pub struct Browser<'o> {
    pub office: &'o Office,
    pub cookies: BTreeMap<String, String>,
    /// It asks for pages, as the browsers of people do, and is led to each of them.
    pub wants_pages: bool,
}

impl<'o> Browser<'o> {
    pub fn of(office: &'o Office) -> Self {
        Self { office, cookies: BTreeMap::from([("bilan_language".to_owned(), "zh".to_owned())]), wants_pages: false }
    }

    /// One that is led to the page that refuses a form, instead of getting it as the answer.
    pub fn of_person(office: &'o Office) -> Self {
        Self { wants_pages: true, ..Self::of(office) }
    }

    pub async fn get(&mut self, address: &str) -> Answer {
        self.send(Request::get(address), Body::empty()).await
    }

    /// Fills in the form of a page and sends it, with the token and the key that stand in the page.
    pub async fn submit(&mut self, page: &Answer, address: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all: Vec<(&str, String)> = fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        for name in ["csrf", "idempotency_key", "version"] {
            let given = fields.iter().any(|(field, _)| *field == name);
            all.extend(hidden(page, name).filter(|_| !given).map(|value| (name, value)));
        }
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish();
        let request = Request::post(address).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, Body::from(body)).await
    }

    /// Opens the sign-in page and signs in.
    pub async fn sign_in(&mut self, name: &str, next: &str) -> Answer {
        let page = self.get("/sign-in").await;
        self.submit(&page, "/sign-in", &[("name", name), ("password", PASSWORD), ("next", next)]).await
    }

    pub async fn follow(&mut self, answer: &Answer) -> Answer {
        let address = answer.location().to_owned();
        assert!(!address.is_empty(), "the answer leads nowhere ({}): {}", answer.status, answer.text);
        self.get(&address).await
    }

    async fn send(&mut self, request: axum::http::request::Builder, body: Body) -> Answer {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header(header::COOKIE, cookies.join("; "));
        let request = if self.wants_pages { request.header(header::ACCEPT, "text/html,*/*;q=0.8") } else { request };
        let answer = self.office.ask(request.body(body).unwrap()).await;
        for set in answer.headers.get_all(header::SET_COOKIE) {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            if set.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

/// The value of a hidden field of a page; of several of one name, the last: forms stand below the head of the page.
pub fn hidden(page: &Answer, name: &str) -> Option<String> {
    let start = format!("name=\"{name}\" value=\"");
    let value = page.text.rsplit(&start).next().filter(|_| page.text.contains(&start))?;
    Some(value.split('"').next()?.to_owned())
}
