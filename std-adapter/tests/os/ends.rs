//! How workers end, and what ends with them.

use rustix::process::Signal;

use concurrent_futures::calls::Exit;

use crate::os::{Channel, Group, Launch, Os, Output, Signalled, Spawned, Sys, is_stopped};
use crate::support::{
    alone, is_gone, kill, launch, number, receive, send, shell, until, until_readable, wait, within,
};

/// Asserts that nothing more comes.
#[track_caller]
fn ends(channel: &Channel) {
    until_readable(channel);
    assert_eq!(channel.receive(&mut [0; 8], &mut Vec::new()).unwrap(), 0);
}

/// A worker that has started another process, and the pid of that; then it does what the script says.
fn with_grandchild(group: Group, script: &str) -> (Spawned, u32) {
    let script = format!("sleep 1000 <&- >&- & echo $!; {script}");
    let launch =
        Launch { group, stdout: Output::Piped, ..launch("/bin/sh", &["-c", script.as_str()]) };
    let mut spawned = Os::new().spawn(&launch).unwrap();
    let grandchild = number(spawned.stdout.take().unwrap());
    (spawned, grandchild)
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

#[test]
fn a_running_worker_has_not_ended() {
    within(|| {
        let mut spawned = shell("read line <&0");
        assert_eq!(spawned.worker.try_wait().unwrap(), None);
        send(&spawned.channel, b"\n").unwrap();
        assert_eq!(wait(&mut spawned.worker), Exit::Code(0));
    });
}

#[test]
fn killing_the_group_takes_a_grandchild() {
    within(|| {
        let (mut spawned, grandchild) = with_grandchild(Group::Own, "wait");
        assert_eq!(spawned.worker.signal(Signal::KILL).unwrap(), Signalled::Sent);
        until("the grandchild is gone", || is_gone(grandchild).then_some(()));
        assert_eq!(wait(&mut spawned.worker), Exit::Signal(9));
    });
}

#[test]
fn what_a_worker_leaves_behind_ends_when_it_is_waited_for() {
    within(|| {
        let (mut spawned, grandchild) = with_grandchild(Group::Own, "exit 7");
        ends(&spawned.channel);
        assert!(!is_gone(grandchild));
        assert_eq!(wait(&mut spawned.worker), Exit::Code(7));
        until("the grandchild is gone", || is_gone(grandchild).then_some(()));
    });
}

#[test]
fn in_a_shared_group_a_kill_takes_the_worker_alone() {
    within(|| {
        let (mut spawned, grandchild) = with_grandchild(Group::Shared, "wait");
        assert_eq!(spawned.worker.signal(Signal::KILL).unwrap(), Signalled::Sent);
        assert_eq!(wait(&mut spawned.worker), Exit::Signal(9));
        assert!(!is_gone(grandchild)); // nor are we
        kill(grandchild);
    });
}

#[test]
fn a_worker_that_is_dropped_is_killed_and_waited_for() {
    within(|| {
        let (spawned, grandchild) = with_grandchild(Group::Own, "wait");
        let pid = spawned.worker.pid();
        drop(spawned);
        assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists(), "nobody waited for it");
        until("the grandchild is gone", || is_gone(grandchild).then_some(()));
    });
}

#[test]
fn a_worker_that_was_waited_for_gets_no_signal() {
    within(|| {
        let mut spawned = shell("exit 0");
        assert_eq!(wait(&mut spawned.worker), Exit::Code(0));
        assert_eq!(spawned.worker.signal(Signal::KILL).unwrap(), Signalled::Gone);
    });
}

/// Sets what a signal does to this process.
fn set_disposition(signal: i32, disposition: libc::sighandler_t) {
    // SAFETY: no handler is installed, only one of the two that are not functions.
    let before = unsafe { libc::signal(signal, disposition) };
    assert_ne!(before, libc::SIG_ERR);
}

