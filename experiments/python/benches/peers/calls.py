"""Calls for PyTorch: one-hot observations, a vector environment for Stable-Baselines3, a judge."""

from dataclasses import dataclass

import numpy as np
import offhook
from gymnasium.spaces import Box
from stable_baselines3.common.vec_env import VecEnv

HELD_OUT = 1_000_000_000
"""Seeds from here on are for judging; training uses smaller ones."""


class OneHot:
    """Codes as the columns that our own networks see, computed at once for many rows."""

    def __init__(self, scenario):
        n_levels = np.array([len(levels) for _, levels in scenario.features])
        self.offsets = np.concatenate([[0], np.cumsum(n_levels)[:-1]])
        self.n_columns = int(n_levels.sum())

    def __call__(self, codes):
        rows = np.zeros((len(codes), self.n_columns), dtype=np.float32)
        rows[np.arange(len(codes))[:, None], self.offsets + codes] = 1.0
        return rows


class SbCalls(VecEnv):
    """`CallVectorEnv` as Stable-Baselines3 knows vector environments, without a loop over calls.

    Rewards are multiplied by `reward_scale`, as our own learner does. Of a learner that knows no masks,
    an action that is not allowed becomes the next allowed one.
    """

    render_mode = None

    def __init__(self, scenario, n_calls, seed, reward_scale):
        self.calls = offhook.CallVectorEnv(n_calls, scenario, copy=False)
        self.one_hot = OneHot(self.calls.scenario)
        self.first_seed, self.reward_scale = seed, reward_scale
        columns = Box(0.0, 1.0, (self.one_hot.n_columns,), np.float32)
        super().__init__(n_calls, columns, self.calls.single_action_space)

    def reset(self):
        codes, _ = self.calls.reset(seed=self.first_seed)
        return self.one_hot(codes)

    def step_async(self, actions):
        self.actions = actions

    def step_wait(self):
        codes, rewards, terminated, truncated, info = self.calls.step(self.actions)
        infos = [{} for _ in range(self.num_envs)]
        over = terminated | truncated
        for i in np.flatnonzero(over):
            infos[i]["terminal_observation"] = self.one_hot(info["final_obs"][i][None])[0]
            infos[i]["TimeLimit.truncated"] = bool(truncated[i] and not terminated[i])
        scaled = (rewards * self.reward_scale).astype(np.float32)
        return self.one_hot(codes), scaled, over, infos

    def action_masks(self):
        return self.calls.action_masks()

    def env_method(self, name, *args, indices=None, **kwargs):
        return getattr(self, name)(*args, **kwargs)

    def has_attr(self, name):
        return hasattr(self, name)

    def get_attr(self, name, indices=None):
        return [getattr(self, name)] * self.num_envs

    def set_attr(self, name, value, indices=None):
        setattr(self, name, value)

    def env_is_wrapped(self, wrapper_class, indices=None):
        return [False] * self.num_envs

    def close(self):
        pass


@dataclass
class Judged:
    """Held-out calls of a policy: share completed, mean return in reward units, number of calls."""

    completion: float
    return_: float
    n: int


class Judge:
    """Plays held-out calls, all side by side, with `choose(columns, mask) -> actions`."""

    def __init__(self, scenario, n_calls):
        self.calls = offhook.CallVectorEnv(n_calls, scenario, copy=False)
        self.one_hot = OneHot(self.calls.scenario)

    def __call__(self, choose, seed):
        n = self.calls.num_envs
        codes, info = self.calls.reset(seed=HELD_OUT + seed)
        open_, completed, returns = np.ones(n, bool), np.zeros(n, bool), np.zeros(n)
        while open_.any():
            actions = choose(self.one_hot(codes), info["action_mask"])
            codes, _, _, _, info = self.calls.step(actions)
            if "final_info" in info:
                ended = info["_final_info"] & open_
                final = info["final_info"]
                completed[ended] = final["outcome"][ended] == "completed"
                returns[ended] = final["return"][ended]
                open_ &= ~ended
        return Judged(completed.mean(), returns.mean(), n)
