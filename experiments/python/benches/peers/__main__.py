"""Trains one learner with several seeds and prints records: `python -m peers LEARNER SCENARIO ...`.

A process of its own for each learner, so that its memory is its own.
"""

import argparse

import torch

from . import cloning, dqn, maskable_ppo, torch_ppo
from .course import Course

LEARNERS = {"maskable_ppo": maskable_ppo, "torch_ppo": torch_ppo, "sb3_dqn": dqn}


def main():
    parser = argparse.ArgumentParser(prog="peers")
    parser.add_argument("learner", choices=[*LEARNERS, "cloning"])
    parser.add_argument("scenario")
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--every", type=int, required=True)
    parser.add_argument("--seeds", type=int, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.learner == "cloning":
        cloning.measure(args.scenario, args.seeds)
        return
    for seed in range(1, args.seeds + 1):
        course = Course(args.learner, args.scenario, args.steps, args.every, seed)
        LEARNERS[args.learner].train(course)


if __name__ == "__main__":
    main()
