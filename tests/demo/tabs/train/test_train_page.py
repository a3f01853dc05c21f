"""The Train tab in a real browser and its endpoints.

Most of it is the page of an app that is a part of this process, which starts in a fourth of the time and lets a test
choose what trains: nothing, a stub that needs no torch, small networks in a thread in here, or a process as elsewhere.
"""

import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from demo import app as shell
from demo import jobs
from demo.jobs import presets, worker
from demo.server.environment import Place, decide
from demo.ui.i18n import words
from gan.core.trainer import train
from gan.runs.run import Run, all_runs
from tests.browser import Visitors, expect, open_list, open_tab, serve, settle
from tests.demo.jobs.conftest import TINY
from tests.small_runs import record, small_run
from tests.stub_processes import Stubs

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SECONDS = 90_000  # for a process that imports torch on a busy machine


class Here(NamedTuple):
    """An app that is a part of this process."""

    place: Place
    url: str

    @property
    def runs(self) -> Path:
        """Its folder of runs."""
        return self.place.runs


@contextmanager
def serve_in_here(**environment: str) -> Iterator[Here]:
    """The app as this environment makes it."""
    place = decide(os.environ | environment)
    app = shell.build_app(place)
    port = shell.free_port("127.0.0.1", [0])
    shell.serve(app, "127.0.0.1", port, root_path="", **shell.launch_options(place=place))
    yield Here(place, app.local_url)
    app.close(verbose=False)


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory):
    """A folder of runs of this file's own, and no data on the machine but what the app carries: the environment."""
    folder = tmp_path_factory.mktemp("school")
    environment = {"GAN_RUNS": str(folder / "runs"), "GAN_DATA": "", "XDG_CACHE_HOME": str(folder / "cache")}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        yield environment


@pytest.fixture(scope="module")
def apps(surroundings):
    """Apps in here by the environment that makes them: as usual, with a teacher's key, and restricted.

    All are built before anyone looks at one: what an answer makes of components while another app is being built would
    become a part of that.
    """
    kinds = ({}, {"GAN_KEY": "open sesame"}, {"GAN_TRAINING": "off"}, {"GAN_TRAINING": "limited"})
    with ExitStack() as running:
        yield {"".join(kind.values()): running.enter_context(serve_in_here(**kind)) for kind in kinds}


@pytest.fixture(scope="module")
def school(apps):
    """The app that lets everyone train."""
    return apps[""]


@pytest.fixture(scope="module")
def guests(chromium, school):
    """Those whose pages of it the tests look at; the pages come to an end before the app does."""
    visitors = Visitors(chromium, school.url)
    yield visitors
    visitors.leave()


@pytest.fixture
def server(school):
    """That app with one run, "earlier", in its folder; whatever else a test starts is stopped and deleted after it."""
    small_run(school.runs, "earlier")
    yield school
    clear(school.place)


@pytest.fixture
def stubs(monkeypatch):
    """What is started trains nothing, and starts in a moment."""
    monkeypatch.setattr(worker, "subprocess", Stubs)


def clear(place):
    """Stop what trains or waits, and delete all runs that did not come with the program."""
    runs = [run for run in all_runs() if not run.is_shipped]
    for run in sorted(runs, key=lambda run: run.status != "queued"):  # or the next in line would start
        if not jobs.at_rest(run):
            jobs.control(place, run.name, "stop", patience=60)
    for run in runs:
        wait(lambda run=run: jobs.at_rest(run) and not run.is_training())
        jobs.delete(place, run.name)


@contextmanager
def trained_in_here(run):
    """The run's training in a thread of this process."""
    thread = threading.Thread(target=lambda: [time.sleep(0.02) for _ in train(run, device="cpu")])
    thread.start()
    yield
    if run.is_training():
        run.control("stop")
    thread.join(30)
    assert not thread.is_alive()


@pytest.fixture
def train_page(look, server):
    """`page = train_page("ko")`: the Train tab as the other tests left it."""

    def open_it(language="en"):
        page = look(language, tab="train")
        open_tab(page, "train")
        page.wait_for_selector("#watch h3")
        return page

    return open_it


