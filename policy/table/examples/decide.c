/* Loads a table, refuses a wrong one, and decides by code and by name.
 *
 *   cargo build --release -p offhook-table-c
 *   cc policy/table/examples/decide.c -I policy/table/c/include \
 *      target/release/liboffhook_table_c.a -lpthread -ldl -lm -o decide
 *   ./decide results/quickstart/table.json [FEATURE LEVEL]...
 */
#include <offhook_table.h>

#include <stdio.h>
#include <stdlib.h>

static unsigned char *read_file(const char *path, size_t *n_bytes) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) return NULL;
  size_t room = 1 << 16;
  unsigned char *bytes = malloc(room);
  *n_bytes = 0;
  while (bytes != NULL) {
    *n_bytes += fread(bytes + *n_bytes, 1, room - *n_bytes, file);
    if (*n_bytes < room) break;
    room *= 2;
    bytes = realloc(bytes, room);
  }
  fclose(file);
  return bytes;
}

int main(int n_args, char **args) {
  if (n_args < 2) {
    fprintf(stderr, "usage: %s TABLE.json [FEATURE LEVEL]...\n", args[0]);
    return 2;
  }
  size_t n_bytes = 0;
  unsigned char *bytes = read_file(args[1], &n_bytes);
  if (bytes == NULL) {
    fprintf(stderr, "cannot read '%s'\n", args[1]);
    return 1;
  }
  char message[OFFHOOK_MESSAGE_BYTES];
  OffhookTable *table = NULL;
  OffhookStatus status = offhook_table_load(bytes, n_bytes, &table, message, sizeof message);
  free(bytes);
  if (status != OFFHOOK_STATUS_OK) {
    fprintf(stderr, "%s\n", message);
    return 1;
  }

  OffhookDecision decision;
  if (n_args == 2) {
    /* Level 0 of every feature is what is so when a call starts. */
    size_t n_codes = offhook_table_n_features(table);
    unsigned char *codes = calloc(n_codes, 1);
    if (codes == NULL) return 1;
    status = offhook_table_decide(table, codes, n_codes, &decision);
    free(codes);
  } else {
    const char *features[64], *levels[64];
    size_t n = 0;
    for (int k = 2; k + 1 < n_args && n < 64; k += 2, n++) {
      features[n] = args[k];
      levels[n] = args[k + 1];
    }
    status = offhook_table_decide_named(table, features, levels, n, &decision, message,
                                        sizeof message);
  }
  if (status == OFFHOOK_STATUS_OK) {
    const char *rule = offhook_table_rule(table, decision.rule);
    printf("%s\nrule %s\n", offhook_table_action(table, decision.action), rule ? rule : "none");
  } else {
    fprintf(stderr, "%s\n", message);
  }
  offhook_table_free(table);
  return status == OFFHOOK_STATUS_OK ? 0 : 1;
}
