//! Words that two processes share.

use std::io::{ErrorKind, IoSlice};
use std::os::fd::AsFd;
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::thread;

use rustix::fs::{MemfdFlags, fcntl_get_seals, ftruncate, memfd_create};
use rustix::io::Errno;

use crate::os::{Os, Sys, Words, inside};
use crate::support::{is_child, receive, this_test, wait, within};

#[test]
fn words_start_as_zeros_and_are_the_same_for_all_who_open_them() {
    let (words, file) = Words::create(64).unwrap();
    assert_eq!(words.len(), 64);
    assert!(words.iter().all(|word| word.load(Relaxed) == 0));
    let opened = Words::open(file.as_fd(), 64).unwrap();
    words[63].store(7, Relaxed);
    assert_eq!(opened[63].load(Relaxed), 7);
    drop((words, file));
    assert_eq!(opened[63].load(Relaxed), 7);
}

#[test]
fn a_file_of_another_length_is_refused() {
    let (_words, file) = Words::create(64).unwrap();
    for count in [1, 63, 65, 1024] {
        let error = Words::open(file.as_fd(), count).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData, "{count} words");
    }
    for count in [0, usize::MAX] {
        assert_eq!(Words::open(file.as_fd(), count).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(Words::create(count).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}

#[test]
fn nobody_can_change_the_length_of_the_file() {
    let (_words, file) = Words::create(64).unwrap();
    for length in [0, 255, 257, 1 << 20] {
        assert_eq!(ftruncate(&file, length), Err(Errno::PERM), "{length} bytes");
    }
    assert!(fcntl_get_seals(&file).unwrap().contains(rustix::fs::SealFlags::SEAL));
    // One whose length can still be changed is refused.
    let unsealed = memfd_create("unsealed", MemfdFlags::ALLOW_SEALING).unwrap();
    ftruncate(&unsealed, 256).unwrap();
    let error = Words::open(unsealed.as_fd(), 64).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
}

/// So many places that two processes race for.
const PLACES: usize = 50_000;
/// One more: how many processes have come to the start.
const START: usize = PLACES;

/// Takes every place that can be had; how many that were.
fn take_places(words: &Words, mark: u32) -> u32 {
    words[START].fetch_add(1, Relaxed);
    while words[START].load(Relaxed) < 2 {
        thread::yield_now();
    }
    let mine = |place: &usize| words[*place].compare_exchange(0, mark, Acquire, Relaxed).is_ok();
    u32::try_from((0..PLACES).filter(mine).count()).unwrap()
}

#[test]
fn of_two_processes_exactly_one_takes_a_place() {
    const NAME: &str = "words::of_two_processes_exactly_one_takes_a_place";
    if is_child() {
        let channel = inside::take_channel().unwrap().unwrap();
        let mut attached = Vec::new();
        channel.read(&mut [0], &mut attached).unwrap();
        let words = Words::open(attached[0].as_fd(), PLACES + 1).unwrap();
        let taken = take_places(&words, 2).to_le_bytes();
        channel.write_all(&mut [IoSlice::new(&taken)], None).unwrap();
        return;
    }
    within(|| {
        let os = Os::new();
        let mut spawned = os.spawn(&this_test(NAME)).unwrap();
        let (words, file) = os.words(PLACES + 1).unwrap();
        spawned.channel.send(&[IoSlice::new(b"x")], Some(file.as_fd())).unwrap();
        let mine = take_places(&words, 1);
        let theirs = receive(&spawned.channel, 4);
        let theirs = u32::from_le_bytes(theirs.try_into().unwrap());
        let marked = |mark| words[..PLACES].iter().filter(|w| w.load(Relaxed) == mark).count();
        assert_eq!([mine as usize, theirs as usize], [marked(1), marked(2)]);
        assert_eq!((mine + theirs) as usize, PLACES);
        wait(&mut spawned.worker);
    });
}
