//! Names under which people and parts of the program stand on a page: the journal keeps the name of the account.

use std::collections::HashMap;

use crate::accounts::AccountsError;
use crate::shell::{Language, Messages};
use crate::state::AppState;

/// Parts of the program that write records, as the journal names them, and the message with their name.
const PARTS: [(&str, &str); 12] = [
    ("accounts", "shell.part.accounts"),
    ("clock", "shell.part.clock"),
    ("command line", "shell.part.command_line"),
    ("demo", "shell.part.sample"),
    ("gateway", "shell.part.gateway"),
    ("import", "shell.part.import"),
    ("indexes", "shell.part.live"),
    ("live", "shell.part.live"),
    ("reviews", "shell.part.reviews"),
    ("rules", "shell.part.rules"),
    ("sample", "shell.part.sample"),
    ("公众平台", "shell.part.portal"),
];

/// Whether a part of the program goes by this name, so that no account may.
pub(crate) fn is_part(name: &str) -> bool {
    PARTS.iter().any(|(part, _)| *part == name)
}

/// Who stands behind the names of the journal.
pub(crate) struct People {
    /// Name of the person by name of the account.
    persons: HashMap<String, String>,
    pub(crate) language: Language,
}

impl People {
    /// Everybody who has an account. Asks the database of accounts: to be called where waiting is allowed.
    pub(crate) fn of(app: &AppState, language: Language) -> Result<Self, AccountsError> {
        Ok(Self { persons: app.accounts.persons()?, language })
    }

    /// The names of the journal behind which somebody goes by this name, or by one that holds it; the name itself among them.
    pub(crate) fn called(&self, name: &str) -> Vec<String> {
        let parts = PARTS
            .iter()
            .filter(|(part, message)| !self.persons.contains_key(*part) && self.language.text(message).contains(name));
        let persons = self.persons.iter().filter(|(_, person)| person.contains(name));
        let mut called: Vec<String> = parts.map(|(part, _)| (*part).to_owned()).collect();
        called.extend(persons.map(|(account, _)| account.clone()));
        called.push(name.to_owned());
        called.sort_unstable();
        called.dedup();
        called
    }

    /// The name of the person or part of the program behind a name of the journal; that name itself where nobody is known by it.
    /// An account that was made before a part was called as it is keeps its person.
    pub(crate) fn name<'n>(&'n self, actor: &'n str) -> &'n str {
        if let Some(person) = self.persons.get(actor) {
            return person;
        }
        PARTS.iter().find(|(part, _)| *part == actor).map_or(actor, |(_, message)| self.language.text(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_older_than_the_part_of_its_name_keeps_its_person() {
        let persons = HashMap::from([("live".to_owned(), "刘值班".to_owned())]);
        let people = People { persons, language: Language::Chinese };
        assert_eq!(people.name("live"), "刘值班");
        assert_eq!(people.called("刘值班"), ["live", "刘值班"]);
        let part = People { persons: HashMap::new(), language: Language::Chinese };
        let named = part.name("live");
        assert!(!people.called(named).contains(&"live".to_owned()), "what 刘值班 wrote is not the program's");
        assert!(part.called(named).contains(&"live".to_owned()));
    }

    #[test]
    fn accounts_go_by_the_name_of_the_person_and_parts_of_the_program_by_theirs() {
        let persons = HashMap::from([("duty".to_owned(), "值班员小陈".to_owned())]);
        let people = People { persons, language: Language::Chinese };
        assert_eq!(people.name("duty"), "值班员小陈");
        assert_eq!(people.name("rules"), "规则引擎");
        assert_eq!(people.name("公众平台"), "公众平台");
        assert_eq!(people.called("小陈"), ["duty", "小陈"]);
        assert_eq!(people.called("规则引擎"), ["rules", "规则引擎"]);
        for (part, _) in PARTS {
            let name = people.name(part);
            assert!(!name.is_ascii(), "{part} is called {name} on Chinese pages");
        }
    }
}
