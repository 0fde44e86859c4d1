//! What a write sends.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};

use super::problem::Problem;
use crate::{AppState, BodyFault, read_body};

/// Largest body of a write: as much as a row of an import may hold. A megabyte of empty lists takes fifty in memory.
const LARGEST: usize = bilan_records::exchange::ROW_BYTES;

/// The body of a write, whole.
pub(super) struct Sent(pub Bytes);

impl FromRequest<AppState> for Sent {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Problem> {
        read_body(request.into_body(), LARGEST).await.map(Self).map_err(not_whole)
    }
}

/// The body did not come whole.
pub(crate) fn not_whole(fault: BodyFault) -> Problem {
    match fault {
        BodyFault::Stalled => Problem::new(
            "stalled",
            "请求内容没有在时限内送达，没有保存任何内容；请重新提交。",
            "the body did not arrive in time, nothing was stored: send it again",
        ),
        BodyFault::TooLarge => Problem::new(
            "too_large",
            format!("提交的内容超过{} MB，没有保存任何内容。", LARGEST >> 20),
            format!("the body has more than {} MB, nothing was stored", LARGEST >> 20),
        ),
        BodyFault::Broken => Problem::new("unreadable", "请求内容没有全部送达", "the body did not arrive whole"),
    }
}
