//! What a worker does with itself, in workers that are this program.

use std::fs;
use std::io::{IoSlice, Read};
use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};
use std::sync::Arc;

use rustix::io::{FdFlags, fcntl_getfd};
use rustix::process::{Resource, getpgrp, getpid, getrlimit};

use concurrent_futures::calls::{Exit, ResourceLimits};

use crate::os::{Channel, Group, Launch, Os, Sys, build_id, inside, limit_resources};
use crate::support::{alone, is_child, is_gone, receive, send, this_test, until, wait, within};

#[test]
fn the_channel_moves_away_and_the_standard_input_is_empty() {
    const NAME: &str = "inside::the_channel_moves_away_and_the_standard_input_is_empty";
    if is_child() {
        let channel = inside::take_channel().unwrap().unwrap();
        assert_eq!(std::io::stdin().read(&mut [0; 8]).unwrap(), 0);
        assert!(inside::take_channel().unwrap().is_none(), "taken twice");
        let mut buffer = [0; 16];
        let count = channel.read(&mut buffer, &mut Vec::new()).unwrap(); // waits
        assert_eq!(&buffer[..count], b"hello");
        let socket = std::os::fd::OwnedFd::from(channel);
        assert!(socket.as_raw_fd() >= 100);
        assert!(fcntl_getfd(&socket).unwrap().contains(FdFlags::CLOEXEC));
        assert!(!fcntl_getfd(std::io::stdin()).unwrap().contains(FdFlags::CLOEXEC));
        return;
    }
    within(|| {
        let mut spawned = Os::new().spawn(&this_test(NAME)).unwrap();
        send(&spawned.channel, b"hello").unwrap();
        assert_eq!(wait(&mut spawned.worker), Exit::Code(0));
    });
}

#[test]
fn another_standard_input_is_left_alone() {
    const NAME: &str = "inside::another_standard_input_is_left_alone";
    if is_child() {
        assert!(inside::take_channel().unwrap().is_none());
        println!("\nit was left alone");
        return;
    }
    within(|| {
        for stdin in [Stdio::null(), Stdio::piped(), datagrams().into()] {
            let mut command = Command::new(std::env::current_exe().unwrap());
            let launch = this_test(NAME);
            command.args(&launch.arguments).envs(launch.environment.extra).stdin(stdin);
            let output = command.output().unwrap();
            let printed = String::from_utf8_lossy(&output.stdout);
            assert!(printed.contains("it was left alone"), "{printed}");
        }
    });
}

/// A socket that keeps messages apart.
fn datagrams() -> std::os::fd::OwnedFd {
    std::os::unix::net::UnixDatagram::pair().unwrap().0.into()
}

#[test]
fn a_worker_that_loops_ends_with_its_children_when_the_parent_is_gone() {
    const NAME: &str = "inside::a_worker_that_loops_ends_with_its_children_when_the_parent_is_gone";
    if is_child() {
        let channel = Arc::new(inside::take_channel().unwrap().unwrap());
        inside::watch_for_hangup(channel.clone()).unwrap();
        #[expect(clippy::zombie_processes, reason = "it outlives us, unless we take it along")]
        let child = Command::new("/bin/sleep").arg("1000").spawn().unwrap();
        send(&channel, &child.id().to_le_bytes()).unwrap();
        loop {
            std::hint::spin_loop();
        }
    }
    within(|| {
        for group in [Group::Own, Group::Shared] {
            let launch = Launch { group, ..this_test(NAME) };
            let mut spawned = Os::new().spawn(&launch).unwrap();
            let grandchild = receive(&spawned.channel, 4);
            let grandchild = u32::from_le_bytes(grandchild.try_into().unwrap());
            drop(spawned.channel);
            if group == Group::Own {
                // Before we wait for the worker, which would kill it as well.
                until("the grandchild is gone", || is_gone(grandchild).then_some(()));
            }
            assert_eq!(wait(&mut spawned.worker), Exit::Signal(9));
            if group == Group::Shared {
                assert!(!is_gone(grandchild)); // nor are we
                crate::support::kill(grandchild);
            }
        }
    });
}

