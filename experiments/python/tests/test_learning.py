"""A learner that others wrote learns here: sb3-contrib's MaskablePPO beats random allowed actions."""

import numpy as np
import offhook
import torch
from sb3_contrib import MaskablePPO
from stable_baselines3.common.env_util import make_vec_env

N_CALLS = 500


def mean_return(choose):
    """Mean return of episodes 0 to N_CALLS - 1 of a seed that training did not see."""
    env = offhook.CallEnv()
    codes, _ = env.reset(seed=99)
    returns = []
    while len(returns) < N_CALLS:
        codes, _, terminated, truncated, info = env.step(choose(codes, env.action_masks()))
        if terminated or truncated:
            returns.append(info["return"])
            codes, _ = env.reset()
    return np.mean(returns), np.std(returns) / np.sqrt(N_CALLS)


def test_maskable_ppo_beats_random():
    torch.set_num_threads(1)
    calls = make_vec_env(offhook.CallEnv, n_envs=16, seed=1)
    model = MaskablePPO("MlpPolicy", calls, n_steps=64, batch_size=256, n_epochs=4, gamma=0.99, ent_coef=0.01, learning_rate=1e-3, seed=1)
    model.learn(50_000)

    rng = np.random.default_rng(1)
    random, random_error = mean_return(lambda _, mask: rng.choice(np.flatnonzero(mask)))
    learned, learned_error = mean_return(lambda codes, mask: model.predict(codes, action_masks=mask, deterministic=True)[0])
    print(f"return: random {random:.2f} +- {random_error:.2f}, MaskablePPO {learned:.2f} +- {learned_error:.2f}")
    assert learned > random + 3.0
