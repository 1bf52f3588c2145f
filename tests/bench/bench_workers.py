# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# bench_workers: the measured programs as processes, run in turn

import os
import statistics
import subprocess
import tempfile
import time

# Thread pools spin for some milliseconds after their work; the next program should not pay for that.
SETTLE_SECONDS = 0.05


class WorkerError(Exception):
    pass


class Worker:
    """One process; see bench-worker.c for what it is asked and answers."""

    def __init__(self, command, threads):
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("BLIS_NUM", "OMP_", "GOMP_"))}
        environment["OMP_NUM_THREADS"] = str(threads)

        self.command = command
        self.runs = []
        # to a file, as nobody would empty a pipe
        self.messages = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(command, env=environment, text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.messages)
        try:
            words = self.answer().split()
        except WorkerError:
            self.close()
            raise
        self.description = dict(word.split("=", 1) for word in words[1:])

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.messages.seek(0)
            lines = self.messages.read().strip().splitlines()
            raise WorkerError(lines[-1] if lines else f"{self.command[0]}: status {self.process.returncode}")
        return line.strip()

    def run(self):
        time.sleep(SETTLE_SECONDS)
        self.runs.append(tuple(map(float, self.ask("run").split())))

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()
        self.messages.close()

    @property
    def flops(self):
        return float(self.description["flops"])

    @property
    def median_ms(self):
        return statistics.median(run[0] for run in self.runs)

    @property
    def busy(self):
        """Processor time over wall time: how many processors it really had."""
        return statistics.median(run[1] / run[0] for run in self.runs)

    @property
    def rss_mib(self):
        return max(run[2] for run in self.runs) / 1024

    @property
    def spent_seconds(self):
        return sum(run[0] for run in self.runs) / 1000


def run_interleaved(workers, repetitions, budget_seconds, warm):
    """A B C A B C …; whoever has used up the budget sits out, but everyone runs once."""
    if warm:
        for worker in workers:
            worker.run()
            worker.runs.clear()
    for _ in range(repetitions):
        for worker in workers:
            if not worker.runs or worker.spent_seconds + worker.median_ms / 1000 <= budget_seconds:
                worker.run()
