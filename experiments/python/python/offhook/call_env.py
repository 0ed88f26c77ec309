"""One call at a time as a `gymnasium.Env`."""

from __future__ import annotations

import os
from typing import Any, ClassVar, Literal

import gymnasium
import numpy as np
from gymnasium.error import ResetNeeded
from numpy.typing import NDArray

from offhook._native import Call, Scenario
from offhook.episodes import action_space, any_seed, as_scenario, as_seed, first_episode, observation_space


class CallEnv(gymnasium.Env[NDArray[np.uint8], np.int64]):
    """An outbound call: the agent is the robot, an action is what it says next.

    Observation:
        ``MultiDiscrete`` of uint8 codes, one per named feature (``scenario.features``).
    Action:
        ``Discrete``, one per named action (``scenario.actions``). Rules of conduct are masks:
        ``info["action_mask"]`` and `action_masks` say what is allowed, at least one action is.
        A masked action is never taken. With ``masked="replace"`` the next allowed action, counting
        up and round, is taken instead and ``info["masked"]`` is ``True``; with ``masked="raise"``
        `step` raises ``ValueError`` and the call has not moved.
    Reward:
        Sum of the scenario's named terms, in reward units.
    End:
        ``terminated`` when the call is over, ``truncated`` at the scenario's turn limit. ``info``
        then has ``outcome`` (a name), ``satisfaction`` (1 to 5), ``turns``, ``seconds``,
        ``return``, ``reward_terms`` (by name), ``harms`` (by the hidden truth), ``rules_broken``
        (0), ``attainable`` (whether the call could complete at all), ``right_person`` (whether it
        ended as a conversation with the person called), and ``episode_idx``.
    Episodes:
        An episode is a function of the seed and its number. ``reset(seed=s)`` starts number 0 of
        seed ``s``, every later ``reset()`` the next one, and ``reset(options={"episode": n})``
        number ``n``. Rust plays the same episodes.

    Args:
        scenario: Name of a bundled scenario, path of a scenario file, or a `Scenario`.
        render_mode: ``"ansi"`` makes `render` return the dialog so far.
        masked: What becomes of masked actions, ``"replace"`` or ``"raise"``.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["ansi"], "render_fps": 1}

    def __init__(
        self,
        scenario: Scenario | str | os.PathLike[str] = "fraud_alert",
        render_mode: Literal["ansi"] | None = None,
        masked: Literal["replace", "raise"] = "replace",
    ) -> None:
        if render_mode not in (None, "ansi"):
            # Not a ValueError: Stable-Baselines3 asks every id for "rgb_array", and does without it
            # after a TypeError.
            raise TypeError(f"render_mode must be 'ansi' or None, not {render_mode!r}")
        self.scenario = as_scenario(scenario)
        self.render_mode = render_mode
        self.observation_space = observation_space(self.scenario)
        self.action_space = action_space(self.scenario)
        self._call = Call(self.scenario, masked, render_mode == "ansi")
        self._seed: int | None = None
        self._next_episode = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """Starts a call; see *Episodes* above."""
        super().reset(seed=seed)
        if seed is not None:
            self._seed, self._next_episode = as_seed(seed), 0
        elif self._seed is None:
            self._seed = any_seed(self.np_random)
        episode = first_episode(options, self._next_episode)
        self._next_episode = episode + 1
        return self._call.reset(self._seed, episode)

    def step(
        self, action: np.int64 | int
    ) -> tuple[NDArray[np.uint8], float, bool, bool, dict[str, Any]]:
        """Says one action and hears the answer."""
        if not self._call.is_running:
            raise ResetNeeded("the call is over or has not begun: reset comes before step")
        return self._call.step(int(action))

    def action_masks(self) -> NDArray[np.bool_]:
        """The allowed actions now, one bool each; the name is the one sb3-contrib looks for."""
        return self._call.action_mask()

    def render(self) -> str | None:
        """The dialog so far: words of both sides, what was said, and what was understood."""
        return self._call.dialog() if self.render_mode == "ansi" else None
