//! What a worker says, when, and to what.

use concurrent_futures_core::calls::{
    DecodeError, FrameFlags, FrameHeader, FrameKind, Hello, INITIALIZER_FAILED, InitialCall,
    Limits, Mismatch, ProtocolError, Registry, RemoteFailureKind, Signature, Step, TaskEntry,
    TaskName, Welcome, WorkerState, decode, encode, started_frame,
};

use crate::support::{Answer, Puppet, answer, header, welcome};

fn double(n: u32) -> u32 {
    n * 2
}
fn nothing() {}
fn even(n: u32) -> Result<u32, String> {
    if n.is_multiple_of(2) { Ok(n / 2) } else { Err(format!("{n} is odd")) }
}
/// Whose encoding starts with a 1, as that of an `Err` does.
fn one() -> u8 {
    1
}
fn fails() {
    panic!("on purpose")
}

fn registry() -> Registry {
    let entries = [
        TaskEntry::new("double", &double),
        TaskEntry::new("nothing", &nothing),
        TaskEntry::new("even", &even),
        TaskEntry::new("one", &one),
        TaskEntry::new("fails", &fails),
    ];
    Registry::new(entries).expect("different names")
}

fn index_of<F: 'static>(registry: &Registry, _: F) -> u32 {
    registry.index_of(core::any::TypeId::of::<F>()).expect("registered")
}

#[test]
fn the_hello_names_the_functions_in_their_order() {
    let registry = registry();
    let puppet = Puppet::new(&registry);
    let hello = Answer::of(&puppet.worker.hello(7, 8).expect("few functions"));
    assert_eq!(hello.header.kind, FrameKind::Hello);
    let hello = Hello::from_bytes(&hello.payload, &Limits::default()).expect("a hello");
    assert_eq!((hello.build, hello.pid), (7, 8));
    let names: Vec<_> = hello.tasks.iter().map(|task| &*task.name).collect();
    assert_eq!(names, ["double", "even", "fails", "nothing", "one"]);
    let indices = registry.match_with(&hello).expect("it is the same");
    assert_eq!(indices, [Some(0), Some(1), Some(2), Some(3), Some(4)]);
}

#[test]
fn a_worker_of_another_order_or_with_more_or_fewer_functions_matches() {
    let here = Registry::new([TaskEntry::new("double", &double), TaskEntry::new("one", &one)]);
    let there = Registry::new([TaskEntry::new("even", &even), TaskEntry::new("double", &double)]);
    let (here, there) = (here.expect("different names"), there.expect("different names"));
    let mut tasks = there.task_names();
    tasks.reverse();
    let indices = here.match_with(&Hello { build: 0, pid: 0, tasks });
    assert_eq!(indices, Ok(vec![Some(1), None]));
}

#[test]
fn a_function_of_the_same_name_with_other_types_is_a_mismatch_that_names_it() {
    let registry = registry();
    let mut tasks = registry.task_names();
    tasks[1].signature ^= 1;
    let mismatch = registry.match_with(&Hello { build: 0, pid: 0, tasks }).expect_err("another");
    let ours = TaskEntry::new("even", &even).signature();
    let theirs = Signature::from_bits(ours.to_bits() ^ 1);
    assert_eq!(mismatch, Mismatch::Signature { name: "even", ours, theirs });
    let text = mismatch.to_string();
    assert!(text.contains("'even'") && text.contains(&ours.to_string()), "{text}");
}

#[test]
fn a_worker_that_knows_a_name_twice_is_a_mismatch() {
    let registry = registry();
    let mut tasks = registry.task_names();
    tasks.push(TaskName { name: "one".into(), signature: 0 });
    let mismatch = registry.match_with(&Hello { build: 0, pid: 0, tasks });
    assert_eq!(mismatch, Err(Mismatch::Twice { name: "one" }));
}

#[test]
fn calls_are_answered_with_values() {
    let registry = registry();
    let mut puppet = Puppet::ready(&registry, Limits::default());
    assert_eq!(puppet.call(&double, 4).value::<u32>(), 8);
    puppet.call(&nothing, ()).value::<()>();
    assert_eq!(puppet.host.started, [1, 2]);
    assert_eq!(puppet.call(&nothing, ()).header.length, 0);
}

#[test]
fn an_err_is_a_value_unless_the_call_is_fallible() {
    let registry = registry();
    let mut puppet = Puppet::ready(&registry, Limits::default());
    let odd = puppet.call(&even, 5).value::<Result<u32, String>>();
    assert_eq!(odd, Err("5 is odd".into()));

    let odd = puppet.call_with(&even, 5, FrameFlags::FALLIBLE);
    assert_eq!(odd.header.kind, FrameKind::Raised);
    let error = decode::<Result<u32, String>>(&odd.payload, &Limits::default(), None);
    assert_eq!(error, Ok(Err("5 is odd".into())));
    let even = puppet.call_with(&even, 4, FrameFlags::FALLIBLE).value::<Result<u32, String>>();
    assert_eq!(even, Ok(2));
    assert_eq!(puppet.call(&one, ()).value::<u8>(), 1);
}

