#!/usr/bin/env python3
# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# evaluate_maps: model files on maps made small and enlarged again, and competitors
"""Example:
  evaluate_maps.py ../depth-upsampling-x8.safetensors --set Middlebury 8 1 'sets/*_depth.png' 'sets/*_color.png' \\
    --degrade odd --joint-filter ../../build/core/joint-filter --out results

A set is its name, the factor, RMSE's unit, and patterns of files: maps and their photos in the same order, and, for the F-measure,
masks that say what is right. Maps of bytes are filtered as 0..1; maps of more bits each by its own range. RMSE is in the
file's own numbers times the unit, the mean of the set's pictures. Competitors take the setting that is best on the set.
Writes a table as Markdown and CSV, and a contact sheet per map."""

import argparse
import functools
import glob
import itertools
import pathlib
import sys
from typing import NamedTuple

import numpy as np
from PIL import Image

import evaluate
import resample
import results

NOISE = np.float32(1e-3 ** .5)       # the paper's
BETA2 = .3                           # F-measure: precision before recall, as everybody who measures saliency


class Example(NamedTuple):
    name: str
    truth: np.ndarray                # [h,w], 0..1
    photo: np.ndarray                # [h,w,3]
    target: np.ndarray               # [h,w], what everybody improves
    small: np.ndarray                # the same before it was enlarged, None after noise
    span: float                      # RMSE's unit
    mask: np.ndarray = None          # [h,w], what the F-measure is of


class Set(NamedTuple):
    name: str
    factor: int
    unit: float
    files: list                      # of (map, photo[, mask])


def read(map_path, photo_path, unit):
    plane = np.asarray(Image.open(map_path))
    if plane.dtype == np.uint8:
        plane, low, high = (plane if plane.ndim == 2 else plane[..., 0]), 0, 255
    else:
        low, high = int(plane.min()), int(plane.max())
    truth = (plane.astype(np.float32) - low) / (high - low)
    return truth, evaluate.read(photo_path, 0), (high - low) * unit


def resized(x, height, width, kernel):
    return resample.weights(height, x.shape[0], kernel) @ x @ resample.weights(width, x.shape[1], kernel).T


def made_small(truth, factor, degrade):
    if degrade == 'odd':
        return resample.decimated(truth, factor)
    return resized(truth, round(truth.shape[0] / factor), round(truth.shape[1] / factor), degrade)


