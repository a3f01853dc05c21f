"""The recorded experiments: that they are there, that their words hold, and that their numbers are the runs' own."""

import base64
import re
from itertools import combinations
from statistics import mean
from types import SimpleNamespace

import numpy as np
import pytest

from demo.server import model_cache
from demo.shared import experiments
from demo.shared.experiments import EXPERIMENTS
from demo.tabs.curves import predictions
from demo.ui.i18n import LANGUAGES, words
from gan.errors import UserError
from gan.plots.history import tell
from gan.runs.run import Run
from tests.small_runs import small_run


def test_every_experiment_is_shipped_and_was_truly_run():
    assert experiments.there() == list(experiments.EXPERIMENTS)
    for experiment in experiments.EXPERIMENTS.values():
        for name in [*experiment.runs, *(run for runs in experiment.seeds.values() for run in runs)]:
            run = Run.open(name)
            assert run.is_shipped
            assert run.status == "finished"
            assert run.samples()
            is_spare = bool(run.info.get("replica")) and not name.endswith("-0")  # there to show another seed alone
            assert (run.folder / "weights.safetensors").is_file() != is_spare
            assert sum(path.stat().st_size for path in run.folder.rglob("*") if path.is_file()) < 3 * 2**20, name


def test_only_one_thing_differs_between_the_runs_of_an_experiment():
    free = {"samples", "log_every", "gauge"}
    allowed = {
        "strong": {"rate_d", "n_critic", "loss"},
        "held": {"freeze_d_after"},
        "rounds": {"n_critic"},
        "fast": {"rate_g", "rate_d", "ngf", "ema"},
        "norm": {"norm", "norm_d"},
        "single": {"norm_d"},
        "smooth": {"label"},
        "pooling": {"downsample", "seed"},
        "upward": {"upsample", "seed"},
        "penalty": {"r1", "penalty_every", "seed"},
        "penalty_strong": {"r1", "penalty_every", "seed", "rate_d", "n_critic"},  # beside the balanced duel's
        "penalty_fast": {"r1", "penalty_every", "seed"},
        "penalty_both": {"r1", "r2", "penalty_every", "seed"},
        "relative": {"loss", "r1", "r2", "penalty_every", "seed"},
        "spectral": {"norm_d", "spectral_norm", "seed"},
        "few": {"subset", "diff_augment", "seed"},
        "cycle": {"lambda_identity", "lambda_cycle"},
    }
    for key, experiment in experiments.EXPERIMENTS.items():
        runs = [*experiment.runs, *(run for runs in experiment.seeds.values() for run in runs)]
        settings = [Run.open(name).config.as_dict() for name in runs]
        differ = {name for name in settings[0] if len({str(each[name]) for each in settings}) > 1}
        assert differ - free == allowed[key], key


