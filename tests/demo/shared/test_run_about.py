"""The line that says what a run is: each shipped one in words of its own, others by their settings."""

import pytest

from demo.shared import run_about
from gan.paths import SHIPPED_RUNS
from gan.runs.run import Run
from tests.browser import expect
from tests.demo.ui.test_address_page import choose
from tests.small_cyclegan import small_cyclegan
from tests.small_runs import small_run

SHIPPED = sorted(folder.parent.name for folder in SHIPPED_RUNS.glob("*/run.json"))


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_run_is_told_in_one_plain_sentence_that_keeps_to_its_settings(name, language):
    run = Run(SHIPPED_RUNS / name)
    told = run_about.sentence(run, language)
    assert told not in [run_about.sentence(Run(SHIPPED_RUNS / other), language) for other in SHIPPED if other != name]
    assert not any(generic in told for generic in ("learning rates", "학습률: 생성자"))
    assert len(told) < 170
    given, usual = (Run(SHIPPED_RUNS / each).config.as_dict() for each in (name, "balanced"))
    if "balanced" in told and name != "balanced":
        changed = {key for key in given if given[key] != usual.get(key)} - {"samples"}
        meant = {
            "stride": {"seed"},
            "max": {"downsample"},
            "average": {"downsample"},
            "nearest": {"upsample"},
            "held-d": {"freeze_d_after"},
            "r1": {"r1", "penalty_every"},
            "r1-r2": {"r1", "r2", "penalty_every"},
            "relativistic": {"loss"},
            "relativistic-r1-r2": {"loss", "r1", "r2", "penalty_every"},
            "spectral": {"norm_d", "spectral_norm"},
            "few": {"subset"},
            "few-augment": {"subset", "diff_augment"},
        }
        meant |= {"strong-d": {"rate_d", "n_critic"}, "five-to-one": {"n_critic"}, "fast-g": {"rate_g"}}
        meant |= {"no-norm": {"norm", "norm_d"}, "batch-d": {"norm_d"}, "smooth": {"label"}}
        group = name if name in meant else name.rpartition("-")[0]
        assert changed - {"seed"} == meant[group] - {"seed"}
        assert str(given["seed"]) in told or given["seed"] == 0


def test_a_run_of_ones_own_is_told_by_its_settings(runs):
    drawn = small_run(runs, "max-7", data="mnist", rate_g=5e-4)  # a name like a shipped one's makes it none
    told = run_about.sentence(drawn, "en")
    assert told.startswith("A DCGAN on handwritten digits (MNIST) at 16x16 pixels: 591 training steps of 8 pictures")
    assert "0.0005 (G)" in told
    pair = small_cyclegan(runs, "fruit")
    assert run_about.sentence(pair, "ko").startswith("사과와 오렌지 데이터를")
    pair.set_info(step=0, status="finished")
    (pair.folder / "journal.jsonl").unlink(missing_ok=True)
    assert run_about.sentence(pair, "en").startswith("The weights of a CycleGAN that were brought")
    own = small_run(runs, "own", data="/home/ada/secret/<cats>")
    assert "DCGAN on &lt;cats&gt; at" in run_about.about(["own"], None)
    assert "secret" not in run_about.sentence(own, "en")
    assert run_about.about(["gone"], None) == run_about.about(None, None) == ""


@pytest.mark.browser
def test_the_line_stands_under_the_choice_and_follows_it(look):
    page = look("ko", tab="noise")
    line = page.locator("#noise-run-about")
    expect(line).to_have_text(run_about.sentence(Run(SHIPPED_RUNS / "mnist"), "ko"))
    choose(page, "noise-run", "fashion-mnist")
    expect(line).to_have_text(run_about.sentence(Run(SHIPPED_RUNS / "fashion-mnist"), "ko"))
    choose(page, "noise-run", "mnist")
    page = look("ko", tab="translate")
    expect(page.locator("#translate-run-about")).to_contain_text("CycleGAN")
    page = look("ko", tab="curves")
    expect(page.locator("#curves-runs-about p")).to_have_count(2)
