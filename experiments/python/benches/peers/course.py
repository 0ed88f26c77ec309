"""Training with a stopwatch that stands still while the policy is judged; the same looks at the same
numbers of steps as `offhook bench learn` takes, written as the same records."""

import json
import resource
import time

from .calls import Judge

LOOK_CALLS, FINAL_CALLS = 1_000, 5_000


class Course:
    """One learner with one seed.

    A learner calls `look(steps, choose)` whenever it can be judged; most calls return at once,
    since looks come every `every` steps.
    """

    def __init__(self, learner, scenario, steps, every, seed):
        self.place = {"learner": learner, "engine": "pytorch", "threads": "1", "seed": seed}
        self.scenario, self.steps, self.every, self.seed = scenario, steps, every, seed
        self.judge = Judge(scenario, LOOK_CALLS)
        self.cpu_s = self.wall_s = 0.0
        self.last = -1

    def start(self):
        """Starts the stopwatch, or lets it go on."""
        self.since = time.process_time(), time.perf_counter()

    def stop(self):
        """Stops the stopwatch."""
        cpu, wall = self.since
        self.cpu_s += time.process_time() - cpu
        self.wall_s += time.perf_counter() - wall

    def look(self, steps, choose):
        """Judges the policy if it is time to; at the end, too, and then with other calls."""
        if steps // self.every == self.last // self.every and steps < self.steps or steps == self.last:
            return
        self.stop()
        self.last = steps
        cost = {"steps": steps, "cpu_s": self.cpu_s, "wall_s": self.wall_s}
        self._say("learn.curve", self.judge(choose, self.seed), cost)
        if steps >= self.steps:
            judged = Judge(self.scenario, FINAL_CALLS)(choose, HELD_OUT_FINAL + self.seed)
            self._say("learn.final", judged, cost | {"peak_memory_mb": peak_memory_mb()})
        self.start()

    def _say(self, metric, judged, more):
        for name, value, unit in (
            ("completion", judged.completion, "share"),
            ("return", judged.return_, "reward"),
        ):
            say(f"{metric}.{name}", value, judged.n, unit, self.place | more)


HELD_OUT_FINAL = 1_000_000
"""Added to a seed, so that the last judgement is about calls that no look has seen."""


def say(metric, value, n, unit, place):
    """One record, as a line of JSON."""
    record = {"metric": metric, "value": float(value), "n": n, "unit": unit, "where": place}
    print(json.dumps(record), flush=True)


def peak_memory_mb():
    """The most memory that this process ever had, in MB of a million bytes; Linux counts in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
