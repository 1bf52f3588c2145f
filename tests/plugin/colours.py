# SPDX-License-Identifier: GPL-3.0-or-later
"""luma and chroma, and colours that spread from strokes, by plain means"""

import math

import numpy


# luma and chroma of ITU-R BT.601, by its own formulas

def split (colour, area):
    """(Y, Cb + Cr) of three planes or one"""
    red, green, blue = [colour[i:i + area] for i in range (0, 3 * area, area)] if len (colour) > area else [colour] * 3
    luma = [0.299 * r + 0.587 * g + 0.114 * b for r, g, b in zip (red, green, blue)]
    return luma, [0.5 * (b - y) / (1 - 0.114) + 0.5 for b, y in zip (blue, luma)] + \
        [0.5 * (r - y) / (1 - 0.299) + 0.5 for r, y in zip (red, luma)]


def join (luma, chroma):
    n = len (luma)
    cb, cr = ([value - 0.5 for value in plane] for plane in (chroma[:n], chroma[n:]))
    return [y + 1.402 * v for y, v in zip (luma, cr)] + \
        [y - 0.344136286 * u - 0.714136286 * v for y, u, v in zip (luma, cb, cr)] + \
        [y + 1.772 * u for y, u in zip (luma, cb)]


def weigh (luma, width, height, x, y):
    """The neighbours of a cell and their weights: Levin's program."""
    cells = [v * width + u for v in range (max (y - 1, 0), min (y + 2, height))
             for u in range (max (x - 1, 0), min (x + 2, width))]
    here = luma[y * width + x]
    mean = sum (luma[cell] for cell in cells) / len (cells)
    variance = sum ((luma[cell] - mean) ** 2 for cell in cells) / len (cells)
    cells.remove (y * width + x)
    least = min ((luma[cell] - here) ** 2 for cell in cells)
    spread = max (0.6 * variance, least / -math.log (0.01), 2e-6)
    weights = [math.exp (-(luma[cell] - here) ** 2 / spread) for cell in cells]
    return [(cell, weight / sum (weights)) for cell, weight in zip (cells, weights)]


def solve (luma, known, width, height):
    """Every cell that is not known is the weighted mean of its neighbours."""
    matrix, values = numpy.eye (width * height), numpy.zeros (width * height)
    for cell in range (width * height):
        if cell in known:
            values[cell] = known[cell]
        else:
            for other, weight in weigh (luma, width, height, cell % width, cell // width):
                matrix[cell, other] -= weight
    return numpy.linalg.solve (matrix, values)


def cubic (t):
    t = abs (t)
    return 1.5 * t ** 3 - 2.5 * t ** 2 + 1 if t < 1 else -0.5 * t ** 3 + 2.5 * t ** 2 - 4 * t + 2 if t < 2 else 0.0


def spread (n, factor, n_small):
    """How much of every cell a pixel takes: [pixel, cell]"""
    matrix = numpy.zeros ((n, n_small))
    for x in range (n):
        center = (x + 0.5) / factor - 0.5
        first = int (center // 1) - 1
        for i in range (first, first + 4):
            matrix[x, min (max (i, 0), n_small - 1)] += cubic (center - i)
    return matrix


def enlarge (values, width, height, factor=4):
    """From cells of so many pixels, the last of which may lie beyond the picture."""
    cells = numpy.reshape (values, (-(-height // factor), -(-width // factor)))
    return (spread (height, factor, len (cells)) @ cells @ spread (width, factor, cells.shape[1]).T).ravel ().tolist ()


def colorize (strokes, luma, width, height, is_stroke, filter, factor=4):
    """Chroma of all pixels from that of those where is_stroke (x, y), which keep theirs; filter takes two planes."""
    area, columns, rows = width * height, -(-width // factor), -(-height // factor)
    pixels = {cell: [] for cell in range (columns * rows)}
    for i in range (area):
        pixels[i // width // factor * columns + i % width // factor].append (i)
    small = [sum (luma[i] for i in pixels[cell]) / len (pixels[cell]) for cell in range (columns * rows)]
    planes = []
    for c in range (2):
        known = {}
        for cell, inside in pixels.items ():
            marked = [strokes[c * area + i] for i in inside if is_stroke (i % width, i // width)]
            if marked:
                known[cell] = sum (marked) / len (marked)
        planes += enlarge (solve (small, known, columns, rows), width, height, factor)
    return [strokes[i] if is_stroke (i % width, i // width % height) else value for i, value in enumerate (filter (planes))]
