"""The same seed plays the same calls from Python and from Rust, byte for byte."""

import os
import subprocess
from pathlib import Path

import numpy as np
import offhook
import pytest

SEED, N_CALLS, N_STEPS = 11, 33, 400


@pytest.fixture(scope="module")
def play_bytes(repository):
    """Runs the Rust program of the same name."""
    # With the whole workspace's choice of features, so that what its tests have built serves here, too.
    build = ["cargo", "build", "--quiet", "--release", "--workspace", "--example", "play_bytes"]
    subprocess.run(build, cwd=repository, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", repository / "target"))
    program = target / "release/examples/play_bytes"

    def run(*arguments):
        done = subprocess.run([program, *map(str, arguments)], cwd=repository, stdout=subprocess.PIPE, check=True)
        return done.stdout

    return run


def played_by_python(scenario):
    """What `simulator/examples/play_bytes.rs` writes, from the vector environment."""
    env = offhook.CallVectorEnv(N_CALLS, scenario, masked="raise")
    powers = 2 ** np.arange(env.single_action_space.n, dtype=np.uint64)

    def observation(codes, info):
        masks = (info["action_mask"] * powers).sum(axis=1, dtype=np.uint64)
        return codes.tobytes() + masks.astype("<u8").tobytes()

    codes, info = env.reset(seed=SEED)
    written = [observation(codes, info)]
    for t in range(N_STEPS):
        allowed = [np.flatnonzero(mask) for mask in info["action_mask"]]
        actions = np.array([a[(7 * t + 3 * i) % len(a)] for i, a in enumerate(allowed)])
        codes, rewards, terminated, truncated, info = env.step(actions)
        flags = terminated.tobytes() + truncated.tobytes()
        written += [observation(codes, info), rewards.astype("<f4").tobytes(), flags]
    return b"".join(written)


def test_python_and_rust_play_the_same_calls(scenario, repository, play_bytes):
    file = repository / f"simulator/scenarios/{scenario}.toml"
    rust = play_bytes(file, SEED, N_CALLS, N_STEPS)
    python = played_by_python(scenario)
    assert len(python) > 100_000
    assert python == rust


def test_single_calls_are_those_of_the_vector(scenario):
    env, vector = offhook.CallEnv(scenario), offhook.CallVectorEnv(8, scenario)
    codes, info = vector.reset(seed=SEED)
    for i in range(8):
        alone, alone_info = env.reset(seed=SEED, options={"episode": i})
        assert alone.tobytes() == codes[i].tobytes()
        assert alone_info["action_mask"].tobytes() == info["action_mask"][i].tobytes()
