//! [`Rounds`]: what the program `rounds` has counted.

use std::collections::BTreeMap;
use std::error::Error;

/// Counts of instructions, and sizes in bytes, by name.
#[derive(Debug)]
pub(crate) struct Rounds(BTreeMap<String, Vec<u32>>);

impl Rounds {
    /// Reads lines of a name and numbers.
    ///
    /// # Errors
    /// A line is none of these.
    pub(crate) fn parse(output: &str) -> Result<Self, Box<dyn Error>> {
        let mut figures = BTreeMap::new();
        for line in output.lines() {
            let mut words = line.split_whitespace();
            let Some(name) = words.next() else { continue };
            let numbers: Result<Vec<u32>, _> = words.map(str::parse).collect();
            figures.insert(name.to_owned(), numbers.map_err(|_| format!("rounds prints: {line}"))?);
        }
        Ok(Self(figures))
    }

    /// The one number of that name.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn one(&self, name: &str) -> Result<u32, String> {
        self.0.get(name).and_then(|numbers| numbers.first().copied()).ok_or_else(|| missing(name))
    }

    /// The least, the median and the most of that name.
    ///
    /// # Errors
    /// There are none.
    pub(crate) fn spread(&self, name: &str) -> Result<[u32; 3], String> {
        self.0
            .get(name)
            .and_then(|numbers| numbers[..].try_into().ok())
            .ok_or_else(|| missing(name))
    }
}

fn missing(name: &str) -> String {
    format!("rounds does not say what {name} is")
}
