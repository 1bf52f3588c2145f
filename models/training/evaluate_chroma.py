#!/usr/bin/env python3
# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# evaluate_chroma: model files on chroma that was solved or scaled down, and competitors
"""Example:
  evaluate_chroma.py ../chroma-upsampling-x4.safetensors --scribbles flower=grey.png,marked.png --photo ~/Pictures/*.png --factor 4 \\
    --joint-filter ../../build/core/joint-filter --out results

Scribbled pictures are solved at full size (the truth), and at 1/factor of it by the paper's protocol ("solved"); the truth is also
scaled down ("scaled"), as is the chroma of photographs ("photo"). All are enlarged by bicubic interpolation and improved with the luma as guide.
RMSE over Cb and Cr, 0..255, mean over pictures, and its share of bicubic's; competitors at the setting that is best on the set. Writes a table
as Markdown and CSV, and a contact sheet per picture."""

import argparse
import functools
import pathlib
import sys

import numpy as np

import colourise
import evaluate
import evaluate_maps as maps
import results

DIFFERENT = 20 / 255         # between the grey picture and the marked one where there is a stroke, above what JPEG does


def examples_of(name, luma, chroma, small):
    """Cb and Cr of one picture."""
    photo = np.repeat(luma[..., None], 3, 2).astype(np.float32)
    result = []
    for i in range(2):
        truth, reduced = (x[..., i].astype(np.float32) + np.float32(.5) for x in (chroma, small))
        result.append(maps.Example(name, truth, photo, maps.resized(reduced, *truth.shape, 'cubic'), reduced, 255))
    return result


def whole(picture, factor):
    """Whole blocks only."""
    height, width = (n // factor * factor for n in picture.shape[:2])
    return picture[:height, :width]


def scaled(chroma, factor):
    return np.stack([maps.resized(chroma[..., i].astype(np.float32), chroma.shape[0] // factor, chroma.shape[1] // factor, 'box')
                     for i in range(2)], 2)


def solved(kept, luma, chroma, strokes):
    key = ('solve', luma, chroma, strokes)
    return kept.picture(key, lambda: colourise.solve(luma, chroma, strokes))


def scribbled(kept, name, grey, marked, factor):
    """(solved, scaled) examples of one scribbled picture."""
    grey, marked = (whole(evaluate.read(p, 0), factor) for p in (grey, marked))
    luma, strokes = colourise.luma_of(grey), np.abs(marked - grey).max(2) > DIFFERENT
    chroma = colourise.chroma_of(marked)
    full = solved(kept, luma, chroma, strokes)
    small = solved(kept, *colourise.reduced(luma, chroma, strokes, factor))
    return examples_of(name, luma, full, small), examples_of(name, luma, full, scaled(full, factor))


def photographed(path, crop, factor):
    picture = whole(evaluate.read(path, crop), factor)
    chroma = colourise.chroma_of(picture)
    return examples_of(pathlib.Path(path).stem, colourise.luma_of(picture), chroma, scaled(chroma, factor))


def rmse(pair, examples):
    return float(np.sqrt(np.mean([maps.rmse(r, x) ** 2 for r, x in zip(pair, examples)])))


def methods(core, arguments, pictures):
    """Rows (method, setting, Cb and Cr for each picture)."""
    yield 'bicubic', '', [[x.target for x in pair] for pair in pictures]
    if arguments.competitors:
        for name, variants in maps.competitors_of('box', arguments.factor).items():
            planes = [x for pair in pictures[::2] for x in pair]
            setting = results.search(core.kept, (name, *(p for x in planes for p in (x.truth, x.target, x.photo))), variants, planes, maps.rmse)
            yield name, setting, [[core.kept.picture((name, setting, x.small, x.photo), functools.partial(variants[setting], x)) for x in pair]
                                  for pair in pictures]
    for name, model, _ in results.models_of(arguments):
        yield name, '', [[core.apply(model, x.target[..., None], x.photo)[..., 0] for x in pair] for pair in pictures]


def coloured(pair, planes):
    return colourise.rgb_of(pair[0].photo[..., 0], np.stack(planes, 2) - .5)


def measured(core, arguments, name, pictures):
    rows, sheets = [], [[('guidance', pair[0].photo)] for pair in pictures]
    for method, setting, outputs in methods(core, arguments, pictures):
        error = float(np.mean([rmse(r, pair) for r, pair in zip(outputs, pictures)]))
        rows += [(name, method, setting, round(error, 3)), (f'{name}, of bicubic', method, setting, round(error / (rows[0][3] if rows else error), 3))]
        print(*rows[-2], rows[-1][3], sep='\t', flush=True)
        for line, pair, planes in zip(sheets, pictures, outputs):
            line.append((method, coloured(pair, planes)))
    for line, pair in zip(sheets, pictures):
        results.sheet(arguments, f'{name}-{pair[0].name}', line + [('truth', coloured(pair, [x.truth for x in pair]))])
    return rows


def named(text):
    name, _, paths = text.partition('=')
    return name, *paths.split(',')


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    results.add_options(parser)
    parser.add_argument('--scribbles', nargs='*', type=named, default=[], metavar='NAME=GREY,MARKED')
    parser.add_argument('--photo', nargs='*', default=[], metavar='FILE')
    parser.add_argument('--crop', type=int, default=0, help='of photographs: top left square of this size; 0: everything')
    parser.add_argument('--factor', type=int, default=4)
    arguments = parser.parse_args(argv)
    core = evaluate.Core(arguments.joint_filter, None, results.Kept(arguments.kept))
    sets, rows = {}, []
    if arguments.scribbles:
        sets['solved'], sets['scaled'] = zip(*(scribbled(core.kept, *s, arguments.factor) for s in arguments.scribbles))
    if arguments.photo:
        sets['photo'] = [photographed(path, arguments.crop, arguments.factor) for path in arguments.photo]
    for name, pictures in sets.items():
        rows += measured(core, arguments, name, pictures)
    results.write(arguments, rows, [2], [pathlib.Path(m).stem for m in arguments.models])


if __name__ == '__main__':
    sys.exit(main())
