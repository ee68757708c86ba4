//! [`Line`]: seats in the order in which they are to be served, linked by number.
#![forbid(unsafe_code)]

/// No seat.
const NONE: usize = usize::MAX;

/// A queue of numbers. Its links lie in a slice that lines share: a number is in one at a time.
#[derive(Debug)]
pub(super) struct Line {
    first: usize,
    last: usize,
}

impl Line {
    pub(super) const fn new() -> Self {
        Self { first: NONE, last: NONE }
    }

    pub(super) fn push(&mut self, links: &mut [usize], number: usize) {
        let last = self.last;
        self.insert_behind(links, last, number);
    }

    /// Appends what comes out of a stack: the last one first.
    pub(super) fn push_reversed(
        &mut self,
        links: &mut [usize],
        numbers: impl Iterator<Item = usize>,
    ) {
        let last = self.last;
        numbers.for_each(|number| self.insert_behind(links, last, number));
    }

    fn insert_behind(&mut self, links: &mut [usize], before: usize, number: usize) {
        let place = match links.get_mut(before) {
            Some(link) => link,
            None => &mut self.first,
        };
        let behind = core::mem::replace(place, number);
        links[number] = behind;
        if behind == NONE {
            self.last = number;
        }
    }

    pub(super) fn pop(&mut self, links: &mut [usize]) -> Option<usize> {
        let number = self.first;
        let link = links.get_mut(number)?;
        self.first = core::mem::replace(link, NONE);
        if self.first == NONE {
            self.last = NONE;
        }
        Some(number)
    }

    /// Takes a number out, wherever it is.
    pub(super) fn remove(&mut self, links: &mut [usize], number: usize) {
        let mut kept = Self::new();
        while let Some(other) = self.pop(links) {
            if other != number {
                kept.push(links, other);
            }
        }
        *self = kept;
    }
}
