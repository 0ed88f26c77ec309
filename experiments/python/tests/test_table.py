"""A decision table from Python: loads, refuses, decides as its rules say."""

import json
from pathlib import Path

import numpy as np
import pytest

from offhook import CallEnv, Scenario, Table

FILE = Path(__file__).parents[3] / "results/reference/quickstart/table.json"


@pytest.fixture(scope="module")
def table():
    return Table(FILE)


def fired(rules, features, codes):
    """The first rule that holds the observation, by a scan of the file."""
    levels = {f["name"]: f["levels"][c] for f, c in zip(features, codes, strict=True)}
    for rule in rules:
        if all(levels[name] in allowed for name, allowed in rule["when"].items()):
            return rule, levels
    raise AssertionError("a verified table has a rule everywhere")


def test_codes_and_names_get_the_action_that_the_file_says(table):
    file = json.loads(FILE.read_text())
    rng = np.random.default_rng(1)
    for _ in range(300):
        codes = np.array([rng.integers(len(f["levels"])) for f in file["features"]], np.uint8)
        rule, levels = fired(file["rules"], file["features"], codes)
        decision = table.decide(codes)
        assert (decision.name, decision.rule) == (rule["action"], rule["id"])
        assert table.actions[decision.action] == decision.name
        by_name = table.decide_named(levels)
        assert (by_name.action, by_name.rule) == (decision.action, decision.rule)


def test_a_table_plays_a_call(table):
    env = CallEnv("fraud_alert")
    table.check_built_for(Scenario("fraud_alert"))
    codes, _ = env.reset(seed=3)
    over = False
    for _ in range(200):
        action = table.decide(np.asarray(codes, np.uint8)).action
        codes, _, terminated, truncated, _ = env.step(action)
        over = terminated or truncated
        if over:
            break
    assert over


def test_what_is_wrong_is_said(table):
    with pytest.raises(FileNotFoundError):
        Table("missing.json")
    with pytest.raises(ValueError, match="checksum"):
        Table.from_bytes(FILE.read_bytes().replace(b'"support":', b'"support":1', 1))
    with pytest.raises(ValueError, match="for scenario 'fraud_alert', expected 'fund_notice'"):
        table.check_built_for(Scenario("fund_notice"))
    with pytest.raises(ValueError, match="expected 43"):
        table.decide(np.zeros(3, np.uint8))
    with pytest.raises(KeyError, match="missing features"):
        table.decide_named({})
    assert len(table) == len(json.loads(FILE.read_text())["rules"])
