//! The body of a request that is no form: within a bound, and in time.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use tokio::time::{Instant, timeout, timeout_at};

use crate::STALLED;

/// A body is whole after so long, or it never will be.
const WHOLE: Duration = Duration::from_secs(240);

/// Why a body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFault {
    /// Nothing of it arrived for too long, or it took too long in all.
    Stalled,
    /// More was sent than is taken.
    TooLarge,
    /// The connection broke off.
    Broken,
}

/// Reads a body of at most `limit` bytes, of which something arrives every half minute, and which is whole after four.
///
/// # Errors
/// [`BodyFault`]
pub async fn read_body(body: Body, limit: usize) -> Result<Bytes, BodyFault> {
    timeout_at(Instant::now() + WHOLE, pieces(body, limit)).await.unwrap_or(Err(BodyFault::Stalled))
}

async fn pieces(body: Body, limit: usize) -> Result<Bytes, BodyFault> {
    let mut stream = body.into_data_stream();
    let mut read = BytesMut::new();
    loop {
        let Ok(piece) = timeout(STALLED, stream.next()).await else { return Err(BodyFault::Stalled) };
        let Some(piece) = piece else { return Ok(read.freeze()) };
        let piece = piece.map_err(|error| fault(&error))?;
        if read.len() + piece.len() > limit {
            return Err(BodyFault::TooLarge);
        }
        read.extend_from_slice(&piece);
    }
}

fn fault(error: &(dyn std::error::Error + 'static)) -> BodyFault {
    if crate::submission::is_stalled(error) { BodyFault::Stalled } else { BodyFault::Broken }
}
