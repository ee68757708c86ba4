//! What is written beside the function.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{FnArg, ItemFn, ReturnType, Signature};

use crate::arguments::Arguments;
use crate::check::check;

/// The function as it was, and after it either how to call it from afar or what is wrong.
///
/// The function stays also where something is wrong with it, so that there are no errors wherever it is used.
pub(crate) fn expand(arguments: &Arguments, item: TokenStream) -> TokenStream {
    let beside = match syn::parse2::<ItemFn>(item.clone()) {
        Ok(function) => match check(&function) {
            Ok(()) => registration(arguments, &function),
            Err(faults) => faults.into_compile_error(),
        },
        Err(error) => {
            let message = "a task is a function with a body, outside of `impl` blocks and traits";
            syn::Error::new(error.span(), message).into_compile_error()
        }
    };
    quote!(#item #beside)
}

/// A type of the same name, which is another namespace, with the entry; and the entry in the linker's list.
fn registration(arguments: &Arguments, function: &ItemFn) -> TokenStream {
    let ItemFn { vis, sig, .. } = function;
    let ident = &sig.ident;
    let name = match &arguments.name {
        Some(name) => quote!(#name),
        None => quote!(::core::concat!(::core::module_path!(), "::", ::core::stringify!(#ident))),
    };
    let portable = portable(sig);
    // At the function's name, where the compiler then says what is wrong with it.
    let entry =
        quote_spanned!(ident.span()=> ::concurrent_futures::calls::TaskEntry::new(#name, &#ident));
    let listed = (!arguments.unlisted)
        .then(|| quote!(::concurrent_futures::__private::list!(<#ident>::TASK);));
    quote! {
        #[doc(hidden)]
        #[allow(non_camel_case_types, dead_code, missing_debug_implementations, clippy::empty_enums)]
        #vis enum #ident {}

        const _: () = {
            #portable

            #[allow(dead_code)]
            impl #ident {
                #[doc(hidden)]
                pub const TASK: ::concurrent_futures::calls::TaskEntry = #entry;
            }

            #listed
        };
    }
}

/// Asks for what the types have to be, one by one, so that the compiler complains about the one that is not.
fn portable(signature: &Signature) -> TokenStream {
    let arguments = signature.inputs.iter().filter_map(|argument| match argument {
        FnArg::Typed(argument) => Some(&*argument.ty),
        FnArg::Receiver(_) => None,
    });
    let result = match &signature.output {
        ReturnType::Type(_, ty) => Some(&**ty),
        ReturnType::Default => None,
    };
    let each = arguments
        .chain(result)
        .map(|ty| quote_spanned!(ty.span()=> ::concurrent_futures::__private::portable::<#ty>();));
    quote!(const _: fn() = || { #(#each)* };)
}