#[test]
fn a_call_that_was_recalled_is_neither_run_nor_answered() {
    let registry = registry();
    let mut puppet = Puppet::ready(&registry, Limits::default());
    puppet.host.recalled = true;
    // Not even one that has no function is answered: nobody waits for it.
    for task in [index_of(&registry, fails), 77] {
        let call = FrameHeader { id: 4, task, ..FrameHeader::new(FrameKind::Call) };
        assert_eq!(puppet.receive(&call, &[]), Ok(Step::Nothing));
    }
    puppet.host.recalled = false;
    assert_eq!(puppet.call(&double, 1).value::<u32>(), 2);
}

#[test]
fn a_function_that_does_not_exist_is_the_answer_to_its_call() {
    let registry = registry();
    let mut puppet = Puppet::ready(&registry, Limits::default());
    for index in [5, u32::MAX] {
        let failure = puppet.call_index(index, FrameFlags::NONE, &[]).failure();
        assert_eq!(failure.kind, RemoteFailureKind::UnknownTask);
        assert!(failure.message.contains(&format!("function {index} among the 5")), "{failure:?}");
    }
    assert_eq!(puppet.call(&double, 1).value::<u32>(), 2);
}

#[test]
fn arguments_that_cannot_be_read_are_the_answer_to_their_call() {
    let registry = registry();
    let mut puppet = Puppet::ready(&registry, Limits::default());
    for payload in [&[][..], &[1, 2], &[0xFF; 9]] {
        let failure = puppet.call_named("double", FrameFlags::NONE, payload).failure();
        assert_eq!(failure.kind, RemoteFailureKind::UndecodableArguments);
        assert!(failure.message.starts_with("the arguments could not be read: "), "{failure:?}");
    }
    assert_eq!(puppet.call(&double, 1).value::<u32>(), 2);
}

#[test]
fn the_parent_can_lower_the_limits_but_not_raise_them() {
    let registry = registry();
    let puppet = Puppet::ready(&registry, Limits::default().payload(100).depth(1000).text(10));
    let ours = Limits::default();
    assert_eq!(*puppet.worker.limits(), ours.payload(100).text(10));
}

#[test]
fn retiring_ends_the_worker_with_0() {
    let registry = registry();
    let mut puppet = Puppet::ready(&registry, Limits::default());
    let step = puppet.receive(&FrameHeader::new(FrameKind::Retire), &[]);
    assert_eq!(step, Ok(Step::Exit { code: 0, last: Vec::new() }));
    assert_eq!(puppet.worker.state(), WorkerState::Ended);
}

const ALL: [FrameKind; 10] = [
    FrameKind::Hello,
    FrameKind::Ready,
    FrameKind::InitFailed,
    FrameKind::Started,
    FrameKind::Value,
    FrameKind::Raised,
    FrameKind::Failure,
    FrameKind::Welcome,
    FrameKind::Call,
    FrameKind::Retire,
];

/// That nothing but these can be received in that state, and nothing at all after such an error.
fn only(kinds: &[FrameKind], state: WorkerState, puppet: impl Fn() -> Puppet<'static>) {
    for kind in ALL.into_iter().filter(|kind| !kinds.contains(kind)) {
        let mut puppet = puppet();
        assert_eq!(puppet.worker.state(), state);
        let refused = puppet.receive(&FrameHeader::new(kind), &[]);
        assert_eq!(refused, Err(ProtocolError::Unexpected { kind, state }));
        let text = refused.expect_err("as above").to_string();
        assert!(text.contains(&format!("{kind:?}")), "{text}");
        let after = puppet.receive(&FrameHeader::new(FrameKind::Call), &[]);
        let state = WorkerState::Ended;
        assert_eq!(after, Err(ProtocolError::Unexpected { kind: FrameKind::Call, state }));
    }
}

#[test]
fn what_is_unexpected_is_an_error_that_names_it() {
    static REGISTRY: std::sync::LazyLock<Registry> = std::sync::LazyLock::new(registry);
    only(&[FrameKind::Welcome], WorkerState::Introduced, || Puppet::new(&REGISTRY));
    let ready = || Puppet::ready(&REGISTRY, Limits::default());
    only(&[FrameKind::Call, FrameKind::Retire], WorkerState::Ready, ready);
    only(&[], WorkerState::Ended, || {
        let mut puppet = ready();
        let _ = puppet.receive(&FrameHeader::new(FrameKind::Retire), &[]);
        puppet
    });
}

