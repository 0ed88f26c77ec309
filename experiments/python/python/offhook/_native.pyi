"""The native half of the package; environments are made of it."""

from collections.abc import Mapping
from os import PathLike
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

def scenarios() -> list[str]:
    """Names of the bundled scenarios."""

@final
class Scenario:
    """One kind of call with its customers and channel; environments may share it."""

    def __new__(cls, name: str) -> Scenario:
        """Reads a bundled scenario by name, or a file.

        ``FileNotFoundError`` if there is neither, ``ValueError`` with every mistake in the file.
        """
    @property
    def name(self) -> str:
        """Its name."""
    @property
    def purpose(self) -> str:
        """What the call is for, in a sentence."""
    @property
    def max_turns(self) -> int:
        """System turns after which a call is truncated."""
    @property
    def features(self) -> list[tuple[str, list[str]]]:
        """Name and level names of every feature, in the order of the observation."""
    @property
    def actions(self) -> list[str]:
        """Names of the actions, in the order of their numbers."""

@final
class Decision:
    """What a table says about one observation."""

    @property
    def action(self) -> int:
        """Number of the action to take."""
    @property
    def name(self) -> str:
        """Its name."""
    @property
    def rule(self) -> str | None:
        """Id of the rule that fired; None when none did and the default action is taken."""

@final
class Table:
    """A decision table, loaded and checked; it never changes, so that threads may share it."""

    def __new__(cls, path: str | PathLike[str]) -> Table:
        """Reads a table file: JSON, DPT, CSV or DMN.

        ``FileNotFoundError`` if there is none, ``ValueError`` if it is no sound table.
        """
    @staticmethod
    def from_bytes(bytes: bytes) -> Table:
        """Reads the bytes of a table file; any bytes are safe. ``ValueError`` as above."""
    @property
    def scenario(self) -> str:
        """Name of the scenario that the table was built for."""
    @property
    def layout(self) -> str:
        """Hash of its features, levels and actions."""
    @property
    def checksum(self) -> str:
        """SHA-256 over its content."""
    @property
    def actions(self) -> list[str]:
        """Names of the actions, in the order of their numbers."""
    def check_built_for(self, scenario: Scenario) -> None:
        """``ValueError`` for another scenario than the one that the table was built for."""
    def decide(self, codes: NDArray[np.uint8]) -> Decision:
        """Decides by one level code per feature, as environments observe them.

        ``ValueError`` for another number of codes; a code without a level gets the default action.
        """
    def decide_named(self, levels: Mapping[str, str]) -> Decision:
        """Decides by names, feature to level; features that no rule tests may be left out.

        ``KeyError`` with what is unknown or missing.
        """
    def __len__(self) -> int:
        """Its rules."""

@final
class Call:
    """One call at a time."""

    def __new__(cls, scenario: Scenario, masked: str, keep_dialog: bool) -> Call: ...
    def reset(self, seed: int, episode: int) -> tuple[NDArray[np.uint8], dict[str, Any]]: ...
    @property
    def is_running(self) -> bool: ...
    def step(
        self, action: int
    ) -> tuple[NDArray[np.uint8], float, bool, bool, dict[str, Any]]: ...
    def action_mask(self) -> NDArray[np.bool_]: ...
    def dialog(self) -> str: ...

@final
class CallBatch:
    """Calls of one scenario, stepped together, with same-step autoreset.

    The arrays it hands out are made once and show what the last step wrote.
    """

    def __new__(cls, scenario: Scenario, n_calls: int, masked: str) -> CallBatch: ...
    def reset(self, seed: int, first: int) -> None: ...
    @property
    def next_episode(self) -> int:
        """The first number behind all episodes that were started."""
    def step(self, actions: NDArray[np.int64]) -> tuple[int, int]:
        """Takes one action per call; returns how many calls ended and how many actions were replaced."""
    def play_random(self, n_steps: int) -> None:
        """Takes random allowed actions inside Rust, to measure how fast that is."""
    def pick(self, uniform: NDArray[np.float64]) -> NDArray[np.int64]:
        """One allowed action per call: the one that `uniform` in [0, 1) points to."""
    @property
    def codes(self) -> NDArray[np.uint8]: ...
    @property
    def action_mask(self) -> NDArray[np.bool_]: ...
    @property
    def rewards(self) -> NDArray[np.float32]: ...
    @property
    def terminated(self) -> NDArray[np.bool_]: ...
    @property
    def truncated(self) -> NDArray[np.bool_]: ...
    @property
    def over(self) -> NDArray[np.bool_]: ...
    @property
    def replaced(self) -> NDArray[np.bool_]: ...
    def final_obs(self) -> NDArray[np.object_]: ...
    def final_info(self, over: NDArray[np.bool_]) -> dict[str, Any]: ...
