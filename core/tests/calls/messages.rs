//! What worker and parent say of themselves.

use concurrent_futures_core::calls::{
    DecodeError, EncodeError, Hello, InitialCall, Limits, NAME_SIZE, RemoteFailure,
    RemoteFailureKind, ResourceLimits, TaskName, Welcome,
};

use crate::support::Outcome;

fn welcome() -> Welcome {
    Welcome {
        nesting: 1,
        places: 64,
        limits: Limits::default().payload(1 << 20),
        resources: ResourceLimits {
            memory: Some(1 << 30),
            cpu_seconds: None,
            open_files: Some(40),
        },
        initializer: Some(InitialCall { task: 3, arguments: vec![1, 2, 3] }),
    }
}

fn failure(text: &str) -> RemoteFailure {
    RemoteFailure {
        kind: RemoteFailureKind::Panicked,
        message: text.into(),
        location: Some(text.into()),
        backtrace: Some(text.into()),
    }
}

#[test]
fn a_hello_has_its_fields_in_order() -> Outcome {
    let limits = Limits::default();
    let tasks = vec![TaskName { name: "ab".into(), signature: 300 }];
    let hello = Hello { build: 1, pid: 2, tasks };
    let bytes = hello.to_bytes(&limits)?;
    assert_eq!(bytes, [1, 2, 1, 2, b'a', b'b', 0xAC, 2]);
    assert_eq!(Hello::from_bytes(&bytes, &limits)?, hello);
    Ok(())
}

#[test]
fn long_names_are_cut_between_characters() -> Outcome {
    let limits = Limits::default();
    let name = "ä".repeat(NAME_SIZE);
    let hello = Hello { build: 1, pid: 2, tasks: vec![TaskName { name, signature: 3 }] };
    let bytes = hello.to_bytes(&limits)?;
    assert_eq!(bytes.len(), NAME_SIZE + 6, "cut before it is sent");
    let read = Hello::from_bytes(&bytes, &limits)?;
    assert_eq!(read.tasks[0].name, "ä".repeat(NAME_SIZE / 2));
    // A peer that does not cut.
    let name = format!("a{}", "ä".repeat(NAME_SIZE));
    let bytes = postcard::to_allocvec(&(1_u64, 2_u32, vec![(name, 3_u64)]))?;
    let read = Hello::from_bytes(&bytes, &limits)?;
    assert_eq!(read.tasks[0].name.len(), NAME_SIZE - 1);
    Ok(())
}

#[test]
fn a_hello_is_bounded_whatever_the_limits() {
    let limits = Limits::default().payload(1 << 30);
    let limit = 4 << 20;
    let error = Hello::from_bytes(&vec![0; limit + 1], &limits);
    assert_eq!(error, Err(DecodeError::TooLarge { size: limit as u64 + 1, limit: limit as u64 }));
    let error = Hello::from_bytes(&[0; 11], &limits.payload(10));
    assert_eq!(error, Err(DecodeError::TooLarge { size: 11, limit: 10 }));
}

#[test]
fn a_welcome_comes_through() -> Outcome {
    let limits = Limits::default();
    let bytes = welcome().to_bytes(&limits)?;
    assert_eq!(Welcome::from_bytes(&bytes, &limits)?, welcome());
    let none = Welcome { initializer: None, places: 0, ..welcome() };
    assert_eq!(Welcome::from_bytes(&none.to_bytes(&limits)?, &limits)?, none);
    Ok(())
}

#[test]
fn a_welcome_ends_with_the_arguments_as_they_are() -> Outcome {
    let bytes = welcome().to_bytes(&Limits::default())?;
    // Some, task 3, three bytes.
    assert!(bytes.ends_with(&[1, 3, 3, 1, 2, 3]), "{bytes:?}");
    Ok(())
}

