"""The Curves tab: what it reads from the runs, what it draws, and that it stays quick with long journals."""

import csv
import json
import re
import time
from types import SimpleNamespace

import numpy as np
import pytest

from demo.shared.run_view import film, page
from demo.tabs.curves import downloads
from demo.tabs.curves import events as views
from demo.tabs.curves.events import stories
from demo.ui import svg_chart
from gan.errors import UserError
from gan.plots.curves import DEFAULT, WORDS, View, caption, compare, figure, limits
from gan.plots.figures import Line, save
from gan.plots.history import Story, tell
from gan.runs import journal as journals
from gan.runs.run import Run
from tests.small_runs import record, sample, small_run

VIEW = View()
LOOK = (list(DEFAULT), views.SMOOTHING, False, {})  # panels, smoothing, logarithms, guess, as at first

pytestmark = pytest.mark.usefixtures("runs")


@pytest.fixture
def view(curves_panel):
    return curves_panel[0]


def test_columns_are_the_journal_without_events_and_torn_lines(run):
    run.log({"step": 600, "seconds": 1.0, "event": "control", "freeze_d": True})
    run.log(record(601))
    with open(run.folder / "journal.jsonl", "ab") as file:
        file.write(b'{"step": 611, "loss_g"')
    read = journals.columns(run.folder)
    assert read["step"].tolist() == [*range(1, 600, 10), 601]
    assert read["loss_g"][-1] == pytest.approx(record(601)["loss_g"])


@pytest.mark.parametrize("foreign", ["null", "[1]", '"text"', '{"step": 611}', '{"step": "x"}', "{", "\x00\x00"])
def test_a_foreign_line_spoils_no_other(run, foreign):
    with open(run.folder / "journal.jsonl", "a") as file:
        file.write(foreign + "\n")
    run.log(record(621))
    assert journals.columns(run.folder)["step"].tolist() == [*range(1, 600, 10), 621]


def test_only_what_is_new_is_read_and_a_torn_line_is_read_when_it_is_whole(run, monkeypatch):
    journals.columns(run.folder)
    parsed = []
    original = journals._parse
    monkeypatch.setattr(journals, "_parse", lambda lines: parsed.extend(lines) or original(lines))
    whole = json.dumps(record(601)).encode() + b"\n"
    with open(run.folder / "journal.jsonl", "ab", buffering=0) as file:
        file.write(whole[:20])
        assert journals.columns(run.folder)["step"][-1] == 591
        file.write(whole[20:])
        assert journals.columns(run.folder)["step"][-1] == 601
    assert parsed == [whole.rstrip()]


def test_a_journal_that_was_rewound_is_read_anew(run):
    assert journals.columns(run.folder)["step"][-1] == 591
    run.rewrite(run.journal_until(300))
    assert journals.columns(run.folder)["step"][-1] == 291
    for step in range(301, 800, 10):
        run.log(record(step) | {"loss_g": 9.0})
    read = journals.columns(run.folder)
    assert read["step"].tolist() == list(range(1, 800, 10))
    assert read["loss_g"][31] == 9.0


def test_no_journal_is_no_error(runs):
    run = small_run(runs, "empty", lines=0)
    (run.folder / "journal.jsonl").unlink()
    html = page(stories(["empty"]), VIEW, 5, "en")
    assert "empty" in html
    assert "polyline" not in html


def test_a_hundred_thousand_lines_open_within_two_seconds(runs):
    run = small_run(runs, "long", lines=100_000, every=1)
    # the processor's time: what else runs here meanwhile does not count
    began = time.process_time()
    html = page(stories(["long"]), VIEW, 1e9, "ko")
    assert time.process_time() - began < 2
    assert len(html) < 200_000
    began = time.process_time()
    run.log(record(100_001))
    page(stories(["long"]), VIEW, 1e9, "ko")
    assert time.process_time() - began < 0.5


