# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# batch: examples as recipes make them and the training takes them
"""What passes between a recipe and the loop."""

from typing import NamedTuple

import torch


class Batch(NamedTuple):
    """b examples. target [b,c,h,w], what the network is to improve; guide [b,3,h,w]; truth as target; told [b,2], the level
    and the excess of the noise as the network hears them (b of any numbers where it does not ask); expected [b], a rough root mean
    square error of a good result, by which the loss divides so that hard and easy examples count alike."""

    target: torch.Tensor
    guide: torch.Tensor
    truth: torch.Tensor
    told: torch.Tensor
    expected: torch.Tensor

    def split(self, size):
        return (Batch(*parts) for parts in zip(*(x.split(size) for x in self)))

    def rounds(self, count, size):
        """Parts of the whole, count times over, each time mixed anew: examples may take longer to make than a step."""
        for _ in range(count):
            yield from self.shuffled().split(size)

    def shuffled(self):
        order = torch.randperm(len(self.target), device=self.target.device)
        return Batch(*(x[order].contiguous() for x in self))
