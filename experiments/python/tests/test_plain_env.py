"""The peer of the benchmark is an environment in its own right."""

import gymnasium
from gymnasium.utils.env_checker import check_env
from plain_env import PlainCallEnv


def test_the_plain_environment_is_accepted():
    gymnasium.register("PlainCall-v0", entry_point=PlainCallEnv)
    check_env(gymnasium.make("PlainCall-v0").unwrapped)
