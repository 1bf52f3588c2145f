#!/usr/bin/env python3
# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# evaluate_all: every table and contact sheet of the cards
"""Example:
  evaluate_all.py ~/sets --reference ~/released --joint-filter ../../build/core/joint-filter \\
    --noise-level ../../build/tests/models/noise-level --kept ~/.cache/evaluated --sheets ~/sheets

The sets are folders below the first argument, as the patterns below have them; the authors' released models, in this format, are below
--reference. Tables go to ../figures and from there into the cards (<!-- table NAME -->); contact sheets to --sheets, those of our own
sample scene also to ../figures. With --kept only what changed is computed again. --only takes the first letters of tables' names."""

import argparse
import glob
import pathlib
import shutil
import sys

import evaluate
import evaluate_chroma
import evaluate_level
import evaluate_maps
import evaluate_passes
import results

MODELS = pathlib.Path(__file__).resolve().parent.parent
FIGURES = MODELS / 'figures'
SAMPLE = MODELS.parent / 'tests' / 'data' / 'sample'
DENOISERS = ['flash-denoise', 'flash-denoise-best']
FACTORS = (4, 8, 16)


class Tables:
    """Each method is a group of tables; add () is called with a table's name, who makes it, the models, and its arguments."""

    def __init__(self, root, reference, add):
        self.root, self.reference, self.add = root, reference, add

    def files(self, pattern):
        found = sorted(glob.glob(str(self.root / pattern)))
        if not found:
            raise SystemExit(f'{self.root / pattern}: no such files')
        return found

    def pair(self, name, target, guidance):
        return f'{name}={self.files(target)[0]},{self.files(guidance)[0]}'

    def others(self, *names):
        """The authors' models by their names here and our reproductions by ours."""
        released = [f"the authors' {n.split('-')[0].upper()} {n.split('-')[-1].replace('reduction', 'noise reduction')}={self.reference / n}.safetensors"
                    for n in names if n.startswith('djf')]
        return ['--other', *released, *(MODELS / f'{n}.safetensors' for n in names if n.startswith('paper'))]

    def denoising(self):
        toys = self.pair('Toys', 'flash-test/faidfull_Toys_371_noflash.*', 'flash-test/faidfull_Toys_371_flash.*')
        wall = self.pair('wall', 'nir-test/epfl_0005_rgb.*', 'nir-test/epfl_0005_nir.*')
        vineyard = self.pair('vineyard', 'nir-test/msift_landscape_rgb.*', 'nir-test/msift_landscape_nir.*')
        sample = f'sample={SAMPLE / "truth.png"},{SAMPLE / "flash.png"}'
        photos = self.files('photos-test/*')
        others = self.others('djfr-noise-reduction', 'paper-noise-reduction')
        flash = [self.pair(n, f'flash-test/{n}_noflash.*', f'flash-test/{n}_flash.*') for n in ('carpet', 'lamp', 'potsdetail', 'cave_he512')]
        teapot = self.pair('teapot', 'nir-test/teapot_rgb.*', 'nir-test/teapot_nir.*')
        views = ['--views', 'corner', 'half', '--crop', 720, '--competitors', *others]
        self.add('denoise-flash', evaluate, DENOISERS, '--pair', toys, '--real', *flash, *views)
        self.add('denoise-sample', evaluate, DENOISERS, '--pair', sample, '--crop', 480, '--competitors', *others, copy={'sample-0.1': 'flash-denoise'})
        self.add('denoise-infrared', evaluate, DENOISERS, '--pair', wall, vineyard, '--real', teapot, *views)
        kodak = ['--photos-name', 'Kodak', '--crop', 256, *others]
        self.add('denoise-photos', evaluate, DENOISERS, '--photo', *photos, *kodak)
        self.add('denoise-photos-tools', evaluate, DENOISERS, '--photo', *photos[::3], *kodak, '--competitors')
        self.add('denoise-clipped', evaluate, DENOISERS, '--pair', toys, '--crop', 720, '--clip')
        self.add('denoise-seed', evaluate, DENOISERS, '--pair', toys, wall, vineyard, '--crop', 720, '--seed', 1)
        self.add('denoise-clean', evaluate, DENOISERS, '--pair', toys, wall, vineyard, sample, '--photo', *photos, '--photos-name', 'Kodak',
                 '--crop', 720, '--levels', 0)
        self.add('noise-level', evaluate_level, DENOISERS, '--photo', *photos, '--crop', 256)
        self.add('noise-level-pairs', evaluate_level, DENOISERS, '--pair', toys, wall, vineyard, sample, '--crop', 480)

    def depth(self):
        paper = ['paper-upsampling-x8']
        released = {4: ['djfr-upsampling-x4'], 8: ['djfr-upsampling-x8', 'djf-upsampling-x8'], 16: ['djfr-upsampling-x8']}
        for factor in FACTORS:
            self.add(f'depth-x{factor}', evaluate_maps, [f'depth-upsampling-x{factor}'], '--degrade', 'odd', '--competitors',
                     *self.others(*released[factor], *paper), *self.depth_sets(factor), copy={'sample-depth': f'depth-x{factor}'})
        self.add('depth-noise', evaluate_maps, ['paper-noise-reduction'], '--degrade', 'noise', '--competitors',
                 *self.others('djfr-noise-reduction'), *self.depth_sets(1))

    def depth_sets(self, factor):
        sets = [('Middlebury', 1, 'middlebury/*_depth.*', 'middlebury/*_color.*'), ('NYU', .1, 'nyu-test/depth/*', 'nyu-test/rgb/*')]
        given = [w for name, unit, maps, photos in sets for w in ('--set', name, factor, unit, self.root / maps, self.root / photos)]
        return given + ['--set', 'sample', factor, 1, SAMPLE / 'depth.png', SAMPLE / 'truth.png']

    def maps(self):
        for factor, masks in zip(FACTORS, ((4,), (8, 10), (10, 16))):
            depth = ['--set', f'Middlebury x{factor}', factor, 1, self.root / 'middlebury/*_depth.*', self.root / 'middlebury/*_color.*']
            self.add(f'maps-x{factor}', evaluate_maps, [f'upsampling-x{factor}'], '--degrade', 'box', '--competitors',
                     *self.others('djfr-upsampling-x4' if factor == 4 else 'djfr-upsampling-x8', 'paper-upsampling-x8'),
                     *(w for f in masks for w in self.mask_set(f)), *(self.saliency_set() if factor > 4 else []), *depth,
                     '--set', f'sample x{factor}', factor, 1, SAMPLE / 'depth.png', SAMPLE / 'truth.png',
                     copy={f'sample x{factor}-depth': f'upsampling-x{factor}'})

    def mask_set(self, factor):
        masks = self.root / 'saliency/*_mask.*'
        return ['--set', f'masks x{factor}', factor, 1, masks, self.root / 'saliency/*[0-9].jpg', masks]

    def saliency_set(self):
        """Those six that have a map; its mask says what is right."""
        return ['--set', 'saliency x10', 10, 1, self.root / 'saliency/*_map.*', self.root / 'saliency/DataSet1_*[0-9].jpg',
                self.root / 'saliency/DataSet1_*_mask.*']

    def chroma(self):
        grey = self.files('colorization/*_gray.*')
        scribbles = [f'{pathlib.Path(g).name[:-len("_gray.webp")]}={g},{self.files("colorization/" + pathlib.Path(g).name.split("_gray")[0] + "_marked.*")[0]}'
                     for g in grey]
        for factor in FACTORS:
            self.add(f'chroma-x{factor}', evaluate_chroma, [f'chroma-upsampling-x{factor}'], '--factor', factor, '--scribbles', *scribbles,
                     '--photo', *self.files('photos-test/*'), '--crop', 256, '--competitors',
                     *self.others('djfr-upsampling-x4' if factor == 4 else 'djfr-upsampling-x8', 'paper-upsampling-x8'))

    def passes(self):
        others = self.others('djfr-noise-reduction', 'paper-noise-reduction')
        photos = ['--photo', *self.files('photos-test/*')[::3], '--crop', 192, '--competitors', *others]
        sample = ['--photo', SAMPLE / 'truth.png', '--crop', 512, '--competitors', *others]
        dots = ['--kinds', 'offset-4', 'offset-6', 'offset-8', 'newspaper-5', 'bayer-8', 'clustered-6', 'diffused']
        self.add('inverse-halftone', evaluate_passes, ['inverse-halftone'], *photos, *dots, '--real', *self.files('halftone/*'))
        self.add('inverse-halftone-clean', evaluate_passes, ['inverse-halftone'], '--photo', *self.files('photos-test/*')[::3], SAMPLE / 'truth.png',
                 '--crop', 192, '--kinds', 'no dots')
        self.add('inverse-halftone-colours', evaluate_passes, ['inverse-halftone'], '--photo', *self.files('photos-test/*')[::3], '--crop', 192,
                 '--kinds', 'offset-4', 'offset-6', 'offset-8', 'diffused', '--passes', 2, '--colours', *evaluate_passes.COLOURS)
        self.add('inverse-halftone-guides', evaluate_passes, ['inverse-halftone'], '--photo', *self.files('photos-test/*')[::3], '--crop', 192,
                 '--kinds', 'offset-4', 'offset-6', 'offset-8', 'diffused', '--passes', 2, '--guides', *evaluate_passes.GUIDES)
        self.add('inverse-halftone-sample', evaluate_passes, ['inverse-halftone'], *sample, '--kinds', 'offset-4', copy={'offset-4-truth': 'inverse-halftone'})
        self.add('texture-removal', evaluate_passes, ['texture-removal'], *photos, '--kinds', 'brick', 'grass', 'gravel')
        self.add('texture-removal-sample', evaluate_passes, ['texture-removal'], *sample, '--kinds', 'brick', copy={'brick-truth': 'texture-removal'})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('root', type=pathlib.Path, metavar='FOLDER')
    parser.add_argument('--reference', type=pathlib.Path, required=True, metavar='FOLDER')
    parser.add_argument('--joint-filter', default='joint-filter', metavar='PROGRAM')
    parser.add_argument('--noise-level', required=True, metavar='PROGRAM')
    parser.add_argument('--kept', required=True, metavar='FOLDER')
    parser.add_argument('--sheets', type=pathlib.Path, required=True, metavar='FOLDER')
    parser.add_argument('--only', nargs='*', default=[''], metavar='NAME')
    arguments = parser.parse_args()

    def add(name, script, models, *words, copy=()):
        if not name.startswith(tuple(arguments.only)):
            return
        estimator = ['--noise-level', arguments.noise_level] if script in (evaluate, evaluate_level) else []
        common = ['--table', name, '--joint-filter', arguments.joint_filter, '--kept', arguments.kept, '--size', 200, '--out', FIGURES,
                  '--sheets', arguments.sheets, *(['--zoom', 1] if script is evaluate else []), *estimator]
        print('==', name, flush=True)
        script.main([str(w) for w in (*(MODELS / f'{m}.safetensors' for m in models), *common, *words)])
        for sheet, figure in dict(copy).items():
            shutil.copyfile(arguments.sheets / name / f'{sheet}.png', FIGURES / f'{figure}.png')

    tables = Tables(arguments.root, arguments.reference, add)
    for group in (tables.denoising, tables.depth, tables.maps, tables.chroma, tables.passes):
        group()
    results.refresh(MODELS, FIGURES)


if __name__ == '__main__':
    sys.exit(main())