def heard_of(page, name):
    """Wait until the page's list of runs, which stays as it is while it is open, has this one."""
    page.locator(f"""#watch [data-seen*="'{name}'"]""").wait_for(state="attached")


def watch(page, name):
    heard_of(page, name)
    if page.locator("#train-watch input").input_value() != name:
        open_list(page, "train-watch")
        page.get_by_role("option", name=name, exact=True).click()
    page.locator("#watch h3", has_text=name).wait_for()


def shown_step(page):
    return int(page.locator("#watch .facts b").first.inner_text().replace(",", ""))


def start(page, minutes):
    field = page.locator("#train-minutes input")
    field.fill(str(minutes))
    field.press("Tab")
    page.locator("#train-start").click()


def wait(condition, seconds=90):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)
    return value


def measure(page):
    """The speed here is measured, not guessed, and a setting that does not fit is refused."""
    page.locator("#train-measure").click()
    page.locator("#train-outlook .outlook").first.wait_for(timeout=SECONDS)
    assert re.search(r"\d", page.locator("#train-outlook").inner_text())
    page.locator("#train-preset label").nth(1).click()  # it was of the other one
    expect(page.locator("#train-outlook")).to_have_text("")
    page.locator("#train-measure").click()
    expect(page.locator("#train-measure")).to_be_disabled()
    page.locator("#train-measure-stop").click()
    expect(page.locator("#train-measure-stop")).to_be_hidden()
    expect(page.locator("#train-measure")).to_be_enabled()
    expect(page.locator("#train-outlook")).to_have_text("")
    page.locator("#train-settings button").first.click()
    page.locator("#train-setting-batch input").fill("64.5")
    page.locator("#train-start").click()
    page.locator("[data-testid=toast-body]", has_text="“Batch” is 64.5; it must be a whole number.").wait_for()
    page.locator("#train-preset label").first.click()
    expect(page.locator("#train-setting-batch input")).to_have_value("32")


def test_the_speed_is_measured_and_a_training_outlives_page_and_app_and_is_watched_paused_continued_and_stopped(
    chromium, surroundings, train_page, server
):
    with serve(**surroundings) as first:
        visitors = Visitors(chromium, first.url)
        page = visitors(tab="train")
        page.wait_for_selector("#watch h3")
        measure(page)
        start(page, 5)
        page.locator("#watch h3", has_text="mnist-1").wait_for()
        page.locator("#watch h3 .running").wait_for(timeout=SECONDS)
        visitors.leave()
        first.process.send_signal(signal.SIGINT)
        first.process.wait(20)
    run = Run(server.runs / "mnist-1")
    before = len(run.journal())
    wait(lambda: len(run.journal()) > before)

    page = train_page()
    page.locator("#watch h3", has_text=re.compile("mnist-1.*training now", re.DOTALL)).wait_for()
    page.locator("#film .sample img").wait_for(timeout=SECONDS)
    first = wait(lambda: shown_step(page))
    wait(lambda: shown_step(page) > first)

    onlooker = train_page("ko")  # someone else sees it, too, and what she starts waits in line
    onlooker.locator("#watch h3", has_text="mnist-1").wait_for()
    onlooker.locator("#train-start").click()
    onlooker.locator("#watch h3 .queued").wait_for()
    expect(onlooker.locator("#watch")).to_contain_text("1번째")
    page.locator("#watch .why", has_text="In line: mnist-2").wait_for()
    onlooker.locator("#train-stop").click()
    onlooker.locator("#watch h3 .stopped").wait_for()

    page.locator("#train-pause").click()
    page.locator("#watch h3 .paused").wait_for()
    expect(page.locator("#train-pause")).to_be_disabled()
    page.locator("#train-go-on").click()
    page.locator("#watch h3 .running").wait_for()
    page.locator("#train-stop").click()
    page.locator("#watch h3 .stopped").wait_for()

    open_tab(page, "noise")  # and there it is, without a restart
    open_list(page, "noise-run")
    page.get_by_role("option", name="mnist-1").wait_for()
    page.keyboard.press("Escape")