def test_the_sample_of_a_moment_is_the_nearest_earlier_one(run):
    story = tell(run)
    assert [story.sample(step)[0] for step in (0, 199, 200, 399, 400, 10_000)] == [0, 0, 200, 200, 400, 400]
    (run.folder / "samples" / "000000.webp").unlink()
    assert tell(run).sample(10)[0] == 200  # nothing earlier: the first there is
    assert story.at(205, "d_real") == pytest.approx(record(201)["d_real"])


def test_rests_are_those_of_the_loss_and_twice_that_for_a_cyclegan(runs):
    from gan.core.cyclegan import CycleGANConfig

    bce = tell(small_run(runs, "bce")).rest
    assert bce == pytest.approx({"loss_g": np.log(2), "loss_d": np.log(4), "d_real": 0.5, "d_fake": 0.5})
    cycle = tell(Run.create("cycle", CycleGANConfig(), runs)).rest
    assert cycle == pytest.approx({"loss_g": 0.5, "loss_d": 0.5, "d_real": 0.5, "d_fake": 0.5})


def test_rests_follow_the_label_of_real_pictures(runs):
    """Cross-entropy's best D is 0.9 p / (p + q): the losses rest at 1.376 and 0.799 where both are alike."""
    run = small_run(runs, "smoothed")
    run.set_info(config=run.config.as_dict() | {"label": 0.9})
    story = tell(run)
    assert story.rest == pytest.approx({"loss_g": 0.7985, "loss_d": 1.3763, "d_real": 0.45, "d_fake": 0.45}, abs=1e-4)
    html = str(page([story], VIEW, 250, "en")).replace("&#39;", "'")
    assert "The dotted line at 0.45 is the equilibrium" in html
    assert "smoothed: the target for real pictures is 0.9 instead of 1" in html
    assert "discriminator's loss is 1.38 and the generator's 0.80" in html
    plain = tell(small_run(runs, "plain"))
    both = page([story, plain], VIEW, 250, "en")
    assert "The dotted line at 0.5 is the equilibrium" in both
    assert "smoothed: the target for real pictures is 0.9" in both
    assert "plain: the target" not in both


@pytest.mark.parametrize("axis", ["step", "images", "seconds"])
def test_rests_move_where_the_label_was_changed_while_it_trained(runs, axis):
    run = small_run(runs, "changed")
    step = int(tell(run).columns["step"][4])
    run.log({"step": step, "seconds": 1.0, "event": "control", "rate_g": 0.1})
    run.log({"step": step, "seconds": 1.0, "event": "control", "label": 0.8})
    story = tell(run)
    (first, before), (then, after) = story.rests("d_real", axis)
    assert (first, before, after) == (0.0, 0.5, pytest.approx(0.4))
    assert then == story.columns[axis][4]
    assert story.rests("frechet", axis) == ()
    html = page([story], VIEW._replace(axis=axis), 250, "ko")
    assert len(re.findall(r'class="shared rest" d="M0 500.0H[\d.]+M[\d.]+ 600.0H1000"', html)) == 1
    assert "changed: 학습 도중에 진짜 그림의 목푯값이 바뀌어" in html
    assert len(save(figure([story], VIEW, 1e9, WORDS.__getitem__, caption))) > 1000


def test_the_page_draws_both_panels_and_explains_the_dotted_lines(run):
    html = page([tell(run)], VIEW, 250, "en")
    assert len(re.findall(r'<polyline class="\w+ raw"', html)) == 4
    assert html.count('class="spear rest"') == html.count('class="shield rest"') == 1
    assert len(re.findall(r'<path class="shared rest" d="M0 500.0H1000"', html)) == 1  # 0.5 is half way up
    assert "discriminator's loss is 1.39 and the generator's 0.69" in str(html).replace("&#39;", "'")
    assert "Step 200: D(real)" in html
    now = np.interp(200, [0, 591], [0, 1000])
    assert html.count(f'class="now" d="M{now:.1f} ') == 2


def test_points_lie_where_the_numbers_say():
    line = Line("spear", "g", np.array([0.0, 5, 10]), np.array([0.0, 1, 4]))
    html = svg_chart.chart([line], title="t", x_label="x", x_range=(0, 10), y_range=(0, 2))
    assert re.findall(r'raw" points="([^"]*)"', html) == ["0.0,1000.0 500.0,500.0 1000.0,0.0"]  # 4 is cut off at 2


