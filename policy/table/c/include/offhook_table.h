// Decision tables from C: load, check, decide. Written by cbindgen; do not edit.

#ifndef OFFHOOK_TABLE_H
#define OFFHOOK_TABLE_H

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
} OffhookStatus;

// A loaded table.
typedef struct OffhookTable OffhookTable;

// What a table says about one observation.
typedef struct OffhookDecision {
  // Number of the action to take.
  uint8_t action;
  // Number of the rule that fired, or -1 when none did and the default action is taken.
  int32_t rule;
} OffhookDecision;

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

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* OFFHOOK_TABLE_H */
