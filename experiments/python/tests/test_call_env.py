"""One call: what Gymnasium and Stable-Baselines3 ask of an environment, and what is ours."""

import gymnasium
import numpy as np
import offhook
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.env_checker import check_env as check_env_for_sb3
from stable_baselines3.common.env_util import make_vec_env

OUTCOMES = {
    "hung_up",
    "transferred",
    "truncated",
    "completed",
    "opted_out",
    "message_left",
    "machine",
    "wrong_person",
    "callback_agreed",
    "declined",
    "incomplete",
}


def play(env, allowed_action, **reset):
    """Plays one call; returns its observations, rewards, and the last step."""
    codes, info = env.reset(**reset)
    seen, rewards, over = [codes], [], False
    while not over:
        codes, reward, terminated, truncated, info = env.step(allowed_action(info["action_mask"]))
        seen.append(codes)
        rewards.append(reward)
        over = terminated or truncated
    return np.array(seen), rewards, (terminated, truncated, info)


@pytest.mark.parametrize("render_mode", [None, "ansi"])
def test_gymnasium_accepts_every_scenario_without_a_warning(scenario, render_mode):
    env = gymnasium.make(offhook.env_id(scenario), render_mode=render_mode)
    check_env(env.unwrapped)


def test_stable_baselines_accepts_every_scenario_without_a_warning(scenario):
    check_env_for_sb3(offhook.CallEnv(scenario))
    check_env_for_sb3(gymnasium.make(offhook.env_id(scenario)))


def test_stable_baselines_makes_many_by_id(scenario):
    with pytest.warns(UserWarning, match="render_mode='rgb_array'"):
        calls = make_vec_env(offhook.env_id(scenario), n_envs=2)
    assert len(calls.env_method("action_masks")) == 2


def test_calls_stay_in_their_spaces_and_end_with_figures(scenario, allowed_action):
    env = offhook.CallEnv(scenario)
    env.reset(seed=1)
    for _ in range(200):
        seen, rewards, (terminated, truncated, info) = play(env, allowed_action)
        assert seen.dtype == np.uint8
        assert all(codes in env.observation_space for codes in seen)
        assert terminated != truncated
        assert info["outcome"] in OUTCOMES
        assert truncated == (info["outcome"] == "truncated")
        assert 1 <= info["satisfaction"] <= 5
        assert info["turns"] == len(rewards) <= env.scenario.max_turns
        assert info["seconds"] > 0.0 and info["harms"] >= 0
        assert info["return"] == pytest.approx(sum(rewards), abs=1e-3)
        assert info["return"] == pytest.approx(sum(info["reward_terms"].values()), abs=1e-3)


def test_episodes_follow_from_seed_and_number(allowed_action):
    env, other = offhook.CallEnv(), offhook.CallEnv()
    first, _ = env.reset(seed=5)
    calls = [play(env, lambda mask: np.flatnonzero(mask)[-3:][0], seed=5)]
    calls += [play(env, lambda mask: np.flatnonzero(mask)[-3:][0]) for _ in range(9)]
    assert [info["episode_idx"] for *_, (_, _, info) in calls] == list(range(10))
    other.reset(seed=5)
    for episode in (7, 3):
        options = {"episode": episode}
        seen, rewards, _ = play(other, lambda mask: np.flatnonzero(mask)[-3:][0], options=options)
        assert np.array_equal(seen, calls[episode][0]) and rewards == calls[episode][1]
    assert any(not np.array_equal(calls[0][0], call[0]) for call in calls[1:])


def test_environments_without_a_seed_differ():
    returns = set()
    for _ in range(5):
        _, rewards, _ = play(offhook.CallEnv(), lambda mask: np.flatnonzero(mask)[0])
        returns.add(tuple(rewards))
    assert len(returns) > 1


