"""The models by name."""

from gan.cyclegan import CycleGAN
from gan.dcgan import DCGAN

MODELS = {"dcgan": DCGAN, "cyclegan": CycleGAN}
