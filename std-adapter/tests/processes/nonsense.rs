//! Workers that say what the protocol has not, hear nothing, or never end.

use std::time::Duration;

use concurrent_futures::calls::{
    Exit, FrameHeader, FrameKind, HEADER_SIZE, Hello, Limits, TaskName, WorkerPhase,
};
use concurrent_futures::{CallOptions, ProcessPoolExecutor, TaskError, TaskErrorKind};

use crate::kit::{Case, alone, result, until, usable};
use crate::machine;
use crate::puppet::{ALL, Act, FrameAs, Moment, give_tokens, puppets};
use crate::tasks::{act, add, list, units};

/// Calls to a pool whose puppet does that at that moment; the errors of those that failed.
fn errors(case: &mut Case, moment: Moment, deed: &Act) -> Vec<TaskError> {
    let pool = puppets(case, 1, moment, deed).max_tasks_per_child(3).build().unwrap();
    let errors = errors_in(case, &pool);
    usable(&pool);
    drop(pool);
    assert!(!case.path("token-0").exists(), "nobody did it");
    case.check_machine();
    errors
}

fn errors_in(case: &mut Case, pool: &ProcessPoolExecutor) -> Vec<TaskError> {
    let first = 10 * case.begun().len() as u64;
    let call = |id| case.watch(format!("call {id}"), pool.submit(act, id).unwrap());
    let futures: Vec<_> = (first..first + 3).map(call).collect();
    futures.into_iter().map(result).filter_map(Result::err).collect()
}

fn header(kind: FrameKind, byte: usize, value: u8) -> Vec<u8> {
    let mut bytes = FrameHeader::new(kind).to_bytes();
    bytes[byte] = value;
    bytes.to_vec()
}

/// What is no frame that a worker may send, and what is said of it.
fn nonsense() -> Vec<(Vec<u8>, &'static str)> {
    let value = FrameKind::Value;
    vec![
        (vec![0xDE; 2 * HEADER_SIZE], "version 222"),
        (header(value, 0, 2), "version 2"),
        (header(value, 1, 99), "unknown kind 99"),
        (header(value, 2, 0x80), "unknown flags"),
        (header(value, 7, 0xFF), "over the limit"),
        (header(value, 8, 0xEE), ""),
        (header(FrameKind::Call, 8, 1), "Call"),
        (header(FrameKind::Welcome, 8, 1), "Welcome"),
        (header(FrameKind::Started, 8, 1), "Started"),
        (header(FrameKind::InitFailed, 8, 1), ""),
    ]
}

fn costs_nothing(case: &mut Case, moment: Moment) {
    for (bytes, _) in nonsense() {
        let errors = errors(case, moment, &Act::Say(bytes.clone()));
        assert!(errors.is_empty(), "{bytes:?}: {errors:?}");
    }
}

#[test]
fn nonsense_before_the_first_word_costs_no_call() {
    alone(|case| costs_nothing(case, Moment::BeforeHello));
}

#[test]
fn nonsense_from_an_idle_worker_costs_no_call() {
    alone(|case| costs_nothing(case, Moment::Idle));
}

#[test]
fn nonsense_after_a_reply_costs_no_call() {
    alone(|case| costs_nothing(case, Moment::Replied));
}

#[test]
fn nonsense_while_a_call_runs_costs_that_call_and_its_worker() {
    alone(|case| {
        for (bytes, said) in nonsense() {
            let errors = errors(case, Moment::Running, &Act::Say(bytes));
            let [error] = &*errors else { panic!("{said}: {errors:?}") };
            assert_eq!(error.kind(), TaskErrorKind::WorkerLost);
            assert_eq!(error.worker().unwrap().exit, Exit::Signal(9));
            let text = error.to_string();
            assert!(text.contains("broke the protocol") && text.contains(said), "{text}");
        }
    });
}

#[test]
fn a_length_over_the_limit_allocates_nothing() {
    alone(|case| {
        let before = machine::memory();
        let mut bytes = header(FrameKind::Value, 4, 0xFF);
        bytes[4..8].fill(0xFF);
        let errors = errors(case, Moment::Running, &Act::Say(bytes));
        assert!(errors[0].to_string().contains("4294967295 bytes"), "{errors:?}");
        assert!(machine::memory() < before + (64 << 20), "it was allocated");
    });
}

#[test]
fn a_second_reply_to_a_call_costs_no_call() {
    alone(|case| {
        let errors = errors(case, Moment::Replied, &Act::Answer { id: 0, place: 0 });
        assert!(errors.is_empty(), "{errors:?}");
    });
}