def test_ticks_are_round_and_inside():
    assert svg_chart.ticks(0, 3754, 4) == [0, 1000, 2000, 3000]
    assert svg_chart.ticks(-0.25, 1.3) == [0.0, 0.5, 1.0]
    assert svg_chart.ticks(0, 1) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert [svg_chart.number(v) for v in (0.25, 1.0, 20_000)] == ["0.25", "1", "20,000"]


def test_a_rare_peak_does_not_flatten_the_rest():
    y = np.ones(1000)
    y[5] = 1000
    assert limits([Line("spear", "g", np.arange(1000.0), y, [(0.0, 0.7)])]) == pytest.approx((0, 1.05))


def test_probabilities_keep_their_whole_range_and_runs_share_scales(runs):
    told = [tell(small_run(runs, "short", lines=10)), tell(small_run(runs, "long", lines=60))]
    _, x_range, y_ranges, _ = compare(told, View("images"), str)
    assert x_range == (0, 591 * 8)
    assert y_ranges["verdict"] == (0, 1)


def test_a_name_is_shown_as_text_not_as_html(run):
    story = Story("<img src=x>", "finished", "dcgan", "bce", 1.0, journals.columns(run.folder), run.samples())
    assert "<img src=x>" not in page([story], VIEW, 0, "en")


def test_what_is_new_is_noticed(run):
    before = views.stamp(["alpha"], "step")
    assert views.stamp(["alpha"], "step") == before
    assert views.stamp(["alpha"], "seconds") != before
    run.log(record(592))
    assert views.stamp(["alpha"], "step") == before  # too little to be seen
    run.log(record(601))
    longer = views.stamp(["alpha"], "step")
    assert longer != before
    sample(run, 601)
    sampled = views.stamp(["alpha"], "step")
    assert sampled != longer
    run.log({"step": 601, "seconds": 1.0, "event": "pause"})
    assert views.stamp(["alpha"], "step") != sampled


def test_the_slider_follows_the_end_unless_it_was_moved(run, view):
    shown = view.choose(None, ["alpha"], "step", *LOOK, 0, 0)
    assert shown.keys() == set(view.outputs)
    assert (shown[view.slider].value, shown[view.at], shown[view.last]) == (591, 591, 591)
    sample(run, 800)
    run.log(record(801))
    assert view.choose(None, ["alpha"], "step", *LOOK, 591, 591)[view.slider].value == 801
    assert view.choose(None, ["alpha"], "step", *LOOK, 300, 591)[view.slider].value == 300


def test_the_endpoint_gives_thinned_series_rests_and_samples(runs):
    small_run(runs, "long", lines=2000)
    answer = views.endpoint(["long"], "seconds")
    json.dumps(answer)
    (only,) = answer["runs"]
    assert set(only["series"]) == {"loss_g", "loss_d", "d_real", "d_fake"}
    for series in only["series"].values():
        assert len(series["x"]) == len(series["y"]) <= 500
        assert series["x"][-1] == 19991 / 4
    assert only["samples"][:3] == [0, 200, 400]


def test_the_endpoint_refuses_in_a_sentence(run):
    with pytest.raises(UserError, match="axis is 'epochs'"):
        views.endpoint(["alpha"], "epochs")
    with pytest.raises(UserError, match="no run named 'beta'"):
        views.endpoint(["beta"])
    with pytest.raises(UserError, match="choose up to 4"):
        views.endpoint(list("abcde"))


def test_the_downloads_hold_what_was_asked(runs, run):
    from PIL import Image

    small_run(runs, "beta", lines=20)
    with open(downloads.save_csv(["alpha", "beta"], None), newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["run"] for row in rows] == ["alpha"] * 60 + ["beta"] * 20
    assert float(rows[0]["d_real"]) == pytest.approx(record(1)["d_real"])
    with Image.open(downloads.save_png(None, ["alpha", "beta"], "step", *LOOK, 250)) as picture:
        assert picture.format == "PNG"
        assert picture.width > 1000


