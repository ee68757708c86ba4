//! Workers that cannot be started, or do not get ready.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use concurrent_futures::{CallErrorReason, RefusedReason, TaskErrorKind};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::deeds::Deed;
use crate::kit::{Case, alone, builder, result, usable};
use crate::machine;
use crate::tasks::{act, act_at, begin, begin_then, greeting};

/// What becomes of calls to workers that are this script.
fn with_script(case: &mut Case, name: &str, script: &str, mode: u32) -> Vec<String> {
    let program = case.path(name);
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(mode)).unwrap();
    calls_to(case, program.to_str().unwrap())
}

fn calls_to(case: &mut Case, program: &str) -> Vec<String> {
    let pool = builder(1).worker_program(program).build().unwrap();
    let calls: Vec<_> = (0..3)
        .map(|id| pool.submit(act, id).map(|call| case.watch(format!("call {id}"), call)))
        .collect();
    let errors = calls.into_iter().map(|call| match call {
        Ok(call) => result(call).unwrap_err().to_string(),
        Err(refused) => refused.to_string(),
    });
    let errors = errors.collect();
    drop(pool);
    assert!(case.begun().is_empty());
    errors
}

fn all_say(errors: &[String], said: &str) {
    assert!(errors.iter().all(|error| error.contains(said)), "without {said}: {errors:?}");
}

#[test]
fn a_program_that_is_not_there_fails_calls_at_once() {
    alone(|case| {
        all_say(&calls_to(case, "/nowhere/to/be/found"), "No such file");
    });
}

#[test]
fn a_program_that_may_not_be_executed_fails_calls_at_once() {
    alone(|case| {
        all_say(&with_script(case, "program", "#!/bin/sh\n", 0o644), "Permission denied");
    });
}

#[test]
fn a_program_that_is_being_written_fails_calls_after_some_tries() {
    alone(|case| {
        let program = case.path("busy");
        fs::copy("/bin/true", &program).unwrap();
        let writer = File::options().write(true).open(&program).unwrap();
        all_say(&calls_to(case, program.to_str().unwrap()), "Text file busy");
        drop(writer);
    });
}

#[test]
fn a_directory_that_is_not_there_fails_calls_at_once() {
    alone(|case| {
        let pool = builder(1).current_dir("/nowhere/to/be/found").build().unwrap();
        let call = case.watch("the call", pool.submit(act, 1).unwrap());
        assert!(result(call).unwrap_err().to_string().contains("No such file"));
        drop(pool);
    });
}

#[test]
fn a_program_that_is_no_worker_is_started_three_times_and_the_reason_guessed() {
    alone(|case| {
        let starts = case.path("starts");
        let script = format!("#!/bin/sh\necho started >> '{}'\n", starts.display());
        let errors = with_script(case, "program", &script, 0o755);
        all_say(&errors, "is `init()` the first thing");
        all_say(&errors, "exit status 0");
        // The last one is started when the third is seen to go, before it is known how it went.
        let starts = fs::read_to_string(starts).unwrap().lines().count();
        assert!((3..=4).contains(&starts), "{starts} starts");
    });
}

#[test]
fn a_program_that_prints_into_the_channel_is_no_worker() {
    alone(|case| {
        // The standard input is a socket, to which one can write as well.
        let errors = with_script(
            case,
            "program",
            "#!/bin/sh\necho Hello, this is a program that prints >&0\nsleep 1000\n",
            0o755,
        );
        all_say(&errors, "version 72 of the protocol");
    });
}

