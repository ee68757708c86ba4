//! [`SharedFile`]: a file in memory that goes along with a frame.
#![forbid(unsafe_code)]

use std::borrow::Borrow;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use concurrent_futures_core::calls::{Attach, AttachError, Detach, DetachError, LargeSource};

use super::os::{MemoryFile, MemoryFilePool, Sys};

/// So many files may lie about: beside calls that wait, and results that nobody has taken. Descriptors are few, and
/// the program needs some too. What comes on top is kept in ordinary memory.
const MANY: usize = 64;

/// Bytes of a file that is read into memory at most. Of larger ones nobody has many.
const SMALL: u64 = 64 << 20;

/// How many files of a pool lie about.
#[derive(Debug, Clone, Default)]
pub(super) struct Open(Arc<AtomicUsize>);

impl Open {
    pub(super) fn are_many(&self) -> bool {
        // ORDERING: Relaxed; a number, of about now.
        self.0.load(Ordering::Relaxed) >= MANY
    }

    fn one_more(&self) -> Counted {
        // ORDERING: Relaxed; as above.
        self.0.fetch_add(1, Ordering::Relaxed);
        Counted(self.clone())
    }
}

/// One of them.
#[derive(Debug)]
struct Counted(Open);

impl Drop for Counted {
    fn drop(&mut self) {
        // ORDERING: Relaxed; as above.
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A file in memory that goes along with a frame: the words that parent and worker share, or large
/// payloads. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct SharedFile(Arc<Content>);

#[derive(Debug)]
enum Content {
    Words(OwnedFd),
    /// Came from the other end.
    Received(Mutex<Arc<Came>>),
    /// Goes back to the pool of files; `None` only while it does.
    Pooled(
        Option<MemoryFile>,
        Arc<MemoryFilePool>,
        #[expect(dead_code, reason = "counts")] Counted,
    ),
}

/// What came from the other end.
#[derive(Debug)]
enum Came {
    File(MemoryFile, #[expect(dead_code, reason = "counts")] Counted),
    Bytes(Vec<u8>),
}

impl SharedFile {
    pub(super) fn words(file: OwnedFd) -> Self {
        Self(Arc::new(Content::Words(file)))
    }

    /// # Errors
    /// It is no file in memory that cannot be shortened.
    pub(super) fn received(file: OwnedFd, open: &Open) -> io::Result<Self> {
        let came = Came::File(MemoryFile::open(file)?, open.one_more());
        Ok(Self(Arc::new(Content::Received(Mutex::new(Arc::new(came))))))
    }

    /// Reads what has come, to have the descriptor back, unless that is too much or cannot be done.
    pub(super) fn close_early(&self) {
        let Content::Received(came) = &*self.0 else { return };
        let file = lock(came).clone();
        let Came::File(file, _) = &*file else { return };
        let length = file.length().ok().filter(|length| *length <= SMALL);
        if let Some(Ok(bytes)) = length.map(|length| file.read_exact_at(length, 0)) {
            *lock(came) = Arc::new(Came::Bytes(bytes));
        }
    }

    /// What is to be sent along.
    pub(super) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match &*self.0 {
            Content::Words(file) => Some(file.as_fd()),
            Content::Pooled(file, ..) => file.as_ref().map(AsFd::as_fd),
            Content::Received(_) => None,
        }
    }
}

fn lock(came: &Mutex<Arc<Came>>) -> MutexGuard<'_, Arc<Came>> {
    came.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Content {
    fn drop(&mut self) {
        if let Self::Pooled(file, pool, _) = self
            && let Some(file) = file.take()
        {
            pool.give_back(file);
        }
    }
}

impl LargeSource for SharedFile {
    fn open(&self) -> Box<dyn Detach + '_> {
        match &*self.0 {
            Content::Pooled(Some(file), ..) => Box::new(Reading::new(file)),
            Content::Received(came) => {
                Box::new(ReadingCame { came: lock(came).clone(), position: 0 })
            }
            // Nobody has sent large payloads among words.
            Content::Words(_) | Content::Pooled(None, ..) => Box::new(&[] as &[u8]),
        }
    }
}

/// Payloads one after the other, from the beginning of what came.
struct ReadingCame {
    came: Arc<Came>,
    position: u64,
}

impl Detach for ReadingCame {
    fn detach(&mut self, length: u64) -> Result<Vec<u8>, DetachError> {
        let payload = match &*self.came {
            Came::File(file, _) => Reading { file, position: self.position }.detach(length),
            Came::Bytes(bytes) => {
                let mut rest = usize::try_from(self.position).ok().and_then(|at| bytes.get(at..));
                rest.as_mut()
                    .map_or_else(|| (&[] as &[u8]).detach(length), |rest| rest.detach(length))
            }
        }?;
        self.position += length;
        Ok(payload)
    }
}

/// Payloads one after the other, from the beginning of a file.
#[derive(Debug)]
pub(super) struct Reading<F> {
    file: F,
    position: u64,
}

impl<F: Borrow<MemoryFile>> Reading<F> {
    pub(super) fn new(file: F) -> Self {
        Self { file, position: 0 }
    }

    pub(super) fn file(&self) -> &MemoryFile {
        self.file.borrow()
    }
}

impl<F: Borrow<MemoryFile>> Detach for Reading<F> {
    fn detach(&mut self, length: u64) -> Result<Vec<u8>, DetachError> {
        let payload = self
            .file()
            .read_exact_at(length, self.position)
            .map_err(|error| DetachError::new(error.to_string()))?;
        self.position += length;
        Ok(payload)
    }
}

/// Takes large payloads into a file, which is found when there is one.
pub(super) struct Writing<'a> {
    files: &'a Arc<MemoryFilePool>,
    sys: &'a dyn Sys,
    open: &'a Open,
    file: Option<MemoryFile>,
    bytes: u64,
}

impl<'a> Writing<'a> {
    pub(super) fn new(files: &'a Arc<MemoryFilePool>, sys: &'a dyn Sys, open: &'a Open) -> Self {
        Self { files, sys, open, file: None, bytes: 0 }
    }

    /// The file and how many bytes are in it, if there are any.
    pub(super) fn finish(mut self) -> Option<(SharedFile, u64)> {
        let file = self.file.take()?;
        let content = Content::Pooled(Some(file), self.files.clone(), self.open.one_more());
        Some((SharedFile(Arc::new(content)), self.bytes))
    }

    /// # Errors
    /// No file is to be had, or no memory.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = match self.file.take() {
            Some(file) => file,
            None => self.files.take(self.sys, bytes.len() as u64)?,
        };
        let file = self.file.insert(file);
        self.sys.write_file(file, bytes, self.bytes)?;
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        Ok(())
    }
}

impl Attach for Writing<'_> {
    fn attach(&mut self, bytes: &[u8]) -> Result<(), AttachError> {
        self.write(bytes).map_err(|error| AttachError::new(error.to_string()))
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            self.files.give_back(file);
        }
    }
}