def test_a_finished_run_is_shown_without_a_click_and_grows_while_one_looks(train_page, server):
    page = train_page()
    watch(page, "earlier")
    expect(page.locator("#train-curves .chart")).to_have_count(2)
    expect(page.locator("#film .sample img")).to_have_count(1)
    expect(page.locator("#watch h3")).to_contain_text(words("en")["curves.status.finished"])
    Run(server.runs / "earlier").log(record(9001))
    page.locator("#watch .facts b", has_text="9,001").wait_for()


def test_an_open_list_stays_as_it_is_until_one_has_chosen(train_page, server):
    """Gradio reuses an option's element for another name where the list changes, so that a click hits the wrong one."""
    gone = small_run(server.runs, "gone")
    page = train_page()
    watch(page, "earlier")
    heard_of(page, "gone")
    open_list(page, "train-watch")
    options = page.get_by_role("option")
    page.get_by_role("option", name="gone", exact=True).wait_for()
    before = options.all_inner_texts()
    shutil.rmtree(gone.folder)
    small_run(server.runs, "new")
    Run(server.runs / "earlier").log(record(9001))
    page.wait_for_timeout(2500)  # two looks for news or more
    assert options.all_inner_texts() == before
    page.get_by_role("option", name="mnist", exact=True).click()
    page.locator("#watch h3", has_text="mnist").wait_for()
    watch(page, "earlier")
    page.locator("#watch .facts b", has_text="9,001").wait_for()
    open_list(page, "train-watch")
    expect(page.get_by_role("option", name="new", exact=True)).to_have_count(1)
    expect(page.get_by_role("option", name="gone", exact=True)).to_have_count(0)
    page.keyboard.press("Escape")
    open_tab(page, "noise")
    open_tab(page, "train")
    Run(server.runs / "earlier").log(record(9011))
    page.locator("#watch .facts b", has_text="9,011").wait_for()


def test_a_page_goes_on_where_a_run_is_deleted_just_as_its_list_opens(train_page, server):
    """The answer that was on its way then comes with a shorter list, which Gradio's open list does not outlive."""
    gone = small_run(server.runs, "gone")
    page, late = train_page(), []
    watch(page, "earlier")
    heard_of(page, "gone")

    def hold_back(route):
        if not late and not gone.folder.exists():
            late.append((route, route.fetch()))
        else:
            route.continue_()

    page.route("**/gradio_api/run/predict**", hold_back)
    shutil.rmtree(gone.folder)
    wait(lambda: page.wait_for_timeout(50) or late)
    page.locator("#train-watch input").click()
    page.get_by_role("option", name="gone", exact=True).wait_for()
    route, answer = late[0]
    route.fulfill(response=answer)
    page.wait_for_timeout(300)
    page.unroute_all(behavior="ignoreErrors")
    page.get_by_role("option", name="mnist", exact=True).click()
    page.locator("#watch h3", has_text="mnist").wait_for()
    watch(page, "earlier")
    Run(server.runs / "earlier").log(record(9001))
    page.locator("#watch .facts b", has_text="9,001").wait_for()


def test_a_late_answer_about_another_run_does_not_take_the_visitor_back_to_it(train_page, server):
    page, late = train_page(), []
    open_tab(page, "questions")
    settle(page)

    def hold_back(route):
        answer = route.fetch()
        if "9,001" in answer.text() and not late:
            late.append((route, answer))
        else:
            route.fulfill(response=answer)

    page.route("**/gradio_api/run/predict**", hold_back)
    open_tab(page, "train")  # only now: what was asked before the route could bring the answer past it
    watch(page, "earlier")
    settle(page)  # so could what the opening of the tab asked
    Run(server.runs / "earlier").log(record(9001))
    wait(lambda: page.wait_for_timeout(50) or late)  # requests are seen to while the page is waited for
    page.locator("#train-watch input").click()
    page.get_by_role("option", name="mnist", exact=True).click()
    page.locator("#watch h3", has_text="mnist").wait_for()
    route, answer = late[0]
    route.fulfill(response=answer)
    settle(page)
    page.unroute_all(behavior="ignoreErrors")
    assert page.locator("#train-watch input").input_value() == "mnist"
    page.locator("#watch h3", has_text="mnist").wait_for()


