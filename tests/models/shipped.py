# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# shipped: what the models that filter a picture by itself, or its colours, do to the sample
"""Tests to be mixed into those that need NumPy and Pillow only."""

import pathlib

PERIOD = 5                   # pixels between dots
FINER = 4


def psnr(picture, truth):
    import numpy as np
    return -10 * np.log10(max(float(((picture - truth) ** 2).mean()), 1e-12))


def dots(picture, degrees):
    """Each channel as light dots on a grid at an angle of its own."""
    import numpy as np
    height, width = picture.shape[:2]
    rows, columns = ((np.arange(n * FINER) + .5) / FINER * 2 * np.pi / PERIOD for n in (height, width))
    result = np.empty_like(picture)
    cell = np.arange(128) / 128 * 2 * np.pi
    heights = np.sort((np.cos(cell)[:, None] + np.cos(cell)[None]).ravel())
    for channel, degree in enumerate(degrees):
        angle = np.deg2rad(degree)
        u = columns[None] * np.cos(angle) + rows[:, None] * np.sin(angle)
        v = rows[:, None] * np.cos(angle) - columns[None] * np.sin(angle)
        level = np.searchsorted(heights, np.cos(u) + np.cos(v)) / heights.size
        fine = picture[..., channel].repeat(FINER, 0).repeat(FINER, 1) > level
        result[..., channel] = fine.reshape(height, FINER, width, FINER).mean((1, 3))
    return result


def chroma(picture):
    """Luma, and Cb around 0.5."""
    import numpy as np
    luma = picture @ np.array([.299, .587, .114], np.float32)
    return luma, (picture[..., 2] - luma) / np.float32(1.772) + np.float32(.5)


class ShippedTests:
    def model(self, name):
        return str(pathlib.Path(self.arguments.models, f'{name}.safetensors'))

    def passes(self, name, picture, count, guide=None):
        for _ in range(count):
            picture = self.core.apply(self.model(name), picture, picture if guide is None else guide)
        return picture

    def test_every_model_has_a_card_and_its_own_name(self):
        import modelfile
        for path in pathlib.Path(self.arguments.models).glob('*.safetensors'):
            metadata = modelfile.load(path)[1]
            assert metadata['name'] == path.stem, f'{path.name} calls itself {metadata["name"]}'
            assert path.with_suffix('.md').exists(), f'{path.name} has no card'

    def test_inverse_halftone_takes_dots_away(self):
        truth = self.sample()[2]
        print_ = dots(truth, (15, 75, 45))
        gain = psnr(self.passes('inverse-halftone', print_, 2), truth) - psnr(print_, truth)
        assert gain > 10, f'only {gain:.2f} dB better'

    def test_inverse_halftone_takes_what_dots_hide_from_a_photo(self):
        truth = self.sample()[2]
        print_, grey = dots(truth, (15, 75, 45)), chroma(truth)[0][..., None].repeat(3, 2) ** .7
        gain = psnr(self.passes('inverse-halftone', print_, 2, grey), truth) - psnr(self.passes('inverse-halftone', print_, 2), truth)
        assert gain > .3, f'only {gain:.2f} dB better than by itself'

    def test_inverse_halftone_keeps_what_has_no_dots(self):
        truth = self.sample()[2]
        kept = psnr(self.passes('inverse-halftone', truth, 2), truth)
        assert kept > 34, f'{kept:.2f} dB'

    def test_texture_removal_smooths_between_edges_and_keeps_them(self):
        import numpy as np
        rows, columns = np.mgrid[:120, :120]
        structure = np.where(columns[..., None] > 60, [.7, .6, .3], [.3, .4, .5]).astype(np.float32)
        weave = (.06 * np.sin(rows * 1.1) * np.sin(columns * 1.3)).astype(np.float32)[..., None]
        gain = psnr(self.passes('texture-removal', structure + weave, 2), structure) - psnr(structure + weave, structure)
        assert gain > 8, f'only {gain:.2f} dB better'

    def test_chroma_upsampling_sharpens_colours(self):
        import numpy as np
        import resample
        luma, plane = chroma(self.sample()[2])
        for factor in (4, 8, 16):
            height, width = (n // factor * factor for n in luma.shape)
            truth, grey = plane[:height, :width], np.repeat(luma[:height, :width, None], 3, 2)
            down = [resample.weights(n // factor, n, 'box') for n in truth.shape]
            up = [resample.weights(n, n // factor, 'cubic') for n in truth.shape]
            enlarged = up[0] @ (down[0] @ truth @ down[1].T) @ up[1].T
            sharp = self.core.apply(self.model(f'chroma-upsampling-x{factor}'), enlarged[..., None], grey)[..., 0]
            gain = psnr(sharp, truth) - psnr(enlarged, truth)
            assert gain > .5, f'x{factor}: only {gain:.2f} dB better'
