//! Whole calls from C: a release, the tracker, and what to say next.
//!
//! An agent is never changed, so any number of threads may start calls by it at once; a call is one thread's at a time.
//! A call that was started stays whole when its agent is freed. Texts that a call hands out live until the next function
//! that takes the call and is no mere question (`turn`, `history`, `end`, `free`).
//!
//! ```c
//! OffhookAgent *agent = NULL;
//! if (offhook_agent_load(bytes, n_bytes, &agent, message, sizeof message)) { puts(message); }
//! OffhookCall *call = NULL;
//! offhook_call_start(agent, &call);
//! OffhookReply reply;
//! offhook_call_turn(call, NULL, 0, &reply, message, sizeof message);
//! while (!reply.ended) {
//!   say(reply.text);
//!   const char *acts[] = {"affirm"};
//!   OffhookReading heard = {acts, 1, 0.92};
//!   if (offhook_call_turn(call, &heard, 1, &reply, message, sizeof message)) { puts(message); }
//! }
//! ```

pub mod ask;
pub mod turn;

use std::ffi::{CStr, CString, c_char};
use std::slice;

use offhook_table::agent::{Agent, AgentError, RecordedCall, caller_of};
use offhook_table::release::Release;

use crate::{OffhookStatus, c_string, tell};

/// A loaded release.
pub struct OffhookAgent {
    agent: Agent,
    actions: Vec<CString>,
}

/// One call, and the texts that it handed out.
pub struct OffhookCall {
    call: RecordedCall,
    actions: Vec<CString>,
    text: CString,
    rule: CString,
    constraints: Vec<CString>,
    slots: Vec<CString>,
    recorded: Vec<(usize, CString, f32, bool)>,
    history: CString,
    outcome: CString,
    log: CString,
}

/// One reading of what the customer said, as a recognizer gives it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct OffhookReading {
    /// The acts, such as `affirm` or `inform(payment=yes)`.
    pub acts: *const *const c_char,
    /// How many there are; none is silence.
    pub n_acts: usize,
    /// How sure the recognizer is, from 0 to 1.
    pub confidence: f64,
}

/// What the robot does now.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct OffhookReply {
    /// The words to say, with the value that is read out.
    pub text: *const c_char,
    /// The action's name, such as `inform(payment)`.
    pub action_name: *const c_char,
    /// The rule that fired, in words.
    pub rule: *const c_char,
    /// The actions that are allowed now: bit `a` stands for action `a`.
    pub allowed: u64,
    /// Number of the action.
    pub action: u8,
    /// Whether the call is over once this was said.
    pub ended: bool,
}

/// What is recorded of a slot.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct OffhookRecorded {
    /// The slot.
    pub slot: *const c_char,
    /// Its likeliest value.
    pub value: *const c_char,
    /// How likely it is, from 0 to 1.
    pub confidence: f32,
    /// Whether the customer said yes when the robot read it out.
    pub confirmed: bool,
}

/// Who or what ended a call.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffhookEndedBy {
    /// The customer hung up.
    Customer = 0,
    /// The robot said goodbye.
    Robot = 1,
    /// The robot handed over to a person.
    Transfer = 2,
    /// The call took too long.
    Timeout = 3,
    /// The line broke.
    Line = 4,
    /// Nobody was reached.
    NeverConnected = 5,
}

impl OffhookCall {
    fn new(call: RecordedCall, actions: Vec<CString>) -> Self {
        let scenario = call.call().agent().scenario();
        let names = |names: &mut dyn Iterator<Item = &String>| names.map(|n| c_string(n)).collect();
        Self {
            actions,
            constraints: names(&mut scenario.constraints.iter().map(|c| &c.name)),
            slots: names(&mut scenario.names.slots.iter()),
            call,
            text: CString::default(),
            rule: CString::default(),
            recorded: Vec::new(),
            history: CString::default(),
            outcome: CString::default(),
            log: CString::default(),
        }
    }

    fn record(&mut self) {
        let slots = &self.slots;
        let number = |name: &str| {
            slots
                .iter()
                .position(|slot| slot.to_bytes() == name.as_bytes())
        };
        let recorded = self.call.call().recorded();
        let recorded = recorded
            .filter_map(|r| {
                Some((
                    number(r.slot)?,
                    c_string(r.value),
                    r.confidence,
                    r.confirmed,
                ))
            })
            .collect();
        self.recorded = recorded;
    }
}

/// Loads a release (`offhook release`) from the bytes of its file: every byte is checked and the table proved again;
/// any bytes are safe. Who has signed it is not asked.
///
/// On success `*agent` is to be freed with `offhook_agent_free`; else it is null and `message` (may be null) says what is
/// wrong, cut to `message_bytes`.
///
/// # Safety
/// `bytes` points to `n_bytes` bytes, `agent` to a pointer, `message` to `message_bytes` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn offhook_agent_load(
    bytes: *const u8,
    n_bytes: usize,
    agent: *mut *mut OffhookAgent,
    message: *mut c_char,
    message_bytes: usize,
) -> OffhookStatus {
    if bytes.is_null() || agent.is_null() {
        return OffhookStatus::NullPointer;
    }
    // SAFETY: not null; the caller says that so many bytes are there.
    let bytes = unsafe { slice::from_raw_parts(bytes, n_bytes) };
    let (loaded, status) = match Release::from_bytes(bytes) {
        Ok(release) => {
            let agent = release.agent().clone();
            let actions = agent.table().layout().actions().iter();
            let actions = actions.map(|name| c_string(name)).collect();
            let loaded = Box::new(OffhookAgent { agent, actions });
            (Box::into_raw(loaded), OffhookStatus::Ok)
        }
        Err(error) => {
            // SAFETY: the caller says that so many bytes are there, or passes null.
            unsafe { tell(&error.to_string(), message, message_bytes) };
            (std::ptr::null_mut(), OffhookStatus::BadRelease)
        }
    };
    // SAFETY: not null; the caller says that a pointer may be stored there.
    unsafe { agent.write(loaded) };
    status
}

