"""Names of the environments in Gymnasium's registry."""

import gymnasium

from offhook._native import scenarios


def env_id(scenario: str) -> str:
    """The id of a bundled scenario's environment: ``fraud_alert`` is ``offhook/FraudAlert-v0``."""
    name = "".join(word.capitalize() for word in scenario.split("_"))
    return f"offhook/{name}-v0"


def register_scenarios() -> None:
    """Registers every bundled scenario for `gymnasium.make` and `gymnasium.make_vec`."""
    for scenario in scenarios():
        if env_id(scenario) not in gymnasium.registry:
            gymnasium.register(
                id=env_id(scenario),
                entry_point="offhook.call_env:CallEnv",
                vector_entry_point="offhook.call_vector_env:CallVectorEnv",
                kwargs={"scenario": scenario},
            )
