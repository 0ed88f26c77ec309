"""What learning costs, ours against others' learners, side by side in one run on one thread each.

    python experiments/python/benches/learn.py --offhook target/release/offhook [--steps N] [--seeds N] [--json]

Everybody trains from scratch with the same budget of environment steps on the same calls, stepped
in Rust, and is judged by its best actions on held-out calls while the stopwatch stands still:

- *ours*: what `offhook bench learn` measures;
- *maskable_ppo*: `MaskablePPO` of sb3-contrib;
- *torch_ppo*: PPO with masks in plain PyTorch, in CleanRL's manner;
- *sb3_dqn*: DQN of Stable-Baselines3, which knows no masks, on a fifth of the budget;
- *cloning*: a plain PyTorch loop of behavior cloning.

`peers/` has their settings. The calls are fraud alerts with one rule of conduct more, see
`experiments/lab/benches/guarded.toml`. A target is a share of the best final success (medians over the
seeds); the time to it is the median over the seeds of the time to the first look that shows it.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import mean, stdev

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
TARGETS = (0.8, 0.95)
PEERS = {"maskable_ppo": 1, "torch_ppo": 1, "sb3_dqn": 5}
"""Learners, and what the budget is divided by."""
STUDENT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262]
"""Quantiles at 0.975 for 1 to 9 degrees of freedom."""


def records(command):
    """What a program prints, one record a line, as soon as it does."""
    with subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, text=True) as program:
        yield from map(json.loads, program.stdout)
    if program.returncode:
        sys.exit(f"{command[0]} ended with {program.returncode}")


def run_all(args, scenario):
    """Records of everybody, ours first."""
    common = ["--every", str(args.every), "--seeds", str(args.seeds)]
    ours = [args.offhook.resolve(), "bench", "learn", "--json", "--scenario", scenario]
    yield from records([*ours, "--steps", str(args.steps), *common])
    peer = [sys.executable, "-m", "peers"]
    for name, divisor in PEERS.items():
        if name in args.only:
            yield from records([*peer, name, scenario, "--steps", str(args.steps // divisor), *common])
    if "cloning" in args.only:
        yield from records([*peer, "cloning", scenario, "--steps", "0", *common])


class Learner:
    """All records of one learner with one engine."""

    def __init__(self, name, is_ours):
        self.name, self.is_ours = name, is_ours
        self.looks, self.ends, self.returns = defaultdict(list), {}, {}
        self.memory_mb = self.transitions_per_s = None

    def add(self, record):
        metric, value, place = record["metric"], record["value"], record["where"]
        self.memory_mb = place.get("peak_memory_mb", self.memory_mb)
        if metric == "learn.curve.completion":
            self.looks[place["seed"]].append((value, place))
        elif metric == "learn.final.completion":
            self.ends[place["seed"]] = value, place
        elif metric == "learn.final.return":
            self.returns[place["seed"]] = value
        elif metric == "learn.peak_memory_mb":
            self.memory_mb = value
        elif metric == "learn.transitions_per_s":
            self.transitions_per_s = value

    def success(self):
        """Final success of every seed."""
        return [value for value, _ in self.ends.values()]

    def steps_per_s(self):
        return middle([place["steps"] / place["cpu_s"] for _, place in self.ends.values()])

    def time_to(self, target, clock):
        """Median over the seeds, infinite if most never reached it."""
        return middle(
            [
                next((place[clock] for value, place in looks if value >= target), math.inf)
                for looks in self.looks.values()
            ]
        )


def middle(values):
    """The middle value, the upper of two, as `offhook bench` has it."""
    return sorted(values)[len(values) // 2]


def interval(values):
    """Mean with Student's interval; no interval for one value."""
    if len(values) == 1:
        return values[0], math.nan, math.nan
    half = STUDENT[min(len(values), 10) - 2] * stdev(values) / math.sqrt(len(values))
    return mean(values), mean(values) - half, mean(values) + half


def difference(ours, theirs):
    """Difference of the means; Student's interval with the degrees of freedom of the smaller side
    (conservative, Welch 1938)."""
    variance = sum(stdev(side) ** 2 / len(side) if len(side) > 1 else math.nan for side in (ours, theirs))
    half = STUDENT[min(len(ours), len(theirs), 10) - 2] * math.sqrt(variance)
    middle = mean(ours) - mean(theirs)
    return middle, middle - half, middle + half


