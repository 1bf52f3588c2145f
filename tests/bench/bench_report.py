# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# bench_report: results as a Markdown report, as CSV and as a plot

import dataclasses
import json
import math
from xml.sax.saxutils import escape

OURS = "Joint Filter"
# A time counts only if as many processors as threads were really there (1.7 of two).
BUSY_LIMIT = 0.85


@dataclasses.dataclass
class Row:
    network: str
    width: int
    height: int
    channels: int
    threads: int
    program: str
    tile: int             # 0: in one piece
    repetitions: int
    ms: float
    busy: float           # processor time / wall time
    gflops: float         # direct FLOPs
    peak_gflops: float    # of as many threads
    rss_mib: float
    difference: float     # to the reference, over max (1, largest value)
    ratio: float          # time / ours

    @property
    def megapixels(self):
        return self.width * self.height / 1e6

    @property
    def planes_mib(self):
        return 4 * self.width * self.height * (2 * self.channels + 3) / 2**20

    @property
    def trusted(self):
        return self.busy >= BUSY_LIMIT * self.threads


@dataclasses.dataclass
class Region:
    network: str
    side: int
    width: int
    height: int
    threads: int
    ms: float
    whole_ms: float
    halo: int

    def excess(self, border):
        share = (self.side + 2 * border) ** 2 / (self.width * self.height)
        return self.ms / (self.whole_ms * share)


@dataclasses.dataclass
class Results:
    rows: list = dataclasses.field(default_factory=list)
    regions: list = dataclasses.field(default_factory=list)
    missing: dict = dataclasses.field(default_factory=dict)      # why a program was not measured
    libraries: dict = dataclasses.field(default_factory=dict)

    @staticmethod
    def load(path):
        values = json.loads(path.read_text())
        return Results([Row(**row) for row in values["rows"]], [Region(**region) for region in values["regions"]],
                       values["missing"], values["libraries"])

    def save(self, path):
        if path:
            path.write_text(json.dumps(dataclasses.asdict(self), indent=1))


def markdown(machine, results):
    rows, regions = results.rows, results.regions
    parts = ["# Joint Filter against other engines", ""]
    parts += [f"- {name}: {value}" for name, value in (machine | results.libraries).items()]
    parts += [f"- Not measured: {program} ({reason})" for program, reason in results.missing.items()]
    parts += ["", NOTES, ""]
    for key in unique((row.network, row.width, row.height, row.channels) for row in rows):
        parts += case_table([row for row in rows if (row.network, row.width, row.height, row.channels) == key])
    parts += ratio_table(rows, regions)
    return "\n".join(parts)


NOTES = """Medians of interleaved repetitions (A B C A B C …), every program a process of its own. "Of peak" is the direct FLOPs
of the network (two per multiplication of a plain convolution) over time, over the FMA peak measured in the same run;
an algorithm that multiplies less can pass 100 %. "Beyond planes" is the peak memory without the input and
output pictures. The other engines are timed on convolutions, ReLUs and concatenation only: borders, space to depth and the
residual are prepared for them outside the clock. Ours is timed from picture to picture."""


def case_table(rows):
    first = rows[0]
    peaks = ", ".join(f"{peak:.0f} GFLOP/s with {threads} thread{'s' if threads > 1 else ''}"
                      for threads, peak in unique((row.threads, row.peak_gflops) for row in rows))
    lines = [f"## {first.network}: {first.width} x {first.height}, {channels_text(first.channels)}", "",
             f"FMA peak: {peaks}.", "",
             "| program | threads | ms | time / ours | GFLOP/s | of peak | CPU / wall | peak MiB | beyond planes MiB | difference | runs |",
             "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"]
    for row in rows:
        program = row.program + (f", tiles of {row.tile}" if row.tile else "")
        busy = f"{row.busy:.2f}" + ("" if row.trusted else " *")
        lines.append(f"| {program} | {row.threads} | {number(row.ms)} | {number(row.ratio)} | {number(row.gflops)} | "
                     f"{row.gflops / row.peak_gflops:.0%} | {busy} | {row.rss_mib:.0f} | "
                     f"{row.rss_mib - row.planes_mib:.0f} | {row.difference:.1e} | {row.repetitions} |")
    if not all(row.trusted for row in rows):
        lines += ["", f"\\* kept less than {BUSY_LIMIT:.0%} of its processors busy: the time is not to be trusted."]
    return lines + [""]


def ratio_table(rows, regions):
    lines = ["## Our engine against itself", "", "| network | what | ratio |", "|---|---|---:|"]
    for network in unique(row.network for row in rows):
        for what, value in ratios([row for row in rows if row.network == network]):
            lines.append(f"| {network} | {what} | {value} |")
    for what, value in network_ratios(rows):
        lines.append(f"| both | {what} | {value} |")
    for region in regions:
        what = f"{region.side} x {region.side} of {region.width} x {region.height}, {threads_text(region.threads)}: time over its share"
        lines.append(f"| {region.network} | {what} by area | {region.excess(0):.2f} |")
        lines.append(f"| {region.network} | {what} by area with the halo of {region.halo} | {region.excess(region.halo):.2f} |")
    return lines + [""]


