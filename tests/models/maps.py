# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# maps: the models for depth, masks and other maps, on the sample's depth
"""What the cards promise, on a scene of our own: edges come back, and they come from the photo."""

import pathlib


class MapTests:
    def part(self, degrade, factor):
        """The middle of the sample's depth: map to improve, photo, truth."""
        import evaluate_maps
        paths = [pathlib.Path(self.arguments.sample, name) for name in ('depth.png', 'truth.png')]
        x = evaluate_maps.example(paths, degrade, factor, 1)
        rows, columns = slice(0, 256), slice(240, 624)
        return x.target[rows, columns, None], x.photo[rows, columns], x.truth[rows, columns, None]

    def left(self, model, degrade, factor, guide=True):
        """Error after the model as a share of the error before."""
        target, photo, truth = self.part(degrade, factor)
        path = str(pathlib.Path(self.arguments.models, f'{model}.safetensors'))
        result = self.core.apply(path, target, photo if guide else photo * 0 + photo.mean())
        return float((((result - truth) ** 2).mean() / ((target - truth) ** 2).mean()) ** .5)

    def assert_brings_edges_back(self, model, degrade, factor, most):
        left, blank = (self.left(model, degrade, factor, guide) for guide in (True, False))
        assert left < most, f'{model}: {left:.2f} of the error left'
        assert left < .9 * blank, f'{model}: {left:.2f} with the photo, {blank:.2f} without'

    def test_depth_upsampling_brings_edges_back(self):
        for factor, most in ((4, .55), (8, .65), (16, .75)):
            self.assert_brings_edges_back(f'depth-upsampling-x{factor}', 'odd', factor, most)

    def test_upsampling_brings_edges_back(self):
        for factor, most in ((4, .75), (8, .75), (16, .85)):
            self.assert_brings_edges_back(f'upsampling-x{factor}', 'box', factor, most)

    def test_paper_networks_do_their_work(self):
        self.assert_brings_edges_back('paper-upsampling-x8', 'odd', 8, .7)
        left = self.left('paper-noise-reduction', 'noise', 1)
        assert left < .4, f'{left:.2f} of the noise left'
