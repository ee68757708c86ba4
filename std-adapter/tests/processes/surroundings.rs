//! What workers have from their parent: arguments, environment, descriptors, group.

use std::collections::HashSet;
use std::env;
use std::fs;
use std::process::{Command, Stdio};
use std::thread;

use concurrent_futures::ProcessPoolExecutor;

use crate::kit::{CASE, alone, builder, result, until, usable};
use crate::machine;
use crate::tasks::{nest, pid, variables};

/// What is separated by zeros in a file of a process.
fn list(pid: u32, file: &str) -> Vec<String> {
    let bytes = fs::read(format!("/proc/{pid}/{file}")).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    text.split_terminator('\0').map(Into::into).collect()
}

fn worker(pool: &ProcessPoolExecutor) -> u32 {
    result(pool.submit(pid, ()).unwrap()).unwrap()
}

#[test]
fn a_worker_has_one_fixed_argument_and_none_of_its_parents() {
    alone(|_| {
        let pool = builder(1).build().unwrap();
        let arguments = list(worker(&pool), "cmdline");
        let [program, test, exact, captured] = &*arguments else { panic!("{arguments:?}") };
        assert_eq!(program, &env::args().next().unwrap());
        assert_eq!(test, "concurrent_futures_worker");
        assert_eq!((&**exact, &**captured), ("--exact", "--nocapture"));
        drop(pool);
    });
}

#[test]
fn a_worker_inherits_the_environment_unless_it_may_not() {
    alone(|_| {
        let pool = builder(1).env("ADDED", "1").build().unwrap();
        let all = list(worker(&pool), "environ");
        assert!(all.contains(&"ADDED=1".into()) && all.iter().any(|one| one.starts_with("PATH=")));
        drop(pool);
        let pool = builder(1).env_only([CASE, "NOT THERE"]).env("ADDED", "2").build().unwrap();
        let pid = worker(&pool);
        let mut few = list(pid, "environ");
        few.sort_unstable();
        assert_eq!(few, ["ADDED=2".into(), format!("{CASE}={}", env::var(CASE).unwrap())]);
        assert_eq!(result(pool.submit(variables, ()).unwrap()).unwrap(), 2);
        drop(pool);
    });
}

#[test]
fn workers_and_strangers_have_none_of_our_descriptors() {
    alone(|_| {
        // What this process has that is inherited, by whoever has started it.
        let sleep = || {
            let mut command = Command::new("/bin/sleep");
            command.arg("1000").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command.spawn().unwrap()
        };
        let mut before = sleep();
        let inherited = machine::descriptors_of(before.id());
        let pools = [(); 2].map(|()| builder(2).build().unwrap());
        let pids = pools.each_ref().map(|pool| {
            let mut pids = HashSet::new();
            until("both workers have answered", || {
                let calls = [(); 8].map(|()| pool.submit(pid, ()).unwrap());
                pids.extend(calls.map(|call| result(call).unwrap()));
                (pids.len() == 2).then_some(())
            });
            pids
        });
        let mut after = sleep();
        assert_eq!(machine::descriptors_of(after.id()), inherited, "a stranger");
        for pid in pids.into_iter().flatten() {
            let has = machine::descriptors_of(pid);
            let extra: Vec<_> = has.iter().filter(|one| !inherited.contains(one)).collect();
            // Its channel, and for a moment the words, which are mapped then.
            let sockets = extra.iter().filter(|one| one.contains("socket:")).count();
            assert_eq!(sockets, 1, "{extra:?}");
            let known = |one: &&&String| one.contains("socket:") || one.contains("memfd:");
            assert!(extra.iter().all(|one| known(&one)), "{extra:?}");
            assert!(extra.len() <= 2, "{extra:?}");
        }
        for child in [&mut before, &mut after] {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    });
}

#[test]
fn pools_that_are_made_at_the_same_time_have_workers_that_know_nothing_of_each_other() {
    alone(|_| {
        let pools: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        let pool = builder(1).build().unwrap();
                        usable(&pool);
                        pool
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        for pool in &pools {
            let has = machine::descriptors_of(worker(pool));
            assert_eq!(has.iter().filter(|one| one.contains("socket:")).count(), 1, "{has:?}");
        }
    });
}

#[test]
fn a_worker_leads_its_own_group_or_stays_in_ours() {
    alone(|_| {
        let pool = builder(1).build().unwrap();
        let pid = worker(&pool);
        assert_eq!(machine::group(pid), pid);
        drop(pool);
        let pool = builder(1).share_process_group().build().unwrap();
        let pid = worker(&pool);
        assert_eq!(machine::group(pid), machine::group(std::process::id()));
        drop(pool);
    });
}

#[test]
fn pools_can_be_nested_up_to_a_depth() {
    alone(|case| {
        let pool = builder(1).build().unwrap();
        // The outermost is one; each of the others says how many are inside of it.
        assert_eq!(result(pool.submit(nest, 3).unwrap()).unwrap(), Ok(3));
        let said = result(pool.submit(nest, 100).unwrap()).unwrap().unwrap_err();
        assert!(said.contains("10 pools of processes in one another are too many"), "{said}");
        usable(&pool);
        drop(pool);
        case.check_machine();
    });
}

#[test]
fn nothing_is_written_to_the_disk() {
    alone(|case| {
        let nowhere = case.path("nowhere");
        fs::create_dir(&nowhere).unwrap();
        let pool =
            builder(1).env("TMPDIR", "/nowhere/to/be/found").current_dir(&nowhere).build().unwrap();
        usable(&pool);
        let large = concurrent_futures::calls::LargeBytes::from(vec![1; 1 << 20]);
        assert!(result(pool.submit(crate::tasks::echo_large, large).unwrap()).is_ok());
        let files = machine::descriptors();
        assert!(files.iter().all(|file| !file.contains("/tmp/") || file.contains("printed")));
        drop(pool);
        assert_eq!(fs::read_dir(nowhere).unwrap().count(), 0);
    });
}
