"""Many calls: the same as single ones, in the shape that Gymnasium gives to vector environments."""

import gymnasium
import numpy as np
import offhook
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode, SyncVectorEnv

N_CALLS = 5


class Slot(gymnasium.Wrapper):
    """Plays episodes ``first``, ``first + N_CALLS``, ..., as one call of the vector environment does."""

    def __init__(self, env, first):
        super().__init__(env)
        self.first = self.episode = first

    def reset(self, *, seed=None, options=None):
        self.episode = self.first if seed is not None else self.episode + N_CALLS
        return self.env.reset(seed=seed, options={"episode": self.episode})


def peers(scenario):
    """The native vector environment, and single ones under Gymnasium's own."""
    single = [lambda i=i: Slot(offhook.CallEnv(scenario), i) for i in range(N_CALLS)]
    return (
        offhook.CallVectorEnv(N_CALLS, scenario),
        SyncVectorEnv(single, autoreset_mode=AutoresetMode.SAME_STEP),
    )


@pytest.mark.parametrize("allowed", [True, False], ids=["allowed", "any"])
def test_it_gives_what_gymnasium_gives_for_single_calls(scenario, allowed):
    native, single = peers(scenario)
    rng = np.random.default_rng(4)
    ours, theirs = native.reset(seed=9), single.reset(seed=[9] * N_CALLS)
    for _ in range(300):
        assert data_equivalence(ours[0], theirs[0], exact=True)
        assert data_equivalence(ours[-1], theirs[-1], exact=True)
        assert np.array_equal(native.action_masks(), ours[-1]["action_mask"])
        actions = native.sample_actions(rng) if allowed else native.action_space.sample()
        ours, theirs = native.step(actions), single.step(actions)
        assert np.array_equal(ours[1], theirs[1].astype(np.float32))
        assert np.array_equal(ours[2], theirs[2]) and np.array_equal(ours[3], theirs[3])
    assert not allowed or "masked" not in ours[-1]


def test_a_call_that_ends_starts_again_in_the_same_step(scenario):
    env = gymnasium.make_vec(offhook.env_id(scenario), num_envs=8)
    assert isinstance(env, offhook.CallVectorEnv)
    assert env.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    first, _ = env.reset(seed=3)
    n_ended = 0
    for _ in range(300):
        codes, _, terminated, truncated, info = env.step(env.sample_actions())
        assert codes in env.observation_space
        over = terminated | truncated
        assert ("final_obs" in info) == over.any() == ("final_info" in info)
        if not over.any():
            continue
        assert np.array_equal(info["_final_obs"], over)
        # What is on file differs from caller to caller; that nothing was said yet does not.
        assert np.array_equal(codes[over][:, :2], first[over][:, :2])
        assert info["final_info"]["rules_broken"].sum() == 0
        for call in over.nonzero()[0]:
            n_ended += 1
            assert info["final_obs"][call] in env.single_observation_space
            assert info["final_info"]["turns"][call] > 0
            assert info["final_info"]["action_mask"][call].any()
    assert n_ended > 20


def test_sampled_actions_are_allowed_and_reach_all():
    env = offhook.CallVectorEnv(256)
    env.reset(seed=1)
    taken = np.zeros(env.single_action_space.n, dtype=bool)
    allowed = taken.copy()
    for _ in range(100):
        masks, actions = env.action_masks(), env.sample_actions()
        assert masks[np.arange(256), actions].all()
        taken[actions] = True
        allowed |= masks.any(axis=0)
        env.step(actions)
    assert np.array_equal(taken, allowed)


def test_outputs_are_ones_own_unless_copies_are_declined():
    for copy in (True, False):
        env = offhook.CallVectorEnv(16, copy=copy)
        codes, info = env.reset(seed=1)
        kept = codes.copy()
        after, *_, info_after = env.step(env.sample_actions())
        assert np.array_equal(codes, kept) == copy
        assert np.shares_memory(codes, after) != copy
        assert np.shares_memory(info["action_mask"], info_after["action_mask"]) != copy
        assert np.shares_memory(codes, env._batch.codes) != copy


def test_arrays_outlive_their_environment():
    env = offhook.CallVectorEnv(64, copy=False)
    codes, _ = env.reset(seed=1)
    kept = codes.copy()
    del env
    assert np.array_equal(codes, kept)


def test_a_later_reset_goes_on_behind_the_episodes_that_were_started():
    env = offhook.CallVectorEnv(4)
    env.reset(seed=1)
    seen = []
    for n_steps in (30, 1, 30):
        for _ in range(n_steps):
            *_, info = env.step(env.sample_actions())
            if "final_info" in info:
                seen += info["final_info"]["episode_idx"][info["_final_info"]].tolist()
        env.reset()
    assert len(seen) == len(set(seen)) > 10
    _, info = env.reset(options={"episode": 1000})
    while "final_info" not in info:
        *_, info = env.step(env.sample_actions())
    assert info["final_info"]["episode_idx"].max() >= 1000


def test_wrong_actions_are_refused_and_move_no_call():
    env, twin = offhook.CallVectorEnv(3, masked="raise"), offhook.CallVectorEnv(3)
    with pytest.raises(ResetNeeded):
        env.step(np.zeros(3, dtype=np.int64))
    env.reset(seed=1), twin.reset(seed=1)
    for actions, error, message in [
        ([0, 0, 1], ValueError, "call 2: action 1 `confirm_identity` is masked"),
        ([0, 77, 0], ValueError, "call 1: no action 77"),
        ([0, 0], ValueError, "2 actions for 3 calls"),
        ([0.0, 0.0, 0.0], TypeError, "whole numbers"),
    ]:
        with pytest.raises(error, match=message):
            env.step(np.array(actions))
    greet = np.zeros(3, dtype=np.int64)
    assert np.array_equal(env.step(greet)[0], twin.step(greet)[0])
    with pytest.raises(ValueError, match="at least 1"):
        offhook.CallVectorEnv(0)