def ratios(rows):
    """(what, value) pairs of our engine on one network."""
    ours = {(row.width, row.height, row.channels, row.threads): row for row in rows if row.program == OURS}
    result = []

    for row in ours.values():
        one = ours.get((row.width, row.height, row.channels, 1))
        if row.threads > 1 and one:
            result.append((f"{row.width} x {row.height}, {channels_text(row.channels)}: {row.threads} threads against 1",
                           f"{one.ms / row.ms:.2f}"))
        grey = ours.get((row.width, row.height, 1, row.threads))
        if row.channels == 3 and grey:
            result.append((f"{row.width} x {row.height}, {threads_text(row.threads)}: three channels / one",
                           f"{row.ms / grey.ms:.2f}"))
        result.append((f"{where(row)}: time / time of the direct FLOPs at the FMA peak",
                       f"{row.peak_gflops / row.gflops:.2f}"))
    return result + growth(list(ours.values()))


def growth(ours):
    """Time per pixel of the largest picture over the smallest's, for each number of threads measured on both."""
    result = []
    for threads in unique(row.threads for row in ours):
        sizes = sorted((row for row in ours if row.threads == threads and row.channels == 3),
                       key=lambda row: row.megapixels)
        if len(sizes) > 1 and sizes[-1].megapixels > sizes[0].megapixels:
            ratio = sizes[-1].ms / sizes[-1].megapixels / (sizes[0].ms / sizes[0].megapixels)
            result.append((f"time per pixel at {sizes[-1].megapixels:.1f} / {sizes[0].megapixels:.1f} megapixels, "
                           f"{threads_text(threads)}", f"{ratio:.2f}"))
    return result


def network_ratios(rows):
    """The first network's time over the others', same picture."""
    ours = [row for row in rows if row.program == OURS]
    result = []
    for row in ours:
        for other in ours:
            if row.network == ours[0].network != other.network and where(row) == where(other):
                result.append((f"{where(row)}: {row.network} / {other.network}", f"{row.ms / other.ms:.2f}"))
    return result


# Colours of Okabe and Ito, told apart by the colour-blind too
COLORS = ["#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]
PANEL_WIDTH, PANEL_HEIGHT, MARGIN, LEGEND_HEIGHT = 460, 300, 60, 30


def plot(path, rows, threads):
    """Time and memory against megapixels, three channels, both axes logarithmic; one line of panels per network."""
    rows = [row for row in rows if row.threads == threads and row.channels == 3]
    networks = unique(row.network for row in rows)
    programs = unique(row.program for row in rows)
    width = 2 * PANEL_WIDTH
    height = len(networks) * PANEL_HEIGHT + LEGEND_HEIGHT
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
             f'<rect width="{width}" height="{height}" fill="white"/>']

    for line, network in enumerate(networks):
        for column, (label, value) in enumerate([("seconds", lambda row: row.ms / 1000), ("peak MiB", lambda row: row.rss_mib)]):
            title = f"{network}: {label}"
            parts.append(f'<g transform="translate({column * PANEL_WIDTH} {line * PANEL_HEIGHT})">')
            parts += panel([row for row in rows if row.network == network], programs, title, value)
            parts.append("</g>")
    parts.append(f'<text x="{width - MARGIN / 2}" y="{height - 10}" text-anchor="end">across: megapixels; {threads_text(threads)}</text>')
    for index, program in enumerate(programs):
        parts.append(f'<text x="{MARGIN + index * 125}" y="{height - 10}" fill="{COLORS[index % len(COLORS)]}">● {escape(program)}</text>')

    with open(path, "w") as file:
        file.write("\n".join(parts + ["</svg>", ""]))


def panel(rows, programs, title, value):
    low_x, high_x = decades([row.megapixels for row in rows])
    low_y, high_y = decades([value(row) for row in rows])
    width, height = PANEL_WIDTH - 1.5 * MARGIN, PANEL_HEIGHT - 1.5 * MARGIN

    def x(number):
        return MARGIN + width * (math.log10(number) - low_x) / (high_x - low_x)

    def y(number):
        return 0.5 * MARGIN + height * (high_y - math.log10(number)) / (high_y - low_y)

    parts = [f'<text x="{MARGIN}" y="18" font-weight="bold">{escape(title)}</text>']
    for power in range(low_x, high_x + 1):
        parts.append(f'<path d="M{x(10**power):.1f} {y(10**low_y):.1f}V{y(10**high_y):.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{x(10**power):.1f}" y="{y(10**low_y) + 16:.1f}" text-anchor="middle">{10**power:g}</text>')
    for power in range(low_y, high_y + 1):
        parts.append(f'<path d="M{x(10**low_x):.1f} {y(10**power):.1f}H{x(10**high_x):.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{MARGIN - 6}" y="{y(10**power) + 4:.1f}" text-anchor="end">{10**power:g}</text>')
    for index, program in enumerate(programs):
        points = sorted((row.megapixels, value(row)) for row in rows if row.program == program)
        if points:
            line = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in points)
            color = COLORS[index % len(COLORS)]
            parts.append(f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="2"/>')
            parts += [f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="3" fill="{color}"/>' for a, b in points]
    return parts


def decades(numbers):
    low, high = math.floor(math.log10(min(numbers))), math.ceil(math.log10(max(numbers)))
    return low, max(high, low + 1)


def where(row):
    return f"{row.width} x {row.height}, {channels_text(row.channels)}, {threads_text(row.threads)}"


def channels_text(channels):
    return f"{channels} channel{'s' if channels > 1 else ''}"


def threads_text(threads):
    return f"{threads} thread{'s' if threads > 1 else ''}"


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def unique(items):
    return list(dict.fromkeys(items))
