"""Loads a table and decides by code and by name (after `pip install ./env/python`):

    python policy/table/examples/decide.py results/quickstart/table.json
"""

import sys

import numpy as np

from offhook import Scenario, Table

table = Table(sys.argv[1])
scenario = Scenario(table.scenario)
table.check_built_for(scenario)

# Level 0 of every feature is what is so when a call starts.
first = table.decide(np.zeros(len(scenario.features), np.uint8))
print(f"{first.name}\nrule {first.rule}")

levels = {name: levels[0] for name, levels in scenario.features}
assert table.decide_named(levels).rule == first.rule
