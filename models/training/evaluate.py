#!/usr/bin/env python3
# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# evaluate: model files against noise of known levels, and against competitors
"""Example:
  evaluate.py ../flash-denoise.safetensors --pair toys=toys_noflash.png,toys_flash.png --crop 720 --competitors \\
    --joint-filter ../../build/core/joint-filter --noise-level ../../build/tests/models/noise-level --out results

Adds Gaussian noise (seeded, not clipped unless --clip) to the clean first picture of every pair, filters it by the
second through the `joint-filter` command, and writes a table of PSNR as Markdown and CSV, and contact sheets. Competitors take the
setting that is best on the middles of the set's pictures. --views measures the pairs in other ways, too: another corner, and another
scale. Pairs named with --real have no truth: their noise is their own, its level is estimated, and they get a sheet only. Photos
named with --photo are a set by themselves and get a guide imitated by other rules than those of the training."""

import argparse
import pathlib
import subprocess
import sys
import tempfile
from typing import NamedTuple

import numpy as np
from PIL import Image

import modelfile
import results

SEARCHED = 256               # pixels of the middle of a picture, by which settings are chosen
GAMMA = 2.2


class Noise(NamedTuple):
    """As the core has it: core/noise.h."""
    level: float
    excess: float = 0.


class Core:
    """The command that ships, and the estimator of the core."""

    def __init__(self, command, estimator, kept=results.Kept(None)):
        self.command, self.estimator, self.kept = command, estimator, kept

    def apply(self, model, target, guidance, noise=None):
        """Pictures [h,w,c]; the noise, its level (the core estimates its excess) or that and its excess, as far as the model is
        told of it."""
        metadata, numbers = modelfile.load(model)[1], np.atleast_1d(() if noise is None else noise)
        told = [float(n) for n, key in zip(numbers, ('noise_level', 'noise_excess')) if metadata.get(key) == 'true']
        key = ('apply', results.file_digest(model), target, guidance, *(told or [None]))
        return self.kept.picture(key, lambda: self._apply(model, target, guidance, told))

    def _apply(self, model, target, guidance, told):
        tensors = {'target': target.transpose(2, 0, 1), 'guidance': guidance.transpose(2, 0, 1)}
        if told:
            tensors['noise_level'] = np.array(told)
        with tempfile.TemporaryDirectory() as folder:
            source, result = (str(pathlib.Path(folder, name)) for name in ('in', 'out'))
            modelfile.save(source, tensors)
            subprocess.run([self.command, 'apply', model, source, result], check=True)
            return modelfile.load(result)[0]['output'].transpose(1, 2, 0)

    def estimate(self, target, guidance):
        with tempfile.NamedTemporaryFile() as file:
            modelfile.save(file.name, {'target': target.transpose(2, 0, 1), 'guidance': guidance.transpose(2, 0, 1)})
            run = subprocess.run([self.estimator, file.name], check=True, capture_output=True, text=True)
        return Noise(*map(float, run.stdout.split()))


class Example(NamedTuple):
    name: str
    truth: np.ndarray            # [h,w,3], 0..1
    guidance: np.ndarray
    noisy: np.ndarray


def read(path, crop):
    picture = Image.open(path).convert('RGB')
    picture = picture.crop((0, 0, min(crop, picture.width), min(crop, picture.height))) if crop else picture
    return np.asarray(picture, np.float32) / 255


def psnr(picture, truth):
    return -10 * np.log10(max(float(((picture - truth) ** 2).mean()), 1e-12))


def measured(noisy, truth):
    """The noise that is there in pictures of three channels."""
    difference = noisy - truth
    level, coarse = (float(np.sqrt((d ** 2).mean())) for d in (difference, halved(difference).mean(2)))
    return Noise(level, 2 * 3 ** .5 * coarse - level)


def noise(shape, seed):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def field(draw, height, width, cells):
    """A smooth random field of variance about 1."""
    coarse = Image.fromarray(draw.standard_normal((cells + 2, cells + 2)).astype(np.float32))
    return np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))


def imitated(truth, seed):
    """The scene under another light: coarse light and fine shading changed, colours mixed anew, a shadow and glints that
    the truth does not have, a little noise."""
    draw, (height, width, _) = np.random.default_rng(seed), truth.shape
    light = truth.clip(1e-3) ** GAMMA
    small = shrunk(light.mean(2), 16)
    coarse = np.asarray(small.resize((width, height), Image.Resampling.BICUBIC)).clip(1e-3)[..., None]
    light = coarse ** draw.uniform(.4, .9) * (light / coarse) ** draw.uniform(.7, 1.3)
    light = (light @ (np.eye(3) + .15 * draw.standard_normal((3, 3))).T).clip(1e-4)
    light = light * np.exp(.4 * field(draw, height, width, 3))[..., None] * draw.uniform(.7, 1.3)
    edge = field(draw, height, width, 5) + .5 * (truth.mean(2) - truth.mean())
    light = light * (1 - draw.uniform(.5, .9) * (.5 + .5 * np.tanh(20 * (edge - .9))))[..., None]
    light = light + 2 * (field(draw, height, width, 24) > 3)[..., None]
    guide = light.clip(0, 1) ** (1 / GAMMA) + .004 * draw.standard_normal(truth.shape)
    return guide.clip(0, 1).astype(np.float32)


