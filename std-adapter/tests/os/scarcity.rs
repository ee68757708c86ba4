//! A system that refuses.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use concurrent_futures::calls::Exit;

use crate::os::{Channel, MemoryFile, Os, Sys, Words};
use crate::support::{alone, descriptors, launch, wait};

#[track_caller]
fn errno<T>(outcome: std::io::Result<T>) -> Option<Errno> {
    let error = outcome.err().expect("an error");
    Errno::from_io_error(&error)
}

fn mine() -> Vec<u32> {
    descriptors(std::process::id())
}

#[test]
fn without_descriptors_nothing_starts_and_with_some_it_does_again() {
    alone("scarcity::without_descriptors_nothing_starts_and_with_some_it_does_again", || {
        let os = Os::new();
        let launch = launch("/bin/true", &[]);
        let before = mine();
        let allowed = getrlimit(Resource::Nofile);
        let mut fillers: Vec<File> = Vec::new();
        let few = Rlimit { current: Some(64), ..allowed };
        setrlimit(Resource::Nofile, few).unwrap();
        while let Ok(file) = File::open("/dev/null") {
            fillers.push(file);
        }
        // With 0, 1 and so on to be had, it fails at another place each time, until it works.
        let mut failed = 0;
        let mut spawned = loop {
            match os.spawn(&launch) {
                Ok(spawned) => break spawned,
                Err(error) => assert_eq!(Errno::from_io_error(&error), Some(Errno::MFILE)),
            }
            if failed == 0 {
                assert_eq!(errno(Channel::pair()), Some(Errno::MFILE));
                assert_eq!(errno(os.poller()), Some(Errno::MFILE));
                assert_eq!(errno(MemoryFile::create()), Some(Errno::MFILE));
                assert_eq!(errno(Words::create(64)), Some(Errno::MFILE));
            }
            failed += 1;
            fillers.pop().expect("it works with some");
        };
        assert!(failed >= 2, "{failed} failures");
        assert_eq!(wait(&mut spawned.worker), Exit::Code(0));
        drop((spawned, fillers));
        setrlimit(Resource::Nofile, allowed).unwrap();
        assert_eq!(mine(), before);
    });
}

#[test]
fn a_program_that_cannot_be_executed_is_an_error() {
    alone("scarcity::a_program_that_cannot_be_executed_is_an_error", || {
        let os = Os::new();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let before = mine();
        let missing = folder.join("no-such-program");
        let spawned = os.spawn(&launch(missing.to_str().unwrap(), &[]));
        assert_eq!(errno(spawned), Some(Errno::NOENT));

        let file = folder.join(format!("program-{}", std::process::id()));
        fs::copy("/bin/true", &file).unwrap();
        let launch = launch(file.to_str().unwrap(), &[]);
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        assert_eq!(errno(os.spawn(&launch)), Some(Errno::ACCESS));

        fs::set_permissions(&file, Permissions::from_mode(0o755)).unwrap();
        let written = File::options().append(true).open(&file).unwrap();
        assert_eq!(errno(os.spawn(&launch)), Some(Errno::TXTBSY));
        drop(written);
        let mut spawned = os.spawn(&launch).unwrap();
        assert_eq!(wait(&mut spawned.worker), Exit::Code(0));
        fs::remove_file(&file).unwrap();
        drop(spawned);
        assert_eq!(mine(), before);
        let children =
            fs::read_to_string(format!("/proc/self/task/{0}/children", std::process::id()));
        assert_eq!(children.unwrap_or_default(), "");
    });
}