def test_a_training_is_conducted_in_the_page(train_page, server, stubs):
    """A small one in here; the one that is branched off it is a stub."""
    run = Run.create("mnist-1", presets.settings_of("dcgan", "mnist", 5, **TINY), server.runs)
    with trained_in_here(run):
        wait(lambda: run.status == "running")
        page = train_page()
        watch(page, "mnist-1")
        page.locator("#watch h3 .running").wait_for()
        page.locator("#film .sample img").wait_for()
        curves, controls = (page.locator(f"#train-{each}").bounding_box() for each in ("curves", "conduct"))
        assert controls["x"] >= curves["x"] + curves["width"]  # beside them, on a laptop: one sees what one does
        assert abs(controls["y"] - curves["y"]) < 50
        page.locator("#train-act-hold-d").click()
        page.locator("#train-told-d", has_text="frozen").wait_for()
        page.locator("#train-act-faster-g").click()
        page.locator("#train-told-g", has_text="rate 0.012").wait_for()
        page.locator("#train-act-slower-d").evaluate("button => [1, 2, 3, 4].forEach(() => button.click())")
        page.locator("#train-told-d", has_text="rate 1.2e-05").wait_for()  # 0.001 / 81: every one of them counts
        page.locator("#train-curves .chart .event").nth(1).wait_for(state="attached")
        expect(page.locator("#train-act-step-d")).to_be_disabled()
        page.locator("#train-rounds label", has_text="3").click()
        page.locator("#train-pause").click()
        page.locator("#watch h3 .paused").wait_for()
        page.locator("#train-act-step-g").click()
        page.locator("#watch .why", has_text="The generator learned").wait_for()

        acts = [line for line in run.journal() if line.get("event") == "control"]
        settings = [next(iter({"freeze_d", "rate_g", "rate_d", "n_critic"} & act.keys())) for act in acts]
        assert settings == ["freeze_d", "rate_g", *["rate_d"] * 4, "n_critic"]
        page.locator("#train-act-what-if").click()
        page.locator("#watch h3", has_text="mnist-1-if-1").wait_for()
    assert run.status == "stopped"
    page.locator("#watch .why", has_text="of “mnist-1”").wait_for()
    page.locator("#watch h3 .running").wait_for()
    page.locator("#train-told-g", has_text="rate 0.012").wait_for()
    page.locator("#train-stop").click()
    page.locator("#watch h3 .stopped").wait_for()

    page.locator("#train-delete").click()
    page.locator("#train-question", has_text="mnist-1-if-1").wait_for()
    page.locator("#train-gone").click()
    wait(lambda: not (server.runs / "mnist-1-if-1").exists())
    assert run.folder.exists()
    page.locator("#watch h3", has_text="mnist-1").wait_for()


