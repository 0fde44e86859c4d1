//! A fault of the program shows as a panic in what one command asks for. The writer lives on: that command is refused, the others are stored.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;

use super::{Command, Writer};
use crate::latest::Latest;
use crate::raw::Recent;
use crate::review::Reviews;
use crate::{StoreError, sealing};

impl Writer {
    /// Commits a group; says whether all of it was stored. The transaction of a command that panics was rolled back as the panic passed by.
    pub(super) fn commit_or_recover(&mut self, group: &mut Vec<Command>) -> bool {
        let committed = catch_unwind(AssertUnwindSafe(|| {
            if self.is_unsure {
                self.look_again();
            }
            self.commit(group)
        }));
        committed.unwrap_or_else(|panic| self.recover(group, message_of(&*panic)))
    }

    fn recover(&mut self, group: &mut Vec<Command>, message: String) -> bool {
        tracing::error!(%message, commands = group.len(), "storing observations met a fault of the program");
        self.forget_group();
        (self.is_behind, self.is_unsure) = (true, true);
        if group.len() > 1 {
            let mut all = true;
            for command in std::mem::take(group) {
                all &= self.commit_or_recover(&mut vec![command]);
            }
            return all;
        }
        let refusal = StoreError::Panicked { path: self.path.clone(), message };
        group.drain(..).for_each(|command| command.refuse(refusal.clone()));
        false
    }

    /// The panic may have come between the commit and the memory of it: what readers are shown is read again.
    fn look_again(&mut self) {
        let read = (|| {
            let latest = Latest::read(&self.connection)?;
            let recent = Recent::read(&self.connection)?;
            let reviews = Reviews::read(&self.connection)?;
            self.sealed_until = sealing::sealed_until(&self.connection)?;
            *self.newest() = latest;
            *self.shared.recent.write().unwrap_or_else(PoisonError::into_inner) = recent;
            *self.shared.reviews.write().unwrap_or_else(PoisonError::into_inner) = reviews;
            self.shared.hour_changes.write().unwrap_or_else(PoisonError::into_inner).reviewed();
            Ok::<_, rusqlite::Error>(())
        })();
        self.is_unsure = read.is_err();
        if let Err(error) = read {
            tracing::error!(%error, "the newest values could not be read again");
        }
    }
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it did not say which").to_owned()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use tokio::sync::oneshot::{self, Receiver};

    use super::*;
    use crate::{Kind, Observation, Series, Store};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_717_200_000 + second).unwrap()
    }

    fn send(store: &Store, command: impl FnOnce(super::super::Done) -> Command) -> Receiver<Result<(), StoreError>> {
        let (done, told) = oneshot::channel();
        store.commands().unwrap().blocking_send(command(done)).unwrap();
        told
    }

    fn derive(store: &Store, second: i64, value: f64) -> Receiver<Result<(), StoreError>> {
        let series = Series::main("W1", "w01009", Kind::Realtime);
        let text = value.to_string();
        let value = Observation { series, at: at(second), period_s: 0, value, text, flag: None, reviewed: None };
        send(store, |done| Command::Derive(vec![value], at(second), done))
    }

    #[test]
    fn a_command_that_panics_is_refused_alone_and_the_store_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("observations.db"), Vec::new()).unwrap();
        // The writer waits for the reader of the newest values; what comes meanwhile is one group.
        let held = store.newest();
        let first = send(&store, Command::Try);
        let (before, panics, after) = (derive(&store, 1, 1.0), send(&store, Command::Panic), derive(&store, 2, 2.0));
        drop(held);
        let refused = panics.blocking_recv().unwrap();
        assert!(
            matches!(&refused, Err(StoreError::Panicked { message, .. }) if message == "as the test asked"),
            "{refused:?}"
        );
        for done in [first, before, after] {
            done.blocking_recv().unwrap().unwrap();
        }
        send(&store, Command::Panic).blocking_recv().unwrap().unwrap_err();
        derive(&store, 3, 3.0).blocking_recv().unwrap().unwrap();
        let newest = |store: &Store| store.latest("W1").iter().map(|value| value.value).collect::<Vec<_>>();
        assert_eq!(newest(&store), [3.0]);
        let series = Series::main("W1", "w01009", Kind::Realtime);
        assert_eq!(store.range(&series, at(0), at(10)).unwrap().len(), 3);
        drop(store);
        let store = Store::open(&folder.path().join("observations.db"), Vec::new()).unwrap();
        assert_eq!(newest(&store), [3.0]);
    }
}
