//! What a worker is started with, and what it is not.

use std::fs;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use concurrent_futures::calls::Exit;

use crate::os::{Inherited, Launch, MemoryFile, Os, Output, Spawned, Sys, Words, inside};
use crate::support::{
    descriptors, is_child, launch, receive, send, shell, this_test, wait, within,
};

/// What a script prints, started as given.
fn printed(launch: Launch) -> String {
    let mut spawned = Os::new().spawn(&Launch { stdout: Output::Piped, ..launch }).unwrap();
    let mut text = String::new();
    let stdout: OwnedFd = spawned.stdout.take().unwrap();
    fs::File::from(stdout).read_to_string(&mut text).unwrap();
    assert_eq!(wait(&mut spawned.worker), Exit::Code(0));
    text
}

/// A worker that sends back what it gets.
fn echo() -> Spawned {
    Os::new().spawn(&launch("/bin/sh", &["-c", "exec cat -u <&0 >&0"])).unwrap()
}

#[test]
fn a_worker_has_its_channel_as_standard_input() {
    within(|| {
        let mut spawned = echo();
        assert_eq!(send(&spawned.channel, b"there and back").unwrap(), 14);
        assert_eq!(receive(&spawned.channel, 14), b"there and back");
        drop(spawned.channel);
        assert_eq!(wait(&mut spawned.worker), Exit::Code(0));
    });
}

#[test]
fn a_worker_gets_the_arguments_and_nothing_else() {
    within(|| {
        let script = "echo started >&0; read line <&0";
        let spawned = shell(script);
        assert_eq!(receive(&spawned.channel, 8), b"started\n"); // before, there may be none yet
        let line = fs::read(format!("/proc/{}/cmdline", spawned.worker.pid())).unwrap();
        assert_eq!(line, format!("/bin/sh\0-c\0{script}\0").as_bytes());
    });
}

#[test]
fn the_environment_is_inherited_with_more_or_only_as_allowed() {
    within(|| {
        let print = |inherited| {
            let mut launch = launch("/usr/bin/env", &[]);
            launch.environment.inherited = inherited;
            launch.environment.extra.push(("ADDED".into(), "yes".into()));
            printed(launch)
        };
        let names = vec!["PATH".into(), "NO_SUCH_VARIABLE".into()];
        let (all, some) = (print(Inherited::All), print(Inherited::Only(names)));
        let mut ours = std::env::vars().filter(|(name, _)| name != "PATH");
        let (name, value) = ours.find(|(_, value)| !value.contains('\n')).unwrap();
        assert!(all.lines().any(|line| line == format!("{name}={value}")), "{all}");
        assert!(all.lines().any(|line| line == "ADDED=yes"), "{all}");
        let mut some: Vec<_> = some.lines().map(|line| line.split('=').next().unwrap()).collect();
        some.sort_unstable();
        assert_eq!(some, ["ADDED", "PATH"]);
    });
}

#[test]
fn a_worker_starts_in_the_directory_that_is_given() {
    within(|| {
        let launch = Launch { directory: Some("/".into()), ..launch("/bin/pwd", &[]) };
        assert_eq!(printed(launch), "/\n");
    });
}

#[test]
fn what_a_worker_prints_is_thrown_away_or_piped() {
    within(|| {
        let script = ["-c", "echo out; echo err >&2; echo in >&0"];
        let launch = launch("/bin/sh", &script);
        let null = Launch { stdout: Output::Null, stderr: Output::Null, ..launch.clone() };
        let mut spawned = Os::new().spawn(&null).unwrap();
        assert!(spawned.stdout.is_none() && spawned.stderr.is_none());
        assert_eq!(receive(&spawned.channel, 3), b"in\n");
        assert_eq!(wait(&mut spawned.worker), Exit::Code(0));

        let piped = Launch { stdout: Output::Piped, stderr: Output::Piped, ..launch };
        let mut spawned = Os::new().spawn(&piped).unwrap();
        for (pipe, text) in [(&mut spawned.stdout, "out\n"), (&mut spawned.stderr, "err\n")] {
            let mut read = String::new();
            fs::File::from(pipe.take().unwrap()).read_to_string(&mut read).unwrap();
            assert_eq!(read, text);
        }
        assert_eq!(receive(&spawned.channel, 3), b"in\n");
        assert_eq!(wait(&mut spawned.worker), Exit::Code(0));
    });
}

/// The descriptors of a child that has nothing to do with us.
fn of_a_stranger() -> Vec<u32> {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "echo started; read line"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Before it says so, it may still have those that are closed when a program is executed.
    child.stdout.take().unwrap().read_exact(&mut [0; 8]).unwrap();
    let numbers = descriptors(child.id());
    child.kill().unwrap();
    child.wait().unwrap();
    numbers
}

/// As [`of_a_stranger`], of a worker.
fn of(worker: &Spawned) -> Vec<u32> {
    assert_eq!(receive(&worker.channel, 8), b"started\n");
    descriptors(worker.worker.pid())
}

#[test]
fn no_other_child_gets_a_descriptor_of_ours() {
    within(|| {
        let before = of_a_stranger();
        let os = Os::new();
        // A shell that redirects for one command keeps the other descriptor meanwhile.
        let script = ["-c", "exec >&0; echo started; read line"];
        let piped = Launch { stdout: Output::Piped, ..launch("/bin/sh", &script) };
        let first = os.spawn(&piped).unwrap();
        let words: (Words, OwnedFd) = os.words(64).unwrap();
        let kept = (words, os.poller().unwrap(), MemoryFile::create().unwrap());
        assert_eq!(of_a_stranger(), before);
        // A worker is a stranger to the others.
        let second = os.spawn(&piped).unwrap();
        assert_eq!(of(&second), before);
        assert_eq!(of(&first), before);
        drop(kept);
    });
}

#[test]
fn this_program_starts_again_though_its_file_is_gone() {
    const NAME: &str = "spawning::this_program_starts_again_though_its_file_is_gone";
    const AGAIN: &str = "STARTED_AGAIN";
    if is_child() {
        let parent = inside::take_channel().unwrap().unwrap();
        if std::env::var_os(AGAIN).is_none() {
            fs::remove_file(std::env::current_exe().unwrap()).unwrap();
            let mut launch = this_test(NAME);
            launch.environment.extra.push((AGAIN.into(), "1".into()));
            let again = Os::new().spawn(&launch).unwrap();
            assert_eq!(receive(&again.channel, 5), b"again");
        }
        send(&parent, b"again").unwrap();
        return;
    }
    within(|| {
        let copy = format!("{}/gone-{}", env!("CARGO_TARGET_TMPDIR"), std::process::id());
        fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
        let launch = Launch { program: Some((&copy).into()), ..this_test(NAME) };
        let first = Os::new().spawn(&launch).unwrap();
        assert_eq!(receive(&first.channel, 5), b"again");
    });
}
