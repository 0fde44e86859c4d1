//! What stands around every page: head, navigation, banner, language.

mod language;
mod navigation;
pub mod systems;

use bilan_records::catalogue::{Label, Role};

pub use language::{Language, Messages};
pub use navigation::NavigationGroup;
pub(crate) use navigation::{daily, role_message};

use crate::assets;
use crate::visit::{Guest, Visit};

/// Handed to the layout by every page.
#[derive(Debug, Clone)]
pub struct Shell {
    /// Title of the page.
    pub title: String,
    /// Language.
    pub language: Language,
    /// Name of the bureau.
    pub bureau: String,
    /// Token against forged requests; empty where nobody is signed in.
    pub csrf: String,
    /// Address of this page with its query.
    pub here: String,
    /// Who is signed in.
    pub account: Option<Signed>,
    /// Whether the data are simulated.
    pub simulated: bool,
    /// Links at the side.
    pub navigation: Vec<NavigationGroup>,
    /// The contents take the whole width.
    pub is_wide: bool,
    /// The dark look.
    pub is_dark: bool,
    /// A page for residents: the head of the public portal instead of the staff's.
    pub is_public: bool,
}

/// Who is signed in, as the head of a page shows it.
#[derive(Debug, Clone)]
pub struct Signed {
    /// Name for signing in.
    pub name: String,
    /// Name of the person.
    pub display_name: String,
    /// Parts, as text.
    pub roles: String,
    /// May manage accounts.
    pub is_admin: bool,
}

impl Shell {
    /// Around a page of the staff.
    pub(crate) fn of_visit(visit: &Visit, title: String) -> Self {
        let language = visit.language;
        let roles: Vec<&str> =
            visit.account.roles.iter().map(|role| language.text(navigation::role_message(*role))).collect();
        Self {
            account: Some(Signed {
                name: visit.account.name.clone(),
                display_name: visit.account.display_name.clone(),
                roles: roles.join(language.text("shell.list_comma")),
                is_admin: visit.is(Role::Admin),
            }),
            csrf: visit.csrf.clone(),
            here: visit.here.clone(),
            bureau: visit.app.catalogue().district.bureau.text(language).to_owned(),
            navigation: navigation::groups(visit),
            ..Self::bare(&title, language, visit.app.settings.demo)
        }
    }

    /// Around a page for anybody.
    pub(crate) fn of_guest(guest: &Guest, title: String) -> Self {
        Self {
            here: guest.here.clone(),
            csrf: guest.csrf.clone(),
            bureau: guest.app.catalogue().district.bureau.text(guest.language).to_owned(),
            is_public: true,
            ..Self::bare(&title, guest.language, guest.app.settings.demo)
        }
    }

    /// Around a page that knows nothing of the visitor.
    pub(crate) fn bare(title: &str, language: Language, simulated: bool) -> Self {
        Self {
            title: title.to_owned(),
            language,
            bureau: String::new(),
            csrf: String::new(),
            here: "/".to_owned(),
            account: None,
            simulated,
            navigation: Vec::new(),
            is_wide: false,
            is_dark: false,
            is_public: false,
        }
    }

    /// The same page over the whole width.
    #[must_use]
    pub fn wide(mut self) -> Self {
        self.is_wide = true;
        self
    }

    /// The same page in the dark look.
    #[must_use]
    pub fn dark(mut self) -> Self {
        self.is_dark = true;
        self
    }

    /// A message.
    #[must_use]
    pub fn text(&self, key: &str) -> &'static str {
        self.language.text(key)
    }

    /// A unit as it stands behind a number.
    #[must_use]
    pub fn unit<'u>(&self, unit: &'u str) -> &'u str {
        self.language.unit(unit)
    }

    /// A message with its places filled.
    #[must_use]
    pub fn fill(&self, key: &str, places: &[(&str, &str)]) -> String {
        self.language.fill(key, places)
    }

    /// A label in the language of the page.
    #[must_use]
    pub fn label<'l>(&self, label: &'l Label) -> &'l str {
        label.text(self.language)
    }

    /// Tag for the `lang` attribute.
    #[must_use]
    pub fn lang(&self) -> &'static str {
        self.language.tag()
    }

    /// The language that the switch leads to: key and own name.
    #[must_use]
    pub fn other_language(&self) -> (&'static str, &'static str) {
        match self.language {
            Language::Chinese => ("en", "English"),
            Language::English => ("zh", "中文"),
        }
    }

    /// Address of an embedded file.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        assets::address(name)
    }

    /// Addresses of the style sheets.
    #[must_use]
    pub fn sheets(&self) -> &'static [String] {
        &assets::SHEETS
    }

    /// Whether the scripts were bundled.
    #[must_use]
    pub fn has_scripts(&self) -> bool {
        assets::has("dist/common.js")
    }

    /// A key that makes a write happen once, however often its form is sent.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        crate::accounts::secret()[..32].to_owned()
    }

    /// Whether this is the page at an address, whatever its query.
    #[must_use]
    pub fn is_at(&self, address: &str) -> bool {
        self.here.split('?').next() == Some(address)
    }

    /// `here`, fit for the query of an address.
    #[must_use]
    pub fn here_encoded(&self) -> String {
        crate::visit::encoded(&self.here)
    }
}
