#!/usr/bin/env python3
# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# test-models: the models that ship, and a tiny run of the training
"""TAP. The models need NumPy and Pillow, the training PyTorch as well; what is missing is said and skipped."""

import argparse
import contextlib
import pathlib
import random
import sys
import tempfile
import traceback
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'models' / 'training'))
sys.dont_write_bytecode = True

import maps
import pictures
import recipes
import shipped

CONFIG = {
    'model': {'task': 'noise-reduction', 'name': 'tiny'},
    'network': {'space_to_depth': 2, 'target_channels': 3, 'noise_level': True, 'noise_excess': True, 'residual': True,
                'merge_relu': True,
                'target': {'widths': [12], 'kernels': [3]}, 'guidance': {'widths': [8], 'kernels': [3]},
                'filter': {'widths': [12], 'kernels': [3, 3]}},
    'data': {'recipe': 'flash', 'tile': 64, 'held_out_every': 4, 'shares': {'single': .7, 'double': .15, 'pair': .15},
             'grey': .1, 'grey_targets': .1, 'lowest': .03, 'highest': .2, 'per_channel': .3, 'shared': .2, 'signal_dependent': .25,
             'clipped': .35, 'jpeg': .08, 'told_spread': .06},
    'training': {'seed': 1, 'loss': 'rms', 'patch': 40, 'batch': 16, 'pool': 128, 'rate': 2e-2, 'warm_up': 50,
                 'average': .5, 'precision': ['tf32', 'tf32'], 'last_precision': .25, 'trials': 32},
}

UPSAMPLING = {
    'model': {'task': 'upsampling', 'scale': '4', 'name': 'tiny-maps'},
    'network': {'space_to_depth': 2, 'target_channels': 1, 'residual': True, 'merge_relu': True,
                'target': {'widths': [8], 'kernels': [3]}, 'guidance': {'widths': [8], 'kernels': [3]},
                'filter': {'widths': [12], 'kernels': [3, 3]}},
    'data': {'recipe': 'upsampling', 'tile': 64, 'held_out_every': 4, 'degrade': 'any', 'factor': 4, 'window': 48, 'border': 6,
             'shares': {'depth': .2, 'depth-masks': .1, 'layers': .2, 'mattes': .2, 'segments': .15, 'solutions': .15}},
    'training': {'seed': 1, 'loss': 'rms', 'patch': 40, 'batch': 16, 'pool': 128, 'rate': 2e-2, 'warm_up': 20,
                 'average': .5, 'precision': ['tf32', 'tf32'], 'last_precision': .25, 'trials': 32},
}


