//! [`SharedFile`]: a file in memory that goes along with a frame.
#![forbid(unsafe_code)]

use std::borrow::Borrow;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use concurrent_futures_core::calls::{Attach, AttachError, Detach, DetachError, LargeSource};

use super::os::{MemoryFile, MemoryFilePool, Sys};

/// A file in memory that goes along with a frame: the words that parent and worker share, or large
/// payloads. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct SharedFile(Arc<Content>);

#[derive(Debug)]
enum Content {
    Words(OwnedFd),
    /// Came from the other end.
    Received(MemoryFile),
    /// Goes back to the pool of files; `None` only while it does.
    Pooled(Option<MemoryFile>, Arc<MemoryFilePool>),
}

impl SharedFile {
    pub(super) fn words(file: OwnedFd) -> Self {
        Self(Arc::new(Content::Words(file)))
    }

    /// # Errors
    /// It is no file in memory that cannot be shortened.
    pub(super) fn received(file: OwnedFd) -> io::Result<Self> {
        Ok(Self(Arc::new(Content::Received(MemoryFile::open(file)?))))
    }

    fn memory(&self) -> Option<&MemoryFile> {
        match &*self.0 {
            Content::Words(_) => None,
            Content::Received(file) => Some(file),
            Content::Pooled(file, _) => file.as_ref(),
        }
    }
}

impl AsFd for SharedFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &*self.0 {
            Content::Words(file) => file.as_fd(),
            Content::Received(file) | Content::Pooled(Some(file), _) => file.as_fd(),
            Content::Pooled(None, _) => unreachable!("nobody has it while it is dropped"),
        }
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        if let Self::Pooled(file, pool) = self
            && let Some(file) = file.take()
        {
            pool.give_back(file);
        }
    }
}

impl LargeSource for SharedFile {
    fn open(&self) -> Box<dyn Detach + '_> {
        match self.memory() {
            Some(file) => Box::new(Reading::new(file)),
            None => Box::new(&[] as &[u8]), // nobody has sent large payloads among words
        }
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
    file: Option<MemoryFile>,
    bytes: u64,
}

impl<'a> Writing<'a> {
    pub(super) fn new(files: &'a Arc<MemoryFilePool>, sys: &'a dyn Sys) -> Self {
        Self { files, sys, file: None, bytes: 0 }
    }

    /// The file and how many bytes are in it, if there are any.
    pub(super) fn finish(mut self) -> Option<(SharedFile, u64)> {
        let file = self.file.take()?;
        let content = Content::Pooled(Some(file), self.files.clone());
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
