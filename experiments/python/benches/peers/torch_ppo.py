"""PPO with action masks in PyTorch, in the manner of CleanRL: one file, read from top to bottom.

Written to be fast on one thread: a shared trunk, policy and value out of one last layer, log-softmax
without distribution objects, Adam in one fused kernel, calls stepped natively. Settings are ours; minibatches of 1,024 give a third more
steps a second and learn no faster.
"""

import numpy as np
import offhook
import torch
from torch import nn
from torch.nn import functional as F

from .calls import OneHot

N_CALLS = 64
N_STEPS = 32
MINIBATCH_SIZE = 512
N_EPOCHS = 4
LEARNING_RATE = 2e-3  # falls linearly to 0
GAMMA = 0.995
GAE_LAMBDA = 0.95
CLIP_COEF = 0.2
ENT_COEF = 0.05
VF_COEF = 0.5
MAX_GRAD_NORM = 0.5
TARGET_KL = 0.03
REWARD_SCALE = 0.05


class ActorCritic(nn.Module):
    """Logits of the actions and, behind them, the value."""

    def __init__(self, n_columns, n_actions):
        super().__init__()
        trunk = [nn.Linear(n_columns, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU()]
        head = nn.Linear(64, n_actions + 1)
        with torch.no_grad():
            for layer in trunk[::2]:
                nn.init.orthogonal_(layer.weight, 2**0.5)
            nn.init.orthogonal_(head.weight[:-1], 0.01)
            nn.init.orthogonal_(head.weight[-1:], 1.0)
            for layer in (*trunk[::2], head):
                nn.init.zeros_(layer.bias)
        self.layers = nn.Sequential(*trunk, head)

    def forward(self, columns, mask):
        outputs = self.layers(columns)
        logits = outputs[:, :-1].masked_fill(~mask, -1e8)
        return F.log_softmax(logits, dim=1), outputs[:, -1]


def choose(model):
    def best(columns, mask):
        with torch.no_grad():
            return model(torch.from_numpy(columns), torch.from_numpy(mask))[0].argmax(1).numpy()

    return best


def train(course):
    torch.manual_seed(course.seed)
    calls = offhook.CallVectorEnv(N_CALLS, course.scenario, copy=False)
    one_hot = OneHot(calls.scenario)
    n_actions = int(calls.single_action_space.n)
    model = ActorCritic(one_hot.n_columns, n_actions)
    adam = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, eps=1e-5, fused=True)

    shape = (N_STEPS, N_CALLS)
    columns = torch.zeros((*shape, one_hot.n_columns))
    masks = torch.zeros((*shape, n_actions), dtype=torch.bool)
    actions = torch.zeros(shape, dtype=torch.int64)
    log_probs, values, rewards = torch.zeros(shape), torch.zeros(shape), torch.zeros(shape)
    over = torch.zeros(shape)

    course.start()
    codes, info = calls.reset(seed=course.seed)
    steps, n_iterations = 0, -(-course.steps // (N_STEPS * N_CALLS))
    for iteration in range(n_iterations):
        course.look(steps, choose(model))
        adam.param_groups[0]["lr"] = LEARNING_RATE * (1.0 - iteration / n_iterations)

        with torch.no_grad():
            for t in range(N_STEPS):
                columns[t] = torch.from_numpy(one_hot(codes))
                masks[t] = torch.from_numpy(info["action_mask"])
                log_p, values[t] = model(columns[t], masks[t])
                # Gumbel's trick draws from the softmax.
                noise = torch.empty_like(log_p).exponential_().log_()
                actions[t] = (log_p - noise).argmax(1)
                log_probs[t] = log_p.gather(1, actions[t][:, None])[:, 0]
                codes, reward, terminated, truncated, info = calls.step(actions[t].numpy())
                rewards[t] = torch.from_numpy(reward) * REWARD_SCALE
                over[t] = torch.from_numpy(terminated | truncated)
                for i in np.flatnonzero(truncated & ~terminated):
                    last = torch.from_numpy(one_hot(info["final_obs"][i][None]))
                    beyond = model(last, torch.ones((1, n_actions), dtype=torch.bool))[1]
                    rewards[t, i] += GAMMA * beyond[0]
            steps += N_STEPS * N_CALLS
            next_value = model(torch.from_numpy(one_hot(codes)), torch.from_numpy(info["action_mask"]))[1]
            advantages, advantage = torch.zeros(shape), torch.zeros(N_CALLS)
            for t in reversed(range(N_STEPS)):
                going_on = 1.0 - over[t]
                delta = rewards[t] + GAMMA * going_on * next_value - values[t]
                advantage = delta + GAMMA * GAE_LAMBDA * going_on * advantage
                advantages[t], next_value = advantage, values[t]
            targets = (advantages + values).flatten()

        flat = columns.flatten(0, 1), masks.flatten(0, 1), actions.flatten()
        flat += log_probs.flatten(), advantages.flatten(), targets
        for _ in range(N_EPOCHS):
            kl = 0.0
            order = torch.randperm(N_STEPS * N_CALLS)
            for rows in order.split(MINIBATCH_SIZE):
                x, mask, action, old_log_prob, advantage, target = (part[rows] for part in flat)
                log_p, value = model(x, mask)
                log_ratio = log_p.gather(1, action[:, None])[:, 0] - old_log_prob
                ratio = log_ratio.exp()
                advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
                clipped = ratio.clamp(1 - CLIP_COEF, 1 + CLIP_COEF)
                policy_loss = -torch.min(advantage * ratio, advantage * clipped).mean()
                entropy = -(log_p.exp() * log_p).sum(1).mean()
                value_loss = 0.5 * F.mse_loss(value, target)
                loss = policy_loss + VF_COEF * value_loss - ENT_COEF * entropy
                adam.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), MAX_GRAD_NORM)
                adam.step()
                with torch.no_grad():
                    kl += (ratio - 1 - log_ratio).sum().item() / len(order)
            if kl > TARGET_KL:
                break
    course.look(steps, choose(model))