class Tests(maps.MapTests, shipped.ShippedTests):
    def __init__(self, arguments):
        import evaluate
        self.arguments = arguments
        self.core = evaluate.Core(arguments.joint_filter, arguments.noise_level)

    def sample(self):
        import evaluate
        return [evaluate.read(pathlib.Path(self.arguments.sample, f'{name}.png'), 0) for name in ('noflash', 'flash', 'truth')]

    def flash_denoise(self):
        return str(pathlib.Path(self.arguments.models, 'flash-denoise.safetensors'))

    def test_flash_denoise_cleans_the_sample(self):
        noisy, flash, truth = self.sample()
        clean = self.core.apply(self.flash_denoise(), noisy, flash, self.core.estimate(noisy, flash))
        gain = shipped.psnr(clean, truth) - shipped.psnr(noisy, truth)
        assert gain > 6, f'only {gain:.2f} dB better'

    def test_flash_denoise_keeps_a_clean_picture(self):
        _, flash, truth = self.sample()
        kept = shipped.psnr(self.core.apply(self.flash_denoise(), truth, flash, 0.0), truth)
        assert kept > 48, f'{kept:.2f} dB'

    def test_flash_denoise_cleans_noise_that_channels_share(self):
        import numpy as np
        _, flash, truth = self.sample()
        draw = np.random.default_rng(1)
        grain = .8 * draw.standard_normal((*truth.shape[:2], 1)) + .6 * draw.standard_normal(truth.shape)
        noisy = (truth + .06 * grain).astype(np.float32)
        clean = self.core.apply(self.flash_denoise(), noisy, flash, self.core.estimate(noisy, flash))
        gain = shipped.psnr(clean, truth) - shipped.psnr(noisy, truth)
        assert gain > 8, f'only {gain:.2f} dB better'

    def test_flash_denoise_estimates_the_excess_that_it_is_not_told(self):
        import numpy as np
        _, flash, truth = self.sample()
        noisy = (truth + .06 * np.random.default_rng(1).standard_normal((*truth.shape[:2], 1))).astype(np.float32)
        level, excess = self.core.estimate(noisy, flash)
        by_level, told, untold = (self.core.apply(self.flash_denoise(), noisy, flash, n) for n in (level, (level, excess), (level, 0)))
        assert excess > .5 * level
        assert abs(by_level - told).max() < 1e-4
        assert abs(untold - told).max() > .01

    def test_flash_denoise_cleans_without_a_guide(self):
        import numpy as np
        noisy, flash, truth = self.sample()
        blank = np.full_like(flash, .5)
        clean = self.core.apply(self.flash_denoise(), noisy, blank, self.core.estimate(noisy, blank))
        gain = shipped.psnr(clean, truth) - shipped.psnr(noisy, truth)
        assert gain > 5, f'only {gain:.2f} dB better'

    def test_scaling_keeps_means_and_straight_lines(self):
        import numpy as np
        import resample
        ramp = np.arange(24, dtype=np.float32)
        assert np.allclose(resample.weights(6, 24, 'box') @ ramp, ramp.reshape(6, 4).mean(1))
        assert (resample.weights(6, 24, 'box', False) @ ramp == ramp[2::4]).all()
        for kernel in resample.KERNELS:
            assert np.allclose(resample.weights(31, 24, kernel).sum(1), 1), kernel
        small = ramp.reshape(6, 4).mean(1)
        assert np.allclose((resample.weights(24, 6, 'cubic') @ small)[6:18], ramp[6:18], atol=1e-4)

    def test_model_file_round_trip(self):
        import modelfile
        import numpy as np
        tensors = {'a': np.arange(6, dtype=np.float32).reshape(2, 3), 'b': np.ones(1, np.float32)}
        with tempfile.NamedTemporaryFile() as file:
            modelfile.save(file.name, tensors, {'format': 'x'})
            again, metadata = modelfile.load(file.name)
        assert metadata == {'format': 'x'} and list(again) == ['a', 'b']
        assert all((again[k] == tensors[k]).all() and again[k].shape == tensors[k].shape for k in tensors)

    def test_results_are_kept_until_something_changes(self):
        import numpy as np
        import results
        runs = []

        def compute():
            runs.append(1)
            return np.full((2, 2), len(runs), np.float32)

        with tempfile.TemporaryDirectory() as folder:
            for key, times in ((('a', np.zeros(3)), 1), (('a', np.zeros(3)), 1), (('a', np.ones(3)), 2), (('b', np.zeros(3)), 3)):
                results.Kept(folder).picture(key, compute)
                assert len(runs) == times, f'{len(runs)} runs, not {times}'
            assert results.Kept(folder).picture(('b', np.zeros(3)), compute).max() == 3

    def test_tables_reach_the_cards(self):
        import results
        rows = [('set 1', 'input', '', 20.), ('set 1', 'ours, level given', '', 30.123), ('set 2', 'ours, level given', '', 31.)]
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / 'card.md').write_text('before\n<!-- table t -->\nold\n<!-- end -->\nafter\n')
            results.write(argparse.Namespace(out=folder, table='t'), rows, [2], ['ours'])
            results.refresh(folder, folder)
            text = (folder / 'card.md').read_text()
        assert text == ('before\n<!-- table t -->\n| method | set 1 | set 2 |\n|---|---|---|\n| input | 20.00 | – |\n'
                        '| **ours, level given** | 30.12 | 31.00 |\n<!-- end -->\nafter\n'), text

    def test_denoisers_are_measured_on_the_sample(self):
        import csv
        import evaluate
        pair = ','.join(str(pathlib.Path(self.arguments.sample, f'{n}.png')) for n in ('truth', 'flash'))
        with tempfile.TemporaryDirectory() as folder:
            with contextlib.redirect_stdout(sys.stderr):
                evaluate.main([self.flash_denoise(), '--pair', f'sample={pair}', '--crop', '128', '--levels', '.06', '--size', '64', '--out', folder,
                               '--joint-filter', self.arguments.joint_filter, '--noise-level', self.arguments.noise_level])
            with open(pathlib.Path(folder, 'results.csv'), newline='') as file:
                figures = {row['method']: float(row['figure']) for row in csv.DictReader(file)}
            assert pathlib.Path(folder, 'results', 'sample-0.06.png').exists()
        assert figures['flash-denoise, level given'] > figures['noisy input'] + 6, figures
        assert figures['flash-denoise, level given'] > figures['flash-denoise, blank guide'] - .2, figures
        assert abs(figures['flash-denoise, level estimated'] - figures['flash-denoise, level given']) < .5, figures


