//! The future of a call: sent away, called back, landed, cancelled.

use std::sync::{Arc, Mutex, mpsc};

use concurrent_futures_core::calls::{
    CallDesk, CallPromise, Decode, Desk, Encoded, Landing, Leave, Limits, Place, Recall, encode,
};
use concurrent_futures_core::{Future, FutureState, TaskError, TaskErrorKind};

/// A desk with one worker that has one place.
#[derive(Default)]
struct OnePlace {
    place: Place,
    away: Mutex<Option<(u64, CallPromise)>>,
    cancelled: Mutex<Vec<u64>>,
}

impl Desk for OnePlace {
    fn recall(&self, call: u64) -> bool {
        let mut away = self.away.lock().unwrap();
        match away.take_if(|(number, _)| *number == call) {
            Some((number, promise)) => match self.place.recall(number) {
                Recall::Recalled => {
                    promise.relinquish();
                    true
                }
                Recall::TooLate => {
                    *away = Some((number, promise));
                    false
                }
            },
            None => false,
        }
    }

    fn has_started(&self, call: u64) -> bool {
        self.place.has_started(call)
    }

    fn cancelled(&self, call: u64) {
        self.cancelled.lock().unwrap().push(call);
    }
}

/// Decodes what it says.
struct As<T>(T);

impl<T: serde::de::DeserializeOwned + 'static> Decode for As<T> {
    type Output = T;

    fn decode(encoded: &Encoded) -> Result<T, TaskError> {
        encoded.decode()
    }
}

/// A `Result` whose error is a failure.
struct Fallible;

impl Decode for Fallible {
    type Output = u32;

    fn decode(encoded: &Encoded) -> Result<u32, TaskError> {
        encoded.decode::<Result<u32, String>>()?.map_err(TaskError::failed)
    }
}

fn desk() -> CallDesk<OnePlace> {
    CallDesk::new(OnePlace::default())
}

fn sent(desk: &CallDesk<OnePlace>) -> Future<u32> {
    let (promise, future) = desk.call::<As<u32>>(7);
    assert_eq!(promise.go_away(), Leave::Now);
    desk.place.offer(7);
    *desk.away.lock().unwrap() = Some((7, promise));
    future
}

fn back(desk: &CallDesk<OnePlace>) -> CallPromise {
    desk.away.lock().unwrap().take().expect("it is away").1
}

fn value<T: serde::Serialize>(value: &T) -> Encoded {
    let limits = Limits::default();
    Encoded::new(encode(value, &limits, None).expect("it can be"), None, limits)
}

#[test]
fn a_value_is_decoded_by_who_takes_it() {
    let (promise, future) = desk().call::<As<Vec<String>>>(1);
    let words = vec![String::from("a"), String::from("b")];
    assert!(promise.land(Landing::Value(value(&words))).is_none());
    assert_eq!(future.result().expect("it is one"), words);
}

#[test]
fn what_cannot_be_decoded_fails_its_future_alone() {
    let (promise, mut future) = desk().call::<As<String>>(1);
    drop(promise.land(Landing::Value(value(&u64::MAX))));
    assert!(future.done());
    let error = future.exception().expect("it is none");
    assert_eq!(error.kind(), TaskErrorKind::Undecodable);
    assert!(error.message().contains("alloc::string::String"), "{error}");
    assert_eq!(future.result().unwrap_err().kind(), TaskErrorKind::Undecodable);
}

#[test]
fn a_shared_future_decodes_once_and_lends() {
    let (promise, future) = desk().call::<As<String>>(1);
    let shared = future.shared();
    drop(promise.land(Landing::Value(value(&"text"))));
    let first: *const String = shared.result().expect("a value");
    assert_eq!(first, std::ptr::from_ref(shared.clone().result().expect("a value")));
}

#[test]
fn an_error_that_was_raised_is_the_futures_and_the_callbacks() {
    let (promise, mut future) = desk().call::<Fallible>(1);
    let (told, heard) = mpsc::channel();
    future.add_done_callback(move |completion| {
        told.send(completion.error().cloned()).expect("somebody listens");
    });
    let aftermath = promise.land(Landing::Raised(value(&Err::<u32, _>("no"))));
    assert!(future.done(), "resolved before the callbacks run");
    assert!(heard.try_recv().is_err());
    aftermath.expect("there is a callback").run();
    let error = heard.recv().expect("told").expect("an error");
    assert_eq!((error.kind(), error.message()), (TaskErrorKind::Failed, "no"));
    assert_eq!(future.exception().expect("an error").message(), "no");
    let (late, heard) = mpsc::channel();
    future.add_done_callback(move |completion| {
        late.send(completion.error().cloned()).expect("somebody listens");
    });
    assert_eq!(heard.recv().expect("told").expect("an error").message(), "no");
}

#[test]
fn what_was_not_sent_is_cancelled_at_once_and_forgotten() {
    let desk = desk();
    let (promise, future) = desk.call::<As<u32>>(3);
    assert!(future.cancel());
    assert_eq!(*desk.cancelled.lock().unwrap(), [3]);
    assert_eq!(promise.go_away(), Leave::Cancelled);
    assert!(promise.land(Landing::Value(value(&1_u32))).is_none());
    assert!(future.cancelled());
}

#[test]
fn what_was_sent_and_has_not_started_is_called_back() {
    let desk = desk();
    let future = sent(&desk);
    assert_eq!(future.state(), FutureState::Pending);
    assert!(future.cancel() && future.cancelled() && future.cancel());
    assert_eq!(desk.place.start(7), concurrent_futures_core::calls::Start::Skip);
}

#[test]
fn what_has_started_is_running_and_cannot_be_cancelled() {
    let desk = desk();
    let mut future = sent(&desk);
    let _ = desk.place.start(7);
    assert!(future.running() && !future.cancel() && !future.done());
    assert!(format!("{future}").contains("state=running"), "{future}");
    assert!(back(&desk).land(Landing::Value(value(&5_u32))).is_none());
    assert_eq!(future.try_result().expect("done").expect("a value"), 5);
}

#[test]
fn what_came_home_is_pending_again() {
    let desk = desk();
    let future = sent(&desk);
    assert_eq!(desk.place.recall(7), Recall::Recalled);
    let promise = back(&desk);
    promise.come_home();
    assert!(!future.running() && future.cancel());
    assert_eq!(promise.go_away(), Leave::Cancelled);
}

#[test]
fn a_promise_dropped_abandons() {
    let desk = desk();
    let future = sent(&desk);
    drop(back(&desk));
    assert_eq!(future.result().unwrap_err().kind(), TaskErrorKind::Abandoned);
}

#[test]
fn callbacks_run_in_order_also_when_the_aftermath_is_dropped() {
    let (promise, future) = desk().call::<As<u32>>(1);
    let order = Arc::new(Mutex::new(Vec::new()));
    for number in 0..3 {
        let order = order.clone();
        future.add_done_callback(move |_| order.lock().unwrap().push(number));
    }
    let shared = future.shared();
    let waiting = std::thread::spawn({
        let shared = shared.clone();
        move || shared.result().copied()
    });
    let aftermath = promise.land(Landing::Cancelled).expect("callbacks");
    assert!(waiting.join().expect("no panic").unwrap_err().is_cancelled(), "woken before");
    assert!(order.lock().unwrap().is_empty());
    drop(aftermath);
    assert_eq!(*order.lock().unwrap(), [0, 1, 2]);
}
