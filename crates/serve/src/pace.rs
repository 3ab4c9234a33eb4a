//! A connection whose reader must keep up.
//!
//! Whoever asks for an asset and does not take it holds memory that others wait for. Only the time
//! counts in which something waits to be written, so that a quiet event stream is not cut off.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// How readers must keep up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    /// In every such time spent waiting for the reader …
    pub(crate) window: Duration,
    /// … at least so many bytes must go out.
    pub(crate) least: usize,
}

impl Pace {
    /// About 17 kB/s. The system takes some megabytes before a reader is waited for at all, and asks
    /// for more in bursts, so that a finer measure would cut off honest ones.
    pub(crate) const DEFAULT: Self = Self {
        window: Duration::from_secs(60),
        least: 1 << 20,
    };
}

/// A stream that ends with [`io::ErrorKind::TimedOut`] when its reader does not keep up.
pub(crate) struct Paced<S> {
    stream: S,
    pace: Pace,
    /// Since when a write waits.
    since: Option<Instant>,
    /// Time spent waiting in this window.
    waited: Duration,
    /// Bytes written in this window.
    written: usize,
    alarm: Pin<Box<Sleep>>,
}

impl<S> Paced<S> {
    pub(crate) fn new(stream: S, pace: Pace) -> Self {
        Self {
            stream,
            pace,
            since: None,
            waited: Duration::ZERO,
            written: 0,
            alarm: Box::pin(tokio::time::sleep(Duration::ZERO)),
        }
    }

    /// Books what a write came to.
    fn book(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let now = Instant::now();
        if let Some(since) = self.since.take() {
            self.waited += now - since;
        }
        if let Poll::Ready(Ok(bytes)) = &written {
            self.written = self.written.saturating_add(*bytes);
        }
        if self.waited >= self.pace.window {
            if self.written < self.pace.least && written.is_pending() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.waited = Duration::ZERO;
            self.written = 0;
        }
        if written.is_pending() {
            self.since = Some(now);
            let left = self.pace.window.saturating_sub(self.waited);
            self.alarm.as_mut().reset(now + left);
            if self.alarm.as_mut().poll(context).is_ready() {
                context.waker().wake_by_ref();
            }
        }
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.book(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.book(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const PACE: Pace = Pace {
        window: Duration::from_secs(60),
        least: 1000,
    };

    #[tokio::test(start_paused = true)]
    async fn who_reads_nothing_is_given_up_after_one_window() {
        let (ours, _theirs) = duplex(100);
        let mut paced = Paced::new(ours, PACE);
        let begun = Instant::now();
        let error = paced.write_all(&[0; 5000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(begun.elapsed().as_secs(), 60);
    }

    /// Writes 50 kB to one who takes 100 bytes every so often.
    async fn write_to_one_who_reads_every(pause: Duration) -> io::Result<()> {
        let (ours, mut theirs) = duplex(100);
        let reading = tokio::spawn(async move {
            let mut buffer = [0; 100];
            while theirs.read_exact(&mut buffer).await.is_ok() {
                tokio::time::sleep(pause).await;
            }
        });
        let mut paced = Paced::new(ours, PACE);
        let written = paced.write_all(&[0; 50_000]).await;
        reading.abort();
        written
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_who_keeps_up_gets_everything() {
        let written = write_to_one_who_reads_every(Duration::from_secs(4)).await;
        assert!(written.is_ok(), "{written:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_dribbling_reader_is_given_up() {
        let written = write_to_one_who_reads_every(Duration::from_secs(7)).await;
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn quiet_time_does_not_count() {
        let (ours, mut theirs) = duplex(100);
        let mut paced = Paced::new(ours, PACE);
        for _ in 0..10 {
            paced.write_all(&[0; 50]).await.unwrap();
            tokio::time::sleep(Duration::from_secs(50)).await;
            let mut buffer = [0; 50];
            theirs.read_exact(&mut buffer).await.unwrap();
        }
    }
}
