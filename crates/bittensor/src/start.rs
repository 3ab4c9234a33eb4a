//! Whether a call has gone out: known for certain, whatever happens at the same moment.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

const TO_COME: u8 = 0;
const GONE_OUT: u8 = 1;
const CALLED_OFF: u8 = 2;

/// The start of one call: it goes out, or it is called off before that, and never both. Clones are the
/// same start.
#[derive(Debug, Clone, Default)]
pub(crate) struct Start(Arc<AtomicU8>);

/// A call that was given up may not go out any more.
#[derive(Debug, thiserror::Error)]
#[error("the call was given up")]
pub(crate) struct CalledOff;

impl Start {
    /// Gives the call up. `true` if it has not gone out, and now never will; `false` where it may have.
    pub(crate) fn call_off(&self) -> bool {
        self.becomes(CALLED_OFF)
    }

    /// Settles what becomes of the call, unless that is settled; whether it is `this`.
    fn becomes(&self, this: u8) -> bool {
        let settled = self
            .0
            .compare_exchange(TO_COME, this, Ordering::AcqRel, Ordering::Acquire);
        settled.map_or_else(|before| before == this, |_| true)
    }
}

/// A request body that notes when it is asked for: up to then no byte of the request, its head
/// included, has gone out, because the connection writes the head together with the body's start. Asked
/// for after the call was given up, by a connection that had it in hand just then, it breaks off: a
/// request without its body is none.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) bytes: Option<Bytes>,
    pub(crate) start: Start,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = CalledOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CalledOff>>> {
        if !self.start.becomes(GONE_OUT) {
            return Poll::Ready(Some(Err(CalledOff)));
        }
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn body(start: &Start) -> Watched {
        Watched {
            bytes: Some(Bytes::from_static(b"{}")),
            start: start.clone(),
        }
    }

    fn frame(body: &mut Watched) -> Option<Result<Frame<Bytes>, CalledOff>> {
        let mut context = Context::from_waker(Waker::noop());
        match Pin::new(body).poll_frame(&mut context) {
            Poll::Ready(frame) => frame,
            Poll::Pending => panic!("it never waits"),
        }
    }

    #[test]
    fn what_has_gone_out_cannot_be_called_off() {
        let start = Start::default();
        let mut body = body(&start);
        assert!(frame(&mut body).unwrap().is_ok());
        assert!(!start.call_off());
        assert!(frame(&mut body).is_none(), "and ends as it would have");
    }

    #[test]
    fn what_was_called_off_never_goes_out() {
        let start = Start::default();
        let mut body = body(&start);
        assert!(start.call_off());
        assert!(frame(&mut body).unwrap().is_err());
        assert!(start.call_off());
    }
}
