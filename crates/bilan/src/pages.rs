//! What the pages are given to work with.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use bilan_documents::Fonts;
use bilan_telemetry::Store;
use bilan_web::accounts::Accounts;
use bilan_web::{AppState, Settings};

use crate::bureau::Bureau;
use crate::clock::SystemClock;
use crate::running::Plan;

/// Accounts of the demonstration.
pub const DEMO_ACCOUNTS: [&str; 8] = ["admin", "head", "duty", "handler", "clerk", "grid", "analyst", "auditor"];
/// Their password.
pub const DEMO_PASSWORD: &str = "bilan-demo";