#[test]
fn payloads_of_another_length_or_over_the_limit_are_errors() {
    let registry = registry();
    let mut puppet = Puppet::ready(&registry, Limits::default());
    let call = header(FrameKind::Call, &[0; 4]);
    let refused = puppet.receive(&call, &[0; 3]);
    assert_eq!(refused, Err(ProtocolError::Length { announced: 4, there: 3 }));

    let mut puppet = Puppet::ready(&registry, Limits::default().payload(3));
    assert_eq!(puppet.call_named("nothing", FrameFlags::NONE, &[]).value::<()>(), ());
    let refused = puppet.receive(&call, &[0; 4]);
    assert_eq!(refused, Err(ProtocolError::TooLarge { size: 4, limit: 3 }));
    assert_eq!(puppet.worker.state(), WorkerState::Ended);
}

#[test]
fn a_welcome_that_cannot_be_read_is_an_error() {
    let registry = registry();
    let mut puppet = Puppet::new(&registry);
    let refused = puppet.receive(&FrameHeader::new(FrameKind::Welcome), &[]);
    assert_eq!(refused, Err(ProtocolError::Welcome(DecodeError::Truncated)));
    assert_eq!(puppet.worker.state(), WorkerState::Ended);
}

// --- the initializer ---

fn with_initializer(task: u32, arguments: Vec<u8>) -> Welcome {
    Welcome { initializer: Some(InitialCall { task, arguments }), ..welcome() }
}

/// The last words of a worker that could not be initialized.
fn last_words(step: Step) -> Answer {
    let Step::Exit { code: INITIALIZER_FAILED, last } = step else { panic!("{step:?}") };
    let answer = Answer::of(&last);
    assert_eq!(answer.header.kind, FrameKind::InitFailed);
    answer
}

#[test]
fn an_initializer_runs_before_the_worker_is_ready() {
    let registry = registry();
    let arguments = encode(&4_u32, &Limits::default(), None).expect("a number");
    for flags in [FrameFlags::NONE, FrameFlags::FALLIBLE] {
        let mut puppet = Puppet::new(&registry);
        let welcome = with_initializer(index_of(&registry, even), arguments.clone());
        let ready = answer(puppet.welcome(&welcome, flags));
        assert_eq!((ready.header.kind, ready.header.ran), (FrameKind::Ready, 3));
        assert_eq!(puppet.call(&double, 1).value::<u32>(), 2);
    }
}

#[test]
fn an_initializer_that_panics_is_told_with_its_message_and_place() {
    let registry = registry();
    let mut puppet = Puppet::new(&registry);
    let welcome = with_initializer(index_of(&registry, fails), Vec::new());
    let failure = last_words(puppet.welcome(&welcome, FrameFlags::NONE)).failure();
    assert_eq!(failure.message, "on purpose");
    assert!(failure.location.is_some_and(|location| location.contains("conversation.rs")));
    assert_eq!(puppet.worker.state(), WorkerState::Ended);
}

#[test]
fn an_initializer_that_returns_an_error_gives_it_to_the_parent() {
    let registry = registry();
    let arguments = encode(&5_u32, &Limits::default(), None).expect("a number");
    let welcome = with_initializer(index_of(&registry, even), arguments);
    let mut puppet = Puppet::new(&registry);
    let last = last_words(puppet.welcome(&welcome, FrameFlags::FALLIBLE));
    assert_eq!(last.header.flags, FrameFlags::FALLIBLE);
    let error = decode::<Result<u32, String>>(&last.payload, &Limits::default(), None);
    assert_eq!(error, Ok(Err("5 is odd".into())));

    // Whoever does not call it fallible does not mind.
    let ready = answer(Puppet::new(&registry).welcome(&welcome, FrameFlags::NONE));
    assert_eq!(ready.header.kind, FrameKind::Ready);
}

#[test]
fn an_initializer_that_cannot_be_called_is_told() {
    let registry = registry();
    let unreadable = with_initializer(index_of(&registry, double), Vec::new());
    let failure =
        last_words(Puppet::new(&registry).welcome(&unreadable, FrameFlags::NONE)).failure();
    assert_eq!(failure.kind, RemoteFailureKind::UndecodableArguments);
    let absent = with_initializer(99, Vec::new());
    let failure = last_words(Puppet::new(&registry).welcome(&absent, FrameFlags::NONE)).failure();
    assert_eq!(failure.kind, RemoteFailureKind::UnknownTask);
}

#[test]
fn conditions_that_the_host_cannot_keep_are_told_before_anything_is_run() {
    let registry = registry();
    let mut puppet = Puppet::new(&registry);
    puppet.host.objection = Some("no such limit".into());
    let welcome = with_initializer(index_of(&registry, fails), Vec::new());
    let failure = last_words(puppet.welcome(&welcome, FrameFlags::NONE)).failure();
    assert_eq!(
        (failure.kind, &*failure.message),
        (RemoteFailureKind::Initializer, "no such limit")
    );
}

#[test]
fn a_start_is_announced_with_the_number_of_the_call() {
    let call =
        FrameHeader { id: 9, place: 3, task: 2, length: 7, ..FrameHeader::new(FrameKind::Call) };
    let started = FrameHeader { kind: FrameKind::Started, length: 0, ..call };
    assert_eq!(FrameHeader::parse(&started_frame(&call)), Ok(started));
}