def example(paths, degrade, factor, unit):
    map_path, photo_path, *mask_path = paths
    truth, photo, span = read(map_path, photo_path, unit)
    mask = read(*mask_path, photo_path, 1)[0] > .5 if mask_path else None
    if degrade == 'noise':
        return Example(pathlib.Path(map_path).stem, truth, photo, truth + NOISE * evaluate.noise(truth.shape, 0), None, span)
    if degrade == 'odd':                                 # whole blocks only
        height, width = (n // factor * factor for n in truth.shape)
        truth, photo = truth[:height, :width], photo[:height, :width]
    small = made_small(truth, factor, degrade)
    return Example(pathlib.Path(map_path).stem, truth, photo, resized(small, *truth.shape, 'cubic'), small, span, mask)


def guided_filter(x, radius, epsilon):
    import competitors
    return competitors.guided_filter(x.target[..., None], x.photo, 0, radius, epsilon, 'guidance')[..., 0]


def joint_bilateral(x, degrade, spread, tolerance):
    """Kopf et al., Joint Bilateral Upsampling (SIGGRAPH 2007), knowing where the small map's pixels were; spread in
    its pixels. After noise: the plain joint bilateral filter."""
    if x.small is None:
        import competitors
        return competitors.joint_bilateral(x.target[..., None], x.photo, 0, spread, tolerance)[..., 0]
    (height, width), (rows, columns) = x.truth.shape, x.small.shape
    if degrade == 'odd':
        guide = resample.decimated(x.photo.transpose(2, 0, 1), height // rows).transpose(1, 2, 0)
        shift = .5 - .5 * rows / height                  # the last pixel of a block, not its middle
    else:
        guide, shift = np.stack([resized(x.photo[..., c], rows, columns, 'box') for c in range(3)], 2), 0
    ys = (np.arange(height, dtype=np.float32) + .5) * rows / height - .5 - shift
    xs = (np.arange(width, dtype=np.float32) + .5) * columns / width - .5 - shift
    total, weights, reach = 0, 1e-12, int(np.ceil(2 * spread))
    for dy, dx in itertools.product(range(-reach, reach + 1), repeat=2):
        j, i = np.rint(ys).astype(int) + dy, np.rint(xs).astype(int) + dx
        near = ((j - ys) ** 2)[:, None] + (i - xs) ** 2
        j, i = j.clip(0, rows - 1), i.clip(0, columns - 1)
        alike = ((guide[j][:, i] - x.photo) ** 2).sum(2)
        weight = np.exp((-near / (2 * spread ** 2) - alike / (2 * tolerance ** 2)).astype(np.float32))
        total, weights = total + weight * x.small[j][:, i], weights + weight
    return total / weights


def competitors_of(degrade, factor):
    """Name -> {setting: function of an example}."""
    import competitors
    noisy = degrade == 'noise'
    radii = [1, 2, 4] if noisy else [factor // 4, factor // 2, factor, 2 * factor]
    spreads = [1, 1.5, 2.5] if noisy else [.5, .75, 1]
    bilateral = functools.partial(joint_bilateral, degrade=degrade)
    return {'guided filter': competitors.settings(guided_filter, radius=radii, epsilon=[1e-5, 1e-4, 1e-3, 1e-2]),
            'joint bilateral': competitors.settings(bilateral, spread=spreads, tolerance=[.06, .12, .25, .5])}


def methods(core, arguments, chosen, examples):
    """Rows (method, setting, a result for each example)."""
    yield 'noisy' if arguments.degrade == 'noise' else 'bicubic', '', [x.target for x in examples]
    if arguments.competitors:
        for name, variants in competitors_of(arguments.degrade, chosen.factor).items():
            key = (name, arguments.degrade, chosen.factor)
            searched = examples[::max(1, len(examples) // arguments.search)]
            setting = results.search(core.kept, (*key, *(p for x in searched for p in (x.truth, x.photo))), variants, searched, rmse)
            yield name, setting, [core.kept.picture((*key, setting, x.target, x.photo), functools.partial(variants[setting], x))
                                  for x in examples]
    for name, model, _ in results.models_of(arguments):
        yield name, '', [core.apply(model, x.target[..., None], x.photo)[..., 0] for x in examples]


def rmse(result, x):
    return float(np.sqrt(((result - x.truth) ** 2).mean()) * x.span)


def f_measure(result, x):
    """At twice the mean, as Achanta et al. (CVPR 2009) have it, but never above the middle."""
    found = result >= min(2 * result.mean(), .5)
    right = (found & x.mask).sum()
    precision, recall = right / max(found.sum(), 1), right / max(x.mask.sum(), 1)
    return float((1 + BETA2) * precision * recall / max(BETA2 * precision + recall, 1e-9))


def measured(core, arguments, chosen):
    examples, rows = [example(paths, arguments.degrade, chosen.factor, chosen.unit) for paths in chosen.files], []
    sheets = [[('guidance', x.photo)] for x in examples]
    for method, setting, outputs in methods(core, arguments, chosen, examples):
        rows.append((chosen.name, method, setting, round(float(np.mean([rmse(r, x) for r, x in zip(outputs, examples)])), 4)))
        if examples[0].mask is not None:
            f = float(np.mean([f_measure(r, x) for r, x in zip(outputs, examples)]))
            rows.append((f'{chosen.name}, F', method, setting, round(f, 4)))
        print(*rows[-1], sep='\t', flush=True)
        for line, r in zip(sheets, outputs):
            line.append((method, r))
    for x, line in zip(examples, sheets):
        results.sheet(arguments, f'{chosen.name}-{x.name}', line + [('truth', x.truth)])
    return rows


def set_of(words):
    """NAME FACTOR UNIT MAPS PHOTOS [MASKS]"""
    name, factor, unit, *patterns = words
    files = [sorted(glob.glob(str(p))) for p in patterns]
    if len(files) not in (2, 3) or not files[0] or len({len(f) for f in files}) != 1:
        raise SystemExit(f'{name}: as many photos, and masks if any, as maps, please; there are {[len(f) for f in files]}')
    return Set(name, int(factor), float(unit), list(zip(*files)))


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    results.add_options(parser)
    parser.add_argument('--set', nargs='+', action='append', required=True, metavar='', help=set_of.__doc__)
    parser.add_argument('--degrade', choices=['odd', 'noise', *resample.KERNELS], required=True)
    parser.add_argument('--search', type=int, default=5, help='settings are chosen by so many pictures of a set')
    arguments = parser.parse_args(argv)
    core, rows = evaluate.Core(arguments.joint_filter, None, results.Kept(arguments.kept)), []
    for words in arguments.set:
        rows += measured(core, arguments, set_of(words))
    results.write(arguments, rows, [3 if 'F' in r[0].split(', ') else 2 for r in {r[0]: r for r in rows}.values()],
                  [pathlib.Path(m).stem for m in arguments.models])


if __name__ == '__main__':
    sys.exit(main())
