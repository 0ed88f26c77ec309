//! What the program was built from.

/// Revision of the code, `unknown` outside its repository; `build.rs` puts it in.
pub const REVISION: &str = match option_env!("OFFHOOK_REVISION") {
    Some(revision) => revision,
    None => "unknown",
};
