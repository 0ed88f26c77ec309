"""Replays logged calls by a release and writes the same trace as `replay.rs`:

    python replay.py RELEASE LOG > TRACE
"""

import json
import struct
import sys

from offhook import Agent


def replay(agent, call):
    """The trace of one call, line by line."""
    agent.start(call["call_id"], caller=call["caller"])
    heard = None
    for turn in call["turns"]:
        reply = agent.turn(heard)
        codes = "".join(f"{code:x}" for code in reply.codes)
        recorded = [
            f"{slot}={known.value} {struct.pack('>f', known.confidence).hex()} {known.confirmed:d}"
            for slot, known in reply.recorded.items()
        ]
        yield "\t".join([call["call_id"], reply.action, codes, reply.text, *recorded])
        agent.resume(agent.state())
        heard = turn["n_best"]


agent = Agent(sys.argv[1])
with open(sys.argv[2], encoding="utf-8") as log:
    for line in log:
        for traced in replay(agent, json.loads(line)):
            print(traced)
