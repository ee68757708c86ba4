//! One end of the socket between the pool and a worker: a stream of bytes both ways, on which
//! descriptors travel along.
#![forbid(unsafe_code)]

use std::io::{self, ErrorKind, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::cmsg_space;
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, Shutdown, recvmsg, sendmsg, shutdown,
};

use super::platform;

/// One end of the socket between the pool and a worker.
///
/// Sending and receiving go on independently, from two threads if need be; two threads that send must
/// keep each other out, or their bytes mix. No call raises `SIGPIPE`, whatever the program has done to
/// that signal, and none ends with `Interrupted`.
#[derive(Debug)]
pub(crate) struct Channel(OwnedFd);

impl Channel {
    /// So many descriptors one receiving call takes in; a peer that sends more at once breaks the channel.
    pub(crate) const ATTACHED_AT_MOST: usize = 4;

    /// Both ends, closed to programs that are executed later.
    ///
    /// # Errors
    /// No descriptors are left.
    pub(crate) fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = UnixStream::pair()?;
        Ok((Self::new(one.into())?, Self::new(other.into())?))
    }

    /// Takes over a connected stream socket.
    ///
    /// # Errors
    /// It cannot be prepared.
    pub(super) fn new(socket: OwnedFd) -> io::Result<Self> {
        platform::prepare_socket(socket.as_fd())?;
        Ok(Self(socket))
    }

    /// Sends as much as the system takes at once: the number of bytes, which may be fewer than there are.
    ///
    /// `attached` goes along with the first byte. Once any byte has been taken it is on its way, and must
    /// not be given with the rest.
    ///
    /// # Errors
    /// `WouldBlock` when the system takes nothing now. `BrokenPipe` or `ConnectionReset` when the other
    /// end is closed.
    pub(crate) fn send(
        &self,
        parts: &[IoSlice<'_>],
        attached: Option<BorrowedFd<'_>>,
    ) -> io::Result<usize> {
        self.send_with(parts, attached, SendFlags::DONTWAIT)
    }

    /// As [`receive_with`](Self::receive_with), without waiting.
    ///
    /// # Errors
    /// As there, and `WouldBlock` when nothing is there now.
    pub(crate) fn receive(
        &self,
        buffer: &mut [u8],
        attached: &mut Vec<OwnedFd>,
    ) -> io::Result<usize> {
        self.receive_with(buffer, attached, RecvFlags::DONTWAIT)
    }

    /// As [`receive_with`](Self::receive_with), waiting until something is there.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn read(&self, buffer: &mut [u8], attached: &mut Vec<OwnedFd>) -> io::Result<usize> {
        self.receive_with(buffer, attached, RecvFlags::empty())
    }

    /// Sends all of it, waiting as long as that takes.
    ///
    /// # Errors
    /// `BrokenPipe` or `ConnectionReset` when the other end is closed.
    pub(crate) fn write_all(
        &self,
        mut parts: &mut [IoSlice<'_>],
        mut attached: Option<BorrowedFd<'_>>,
    ) -> io::Result<()> {
        IoSlice::advance_slices(&mut parts, 0); // leaves out the empty ones
        while !parts.is_empty() {
            let sent = self.send_with(parts, attached.take(), SendFlags::empty())?;
            IoSlice::advance_slices(&mut parts, sent);
        }
        Ok(())
    }

    /// Ends the stream both ways, as closing this end would. What has arrived can still be received.
    pub(crate) fn shut_down(&self) {
        let _ = shutdown(&self.0, Shutdown::Both); // or the other end has done so
    }

    /// # Errors
    /// As [`send`](Self::send).
    fn send_with(
        &self,
        parts: &[IoSlice<'_>],
        attached: Option<BorrowedFd<'_>>,
        flags: SendFlags,
    ) -> io::Result<usize> {
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        let descriptors = attached.as_slice();
        if !descriptors.is_empty() {
            ancillary.push(SendAncillaryMessage::ScmRights(descriptors));
        }
        let flags = flags | platform::SEND;
        Ok(retry_on_intr(|| sendmsg(&self.0, parts, &mut ancillary, flags))?)
    }

    /// Receives what is there, up to the buffer's length, with the descriptors that go with it: the
    /// number of bytes, 0 when the other end is closed (and for an empty buffer).
    ///
    /// An end that is closed with unread bytes before it says so by a reset, after all that it had sent:
    /// that is the end of the stream as well.
    ///
    /// # Errors
    /// `InvalidData` when more than [`ATTACHED_AT_MOST`](Self::ATTACHED_AT_MOST) descriptors came with these bytes; they are
    /// closed.
    fn receive_with(
        &self,
        buffer: &mut [u8],
        attached: &mut Vec<OwnedFd>,
        flags: RecvFlags,
    ) -> io::Result<usize> {
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(Channel::ATTACHED_AT_MOST))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let flags = flags | platform::RECEIVE;
        let mut parts = [IoSliceMut::new(buffer)];
        let received = retry_on_intr(|| recvmsg(&self.0, &mut parts, &mut ancillary, flags));
        let received = match received {
            Err(Errno::CONNRESET) => return Ok(0),
            other => other?,
        };
        let before = attached.len();
        for message in ancillary.drain() {
            let RecvAncillaryMessage::ScmRights(descriptors) = message else { continue };
            for descriptor in descriptors {
                platform::prepare_received(descriptor.as_fd())?;
                attached.push(descriptor);
            }
        }
        // The space has room for some more, for the sake of its alignment.
        let are_too_many = attached.len() - before > Self::ATTACHED_AT_MOST;
        if are_too_many || received.flags.contains(ReturnFlags::CTRUNC) {
            attached.truncate(before);
            let message = "the other end attached more descriptors than a message may carry, \
                           or than this process has room for";
            return Err(io::Error::new(ErrorKind::InvalidData, message));
        }
        Ok(received.bytes)
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl From<Channel> for OwnedFd {
    fn from(channel: Channel) -> Self {
        channel.0
    }
}