#[test]
fn a_reply_to_another_call_is_nonsense() {
    alone(|case| {
        for (id, place) in [(1000, 0), (0, 1), (0, 200)] {
            let errors = errors(case, Moment::Computed, &Act::Answer { id, place });
            let [error] = &*errors else { panic!("{errors:?}") };
            assert!(error.to_string().contains("which it was not running"), "{error}");
        }
    });
}

#[test]
fn an_answer_that_cannot_be_decoded_costs_that_call_alone() {
    alone(|case| {
        let zero_sized = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]; // 2^63
        let many = [0x80, 0x80, 0x80, 0x80, 0x10, 1, 2, 3]; // 2^32 items in three bytes
        for payload in [&zero_sized[..], &many, &[], &[0x80], &[0, 0]] {
            let frame =
                FrameAs { kind: FrameKind::Value as u8, attached: 0, payload: payload.into() };
            let answer = Act::AnswerWith(frame);
            let pool = puppets(case, 1, Moment::Computed, &answer).build().unwrap();
            let pid = result(pool.submit(crate::tasks::pid, ()).unwrap());
            assert_eq!(pid.unwrap_err().kind(), TaskErrorKind::Undecodable, "{payload:?}");
            give_tokens(case, 1);
            let error = result(pool.submit(units, ()).unwrap()).unwrap_err();
            assert_eq!(error.kind(), TaskErrorKind::Undecodable, "{payload:?}");
            give_tokens(case, 1);
            let error = result(pool.submit(list, ()).unwrap()).unwrap_err();
            assert_eq!(error.kind(), TaskErrorKind::Undecodable, "{payload:?}");
            usable(&pool);
            assert_eq!(pool.counters().live_workers, 1, "it lives on");
            drop(pool);
            case.check_machine();
        }
    });
}

#[test]
fn an_answer_that_is_none_costs_that_call_and_its_worker() {
    alone(|case| {
        let value = FrameKind::Value as u8;
        let failure = FrameKind::Failure as u8;
        let frames = [
            (failure, 0, vec![0xFF; 9], "cannot be read"),
            (value, 5, vec![0], "did not come"),
            (value, u64::MAX, vec![0], "more than the limit"),
        ];
        for (kind, attached, payload, said) in frames {
            let answer = Act::AnswerWith(FrameAs { kind, attached, payload });
            let errors = errors(case, Moment::Computed, &answer);
            let [error] = &*errors else { panic!("{errors:?}") };
            assert_eq!(error.kind(), TaskErrorKind::WorkerLost);
            assert!(error.to_string().contains(said), "{error}");
        }
    });
}

#[test]
fn a_worker_that_closes_its_end_and_lives_on_is_ended() {
    alone(|case| {
        for moment in [Moment::BeforeHello, Moment::AfterHello, Moment::Idle, Moment::Reading] {
            let errors = errors(case, moment, &Act::Close);
            assert!(errors.is_empty(), "{moment:?}: {errors:?}");
        }
        for (moment, phase) in [
            (Moment::Running, WorkerPhase::Running),
            (Moment::Computed, WorkerPhase::Running),
            (Moment::Replying, WorkerPhase::Replying),
        ] {
            let errors = errors(case, moment, &Act::Close);
            let [error] = &*errors else { panic!("{moment:?}: {errors:?}") };
            assert_eq!(error.kind(), TaskErrorKind::WorkerLost);
            let worker = error.worker().unwrap();
            assert_eq!((worker.exit, worker.phase), (Exit::Signal(9), phase), "{moment:?}");
        }
        let errors = errors(case, Moment::Replied, &Act::Close);
        assert!(errors.is_empty(), "{errors:?}");
    });
}

#[test]
fn a_worker_that_hears_nothing_any_more_is_ended() {
    alone(|case| {
        // Where a program has had the signal act again, a write to it is no end of the program.
        // SAFETY: the default action is no handler that could do anything.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
        for moment in [Moment::BeforeHello, Moment::HasRead, Moment::Running, Moment::Replied] {
            let errors = errors(case, moment, &Act::Deafen);
            assert!(errors.is_empty(), "{moment:?}: {errors:?}");
        }
    });
}

#[test]
fn a_worker_that_is_late_is_replaced() {
    alone(|case| {
        for moment in [Moment::BeforeHello, Moment::Initializing] {
            let pool = puppets(case, 1, moment, &Act::Hang);
            let pool = pool.start_timeout(Duration::from_millis(500)).build().unwrap();
            let errors = errors_in(case, &pool);
            assert!(errors.is_empty(), "{errors:?}");
            drop(pool);
            case.check_machine();
        }
    });
}

