// Decision tables and whole calls from C. Written by cbindgen; do not edit.

#ifndef OFFHOOK_TABLE_H
#define OFFHOOK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Bytes that every message fits in, its final zero included; longer ones are cut.
#define OFFHOOK_MESSAGE_BYTES 1024

// What a function says; 0 is fine.
typedef enum OffhookStatus {
  // Done.
  OFFHOOK_STATUS_OK = 0,
  // A pointer is null.
  OFFHOOK_STATUS_NULL_POINTER = 1,
  // The bytes are no sound table.
  OFFHOOK_STATUS_BAD_TABLE = 2,
  // A feature or level is unknown, repeated or missing.
  OFFHOOK_STATUS_BAD_NAME = 3,
  // The table was built for another scenario or layout.
  OFFHOOK_STATUS_OTHER_TABLE = 4,
  // The bytes are no sound release.
  OFFHOOK_STATUS_BAD_RELEASE = 5,
  // What was heard cannot be: an unknown act, an impossible value, a confidence out of 0 to 1. The turn is kept.
  OFFHOOK_STATUS_BAD_ACT = 6,
  // Something was heard before anything was said, or after the call has ended. Nothing has changed.
  OFFHOOK_STATUS_OUT_OF_TURN = 7,
  // The bytes are no state of a call of this release.
  OFFHOOK_STATUS_BAD_STATE = 8,
  // There is too little room; nothing was written.
  OFFHOOK_STATUS_NO_ROOM = 9,
  // There is nothing of that number.
  OFFHOOK_STATUS_NO_SUCH = 10,
  // What is said of the person called is nothing that the scenario knows.
  OFFHOOK_STATUS_BAD_CALLER = 11,
} OffhookStatus;

// Who or what ended a call.
typedef enum OffhookEndedBy {
  // The customer hung up.
  OFFHOOK_ENDED_BY_CUSTOMER = 0,
  // The robot said goodbye.
  OFFHOOK_ENDED_BY_ROBOT = 1,
  // The robot handed over to a person.
  OFFHOOK_ENDED_BY_TRANSFER = 2,
  // The call took too long.
  OFFHOOK_ENDED_BY_TIMEOUT = 3,
  // The line broke.
  OFFHOOK_ENDED_BY_LINE = 4,
  // Nobody was reached.
  OFFHOOK_ENDED_BY_NEVER_CONNECTED = 5,
} OffhookEndedBy;

// A loaded release.
typedef struct OffhookAgent OffhookAgent;

// One call, and the texts that it handed out.
typedef struct OffhookCall OffhookCall;

// A loaded table.
typedef struct OffhookTable OffhookTable;

// What a table says about one observation.
typedef struct OffhookDecision {
  // Number of the action to take.
  uint8_t action;
  // Number of the rule that fired, or -1 when none did and the default action is taken.
  int32_t rule;
} OffhookDecision;

// What is recorded of a slot.
typedef struct OffhookRecorded {
  // The slot.
  const char *slot;
  // Its likeliest value.
  const char *value;
  // How likely it is, from 0 to 1.
  float confidence;
  // Whether the customer said yes when the robot read it out.
  bool confirmed;
} OffhookRecorded;

// One reading of what the customer said, as a recognizer gives it.
typedef struct OffhookReading {
  // The acts, such as `affirm` or `inform(payment=yes)`.
  const char *const *acts;
  // How many there are; none is silence.
  size_t n_acts;
  // How sure the recognizer is, from 0 to 1.
  double confidence;
} OffhookReading;

