//! Decision tables and whole calls from C; `include/offhook_table.h` is made from these files.
//!
//! This file has the table alone; [`phone`] loads a release and holds calls by it.
//!
//! A loaded table is never changed, so any number of threads may decide by it at once. Every pointer
//! is checked for null; that it points to what its type says is the caller's part of the bargain.
//!
//! ```c
//! char message[OFFHOOK_MESSAGE_BYTES];
//! OffhookTable *table = NULL;
//! if (offhook_table_load(bytes, n_bytes, &table, message, sizeof message)) { puts(message); }
//! OffhookDecision decision;
//! offhook_table_decide(table, codes, n_codes, &decision);
//! puts(offhook_table_action(table, decision.action));
//! offhook_table_free(table);
//! ```

// Pointers from C cannot be read without; each `unsafe` block says why it may.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char};
use std::slice;

use offhook_table::{Decision, DecisionTable, MAX_FEATURES};

pub mod phone;

/// Bytes that every message fits in, its final zero included; longer ones are cut.
pub const OFFHOOK_MESSAGE_BYTES: usize = 1024;

/// What a function says; 0 is fine.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffhookStatus {
    /// Done.
    Ok = 0,
    /// A pointer is null.
    NullPointer = 1,
    /// The bytes are no sound table.
    BadTable = 2,
    /// A feature or level is unknown, repeated or missing.
    BadName = 3,
    /// The table was built for another scenario or layout.
    OtherTable = 4,
    /// The bytes are no sound release.
    BadRelease = 5,
    /// What was heard cannot be: an unknown act, an impossible value, a confidence out of 0 to 1. The turn is kept.
    BadAct = 6,
    /// Something was heard before anything was said, or after the call has ended. Nothing has changed.
    OutOfTurn = 7,
    /// The bytes are no state of a call of this release.
    BadState = 8,
    /// There is too little room; nothing was written.
    NoRoom = 9,
    /// There is nothing of that number.
    NoSuch = 10,
    /// What is said of the person called is nothing that the scenario knows.
    BadCaller = 11,
}

/// What a table says about one observation.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OffhookDecision {
    /// Number of the action to take.
    pub action: u8,
    /// Number of the rule that fired, or -1 when none did and the default action is taken.
    pub rule: i32,
}

/// A loaded table.
pub struct OffhookTable {
    table: DecisionTable,
    scenario: CString,
    layout: CString,
    actions: Vec<CString>,
    rules: Vec<CString>,
}

/// A text for C, without the zeros that would end it early; names have none.
fn c_string(text: &str) -> CString {
    CString::new(text.replace('\0', "")).unwrap_or_default()
}

/// Loads a table from the bytes of its file (JSON, DPT, CSV or DMN), checking all of them; any bytes
/// are safe.
///
/// On success `*table` is to be freed with `offhook_table_free`; else it is null and `message` (may
/// be null) says what is wrong, cut to `message_bytes`.
///
/// # Safety
/// `bytes` points to `n_bytes` bytes, `table` to a pointer, `message` to `message_bytes` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn offhook_table_load(
    bytes: *const u8,
    n_bytes: usize,
    table: *mut *mut OffhookTable,
    message: *mut c_char,
    message_bytes: usize,
) -> OffhookStatus {
    if bytes.is_null() || table.is_null() {
        return OffhookStatus::NullPointer;
    }
    // SAFETY: not null; the caller says that so many bytes are there.
    let bytes = unsafe { slice::from_raw_parts(bytes, n_bytes) };
    let (loaded, status) = match DecisionTable::from_bytes(bytes) {
        Ok(loaded) => {
            let names = |names: &mut dyn Iterator<Item = &str>| names.map(c_string).collect();
            let loaded = OffhookTable {
                scenario: c_string(loaded.scenario()),
                layout: c_string(loaded.layout().hash()),
                actions: names(&mut loaded.layout().actions().iter().map(String::as_str)),
                rules: names(&mut loaded.rules().iter().map(|rule| rule.id.as_str())),
                table: loaded,
            };
            (Box::into_raw(Box::new(loaded)), OffhookStatus::Ok)
        }
        Err(error) => {
            // SAFETY: the caller says that so many bytes are there, or passes null.
            unsafe { tell(&error.to_string(), message, message_bytes) };
            (std::ptr::null_mut(), OffhookStatus::BadTable)
        }
    };
    // SAFETY: not null; the caller says that a pointer may be stored there.
    unsafe { table.write(loaded) };
    status
}

