//! Arena placeholder.