def test_an_unopened_tab_draws_nothing_and_nothing_new_is_not_sent(run, view):
    assert view.follow(None, "", None, "step", *LOOK, 0, 0) == {}
    shown = view.choose(None, ["alpha"], "step", *LOOK, 0, 0)
    seen, end = shown[view.seen], shown[view.last]
    assert view.follow(None, seen, ["alpha"], "step", *LOOK, end, end) == {}
    run.log(record(901))
    assert view.follow(None, seen, ["alpha"], "step", *LOOK, end, end)[view.last] == 901


def test_events_are_read_with_the_steps_and_as_the_journal_grows(run):
    run.log({"step": 300, "seconds": 1.0, "event": "control", "freeze_d": True})
    assert [event["event"] for event in journals.events(run.folder)] == ["control"]
    run.log({"step": 400, "seconds": 2.0, "event": "gauge", "frechet": 3.5, "covered": 7})
    run.log({"step": "x", "event": "broken"})
    assert [event["event"] for event in journals.events(run.folder)] == ["control", "gauge"]
    story = tell(run)
    assert [(step, event) for _, step, event, _ in story.marks("step")] == [(300, "control")]
    x, y = story.series("frechet", "images")
    assert (x.tolist(), y.tolist()) == ([3200.0], [3.5])


def test_what_was_not_recorded_is_left_out_not_drawn_as_zero(run):
    assert np.isnan(journals.columns(run.folder)["grad_g"]).all()
    run.log(record(601) | {"grad_g": 2.5})
    x, y = tell(run).series("grad_g", "step")
    assert (x.tolist(), y.tolist()) == ([601], [2.5])


def test_a_journal_of_mixed_lines_loses_none(run):
    run.log(record(601) | {"grad_g": 2.5, "grad_d": 1.5, "rate_g": 0.1, "rate_d": 0.2})
    read = journals.columns(run.folder)
    assert len(read["step"]) == 61
    assert read["rate_d"][-1] == 0.2
    assert np.isnan(read["rate_d"][:-1]).all()


def test_a_cyclegan_without_identity_keeps_its_other_losses(run):
    for step in (601, 611):
        run.log(record(step) | {"loss_g_a2b": 0.5, "cycle_a": 0.25} | dict.fromkeys(journals.FURTHER[:4], 1.0))
    fresh = Run(run.folder.rename(run.folder.with_name("beta")))  # read at once, as a journal that was not known
    read = journals.columns(fresh.folder)
    assert read["cycle_a"][-2:].tolist() == [0.25, 0.25]
    assert np.isnan(read["cycle_a"][:-2]).all()
    for name in ("herd-no-identity", "herd-no-cycle"):
        shipped = tell(Run.open(name)).columns
        assert np.isfinite(shipped["loss_g_a2b"]).all()
        assert np.isnan(shipped["idt_a"]).all()


def test_an_event_is_a_mark_on_every_chart_and_a_button_to_its_moment(run):
    run.log({"step": 300, "seconds": 75.0, "event": "control", "freeze_d": True})
    run.log({"step": 400, "seconds": 100.0, "event": "control", "rate_g": 0.001})
    html = page([tell(run)], VIEW, 250, "en")
    at = np.interp(300, [0, 591], [0, 1000])
    assert html.count(f'class="event" d="M{at:.1f} 0V1000"') == 2
    assert '<button type="button" data-step="300">Step 300: discriminator frozen</button>' in html
    assert "Step 400: generator&#39;s learning rate 0.001" in html


def test_logarithms_put_equal_ratios_at_equal_distances():
    line = Line("spear", "g", np.array([0.0, 1, 2]), np.array([0.01, 0.1, 1.0]))
    html = svg_chart.chart([line], title="t", x_label="x", x_range=(0, 2), y_range=(0.01, 1), log=True)
    assert re.findall(r'raw" points="([^"]*)"', html) == ["0.0,1000.0 500.0,500.0 1000.0,0.0"]
    assert re.findall(r'class="y"[^>]*>([^<]*)<', html) == ["0.01", "0.1", "1"]
    assert "data-log" in html


