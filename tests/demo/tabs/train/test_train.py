"""The Train tab's parts: reports, pages, what is shown when, who may name folders."""

import shutil
import time
from types import SimpleNamespace

import gradio as gr
import pytest

from demo import jobs
from demo.jobs import permissions, presets
from demo.server import access
from demo.server.environment import Place, no_loan
from demo.shared import run_view
from demo.tabs.train import form, live_controls, status_view
from demo.ui.i18n import LANGUAGES, words
from gan.data.registry import SETS
from gan.plots.history import tell
from tests.small_runs import record, sample, small_run


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Two finished runs, "early" and "late", and no others."""
    from gan.runs.run import all_runs

    monkeypatch.setenv("GAN_RUNS", str(tmp_path))
    monkeypatch.setattr(jobs.model_cache, "runs", lambda *_, **__: all_runs(tmp_path))
    monkeypatch.setattr(jobs, "_workers", {})
    return [small_run(tmp_path, name, minutes=5.0) for name in ("early", "late")]


def test_a_report_tells_the_last_logged_step_and_the_share_that_is_done(runs):
    run = runs[0]
    run.set_info(status="stopped", seconds=1.0)
    told = status_view.report(run)
    last = record(591)
    assert {name: told[name] for name in ("loss_g", "loss_d", "d_real", "d_fake")} == pytest.approx(
        {name: last[name] for name in ("loss_g", "loss_d", "d_real", "d_fake")}
    )
    assert (told["step"], told["seconds"], told["status"]) == (591, 591 / 4, "stopped")
    assert told["progress"] == pytest.approx((591 / 4) / 300)
    assert told["images_per_second"] == pytest.approx(8 * 4)  # 8 pictures a step, 4 steps a second
    assert told["samples"] == 3
    run.set_info(status="finished")
    assert status_view.report(run)["progress"] == 1


def test_a_report_of_a_run_that_has_only_begun_has_no_losses(runs):
    (runs[0].folder / "journal.jsonl").unlink()
    runs[0].set_info(step=0, seconds=0)
    told = status_view.report(runs[0])
    assert told["loss_g"] is None
    assert told["images_per_second"] == told["step"] == 0


def test_a_report_does_not_tell_where_a_folder_lies(tmp_path, runs):
    private = small_run(tmp_path, "private", data="/home/someone/cats")
    assert status_view.report(private)["data"] == "cats"
    assert "/home" not in status_view.facts(private.folder, "x", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_facts_the_newest_sample_and_two_charts(runs, language):
    stamp = status_view.stamp(runs[0])
    html = status_view.facts(runs[0].folder, stamp, language)
    assert status_view.curves(runs[0].folder, stamp, language).count('class="chart"') == 2
    assert status_view.film(runs[0].folder, stamp, 99, language).count('src="data:image/webp') == 1
    assert "<b>591</b>" in html
    assert "<b>2:28 / 5:00</b>" in html
    assert words(language)["curves.status.finished"] in html
    assert 'value="1.0000"' in html


def test_why_a_run_ended_early_is_said_in_a_sentence(runs):
    run = runs[0]
    run.set_info(status="failed", why="<b>no room</b> on the disk")
    html = status_view.facts(run.folder, status_view.stamp(run), "en")
    assert "It failed: &lt;b&gt;no room" in html
    run.set_info(why={"key": "training.blown_up", "values": {}})
    assert "발산해" in status_view.facts(run.folder, status_view.stamp(run), "ko")
    run.set_info(status="running", why="")  # and nobody holds its lock
    assert "ended unexpectedly" in status_view.facts(run.folder, status_view.stamp(run), "en")
    (run.folder / "train.log").write_text("loading\nerror: There are no pictures in cats.\n")
    assert "It failed: There are no pictures in cats." in status_view.facts(
        run.folder, status_view.stamp(run) + "2", "en"
    )


def test_a_run_that_loads_its_data_says_so(runs):
    run = runs[0]
    shutil.rmtree(run.folder / "samples")
    (run.folder / "journal.jsonl").unlink()
    run.set_info(status="running", step=0)
    with run.lock():
        html = status_view.facts(run.folder, status_view.stamp(run), "en")
        assert status_view.curves(run.folder, status_view.stamp(run), "en") == ""
    assert "being loaded" in html


def test_the_tab_opens_with_the_most_recent_run_and_keeps_the_one_that_was_chosen(runs, monitor):
    shown = monitor.opened(None, None)
    assert shown[monitor.watched].value == "late"
    assert shown[monitor.watched].choices == [("late", "late"), ("early", "early")]
    assert "late" in shown[monitor.facts]
    assert monitor.opened("early", None)[monitor.watched].value == "early"
    assert monitor.opened("gone", None)[monitor.watched].value == "late"
    with runs[0].lock():
        runs[0].set_info(status="running")
        assert monitor.opened("late", None)[monitor.watched].value == "early"  # something goes on there


def test_all_that_is_shown_is_an_output(runs, monitor):
    known = set(monitor.outputs)
    assert set(monitor.opened("late", None)) <= known
    assert set(monitor.watch("late", "", None)) <= known | {monitor.held}
    runs[0].set_info(status="running")
    with runs[0].lock():
        assert set(monitor.opened("early", None)) == known  # all of them, where one trains
    assert len(monitor.outputs) == len(known)


def test_nothing_is_sent_while_nothing_is_new(runs, monitor):
    assert monitor.follow("late", "", None, None) == {}  # the tab has not been opened yet
    shown = monitor.watch("late", "", None)[monitor.facts]
    assert monitor.follow("late", shown, None, None) == {}
    runs[1].log(record(601))
    later = monitor.follow("late", shown, None, None)[monitor.facts]
    assert "<b>601</b>" in later
    assert monitor.follow("late", later, None, None) == {}
    assert monitor.follow("late", shown, None, None) != {}  # an older answer came last: what it shows is told


def test_a_look_at_the_list_leaves_the_film_where_it_is(runs, monitor):
    first = monitor.watch("late", "", None)
    assert first[monitor.held] is None
    shown = first[monitor.facts]
    assert monitor.watch("late", shown, None) == {}
    runs[1].log(record(601))
    assert monitor.watch("late", shown, None) == {}
    assert "early" in monitor.watch("early", shown, None)[monitor.facts]


def test_a_training_that_someone_starts_is_shown_to_those_who_watch_none(runs, tmp_path, monitor):
    shown = monitor.watch("late", "", None)[monitor.facts]
    new = small_run(tmp_path, "new", lines=3)
    new.set_info(status="running")
    with new.lock():
        assert monitor.follow("late", shown, None, None)[monitor.watched].value == "new"
        shown = monitor.watch("late", "", None)[monitor.facts]  # she looks at another one on purpose
        runs[1].log(record(601))
        news = monitor.follow("late", shown, None, None)
        assert monitor.watched not in news  # the list may be open
        assert "late" in news[monitor.facts]
        small_run(tmp_path, "third", lines=3)
        chosen = monitor.follow("late", shown, None, None)[monitor.watched]
        assert ("third", "third") in chosen.choices
        assert "value" not in chosen.constructor_args  # she may have turned to another one meanwhile


@pytest.mark.parametrize(
    ("status", "possible"),
    [
        ("running", {"pause", "stop"}),
        ("paused", {"go_on", "stop"}),
        ("stopped", {"go_on"}),
        ("failed", {"go_on"}),
        ("finished", set()),
    ],
)
def test_only_the_buttons_that_make_sense_can_be_pressed(runs, status, possible, monitor):
    runs[0].set_info(status=status)
    with runs[0].lock():
        shown = monitor.watch("early", "", None)
    assert {name for name, button in monitor.buttons.items() if shown[button].interactive} == possible


def test_without_runs_the_tab_says_what_to_do(monkeypatch, monitor):
    monkeypatch.setattr(jobs.model_cache, "runs", lambda *_, **__: [])
    shown = monitor.opened(None, None)
    assert shown[monitor.watched].value is None
    assert words("en")["train.none"] in shown[monitor.facts]


def test_the_film_follows_the_training_unless_someone_went_back_in_it(runs, monitor):
    run = runs[1]
    newest, back = (monitor.rewind("late", moment, None) for moment in (2, 1))
    assert (newest[monitor.held], back[monitor.held]) == (None, 1)
    assert "Step 200" in back[monitor.film]
    facts = monitor.watch("late", "", None)[monitor.facts]
    sample(run, 600)
    run.log(record(601))
    shown = monitor.follow("late", facts, None, None)
    assert "Step 600" in shown[monitor.film]
    assert (shown[monitor.moment].maximum, shown[monitor.moment].value) == (3, 3)
    shown = monitor.follow("late", facts, 1, None)
    assert "Step 200" in shown[monitor.film]
    assert shown[monitor.moment].value == 1


def test_a_run_that_waits_says_at_which_place_and_one_that_trains_who_waits(runs):
    early, late = runs
    early.set_info(status="queued")
    time.sleep(0.01)
    late.set_info(status="queued")
    assert "at place 2" in status_view.facts(late.folder, status_view.stamp(late), "en")
    assert status_view.report(late)["place_in_queue"] == 2
    early.set_info(status="running")
    with early.lock():
        assert "In line: late" in status_view.facts(early.folder, status_view.stamp(early), "en")


def test_half_a_round_is_explained_with_its_numbers(runs):
    run = runs[0]
    run.set_info(status="paused")
    values = {"loss_g": 1.25, "loss_d": 0.5, "d_real": 0.7, "d_fake": 0.3, "grad_d": 0.875}
    run.log({"step": 601, "seconds": 150.0, "event": "round", "who": "d", **values})
    with run.lock():
        html = status_view.facts(run.folder, status_view.stamp(run), "en")
    for number in ("0.500", "0.700", "0.300", "0.875", "batch of 8"):
        assert number in html
    assert "the generator learned" not in html
    assert "half of a step" in html
    # under the picture of that very step stand the same numbers, not those of the last logged line
    assert run_view.caption(tell(run), 601, "en").replace("\u00a0", " ") == "Step 601: D(real) 0.70, D(fake) 0.30"
    assert run_view.mark(tell(run).events[-1], "en") == "Step 601: half a step in slow motion: D learns"


@pytest.mark.parametrize(
    ("a", "b", "told"),
    [
        (["/x/말 (1).jpg", "/x/말 (2).jpg"], ["/x/얼룩말_01.png", "/x/얼룩말_02.png"], ("말", "얼룩말")),
        (["/x/horses.zip"], ["/x/zebras.zip"], ("horses", "zebras")),
        (["/x/IMG_0001.jpg", "/x/IMG_0002.jpg"], ["/x/DSC_1.jpg", "/x/DSC_2.jpg"], ()),
        (["/x/1.png", "/x/2.png"], ["/x/cat1.png", "/x/cat2.png"], ()),
        (["/x/cat1.png", "/x/cat2.png"], ["/x/cat3.png", "/x/cat4.png"], ()),
        ([], ["/x/cat3.png"], ()),
    ],
)
def test_two_domains_are_called_by_the_names_of_their_files(a, b, told):
    assert form.domains([a, b]) == told


def test_a_branch_names_its_parent(runs):
    runs[0].set_info(parent={"run": "late", "step": 1234})
    assert "step 1,234 of “late”" in status_view.facts(runs[0].folder, status_view.stamp(runs[0]), "en")


def test_the_live_controls_show_how_a_run_trains_and_ask_in_words(runs, monitor):
    run, controls = runs[0], monitor.controls
    assert controls.show(run, "en")[controls.panel].visible is False  # it is at rest, and has no checkpoint
    run.set_info(status="running")
    run.log({"step": 591, "seconds": 148.0, "event": "control", "freeze_d": True, "rate_g": 0.0006})
    with run.lock():
        shown = controls.show(run, "en")
    assert shown[controls.panel].visible
    assert "frozen, learning rate 0.0002" in shown[controls.told["d"]].value
    assert "learning, learning rate 0.0006" in shown[controls.told["g"]].value
    freeze_d, freeze_g = (shown[controls.holds[side]] for side in "dg")
    assert (freeze_d.value, freeze_g.value) == ("Unfreeze", "Freeze")
    can = {name for name, button in controls.buttons.items() if shown[button].interactive}
    assert can == {"slower-d", "faster-d", "slower-g", "faster-g"}  # half a step only while it is paused
    # what stands on a button is what it asks for, however late its label is; a factor is the training's to apply
    assert live_controls.word("hold-d", freeze_d.value, "en") == "free-d"
    assert live_controls.word("hold-g", freeze_g.value, "en") == "hold-g"
    assert live_controls.word("hold-d", "고정 풀기", "ko") == "free-d"
    assert live_controls.word("faster-g", "× 3", "en") == "lr-g=x3"
    assert live_controls.word("slower-d", "÷ 3", "en") == "lr-d=/3"
    assert live_controls.word("step", "Both: one step", "en") == "step"


def test_a_preset_fills_the_fields_and_folds_them_away():
    own, model, minutes, data, pictures, pile_b, *settings = form.fill("clothes", own=True)
    assert (own.visible, model, minutes, data.value) == (False, "dcgan", 1, "fashion-mnist")
    assert not pictures.visible  # nor left open by an earlier choice
    assert not pile_b.visible
    shown = dict(zip(form.settings_by_name(), settings, strict=True))
    assert (shown["rate_g"].value, shown["label"].value, shown["channels"].value) == (2e-3, 0.9, 1)
    assert not shown["blocks"].visible
    own, *rest = form.fill(form.OWN, own=True)
    assert own.visible
    assert all(value == gr.skip() for value in rest)


def test_the_controls_of_a_preset_stand_for_that_preset():
    """What is shown for a preset and sent back unchanged is the preset, which is allowed everywhere."""
    for preset in presets.PRESETS.values():
        shown = form.shown_settings(preset.model, preset.data, preset.settings)
        names = [*form.settings_by_name()]
        chosen = {name: update.value if update.visible else None for name, update in zip(names, shown, strict=True)}
        values = form.values_of(preset.model, preset.data, chosen)
        assert presets.settings_of(preset.model, preset.data, 1, **values) == presets.settings_of(
            preset.model, preset.data, 1, **preset.settings
        )


def test_a_model_offers_the_data_it_can_use():
    offered = {value for _, value in form.offer("cyclegan", own=True)[0].choices}
    assert {"herd", "emoji", form.OWN} <= offered
    assert "mnist" not in offered
    assert "mnist" in {value for _, value in form.offer("dcgan", own=False)[0].choices}
    assert form.OWN not in {value for _, value in form.offer("dcgan", own=False)[0].choices}


def test_digits_are_learned_otherwise_than_photos():
    def shown(model, data):
        pictures, second, *settings = form.chosen(model, data)
        values = {n: u.value for n, u in zip(form.settings_by_name(), settings, strict=True) if u.visible}
        return pictures.visible, second.visible, values

    assert (shown("dcgan", "mnist")[2]["rate_g"], shown("dcgan", "mnist")[2]["latent"]) == (4e-3, 12)
    assert shown("dcgan", form.OWN)[:2] == (True, False)
    own = shown("dcgan", form.OWN)[2]
    assert (own["size"], own["channels"], own["rate_g"], own["lr_decay"]) == (64, 3, 2e-4, 0.5)
    assert shown("cyclegan", form.OWN)[:2] == (True, True)
    for model in form.MODELS:
        for data in (*permissions.choices(model), form.OWN):
            values = form.values_of(model, data, shown(model, data)[2])
            presets.settings_of(model, "herd" if data == form.OWN else data, 1, **values)


def test_what_learns_quickly_is_made_of_the_models_own_settings():
    """For data of the other model as well: the rules refuse that, in words, only after the settings are made."""
    for model in form.MODELS:
        for data in SETS:
            config = presets.settings_of(model, data, 1)
            assert (config.model, config.channels) == (model, SETS[data].channels)


def test_every_setting_is_explained_in_both_languages():
    for language in LANGUAGES:
        for name, of in form.settings_by_name().items():
            assert words(language)[f"train.settings.{name}.label"]
            assert len(words(language)[f"train.settings.{name}.info"]) > 15
            for field in of.values():
                for choice in field.metadata["choices"]:
                    assert words(language)[f"train.settings.{name}.choices.{choice}"]


@pytest.mark.parametrize(
    ("kind", "host", "may"),
    [("local", "127.0.0.1", True), ("local", "192.168.0.7", False), ("space", "127.0.0.1", False)],
)
def test_only_who_sits_at_the_machine_may_name_its_folders(tmp_path, kind, host, may):
    assert access.is_here(Place(kind, "on", tmp_path, no_loan), asked_by(host)) is may


def asked_by(client, server="127.0.0.1", **headers):
    """A request that comes from this address and goes to that one."""
    headers = {"host": f"{server}:7860"} | {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {"server": (server, 7860)}
    return SimpleNamespace(client=SimpleNamespace(host=client), headers=headers, request=SimpleNamespace(scope=scope))


@pytest.mark.parametrize(
    ("request_", "may"),
    [
        (asked_by("192.168.0.5", server="192.168.0.5"), True),  # this machine, by the address that the room has
        (asked_by("192.168.0.7", server="192.168.0.5"), False),
        (asked_by("192.168.0.7", server="192.168.0.5", host="127.0.0.1:7860"), False),
        (asked_by("127.0.0.1", origin="http://localhost:7860", referer="http://localhost:7860/?lang=ko"), True),
        (asked_by("::1", server="::1", host="[::1]:7860"), True),
        (asked_by("127.0.0.1", host="class.school.org"), False),  # a proxy on this machine, or a rebound name
        (asked_by("127.0.0.1", origin="https://class.school.org"), False),  # nginx as it comes
        (asked_by("127.0.0.1", referer="https://class.school.org/gan/"), False),
        (asked_by("127.0.0.1", x_forwarded_for="192.168.0.7"), False),
        (asked_by("127.0.0.1", x_forwarded_proto="https"), False),
        (asked_by("127.0.0.1", forwarded="for=192.168.0.7"), False),
        (asked_by("127.0.0.1", x_real_ip="192.168.0.7"), False),
        (asked_by("127.0.0.1", via="1.1 proxy"), False),
        (None, False),
    ],
)
def test_a_proxy_on_this_machine_is_not_a_person_at_it(tmp_path, request_, may):
    assert access.is_here(Place("local", "on", tmp_path, no_loan), request_) is may
    assert not access.is_here(Place("local", "on", tmp_path, no_loan, is_proxied=True), request_)


def test_a_key_that_was_made_is_not_asked_for_at_this_machine_and_a_named_one_is(tmp_path):
    made, named = (Place("local", "on", tmp_path, no_loan, key="abc", is_key_made=made) for made in (True, False))
    here, phone = asked_by("127.0.0.1"), asked_by("192.168.0.7", server="192.168.0.5")
    assert permissions.level(made, access.key_of(made, here, "")) == "on"
    assert permissions.level(made, access.key_of(made, phone, None)) == "off"
    assert permissions.level(made, access.key_of(made, phone, "abc")) == "on"
    assert permissions.level(named, access.key_of(named, here, "")) == "off"
    with pytest.raises(permissions.Refused):
        permissions.level(made, access.key_of(made, here, "guess"))
