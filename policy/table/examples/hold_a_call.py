"""Holds a whole call by a release (after `pip install ./experiments/python`); what you type is what was recognized:

    python policy/table/examples/hold_a_call.py fraud_alert.offhook
    > affirm 0.9                    (an act and how sure the recognizer is; nothing: silence)
    > hang_up
"""

import sys

from offhook import Agent, CallError

agent = Agent(sys.argv[1])
reply = agent.turn()
print(f"robot  {reply.text}   [{reply.rule}]")
for line in sys.stdin:
    act, _, confidence = line.strip().partition(" ")
    if act == "hang_up":
        break
    try:
        reply = agent.turn([(act, float(confidence or 1))] if act else [])
    except CallError as error:
        print(f"again  {error}")
        continue
    for slot, recorded in reply.recorded.items():
        print(f"       {slot} is {recorded.value} ({recorded.confidence:.2f})")
    print(f"robot  {reply.text}   [{reply.rule}]")
    if reply.ended:
        break

print(f"=> {agent.end('customer')}")
print(agent.log(), end="")