def shrunk(plane, factor):
    image = Image.fromarray(plane.astype(np.float32))
    return image.resize((max(image.width // factor, 2), max(image.height // factor, 2)), Image.Resampling.BOX)


def halved(picture):
    height, width = (n // 2 * 2 for n in picture.shape[:2])
    return picture[:height, :width].reshape(height // 2, 2, width // 2, 2, 3).mean((1, 3), dtype=np.float32)


def views(name, truth, guidance, crop, wanted):
    """(name, truth, guidance): the top left corner, and what else is wanted of the pair, two thirds as large."""
    part = crop * 2 // 3
    yield name, truth[:crop, :crop], guidance[:crop, :crop]
    if 'corner' in wanted:
        yield f'{name}, other corner', truth[-part:, -part:], guidance[-part:, -part:]
    if 'half' in wanted:
        yield f'{name}, half size', halved(truth)[:part, :part], halved(guidance)[:part, :part]


def sets_of(arguments):
    """(name, [(name, truth, guidance)])."""
    crop = arguments.crop or 1 << 20
    for name, truth, guidance in arguments.pair:
        for view in views(name, read(truth, 0), read(guidance, 0), crop, arguments.views):
            yield view[0], [view]
    if arguments.photo:
        truths = [read(path, arguments.crop) for path in arguments.photo]
        pictures = [(pathlib.Path(p).stem, t, imitated(t, seed)) for seed, (p, t) in enumerate(zip(arguments.photo, truths))]
        yield arguments.photos_name, pictures


def competitor(kept, name, variants, examples, level):
    """(setting, a result for each example): the setting is the set's."""
    def part(x):
        return Example(x.name, *(results.middle(p, SEARCHED) for p in x[1:]))

    def run(x, setting):
        return variants[setting](x.noisy, x.guidance, sigma=level)

    parts = [part(x) for x in examples[::3]]
    setting = results.search(kept, (name, level, *(p for x in parts for p in x[1:])),
                             {s: lambda x, s=s: run(x, s) for s in variants}, parts, lambda r, x: -psnr(r, x.truth))
    return setting, [kept.picture((name, setting, level, x.noisy, x.guidance), lambda x=x: run(x, setting)) for x in examples]


def methods(core, arguments, examples, level):
    """Rows (method, setting, a result for each example)."""
    yield 'noisy input', '', [x.noisy for x in examples]
    if arguments.competitors and level:
        import competitors
        for name, variants in competitors.all_of().items():
            yield name, *competitor(core.kept, name, variants, examples, level)
    white = Noise(level)
    for name, model, judged in results.models_of(arguments):
        yield name + ', level given' * judged, '', [core.apply(model, x.noisy, x.guidance, white) for x in examples]
        if judged and core.estimator:
            yield f'{name}, level estimated', '', [core.apply(model, x.noisy, x.guidance, core.estimate(x.noisy, x.guidance)) for x in examples]
        if judged:
            yield f'{name}, blank guide', '', [core.apply(model, x.noisy, np.full_like(x.guidance, .5), white) for x in examples]


def with_truth(core, arguments):
    rows = []
    for set_name, pictures in sets_of(arguments):
        for level in arguments.levels:
            examples = []
            for name, truth, guidance in pictures:
                noisy = truth + np.float32(level) * noise(truth.shape, arguments.seed)
                examples.append(Example(name, truth, guidance, noisy.clip(0, 1) if arguments.clip else noisy))
            sheets = [[('input', x.noisy), ('guidance', x.guidance)] for x in examples]
            for method, setting, outputs in methods(core, arguments, examples, level):
                figure = float(np.mean([psnr(r, x.truth) for r, x in zip(outputs, examples)]))
                rows.append((f'{set_name} {level}', method, setting, round(figure, 3)))
                print(*rows[-1], sep='\t', flush=True)
                for line, r in zip(sheets, outputs):
                    line.append((method, r))
            for x, line in zip(examples, sheets):
                results.sheet(arguments, f'{x.name}-{level}', line[:2] + line[3:] + [('truth', x.truth)], arguments.zoom)
    return rows


def without_truth(core, arguments):
    for name, target, guidance in arguments.real:
        target, guidance = read(target, 0), read(guidance, 0)
        found = core.estimate(target, guidance)
        print(name, f'estimated level {found.level:.4f}, excess {found.excess:.4f}', sep='\t', flush=True)
        outputs = [(n, core.apply(model, target, guidance, found)) for n, model, _ in results.models_of(arguments)]
        results.sheet(arguments, name, [('input', target), ('guidance', guidance)] + outputs, arguments.zoom)


def pair(text):
    name, _, paths = text.partition('=')
    return name, *paths.split(',')


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    results.add_options(parser)
    parser.add_argument('--pair', nargs='*', type=pair, default=[], metavar='NAME=TRUTH,GUIDANCE')
    parser.add_argument('--views', nargs='*', default=[], choices=['corner', 'half'])
    parser.add_argument('--photo', nargs='*', default=[], metavar='TRUTH')
    parser.add_argument('--photos-name', default='photos', metavar='NAME', help='of their column in the table')
    parser.add_argument('--real', nargs='*', type=pair, default=[], metavar='NAME=TARGET,GUIDANCE')
    parser.add_argument('--levels', nargs='+', type=float, default=[.0316, .1])
    parser.add_argument('--crop', type=int, default=0, help='top left square of this size; 0: everything')
    parser.add_argument('--clip', action='store_true', help='noisy pictures clipped to 0..1')
    parser.add_argument('--seed', type=int, default=0, help='of the noise')
    parser.add_argument('--noise-level', metavar='PROGRAM', help='the estimator, built with the tests')
    parser.add_argument('--zoom', type=int, default=2)
    arguments = parser.parse_args(argv)
    if arguments.real and not arguments.noise_level:
        parser.error('--real needs --noise-level: nobody else knows how noisy these pictures are')
    core = Core(arguments.joint_filter, arguments.noise_level, results.Kept(arguments.kept))
    rows = with_truth(core, arguments)
    if rows:
        results.write(arguments, rows, [2], [pathlib.Path(m).stem for m in arguments.models])
    without_truth(core, arguments)


if __name__ == '__main__':
    sys.exit(main())
