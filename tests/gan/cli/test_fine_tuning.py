"""Fine-tuning: `train --from RUN` starts a new run from another's weights, whose networks stay as they are."""

import pytest
import torch

from gan.__main__ import main
from gan.core.checkpoint import load_networks, load_resume, save_weights
from gan.core.cyclegan import CycleGAN
from gan.runs.run import Run
from tests.small_cyclegan import small_cyclegan

DEVICE = ("--device", "cpu")
TINY = ["--ngf", "4", "--batch", "4", "--latent", "8", "--log-every", "5", *DEVICE]


def weights(state: dict, side: str) -> dict:
    return state["duel"][side]


def same(one: dict, other: dict, tolerance: float = 1e-3) -> bool:
    """Whether two states are the same within half precision, in which a run's weights are kept."""
    return all(torch.allclose(one[name].float(), other[name].float(), atol=tolerance, rtol=1e-2) for name in one)


@pytest.fixture
def source(runs, shipped):
    assert (
        main(["train", "dcgan", "--data", "mnist", "--run", "first", "--steps", "20", "--rate-g", "0.01", *TINY]) == 0
    )
    return Run.open("first")


@pytest.fixture
def begun(monkeypatch):
    """No step is made: what a run starts from is left to be seen."""
    monkeypatch.setattr("gan.core.trainer.Trainer.steps", lambda self, limit: iter(()))


def test_it_starts_from_the_other_runs_weights_with_its_settings(source, begun):
    assert main(["train", "--from", "first", "--run", "second", "--steps", "30", "--rate-d", "0.001", *DEVICE]) == 0
    run, state = Run.open("second"), load_resume(Run.open("second"))
    generators, discriminators = load_networks(source)
    assert same(generators.state_dict(), weights(state, "generators"))
    assert same(discriminators.state_dict(), weights(state, "discriminators"))
    assert same(generators.state_dict(), state["average"])
    assert run.info["source"] == {"run": "first", "step": 20}
    assert run.config.as_dict() == source.config.as_dict() | {"steps": 30, "rate_d": 0.001}
    assert run.journal()[0:1] != source.journal()[0:1]


def test_it_trains_resumes_and_leaves_the_other_run_alone(source):
    before = (source.folder / "weights.safetensors").read_bytes(), source.journal()
    assert main(["train", "--from", "first", "--run", "second", "--steps", "10", "--seconds", "0", *DEVICE]) == 0
    assert main(["train", "--resume", "second", "--steps", "15", *DEVICE]) == 0
    run = Run.open("second")
    assert (run.status, run.info["step"], run.info["source"]["run"]) == ("finished", 15, "first")
    assert min(record["step"] for record in run.journal()) <= 5
    assert before == ((source.folder / "weights.safetensors").read_bytes(), source.journal())
    assert source.info["step"] == 20


def test_a_seed_repeats_it(source):
    for name in ("one", "two"):
        assert main(["train", "--from", "first", "--run", name, "--steps", "5", "--seed", "3", *DEVICE]) == 0
    one, two = (load_resume(Run.open(name)) for name in ("one", "two"))
    assert same(weights(one, "generators"), weights(two, "generators"), tolerance=0)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["--ngf", "8"], "--ngf (it is 4 here) cannot be changed"),
        (["--norm", "none", "--latent", "9"], "--latent (it is 8 here), --norm (it is batch here) cannot be changed"),
        (["cyclegan"], "The run 'first' is a dcgan, not a cyclegan"),
        (["--lambda-cycle", "3"], "'lambda_cycle'"),
        (["--resume", "first"], "not both"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_leaves_nothing(source, capsys, typed, told):
    assert main(["train", *typed, "--from", "first", *DEVICE]) == 2
    assert told in " ".join(capsys.readouterr().err.split())
    assert [path.name for path in source.folder.parent.iterdir() if path.is_dir()] == ["first"]


def test_weights_that_cannot_be_read_leave_no_run(source, capsys):
    (source.folder / "weights.safetensors").write_bytes(b"nothing")
    assert main(["train", "--from", "first", "--run", "second", *DEVICE]) == 2
    assert "damaged" in capsys.readouterr().err
    assert not (source.folder.parent / "second").exists()


def test_a_cyclegan_may_go_on_in_another_size_and_on_other_pictures(runs, shipped, begun):
    first = small_cyclegan(runs, "first")
    typed = ["--size", "48", "--crop", "32", "--data", "herd", "--minutes", "1"]
    assert main(["train", "cyclegan", "--from", "first", "--run", "second", *typed, *DEVICE]) == 0
    config, own = Run.open("second").config, first.config
    assert (config.size, config.crop, config.minutes, config.blocks) == (48, 32, 1.0, own.blocks)
    assert same(load_networks(first)[0].state_dict(), weights(load_resume(Run.open("second")), "generators"))


def test_a_coarse_discriminator_begins_as_the_fine_one_and_may_go_again(runs, shipped, begun):
    first = small_cyclegan(runs, "first")
    assert main(["train", "--from", "first", "--run", "second", "--data", "herd", "--scales-d", "2", *DEVICE]) == 0
    second = Run.open("second")
    both = CycleGAN.networks(second.config)
    for networks, side in zip(both, ("generators", "discriminators"), strict=True):
        networks.load_state_dict(weights(load_resume(second), side))
    assert list(both[1]) == ["a", "b", "a_coarse", "b_coarse"]
    for name, network in both[1].items():
        assert same(network.state_dict(), load_networks(first)[1][name[0]].state_dict())
    save_weights(second, *both)
    assert main(["train", "--from", "second", "--run", "third", "--scales-d", "1", *DEVICE]) == 0
    assert same(weights(load_resume(Run.open("third")), "discriminators"), load_networks(first)[1].state_dict())


def test_networks_that_an_import_did_not_bring_start_anew(runs, shipped, begun):
    small_cyclegan(runs, "first", missing=("a", "b"))
    assert main(["train", "--from", "first", "--run", "second", "--data", "herd", *DEVICE]) == 0
    assert len(weights(load_resume(Run.open("second")), "discriminators")) > 0


def test_a_shipped_run_may_be_the_start(runs, shipped, begun):
    assert main(["train", "--from", "mnist", "--run", "second", "--minutes", "1", *DEVICE]) == 0
    assert same(load_networks(Run.open("mnist"))[0].state_dict(), load_resume(Run.open("second"))["average"])
