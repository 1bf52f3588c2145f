# SPDX-License-Identifier: GPL-3.0-or-later
"""small pictures of which the truth is known, in formulas: they can be moved by parts of a pixel"""

import array
import math
import random

import colours

WIDTH, HEIGHT = 160, 128
AREA = WIDTH * HEIGHT

# Things: middle, size, angle, round or not; how bright by day, in red, green and blue, in infrared, and how far away.
THINGS = [((40, 35), 26, 0.0, True,  (0.80, 0.35, 0.25), 0.30, 0.2),
          ((115, 40), 30, 0.5, False, (0.25, 0.45, 0.80), 0.75, 0.5),
          ((70, 85), 24, 0.9, False, (0.85, 0.80, 0.30), 0.55, 0.8),
          ((128, 92), 20, 0.0, True,  (0.30, 0.65, 0.35), 0.90, 0.65),
          ((92, 58), 9, 0.3, False, (0.95, 0.92, 0.88), 0.15, 0.35)]
GROUND = ((0.55, 0.50, 0.48), 0.45, 0.0)


def cover (thing, x, y):
    """How much of a pixel there is a thing's."""
    (u, v), size, angle, is_round = thing[:4]
    dx, dy = x - u, y - v
    dx, dy = dx * math.cos (angle) + dy * math.sin (angle), dy * math.cos (angle) - dx * math.sin (angle)
    distance = math.hypot (dx, dy) - size if is_round else max (abs (dx), abs (dy)) - size
    return min (max (0.5 - distance, 0.0), 1.0)


def draw (pick, shift=(0.0, 0.0), shade=0.0):
    """A plane: what pick takes of the ground and the things, the later ones in front."""
    plane = array.array ('f')
    for y in range (HEIGHT):
        for x in range (WIDTH):
            u, v = x + shift[0], y + shift[1]
            value = pick (GROUND)
            for thing in THINGS:
                share = cover (thing, u, v)
                if share:
                    value += share * (pick (thing[4:]) - value)
            plane.append (value * (1.0 + shade * math.sin (u / 31.0 + v / 47.0)))
    return plane


def join (*planes):
    return array.array ('f', [value for plane in planes for value in plane])


def photo (shift=(0.0, 0.0), light=(1.0, 1.0, 1.0), shade=0.15):
    """Red, green and blue."""
    return join (*(draw (lambda kind: kind[0][c] * light[c], shift, shade) for c in range (3)))


def infrared (shift=(0.0, 0.0)):
    return draw (lambda kind: kind[1], shift, 0.1)


def depth ():
    return draw (lambda kind: kind[2])


def add_noise (plane, sigma, seed):
    source = random.Random (seed)
    return array.array ('f', [value + source.gauss (0.0, sigma) for value in plane])


def add_dots (plane, pitch=4.5, angle=0.5):
    """A newspaper's screen: dots of ink as large as leave the tone."""
    def wave (x, y):
        u, v = x * math.cos (angle) + y * math.sin (angle), y * math.cos (angle) - x * math.sin (angle)
        return math.cos (2 * math.pi * u / pitch) + math.cos (2 * math.pi * v / pitch)
    cell = [2 * math.pi * i / 64 for i in range (64)]
    heights = sorted (math.cos (u) + math.cos (v) for u in cell for v in cell)
    level = lambda value: heights[min (max (int (value * len (heights)), 0), len (heights) - 1)]
    return array.array ('f', [min (max (0.5 + level (value) - wave (x, y), 0.0), 1.0)
                              for (x, y), value in zip (positions (len (plane) // AREA), plane)])


def add_weave (plane):
    return array.array ('f', [value + 0.06 * math.sin (2.1 * x) * math.sin (1.7 * y)
                              for (x, y), value in zip (positions (len (plane) // AREA), plane)])


def positions (n_planes):
    return ((i % WIDTH, i // WIDTH % HEIGHT) for i in range (n_planes * AREA))


def reduce (plane, factor):
    """Means of squares, which the size has to have room for."""
    return [sum (plane[(y * factor + v) * WIDTH + x * factor + u] for v in range (factor) for u in range (factor)) /
            factor ** 2 for y in range (HEIGHT // factor) for x in range (WIDTH // factor)]


def enlarge (values, factor):
    """As GIMP's cubic interpolation does it."""
    return array.array ('f', colours.enlarge (values, WIDTH, HEIGHT, factor))


def rms (found, truth, inside=None):
    values = [(a - b) ** 2 for i, (a, b) in enumerate (zip (found, truth)) if inside is None or inside (i)]
    return math.sqrt (sum (values) / len (values))


def psnr (found, truth, inside=None):
    return -20.0 * math.log10 (rms (found, truth, inside))
