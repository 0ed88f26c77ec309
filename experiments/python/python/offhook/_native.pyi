"""The native half of the package; environments are made of it."""

from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any, Literal, TypeAlias, final

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

class ReleaseError(ValueError):
    """Not a sound release."""

class CallError(ValueError):
    """Nothing was done; the call is as it was before."""

class ActError(CallError):
    """What was heard cannot be: an unknown act, an impossible value; the turn is kept."""

class TurnError(CallError):
    """Something out of turn: too early, too late, or after the end."""

class StateError(CallError):
    """No state of a call of this release."""

Reading: TypeAlias = str | tuple[str | list[str], float] | Mapping[str, Any]
"""An act, which is certain; an act or several with a confidence; or as in a call log, ``{"acts": [...], "confidence": c}``."""

@final
class Recorded:
    """What is recorded of a slot."""

    @property
    def value(self) -> str:
        """Its likeliest value."""
    @property
    def confidence(self) -> float:
        """How likely it is, from 0 to 1."""
    @property
    def confirmed(self) -> bool:
        """Whether the customer said yes when the robot read it out."""

@final
class Reply:
    """What the robot does now, and what it knows."""

    @property
    def text(self) -> str:
        """The words to say, with the value that is read out."""
    @property
    def action(self) -> str:
        """The action's name, such as ``inform(payment)``."""
    @property
    def recorded(self) -> dict[str, Recorded]:
        """What is recorded so far, by slot; slots of which nothing was heard are left out."""
    @property
    def rule(self) -> str:
        """The rule that fired, in words."""
    @property
    def rule_id(self) -> str | None:
        """Its id; None where none fired."""
    @property
    def value(self) -> str | None:
        """The value that is read out, if any."""
    @property
    def allowed(self) -> list[str]:
        """The names of the actions that are allowed now."""
    @property
    def codes(self) -> bytes:
        """The observation that the table decided by: one level code per feature."""
    @property
    def ended(self) -> bool:
        """Whether the call is over once this was said."""
    @property
    def outcome(self) -> str | None:
        """How the call ended, as the robot can know it; None while it goes on."""

@final
class Agent:
    """A release that holds one call after the other."""

    def __new__(cls, source: str | PathLike[str] | bytes) -> Agent:
        """Reads a release: the path of its file, or its bytes; and begins a call.

        Every byte is checked and the table proved again. ``FileNotFoundError`` if there is no file,
        ``ReleaseError`` if it is no sound release.
        """
    def start(
        self,
        call_id: str | None = None,
        caller: Mapping[str, Any] | None = None,
        start_time: str | None = None,
    ) -> None:
        """Begins another call; the log knows it by ``call_id``, or by its number.

        ``caller`` is what is known of the person called, as in a call log:
        ``{"id": "7", "features": {"region": "north"}, "recorded": {}}``.
        """
    def turn(self, acts: Iterable[Reading] | None = None) -> Reply:
        """One turn: takes in what was heard, best reading first, and says what comes next.

        The first one opens the call, with nothing heard; later no reading is silence. ``ActError`` and
        ``TurnError`` keep the turn: nothing has changed, try again.
        """
    @property
    def recorded(self) -> dict[str, Recorded]:
        """What is recorded so far, by slot."""
    def why_not(self, action: str) -> list[str]:
        """The rules of conduct and masks that forbid an action now; none where it is allowed."""
    def end(
        self, by: Literal["customer", "robot", "transfer", "timeout", "line", "never_connected"] = "customer"
    ) -> str:
        """Ends the call, and says how, as the robot can know it: an outcome, such as ``completed``."""
    def log(self) -> str:
        """The line of the call log, once the call is over; ``TurnError`` before."""
    def state(self) -> bytes:
        """The call as some two hundred bytes, which ``resume`` goes on with, here or elsewhere."""
    def history(self) -> str:
        """Who was called and the turns so far as JSON, which ``resume`` takes beside the state.

        Without it the log of the call begins where it was resumed.
        """
    def resume(self, state: bytes, history: str = "") -> None:
        """Goes on with a call that was saved; ``StateError`` if it is none of this release."""
    @property
    def scenario(self) -> str:
        """Name of the scenario."""
    @property
    def actions(self) -> list[str]:
        """Names of the actions, in the order of their numbers."""
    @property
    def checksum(self) -> str:
        """SHA-256 of the release."""

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