/// Frees a table; null is left alone.
///
/// # Safety
/// `table` comes from `offhook_table_load` and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn offhook_table_free(table: *mut OffhookTable) {
    if !table.is_null() {
        // SAFETY: it was made by `Box::into_raw` and is given back once.
        drop(unsafe { Box::from_raw(table) });
    }
}

/// Refuses a table that was built for another scenario or layout (the 16 hex digits that the tracker
/// was built with); the message names both sides.
///
/// # Safety
/// `table` comes from `offhook_table_load`, `scenario` and `layout` are strings that end with a zero,
/// `message` points to `message_bytes` bytes or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn offhook_table_check(
    table: *const OffhookTable,
    scenario: *const c_char,
    layout: *const c_char,
    message: *mut c_char,
    message_bytes: usize,
) -> OffhookStatus {
    // SAFETY: null or a table, as the caller says.
    let Some(table) = (unsafe { table.as_ref() }) else {
        return OffhookStatus::NullPointer;
    };
    if scenario.is_null() || layout.is_null() {
        return OffhookStatus::NullPointer;
    }
    // SAFETY: not null; the caller says that they end with a zero.
    let wanted = unsafe { [CStr::from_ptr(scenario), CStr::from_ptr(layout)] };
    let found = [table.scenario.as_c_str(), table.layout.as_c_str()];
    if found == wanted {
        return OffhookStatus::Ok;
    }
    let [found, wanted] = [found, wanted].map(|[scenario, layout]| {
        let (scenario, layout) = (scenario.to_string_lossy(), layout.to_string_lossy());
        format!("scenario '{scenario}' with layout {layout}")
    });
    let text = format!("the table is for {found}, expected {wanted}; export a table of that");
    // SAFETY: the caller says that so many bytes are there, or passes null.
    unsafe { tell(&text, message, message_bytes) };
    OffhookStatus::OtherTable
}

/// Decides by one level code per feature, in the order of the layout; allocates nothing. An
/// observation of another length, or with a code that a tested feature does not have, gets the
/// default action.
///
/// # Safety
/// `table` comes from `offhook_table_load`, `codes` points to `n_codes` bytes, `decision` to room for
/// one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn offhook_table_decide(
    table: *const OffhookTable,
    codes: *const u8,
    n_codes: usize,
    decision: *mut OffhookDecision,
) -> OffhookStatus {
    // SAFETY: null or a table, as the caller says.
    let Some(table) = (unsafe { table.as_ref() }) else {
        return OffhookStatus::NullPointer;
    };
    if codes.is_null() || decision.is_null() {
        return OffhookStatus::NullPointer;
    }
    // SAFETY: not null; the caller says that so many bytes are there.
    let codes = unsafe { slice::from_raw_parts(codes, n_codes) };
    // SAFETY: not null; the caller says that a decision may be stored there.
    unsafe { decision.write(for_c(table.table.decide(codes))) };
    OffhookStatus::Ok
}

