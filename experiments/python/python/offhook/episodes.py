"""Scenarios, spaces and seeds: what one environment and many have in common."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from gymnasium.spaces import Discrete, MultiDiscrete

from offhook._native import Scenario


def as_scenario(scenario: Scenario | str | os.PathLike[str]) -> Scenario:
    """A scenario as it is, by the name of a bundled one, or read from a file."""
    return scenario if isinstance(scenario, Scenario) else Scenario(os.fspath(scenario))


def observation_space(scenario: Scenario) -> MultiDiscrete:
    """One code per feature; code ``c`` of feature ``f`` means ``scenario.features[f][1][c]``."""
    return MultiDiscrete([len(levels) for _, levels in scenario.features], dtype=np.uint8)


def action_space(scenario: Scenario) -> Discrete:
    """One number per action, named by ``scenario.actions``."""
    return Discrete(len(scenario.actions))


def as_seed(seed: int) -> int:
    """A seed that Rust takes, too: 64 bits without sign."""
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed must be from 0 to 2**64 - 1, not {seed}")
    return int(seed)


def any_seed(rng: np.random.Generator) -> int:
    """A seed for an environment that was never given one."""
    return int(rng.integers(2**63))


def first_episode(options: dict[str, Any] | None, otherwise: int) -> int:
    """The number of the episode that ``options`` ask for."""
    unknown = sorted(set(options or {}) - {"episode"})
    if unknown:
        raise ValueError(f"unknown reset options {unknown}; there is 'episode'")
    episode = (options or {}).get("episode", otherwise)
    if not 0 <= episode < 2**63:
        raise ValueError(f"options['episode'] must be a number from 0 on, not {episode}")
    return int(episode)
