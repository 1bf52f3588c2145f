#!/usr/bin/env python3
# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# bench: our engine against ONNX Runtime, oneDNN and im2col + BLIS, in one interleaved run

import argparse
import contextlib
import dataclasses
import math
import os
import pathlib
import platform
import sys
import tempfile

import bench_models
import bench_report
from bench_workers import Worker, WorkerError, run_interleaved

# Outputs that differ more come from different networks, and comparing their times would be meaningless.
TOLERANCE = 1e-4
# Other engines keep whole feature maps; this is the side of the tiles they get where those would not fit in memory.
TILE = 1000
REGION_SIDE = 512
MODEL = pathlib.Path(__file__).resolve().parents[2] / "models" / "flash-denoise.safetensors"


@dataclasses.dataclass
class Program:
    name: str
    file: str
    options: tuple = ()
    bytes_per_pixel: int = 0    # peak memory, three channels, the paper's network; to choose tiles
    taps: bool = False          # only for networks with one-output last layers


# The first one there is is what the others' outputs are compared with.
PROGRAMS = [
    Program("im2col + BLIS", "bench-im2col", bytes_per_pixel=5500),
    Program("oneDNN", "bench-onednn", bytes_per_pixel=1000),
    Program("oneDNN with taps", "bench-onednn", ("--taps",), bytes_per_pixel=1000, taps=True),
    Program("ONNX Runtime", "bench-onnxruntime", bytes_per_pixel=1800),
    Program(bench_report.OURS, "bench-joint-filter"),
]


@dataclasses.dataclass
class Network:
    name: str
    path: str
    channels: tuple
    taps: bool
    footprint: float    # peak memory against the paper's network


@dataclasses.dataclass
class Plan:
    size: tuple                  # of the main tables, which have every program
    sweep: tuple                 # sizes of the plot
    region: tuple                # the picture a region is taken of
    side: int                    # of the region
    repetitions: int
    budget_seconds: float        # for one program at one size
    longest_seconds: float       # of one run: a program that would take longer sits out


PLANS = {
    "full": Plan((640, 480), ((640, 480), (1152, 864), (2000, 1500), (4000, 3000), (6000, 4000)),
                 (2000, 1500), REGION_SIDE, 5, 6, 10),
    "quick": Plan((640, 480), (), (1152, 864), REGION_SIDE, 3, 10, 10),
    "smoke": Plan((70, 52), ((70, 52), (90, 60)), (96, 64), 32, 1, 1, 1),
}


class Bench:
    def __init__(self, programs, plan, threads, folder, results, path):
        self.programs = programs
        self.plan = plan
        self.threads = threads
        self.folder = folder
        self.results = results
        self.path = path    # where results are kept, or None

    def run(self, networks):
        for network in networks:
            for channels in network.channels:
                for threads in self.threads:
                    self.measure(network, self.plan.size, channels, threads, [program.name for program in PROGRAMS])
            for size in self.plan.sweep:
                if size != self.plan.size:
                    self.measure(network, size, 3, self.threads[-1], self.sweep_programs(network))
            self.measure_region(network, self.threads[-1])

    def sweep_programs(self, network):
        """The strongest of each library; im2col would take most of the time."""
        return ["oneDNN with taps" if network.taps else "oneDNN", "ONNX Runtime", bench_report.OURS]

    def expected_seconds(self, program, network, size):
        """From the largest picture so far; 0 without one."""
        known = [row for row in self.results.rows if (row.network, row.program, row.channels) == (network.name, program.name, 3)]
        largest = max(known, key=lambda row: (row.megapixels, row.threads), default=None)
        return largest.ms / 1e3 * size[0] * size[1] / 1e6 / largest.megapixels if largest else 0

    def measure(self, network, size, channels, threads, names):
        width, height = size
        if any((row.network, row.width, row.height, row.channels, row.threads) == (network.name, *size, channels, threads)
               for row in self.results.rows):
            return
        progress(f"{network.name}: {width} x {height}, {bench_report.channels_text(channels)}, "
                 f"{bench_report.threads_text(threads)}")
        started = []
        for program in PROGRAMS:
            if (program.name in names and (network.taps or not program.taps) and
                    self.expected_seconds(program, network, size) <= self.plan.longest_seconds):
                tile = self.tile(program, network, width, height)
                worker = self.start(program, network, size, channels, threads, ("--tile", str(tile)))
                if worker:
                    started.append((program, tile, worker))
        peak = Worker([str(self.programs / "bench-peak"), str(threads)], threads)

        run_interleaved([peak] + [worker for _, _, worker in started],
                        self.plan.repetitions, self.plan.budget_seconds, warm=size == self.plan.size)
        self.add_rows(network, size, channels, threads, started, peak)
        self.results.save(self.path)

        for worker in [peak] + [worker for _, _, worker in started]:
            worker.close()

    def add_rows(self, network, size, channels, threads, started, peak):
        reference = os.path.join(self.folder, "reference")
        ours = next((worker.median_ms for program, _, worker in started if program.name == bench_report.OURS), math.nan)

        for index, (program, tile, worker) in enumerate(started):
            if index == 0:
                worker.ask(f"save {reference}")
            self.results.rows.append(bench_report.Row(
                network=network.name, width=size[0], height=size[1], channels=channels, threads=threads,
                program=program.name, tile=tile, repetitions=len(worker.runs), ms=worker.median_ms, busy=worker.busy,
                gflops=worker.flops / worker.median_ms / 1e6, peak_gflops=peak.flops / peak.median_ms / 1e6,
                rss_mib=worker.rss_mib, difference=float(worker.ask(f"compare {reference}")),
                ratio=worker.median_ms / ours))
        with contextlib.suppress(FileNotFoundError):
            os.unlink(reference)

    def measure_region(self, network, threads):
        """A region of a picture against the whole of it."""
        (width, height), side = self.plan.region, self.plan.side
        if any(region.network == network.name for region in self.results.regions):
            return
        progress(f"{network.name}: {side} x {side} of {width} x {height}")
        x, y = (width - side) // 2, (height - side) // 2
        whole = self.start(PROGRAMS[-1], network, self.plan.region, 3, threads)
        part = self.start(PROGRAMS[-1], network, self.plan.region, 3, threads, ("--region", f"{x},{y},{side},{side}"))
        if whole and part:
            run_interleaved([whole, part], self.plan.repetitions, self.plan.budget_seconds, warm=True)
            self.results.regions.append(bench_report.Region(network.name, side, width, height, threads, part.median_ms,
                                                            whole.median_ms, int(part.description["halo"])))
            self.results.save(self.path)
            whole.close()
            part.close()

    def start(self, program, network, size, channels, threads, options=()):
        """A worker, or None with the reason noted."""
        path = self.programs / program.file
        if not path.exists():
            self.results.missing[program.name] = "not built: its library was not found"
            return None
        worker = Worker([str(path), *program.options, *options, "--threads", str(threads),
                         network.path, *map(str, size), str(channels)], threads)
        self.note_library(program, network, worker.description)
        return worker

    def note_library(self, program, network, description):
        text = description["library"]
        if "configuration" in description:
            text += f", configuration {description['configuration']}"
        self.results.libraries[program.name] = text
        if "layers" in description:
            self.results.libraries[f"{program.name}, layers of the {network.name}"] = description["layers"].replace(",", ", ")

    def tile(self, program, network, width, height):
        """All programs of a case are in memory at the same time."""
        fits = program.bytes_per_pixel * network.footprint * width * height <= memory_available() / 4
        return 0 if fits else TILE