def test_smoothing_nothing_draws_the_line_itself(run):
    raw, strong = (
        re.findall(rf'spear {kind}"[^>]*points="([^"]*)"', page([tell(run)], View(smoothing=0), 0, "en"))
        for kind in ("raw", "mean")
    )
    assert raw == strong


def test_half_an_experiment_hides_the_rest(run):
    whole = page([tell(run)], VIEW, 591, "en")
    half = page([tell(run)], View(until=0.5), 591, "en")
    last = [float(points.split()[-1].split(",")[0]) for points in re.findall(r'raw" points="([^"]*)"', half)]
    assert max(last) <= 500
    assert "Step 200:" in half
    assert "Step 400:" in whole


def test_the_film_goes_through_all_moments_side_by_side(runs, run):
    import io

    from PIL import Image

    small_run(runs, "beta", lines=90)
    with Image.open(io.BytesIO(film(stories(["alpha", "beta"])))) as images:
        assert images.n_frames == 5  # 0, 200, 400, 600, 800
        assert images.size == (32 + 8 + 32, 32)


def test_the_page_is_told_at_which_steps_there_are_samples(runs, run, view):
    small_run(runs, "beta", lines=90)
    assert 'data-moments="0 200 400 600 800"' in page(stories(["alpha", "beta"]), VIEW, 0, "en")
    assert view.slide(None, 200, ["alpha"], "step", *LOOK, 200, 591) == {}  # is what is drawn
    moved = view.slide(None, 200, ["alpha"], "step", *LOOK, 0, 591)
    assert (moved[view.at], view.slider in moved) == (200, False)  # which would take it back to where it was
    assert view.jump(591, SimpleNamespace(step="200")) == {view.slider: 200}
    assert view.jump(591, SimpleNamespace(step="600")) == {view.slider: 591}


def test_a_panel_that_is_not_there_is_refused(run):
    with pytest.raises(UserError, match="choose among loss, verdict"):
        page([tell(run)], View(panels=("loss", "entropy")), 0, "en")


def test_ten_long_journals_open_faster_than_line_by_line(runs):
    rates = {"grad_g": 1.5, "grad_d": 2.5, "rate_g": 1e-4, "rate_d": 1e-4}
    text = "".join(json.dumps(record(step) | rates) + "\n" for step in range(20_000))
    folders = []
    for number in range(10):
        folder = runs / f"long{number}"
        folder.mkdir()
        (folder / "journal.jsonl").write_text(text)
        folders.append(folder)

    def took(read, what):
        began = time.process_time()
        assert read(what) == [1e-4] * 20_000
        return time.process_time() - began

    # in turns: a machine may be slow for a while
    line_by_line, at_once = [], []
    for folder in folders:
        line_by_line.append(took(lambda text: [json.loads(line)["rate_d"] for line in text.splitlines()], text))
        at_once.append(took(lambda folder: journals.columns(folder)["rate_d"].tolist(), folder))
    assert sum(at_once) < 0.75 * sum(line_by_line)  # half, on a slow machine too


def test_the_command_lines_words_are_those_of_the_page():
    from demo.ui.i18n import words
    from gan.plots.curves import DEFAULT, PANELS, WORDS

    assert {key: words("en")[f"curves.{key}"] for key in WORDS} == WORDS
    assert {f"lines.{name}" for panel in PANELS.values() for name in panel} <= set(WORDS)
    told = {f"curves.about.{panel}" for panel in PANELS if panel not in DEFAULT}
    assert told <= set(words("en"))


def test_a_run_that_was_deleted_and_begun_anew_shows_nothing_of_the_old_one(runs):
    old = small_run(runs, "mine", lines=30)
    assert len(journals.columns(old.folder)["step"]) == 30
    journal = old.folder / "journal.jsonl"  # written again in place, as a new file may get the old one's inode
    journal.write_text("".join(json.dumps(record(step) | {"seconds": 2.5 * step}) + "\n" for step in range(1, 90)))
    columns = journals.columns(old.folder)
    assert columns["step"].tolist() == list(range(1, 90))
    assert columns["seconds"][0] == 2.5
