//! A reply's body that may break off before its announced end.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::front::Cut;

/// Bytes, and how many more are announced but never come.
pub(crate) struct Half {
    bytes: Option<Bytes>,
    missing: u64,
}

impl Half {
    /// All of it.
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self {
            bytes: Some(bytes),
            missing: 0,
        }
    }

    /// The first half; then the connection is cut.
    pub(crate) fn of(whole: &Bytes) -> Self {
        let half = whole.len() / 2;
        Self {
            bytes: Some(whole.slice(..half)),
            missing: (whole.len() - half) as u64,
        }
    }
}

impl Body for Half {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let end = (self.missing > 0).then_some(Err(Cut::OnPurpose));
        Poll::Ready(match self.bytes.take() {
            Some(bytes) => Some(Ok(Frame::data(bytes))),
            None => end,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none() && self.missing == 0
    }

    fn size_hint(&self) -> SizeHint {
        let left = self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64);
        SizeHint::with_exact(left + self.missing)
    }
}
