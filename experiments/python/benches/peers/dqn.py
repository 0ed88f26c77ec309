"""DQN of Stable-Baselines3, which knows no masks: an action that is not allowed becomes the next allowed
one, and while judging the best allowed action is taken."""

import numpy as np
import torch
from stable_baselines3 import DQN
from stable_baselines3.common.callbacks import BaseCallback

from .calls import SbCalls

N_CALLS = 64
REWARD_SCALE = 0.05
SETTINGS = dict(
    learning_rate=1e-3,  # default 1e-4
    buffer_size=100_000,  # default 1,000,000
    learning_starts=5_000,  # default 100
    batch_size=256,  # default 32
    gamma=0.995,  # default 0.99
    train_freq=1,  # vector steps; default 4
    gradient_steps=4,  # default 1; so one gradient step for 16 environment steps
    target_update_interval=100,  # vector steps; default 10,000 environment steps
    exploration_fraction=0.3,  # default 0.1
    exploration_final_eps=0.05,  # the default
    policy_kwargs=dict(net_arch=[64, 64]),  # the default
)


class Looks(BaseCallback):
    """Lets the course look at the policy between two rollouts."""

    def __init__(self, course):
        super().__init__()
        self.course = course

    def _on_step(self):
        return True

    def _on_rollout_start(self):
        self.course.look(self.num_timesteps, choose(self.model))


def choose(model):
    def best(columns, mask):
        with torch.no_grad():
            q = model.q_net(torch.from_numpy(columns)).numpy()
        return np.where(mask, q, -np.inf).argmax(axis=1)

    return best


def train(course):
    env = SbCalls(course.scenario, N_CALLS, course.seed, REWARD_SCALE)
    model = DQN("MlpPolicy", env, seed=course.seed, device="cpu", **SETTINGS)
    course.start()
    model.learn(course.steps, callback=Looks(course))
    course.look(model.num_timesteps, choose(model))
