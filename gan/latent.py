"""What one can do with the latent vector z."""

import numpy as np
import torch
from torch import Tensor


def noise(count: int, length: int, seed: int, first: int = 0) -> Tensor:
    """The latent vectors `first` to `first + count` of a seed's endless list, float32 [count, length] from N(0, 1).

    The list depends on the seed and the length alone, so (run, seed, index) names one picture on every machine.
    """
    stream = np.random.default_rng(seed)
    vectors = stream.standard_normal((first + count, length))[first:]
    return torch.from_numpy(vectors.astype(np.float32))
