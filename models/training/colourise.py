#!/usr/bin/env python3
# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# colourise: photographs -> scribbled colours, solved at full and at reduced size
"""Example: colourise.py ~/Pictures --count 100 --out colourised

Colours that spread from scribbles look unlike those of photographs: constant up to edges of the luma, with leaks, and
a solution at reduced size is not the full one made small. This makes such pairs for the recipe `chroma`: crops of photographs are
scribbled on with strokes of their own colours, changed, and solved with the method of Levin, Lischinski and Weiss
(Colorization Using Optimization, SIGGRAPH 2004) at full size
and at a fraction of it. Needs SciPy. Writes NAME-luma.webp, NAME-chroma.webp (red Cb, green Cr) and NAME-x4.webp … (the same, solved
at a fourth of the size …)."""

import argparse
import itertools
import math
import pathlib

import numpy as np
from PIL import Image
from scipy import ndimage, sparse
from scipy.sparse import linalg

import photos

LEAST_VARIANCE = 2e-6        # of luma in a window, from Levin's published program, as are the next two
VARIANCE_SHARE = .6
LEAST_WEIGHT = .01           # of the most similar neighbour
ALIKE = .15                  # a stroke ends where the photograph's colour has changed by this
STEPS = 160                  # of a stroke, a pixel each
LEAST_STROKE = 30            # pixels


def luma_of(rgb):
    return rgb @ np.array([.299, .587, .114], rgb.dtype)


def chroma_of(rgb):
    """Cb and Cr of BT.601, full range, grey = 0: [...,3] -> [...,2]."""
    luma = luma_of(rgb)
    return np.stack([(rgb[..., 2] - luma) / 1.772, (rgb[..., 0] - luma) / 1.402], -1)


def rgb_of(luma, chroma):
    red, blue = luma + 1.402 * chroma[..., 1], luma + 1.772 * chroma[..., 0]
    return np.stack([red, (luma - .299 * red - .114 * blue) / .587, blue], -1)


def neighbours(luma):
    """Weights of the eight neighbours of every pixel, [8,h,w], summing to 1; 0 outside of the picture."""
    height, width = luma.shape
    inside = np.pad(np.ones_like(luma), 1)
    padded = np.pad(luma, 1)
    offsets = [o for o in itertools.product((0, 1, 2), repeat=2) if o != (1, 1)]
    there = np.stack([inside[y:y + height, x:x + width] for y, x in offsets])
    values = np.stack([padded[y:y + height, x:x + width] for y, x in offsets])
    count = there.sum(0) + 1
    mean = ((values * there).sum(0) + luma) / count
    variance = (((values - mean) ** 2 * there).sum(0) + (luma - mean) ** 2) / count
    squares = np.where(there > 0, (values - luma) ** 2, np.inf)
    spread = np.maximum(VARIANCE_SHARE * variance, -squares.min(0) / math.log(LEAST_WEIGHT))
    weights = np.exp(-squares / np.maximum(spread, LEAST_VARIANCE))
    return weights / weights.sum(0), offsets


def solve(luma, chroma, marked):
    """Chroma [h,w,2] everywhere from chroma where marked [h,w]."""
    height, width = luma.shape
    weights, offsets = neighbours(luma.astype(np.float64))
    index = np.arange(height * width).reshape(height, width)
    padded = np.pad(index, 1)
    columns = np.stack([padded[y:y + height, x:x + width] for y, x in offsets])
    chosen = (weights > 0) & ~marked
    rows = np.broadcast_to(index, columns.shape)
    matrix = sparse.eye(height * width) - sparse.csr_matrix((weights[chosen], (rows[chosen], columns[chosen])), (height * width,) * 2)
    known = np.where(marked[..., None], chroma, 0).reshape(-1, 2).astype(np.float64)
    return linalg.splu(matrix.tocsc()).solve(known).reshape(height, width, 2)


def reduced(luma, chroma, marked, factor):
    """The same problem at 1/factor size: means of blocks; a block is marked where any of its pixels is."""
    height, width = (n // factor for n in luma.shape)

    def means(x):
        return x[:height * factor, :width * factor].reshape(height, factor, width, factor, -1).mean((1, 3))

    share = means(marked.astype(np.float64))
    colours = means(chroma * marked[..., None]) / np.maximum(share, 1e-9)
    return means(luma)[..., 0], colours, share[..., 0] > 0


def stroke(rgb, draw):
    """Pixels of one stroke: a curve that stays where the photograph's colour does not change much."""
    height, width = rgb.shape[:2]
    y, x, angle = draw.uniform(0, height), draw.uniform(0, width), draw.uniform(0, 2 * math.pi)
    mask, first, turn = np.zeros((height, width), bool), rgb[int(y), int(x)], draw.normal(0, .08)
    for _ in range(STEPS):
        row, column = int(y), int(x)
        if not (0 <= row < height and 0 <= column < width) or np.abs(rgb[row, column] - first).max() > ALIKE:
            break
        mask[row, column] = True
        turn = .95 * turn + draw.normal(0, .03)
        angle += turn
        y, x = y + math.sin(angle), x + math.cos(angle)
    return ndimage.binary_dilation(mask, iterations=draw.integers(1, 4))


def scribbles(rgb, draw):
    """(chroma, marked): strokes in the photograph's colours, their hues turned, each changed by itself."""
    smooth = ndimage.gaussian_filter(rgb, (2, 2, 0))
    chroma, marked = np.zeros(rgb.shape[:2] + (2,)), np.zeros(rgb.shape[:2], bool)
    turn, gain, freedom = draw.normal(0, 1), draw.uniform(.8, 2.5), draw.uniform(.02, .2)
    rotation = gain * np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    for _ in range(draw.integers(10, 70)):
        mask = stroke(smooth, draw)
        if mask.sum() >= LEAST_STROKE:
            colour = chroma_of(smooth[mask].mean(0)) @ rotation + draw.normal(0, freedom, 2)
            chroma[mask] = colour.clip(-.45, .45)
            marked |= mask
    return chroma, marked


def save(path, chroma):
    planes = np.concatenate([chroma + .5, np.zeros(chroma.shape[:2] + (1,))], 2)
    Image.fromarray((planes.clip(0, 1) * 255).round().astype(np.uint8)).save(path, lossless=True)


def example(photo, path, size, factors, draw):
    """One crop, scribbled on and solved at all sizes; luma as it will be read back."""
    top, left = (draw.integers(0, n - size + 1) for n in photo.shape[:2])
    rgb = photo[top:top + size, left:left + size].astype(np.float64) / 255
    Image.fromarray((luma_of(rgb) * 255).round().astype(np.uint8)).save(f'{path}-luma.webp', quality=90)
    luma = luma_of(photos.read(f'{path}-luma.webp') / 255)
    chroma, marked = scribbles(rgb, draw)
    save(f'{path}-chroma.webp', solve(luma, chroma, marked))
    for factor in factors:
        save(f'{path}-x{factor}.webp', solve(*reduced(luma, chroma, marked, factor)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('photos')
    parser.add_argument('--count', type=int, default=100)
    parser.add_argument('--size', type=int, default=256)
    parser.add_argument('--factors', type=int, nargs='+', default=[4, 8, 16])
    parser.add_argument('--out', type=pathlib.Path, required=True, metavar='FOLDER')
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    files = [photo for photo, _ in photos.find(arguments.photos)]
    for i in range(arguments.count):
        draw = np.random.default_rng(i)
        photo = photos.read(files[i * len(files) // arguments.count])
        example(photo, arguments.out / f'{i:04}', arguments.size, arguments.factors, draw)


if __name__ == '__main__':
    main()
