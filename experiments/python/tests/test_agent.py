"""The phone: a release holds whole calls, keeps the turn at a mistake, and goes on elsewhere."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from offhook import ActError, Agent, CallError, ReleaseError, StateError, TurnError

ROOT = Path(__file__).parents[3]
PROGRAM = Path(os.environ.get("OFFHOOK", ROOT / "target/release/offhook")).resolve()


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """The path of a release of the committed run."""
    if not PROGRAM.exists():
        pytest.skip("no program: cargo build --release")
    path = tmp_path_factory.mktemp("release") / "quickstart.offhook"
    run = ROOT / "results/reference/quickstart"
    subprocess.run([PROGRAM, "release", run, "--out", path], check=True, capture_output=True)
    return path


@pytest.fixture
def agent(release):
    return Agent(release)


def test_a_call_is_opened_answered_and_closed(agent):
    reply = agent.turn()
    assert reply.action == "greet" and reply.text.startswith("Good day")
    assert reply.rule.endswith(": greet") and reply.rule_id and not reply.ended
    assert reply.allowed == ["greet"] and reply.recorded == {} and reply.outcome is None
    table = json.loads((ROOT / "results/reference/quickstart/table.json").read_text())
    levels = {f["name"]: f["levels"][code] for f, code in zip(table["features"], reply.codes, strict=True)}
    # Nothing is known yet but how often things are so.
    assert {code for name, code in zip(levels, reply.codes) if not name.startswith("belief.")} == {0}
    assert levels["belief.right_person"] == "<.9" and levels["belief.machine"] == "<.1"
    assert agent.why_not("greet") == []
    assert agent.why_not("close") == ["say hello first"]
    while not reply.ended:
        reply = agent.turn([("affirm", 0.97)])
    assert reply.outcome == "completed"
    assert reply.recorded["payment"].value == "yes"
    assert 0.9 < reply.recorded["payment"].confidence <= 1
    assert reply.recorded["payment"].confirmed in (True, False)
    with pytest.raises(TurnError, match="the call ended with"):
        agent.turn(["thank"])
    line = json.loads(agent.log())
    assert line["outcome"] == "completed" and line["call_id"] == "call-1"
    assert line["schema"] == 2 and line["ended"] == {"by": "robot"}
    assert [turn["action"] for turn in line["turns"]][0] == "greet"
    assert line["turns"][0]["n_best"] == [{"acts": ["affirm"], "confidence": 0.97}]
    agent.start(call_id="again", caller={"id": "7"})
    assert agent.turn().action == "greet"
    assert agent.end("customer") == "hung_up"
    line = json.loads(agent.log())
    assert line["call_id"] == "again" and line["caller"]["id"] == "7"
    with pytest.raises(CallError, match="unknown `region`"):
        agent.start(caller={"features": {"region": "north"}})


def test_readings_are_given_in_three_ways(release):
    said = []
    for heard in (
        [{"acts": ["affirm", "thank"], "confidence": 0.5}, {"acts": ["deny"], "confidence": 0.25}],
        [(["affirm", "thank"], 0.5), ("deny", 0.25)],
    ):
        agent = Agent(release.read_bytes())
        agent.turn()
        reply = agent.turn(heard)
        said.append((reply.text, reply.codes, agent.state()))
    assert said[0] == said[1]
    agent.start()
    agent.turn()
    certain, state = agent.turn(["affirm"]).codes, agent.state()
    agent.start()
    agent.turn()
    assert agent.turn([("affirm", 1.0)]).codes == certain and agent.state() == state
    agent.start()
    agent.turn()
    silent = agent.turn([]).codes
    agent.start()
    agent.turn()
    assert agent.turn(None).codes == silent != certain


def test_a_mistake_keeps_the_turn(agent):
    with pytest.raises(TurnError, match="before anything was said"):
        agent.turn(["affirm"])
    agent.turn()
    state = agent.state()
    for heard, message in (
        (["mumble"], "unknown act `mumble`"),
        ([("affirm", 2.0)], "confidence 2, expected 0 to 1"),
        (["inform(payment=perhaps)"], "slot `payment` cannot be `perhaps`, expected one of yes, no"),
    ):
        with pytest.raises(ActError, match=message.replace("(", r"\(")):
            agent.turn(heard)
        assert agent.state() == state
    for nonsense in ("affirm", [1], [("affirm",)], {"acts": []}):
        with pytest.raises(TypeError):
            agent.turn(nonsense)
    with pytest.raises(TurnError, match="the call goes on"):
        agent.log()
    with pytest.raises(ValueError, match="no action 'dance'"):
        agent.why_not("dance")
    with pytest.raises(ValueError, match="nobody called"):
        agent.end("cat")
    assert issubclass(ActError, CallError) and issubclass(CallError, ValueError)


def test_a_call_goes_on_elsewhere(release):
    here, there = Agent(release), Agent(release)
    here.turn()
    for act in ("affirm", "distrust", "affirm", "repeat", "affirm"):
        state, history = here.state(), here.history()
        assert len(state) < 300
        there.resume(state, history)
        one, other = here.turn([(act, 0.8)]), there.turn([(act, 0.8)])
        assert (one.text, one.codes, here.state()) == (other.text, other.codes, there.state())
        if one.ended:
            break
    here.end("line"), there.end("line")
    assert json.loads(here.log())["turns"] == json.loads(there.log())["turns"]
    for nonsense in (b"", state[:-1], bytes(200)):
        with pytest.raises(StateError):
            there.resume(nonsense)
    with pytest.raises(StateError, match="missing field"):
        there.resume(state, "{}")


def test_what_is_no_release_is_said(release, tmp_path):
    with pytest.raises(FileNotFoundError):
        Agent(tmp_path / "missing.offhook")
    with pytest.raises(ReleaseError, match="not a release"):
        Agent(b"{}")
    with pytest.raises(ReleaseError, match="checksum"):
        Agent(release.read_bytes().replace(b"Good day", b"Good dog", 1))
    with pytest.raises(TypeError):
        Agent(7)
