//! The parts of a running bureau: each works without end beside the others. One that breaks off is gone until the program is started again: it is named
//! in the log, and the program is not ready.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use tokio::task::{Id, JoinSet};

/// Parts at work.
#[derive(Default)]
pub struct Parts {
    tasks: JoinSet<Result<()>>,
    names: HashMap<Id, &'static str>,
    broken: Broken,
}

/// Names of the parts that broke off.
#[derive(Clone, Default)]
pub struct Broken(Arc<Mutex<BTreeSet<&'static str>>>);

impl Broken {
    /// Their names, in order.
    pub fn names(&self) -> Vec<&'static str> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }
}

impl Parts {
    /// Starts a part that ends only where there is nothing for it to do.
    pub fn spawn(&mut self, name: &'static str, part: impl Future<Output = ()> + Send + 'static) {
        self.spawn_fallible(name, async move {
            part.await;
            Ok(())
        });
    }

    /// Starts a part that says with an error that it cannot go on.
    pub fn spawn_fallible(&mut self, name: &'static str, part: impl Future<Output = Result<()>> + Send + 'static) {
        let id = self.tasks.spawn(part).id();
        self.names.insert(id, name);
    }

    /// Which parts broke off, as far as [`Parts::watch`] has seen it.
    pub fn broken(&self) -> Broken {
        self.broken.clone()
    }

    /// Looks after the parts; never ends.
    pub async fn watch(&mut self) {
        while let Some(ended) = self.tasks.join_next_with_id().await {
            let (id, fault) = match ended {
                Ok((id, Ok(()))) => (id, None),
                Ok((id, Err(error))) => (id, Some(format!("{error:#}"))),
                Err(error) => (error.id(), Some(error.to_string())),
            };
            let name = self.names.remove(&id).unwrap_or("a part without a name");
            match fault {
                Some(fault) => {
                    tracing::error!("{name} broke off; start the program again: {fault}");
                    self.broken.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
                }
                None => tracing::debug!("{name} has nothing to do"),
            }
        }
        std::future::pending().await
    }

    /// Ends all of them.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_part_that_panics_or_cannot_go_on_is_named_and_one_without_work_is_not() {
        let mut parts = Parts::default();
        let broken = parts.broken();
        parts.spawn("commands to devices", async { panic!("a fault") });
        parts.spawn_fallible("forwarding", async { anyhow::bail!("the store is closed") });
        parts.spawn("reviews", async {});
        parts.spawn("warnings", std::future::pending());
        let named = async {
            while broken.names().len() < 2 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            () = parts.watch() => panic!("it never ends"),
            waited = tokio::time::timeout(Duration::from_secs(60), named) => waited.expect("within a minute"),
        }
        assert_eq!(broken.names(), ["commands to devices", "forwarding"]);
        parts.stop().await;
    }
}