@pytest.mark.parametrize("key", experiments.EXPERIMENTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_its_words_are_complete_and_name_only_numbers_that_there_are(key, language):
    parts = ["title", "question", "look", "happened", *(f"{p}.{a}" for p in ("options", "answers") for a in "abc")]
    for part in parts:
        assert not re.search(r"[{}]|VERDICT|nan", experiments.text(key, part, language)), part
    assert experiments.EXPERIMENTS[key].right in experiments.ANSWERS
    assert len({experiments.text(key, f"options.{a}", language) for a in "abc"}) == 3


def test_its_numbers_are_those_of_the_journals():
    journal = [line for line in Run.open("held-d").journal() if "event" not in line]
    late = [line["d_fake"] for line in journal if line["step"] >= 0.9 * journal[-1]["step"]]
    assert experiments.facts("held")["held_d_d_fake"] == f"{sum(late) / len(late):.2f}"
    (*_, last) = [line for line in Run.open("held-d").journal() if line.get("event") == "gauge"]
    assert experiments.facts("held")["held_d_frechet"] == f"{last['frechet']:,.0f}"


def test_what_the_words_claim_holds():
    """The sentences were written for these numbers: a run that is made anew may need another sentence."""
    found = {name: experiments.numbers(tell(model_cache.find(name))) for name in _names()}
    balanced = found["balanced"]
    assert balanced["covered"] >= 9
    assert found["strong-d-saturating"]["grad_g"] < 0.01 < balanced["grad_g"] < found["strong-d"]["grad_g"]
    assert found["strong-d-saturating"]["frechet"] > 100
    assert found["held-d"]["d_fake"] > 0.8
    assert found["held-d"]["frechet"] > 5 * balanced["frechet"]
    assert found["mnist-collapse"]["covered"] < balanced["covered"]
    assert found["no-norm"]["frechet"] > 4 * balanced["frechet"]
    assert found["smooth"]["d_real"] < balanced["d_real"]
    assert abs(found["smooth"]["frechet"] - balanced["frechet"]) < 1
    assert found["fast-g"]["covered"] == 10
    assert abs(found["fast-g"]["d_real"] - 0.5) < 0.05 > abs(found["fast-g"]["d_fake"] - 0.5)
    assert abs(found["fast-g"]["frechet"] - balanced["frechet"]) < 1
    assert found["five-to-one"]["frechet"] > balanced["frechet"]
    assert abs(found["no-norm"]["d_real"] - 0.5) < 0.05 > abs(found["no-norm"]["d_fake"] - 0.5)
    assert found["no-norm"]["grad_g"] < balanced["grad_g"] / 5
    assert found["herd-no-cycle"]["ground"] > 2 * found["herd-both"]["ground"]
    assert min(found[f"herd-{name}"]["coat"] for name in ("both", "no-identity", "no-cycle")) > 0.99
    distances = {
        key: {
            group: [_numbers(run)["frechet"] for run in runs]
            for group, runs in experiments.EXPERIMENTS[key].seeds.items()
        }
        for key in ("pooling", "upward")
    }
    strides, maxima, means = (distances["pooling"][group] for group in ("stride", "max", "average"))
    assert max(means) < min(strides)  # every seed with average pooling is ahead
    assert min(maxima) < min(strides) < max(maxima)  # some with max pooling are
    assert min(maxima) < max(means)
    assert max(maxima) - min(maxima) < 1.5 * (max(strides) - min(strides))  # which is no less reliable
    surer = _numbers("max-0")
    assert surer["d_real"] - surer["d_fake"] > 1.5 * (balanced["d_real"] - balanced["d_fake"])
    assert surer["grad_g"] > 1.5 * balanced["grad_g"]
    assert max(distances["upward"]["nearest"]) < min(strides)


def _spread(values):
    return max(values) - min(values)


def test_what_the_words_claim_of_r1_holds():
    plain, flat = _distances("penalty", "plain", "r1")
    assert all(with_it < without for with_it, without in zip(flat, plain, strict=True))  # in every seed
    assert sum(flat) < 0.8 * sum(plain)
    assert _spread(flat) < _spread(plain)
    found = {
        name: _numbers(name) for name in ("balanced", "r1-0", "strong-d", "strong-d-r1-0", "fast-g", "fast-g-r1-0")
    }
    assert found["r1-0"]["grad_g"] < found["balanced"]["grad_g"] / 3
    assert _apart(found["r1-0"]) < _apart(found["balanced"]) / 3
    plain, strong, strong_flat = _distances("penalty_strong", "plain", "strong", "strong_r1")
    assert max(strong_flat) < min(plain) < min(strong)  # the best teacher, in every seed
    assert max(strong_flat) < min(flat)
    assert found["strong-d-r1-0"]["d_fake"] > 2 * found["strong-d"]["d_fake"]
    assert found["strong-d-r1-0"]["grad_g"] < found["strong-d"]["grad_g"] / 3
    fast, fast_flat = _distances("penalty_fast", "fast", "fast_r1")
    assert max(fast) < min(fast_flat)  # here it harms
    assert found["fast-g-r1-0"]["grad_g"] < found["fast-g"]["grad_g"]
    assert _apart(found["fast-g-r1-0"]) < _apart(found["fast-g"])


def test_what_the_words_claim_of_the_other_means_holds():
    plain, r1, both = _distances("penalty_both", "plain", "r1", "r1_r2")
    assert all(alone < together for alone, together in zip(r1, both, strict=True))  # in every seed
    assert mean(r1) < mean(both) < mean(plain)
    slopes = [_numbers(name)["grad_g"] for name in ("r1-0", "r1-r2-0", "balanced")]
    assert slopes == sorted(slopes)
    _, relative, r3gan = _distances("relative", "plain", "relativistic", "r3gan")
    for one, other in combinations((plain, relative, r3gan), 2):
        assert min(one) < max(other)  # they overlap
        assert min(other) < max(one)
    assert _numbers("relativistic-r1-r2-0")["grad_g"] < _numbers("relativistic-0")["grad_g"] / 3
    _, spectral = _distances("spectral", "plain", "spectral")
    assert max(plain) < min(spectral)
    slower, usual = _numbers("spectral-0"), _numbers("balanced")
    assert _apart(slower) < _apart(usual) / 2
    assert abs(slower["grad_g"] - _numbers("r1-0")["grad_g"]) < 0.1  # as flat as with R1
    assert slower["grad_g"] < usual["grad_g"] / 3


def test_what_the_words_claim_of_few_pictures_holds():
    few, augmented = _distances("few", "few", "few_augment")
    assert max(augmented) < min(few)
    for seed in range(3):
        by_heart, changed = (_numbers(f"{name}-{seed}") for name in ("few", "few-augment"))
        assert by_heart["d_real"] > 0.9
        assert by_heart["single_gap"] > 0.8  # new digits are taken for fake
        assert changed["single_gap"] < 0.15
        gauges = [event for event in tell(model_cache.find(f"few-{seed}")).events if event["event"] == "gauge"]
        assert gauges[-1]["d_real_single"] < 0.2
    assert _numbers("balanced")["frechet"] < min(augmented)


def _apart(numbers):
    return numbers["d_real"] - numbers["d_fake"]


def _distances(key, *groups):
    seeds = experiments.EXPERIMENTS[key].seeds
    return [[_numbers(run)["frechet"] for run in seeds[group]] for group in groups]


def _numbers(name):
    return experiments.numbers(tell(model_cache.find(name)))


def test_numbers_are_read_as_numbers_are_said():
    read = experiments.readable
    assert read("frechet", 1073.4) == "1,073"
    assert read("frechet", 3.849) == "3.85"
    assert read("grad_g", 1.2e-7) == "< 0.001"
    assert read("covered", 9.0) == "9"


def _names():
    return {name for each in experiments.EXPERIMENTS.values() for name in each.runs}


def test_an_experiment_without_its_runs_is_not_offered(runs, monkeypatch):
    only = small_run(runs, "alpha")
    monkeypatch.setattr(model_cache, "runs", lambda: [only])
    assert experiments.there() == []
    with pytest.raises(UserError, match="no experiment 'held' here"):
        experiments.find("held")


def test_both_languages_have_the_same_numbers_in_them():
    for key in experiments.EXPERIMENTS:
        sets = [
            set(re.findall(r"{(\w+)}", words(language)[f"curves.experiments.{key}.happened"])) for language in LANGUAGES
        ]
        assert sets[0] == sets[1], key


@pytest.mark.parametrize("key", EXPERIMENTS)
def test_the_last_pictures_are_shuffled_and_told_apart(key, curves_panel):
    view, predicted, _ = curves_panel
    experiment = EXPERIMENTS[key]
    assert experiment.asked in experiment.runs
    orders = set()
    for _ in range(20):
        begun = predicted.choose(None, key, None, "step", [], 20, False, {}, 0, 0)
        assert begun.keys() <= set(predicted.outputs)
        guess = begun[view.guess]
        orders.add(tuple(guess["order"]))
        assert sorted(guess["order"]) == sorted(experiment.runs)
    assert len(orders) > 1
    assert predicted.choose(None, key, None, "step", [], 20, False, guess, 0, 0) == {}  # a mere look

    answered = predicted.answer(None, "a", guess)
    assert answered.keys() == set(predicted.asked)
    guess, text = answered[view.guess], answered[predicted.about]
    letters = dict(zip(guess["order"], "ABCD", strict=False))
    last = {name: Run.open(name).samples()[-1][1].read_bytes() for name in experiment.runs}
    shown = re.findall(r'<figcaption>(\w)</figcaption><img [^>]*base64,([^"]*)"', text)
    assert {letter: base64.b64decode(data) for letter, data in shown} == {letters[n]: last[n] for n in last}
    for picked in experiment.runs:
        said = predictions.about(guess | {"pick": picked}, "en")
        assert (f"{letters[experiment.asked]} is indeed {experiment.asked}" in said) == (picked == experiment.asked)
        assert (f"{experiment.asked} drew {letters[experiment.asked]}" in said) == (picked != experiment.asked)


def test_with_batch_norm_in_d_single_pictures_get_other_answers_than_batches():
    """What the experiment "single" says: too strict with all at times, too generous at others."""
    gaps = {name: experiments.single_gaps(tell(model_cache.find(name))) for name in ("balanced", "batch-d")}
    late = {name: experiments.numbers(tell(model_cache.find(name))) for name in gaps}
    assert min(len(each) for each in gaps.values()) >= 3
    assert late["balanced"]["single_gap"] < 0.15
    assert late["batch-d"]["single_gap"] > 2 * late["balanced"]["single_gap"]
    assert any(max(gap) < -0.1 for gap in gaps["batch-d"])
    assert any(fake > 0.1 for _, fake in gaps["batch-d"])
    for name in ("d_real", "d_fake"):
        assert abs(late["balanced"][name] - late["batch-d"][name]) < 0.05  # in training they look alike


def test_a_gap_is_measured_against_the_batches_around_it():
    """By hand: D(real) 0.6 and D(fake) 0.4 in training, 0.7 and 0.1 for single pictures."""
    steps = np.arange(0, 1000, 10.0)
    columns = {"step": steps, "d_real": np.full(100, 0.6), "d_fake": np.full(100, 0.4)}
    events = [
        {"event": "gauge", "step": 100, "d_real_single": 0.0, "d_fake_single": 0.0},  # the first half does not count
        {"event": "gauge", "step": 800, "d_real_single": 0.7, "d_fake_single": 0.1},
    ]
    (gap,) = experiments.single_gaps(SimpleNamespace(columns=columns, events=events))
    assert gap == pytest.approx((0.1, -0.3))
