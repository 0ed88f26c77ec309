"""Many calls side by side as a `gymnasium.vector.VectorEnv`."""

from __future__ import annotations

import os
from typing import Any, ClassVar, Literal

import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from offhook._native import CallBatch, Scenario
from offhook.episodes import action_space, any_seed, as_scenario, as_seed, first_episode, observation_space


class CallVectorEnv(VectorEnv[NDArray[np.uint8], NDArray[np.int64], NDArray[Any]]):
    """Calls of one scenario, stepped together in Rust; see `CallEnv` for what an episode is.

    Autoreset is *same-step*: where a call ended, the observation is already the first one of the
    next call, and ``info`` has ``final_obs`` and ``final_info`` of the one that ended, in the shape
    that `gymnasium.vector.SyncVectorEnv` gives them. ``info["action_mask"]`` belongs to the
    observation that is returned.

    ``reset(seed=s)`` lets call ``i`` play episodes ``i``, ``i + num_envs``, ``i + 2 num_envs``, ...
    of seed ``s``; a later ``reset()`` goes on behind the last episode that was started, and
    ``reset(options={"episode": n})`` counts from ``n``.

    Args:
        num_envs: Number of calls.
        scenario: Name of a bundled scenario, path of a scenario file, or a `Scenario`.
        masked: What becomes of masked actions, ``"replace"`` or ``"raise"``; with ``"raise"`` no
            call has moved when `step` raises.
        copy: Without, observations, rewards, flags and ``info["action_mask"]`` are the arrays that
            Rust writes into, and every step overwrites them.
    """

    metadata: ClassVar[dict[str, Any]] = {
        "render_modes": [],
        "autoreset_mode": AutoresetMode.SAME_STEP,
    }

    def __init__(
        self,
        num_envs: int = 1,
        scenario: Scenario | str | os.PathLike[str] = "fraud_alert",
        masked: Literal["replace", "raise"] = "replace",
        copy: bool = True,
    ) -> None:
        self.num_envs = num_envs
        self.scenario = as_scenario(scenario)
        self.copy = copy
        self._batch = batch = CallBatch(self.scenario, num_envs, masked)
        self.single_observation_space = observation_space(self.scenario)
        self.single_action_space = action_space(self.scenario)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._outputs = (batch.codes, batch.rewards, batch.terminated, batch.truncated)
        self._action_mask = batch.action_mask
        self._every_call = np.ones(num_envs, dtype=np.bool_)
        self._seed: int | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """Starts every call anew."""
        super().reset(seed=seed)
        next_episode = self._batch.next_episode
        if seed is not None:
            self._seed, next_episode = as_seed(seed), 0
        elif self._seed is None:
            self._seed = any_seed(self.np_random)
        self._batch.reset(self._seed, first_episode(options, next_episode))
        return self._own(self._outputs[0]), self._info()

    def step(
        self, actions: NDArray[np.int64]
    ) -> tuple[NDArray[np.uint8], NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """Takes one action per call."""
        if self._seed is None:
            raise ResetNeeded("reset comes before step")
        n_ended, n_replaced = self._batch.step(_as_actions(actions))
        info = self._info()
        over = self._batch.over.copy() if n_ended else None
        if n_replaced:
            self._add_masked(info, over)
        if over is not None:
            final_obs = self._batch.final_obs()
            final_info = self._batch.final_info(over)
            if n_replaced and (replaced := self._batch.replaced & over).any():
                final_info["masked"] = final_info["_masked"] = replaced
            info.update(final_obs=final_obs, _final_obs=over, final_info=final_info, _final_info=over)
        codes, rewards, terminated, truncated = map(self._own, self._outputs)
        return codes, rewards, terminated, truncated, info

    def action_masks(self) -> NDArray[np.bool_]:
        """The allowed actions now, one row per call and one bool per action."""
        return self._own(self._action_mask)

    def sample_actions(self, rng: np.random.Generator | None = None) -> NDArray[np.int64]:
        """One allowed action per call, each as likely as the others; `rng` is the environment's own
        if none is given."""
        rng = self.np_random if rng is None else rng
        return self._batch.pick(rng.random(self.num_envs))

    def _own(self, array: NDArray[Any]) -> NDArray[Any]:
        return array.copy() if self.copy else array

    def _info(self) -> dict[str, Any]:
        return {"action_mask": self.action_masks(), "_action_mask": self._every_call.copy()}

    def _add_masked(self, info: dict[str, Any], over: NDArray[np.bool_] | None) -> None:
        """Calls that ended report a replaced action in ``final_info``, as all of that step."""
        replaced = self._batch.replaced.copy() if over is None else self._batch.replaced & ~over
        if replaced.any():
            info["masked"] = info["_masked"] = replaced


def _as_actions(actions: Any) -> NDArray[np.int64]:
    array = np.asarray(actions)
    if array.dtype.kind not in "iu":
        raise TypeError(f"actions must be whole numbers, not {array.dtype}")
    return array.astype(np.int64, copy=False)
