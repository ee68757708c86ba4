//! Functions with `#[task]`: they stay functions, and are found.

use concurrent_futures::__private::find;
use concurrent_futures::calls::{Registry, TaskEntry};
#[cfg(feature = "linkme")]
use concurrent_futures::{__private::register, RegisterError, calls::RegistryError, registry};
use concurrent_futures::{NotRegistered, task, tasks};

/// Documented as any other.
#[task]
#[must_use]
pub(crate) fn double(n: u64) -> u64 {
    n * 2
}

/// Of the same body.
#[task]
fn twice(n: u64) -> u64 {
    n * 2
}

#[task(name = "another name", unlisted)]
fn unlisted() {}

fn no_task(n: u64) -> u64 {
    n
}

mod other {
    use concurrent_futures::task;

    #[task]
    pub(crate) fn sum(a: u64, b: u64) -> u64 {
        a + b
    }

    pub(crate) mod inner {
        #[concurrent_futures::task]
        pub(in super::super) fn no_arguments() -> Result<(), String> {
            Err(String::from("as always"))
        }
    }
}

#[task]
#[expect(clippy::too_many_arguments, reason = "that is what is tested")]
fn eight(
    a: u8,
    b: u16,
    c: u32,
    d: u64,
    e: i8,
    f: String,
    g: Vec<u8>,
    h: (bool, char),
) -> Option<String> {
    let _ = (a, b, c, d, e, g, h);
    Some(f)
}

#[task]
fn patterns((a, b): (u8, u8), [c, ..]: [u8; 3], _: String, mut d: u8) -> u8 {
    d += a;
    b + c + d
}

#[task]
fn never_borrowed(text: std::borrow::Cow<'static, str>) -> std::borrow::Cow<'static, str> {
    text
}

#[cfg(feature = "linkme")]
fn function_of<F: 'static>(_: &F) -> Result<&'static str, Box<dyn std::error::Error>> {
    let index = find::<F>()?;
    Ok(registry()?.get(index).ok_or("no such index")?.name())
}

#[test]
fn a_task_is_a_function_as_before() {
    use other::sum;
    assert_eq!((double(4), twice(4), sum(1, 2)), (8, 8, 3));
    assert_eq!(patterns((1, 2), [3, 0, 0], String::new(), 4), 10);
    assert_eq!([1, 2].map(double), [2, 4]);
    unlisted();
    assert_eq!(other::inner::no_arguments(), Err(String::from("as always")));
}

#[test]
fn what_is_imported_is_function_and_entry() {
    use other::sum as plus;
    assert_eq!(plus(1, 2), 3);
    let [entry] = tasks![plus];
    assert_eq!(entry.name(), "behaviour::tasks::other::sum");
}

#[test]
fn a_name_can_be_given() {
    let names = tasks![unlisted, double, other::inner::no_arguments].map(|entry| entry.name());
    let expected = [
        "another name",
        "behaviour::tasks::double",
        "behaviour::tasks::other::inner::no_arguments",
    ];
    assert_eq!(names, expected);
}

#[cfg(feature = "linkme")]
#[test]
fn listed_tasks_are_found_by_their_functions() -> Result<(), Box<dyn std::error::Error>> {
    assert_eq!(function_of(&double)?, "behaviour::tasks::double");
    assert_eq!(function_of(&twice)?, "behaviour::tasks::twice");
    assert_eq!(function_of(&other::sum)?, "behaviour::tasks::other::sum");
    assert_eq!(function_of(&eight)?, "behaviour::tasks::eight");
    Ok(())
}

#[cfg(feature = "linkme")]
#[test]
fn a_task_inside_of_a_function_is_found() -> Result<(), Box<dyn std::error::Error>> {
    #[task]
    fn inside(n: u8) -> u8 {
        n
    }
    #[task(name = "inside of the other")]
    fn other_inside(n: u8) -> u8 {
        n
    }
    assert_eq!(inside(1) + other_inside(1), 2);
    assert_eq!(function_of(&inside)?, "behaviour::tasks::inside");
    assert_eq!(function_of(&other_inside)?, "inside of the other");
    Ok(())
}

#[test]
fn a_function_that_is_not_registered_is_an_error_that_names_it() {
    fn find_it<F: 'static>(_: F) -> String {
        find::<F>().expect_err("it is not registered").to_string()
    }
    let error = find_it(no_task);
    assert!(error.contains("behaviour::tasks::no_task is not registered"), "{error}");
    let error = find_it(unlisted);
    assert!(error.contains("tasks![..]"), "{error}");
    assert_eq!(find_it(|n: u8| n).split("::").next(), Some("behaviour"));
    assert!(matches!(find::<fn(u64) -> u64>(), Err(NotRegistered::Unknown { .. })));
}

#[cfg(feature = "linkme")]
#[test]
fn what_is_added_too_late_is_refused_by_name() -> Result<(), RegistryError> {
    registry()?;
    assert!(register(&tasks![double, other::sum]).is_ok(), "they are listed");
    let refused = register(&tasks![double, unlisted]);
    assert_eq!(refused.err(), Some(RegisterError::TooLate { name: "another name" }));
    Ok(())
}

#[test]
fn tasks_of_one_name_are_refused_and_both_are_named() {
    mod one {
        #[concurrent_futures::task(name = "the same", unlisted)]
        pub(super) fn first() {}
        #[concurrent_futures::task(name = "the same", unlisted)]
        pub(super) fn second() {}
    }
    one::first();
    one::second();
    let error =
        Registry::new(tasks![one::first, one::second]).expect_err("of one name").to_string();
    assert!(error.contains("'the same'"), "{error}");
    assert!(error.contains("one::first") && error.contains("one::second"), "{error}");
}

#[test]
fn a_task_that_is_configured_away_leaves_nothing() {
    #[task(unlisted)]
    #[cfg(any())]
    fn absent() -> NoSuchType {}
    #[cfg(any())]
    #[task(unlisted)]
    fn absent() -> NoSuchType {}
    /// Its name is free.
    #[task(unlisted)]
    #[cfg(not(any()))]
    fn absent() -> u8 {
        1
    }
    assert_eq!((absent(), tasks![absent].len()), (1, 1));
}

#[test]
fn an_entry_is_a_constant() {
    const DOUBLE: TaskEntry = tasks![double][0];
    assert_eq!(DOUBLE.path(), "behaviour::tasks::double");
}