def test_a_masked_action_is_replaced_by_the_next_allowed_one(scenario):
    rng = np.random.default_rng(3)
    env, twin = offhook.CallEnv(scenario), offhook.CallEnv(scenario)
    n_replaced = 0
    for episode in range(200):
        _, info = env.reset(seed=2, options={"episode": episode})
        twin.reset(seed=2, options={"episode": episode})
        over = False
        while not over:
            mask = info["action_mask"]
            action = int(rng.integers(len(mask)))
            taken = next(a % len(mask) for a in range(action, 2 * len(mask)) if mask[a % len(mask)])
            codes, reward, terminated, truncated, info = env.step(action)
            expected = twin.step(taken)
            assert np.array_equal(codes, expected[0]) and reward == expected[1]
            assert info.get("masked", False) == (taken != action)
            assert "masked" not in expected[4]
            n_replaced += taken != action
            over = terminated or truncated
        assert info["rules_broken"] == 0
    assert n_replaced > 100


def test_masked_actions_can_be_refused():
    env = offhook.CallEnv(masked="raise")
    _, info = env.reset(seed=1)
    assert info["action_mask"].tolist() == env.action_masks().tolist()
    with pytest.raises(ValueError, match=r"action 1 `confirm_identity` is masked; allowed now are 0"):
        env.step(1)
    # The call has not moved.
    codes = env.step(0)[0]
    env.reset(seed=1)
    assert np.array_equal(codes, env.step(0)[0])


@pytest.mark.parametrize("action", [-1, 99, 2**40])
def test_an_action_that_does_not_exist_is_refused(action):
    env = offhook.CallEnv()
    env.reset(seed=1)
    with pytest.raises(ValueError, match=f"no action {action}: the scenario `fraud_alert` has actions 0 to"):
        env.step(action)


def test_a_step_needs_a_call(allowed_action):
    env = offhook.CallEnv()
    with pytest.raises(ResetNeeded):
        env.step(0)
    play(env, allowed_action, seed=1)
    with pytest.raises(ResetNeeded):
        env.step(0)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"scenario": "fraud"}, FileNotFoundError, "no scenario 'fraud': neither a file nor one of the bundled"),
        ({"masked": "ignore"}, ValueError, "masked must be 'replace' or 'raise'"),
        ({"render_mode": "human"}, TypeError, "render_mode must be 'ansi' or None"),
    ],
)
def test_wrong_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        offhook.CallEnv(**arguments)


@pytest.mark.parametrize(
    "reset", [{"seed": 2**64}, {"options": {"episodes": 3}}, {"options": {"episode": -1}}]
)
def test_wrong_resets_are_refused(reset):
    with pytest.raises(ValueError):
        offhook.CallEnv().reset(**reset)


def test_the_dialog_is_shown(scenario, allowed_action):
    env = gymnasium.make(offhook.env_id(scenario), render_mode="ansi")
    for seed in range(20):
        *_, (_, _, info) = play(env, allowed_action, seed=seed)
        lines = env.render().splitlines()
        robot = [line for line in lines if line.startswith("  robot     ")]
        assert len(robot) == info["turns"]
        # The one scenario without manners is a textbook's.
        opening = "ask(wish)" if scenario == "voicemail_pomdp" else "greet"
        assert f"[{opening}]" in robot[0]
        assert lines[-1].startswith(f"  => {info['outcome']}, rating {info['satisfaction']}")
    env.reset()
    assert env.render() == ""
    assert offhook.CallEnv(scenario).render() is None


def test_a_scenario_of_ones_own_is_read_from_its_file(tmp_path, repository):
    text = (repository / "simulator/scenarios/fraud_alert.toml").read_text()
    file = tmp_path / "mine.toml"
    file.write_text(text.replace('name = "fraud_alert"', 'name = "mine"').replace("max_turns = 30", "max_turns = 2"))
    env = gymnasium.make("offhook/FraudAlert-v0", scenario=file)
    assert env.unwrapped.scenario.name == "mine"
    *_, (_, truncated, info) = play(env, lambda mask: np.flatnonzero(mask)[0], seed=1)
    assert truncated and info["turns"] == 2

    file.write_text(text.replace("[robot]", "[robots]"))
    with pytest.raises(ValueError, match=r"mine\.toml:\d+:\d+"):
        offhook.CallEnv(file)


def test_features_and_actions_have_names():
    scenario = offhook.Scenario("fraud_alert")
    env = offhook.CallEnv(scenario)
    assert env.scenario is scenario and "greet" in scenario.actions
    assert [len(levels) for _, levels in scenario.features] == env.observation_space.nvec.tolist()
    assert dict(scenario.features)["identity"]