/// Decides by names: `levels[i]` is the level of `features[i]`, in any order. Features that no rule
/// tests may be left out.
///
/// # Safety
/// `table` comes from `offhook_table_load`, `features` and `levels` point to `n` strings each that
/// end with a zero, `decision` to room for one, `message` to `message_bytes` bytes or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn offhook_table_decide_named(
    table: *const OffhookTable,
    features: *const *const c_char,
    levels: *const *const c_char,
    n: usize,
    decision: *mut OffhookDecision,
    message: *mut c_char,
    message_bytes: usize,
) -> OffhookStatus {
    // SAFETY: null or a table, as the caller says.
    let Some(table) = (unsafe { table.as_ref() }) else {
        return OffhookStatus::NullPointer;
    };
    if features.is_null() || levels.is_null() || decision.is_null() {
        return OffhookStatus::NullPointer;
    }
    let bad_name = |text: &str| {
        // SAFETY: the caller says that so many bytes are there, or passes null.
        unsafe { tell(text, message, message_bytes) };
        OffhookStatus::BadName
    };
    let mut named = [("", ""); MAX_FEATURES];
    let Some(named) = named.get_mut(..n) else {
        return bad_name("more names than any layout has features; give each feature once");
    };
    for (idx, pair) in named.iter_mut().enumerate() {
        // SAFETY: not null; the caller says that `n` pointers are in either list.
        let (feature, level) = unsafe { (*features.add(idx), *levels.add(idx)) };
        if feature.is_null() || level.is_null() {
            return OffhookStatus::NullPointer;
        }
        // SAFETY: not null; the caller says that both end with a zero.
        let (feature, level) = unsafe { (CStr::from_ptr(feature), CStr::from_ptr(level)) };
        let (Ok(feature), Ok(level)) = (feature.to_str(), level.to_str()) else {
            return bad_name("a name is not UTF-8, as the names of a table are");
        };
        *pair = (feature, level);
    }
    match table.table.decide_named(named) {
        Ok(decided) => {
            // SAFETY: not null; the caller says that a decision may be stored there.
            unsafe { decision.write(for_c(decided)) };
            OffhookStatus::Ok
        }
        Err(error) => bad_name(&error.to_string()),
    }
}

/// The name of an action, such as `inform(payment)`, for as long as the table lives; null if there
/// is none.
///
/// # Safety
/// `table` comes from `offhook_table_load` or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn offhook_table_action(
    table: *const OffhookTable,
    action: u8,
) -> *const c_char {
    // SAFETY: null or a table, as the caller says.
    let table = unsafe { table.as_ref() };
    let name = table.and_then(|table| table.actions.get(usize::from(action)));
    name.map_or(std::ptr::null(), |name| name.as_ptr())
}

/// The id of a rule, for as long as the table lives; null if there is none.
///
/// # Safety
/// `table` comes from `offhook_table_load` or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn offhook_table_rule(
    table: *const OffhookTable,
    rule: i32,
) -> *const c_char {
    // SAFETY: null or a table, as the caller says.
    let table = unsafe { table.as_ref() };
    let idx = usize::try_from(rule).ok();
    let id = table.zip(idx).and_then(|(table, idx)| table.rules.get(idx));
    id.map_or(std::ptr::null(), |id| id.as_ptr())
}

/// Codes of an observation, which is the number of features; 0 for null.
///
/// # Safety
/// `table` comes from `offhook_table_load` or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn offhook_table_n_features(table: *const OffhookTable) -> usize {
    // SAFETY: null or a table, as the caller says.
    let table = unsafe { table.as_ref() };
    table.map_or(0, |table| table.table.layout().features().len())
}

fn for_c(decision: Decision) -> OffhookDecision {
    OffhookDecision {
        action: decision.action,
        // A table has at most 4,096 rules.
        rule: decision.rule.map_or(-1, |rule| rule as i32),
    }
}

/// Writes a message, cut between characters, and its final zero.
///
/// # Safety
/// `message` points to `message_bytes` bytes or is null.
unsafe fn tell(text: &str, message: *mut c_char, message_bytes: usize) {
    if message.is_null() || message_bytes == 0 {
        return;
    }
    let end = text.floor_char_boundary(message_bytes - 1);
    // SAFETY: not null, and `end + 1` bytes are there, as the caller says.
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr().cast(), message, end);
        message.add(end).write(0);
    }
}

#[cfg(test)]
mod tests;