def percent(estimate):
    value, low, high = (100 * x for x in estimate)
    return f"{value:.1f} %" + ("" if math.isnan(low) else f" [{low:.1f}, {high:.1f}]")


def number(value, form=".2f"):
    return "never" if math.isinf(value) else format(value, form)


def compare(learners):
    """Figures of every learner that trained in simulation, and the best of ours to compare with."""
    trained = [learner for learner in learners if learner.ends]
    best = max(middle(learner.success()) for learner in trained)
    targets = [share * best for share in TARGETS]
    mine = min((x for x in trained if x.is_ours), key=lambda x: x.time_to(targets[-1], "cpu_s"))
    return trained, targets, mine


def print_table(learners, out):
    trained, targets, mine = compare(learners)
    head = ["learner", "steps", "steps/CPU-s", "success", "return"]
    head += [f"CPU-s to {target:.3f}" for target in targets] + ["ratio"] * len(targets)
    head += [f"wall s to {targets[-1]:.3f}", "MB"]
    rows = [head]
    for learner in trained:
        to_target = [learner.time_to(target, "cpu_s") for target in targets]
        ours = [mine.time_to(target, "cpu_s") for target in targets]
        rows.append(
            [
                learner.name,
                f"{max(place['steps'] for _, place in learner.ends.values()):,}",
                f"{learner.steps_per_s():,.0f}",
                percent(interval(learner.success())),
                "{:.2f}".format(mean(learner.returns.values())),
                *(number(seconds) for seconds in to_target),
                *(number(theirs / own, ".1f") if 0 < own < math.inf else "" for theirs, own in zip(to_target, ours)),
                number(learner.time_to(targets[-1], "wall_s")),
                f"{learner.memory_mb:,.0f}" if learner.memory_mb else "",
            ]
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    for row in rows:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print("  ".join(cells), file=out)
    print(file=out)
    for learner in trained:
        if not learner.is_ours and len(learner.success()) > 1 and len(mine.success()) > 1:
            gap = percent(difference(mine.success(), learner.success()))
            print(f"final success, {mine.name} - {learner.name}: {gap}", file=out)
    cloners = [learner for learner in learners if learner.transitions_per_s]
    for learner in cloners:
        ratio = cloners[0].transitions_per_s / learner.transitions_per_s
        speed = f"{learner.transitions_per_s:,.0f} transitions/CPU-s"
        print(f"cloning, {learner.name}: {speed}, ratio {ratio:.1f}", file=out)


def ratios(learners):
    """Records of the comparison: how many times the CPU time of ours others need."""
    trained, targets, mine = compare(learners)
    for learner in trained:
        for share, target in zip(TARGETS, targets):
            theirs, own = learner.time_to(target, "cpu_s"), mine.time_to(target, "cpu_s")
            if not learner.is_ours and own > 0 and math.isfinite(theirs / own):
                place = {"learner": learner.name, "ours": mine.name, "share": share, "target": target}
                record = {"metric": "learn.cpu_ratio", "value": theirs / own, "n": len(learner.ends)}
                yield record | {"unit": "ratio", "where": place}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--offhook", type=Path, required=True, help="the program, built for release")
    parser.add_argument("--steps", type=int, default=500_000)
    parser.add_argument("--every", type=int, default=16_384)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=[*PEERS, "cloning"], help="peers to run")
    parser.add_argument("--json", action="store_true", help="one record a line, the table on stderr")
    args = parser.parse_args()

    learners = {}
    with tempfile.TemporaryDirectory() as folder:
        scenario = Path(folder) / "fraud_alert.toml"
        parts = [REPOSITORY / "simulator/scenarios/fraud_alert.toml", REPOSITORY / "experiments/lab/benches/guarded.toml"]
        scenario.write_text("\n".join(part.read_text() for part in parts))
        for record in run_all(args, str(scenario)):
            place = record["where"]
            is_ours = place["engine"] != "pytorch"
            name = f"ours: {place['learner']}, {place['engine']}" if is_ours else place["learner"]
            if name not in learners:
                learners[name] = Learner(name, is_ours)
            learners[name].add(record)
            if args.json:
                print(json.dumps(record), flush=True)
    found = list(learners.values())
    if args.json:
        for record in ratios(found):
            print(json.dumps(record))
    print_table(found, sys.stderr if args.json else sys.stdout)


if __name__ == "__main__":
    main()