def main():
    arguments = parse_arguments()
    plan = PLANS["smoke" if arguments.smoke else "quick" if arguments.quick else "full"]
    threads = [1, 2] if (os.cpu_count() or 1) > 1 else [1]
    if arguments.smoke:
        threads = threads[-1:]

    path = arguments.output and arguments.output / "results.json"
    if path:
        arguments.output.mkdir(parents=True, exist_ok=True)
    results = bench_report.Results.load(path) if arguments.resume else bench_report.Results()

    with tempfile.TemporaryDirectory() as folder:
        try:
            Bench(arguments.programs.resolve(), plan, threads, folder, results, path).run(make_networks(folder, arguments.model))
        except WorkerError as error:
            sys.exit(f"bench: {error}")

    report = bench_report.markdown(machine(), results)
    print(report)
    if arguments.output:
        (arguments.output / "results.md").write_text(report)
        bench_report.plot(arguments.output / "results.svg", results.rows, threads[-1])

    wrong = bench_report.unique(f"{row.program}, {row.network}" for row in results.rows if not row.difference <= TOLERANCE)
    if wrong:
        sys.exit("bench: outputs differ: " + "; ".join(wrong))


def parse_arguments():
    parser = argparse.ArgumentParser(description="Compare Joint Filter's engine with others in one interleaved run.")
    parser.add_argument("--programs", type=pathlib.Path, required=True, help="folder of the built bench-* programs")
    parser.add_argument("--model", type=pathlib.Path, default=MODEL if MODEL.exists() else None,
                        help="model file of the compact network (default: flash-denoise.safetensors, "
                             "or random weights where it is missing)")
    parser.add_argument("--output", type=pathlib.Path, help="also write results.md, results.json and results.svg there")
    parser.add_argument("--resume", action="store_true", help="go on with what the results.json in the output folder lacks")
    parser.add_argument("--quick", action="store_true", help="640 x 480 only, few repetitions")
    parser.add_argument("--smoke", action="store_true", help="tiny pictures, to test the benchmark itself")
    arguments = parser.parse_args()
    if arguments.resume and not (arguments.output and (arguments.output / "results.json").exists()):
        parser.error("--resume needs an --output folder with a results.json")
    return arguments


def make_networks(folder, model):
    paper = os.path.join(folder, "paper.safetensors")
    compact = os.path.join(folder, "compact.safetensors")
    bench_models.write_paper(paper)
    if model:
        compact = str(model)
    else:
        bench_models.write_compact(compact)
    name = f"compact network ({model.name})" if model else "compact network (random weights)"
    return [Network("paper network", paper, (1, 3), taps=True, footprint=1.0),
            Network(name, compact, (3,), taps=False, footprint=0.4)]


def machine():
    words = {}
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        words.setdefault(key.strip(), value.strip())
    model = words.get("model name", "unknown")
    if "cpu family" in words:
        model += f" (family {words['cpu family']}, model {words['model']})"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    return {"Processor": f"{model}, {os.cpu_count()} CPUs, {memory:.0f} GiB", "System": f"{system}, {platform.machine()}"}


def memory_available():
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return 1024 * int(line.split()[1])
    return 0


def progress(text):
    print(text, "…", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
