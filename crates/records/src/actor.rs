//! Who acts: the account behind a read or a write, and which records of a register it reaches.
//!
//! Permission is decided in two steps: the register says which roles may do what, and the actor's own
//! cell or enterprise narrows that to a part of the records ([`Scope`]).

use crate::catalogue::{Field, FieldKind, Register, Role};

/// Key of the register of enterprises, and of a reference that ties a record to one.
pub(crate) const ENTERPRISES: &str = "enterprise";

/// A person or a part of the system that reads and writes records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Name written into the journal.
    pub name: String,
    /// Parts that the account plays.
    pub roles: Vec<Role>,
    /// Grid cell (or a prefix of cells) that a grid worker looks after.
    pub cell: Option<String>,
    /// Number of the enterprise record that an enterprise account belongs to.
    pub enterprise: Option<String>,
    /// Name of the person, as it is signed with; none for a part of the program.
    pub person: Option<String>,
}

/// The part of a register's records that an actor reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every record.
    All,
    /// Records of this cell and the cells below it.
    Cell(String),
    /// Records that refer to this enterprise (or are it).
    Enterprise(String),
    /// None.
    Nothing,
}

/// What an actor wants to do with a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Look at records.
    Read,
    /// Create a record.
    Create,
    /// Change a record.
    Edit,
    /// Delete a record.
    Delete,
    /// See personal fields in plain text.
    Unmask,
}

impl Act {
    /// The verb of the sentence that refuses it.
    #[must_use]
    pub fn verb(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Edit => "edit",
            Self::Delete => "delete",
            Self::Unmask => "see personal data of",
        }
    }
}

/// Roles of people inside the bureau: an empty `read` permission means these.
const STAFF: [Role; 8] =
    [Role::Admin, Role::Auditor, Role::Head, Role::Duty, Role::Grid, Role::Handler, Role::Clerk, Role::Analyst];

impl Actor {
    /// A part of the program itself (import of the sample, warnings, clocks): may do everything.
    #[must_use]
    pub fn system(name: &str) -> Self {
        Self { name: name.to_owned(), roles: vec![Role::Admin], cell: None, enterprise: None, person: None }
    }

    /// An account with one role.
    #[must_use]
    pub fn new(name: &str, role: Role) -> Self {
        Self { name: name.to_owned(), roles: vec![role], cell: None, enterprise: None, person: None }
    }

    /// The same account, working in `cell`.
    #[must_use]
    pub fn in_cell(mut self, cell: &str) -> Self {
        self.cell = Some(cell.to_owned());
        self
    }

    /// Whether the account plays `role`.
    #[must_use]
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether it is a part of the program ([`Actor::system`]) and not somebody's account, which has the name of its person.
    #[must_use]
    pub fn is_program(&self) -> bool {
        self.person.is_none() && self.is(Role::Admin)
    }

    /// Whether the account works for the bureau; an enterprise and another department's system do not.
    #[must_use]
    pub fn is_staff(&self) -> bool {
        self.roles.iter().any(|role| STAFF.contains(role))
    }

    /// The records of `register` with which the actor may do `act`.
    #[must_use]
    pub fn scope(&self, register: &Register, act: Act) -> Scope {
        let permissions = &register.permissions;
        self.reach(register, |role| match act {
            Act::Read if role == Role::Auditor => true,
            Act::Read if permissions.read.is_empty() => STAFF.contains(&role) || works_with(register, role),
            Act::Read => permissions.read.contains(&role),
            _ if role == Role::Auditor => false,
            Act::Create => permissions.create.contains(&role),
            Act::Edit => permissions.edit.contains(&role),
            Act::Delete => permissions.delete.contains(&role),
            Act::Unmask => permissions.unmask.contains(&role),
        })
    }

    /// The records of `register` on which the actor may take a step that these roles may take.
    #[must_use]
    pub fn step_scope(&self, register: &Register, roles: &[Role]) -> Scope {
        self.reach(register, |role| role != Role::Auditor && roles.contains(&role))
    }

    fn reach(&self, register: &Register, allowed: impl Fn(Role) -> bool) -> Scope {
        let mut narrow = Scope::Nothing;
        for &role in &self.roles {
            match role {
                Role::Admin => return Scope::All,
                _ if !allowed(role) => {}
                Role::Grid if register.place.is_some() => {
                    if let Some(cell) = &self.cell {
                        narrow = Scope::Cell(cell.clone());
                    }
                }
                Role::Enterprise => {
                    let tied = register.key == ENTERPRISES || enterprise_field(register).is_some();
                    if let (true, Some(number), Scope::Nothing) = (tied, &self.enterprise, &narrow) {
                        narrow = Scope::Enterprise(number.clone());
                    }
                }
                _ => return Scope::All,
            }
        }
        narrow
    }
}

/// Whether a role enters, changes or moves records of a register; it sees them then too.
fn works_with(register: &Register, role: Role) -> bool {
    let steps = register.workflow.iter().flat_map(|workflow| workflow.steps.values());
    let permissions = &register.permissions;
    permissions.create.contains(&role)
        || permissions.edit.contains(&role)
        || steps.into_iter().any(|step| step.roles.contains(&role))
}

/// The reference that ties a record to an enterprise, if the register has one; it is called as the register of enterprises is.
#[must_use]
pub fn enterprise_field(register: &Register) -> Option<&Field> {
    register
        .fields
        .get(ENTERPRISES)
        .filter(|field| matches!(&field.kind, FieldKind::Reference { to } if to == ENTERPRISES))
}