// What the robot does now.
typedef struct OffhookReply {
  // The words to say, with the value that is read out.
  const char *text;
  // The action's name, such as `inform(payment)`.
  const char *action_name;
  // The rule that fired, in words.
  const char *rule;
  // The actions that are allowed now: bit `a` stands for action `a`.
  uint64_t allowed;
  // Number of the action.
  uint8_t action;
  // Whether the call is over once this was said.
  bool ended;
} OffhookReply;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Loads a table from the bytes of its file (JSON, DPT, CSV or DMN), checking all of them; any bytes
// are safe.
//
// On success `*table` is to be freed with `offhook_table_free`; else it is null and `message` (may
// be null) says what is wrong, cut to `message_bytes`.
//
// # Safety
// `bytes` points to `n_bytes` bytes, `table` to a pointer, `message` to `message_bytes` bytes.
enum OffhookStatus offhook_table_load(const uint8_t *bytes,
                                      size_t n_bytes,
                                      struct OffhookTable **table,
                                      char *message,
                                      size_t message_bytes);

// Frees a table; null is left alone.
//
// # Safety
// `table` comes from `offhook_table_load` and is not used again.
void offhook_table_free(struct OffhookTable *table);

// Refuses a table that was built for another scenario or layout (the 16 hex digits that the tracker
// was built with); the message names both sides.
//
// # Safety
// `table` comes from `offhook_table_load`, `scenario` and `layout` are strings that end with a zero,
// `message` points to `message_bytes` bytes or is null.
enum OffhookStatus offhook_table_check(const struct OffhookTable *table,
                                       const char *scenario,
                                       const char *layout,
                                       char *message,
                                       size_t message_bytes);

// Decides by one level code per feature, in the order of the layout; allocates nothing. An
// observation of another length, or with a code that a tested feature does not have, gets the
// default action.
//
// # Safety
// `table` comes from `offhook_table_load`, `codes` points to `n_codes` bytes, `decision` to room for
// one.
enum OffhookStatus offhook_table_decide(const struct OffhookTable *table,
                                        const uint8_t *codes,
                                        size_t n_codes,
                                        struct OffhookDecision *decision);

// Decides by names: `levels[i]` is the level of `features[i]`, in any order. Features that no rule
// tests may be left out.
//
// # Safety
// `table` comes from `offhook_table_load`, `features` and `levels` point to `n` strings each that
// end with a zero, `decision` to room for one, `message` to `message_bytes` bytes or is null.
enum OffhookStatus offhook_table_decide_named(const struct OffhookTable *table,
                                              const char *const *features,
                                              const char *const *levels,
                                              size_t n,
                                              struct OffhookDecision *decision,
                                              char *message,
                                              size_t message_bytes);

// The name of an action, such as `inform(payment)`, for as long as the table lives; null if there
// is none.
//
// # Safety
// `table` comes from `offhook_table_load` or is null.
const char *offhook_table_action(const struct OffhookTable *table, uint8_t action);

// The id of a rule, for as long as the table lives; null if there is none.
//
// # Safety
// `table` comes from `offhook_table_load` or is null.
const char *offhook_table_rule(const struct OffhookTable *table, int32_t rule);

// Codes of an observation, which is the number of features; 0 for null.
//
// # Safety
// `table` comes from `offhook_table_load` or is null.
size_t offhook_table_n_features(const struct OffhookTable *table);

// Loads a release (`offhook release`) from the bytes of its file: every byte is checked and the table proved again;
// any bytes are safe. Who has signed it is not asked.
//
// On success `*agent` is to be freed with `offhook_agent_free`; else it is null and `message` (may be null) says what is
// wrong, cut to `message_bytes`.
//
// # Safety
// `bytes` points to `n_bytes` bytes, `agent` to a pointer, `message` to `message_bytes` bytes.
enum OffhookStatus offhook_agent_load(const uint8_t *bytes,
                                      size_t n_bytes,
                                      struct OffhookAgent **agent,
                                      char *message,
                                      size_t message_bytes);

// Frees an agent; its calls go on. Null is left alone.
//
// # Safety
// `agent` comes from `offhook_agent_load` and is not used again.
void offhook_agent_free(struct OffhookAgent *agent);

