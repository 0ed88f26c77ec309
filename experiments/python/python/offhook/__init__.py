"""Outbound calls as Gymnasium environments.

Importing the package registers one environment per bundled scenario, such as
``offhook/FraudAlert-v0``. `CallEnv` plays one call at a time, `CallVectorEnv` many side by side at
native speed; both mask actions, and a masked action is never taken. `Table` is an exported policy:
it decides by what an environment observes, or by names. `Agent` is a release: it holds whole calls.
"""

from offhook._native import (
    ActError,
    Agent,
    CallError,
    Decision,
    Recorded,
    ReleaseError,
    Reply,
    Scenario,
    StateError,
    Table,
    TurnError,
    scenarios,
)
from offhook.call_env import CallEnv
from offhook.call_vector_env import CallVectorEnv
from offhook.registration import env_id, register_scenarios

__all__ = [
    "ActError",
    "Agent",
    "CallEnv",
    "CallError",
    "CallVectorEnv",
    "Decision",
    "Recorded",
    "ReleaseError",
    "Reply",
    "Scenario",
    "StateError",
    "Table",
    "TurnError",
    "env_id",
    "scenarios",
]

register_scenarios()
