//! Starting workers, and their ends.

use crate::os::{Channel, Exit, Os, Sys};
use crate::support::{launch, receive, send, shell, until_readable, wait, within};

/// Asserts that nothing more comes.
#[track_caller]
fn ends(channel: &Channel) {
    until_readable(channel);
    assert_eq!(channel.receive(&mut [0; 8], &mut Vec::new()).unwrap(), 0);
}

#[test]
fn a_worker_has_its_channel_as_standard_input() {
    within(|| {
        let mut spawned =
            Os::new().spawn(&launch("/bin/sh", &["-c", "exec cat -u <&0 >&0"])).unwrap();
        assert_eq!(send(&spawned.channel, b"there and back").unwrap(), 14);
        assert_eq!(receive(&spawned.channel, 14), b"there and back");
        drop(spawned.channel);
        assert_eq!(wait(&mut spawned.worker), Exit::Code(0));
    });
}

#[test]
fn an_end_is_told_by_code_or_by_signal() {
    within(|| {
        for (script, exit) in [
            ("exit 0", Exit::Code(0)),
            ("exit 3", Exit::Code(3)),
            ("kill -9 $$", Exit::Signal(9)),
            ("kill -15 $$", Exit::Signal(15)),
        ] {
            let mut spawned = shell(script);
            ends(&spawned.channel);
            assert_eq!(wait(&mut spawned.worker), exit, "{script}");
            assert_eq!(spawned.worker.try_wait().unwrap(), Some(exit), "told again");
        }
    });
}
