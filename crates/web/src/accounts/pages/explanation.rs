//! Why something could not be done to an account, in words of the page.

use crate::accounts::{AccountsError, PasswordFault};
use crate::shell::{Language, Messages};

/// A fault in the visitor's language.
pub(crate) fn explanation(error: &AccountsError, language: Language) -> String {
    match error {
        AccountsError::NameTaken(name) => language.fill("shell.accounts.taken", &[("name", name)]),
        AccountsError::BadName(name) => language.fill("shell.accounts.bad_name", &[("name", name)]),
        AccountsError::Password(fault) => {
            let key = match fault {
                PasswordFault::Length { .. } => "shell.password.length",
                PasswordFault::Digits => "shell.password.digits",
                PasswordFault::Common => "shell.password.common",
                PasswordFault::Run => "shell.password.run",
                PasswordFault::HoldsName => "shell.password.holds_name",
                PasswordFault::Simple => "shell.password.simple",
                PasswordFault::Same => "shell.password.same",
            };
            let least = if let PasswordFault::Length { least } = fault { least.to_string() } else { String::new() };
            language.fill(key, &[("least", &least)])
        }
        AccountsError::NoRole => language.text("shell.accounts.no_role").to_owned(),
        AccountsError::NoPlace => language.text("shell.accounts.no_place").to_owned(),
        AccountsError::Unknown(name) => language.fill("shell.accounts.unknown", &[("name", name)]),
        AccountsError::Overtaken(name) => language.fill("shell.accounts.overtaken", &[("name", name)]),
        AccountsError::Database(_)
        | AccountsError::Migration(_)
        | AccountsError::Journal(_)
        | AccountsError::Sealed(_)
        | AccountsError::Hash(_) => {
            // A failure of ours: what it was stands in the log alone.
            tracing::error!("{error}");
            language.text("shell.accounts.failed").to_owned()
        }
    }
}