#[test]
fn workers_that_are_late_break_the_pool() {
    alone(|case| {
        let pool = puppets(case, ALL, Moment::Initializing, &Act::Hang);
        let pool = pool.start_timeout(Duration::from_millis(100)).build().unwrap();
        let errors = errors_in(case, &pool);
        assert_eq!(errors.len(), 3);
        for error in errors {
            assert_eq!(error.kind(), TaskErrorKind::PoolBroken);
            assert!(error.to_string().contains("not ready in time"), "{error}");
        }
    });
}

#[test]
fn a_worker_that_does_not_go_home_is_ended() {
    alone(|case| {
        for moment in [Moment::Retiring, Moment::Left] {
            let pool = puppets(case, 1, moment, &Act::Hang);
            let pool = pool.start_timeout(Duration::from_millis(500)).build().unwrap();
            usable(&pool);
            drop(pool); // waits
            case.check_machine();
        }
    });
}

#[test]
fn what_a_worker_says_when_it_is_over_is_not_kept() {
    alone(|case| {
        let before = machine::peak_memory();
        let flood = header(FrameKind::Value, 8, 99);
        let pool = puppets(case, 1, Moment::Running, &Act::FloodWhenTold(flood));
        let pool = pool.grace(Duration::from_millis(500)).build().unwrap();
        let options = CallOptions::new().run_timeout(Duration::from_millis(100));
        let future = pool.submit_with(options, act, 1).unwrap();
        let future = case.watch("the flood", future);
        let error = result(future).unwrap_err();
        assert_eq!(error.kind(), TaskErrorKind::DeadlinePassed, "{error}");
        let grown = machine::peak_memory() - before;
        assert!(grown < 32 << 20, "{grown} bytes of it");
        usable(&pool);
    });
}

#[test]
fn a_worker_of_another_program_is_refused_before_the_first_call() {
    alone(|case| {
        let name = "processes::tasks::act";
        let task = |name: &str, signature| TaskName { name: name.into(), signature };
        let registry = concurrent_futures::registry().unwrap();
        let all = registry.task_names();
        let ours = all.iter().find(|task| task.name.ends_with("::act")).expect(name).clone();
        let mut twice = all.clone();
        twice.push(ours.clone());
        let mut other = all.clone();
        other.iter_mut().for_each(|task| task.signature ^= 1);
        for tasks in [other, twice, vec![task(&ours.name, 1)]] {
            let hello = Hello { build: 0, pid: 1, tasks };
            let pool = puppets(case, ALL, Moment::BeforeHello, &Act::Introduce(hello));
            let pool = pool.build().unwrap();
            let errors = errors_in(case, &pool);
            assert_eq!(errors.len(), 3);
            for error in errors {
                assert_eq!(error.kind(), TaskErrorKind::PoolBroken);
                assert!(error.to_string().contains("does not fit"), "{error}");
            }
            drop(pool);
            case.check_machine();
        }
    });
}

#[test]
fn a_function_that_the_worker_does_not_have_fails_by_itself() {
    alone(|case| {
        let registry = concurrent_futures::registry().unwrap();
        let mut tasks = registry.task_names();
        // All but the last, in the order of the registry: the puppet calls by its own numbers.
        let at = tasks.iter().position(|task| task.name.ends_with("::act")).unwrap();
        tasks[at].name = "somebody else's".into();
        let hello = Hello { build: 0, pid: 1, tasks };
        let pool = puppets(case, 1, Moment::BeforeHello, &Act::Introduce(hello)).build().unwrap();
        let errors = errors_in(case, &pool);
        assert_eq!(errors.len(), 3);
        assert!(errors[0].to_string().contains("has no function"), "{}", errors[0]);
        assert_eq!(result(pool.submit(add, (2, 2)).unwrap()).unwrap(), 4);
        drop(pool);
        case.check();
    });
}

#[test]
fn a_first_word_without_end_is_not_taken() {
    alone(|case| {
        let mut bytes = header(FrameKind::Hello, 4, 0);
        bytes[4..8].copy_from_slice(&(5_u32 << 20).to_le_bytes());
        let limits = Limits::default().payload(1 << 20);
        let pool = puppets(case, ALL, Moment::BeforeHello, &Act::Say(bytes)).limits(limits);
        let pool = pool.build().unwrap();
        let error = result(pool.submit(act, 1).unwrap()).unwrap_err();
        assert!(error.to_string().contains("over the limit"), "{error}");
        until("its workers are gone", || machine::children().is_empty().then_some(()));
    });
}