class TrainingTests(recipes.RecipeTests, Tests):
    def train(self, folder, iterations, start=None):
        import train
        photos = folder / 'photos'
        if not photos.exists():
            photos.mkdir()
            pictures.photographs(photos)
        out = str(folder / 'tiny.safetensors')
        figures = train.train(CONFIG, [photos], out, None, iterations, 1, 'cpu', start, log=lambda text: None)
        return out, figures

    def test_training_learns_and_the_core_agrees(self):
        import network
        import numpy as np
        import torch
        torch.set_num_threads(1)
        with tempfile.TemporaryDirectory() as folder:
            out, figures = self.train(pathlib.Path(folder), 400)
            assert figures['flash 0.1'] > 22, f'{figures["flash 0.1"]} dB, from 20'
            net, metadata = network.load(out)
            assert metadata['name'] == 'tiny' and metadata['task'] == 'noise-reduction'
            for height, width in ((37, 50), (1, 3)):
                pictures = [np.random.default_rng(i).random((height, width, 3)).astype(np.float32) for i in range(2)]
                ours = self.core.apply(out, *pictures, (.1, .05))
                with torch.no_grad():
                    tensors = [torch.from_numpy(p).permute(2, 0, 1)[None] for p in pictures]
                    theirs = net.apply_to(*tensors, torch.tensor([[.1, .05]]))[0].permute(1, 2, 0).numpy()
                error = float(abs(ours - theirs).max())
                assert error < 1e-5, f'{width}x{height}: differs by {error}'

    def test_white_noise_has_no_excess_and_common_noise_much(self):
        import noise
        import torch
        torch.manual_seed(0)
        white = .1 * torch.randn(4, 3, 128, 128)
        assert torch.allclose(noise.coarse(white), torch.full((4,), .1), rtol=.05)
        common = white[:, :1].expand(-1, 3, -1, -1)
        assert torch.allclose(noise.coarse(common), torch.full((4,), .1 * 3 ** .5), rtol=.05)

    def test_a_grey_target_has_one_planes_noise(self):
        import noise
        import torch
        torch.manual_seed(0)
        random.seed(0)
        truth = torch.rand(32, 3, 1, 1).expand(-1, -1, 64, 64).clone()
        truth[:16] = truth[:16, :1].expand(-1, 3, -1, -1)
        noisy, told, _ = noise.add(truth, CONFIG['data'] | {'clipped': 0})
        assert (noisy[:16] == noisy[:16, :1]).all()
        grey, colour = (told[half, 1] / told[half, 0].clamp_min(.01) for half in (slice(16), slice(16, None)))
        assert grey.median() > .5 and colour.median().abs() < .3, f'{grey.median()}, {colour.median()}'

    def test_training_upsampling_learns(self):
        import json
        import torch
        import train
        torch.set_num_threads(1)
        lines = []
        with tempfile.TemporaryDirectory() as folder:
            photos, maps = pathlib.Path(folder, 'photos'), pathlib.Path(folder, 'maps')
            photos.mkdir()
            maps.mkdir()
            pictures.photographs(photos)
            pictures.depth_maps(maps)
            train.train(UPSAMPLING, [photos, maps], str(maps / 'tiny.safetensors'), None, 160, 1, 'cpu', log=lines.append)
        first, last = json.loads(lines[1]), json.loads(lines[-1])
        for trial in ('depth', 'layers'):
            assert last[trial] < .93 * first[trial], f'{trial}: {first[trial]} to {last[trial]}'
            assert last[trial] < last[f'{trial} blank'], f'{trial}: the guide is not used'

    def test_depth_loses_its_steps_but_not_its_edges(self):
        import depth
        import torch
        slope = torch.arange(60).div(12, rounding_mode='floor').float().expand(1, 1, 40, -1).clone()
        slope[..., 20:, :] += 50
        smooth = depth.unstepped(slope)
        assert (smooth - slope).abs().max() <= .5
        assert (smooth[..., 10, 8:52].diff() > 0).all(), 'steps are left'
        assert (smooth[..., 20, :] - smooth[..., 19, :] > 49).all(), 'an edge was smoothed'

    def test_training_is_repeatable(self):
        import modelfile
        with tempfile.TemporaryDirectory() as folder:
            first = modelfile.load(self.train(pathlib.Path(folder), 16)[0])[0]
            second = modelfile.load(self.train(pathlib.Path(folder), 16)[0])[0]
        assert all((first[name] == second[name]).all() for name in first)

    def test_growing_keeps_the_function(self):
        import grow
        import network
        import torch
        torch.manual_seed(0)
        small, spec = network.Network(CONFIG['network']), dict(CONFIG['network'])
        spec['target'], spec['guidance'] = ({'widths': [16], 'kernels': [3]}, {'widths': [10], 'kernels': [3]})
        spec['filter'] = {'widths': [14, 14, 14], 'kernels': [3, 3, 3, 3]}
        big = network.Network(spec)
        network.initialise(small)
        network.initialise(big)
        noisy, guide, told = torch.rand(4, 3, 40, 40), torch.rand(4, 3, 40, 40), torch.full((4, 2), .1)
        with torch.no_grad():
            small.filter[0].bias[::3] = -100                       # dead units, which are to be left behind
            grow.grow(small, big, grow.alive(small, noisy, guide, told))
            expected, grown = (net.apply_to(noisy, guide, told) for net in (small, big))
            living = grow.alive(big, noisy, guide, told)['filter'][0]
        error = float((expected - grown).abs().max())
        assert error < 1e-5, f'differs by {error}'
        assert int(living.sum()) > 12, f'{int(living.sum())} of 14 alive'

    def test_pruning_keeps_the_function(self):
        import network
        import prune
        import torch
        import upsampling
        torch.manual_seed(0)
        with tempfile.TemporaryDirectory() as folder:
            photos, maps = pathlib.Path(folder, 'photos'), pathlib.Path(folder, 'maps')
            photos.mkdir()
            maps.mkdir()
            pictures.photographs(photos)
            pictures.depth_maps(maps)
            data, _ = upsampling.load([photos, maps], UPSAMPLING['data'], 'cpu')
        net = network.Network(UPSAMPLING['network'])
        network.initialise(net)
        with torch.no_grad():
            net.filter[0].bias[:4] = -100                          # dead units
            net.filter[-1].weight *= 100
            kept = prune.kept_units(net, data, upsampling, UPSAMPLING['data'], 40, 32)
            pruned = prune.prune(net, UPSAMPLING, kept)
            x = upsampling.examples(data, 16, 40, UPSAMPLING['data'])
            error = float((net(x.target, x.guide) - pruned(x.target, x.guide)).abs().max())
        assert pruned.filter[0].out_channels <= 8 and error < 1e-5, f'differs by {error}'