#[test]
fn data_is_no_hang_up() {
    const NAME: &str = "inside::data_is_no_hang_up";
    if is_child() {
        let channel = Arc::new(inside::take_channel().unwrap().unwrap());
        inside::watch_for_hangup(channel.clone()).unwrap();
        for _ in 0..100 {
            assert_eq!(channel.read(&mut [0], &mut Vec::new()).unwrap(), 1);
            channel.write_all(&mut [IoSlice::new(b"x")], None).unwrap();
        }
        return;
    }
    within(|| {
        let mut spawned = Os::new().spawn(&this_test(NAME)).unwrap();
        for _ in 0..100 {
            send(&spawned.channel, b"x").unwrap();
            receive(&spawned.channel, 1);
        }
        assert_eq!(wait(&mut spawned.worker), Exit::Code(0));
    });
}

#[test]
fn a_worker_leads_a_group_of_its_own() {
    alone("inside::a_worker_leads_a_group_of_its_own", || assert_eq!(getpgrp(), getpid()));
}

#[test]
fn limits_bind() {
    alone("inside::limits_bind", || {
        let hard = getrlimit(Resource::Nofile).maximum;
        let limits =
            ResourceLimits { memory: Some(1 << 30), cpu_seconds: Some(60), open_files: Some(200) };
        limit_resources(&limits).unwrap();
        assert!(hard.is_none_or(|hard| hard >= 200));
        let set = [Resource::As, Resource::Cpu, Resource::Nofile].map(getrlimit);
        assert_eq!(set.map(|set| set.current), [Some(1 << 30), Some(60), Some(200)]);
        assert_eq!(set.map(|set| set.maximum), [Some(1 << 30), Some(61), Some(200)]);
        assert!(Vec::<u8>::new().try_reserve_exact(1 << 30).is_err());
        let files: Vec<_> = (0..200).map_while(|_| fs::File::open("/dev/null").ok()).collect();
        assert!(files.len() < 200);
        // Nothing gets looser.
        limit_resources(&ResourceLimits { open_files: Some(300), ..limits }).unwrap();
        assert_eq!(getrlimit(Resource::Nofile).current, Some(200));
        limit_resources(&ResourceLimits::default()).unwrap();
    });
}

#[test]
fn a_worker_past_its_cpu_time_ends_by_a_signal_of_its_own() {
    const NAME: &str = "inside::a_worker_past_its_cpu_time_ends_by_a_signal_of_its_own";
    if is_child() {
        let limits = ResourceLimits { cpu_seconds: Some(1), ..Default::default() };
        limit_resources(&limits).unwrap();
        loop {
            std::hint::spin_loop();
        }
    }
    within(|| {
        let mut spawned = Os::new().spawn(&this_test(NAME)).unwrap();
        assert_eq!(wait(&mut spawned.worker), Exit::Signal(libc::SIGXCPU));
    });
}

#[test]
fn a_volunteer_dies_before_its_parent() {
    alone("inside::a_volunteer_dies_before_its_parent", || {
        let score = |pid: u32| -> i32 {
            let text = fs::read_to_string(format!("/proc/{pid}/oom_score_adj")).unwrap();
            text.trim().parse().unwrap()
        };
        inside::volunteer();
        let parent = score(std::os::unix::process::parent_id());
        assert_eq!(score(std::process::id()), (parent + 300).min(1000));
    });
}

#[test]
fn the_same_program_has_the_same_build_id_and_another_has_not() {
    const NAME: &str = "inside::the_same_program_has_the_same_build_id_and_another_has_not";
    if is_child() {
        let channel: Channel = inside::take_channel().unwrap().unwrap();
        send(&channel, &build_id().unwrap().to_le_bytes()).unwrap();
        return;
    }
    within(|| {
        let id = |launch: &Launch| {
            let spawned = Os::new().spawn(launch).unwrap();
            receive(&spawned.channel, 8)
        };
        let mine = build_id().unwrap().to_le_bytes();
        assert_eq!(id(&this_test(NAME)), mine);
        let copy = format!("{}/copy-{}", env!("CARGO_TARGET_TMPDIR"), std::process::id());
        fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
        let other = id(&Launch { program: Some((&copy).into()), ..this_test(NAME) });
        fs::remove_file(&copy).unwrap();
        assert_ne!(other, mine);
    });
}
