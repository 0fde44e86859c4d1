//! Who comes from where, and how often: addresses behind proxies, and limits whose memory is bounded.
//!
//! Nothing here opens a socket or reads a clock. [`TrustedProxies`] finds the address of the person behind a reverse proxy, [`proxy_protocol`] that
//! of the device behind a load balancer, [`Prefix`] is the part of it that one customer holds, [`Limit`] counts acts by any key, and [`Places`] connections.

mod limit;
mod places;
mod prefix;
mod proxies;
pub mod proxy_protocol;

pub use limit::{Limit, Quota, Wait};
pub use places::{Place, Places};
pub use prefix::Prefix;
pub use proxies::{BadProxy, TrustedProxies};