def run(tests, names):
    """One TAP line per test; returns how many failed."""
    failed = 0
    for number, name in enumerate(names, 1):
        title = name.removeprefix('test_').replace('_', ' ')
        if not hasattr(tests, name):
            print(f'ok {number} - {title} # SKIP PyTorch (python3-torch) is not installed', flush=True)
            continue
        try:
            getattr(tests, name)()
            print(f'ok {number} - {title}', flush=True)
        except unittest.SkipTest as reason:
            print(f'ok {number} - {title} # SKIP {reason}', flush=True)
        except Exception:
            failed += 1
            print(f'not ok {number} - {title}', flush=True)
            print(''.join('# ' + line + '\n' for line in traceback.format_exc().splitlines()), end='')
    return failed


def main():
    parser = argparse.ArgumentParser()
    for option in ('models', 'sample', 'joint-filter', 'noise-level'):
        parser.add_argument(f'--{option}', required=True)
    arguments = parser.parse_args()
    try:
        import numpy
        import PIL
    except ImportError as error:
        print(f'1..0 # SKIP {error.name} is not installed (python3-numpy, python3-pil)')
        return 0
    names = [name for name in dir(TrainingTests) if name.startswith('test_')]
    print(f'1..{len(names)}', flush=True)
    try:
        import torch
        tests = TrainingTests(arguments)
    except ImportError:
        tests = Tests(arguments)
    return run(tests, names) != 0


if __name__ == '__main__':
    sys.exit(main())