#[test]
fn where_ends_are_ignored_a_worker_is_gone_and_gets_no_signal() {
    alone("ends::where_ends_are_ignored_a_worker_is_gone_and_gets_no_signal", || {
        set_disposition(libc::SIGCHLD, libc::SIG_IGN);
        let (mut spawned, grandchild) = with_grandchild(Group::Own, "read line <&0");
        assert_eq!(spawned.worker.try_wait().unwrap(), None);
        send(&spawned.channel, b"\n").unwrap();
        assert_eq!(wait(&mut spawned.worker), Exit::Unknown);
        // Its group still has a member, which shows whether a signal is sent.
        assert_eq!(spawned.worker.signal(Signal::KILL).unwrap(), Signalled::Gone);
        drop(spawned);
        assert!(!is_gone(grandchild));
        kill(grandchild);
    });
}

#[test]
fn when_somebody_else_has_waited_the_worker_is_gone() {
    within(|| {
        let mut spawned = shell("exit 5");
        let pid = rustix::process::Pid::from_raw(spawned.worker.pid().cast_signed());
        let waited = rustix::process::waitpid(pid, rustix::process::WaitOptions::empty()).unwrap();
        assert_eq!(waited.and_then(|(_, status)| status.exit_status()), Some(5));
        assert_eq!(spawned.worker.try_wait().unwrap(), Some(Exit::Unknown));
        assert_eq!(spawned.worker.signal(Signal::KILL).unwrap(), Signalled::Gone);
    });
}

#[test]
fn a_write_to_the_dead_is_an_error_and_no_signal() {
    alone("ends::a_write_to_the_dead_is_an_error_and_no_signal", || {
        set_disposition(libc::SIGPIPE, libc::SIG_DFL);
        let mut spawned = shell("exit 0");
        assert_eq!(wait(&mut spawned.worker), Exit::Code(0));
        for _ in 0..2 {
            let error = send(&spawned.channel, b"anybody there?").unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
        }
        let (one, other) = Channel::pair().unwrap();
        drop(other);
        let mut parts = [std::io::IoSlice::new(b"anybody there?")];
        let error = one.write_all(&mut parts, None).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
    });
}

#[test]
fn last_words_come_before_the_end_though_input_was_unread() {
    within(|| {
        let mut spawned = shell("read -r line <&0; echo last words >&0; exit 1");
        // More than the shell takes for a line: it dies with the rest unread.
        send(&spawned.channel, &[b"\n".as_slice(), &[b'x'; 100_000]].concat()).unwrap();
        assert_eq!(wait(&mut spawned.worker), Exit::Code(1));
        assert_eq!(receive(&spawned.channel, 11), b"last words\n");
        ends(&spawned.channel);
        ends(&spawned.channel);
    });
}

#[test]
fn a_forked_copy_of_this_process_leaves_the_worker_alone() {
    alone("ends::a_forked_copy_of_this_process_leaves_the_worker_alone", || {
        let spawned = shell("exec cat -u <&0 >&0");
        // SAFETY: the copy makes calls of the system only, and ends without running anything of ours.
        let copy = unsafe { libc::fork() };
        if copy == 0 {
            let sent = spawned.worker.signal(Signal::KILL);
            drop(spawned);
            let code = i32::from(!matches!(sent, Ok(Signalled::Gone)));
            // SAFETY: it ends.
            unsafe { libc::_exit(code) };
        }
        let copy = rustix::process::Pid::from_raw(copy);
        let waited = rustix::process::waitpid(copy, rustix::process::WaitOptions::empty()).unwrap();
        assert_eq!(waited.and_then(|(_, status)| status.exit_status()), Some(0));
        send(&spawned.channel, b"still here").unwrap();
        assert_eq!(receive(&spawned.channel, 10), b"still here");
    });
}

#[test]
fn a_stopped_worker_is_told_from_a_busy_one() {
    within(|| {
        let spawned = shell("while :; do :; done");
        let pid = spawned.worker.pid();
        assert!(!is_stopped(pid).unwrap());
        assert_eq!(spawned.worker.signal(Signal::STOP).unwrap(), Signalled::Sent);
        until("it is stopped", || is_stopped(pid).unwrap().then_some(()));
        assert_eq!(spawned.worker.signal(Signal::CONT).unwrap(), Signalled::Sent);
        until("it goes on", || (!is_stopped(pid).unwrap()).then_some(()));
        drop(spawned);
        assert!(is_stopped(pid).is_err());
    });
}
