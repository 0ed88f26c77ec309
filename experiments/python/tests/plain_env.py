"""A call as an environment in plain Python, as a researcher would write it: dicts, lists, NumPy draws.

It is the peer that `benches/bench.py` measures the package against, of the same kind and size as the
bundled scenarios: a persona with a hidden goal, an agenda, mood and patience; an n-best list with
confusions and Dirichlet scores (Thomson et al., 2012); a tracker with slot beliefs; rules of conduct
and masks over 20 actions; a reward by named terms; one code per feature as observation. It still
does less than they do: no speech times, harms, recognition difficulty or callback slots.
"""

import math

import gymnasium
import numpy as np
from gymnasium.spaces import Discrete, MultiDiscrete

SLOTS = ["payment", "card", "refund"]
QUESTIONS = ["who", "which", "what_now"]
CONCERNS = ["scam", "no_time"]
ACTIONS = (
    ["greet", "confirm_identity", "state_purpose", "apologize", "repeat", "transfer", "close"]
    + [f"inform({slot})" for slot in SLOTS]
    + [f"ask({slot})" for slot in SLOTS]
    + [f"answer({question})" for question in QUESTIONS]
    + [f"address({concern})" for concern in CONCERNS]
    + ["offer", "propose_callback"]
)
USER_ACTS = (
    ["silence", "affirm", "deny", "accept", "decline", "busy", "request_human", "opt_out", "unrelated"]
    + [f"inform({slot}={value})" for slot in SLOTS for value in ("yes", "no")]
    + [f"ask({question})" for question in QUESTIONS]
    + [f"object({concern})" for concern in CONCERNS]
)
LEVELS = {
    "turn": 9,
    "said": len(ACTIONS) + 1,
    "heard": len(USER_ACTS) + 1,
    "heard_before": len(USER_ACTS) + 1,
    "confidence": 5,
    "misses": 3,
    "identity": 3,
    "purpose": 2,
    "availability": 2,
    "human": 2,
    "opt_out": 2,
    "callback": 2,
    "offer": 3,
    **{f"told.{slot}": 2 for slot in SLOTS},
    **{f"slot.{slot}": 5 for slot in SLOTS},
    **{f"question.{question}": 3 for question in QUESTIONS},
    **{f"concern.{concern}": 3 for concern in CONCERNS},
}
# Rules of conduct: when they speak, and what they forbid.
RULES = [
    (lambda f: f["identity"] != 1, [a for a in ACTIONS if a.startswith(("inform", "ask")) or a == "offer"]),
    (lambda f: f["opt_out"] == 1, [a for a in ACTIONS if a not in ("apologize", "close")]),
    (lambda f: f["human"] == 1 and f["opt_out"] == 0, [a for a in ACTIONS if a != "transfer"]),
    (lambda f: f["offer"] == 2, ["offer"]),
]
# How often an act is understood as which other one.
CONFUSION = np.full((len(USER_ACTS), len(USER_ACTS)), 0.2 / (len(USER_ACTS) - 1))
np.fill_diagonal(CONFUSION, 0.8)
REWARD = {"completion": 20.0, "per_turn": -0.3, "hang_up": -5.0, "handoff": -3.0, "satisfaction": 1.5}
MAX_TURNS = 30


def about(name):
    """What an act is about: ``payment`` of ``ask(payment)``."""
    return name[name.index("(") + 1 : -1].split("=")[0] if "(" in name else None


