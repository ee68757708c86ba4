//! Large payloads outside of frames.

use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{SealFlags, fcntl_get_seals, ftruncate};
use rustix::io::Errno;

use crate::os::{MemoryFile, MemoryFilePool, Os};

#[test]
fn a_memory_file_grows_and_cannot_shrink() {
    let file = MemoryFile::create().unwrap();
    assert_eq!(file.length().unwrap(), 0);
    file.write_all_at(&[0; 10], 0).unwrap();
    file.write_all_at(&[0; 5], 0).unwrap();
    assert_eq!(file.length().unwrap(), 10);
    file.write_all_at(b"beyond", 1000).unwrap();
    assert_eq!(file.length().unwrap(), 1006);
    assert_eq!(file.read_exact_at(8, 998).unwrap(), b"\0\0beyond");
    assert!(fcntl_get_seals(file.as_fd()).unwrap().contains(SealFlags::SHRINK));
    assert_eq!(ftruncate(file.as_fd(), 1005), Err(Errno::PERM));
}

#[test]
fn what_is_not_in_the_file_is_not_read_nor_allocated() {
    let file = MemoryFile::create().unwrap();
    file.write_all_at(b"ten bytes!", 0).unwrap();
    for (length, position) in [(11, 0), (1, 10), (u64::MAX, 0), (1 << 50, 3), (2, u64::MAX)] {
        let error = file.read_exact_at(length, position).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{length} at {position}");
    }
    assert_eq!(file.read_exact_at(0, 10).unwrap(), b"");
    // A file may claim to be longer than memory.
    ftruncate(file.as_fd(), 1 << 60).unwrap();
    assert_eq!(file.read_exact_at(1 << 60, 0).unwrap_err().kind(), ErrorKind::OutOfMemory);
}

#[test]
fn another_descriptor_is_refused() {
    let pipe = OwnedFd::from(std::io::pipe().unwrap().0);
    let program = OwnedFd::from(File::open("/proc/self/exe").unwrap());
    let unsealed = rustix::fs::memfd_create("unsealed", rustix::fs::MemfdFlags::ALLOW_SEALING);
    for descriptor in [pipe, program, unsealed.unwrap()] {
        let error = MemoryFile::open(descriptor).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }
}

fn length(pool: &MemoryFilePool, wanted: u64) -> u64 {
    pool.take(&Os::new(), wanted).unwrap().length().unwrap()
}

/// Gives back files of these lengths.
fn kept(pool: &MemoryFilePool, lengths: &[u64]) {
    for length in lengths {
        let file = MemoryFile::create().unwrap();
        ftruncate(file.as_fd(), *length).unwrap();
        pool.give_back(file);
    }
}

#[test]
fn the_file_that_fits_best_is_used_again() {
    let pool = MemoryFilePool::new(4, 1000);
    kept(&pool, &[10, 300, 20]);
    assert_eq!(length(&pool, 15), 20);
    assert_eq!(length(&pool, 400), 300); // the longest, though too short
    assert_eq!(length(&pool, 5), 10);
    assert_eq!(length(&pool, 5), 0); // a new one
}

#[test]
fn no_more_files_or_bytes_are_kept_than_allowed() {
    let pool = MemoryFilePool::new(2, 100);
    kept(&pool, &[1, 2, 3]);
    assert_eq!([length(&pool, 0), length(&pool, 0), length(&pool, 0)], [2, 3, 0]);
    kept(&pool, &[60, 50]);
    assert_eq!([length(&pool, 0), length(&pool, 0)], [50, 0]);
    kept(&pool, &[7, 101]);
    assert_eq!(length(&pool, 0), 0); // room for one too long is not made, nor for it
}
