//! What a call knows: what is recorded, why not another action, its observation, its state, its end.

use std::ffi::{CStr, CString, c_char};
use std::ptr::null;

use offhook_table::agent::{CallHead, EndedBy};

use super::{OffhookCall, OffhookRecorded};
use crate::{OffhookStatus, c_string};

/// What is recorded so far, one slot after the other in the scenario's order: number 0, 1, ..., until
/// `OFFHOOK_STATUS_NO_SUCH` comes back. Slots of which nothing was heard are left out.
///
/// # Safety
/// `call` comes from `offhook_call_start` or `offhook_call_resume`, `recorded` points to room for one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn offhook_call_recorded(
    call: *const OffhookCall,
    idx: usize,
    recorded: *mut OffhookRecorded,
) -> OffhookStatus {
    // SAFETY: null or a call, as the caller says.
    let Some(call) = (unsafe { call.as_ref() }).filter(|_| !recorded.is_null()) else {
        return OffhookStatus::NullPointer;
    };
    let Some((slot, value, confidence, confirmed)) = call.recorded.get(idx) else {
        return OffhookStatus::NoSuch;
    };
    let found = OffhookRecorded {
        slot: call.slots[*slot].as_ptr(),
        value: value.as_ptr(),
        confidence: *confidence,
        confirmed: *confirmed,
    };
    // SAFETY: not null; the caller says that one may be stored there.
    unsafe { recorded.write(found) };
    OffhookStatus::Ok
}

/// The rules of conduct and masks that forbid an action now: number 0, 1, ..., until null comes back; null at once where it
/// is allowed.
///
/// # Safety
/// `call` comes from `offhook_call_start` or `offhook_call_resume` or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn offhook_call_why_not(
    call: *const OffhookCall,
    action: u8,
    idx: usize,
) -> *const c_char {
    // SAFETY: null or a call, as the caller says.
    let Some(call) = (unsafe { call.as_ref() }) else {
        return null();
    };
    let name = call.call.call().why_not(action).nth(idx);
    let text = name.and_then(|name| {
        let same = |known: &&CString| known.to_bytes() == name.as_bytes();
        call.constraints.iter().find(same)
    });
    text.map_or(null(), |text| text.as_ptr())
}

/// The observation that the last reply was decided by: one level code per feature, in the order of the layout. `*n_codes`
/// is how many there are; they are written if there is room.
///
/// # Safety
/// `call` comes from `offhook_call_start` or `offhook_call_resume`, `codes` points to `room` bytes, `n_codes` to room for one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn offhook_call_codes(
    call: *const OffhookCall,
    codes: *mut u8,
    room: usize,
    n_codes: *mut usize,
) -> OffhookStatus {
    // SAFETY: null or a call, as the caller says.
    let Some(call) = (unsafe { call.as_ref() }) else {
        return OffhookStatus::NullPointer;
    };
    // SAFETY: as the caller says.
    unsafe { put(call.call.call().codes(), codes, room, n_codes) }
}

/// Saves the call: some two hundred bytes, with which `offhook_call_resume` goes on. `*n_bytes` is how many there are; they
/// are written if there is room.
///
/// # Safety
/// `call` comes from `offhook_call_start` or `offhook_call_resume`, `state` points to `room` bytes, `n_bytes` to room for one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn offhook_call_save(
    call: *const OffhookCall,
    state: *mut u8,
    room: usize,
    n_bytes: *mut usize,
) -> OffhookStatus {
    // SAFETY: null or a call, as the caller says.
    let Some(call) = (unsafe { call.as_ref() }) else {
        return OffhookStatus::NullPointer;
    };
    // SAFETY: as the caller says.
    unsafe { put(&call.call.call().save(), state, room, n_bytes) }
}

/// Writes bytes where there is room for all of them, and in any case how many there are.
///
/// # Safety
/// `at` points to `room` bytes, `n_bytes` to room for one.
unsafe fn put(bytes: &[u8], at: *mut u8, room: usize, n_bytes: *mut usize) -> OffhookStatus {
    if n_bytes.is_null() || at.is_null() && room > 0 {
        return OffhookStatus::NullPointer;
    }
    // SAFETY: not null; the caller says that a number may be stored there.
    unsafe { n_bytes.write(bytes.len()) };
    if bytes.len() > room {
        return OffhookStatus::NoRoom;
    }
    // SAFETY: not null, since there is room, and as many bytes are there, as the caller says.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), at, bytes.len()) };
    OffhookStatus::Ok
}

/// Who was called and the turns so far as JSON, for `offhook_call_resume`; null for null.
///
/// # Safety
/// `call` comes from `offhook_call_start` or `offhook_call_resume` or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn offhook_call_history(call: *mut OffhookCall) -> *const c_char {
    // SAFETY: null or a call that nobody else uses now, as the caller says.
    let Some(call) = (unsafe { call.as_mut() }) else {
        return null();
    };
    call.history = c_string(&call.call.history());
    call.history.as_ptr()
}

/// How the call ended: its outcome as the robot can know it, such as `completed`, and its line for a call log. `by` is one
/// of `OffhookEndedBy`; after a reply with `ended` it does not matter.
///
/// # Safety
/// `call` comes from `offhook_call_start` or `offhook_call_resume`, `call_id` is a string that ends with a zero, `outcome`
/// and `log_line` point to a pointer each or are null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn offhook_call_end(
    call: *mut OffhookCall,
    by: u32,
    call_id: *const c_char,
    outcome: *mut *const c_char,
    log_line: *mut *const c_char,
) -> OffhookStatus {
    // SAFETY: null or a call that nobody else uses now, as the caller says.
    let Some(call) = (unsafe { call.as_mut() }).filter(|_| !call_id.is_null()) else {
        return OffhookStatus::NullPointer;
    };
    // SAFETY: not null; the caller says that it ends with a zero.
    let call_id = unsafe { CStr::from_ptr(call_id) }.to_string_lossy();
    let Some(by) = EndedBy::ALL.get(by as usize).copied() else {
        return OffhookStatus::NoSuch;
    };
    let head = CallHead {
        call_id: call_id.into_owned(),
        ..CallHead::default()
    };
    call.outcome = c_string(call.call.call().outcome(by).name());
    call.log = c_string(&call.call.log_line(head, by));
    for (at, text) in [(outcome, &call.outcome), (log_line, &call.log)] {
        if !at.is_null() {
            // SAFETY: not null; the caller says that a pointer may be stored there.
            unsafe { at.write(text.as_ptr()) };
        }
    }
    OffhookStatus::Ok
}
