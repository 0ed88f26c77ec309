"""What the tests share: every bundled scenario, allowed actions, and one thread for PyTorch."""

import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import offhook
import pytest


@pytest.fixture(params=offhook.scenarios())
def scenario(request):
    """Name of a bundled scenario."""
    return request.param


@pytest.fixture
def allowed_action():
    """Draws one allowed action from a mask."""
    rng = np.random.default_rng(7)
    return lambda mask: int(rng.choice(np.flatnonzero(mask)))


@pytest.fixture(scope="session")
def repository():
    """The repository that the tests stand in."""
    return Path(__file__).resolve().parents[3]
