# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# muon: an optimiser whose steps are orthogonal
"""Keller Jordan's Muon (https://kellerjordan.github.io/posts/muon, 2024): the momentum of a layer's weights, as a matrix of
outputs by inputs, is replaced by the nearest matrix with orthonormal rows. The inputs of a layer after a ReLU are all
positive, so the gradients of a unit's weights share one sign, and Adam, which takes steps of one length
in all of them, soon pushes whole units below zero for good. Here that common direction is one of many; and it is left
to the bias, as each unit's steps are made to sum to nothing (Yong et al., Gradient Centralization, ECCV 2020).
Biases are few and take Adam's steps."""

import torch

MOMENTUM = 0.95
STEPS = 5
# Quintic iteration that takes singular values to about 1 in few steps: the coefficients of the reference.
A, B, C = 3.4445, -4.7750, 2.0315
BIAS_SHARE = 1 / 6           # rate of biases as a share of the weights'
BETAS, EPSILON = (0.9, 0.99), 1e-8


def orthogonal(matrices):
    """The nearest semi-orthogonal matrices, roughly, of a batch [n,rows,columns]."""
    x = matrices.mT if matrices.shape[1] > matrices.shape[2] else matrices
    x = (x / (x.norm(dim=(1, 2), keepdim=True) + 1e-12)).bfloat16()
    for _ in range(STEPS):                               # x = A x + (B g + C g g) x, in few kernels
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=B, alpha=C), x, beta=A)
    return x.mT if matrices.shape[1] > matrices.shape[2] else x


class Muon(torch.optim.Optimizer):
    """rate: a tensor on the device of the parameters, so that steps recorded in a graph can change it."""

    def __init__(self, parameters, rate):
        super().__init__(parameters, {})
        self.rate = rate
        parameters, shapes = self.param_groups[0]['params'], {}
        for p in parameters:
            if p.ndim == 4:
                shapes.setdefault(p.shape, []).append(p)
        self.stacks = [(weights, [torch.zeros_like(p) for p in weights]) for weights in shapes.values()]
        self.biases = [p for p in parameters if p.ndim != 4]
        self.first = torch.zeros(sum(p.numel() for p in self.biases), device=parameters[0].device)
        self.second, self.steps = torch.zeros_like(self.first), torch.zeros((), device=self.first.device)

    @torch.no_grad()
    def step(self):
        for weights, momenta in self.stacks:
            self.turn(weights, momenta)
        self.adapt(self.rate * BIAS_SHARE)

    def turn(self, weights, momenta):
        """Layers of one shape at once."""
        gradients = [p.grad for p in weights]
        torch._foreach_lerp_(momenta, gradients, 1 - MOMENTUM)
        ahead = torch._foreach_lerp(gradients, momenta, MOMENTUM)               # Nesterov
        ahead = torch.stack([x.flatten(1) for x in ahead])
        steps = orthogonal(ahead - ahead.mean(2, keepdim=True))
        steps = steps * (max(1, steps.shape[1] / steps.shape[2]) ** 0.5 * -self.rate)
        torch._foreach_add_(weights, [step.view(weights[0].shape) for step in steps])

    def adapt(self, rate):
        """All biases at once."""
        gradient = torch.cat([p.grad for p in self.biases])
        self.steps += 1
        self.first.lerp_(gradient, 1 - BETAS[0])
        self.second.lerp_(gradient.square(), 1 - BETAS[1])
        size = (self.second / (1 - BETAS[1] ** self.steps)).sqrt() + EPSILON
        step = self.first / size * (-rate / (1 - BETAS[0] ** self.steps))
        torch._foreach_add_(self.biases, list(step.split([p.numel() for p in self.biases])))