def test_ones_own_settings_unfold_and_pictures_of_ones_own_are_checked_and_trained_on(
    train_page, server, tmp_path, monkeypatch
):
    from PIL import Image

    for number in range(12):
        colour = (20 * number, 255 - 20 * number, 90)
        Image.new("RGB", (80, 64), colour).save(tmp_path / f"{number}.png")
        Image.new("RGB", (64, 80), colour[::-1]).save(tmp_path / f"b{number}.png")
    (tmp_path / "letter.png").write_text("no picture")
    monkeypatch.setattr(jobs, "advance", lambda _: None)  # it is trained in here, in less than its own settings ask
    page = train_page()
    expect(page.locator("#train-name")).to_be_hidden()
    page.locator("#train-preset label").last.click()
    page.locator("#train-name").wait_for()
    page.locator("#train-model label").nth(1).click()
    page.locator("#train-data label.selected", has_text="drawn animals").wait_for()  # the sets of a CycleGAN
    name = page.locator("#train-name input, #train-name textarea").first
    name.fill("not a name/")
    page.locator("#train-start").click()
    page.locator("[data-testid=toast-body]", has_text="cannot be named").wait_for()
    name.fill("")

    page.locator("#train-data label", has_text="my own pictures").click()
    piles = [page.locator(f"#train-pile-{pile} input[type=file]") for pile in "ab"]
    piles[0].set_input_files([*(tmp_path / f"{n}.png" for n in range(12)), tmp_path / "letter.png"])
    page.locator("#train-taken", has_text="domain B").wait_for()
    page.locator("#train-start").click()
    page.locator("[data-testid=toast-body]", has_text="Give some pictures first").wait_for()
    expect(page.locator("#train-folder")).to_be_visible()
    piles[1].set_input_files([tmp_path / f"b{n}.png" for n in range(12)])
    page.locator("#train-taken li", has_text="letter.png").wait_for(state="attached")
    expect(page.locator("#train-taken img")).to_have_count(2)
    page.locator("#train-start").click()
    page.locator("#watch h3", has_text="pictures-1").wait_for()
    run = Run(server.runs / "pictures-1")
    run.set_info(config=run.info["config"] | {"ngf": 4, "ndf": 4, "blocks": 1, "log_every": 1})
    with trained_in_here(run):
        page.locator("#film .sample img").wait_for(timeout=SECONDS)
        page.locator("#train-stop").click()
        page.locator("#watch h3 .stopped").wait_for()
    assert len(list((run.folder / "pictures/trainA").iterdir())) == 12
    assert not list((server.runs / ".uploads").iterdir())


def test_where_a_teachers_key_is_set_only_it_starts_trainings(chromium, apps, server, stubs):
    taught = apps["open sesame"]
    visitors = Visitors(chromium, taught.url)
    page = visitors(tab="train")
    page.wait_for_selector("#watch h3")
    page.locator("#train-start").click()
    page.locator("[data-testid=toast-body]", has_text="only someone with the teacher's key").wait_for()
    page.locator("#train-key input").fill("open sesame")
    start(page, 0.1)
    page.locator("#watch h3", has_text="mnist-1").wait_for()
    page.locator("#watch h3 .finished").wait_for()
    visitors.leave()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no kill -9")
def test_kill_9_of_the_training_and_of_the_app_at_once_loses_neither_the_run_nor_the_queue(
    surroundings, server, monkeypatch
):
    """What waits goes on by itself, at an app's start and in one that takes its place."""
    first, second = (
        Run.create(name, presets.settings_of("dcgan", "mnist", minutes, **TINY), server.runs, status="queued")
        for name, minutes in (("first", 5), ("second", 0.005))
    )
    with serve(**surroundings) as other:
        wait(lambda: any("loss_g" in line for line in first.journal()))
        first.control("set", label=0.8)  # which saves
        wait(lambda: (first.folder / "before.pt").exists())
        app = other.process.pid
        find = ["pgrep", "-P", str(app), "-f", "train --resume first"]
        for pid in (int(subprocess.run(find, capture_output=True, text=True).stdout), app):
            os.kill(pid, signal.SIGKILL)
        other.process.wait(20)
    with monkeypatch.context() as patch:
        patch.setattr(worker, "subprocess", Stubs)
        patch.setattr(jobs, "LOOK", 0.1)
        jobs.look_after(server.place)
        wait(lambda: second.status == "finished")
        jobs._watched.discard(server.place.runs)
    assert second.info["step"] > 0
    assert first.status == "interrupted"
    jobs.control(server.place, "first", "go on")
    wait(lambda: "resume" in (events := [line.get("event") for line in first.journal()]) and not events[-1])
    assert first.status == "running"
    jobs.control(server.place, "first", "stop")
    wait(lambda: first.status == "stopped")
    lines = first.journal()
    steps = [line["step"] for line in lines if "loss_g" in line and "event" not in line]
    assert steps == sorted(set(steps))
    assert [line["label"] for line in lines if line.get("event") == "control"] == [0.8]