class PlainCallEnv(gymnasium.Env):
    """One call: identify the customer, say why you call, learn the slots, and close."""

    def __init__(self):
        self.observation_space = MultiDiscrete(list(LEVELS.values()), dtype=np.uint8)
        self.action_space = Discrete(len(ACTIONS))

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        rng = self.np_random
        self.goal = {
            "right_person": rng.random() < 0.9,
            "busy": rng.random() < 0.1,
            "values": {slot: rng.choice(["yes", "no"]) for slot in SLOTS},
            "accepts": rng.random() < 0.7,
            "questions": [question for question in QUESTIONS if rng.random() < 0.3],
            "concerns": [concern for concern in CONCERNS if rng.random() < 0.3],
        }
        self.persona = {
            "patience": rng.beta(4, 2),
            "wants_human": rng.random() < 0.03,
            "opts_out": rng.random() < 0.02,
        }
        self.mood = 0.5
        self.beliefs = {slot: {"yes": 0.0, "no": 0.0} for slot in SLOTS}
        self.features = dict.fromkeys(LEVELS, 0)
        self.terms = dict.fromkeys(REWARD, 0.0)
        self.n_turns = 0
        return self.observation(), {"action_mask": self.action_masks()}

    def step(self, action):
        name = ACTIONS[action]
        self.n_turns += 1
        said = self.respond(name)
        hung_up = said == "hang_up"
        n_best = [] if hung_up else self.channel(said)
        self.track(action, n_best)
        terminated = hung_up or name in ("close", "transfer")
        truncated = not terminated and self.n_turns >= MAX_TURNS
        reward = self.reward(name, hung_up, terminated or truncated)
        info = {"action_mask": self.action_masks()}
        if terminated or truncated:
            info["outcome"] = "completed" if self.is_complete() else "incomplete"
            info["turns"] = self.n_turns
            info["reward_terms"] = dict(self.terms)
        return self.observation(), reward, terminated, truncated, info

    def respond(self, name):
        """The customer's act, or ``hang_up``."""
        rng, goal, persona = self.np_random, self.goal, self.persona
        self.mood -= 0.02 + (0.1 if name in ("repeat", "apologize") else 0.0)
        topic = about(name)
        if name.startswith("answer") and topic in goal["questions"]:
            goal["questions"].remove(topic)
            self.mood += 0.1
        if name.startswith("address") and topic in goal["concerns"]:
            goal["concerns"].remove(topic)
            self.mood += 0.1
        hazard = 1.0 / (1.0 + math.exp(4.0 + 4.0 * self.mood + 2.0 * persona["patience"]))
        if rng.random() < hazard:
            return "hang_up"
        agenda = []
        if persona["opts_out"] and self.n_turns > 2:
            agenda.append(("opt_out", 0.5))
        if persona["wants_human"]:
            agenda.append(("request_human", 0.3))
        if goal["busy"]:
            agenda.append(("busy", 0.4))
        agenda += [(f"object({concern})", 0.3) for concern in goal["concerns"]]
        agenda += [(f"ask({question})", 0.3) for question in goal["questions"]]
        for act, prob in agenda:
            if rng.random() < prob:
                return act
        if name == "confirm_identity":
            return "affirm" if goal["right_person"] else "deny"
        if name.startswith("ask"):
            return f"inform({topic}={goal['values'][topic]})"
        if name == "offer":
            return "accept" if goal["accepts"] else "decline"
        if name == "propose_callback":
            return "affirm" if goal["busy"] else "deny"
        return rng.choice(["affirm", "silence", "unrelated"], p=[0.5, 0.4, 0.1])

    def channel(self, said):
        """What the robot understands: acts with confidences, best first."""
        rng, n_acts = self.np_random, len(USER_ACTS)
        best = rng.choice(n_acts, p=CONFUSION[USER_ACTS.index(said)])
        heard = [best, *rng.integers(n_acts, size=2)]
        scores = sorted(rng.dirichlet([6.0, 1.0, 1.0, 1.0])[:3], reverse=True)
        return [(USER_ACTS[act], score) for act, score in zip(heard, scores)]

    def track(self, action, n_best):
        """What the robot believes after it said `action` and heard `n_best`."""
        features, name = self.features, ACTIONS[action]
        features["turn"] = min(self.n_turns // 2, 8)
        features["said"] = action + 1
        features["heard_before"] = features["heard"]
        if name == "state_purpose":
            features["purpose"] = 1
        elif name.startswith("inform"):
            features[f"told.{about(name)}"] = 1
        elif name.startswith("answer"):
            features[f"question.{about(name)}"] = 2
        elif name.startswith("address"):
            features[f"concern.{about(name)}"] = 2
        if not n_best:
            features["heard"], features["confidence"] = 0, 0
            return
        act, confidence = n_best[0]
        features["heard"] = USER_ACTS.index(act) + 1
        features["confidence"] = min(int(confidence * 5), 4)
        features["misses"] = min(features["misses"] + 1, 2) if act == "unrelated" else 0
        if name == "confirm_identity" and act in ("affirm", "deny"):
            features["identity"] = 1 if act == "affirm" else 2
        elif name == "offer" and act in ("accept", "decline"):
            features["offer"] = 1 if act == "accept" else 2
        elif name == "propose_callback" and act == "affirm":
            features["callback"] = 1
        for flag, user_act in (("availability", "busy"), ("human", "request_human"), ("opt_out", "opt_out")):
            if act == user_act:
                features[flag] = 1
        if act.startswith("ask"):
            features[f"question.{about(act)}"] = 1
        elif act.startswith("object"):
            features[f"concern.{about(act)}"] = 1
        for act, confidence in n_best:
            if act.startswith("inform"):
                value = act[:-1].split("=")[1]
                belief = self.beliefs[about(act)]
                belief[value] += (1.0 - belief[value]) * confidence
        for slot, belief in self.beliefs.items():
            value = max(belief, key=belief.get)
            level = 0 if belief[value] < 0.1 else 1 if belief[value] < 0.6 else 2
            features[f"slot.{slot}"] = 0 if level == 0 else level + 2 * (value == "no")

    def reward(self, name, hung_up, over):
        """The reward of the turn, paid into its terms."""
        due = {"per_turn": 1.0}
        if hung_up:
            due["hang_up"] = 1.0
        if name == "transfer":
            due["handoff"] = 1.0
        if over:
            due["completion"] = float(self.is_complete() and name == "close")
            due["satisfaction"] = max(-2, min(2, round(2.0 * self.mood)))
        for term, amount in due.items():
            self.terms[term] += REWARD[term] * amount
        return sum(REWARD[term] * amount for term, amount in due.items())

    def is_complete(self):
        features, beliefs, values = self.features, self.beliefs, self.goal["values"]
        return (
            self.goal["right_person"]
            and features["identity"] == 1
            and features["purpose"] == 1
            and all(max(belief, key=belief.get) == values[slot] for slot, belief in beliefs.items())
        )

    def action_masks(self):
        """The allowed actions: what makes sense and breaks no rule; closing always does."""
        features = self.features
        if self.n_turns == 0:
            return np.array([name == "greet" for name in ACTIONS])
        forbidden = {"greet"}
        for speaks, actions in RULES:
            if speaks(features):
                forbidden.update(actions)
        forbidden.update(f"answer({q})" for q in QUESTIONS if features[f"question.{q}"] != 1)
        forbidden.update(f"address({c})" for c in CONCERNS if features[f"concern.{c}"] != 1)
        if features["purpose"] == 0:
            forbidden.update(name for name in ACTIONS if name.startswith(("inform", "ask")))
        return np.array([name not in forbidden for name in ACTIONS])

    def observation(self):
        return np.array(list(self.features.values()), dtype=np.uint8)
