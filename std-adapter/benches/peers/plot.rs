//! The plot of the ratios.
use crate::results::Results;
use std::error::Error;
pub(crate) fn ratios(_results: &Results) -> Result<String, Box<dyn Error>> {
    Ok(String::new())
}
