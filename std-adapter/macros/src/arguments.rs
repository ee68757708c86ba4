//! What stands in the parentheses: `#[task(name = "..", unlisted)]`.

use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, LitStr, Result, Token};

/// Bytes that a name may have; the registry says so as well.
const MAX_NAME: usize = 256;

#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) name: Option<LitStr>,
    pub(crate) unlisted: bool,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut arguments = Self::default();
        while !input.is_empty() {
            arguments.parse_one(input)?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(arguments)
    }
}

impl Arguments {
    /// # Errors
    /// Where the next one is not one of ours, or is here twice.
    fn parse_one(&mut self, input: ParseStream<'_>) -> Result<()> {
        let word: Ident = input.parse()?;
        let again = match word.to_string().as_str() {
            "name" => {
                input.parse::<Token![=]>()?;
                self.name.replace(parse_name(input)?).is_some()
            }
            "unlisted" => core::mem::replace(&mut self.unlisted, true),
            _ => {
                let message = "a task takes `name = \"..\"` and `unlisted`, and nothing else";
                return Err(Error::new(word.span(), message));
            }
        };
        if again { Err(Error::new(word.span(), format!("`{word}` is said twice"))) } else { Ok(()) }
    }
}

/// # Errors
/// If it is no text, or too short or too long.
fn parse_name(input: ParseStream<'_>) -> Result<LitStr> {
    let name: LitStr = input.parse()?;
    let length = name.value().len();
    if (1..=MAX_NAME).contains(&length) {
        return Ok(name);
    }
    let message =
        format!("the name of a task has 1 to {MAX_NAME} bytes, and this one has {length}");
    Err(Error::new(name.span(), message))
}
