"""Fine-tuning: a new run that starts from the weights of another one, `train --from RUN`.

It has the other run's networks and, where nothing else is asked for, its data and its other settings too. Its journal,
its average and its optimisers begin anew.
"""

from typing import TYPE_CHECKING, Any

from gan.config import MOST_STEPS, Config, RuntimeSettings, make
from gan.errors import UserError
from gan.lazy import lazy
from gan.runs.resume import NETWORKS, as_options
from gan.runs.run import Run

if TYPE_CHECKING:
    import torch

torch = lazy("torch")
checkpoint = lazy("gan.core.checkpoint")
optim = lazy("gan.optim")


def settings(source: Run, asked: dict[str, Any]) -> Config:
    """The settings of `source` with those `asked` for; D is frozen only if that is asked for anew.

    Raises `UserError` for one of another kind of network. A CycleGAN's are convolutions alone: their size may change,
    and a coarse discriminator may come and go.
    """
    own = source.config
    free = {"size", "scales_d"} if own.model == "cyclegan" else set()
    other = [
        name for name in NETWORKS if name in asked and name not in free and asked[name] != getattr(own, name, None)
    ]
    if other:
        raise UserError("fine_tuning.networks", which=as_options(other, own), run=source.name)
    values = own.as_dict() | {"minutes": 0.0, "freeze_d_after": 0}
    if asked.get("minutes"):  # then the clock alone ends it, unless steps were asked for as well
        values["steps"] = MOST_STEPS
    elif own.minutes and "steps" not in asked:
        values["minutes"] = own.minutes
    return make(own.model, values | asked)


def begin(run: Run, source: Run, device: "torch.device") -> None:
    """Give a new `run` a checkpoint of step 0 with the weights of `source`, from which its training goes on.

    Networks that an imported `source` lacks are initialised; a coarse discriminator that it lacks begins as the fine
    one. Raises `UserError` where its weights cannot be read.
    """
    config = run.config
    both = checkpoint.load_networks(source)
    torch.manual_seed(config.seed)
    gan = checkpoint.MODELS[config.model](config, device)
    for networks, weights in zip((gan.generators, gan.discriminators), both, strict=True):
        for name, network in networks.items():
            given = name if name in weights else name.removesuffix("_coarse")
            if given in weights:
                network.load_state_dict(weights[given].state_dict())
    average = optim.Average(gan.generators, config.ema)
    stream = torch.Generator(device).manual_seed(config.seed)
    state = checkpoint.TrainState(RuntimeSettings.of(config))
    checkpoint.save_resume(run, checkpoint.pack(state, gan, average, stream))
    run.set_info(source={"run": source.name, "step": source.info["step"]})