// The name of an action, for as long as the agent lives; null if there is none.
//
// # Safety
// `agent` comes from `offhook_agent_load` or is null.
const char *offhook_agent_action(const struct OffhookAgent *agent, uint8_t action);

// Starts a call that was just answered. `caller` is what is known of the person called, as JSON as in a call log
// (`{"id":"7","features":{"region":"north"},"recorded":{}}`), or null where that is nothing.
//
// On success `*call` is to be freed with `offhook_call_free`; else it is null and `message` says what is wrong.
//
// # Safety
// `agent` comes from `offhook_agent_load`, `caller` is null or a string that ends with a zero, `call` points to a pointer,
// `message` to `message_bytes` bytes or is null.
enum OffhookStatus offhook_call_start(const struct OffhookAgent *agent,
                                      const char *caller,
                                      struct OffhookCall **call,
                                      char *message,
                                      size_t message_bytes);

// Goes on with a call that was saved, here or in another process. `history` is what `offhook_call_history` gave then, or null:
// the call's log begins here.
//
// On success `*call` is to be freed with `offhook_call_free`; else it is null and `message` says what is wrong.
//
// # Safety
// `agent` comes from `offhook_agent_load`, `state` points to `n_bytes` bytes, `history` is null or a string that ends with
// a zero, `call` points to a pointer, `message` to `message_bytes` bytes or is null.
enum OffhookStatus offhook_call_resume(const struct OffhookAgent *agent,
                                       const uint8_t *state,
                                       size_t n_bytes,
                                       const char *history,
                                       struct OffhookCall **call,
                                       char *message,
                                       size_t message_bytes);

// Frees a call; null is left alone.
//
// # Safety
// `call` comes from `offhook_call_start` or `offhook_call_resume` and is not used again.
void offhook_call_free(struct OffhookCall *call);

// What is recorded so far, one slot after the other in the scenario's order: number 0, 1, ..., until
// `OFFHOOK_STATUS_NO_SUCH` comes back. Slots of which nothing was heard are left out.
//
// # Safety
// `call` comes from `offhook_call_start` or `offhook_call_resume`, `recorded` points to room for one.
enum OffhookStatus offhook_call_recorded(const struct OffhookCall *call,
                                         size_t idx,
                                         struct OffhookRecorded *recorded);

// The rules of conduct and masks that forbid an action now: number 0, 1, ..., until null comes back; null at once where it
// is allowed.
//
// # Safety
// `call` comes from `offhook_call_start` or `offhook_call_resume` or is null.
const char *offhook_call_why_not(const struct OffhookCall *call,
                                 uint8_t action,
                                 size_t idx);

// The observation that the last reply was decided by: one level code per feature, in the order of the layout. `*n_codes`
// is how many there are; they are written if there is room.
//
// # Safety
// `call` comes from `offhook_call_start` or `offhook_call_resume`, `codes` points to `room` bytes, `n_codes` to room for one.
enum OffhookStatus offhook_call_codes(const struct OffhookCall *call,
                                      uint8_t *codes,
                                      size_t room,
                                      size_t *n_codes);

// Saves the call: some two hundred bytes, with which `offhook_call_resume` goes on. `*n_bytes` is how many there are; they
// are written if there is room.
//
// # Safety
// `call` comes from `offhook_call_start` or `offhook_call_resume`, `state` points to `room` bytes, `n_bytes` to room for one.
enum OffhookStatus offhook_call_save(const struct OffhookCall *call,
                                     uint8_t *state,
                                     size_t room,
                                     size_t *n_bytes);

// Who was called and the turns so far as JSON, for `offhook_call_resume`; null for null.
//
// # Safety
// `call` comes from `offhook_call_start` or `offhook_call_resume` or is null.
const char *offhook_call_history(struct OffhookCall *call);

