"""Outbound calls as Gymnasium environments.

Importing the package registers one environment per bundled scenario, such as
``offhook/FraudAlert-v0``. `CallEnv` plays one call at a time, `CallVectorEnv` many side by side at
native speed; both mask actions, and a masked action is never taken. `Table` is an exported policy:
it decides by what an environment observes, or by names.
"""

from offhook._native import Decision, Scenario, Table, scenarios
from offhook.call_env import CallEnv
from offhook.call_vector_env import CallVectorEnv
from offhook.registration import env_id, register_scenarios

__all__ = ["CallEnv", "CallVectorEnv", "Decision", "Scenario", "Table", "env_id", "scenarios"]

register_scenarios()
