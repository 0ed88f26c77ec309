//! One turn of a call: what was heard goes in, what to say comes out.

use std::ffi::{CStr, CString, c_char};
use std::ptr::null;
use std::slice;

use offhook_table::agent::{AgentError, HypothesisLog, Reply};

use super::{OffhookCall, OffhookReading, OffhookReply};
use crate::{OffhookStatus, c_string, tell};

/// Most readings and acts that are looked at in one turn; the tracker takes 5 and 4.
const MAX_HEARD: usize = 100;

/// One turn: takes in what was heard, best reading first, and says what comes next. The first one opens the call, with
/// nothing heard; later no reading is silence. Where `OFFHOOK_STATUS_BAD_ACT` or `OFFHOOK_STATUS_OUT_OF_TURN` comes back,
/// nothing has changed and `message` says why.
///
/// # Safety
/// `call` comes from `offhook_call_start` or `offhook_call_resume`; `readings` points to `n_readings` readings, each with
/// `n_acts` strings that end with a zero, or is null with none; `reply` to room for one, `message` to `message_bytes`
/// bytes or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn offhook_call_turn(
    call: *mut OffhookCall,
    readings: *const OffhookReading,
    n_readings: usize,
    reply: *mut OffhookReply,
    message: *mut c_char,
    message_bytes: usize,
) -> OffhookStatus {
    // SAFETY: null or a call that nobody else uses now, as the caller says.
    let Some(call) = (unsafe { call.as_mut() }) else {
        return OffhookStatus::NullPointer;
    };
    if reply.is_null() || readings.is_null() && n_readings > 0 {
        return OffhookStatus::NullPointer;
    }
    let readings = match n_readings {
        0 => &[],
        // SAFETY: not null; the caller says that so many are there.
        n => unsafe { slice::from_raw_parts(readings, n) },
    };
    // SAFETY: the caller says that all pointers of the readings are to what they should be.
    let heard = match unsafe { heard(readings) } {
        Ok(heard) => heard,
        Err(refused) => {
            // SAFETY: the caller says that so many bytes are there, or passes null.
            unsafe { tell(refused.1, message, message_bytes) };
            return refused.0;
        }
    };
    match call.call.turn(&heard) {
        Ok(said) => {
            call.text = c_string(&said.text());
            call.rule = c_string(&said.explain());
            let said = for_c(&said, &call.actions, &call.text, &call.rule);
            // SAFETY: not null; the caller says that a reply may be stored there.
            unsafe { reply.write(said) };
            call.record();
            OffhookStatus::Ok
        }
        Err(error) => {
            // SAFETY: the caller says that so many bytes are there, or passes null.
            unsafe { tell(&error.to_string(), message, message_bytes) };
            match error {
                AgentError::Act(_) | AgentError::Confidence(_) => OffhookStatus::BadAct,
                _ => OffhookStatus::OutOfTurn,
            }
        }
    }
}

/// What was heard, by name; or the status and why not.
///
/// # Safety
/// Every reading has as many acts as it says, and they end with a zero.
unsafe fn heard(
    readings: &[OffhookReading],
) -> Result<Vec<HypothesisLog>, (OffhookStatus, &'static str)> {
    let is_long = |reading: &OffhookReading| reading.n_acts > MAX_HEARD;
    if readings.len() > MAX_HEARD || readings.iter().any(is_long) {
        let message = "more than 100 readings, or acts of a reading; give the best ones";
        return Err((OffhookStatus::BadAct, message));
    }
    let mut heard = Vec::with_capacity(readings.len());
    for reading in readings {
        if reading.acts.is_null() && reading.n_acts > 0 {
            return Err((OffhookStatus::NullPointer, "the acts of a reading are null"));
        }
        let mut acts = Vec::with_capacity(reading.n_acts);
        for idx in 0..reading.n_acts {
            // SAFETY: not null; the caller says that so many pointers are there.
            let act = unsafe { *reading.acts.add(idx) };
            if act.is_null() {
                return Err((OffhookStatus::NullPointer, "an act is null"));
            }
            // SAFETY: not null; the caller says that it ends with a zero.
            let act = unsafe { CStr::from_ptr(act) }.to_str();
            let act = act.map_err(|_| (OffhookStatus::BadAct, "an act is not UTF-8"))?;
            acts.push(act.to_owned());
        }
        heard.push(HypothesisLog {
            acts,
            confidence: reading.confidence,
            ..HypothesisLog::default()
        });
    }
    Ok(heard)
}

fn for_c(said: &Reply<'_>, actions: &[CString], text: &CStr, rule: &CStr) -> OffhookReply {
    let action = said.action();
    OffhookReply {
        text: text.as_ptr(),
        action_name: actions
            .get(usize::from(action))
            .map_or(null(), |name| name.as_ptr()),
        rule: rule.as_ptr(),
        allowed: said.mask().0,
        action,
        ended: said.ends(),
    }
}
