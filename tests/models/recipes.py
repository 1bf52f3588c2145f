# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# recipes: what the examples for chroma, halftones and textures are like
"""Tests to be mixed into those that need PyTorch."""

import json
import pathlib
import random
import tempfile
import unittest

import pictures

HALFTONE = {
    'model': {'task': 'inverse-halftone', 'name': 'tiny-halftone'},
    'network': {'space_to_depth': 2, 'target_channels': 3, 'residual': True, 'merge_relu': True,
                'target': {'widths': [12], 'kernels': [3]}, 'guidance': {'widths': [8], 'kernels': [3]},
                'filter': {'widths': [12], 'kernels': [3, 3]}},
    'data': {'recipe': 'halftone', 'tile': 64, 'held_out_every': 4, 'screened': .6, 'ordered': .15, 'diffused': .15, 'guided': .2,
             'finest': 3, 'coarsest': 4},
    'training': {'seed': 1, 'loss': 'rms', 'passes': 2, 'patch': 32, 'batch': 16, 'pool': 128, 'rate': 2e-2, 'warm_up': 20,
                 'average': .5, 'precision': ['tf32', 'tf32'], 'last_precision': .25, 'trials': 32},
}


def tiles(count):
    import numpy as np
    import photos
    import torch
    planes = np.stack([pictures.soft_pattern(i) for i in range(count)]).transpose(0, 3, 1, 2)
    colours = torch.from_numpy((planes * 255).astype(np.uint8))
    return photos.Tiles(colours, colours, torch.zeros(count, dtype=torch.bool))


class RecipeTests:
    def test_a_print_has_the_tone_of_its_truth_and_dots(self):
        import fields
        import halftone
        import torch
        for kind in ('fine', 'comic', 'illustration'):
            torch.manual_seed(0)
            random.seed(0)
            batch = halftone.trials(tiles(8), 32, 64, HALFTONE['data'], kind)
            difference = batch.target - batch.truth
            assert difference.square().mean().sqrt() > .05, f'{kind}: no dots'
            assert fields.blur(difference, 6).square().mean().sqrt() < .04, f'{kind}: another tone'

    def test_every_threshold_of_a_dither_matrix_is_there_once(self):
        import halftone
        import torch
        for matrix in (halftone.bayer(3), halftone.clustered(5)):
            levels = matrix.flatten().sort().values * matrix.numel() - .5
            assert torch.allclose(levels, torch.arange(matrix.numel()).float(), atol=1e-3)

    def test_errors_diffuse_as_row_by_row(self):
        import halftone
        import torch
        torch.manual_seed(0)
        random.seed(0)
        values = torch.rand(2, 3, 9, 14)
        left, expected = torch.zeros(2, 3, 11, 17), torch.empty_like(values)
        left[..., :9, 1:15] = values
        for y in range(9):
            for x in range(14):
                value = left[..., y, x + 1].clone()
                expected[..., y, x] = (value > .5).float()
                error = value - expected[..., y, x]
                for dy, dx, share in ((0, 1, 7), (1, -1, 3), (1, 0, 5), (1, 1, 1)):
                    if 0 <= x + dx < 14:
                        left[..., y + dy, x + 1 + dx] += error * share / 16
        assert torch.equal(halftone.diffuse(values, torch.full_like(values, .5)), expected)

    def test_textures_do_not_move_the_mean(self):
        import texture
        import torch
        torch.manual_seed(0)
        random.seed(0)
        photo = tiles(8).photos.float() / 255
        for kind in texture.KINDS:
            wave = texture.texture(photo, kind)
            assert wave.mean((2, 3)).abs().max() < .01, kind
            assert wave.std() > .01, kind

    def test_painted_photos_have_fewer_slopes(self):
        import texture
        import torch
        torch.manual_seed(0)
        random.seed(0)
        grainy = (tiles(4).photos.float() / 255 + .03 * torch.randn(4, 3, 96, 96)).clamp(0, 1)
        painted = texture.painted(grainy)
        assert painted.diff(dim=3).abs().median() < .25 * grainy.diff(dim=3).abs().median()

    def test_colours_spread_up_to_edges(self):
        try:
            import colourise
        except ImportError as error:
            raise unittest.SkipTest(f'{error.name} is not installed (python3-scipy)') from error
        import numpy as np
        luma = np.full((24, 40), .3)
        luma[:, 20:] = .8
        chroma, marked = np.zeros((24, 40, 2)), np.zeros((24, 40), bool)
        marked[5:20, 4], marked[5:20, 34] = True, True
        chroma[:, 4], chroma[:, 34] = (.2, -.1), (-.3, .1)
        spread = colourise.solve(luma, chroma, marked)
        assert np.abs(spread[:, :20] - (.2, -.1)).max() < .02 and np.abs(spread[:, 20:] - (-.3, .1)).max() < .02
        assert np.allclose(spread[marked], chroma[marked])

    def test_training_in_passes_learns(self):
        import torch
        import train
        torch.set_num_threads(1)
        lines = []
        with tempfile.TemporaryDirectory() as folder:
            pictures.photographs(pathlib.Path(folder))
            train.train(HALFTONE, [folder], str(pathlib.Path(folder, 'tiny.safetensors')), None, 120, 1, 'cpu', log=lines.append)
        first, last = json.loads(lines[1]), json.loads(lines[-1])
        assert last['fine'] > first['fine'] + 2, f'{first["fine"]} to {last["fine"]} dB'