// How the call ended: its outcome as the robot can know it, such as `completed`, and its line for a call log. `by` is one
// of `OffhookEndedBy`; after a reply with `ended` it does not matter.
//
// # Safety
// `call` comes from `offhook_call_start` or `offhook_call_resume`, `call_id` is a string that ends with a zero, `outcome`
// and `log_line` point to a pointer each or are null.
enum OffhookStatus offhook_call_end(struct OffhookCall *call,
                                    uint32_t by,
                                    const char *call_id,
                                    const char **outcome,
                                    const char **log_line);

// One turn: takes in what was heard, best reading first, and says what comes next. The first one opens the call, with
// nothing heard; later no reading is silence. Where `OFFHOOK_STATUS_BAD_ACT` or `OFFHOOK_STATUS_OUT_OF_TURN` comes back,
// nothing has changed and `message` says why.
//
// # Safety
// `call` comes from `offhook_call_start` or `offhook_call_resume`; `readings` points to `n_readings` readings, each with
// `n_acts` strings that end with a zero, or is null with none; `reply` to room for one, `message` to `message_bytes`
// bytes or is null.
enum OffhookStatus offhook_call_turn(struct OffhookCall *call,
                                     const struct OffhookReading *readings,
                                     size_t n_readings,
                                     struct OffhookReply *reply,
                                     char *message,
                                     size_t message_bytes);

// Loads a release (`offhook release`) from the bytes of its file: every byte is checked and the table proved again;
// any bytes are safe. Who has signed it is not asked.
//
// On success `*agent` is to be freed with `offhook_agent_free`; else it is null and `message` (may be null) says what is
// wrong, cut to `message_bytes`.
//
// # Safety
// `bytes` points to `n_bytes` bytes, `agent` to a pointer, `message` to `message_bytes` bytes.
enum OffhookStatus offhook_agent_load(const uint8_t *bytes,
                                      size_t n_bytes,
                                      struct OffhookAgent **agent,
                                      char *message,
                                      size_t message_bytes);

// Frees an agent; its calls go on. Null is left alone.
//
// # Safety
// `agent` comes from `offhook_agent_load` and is not used again.
void offhook_agent_free(struct OffhookAgent *agent);

// The name of an action, for as long as the agent lives; null if there is none.
//
// # Safety
// `agent` comes from `offhook_agent_load` or is null.
const char *offhook_agent_action(const struct OffhookAgent *agent, uint8_t action);

// Starts a call that was just answered. `caller` is what is known of the person called, as JSON as in a call log
// (`{"id":"7","features":{"region":"north"},"recorded":{}}`), or null where that is nothing.
//
// On success `*call` is to be freed with `offhook_call_free`; else it is null and `message` says what is wrong.
//
// # Safety
// `agent` comes from `offhook_agent_load`, `caller` is null or a string that ends with a zero, `call` points to a pointer,
// `message` to `message_bytes` bytes or is null.
enum OffhookStatus offhook_call_start(const struct OffhookAgent *agent,
                                      const char *caller,
                                      struct OffhookCall **call,
                                      char *message,
                                      size_t message_bytes);

// Goes on with a call that was saved, here or in another process. `history` is what `offhook_call_history` gave then, or null:
// the call's log begins here.
//
// On success `*call` is to be freed with `offhook_call_free`; else it is null and `message` says what is wrong.
//
// # Safety
// `agent` comes from `offhook_agent_load`, `state` points to `n_bytes` bytes, `history` is null or a string that ends with
// a zero, `call` points to a pointer, `message` to `message_bytes` bytes or is null.
enum OffhookStatus offhook_call_resume(const struct OffhookAgent *agent,
                                       const uint8_t *state,
                                       size_t n_bytes,
                                       const char *history,
                                       struct OffhookCall **call,
                                       char *message,
                                       size_t message_bytes);

// Frees a call; null is left alone.
//
// # Safety
// `call` comes from `offhook_call_start` or `offhook_call_resume` and is not used again.
void offhook_call_free(struct OffhookCall *call);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* OFFHOOK_TABLE_H */
