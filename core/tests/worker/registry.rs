//! Who is registered, and who cannot be.

use core::any::TypeId;

use concurrent_futures_core::calls::{Registry, RegistryError, Signature, TaskEntry};

fn double(n: u32) -> u32 {
    n * 2
}
fn twice(n: u32) -> u32 {
    n * 2
}
fn area(width: u32, height: u32) -> u32 {
    width * height
}

const DOUBLE: TaskEntry = TaskEntry::new("double", &double);
static TWICE: TaskEntry = TaskEntry::new("twice", &twice);

fn type_of<F: 'static>(_: &F) -> TypeId {
    TypeId::of::<F>()
}

#[test]
fn functions_are_sorted_by_name_and_found_by_index() -> Result<(), RegistryError> {
    let registry = Registry::new([TWICE, TaskEntry::new("area", &area), DOUBLE])?;
    let names: Vec<_> = registry.names_and_signatures().map(|(name, _)| name).collect();
    assert_eq!(names, ["area", "double", "twice"]);
    assert_eq!(registry.get(2).map(TaskEntry::name), Some("twice"));
    assert!(registry.get(3).is_none());
    assert!(registry.get(u32::MAX).is_none());
    assert_eq!((registry.len(), registry.is_empty()), (3, false));
    Ok(())
}

#[test]
fn functions_with_equal_bodies_are_told_apart() -> Result<(), RegistryError> {
    let registry = Registry::new([TWICE, DOUBLE])?;
    assert_eq!(registry.find(&double).map(TaskEntry::name), Some("double"));
    assert_eq!(registry.find(&twice).map(TaskEntry::name), Some("twice"));
    assert_eq!(registry.index_of(type_of(&twice)), Some(1));
    Ok(())
}

#[test]
fn a_function_that_is_not_registered_is_not_found() -> Result<(), RegistryError> {
    let registry = Registry::new([DOUBLE])?;
    assert!(registry.find(&twice).is_none());
    assert!(Registry::new([])?.find(&double).is_none());
    Ok(())
}

#[test]
fn two_functions_of_one_name_are_refused_and_both_are_named() {
    let refused = Registry::new([DOUBLE, TaskEntry::new("double", &area)]);
    let error = refused.expect_err("there are two");
    assert!(matches!(error, RegistryError::SameName { name: "double", .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("registry::double") && text.contains("registry::area"), "{text}");
}

#[test]
fn one_function_of_two_names_is_refused_and_both_are_named() {
    let refused = Registry::new([DOUBLE, TWICE, TaskEntry::new("again", &double)]);
    let error = refused.expect_err("it is there twice");
    assert!(
        matches!(error, RegistryError::SameFunction { names: ["again", "double"], .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("registry::double"), "{error}");
}

#[test]
fn a_function_may_be_registered_again_under_its_name() -> Result<(), RegistryError> {
    let registry = Registry::new([DOUBLE, TWICE, DOUBLE])?;
    assert_eq!(registry.len(), 2);
    Ok(())
}

#[test]
fn names_have_1_to_256_bytes() {
    const LONG: &str = match core::str::from_utf8(&[b'n'; 256]) {
        Ok(name) => name,
        Err(_) => "",
    };
    const TOO_LONG: &str = match core::str::from_utf8(&[b'n'; 257]) {
        Ok(name) => name,
        Err(_) => "",
    };
    assert!(Registry::new([TaskEntry::new(LONG, &double)]).is_ok());
    for name in ["", TOO_LONG] {
        let refused = Registry::new([TaskEntry::new(name, &double)]);
        assert_eq!(refused.err(), Some(RegistryError::NameLength { name }));
    }
}

#[test]
fn other_types_are_another_signature() {
    let signatures = [
        TaskEntry::new("f", &|n: u32| n).signature(),
        TaskEntry::new("f", &|n: u64| n).signature(),
        TaskEntry::new("f", &|n: u32| u64::from(n)).signature(),
        TaskEntry::new("f", &|a: u32, b: u32| a + b).signature(),
        TaskEntry::new("f", &|pair: (u32, u32)| pair.0 + pair.1).signature(),
    ];
    for (index, one) in signatures.iter().enumerate() {
        assert!(!signatures[index + 1..].contains(one), "{signatures:?}");
    }
    assert_eq!(DOUBLE.signature(), TWICE.signature());
}

/// What others compute of the same name by FNV-1a.
#[test]
fn a_signature_is_the_hash_of_the_name_of_a_type() {
    assert_eq!(Signature::of::<u8>().to_string(), "08c48207b56753d8");
}
