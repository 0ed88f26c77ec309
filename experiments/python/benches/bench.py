"""Steps per CPU second with random allowed actions, side by side in one run, and as ratios.

    python experiments/python/benches/bench.py [SCENARIO] [--json]

- *plain Python*: `tests/plain_env.py` under Gymnasium's `SyncVectorEnv`;
- *CallEnv*: the package's single environment under the same `SyncVectorEnv`;
- *CallVectorEnv*: the package's native vector environment, with and without copied arrays;
- *Rust core*: the same calls stepped inside Rust, actions drawn there, too.

Actions of the first three are drawn by Python: for `SyncVectorEnv` by NumPy from the masks in
`info`, for `CallVectorEnv` by `sample_actions` (NumPy draws, Rust picks) or, in the line that says
so, by NumPy alone. A figure is the best of several windows, since other work on the machine only
slows down; windows of the contenders alternate.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import offhook
from offhook._native import CallBatch

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from plain_env import PlainCallEnv  # noqa: E402

N_WINDOWS = 5


def numpy_actions(mask, rng):
    """One allowed action per row: the allowed action with the highest draw."""
    return (rng.random(mask.shape, dtype=np.float32) * mask).argmax(axis=1)


class Gym:
    """A vector environment stepped from Python with actions drawn by NumPy from `info`."""

    def __init__(self, env):
        self.env, self.rng, self.n_calls = env, np.random.default_rng(0), env.num_envs
        _, self.info = env.reset(seed=0)

    def play(self, n_steps):
        for _ in range(n_steps):
            actions = numpy_actions(self.info["action_mask"], self.rng)
            *_, self.info = self.env.step(actions)


class Native:
    """A `CallVectorEnv` stepped from Python with its own sampler."""

    def __init__(self, env):
        self.env, self.rng, self.n_calls = env, np.random.default_rng(0), env.num_envs
        env.reset(seed=0)

    def play(self, n_steps):
        for _ in range(n_steps):
            self.env.step(self.env.sample_actions(self.rng))


class Core:
    """The calls stepped inside Rust."""

    def __init__(self, scenario, n_calls):
        self.batch, self.n_calls = CallBatch(scenario, n_calls, "raise"), n_calls
        self.batch.reset(0, 0)

    def play(self, n_steps):
        self.batch.play_random(n_steps)


def sync(make, n_calls):
    return Gym(SyncVectorEnv([make] * n_calls, autoreset_mode=AutoresetMode.SAME_STEP))


def contenders(scenario, n_calls):
    """Name, player, and steps per window of all calls together."""

    def vector(**kwargs):
        return offhook.CallVectorEnv(n_calls, scenario, **kwargs)

    yield "plain Python, SyncVectorEnv", sync(PlainCallEnv, n_calls), 8_192
    yield "CallEnv, SyncVectorEnv", sync(lambda: offhook.CallEnv(scenario), n_calls), 16_384
    yield "CallVectorEnv, NumPy actions", Gym(vector()), 524_288
    yield "CallVectorEnv", Native(vector()), 524_288
    yield "CallVectorEnv(copy=False)", Native(vector(copy=False)), 524_288
    yield "Rust core", Core(scenario, n_calls), 2_097_152


def measure(scenario, n_calls):
    """Best steps per CPU second of every contender."""
    field = list(contenders(scenario, n_calls))
    best = {}
    for _ in range(N_WINDOWS):
        for name, player, n_steps in field:
            start = time.process_time()
            player.play(n_steps // n_calls)
            seconds = time.process_time() - start
            best[name] = max(best.get(name, 0.0), n_steps / seconds)
    return best


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("scenario", nargs="?", default="fraud_alert")
    parser.add_argument("--json", action="store_true", help="one record a line")
    args = parser.parse_args()
    scenario = offhook.Scenario(args.scenario)
    for n_calls in (64, 1024):
        best = measure(scenario, n_calls)
        plain = next(iter(best.values()))
        if not args.json:
            print(f"{scenario.name}, {n_calls} calls{'steps/s':>24}{'ratio':>8}")
        for name, speed in best.items():
            if args.json:
                place = {"scenario": scenario.name, "batch": n_calls, "env": name}
                record = {"metric": "python.steps_per_s", "value": speed, "n": N_WINDOWS}
                print(json.dumps(record | {"unit": "steps/s", "where": place}))
            else:
                print(f"  {name:<30}{speed:>12,.0f}{speed / plain:>8,.0f}")


if __name__ == "__main__":
    main()
