/* Holds a whole call by a release; what you type is what was recognized (an act and how sure the recognizer is; nothing:
 * silence; `hang_up` ends it).
 *
 *   cargo build --release -p offhook-table-c
 *   cc policy/table/examples/hold_a_call.c -I policy/table/c/include \
 *      target/release/liboffhook_table_c.a -lpthread -ldl -lm -o hold_a_call
 *   ./hold_a_call fraud_alert.offhook
 */
#include <offhook_table.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    fprintf(stderr, "usage: %s RELEASE\n", args[0]);
    return 2;
  }
  size_t n_bytes = 0;
  unsigned char *bytes = read_file(args[1], &n_bytes);
  if (bytes == NULL) {
    fprintf(stderr, "cannot read '%s'\n", args[1]);
    return 1;
  }
  char message[OFFHOOK_MESSAGE_BYTES];
  OffhookAgent *agent = NULL;
  OffhookStatus status = offhook_agent_load(bytes, n_bytes, &agent, message, sizeof message);
  free(bytes);
  if (status != OFFHOOK_STATUS_OK) {
    fprintf(stderr, "%s\n", message);
    return 1;
  }

  OffhookCall *call = NULL;
  offhook_call_start(agent, NULL, &call, message, sizeof message);
  OffhookReply reply;
  offhook_call_turn(call, NULL, 0, &reply, message, sizeof message);
  printf("robot  %s   [%s]\n", reply.text, reply.rule);
  char line[256];
  while (!reply.ended && fgets(line, sizeof line, stdin) != NULL) {
    char act[200] = "";
    double confidence = 1;
    int n_words = sscanf(line, "%199s %lf", act, &confidence);
    if (strcmp(act, "hang_up") == 0) break;
    const char *acts[] = {act};
    OffhookReading heard = {acts, 1, confidence};
    status = offhook_call_turn(call, &heard, n_words > 0, &reply, message, sizeof message);
    if (status != OFFHOOK_STATUS_OK) {
      printf("again  %s\n", message);
      continue;
    }
    OffhookRecorded recorded;
    for (size_t k = 0; offhook_call_recorded(call, k, &recorded) == OFFHOOK_STATUS_OK; k++) {
      printf("       %s is %s (%.2f)\n", recorded.slot, recorded.value, recorded.confidence);
    }
    printf("robot  %s   [%s]\n", reply.text, reply.rule);
  }
  const char *outcome, *log_line;
  offhook_call_end(call, OFFHOOK_ENDED_BY_CUSTOMER, "call-1", &outcome, &log_line);
  printf("=> %s\n%s", outcome, log_line);
  offhook_call_free(call);
  offhook_agent_free(agent);
  return 0;
}
