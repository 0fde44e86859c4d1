//! Enterprises (企业).

use crate::contract::view;

view! {
    /// An enterprise (企业).
    EnterpriseRecord of "enterprise", required;
    without: "accounts of enterprises see nothing of their own";
    fields {
        /// Its name on the page of electricity.
        name: String,
    }
}