#[test]
fn arguments_of_an_initializer_over_the_limit_are_refused() {
    let initializer = Some(InitialCall { task: 3, arguments: vec![0; 100] });
    let error = Welcome { initializer, ..welcome() }.to_bytes(&Limits::default().payload(100));
    assert!(matches!(error, Err(EncodeError::TooLarge { limit: 100, .. })), "{error:?}");
}

#[test]
fn kinds_of_failures_have_the_numbers_of_their_order() {
    let limits = Limits::default();
    let kinds = [
        RemoteFailureKind::Panicked,
        RemoteFailureKind::UndecodableArguments,
        RemoteFailureKind::UnencodableResult,
        RemoteFailureKind::ResultTooLarge,
        RemoteFailureKind::UnknownTask,
        RemoteFailureKind::Initializer,
    ];
    for (number, kind) in (0_u8..).zip(kinds) {
        let failure = RemoteFailure::new(kind, "why");
        let bytes = failure.to_bytes(&limits);
        assert_eq!(bytes, [number, 3, b'w', b'h', b'y', 0, 0]);
        assert_eq!(RemoteFailure::from_bytes(&bytes, &limits), Ok(failure));
    }
    let error = RemoteFailure::from_bytes(&[6, 0, 0, 0], &limits);
    assert!(matches!(error, Err(DecodeError::Custom(_))), "{error:?}");
}

#[test]
fn texts_are_cut_between_characters() -> Outcome {
    let limits = Limits::default().text(5);
    let read = RemoteFailure::from_bytes(&failure("ääää").to_bytes(&limits), &limits)?;
    assert_eq!(read, failure("ää"));
    let read = RemoteFailure::from_bytes(&failure("abcde").to_bytes(&limits), &limits)?;
    assert_eq!(read, failure("abcde"));
    Ok(())
}

#[test]
fn texts_of_a_peer_that_does_not_cut_are_cut() -> Outcome {
    let limits = Limits::default().text(5);
    let bytes = failure("abcdef").to_bytes(&Limits::default());
    assert_eq!(RemoteFailure::from_bytes(&bytes, &limits)?, failure("abcde"));
    let bytes = failure(&"a".repeat(100)).to_bytes(&Limits::default());
    let error = RemoteFailure::from_bytes(&bytes, &limits);
    assert!(matches!(error, Err(DecodeError::TooLarge { limit: 79, .. })), "{error:?}");
    Ok(())
}

#[test]
fn no_failure_is_too_large_to_be_told() -> Outcome {
    for payload in [0, 1, 64, 67, 100, 1000] {
        let limits = Limits::default().payload(payload);
        let bytes = failure(&"ä".repeat(1000)).to_bytes(&limits);
        assert!(bytes.len() <= payload.max(64), "{} bytes", bytes.len());
        let read = RemoteFailure::from_bytes(&bytes, &limits)?;
        assert_eq!(read.kind, RemoteFailureKind::Panicked);
        assert!("ä".repeat(1000).starts_with(&read.message));
    }
    Ok(())
}

#[test]
fn a_message_cut_anywhere_is_an_error() -> Outcome {
    let limits = Limits::default();
    let tasks = vec![TaskName { name: "ab".into(), signature: 300 }];
    let hello = Hello { build: 1, pid: 2, tasks }.to_bytes(&limits)?;
    for cut in 0..hello.len() {
        assert_eq!(Hello::from_bytes(&hello[..cut], &limits), Err(DecodeError::Truncated));
    }
    let bytes = welcome().to_bytes(&limits)?;
    for cut in 0..bytes.len() {
        assert_eq!(Welcome::from_bytes(&bytes[..cut], &limits), Err(DecodeError::Truncated));
    }
    let bytes = failure("why").to_bytes(&limits);
    for cut in 0..bytes.len() {
        let error = RemoteFailure::from_bytes(&bytes[..cut], &limits);
        assert_eq!(error, Err(DecodeError::Truncated));
    }
    Ok(())
}
