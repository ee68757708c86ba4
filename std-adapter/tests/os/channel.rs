//! Bytes and descriptors between two ends.

use std::fs::File;
use std::io::{ErrorKind, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::thread;

use rustix::io::{FdFlags, fcntl_getfd};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

use crate::os::{Channel, Os, Sys, inside};
use crate::support::{is_child, receive, send, this_test, until, until_readable, within};

#[test]
fn a_descriptor_goes_along_with_a_message() {
    const NAME: &str = "channel::a_descriptor_goes_along_with_a_message";
    if is_child() {
        let channel = inside::take_channel().unwrap().unwrap();
        let (mut buffer, mut attached) = ([0; 16], Vec::new());
        assert_eq!(channel.read(&mut buffer, &mut attached).unwrap(), 5);
        assert_eq!(&buffer[..5], b"write");
        let pipe = attached.pop().unwrap();
        assert!(attached.is_empty());
        assert!(fcntl_getfd(&pipe).unwrap().contains(FdFlags::CLOEXEC));
        File::from(pipe).write_all(b"through the pipe").unwrap();
        return;
    }
    within(|| {
        let spawned = Os::new().spawn(&this_test(NAME)).unwrap();
        let (mut reader, writer) = std::io::pipe().unwrap();
        let parts = [IoSlice::new(b"wr"), IoSlice::new(b"ite")];
        assert_eq!(spawned.channel.send(&parts, Some(writer.as_fd())).unwrap(), 5);
        drop(writer);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "through the pipe");
    });
}

#[test]
fn nothing_waits_where_nothing_may() {
    within(|| {
        let (one, other) = Channel::pair().unwrap();
        let error = one.receive(&mut [0; 8], &mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        let pattern: Vec<u8> = (0..4_u32 << 20).map(|n| (n % 251) as u8).collect();
        let mut sent = 0;
        let error = loop {
            match send(&one, &pattern[sent..]) {
                Ok(count) => sent += count,
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        assert!((1 << 10..pattern.len()).contains(&sent), "{sent} bytes were taken");
        assert!(receive(&other, sent) == pattern[..sent], "bytes were lost or mixed up");
        assert!(send(&one, b"again").is_ok());
    });
}

#[test]
fn writing_all_waits_until_all_is_taken() {
    within(|| {
        let (one, other) = Channel::pair().unwrap();
        let pattern: Vec<u8> = (0..4_u32 << 20).map(|n| (n % 251) as u8).collect();
        let (head, tail) = pattern.split_at(1000);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut parts = [IoSlice::new(&[]), IoSlice::new(head), IoSlice::new(tail)];
                one.write_all(&mut parts, Some(other.as_fd())).unwrap();
            });
            let (mut received, mut attached) = (Vec::<u8>::new(), Vec::new());
            let mut buffer = vec![0; 1 << 16];
            while received.len() < pattern.len() {
                let count = other.read(&mut buffer, &mut attached).unwrap();
                received.extend(&buffer[..count]);
            }
            assert!(received == pattern, "bytes were lost or mixed up");
            assert_eq!(attached.len(), 1); // with the first bytes, and not again
        });
        one.write_all(&mut [], None).unwrap();
    });
}

/// Sends so many descriptors with one byte.
fn send_many<const MANY: usize>(channel: &Channel, descriptor: BorrowedFd<'_>) {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(100))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    let many = [descriptor; MANY];
    assert!(ancillary.push(SendAncillaryMessage::ScmRights(&many)));
    let parts = [IoSlice::new(b"x")];
    sendmsg(channel, &parts, &mut ancillary, SendFlags::empty()).unwrap();
}

#[test]
fn too_many_descriptors_are_an_error_and_closed() {
    within(|| {
        let (one, other) = Channel::pair().unwrap();
        let (mut reader, writer) = std::io::pipe().unwrap();
        let mut attached = Vec::new();
        send_many::<{ Channel::ATTACHED_AT_MOST }>(&one, writer.as_fd());
        assert_eq!(other.receive(&mut [0; 8], &mut attached).unwrap(), 1);
        assert_eq!(attached.len(), Channel::ATTACHED_AT_MOST);
        attached.truncate(1);
        send_many::<{ Channel::ATTACHED_AT_MOST + 1 }>(&one, writer.as_fd());
        send_many::<100>(&one, writer.as_fd());
        for _ in 0..2 {
            let error = other.receive(&mut [0; 8], &mut attached).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData);
            assert_eq!(attached.len(), 1); // it was there before
        }
        drop((attached, writer));
        // Nobody has the writing end any more.
        assert_eq!(reader.read(&mut [0]).unwrap(), 0);
    });
}

#[test]
fn what_was_sent_before_the_end_is_received() {
    within(|| {
        let (one, other) = Channel::pair().unwrap();
        send(&one, b"bye").unwrap();
        drop(one);
        assert_eq!(receive(&other, 3), b"bye");
        until_readable(&other);
        assert_eq!(other.receive(&mut [0; 8], &mut Vec::new()).unwrap(), 0);
        until("a send is refused", || send(&other, b"x").err());
    });
}