/// Frees an agent; its calls go on. Null is left alone.
///
/// # Safety
/// `agent` comes from `offhook_agent_load` and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn offhook_agent_free(agent: *mut OffhookAgent) {
    if !agent.is_null() {
        // SAFETY: it was made by `Box::into_raw` and is given back once.
        drop(unsafe { Box::from_raw(agent) });
    }
}

/// The name of an action, for as long as the agent lives; null if there is none.
///
/// # Safety
/// `agent` comes from `offhook_agent_load` or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn offhook_agent_action(
    agent: *const OffhookAgent,
    action: u8,
) -> *const c_char {
    // SAFETY: null or an agent, as the caller says.
    let agent = unsafe { agent.as_ref() };
    let name = agent.and_then(|agent| agent.actions.get(usize::from(action)));
    name.map_or(std::ptr::null(), |name| name.as_ptr())
}

/// Starts a call that was just answered. `caller` is what is known of the person called, as JSON as in a call log
/// (`{"id":"7","features":{"region":"north"},"recorded":{}}`), or null where that is nothing.
///
/// On success `*call` is to be freed with `offhook_call_free`; else it is null and `message` says what is wrong.
///
/// # Safety
/// `agent` comes from `offhook_agent_load`, `caller` is null or a string that ends with a zero, `call` points to a pointer,
/// `message` to `message_bytes` bytes or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn offhook_call_start(
    agent: *const OffhookAgent,
    caller: *const c_char,
    call: *mut *mut OffhookCall,
    message: *mut c_char,
    message_bytes: usize,
) -> OffhookStatus {
    // SAFETY: null or an agent, as the caller says.
    let Some(agent) = (unsafe { agent.as_ref() }).filter(|_| !call.is_null()) else {
        return OffhookStatus::NullPointer;
    };
    let started = match caller.is_null() {
        true => Ok(RecordedCall::start(&agent.agent)),
        false => {
            // SAFETY: not null; the caller says that it ends with a zero.
            let caller = unsafe { CStr::from_ptr(caller) }.to_bytes();
            caller_of(caller).and_then(|caller| RecordedCall::start_with(&agent.agent, caller))
        }
    };
    let (started, status) = match started {
        Ok(started) => {
            let mut started = OffhookCall::new(started, agent.actions.clone());
            started.record();
            (Box::into_raw(Box::new(started)), OffhookStatus::Ok)
        }
        Err(error) => {
            // SAFETY: the caller says that so many bytes are there, or passes null.
            unsafe { tell(&error.to_string(), message, message_bytes) };
            (std::ptr::null_mut(), OffhookStatus::BadCaller)
        }
    };
    // SAFETY: not null; the caller says that a pointer may be stored there.
    unsafe { call.write(started) };
    status
}

/// Goes on with a call that was saved, here or in another process. `history` is what `offhook_call_history` gave then, or null:
/// the call's log begins here.
///
/// On success `*call` is to be freed with `offhook_call_free`; else it is null and `message` says what is wrong.
///
/// # Safety
/// `agent` comes from `offhook_agent_load`, `state` points to `n_bytes` bytes, `history` is null or a string that ends with
/// a zero, `call` points to a pointer, `message` to `message_bytes` bytes or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn offhook_call_resume(
    agent: *const OffhookAgent,
    state: *const u8,
    n_bytes: usize,
    history: *const c_char,
    call: *mut *mut OffhookCall,
    message: *mut c_char,
    message_bytes: usize,
) -> OffhookStatus {
    // SAFETY: null or an agent, as the caller says.
    let Some(agent) = (unsafe { agent.as_ref() }) else {
        return OffhookStatus::NullPointer;
    };
    if state.is_null() || call.is_null() {
        return OffhookStatus::NullPointer;
    }
    // SAFETY: not null; the caller says that so many bytes are there.
    let state = unsafe { slice::from_raw_parts(state, n_bytes) };
    let history = match history.is_null() {
        true => Some(""),
        // SAFETY: not null; the caller says that it ends with a zero.
        false => unsafe { CStr::from_ptr(history) }.to_str().ok(),
    };
    let history = history.ok_or_else(|| AgentError::History("they are not UTF-8".to_owned()));
    let resumed = history.and_then(|history| RecordedCall::resume(&agent.agent, state, history));
    let (resumed, status) = match resumed {
        Ok(resumed) => {
            let mut resumed = OffhookCall::new(resumed, agent.actions.clone());
            resumed.record();
            (Box::into_raw(Box::new(resumed)), OffhookStatus::Ok)
        }
        Err(error) => {
            // SAFETY: the caller says that so many bytes are there, or passes null.
            unsafe { tell(&error.to_string(), message, message_bytes) };
            (std::ptr::null_mut(), OffhookStatus::BadState)
        }
    };
    // SAFETY: not null; the caller says that a pointer may be stored there.
    unsafe { call.write(resumed) };
    status
}

/// Frees a call; null is left alone.
///
/// # Safety
/// `call` comes from `offhook_call_start` or `offhook_call_resume` and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn offhook_call_free(call: *mut OffhookCall) {
    if !call.is_null() {
        // SAFETY: it was made by `Box::into_raw` and is given back once.
        drop(unsafe { Box::from_raw(call) });
    }
}

#[cfg(test)]
mod tests;