RESTRICTED = {"off": "switched off", "limited": "shared machine"}


def test_where_training_is_switched_off_the_tab_says_so(chromium, apps):
    visitors = Visitors(chromium, apps["off"].url)
    page = visitors(path="#train")
    page.get_by_text(re.compile(RESTRICTED["off"])).first.wait_for()
    expect(page.locator("#train-start")).to_be_hidden()
    assert not page.locator("#train-name").is_visible()
    visitors.leave()


@pytest.mark.parametrize("training", RESTRICTED)
def test_what_the_tab_shows_where_training_is_restricted(apps, training):
    """By what it is made of: one page that was opened stands for both."""
    config = httpx.get(f"{apps[training].url}config", trust_env=False).json()
    props, shown = {each["id"]: each["props"] for each in config["components"]}, []
    rows = [config["layout"]]
    for row in rows:
        if props.get(row["id"], {}).get("visible", True):
            shown.append(props.get(row["id"], {}))
            rows += row.get("children", [])
    assert any(f'"train.{training}"' in str(each.get("value")) for each in shown)
    names = {each.get("elem_id") for each in shown}
    assert ("train-start" in names) == (training == "limited")
    assert "train-name" not in names


@pytest.mark.parametrize(("training", "sentence"), RESTRICTED.items())
def test_where_training_is_restricted_the_endpoint_refuses(apps, training, sentence):
    from gradio_client import Client

    client = Client(apps[training].url, verbose=False)
    for asked in (("dcgan", "/etc", 1, ""), ("dcgan", "mnist", 30, ""), ("cyclegan", "mnist", 1, "")):
        with pytest.raises(Exception, match=f"{sentence}|at most 3"):
            client.predict(*asked, api_name="/train_start")
    client.close()


def test_the_endpoints_start_tell_and_control(server, stubs):
    from gradio_client import Client

    client = Client(server.url, verbose=False)
    told = client.predict(model="dcgan", data="mnist", minutes=5, name="mine", api_name="/train_start")
    assert told["run"] == "mine"
    assert told["status"] == "starting"
    settings = {"ngf": 8, "rate_g": 0.001}
    waiting = client.predict(model="dcgan", data="mnist", minutes=1, settings=settings, api_name="/train_start")
    assert (waiting["status"], waiting["place_in_queue"]) == ("queued", 1)
    assert client.predict(run=waiting["run"], do="stop", api_name="/train_control")["status"] == "stopped"
    assert client.predict(run=waiting["run"], api_name="/train_delete") == waiting["run"]

    def status():
        return client.predict(run="", api_name="/train_status")

    told = wait(lambda: (now := status())["loss_g"] is not None and now)
    assert told["run"] == "mine"
    assert told["status"] == "running"
    assert 0 < told["progress"] < 1
    client.predict(run="mine", do="lr-g=0.0007", api_name="/train_control")
    client.predict(run="mine", do="stop", api_name="/train_control")
    wait(lambda: status()["status"] == "stopped")
    assert [line["rate_g"] for line in Run(server.runs / "mine").journal() if line.get("event") == "control"] == [7e-4]

    real = Run.create("real", presets.settings_of("dcgan", "mnist", 5, **TINY, steps=2), server.runs)
    list(train(real, device="cpu"))  # only from a real one another can be branched
    child = client.predict(run="real", api_name="/train_what_if")
    assert child["parent"]["run"] == "real"
    client.predict(run=child["run"], do="stop", api_name="/train_control")
    for name, do, sentence in (("mine", "stop", "nothing to stop"), ("../mine", "stop", "no run named")):
        with pytest.raises(Exception, match=sentence):
            client.predict(run=name, do=do, api_name="/train_control")
    client.close()
