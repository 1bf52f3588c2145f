# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# network: the three stacks of convolutions, as the core runs them
"""The network of Li et al. (TPAMI 2019), made compact: CNN_T and CNN_G read target and guidance, CNN_F reads the
features of both and, where the model is residual, adds its output to the target. Both inputs may first be
rearranged to a smaller picture of more channels (space to depth). Convolutions are valid; whoever calls pads."""

import torch
from torch import nn
from torch.nn import functional as F

import modelfile

FORMATS = ('joint-filter-1', 'joint-filter-2')       # the second may have noise_excess
STACKS = ('target', 'guidance', 'filter')


class Network(nn.Module):
    """spec: a dict with widths and kernels per stack, and the model file's keys."""

    def __init__(self, spec):
        super().__init__()
        self.r = spec.get('space_to_depth', 1)
        self.channels = spec.get('target_channels', 1)
        self.noise_level = spec.get('noise_level', False)
        self.noise_excess = spec.get('noise_excess', False)
        self.residual = spec.get('residual', True)
        self.merge_relu = spec.get('merge_relu', False)
        cells = self.r ** 2
        widths = {name: list(spec[name]['widths']) for name in STACKS}
        self.target = stack(self.channels * cells + self.noise_inputs, widths['target'], spec['target']['kernels'])
        self.guidance = stack(3 * cells, widths['guidance'], spec['guidance']['kernels'])
        self.filter = stack(widths['guidance'][-1] + widths['target'][-1],
                            widths['filter'] + [self.channels * cells], spec['filter']['kernels'])

    @property
    def noise_inputs(self):
        """How many numbers the target stack is told about the noise: its level, and its excess (noise.py)."""
        return int(self.noise_level) + int(self.noise_excess)

    @property
    def margin(self):
        """Full-resolution pixels of context on every side."""
        halo = {name: sum(layer.kernel_size[0] // 2 for layer in getattr(self, name)) for name in STACKS}
        return self.r * (max(halo['target'], halo['guidance']) + halo['filter'])

    @property
    def multiplications(self):
        """Per full-resolution pixel, for all the channels that the network sees at once."""
        return sum(layer.weight.numel() for name in STACKS for layer in getattr(self, name)) / self.r ** 2

    def forward(self, target, guidance, noise=None):
        """[b,c,h,w], [b,3,h,w] and [b,noise_inputs] (or more) -> [b,c,h-2m,w-2m], m the margin; h and w multiples of r."""
        t, g = (F.pixel_unshuffle(x, self.r) for x in (target, guidance))
        t, g = run(self.target, self.with_noise(t, noise)), run(self.guidance, g)
        t, g = (centre(x, min(t.shape[2], g.shape[2]), min(t.shape[3], g.shape[3])) for x in (t, g))
        x = torch.cat([g, t], 1)
        x = run(self.filter, x.relu() if self.merge_relu else x)
        x = F.pixel_shuffle(x.float(), self.r)
        return x + centre(target, *x.shape[2:]) if self.residual else x

    def with_noise(self, t, noise):
        """The target's planes, and a constant one for each number about the noise."""
        if not self.noise_inputs:
            return t
        return torch.cat([t, noise[:, :self.noise_inputs, None, None].expand(-1, -1, *t.shape[2:])], 1)

    def apply_to(self, target, guidance, noise=None):
        """Whole pictures of any size: borders replicated as the model file's contract says."""
        height, width = target.shape[2:]
        m, r = self.margin, self.r
        pad = (m, m + -width % r, m, m + -height % r)
        target, guidance = (F.pad(x, pad, mode='replicate') for x in (target, guidance))
        return self(target, guidance, noise)[..., :height, :width]


def stack(inputs, widths, kernels):
    if len(widths) != len(kernels):
        raise ValueError(f'{len(widths)} widths for {len(kernels)} kernels')
    return nn.ModuleList(nn.Conv2d(i, o, k) for i, o, k in zip([inputs] + widths, widths, kernels))


def run(layers, x):
    for layer in layers[:-1]:
        x = layer(x).relu()
    return layers[-1](x)


def centre(x, height, width):
    top, left = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
    return x[..., top:top + height, left:left + width]


def initialise(network):
    """He initialisation with what keeps plain ReLU stacks alive. Each filter's weights sum to nothing, and the first
    layers are centred on mid-grey, so that the inputs' mean, which is not zero, decides no unit's sign. Layers as
    wide at both ends start near the identity (a residual block's, folded into the weights). The last layer starts
    small, so that a residual network starts as the identity."""
    for name in STACKS:
        for layer in getattr(network, name):
            nn.init.kaiming_normal_(layer.weight, nonlinearity='relu')
            nn.init.zeros_(layer.bias)
            with torch.no_grad():
                layer.weight -= layer.weight.mean((1, 2, 3), keepdim=True)
                if layer.in_channels == layer.out_channels:
                    c = layer.kernel_size[0] // 2
                    layer.weight.mul_(0.5)
                    layer.weight[:, :, c, c] += torch.eye(layer.in_channels)
    with torch.no_grad():
        network.filter[-1].weight.mul_(0.01)


def tensors_of(network):
    """Name -> array of every weight and bias, in the model file's names and order."""
    return {f'{name}.{i}.{part}': getattr(layer, part).detach().float().cpu().numpy()
            for name in STACKS for i, layer in enumerate(getattr(network, name)) for part in ('weight', 'bias')}


def save(path, network, metadata):
    """Export to the model file format; metadata: task, scale and what the model card needs (texts)."""
    keys = {'format': FORMATS[network.noise_excess], **metadata,
            'residual': str(network.residual).lower(), 'space_to_depth': str(network.r),
            'merge_relu': str(network.merge_relu).lower(), 'target_channels': str(network.channels),
            'noise_level': str(network.noise_level).lower()}
    if network.noise_excess:
        keys['noise_excess'] = 'true'
    modelfile.save(path, tensors_of(network), keys)


def load(path):
    """A model file as a Network; also reads models of others in this format. Returns (network, metadata)."""
    tensors, metadata = modelfile.load(path)
    if metadata.get('format') not in FORMATS:
        raise ValueError(f'{path}: none of {", ".join(FORMATS)}')
    spec = {'space_to_depth': int(metadata.get('space_to_depth', '1')),
            'target_channels': int(metadata.get('target_channels', '1')),
            'noise_level': metadata.get('noise_level', 'false') == 'true',
            'noise_excess': metadata['format'] == FORMATS[1] and metadata.get('noise_excess', 'false') == 'true',
            'residual': metadata['residual'] == 'true',
            'merge_relu': metadata.get('merge_relu', 'false') == 'true'}
    for name in STACKS:
        shapes = []
        while f'{name}.{len(shapes)}.weight' in tensors:
            shapes.append(tensors[f'{name}.{len(shapes)}.weight'].shape)
        spec[name] = {'widths': [s[0] for s in shapes], 'kernels': [s[2] for s in shapes]}
    spec['filter']['widths'].pop()
    network = Network(spec)
    network.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in tensors.items()})
    return network.eval(), metadata