#[test]
fn a_program_that_says_nothing_is_late() {
    alone(|case| {
        let program = case.path("program");
        fs::write(&program, "#!/bin/sh\nexec sleep 1000\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let pool = builder(1).worker_program(program).start_timeout(Duration::from_millis(100));
        let pool = pool.build().unwrap();
        let call = case.watch("the call", pool.submit(act, 1).unwrap());
        let error = result(call).unwrap_err();
        assert_eq!(error.kind(), TaskErrorKind::PoolBroken);
        assert!(error.to_string().contains("not ready in time"), "{error}");
        drop(pool);
    });
}

#[test]
fn an_initializer_runs_once_in_each_worker_before_its_calls() {
    alone(|case| {
        let pool = builder(1).initializer(begin, String::from("hello")).build().unwrap();
        for _ in 0..3 {
            assert_eq!(result(pool.submit(greeting, ()).unwrap()).unwrap(), "hello 1");
        }
        let lost =
            case.watch("lost", pool.submit(crate::tasks::act_then, (1, Deed::Kill)).unwrap());
        assert!(result(lost).is_err());
        assert_eq!(result(pool.submit(greeting, ()).unwrap()).unwrap(), "hello 1", "anew");
        drop(pool);
    });
}

#[test]
fn an_initializer_that_panics_breaks_the_pool_with_what_it_said() {
    alone(|case| {
        let pool = builder(2).initializer(begin_then, Deed::Panic).build().unwrap();
        // Some may be refused already.
        let calls: Vec<_> = (0..3).filter_map(|id| pool.submit(act, id).ok()).collect();
        for call in calls {
            let error = result(case.watch("a call", call)).unwrap_err();
            assert_eq!(error.kind(), TaskErrorKind::PoolBroken);
            assert!(error.to_string().contains("its initializer failed: as I was told"), "{error}");
        }
        let refused = pool.submit(act, 9).unwrap_err();
        let CallErrorReason::Refused(RefusedReason::Broken(cause)) = refused.reason() else {
            panic!("{refused}");
        };
        assert!(cause.contains("as I was told"), "{cause}");
        drop(pool);
        assert!(case.begun().is_empty());
    });
}

#[test]
fn an_initializer_that_ends_its_process_breaks_the_pool_after_three() {
    alone(|case| {
        for deed in crate::deeds::LETHAL {
            let pool = builder(1).initializer(begin_then, deed).build().unwrap();
            let call = case.watch("the call", pool.submit(act, 1).unwrap());
            let error = result(call).unwrap_err();
            assert_eq!(error.kind(), TaskErrorKind::PoolBroken);
            assert!(error.to_string().contains(&deed.exit().to_string()), "{error}");
            drop(pool);
            case.check_machine();
        }
    });
}

#[test]
fn an_initializer_that_never_ends_is_late() {
    alone(|case| {
        let pool = builder(1).initializer(begin_then, Deed::Loop);
        let pool = pool.start_timeout(Duration::from_millis(300)).build().unwrap();
        let call = case.watch("the call", pool.submit(act, 1).unwrap());
        assert_eq!(result(call).unwrap_err().kind(), TaskErrorKind::PoolBroken);
        drop(pool);
    });
}

#[test]
fn too_many_losses_break_the_pool_and_say_which_was_the_last() {
    alone(|case| {
        let pool = builder(1).restart_limit(2, Duration::from_secs(60)).build().unwrap();
        for id in 0..3 {
            let call = pool.submit(crate::tasks::act_then, (id, Deed::Exit(7))).unwrap();
            let error = result(case.watch("lost", call)).unwrap_err();
            assert_eq!(error.kind(), TaskErrorKind::WorkerLost);
        }
        let refused = crate::kit::until("it breaks", || pool.submit(act, 9).err());
        let CallErrorReason::Refused(RefusedReason::Broken(cause)) = refused.reason() else {
            panic!("{refused}");
        };
        assert!(cause.contains("3 workers were lost") && cause.contains("status 7"), "{cause}");
        drop(pool);
    });
}

#[test]
fn with_too_few_descriptors_fewer_workers_do_all_calls() {
    alone(|case| {
        let gate = case.gate();
        let before = machine::descriptors().len() as u64;
        let limit = getrlimit(Resource::Nofile);
        // For the pool itself, and two workers or so.
        let few = Rlimit { current: Some(before + 14), maximum: limit.maximum };
        setrlimit(Resource::Nofile, few).unwrap();
        let pool = builder(8).build().unwrap();
        let blocking = case.watch("blocking", pool.submit(act_at, (0, gate.name())).unwrap());
        let calls: Vec<_> = (1..40)
            .map(|id| case.watch(format!("call {id}"), pool.submit(act, id).unwrap()))
            .collect();
        for (id, call) in (1..).zip(calls) {
            assert_eq!(result(call).unwrap(), id);
        }
        gate.open();
        assert_eq!(result(blocking).unwrap(), 0);
        assert!(pool.worker_pids().len() < 8);
        drop(pool);
        setrlimit(Resource::Nofile, limit).unwrap();
    });
}

#[test]
fn without_descriptors_for_any_worker_calls_fail_and_with_some_they_succeed() {
    alone(|case| {
        let limit = getrlimit(Resource::Nofile);
        let pool = builder(1).idle_timeout(Duration::from_millis(1)).build().unwrap();
        usable(&pool);
        crate::kit::until("its worker goes home", || pool.worker_pids().is_empty().then_some(()));
        crate::kit::until("it is gone", || machine::children().is_empty().then_some(()));
        let now = machine::descriptors().len() as u64;
        let none = Rlimit { current: Some(now), maximum: limit.maximum };
        setrlimit(Resource::Nofile, none).unwrap();
        let call = case.watch("the call", pool.submit(act, 1).unwrap());
        let error = result(call).unwrap_err();
        assert!(error.to_string().contains("Too many open files"), "{error}");
        setrlimit(Resource::Nofile, limit).unwrap();
        usable(&pool);
        drop(pool);
    });
}
