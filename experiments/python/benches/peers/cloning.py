"""Behavior cloning in a plain PyTorch loop: transitions a second, our network and batch size."""

import statistics
import time

import numpy as np
import offhook
import torch
from torch.nn import functional as F

from .calls import OneHot
from .course import peak_memory_mb, say
from .torch_ppo import ActorCritic

N_TRANSITIONS = 16_384
BATCH_SIZE = 512  # ours
N_EPOCHS = 10  # ours


def decisions(scenario):
    """Observations, masks and allowed actions of random calls: the speed does not depend on who decided."""
    n_calls = 64
    calls, rng = offhook.CallVectorEnv(n_calls, scenario), np.random.default_rng(1)
    one_hot = OneHot(calls.scenario)
    codes, info = calls.reset(seed=1)
    rows = []
    for _ in range(N_TRANSITIONS // n_calls):
        actions = calls.sample_actions(rng)
        rows.append((one_hot(codes), info["action_mask"], actions))
        codes, _, _, _, info = calls.step(actions)
    return [torch.from_numpy(np.concatenate(column)) for column in zip(*rows)]


def measure(scenario, seeds):
    """Median transitions per CPU second."""
    columns, masks, actions = decisions(scenario)
    speeds = []
    for seed in range(1, seeds + 1):
        torch.manual_seed(seed)
        model = ActorCritic(columns.shape[1], masks.shape[1])
        adam = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
        start = time.process_time()
        for _ in range(N_EPOCHS):
            for rows in torch.randperm(N_TRANSITIONS).split(BATCH_SIZE):
                log_p, _ = model(columns[rows], masks[rows])
                loss = F.nll_loss(log_p, actions[rows])
                adam.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                adam.step()
        speeds.append(N_EPOCHS * N_TRANSITIONS / (time.process_time() - start))
    place = {"learner": "imitation", "engine": "pytorch", "threads": "1"}
    place["peak_memory_mb"] = peak_memory_mb()
    say("learn.transitions_per_s", statistics.median(speeds), seeds, "transitions/s", place)
