//! What cannot be a task, each with the place where that can be seen.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Error, FnArg, ItemFn, Lifetime, Result, Signature, Type, TypeImplTrait, TypeReference};

/// More arguments than this are better a struct.
const MAX_ARGUMENTS: usize = 8;

/// Looks for all that is wrong with a function, not only for the first of it.
///
/// # Errors
/// All of it.
pub(crate) fn check(function: &ItemFn) -> Result<()> {
    let mut faults = Faults(None);
    check_signature(&function.sig, &mut faults);
    check_types(&function.sig, &mut faults);
    faults.0.map_or(Ok(()), Err)
}

/// What is wrong so far.
struct Faults(Option<Error>);

impl Faults {
    fn add(&mut self, span: Span, message: &str) {
        let error = Error::new(span, message);
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }
}

fn check_signature(signature: &Signature, faults: &mut Faults) {
    let generics = &signature.generics;
    if !generics.params.is_empty() {
        let message = "a task cannot be generic: a worker has to know which function it is asked for. Make a task \
                       for each type, and let it call the generic function";
        faults.add(generics.params.span(), message);
    }
    if let Some(asyncness) = &signature.asyncness {
        let message = "a task cannot be `async`: a worker runs one function at a time, to its end";
        faults.add(asyncness.span(), message);
    }
    if let syn::Safety::Unsafe(unsafety) = &signature.safety {
        let message = "a task cannot be `unsafe`: whoever calls it from afar promises nothing";
        faults.add(unsafety.span(), message);
    }
    if let Some(abi) = &signature.abi {
        faults.add(abi.span(), "a task cannot be `extern`: call the foreign function in a task");
    }
    if let Some(ninth) = signature.inputs.iter().nth(MAX_ARGUMENTS) {
        let message = "a task has 8 arguments at most: make a struct of some of them";
        faults.add(ninth.span(), message);
    }
}

fn check_types(signature: &Signature, faults: &mut Faults) {
    for argument in &signature.inputs {
        match argument {
            FnArg::Receiver(receiver) => {
                let message = "a task has no `self`: it is a function outside of `impl` blocks, with the value as an \
                               argument";
                faults.add(receiver.span(), message);
            }
            FnArg::Typed(argument) => Owned(faults).visit_type(&argument.ty),
        }
    }
    Owned(faults).visit_return_type(&signature.output);
}

/// Finds in a type what cannot be sent to another process, as far as that can be seen in its name.
struct Owned<'f>(&'f mut Faults);

impl<'ast> Visit<'ast> for Owned<'_> {
    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        let message = "a task borrows nothing: its arguments and result come from another process. Take a `String` \
                       for a `&str`, a `Vec<T>` for a `&[T]`, a `T` for a `&T`";
        self.0.add(reference.span(), message);
    }

    fn visit_type_impl_trait(&mut self, impl_trait: &'ast TypeImplTrait) {
        let message = "a task names its types: `impl Trait` cannot be read from bytes";
        self.0.add(impl_trait.span(), message);
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if lifetime.ident != "static" {
            let message =
                "a task borrows nothing: its arguments and result come from another process";
            self.0.add(lifetime.span(), message);
        }
    }

    fn visit_type(&mut self, ty: &'ast Type) {
        visit::visit_type(self, ty);
    }
}
