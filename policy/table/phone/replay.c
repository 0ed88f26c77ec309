/* Replays calls by a release, from what `replay.rs` says was heard in them, and writes the same trace:
 *
 *   replay RELEASE < HEARD > TRACE
 */
#include <offhook_table.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_READINGS = 16, MAX_ACTS = 16, MAX_LINE = 1 << 14, MAX_CODES = 256, MAX_STATE = 1 << 14 };

static char lines[MAX_READINGS][MAX_LINE];
static const char *acts[MAX_READINGS][MAX_ACTS];
static OffhookReading readings[MAX_READINGS];
static char message[OFFHOOK_MESSAGE_BYTES];

static void check(OffhookStatus status, const char *what) {
  if (status == OFFHOOK_STATUS_OK) return;
  fprintf(stderr, "%s: status %d: %s\n", what, (int)status, message);
  exit(1);
}

/* `heard <confidence> <act> <act> ...`, separated by tabs. */
static void read_heard(size_t k) {
  strtok(lines[k], "\t");
  readings[k].confidence = strtod(strtok(NULL, "\t"), NULL);
  readings[k].n_acts = 0;
  readings[k].acts = acts[k];
  char *act;
  while ((act = strtok(NULL, "\t")) != NULL && readings[k].n_acts < MAX_ACTS) {
    acts[k][readings[k].n_acts++] = act;
  }
}

static void trace(const OffhookCall *call, const char *id, const OffhookReply *reply) {
  unsigned char codes[MAX_CODES];
  size_t n_codes = 0;
  check(offhook_call_codes(call, codes, sizeof codes, &n_codes), "codes");
  printf("%s\t%s\t", id, reply->action_name);
  for (size_t k = 0; k < n_codes; k++) printf("%x", codes[k]);
  printf("\t%s", reply->text);
  OffhookRecorded recorded;
  for (size_t k = 0; offhook_call_recorded(call, k, &recorded) == OFFHOOK_STATUS_OK; k++) {
    uint32_t bits;
    memcpy(&bits, &recorded.confidence, sizeof bits);
    printf("\t%s=%s %08" PRIx32 " %d", recorded.slot, recorded.value, bits, recorded.confirmed);
  }
  putchar('\n');
}

/* The same call, as another process would go on with it. */
static OffhookCall *elsewhere(const OffhookAgent *agent, OffhookCall *call) {
  unsigned char state[MAX_STATE];
  size_t n_bytes = 0;
  check(offhook_call_save(call, state, sizeof state, &n_bytes), "save");
  offhook_call_free(call);
  check(offhook_call_resume(agent, state, n_bytes, NULL, &call, message, sizeof message), "resume");
  return call;
}

int main(int n_args, char **args) {
  FILE *file = n_args == 2 ? fopen(args[1], "rb") : NULL;
  if (file == NULL) {
    fprintf(stderr, "usage: replay RELEASE < HEARD > TRACE\n");
    return 2;
  }
  fseek(file, 0, SEEK_END);
  size_t n_bytes = (size_t)ftell(file);
  rewind(file);
  unsigned char *bytes = malloc(n_bytes);
  if (bytes == NULL || fread(bytes, 1, n_bytes, file) != n_bytes) return 1;
  fclose(file);
  OffhookAgent *agent = NULL;
  check(offhook_agent_load(bytes, n_bytes, &agent, message, sizeof message), "load");
  free(bytes);

  OffhookCall *call = NULL;
  char id[MAX_LINE] = "";
  size_t n_readings = 0;
  while (n_readings < MAX_READINGS && fgets(lines[n_readings], MAX_LINE, stdin) != NULL) {
    char *line = lines[n_readings];
    line[strcspn(line, "\n")] = '\0';
    if (strncmp(line, "heard\t", 6) == 0) {
      read_heard(n_readings++);
    } else if (strncmp(line, "call\t", 5) == 0) {
      offhook_call_free(call);
      /* `call <id> <caller as JSON>` */
      char *caller = strchr(line + 5, '\t');
      if (caller == NULL) return 1;
      *caller++ = '\0';
      snprintf(id, sizeof id, "%s", line + 5);
      check(offhook_call_start(agent, caller, &call, message, sizeof message), "start");
    } else {
      OffhookReply reply;
      check(offhook_call_turn(call, readings, n_readings, &reply, message, sizeof message), "turn");
      trace(call, id, &reply);
      call = elsewhere(agent, call);
      n_readings = 0;
    }
  }
  offhook_call_free(call);
  offhook_agent_free(agent);
  return 0;
}
