"""The Train tab in a real browser, with real trainings, and its endpoints."""

import json
import os
import re
import signal
import subprocess
import time
from contextlib import suppress

import pytest

from tests.browser import Visitors, expect, open_tab, serve, settle
from tests.small_runs import record, small_run

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SECONDS = 90_000  # for a process that imports torch on a busy machine


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    """The app with a folder of runs of its own, and no data on the machine but what it carries."""
    folder = tmp_path_factory.mktemp("school")
    with serve(GAN_RUNS=str(folder / "runs"), GAN_DATA="", XDG_CACHE_HOME=str(folder / "cache")) as running:
        yield running


@pytest.fixture
def server(school):
    """That app with one run, "earlier", in its folder; whatever else a test starts is stopped and deleted after it."""
    small_run(school.runs, "earlier")
    yield school
    clear(school)


def clear(server):
    """Stop what trains or waits, and delete all runs that did not come with the program."""

    def ask(endpoint, run, **more):
        return server.client.predict(run=run, api_name=f"/train_{endpoint}", **more)

    names = [path.parent.name for path in server.runs.glob("*/run.json")]
    standing = {name: ask("status", name)["status"] for name in names}
    for name in sorted(names, key=lambda name: standing[name] != "queued"):  # or the next in line would start
        if standing[name] in ("queued", "starting", "running", "paused"):
            with suppress(Exception):  # it may just have ended by itself
                ask("control", name, do="stop")
    for name in names:
        wait(lambda name=name: ask("status", name)["status"] not in ("starting", "running", "paused"))
        ask("delete", name)


def opened(visit, language="en", **options):
    page = visit(language, tab="train", **options)
    page.wait_for_selector("#watch h3")
    return page


def watch(page, name):
    if page.locator("#train-watch input").input_value() != name:
        page.locator("#train-watch input").click()
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
        time.sleep(0.1)
    return value


def test_a_finished_run_is_shown_without_a_click_and_grows_while_one_looks(visit, server):
    from gan.run import Run

    page = opened(visit, "ko")
    watch(page, "earlier")
    expect(page.locator("#train-curves .chart")).to_have_count(2)
    expect(page.locator("#film .sample img")).to_have_count(1)
    expect(page.locator("#watch h3")).to_contain_text("완료")
    Run(server.runs / "earlier").log(record(9001))
    page.locator("#watch .facts b", has_text="9,001").wait_for()


def test_a_late_answer_about_another_run_does_not_take_the_visitor_back_to_it(visit, server):
    from gan.run import Run

    page = visit()
    late = []

    def hold_back(route):
        answer = route.fetch()
        if "9,001" in answer.text() and not late:
            late.append((route, answer))
        else:
            route.fulfill(response=answer)

    page.route("**/gradio_api/run/predict**", hold_back)
    open_tab(page, "train")  # only now: what was asked before the route could bring the answer past it
    watch(page, "earlier")
    Run(server.runs / "earlier").log(record(9001))
    wait(lambda: page.wait_for_timeout(100) or late)  # requests are seen to while the page is waited for
    watch(page, "mnist")
    route, answer = late[0]
    route.fulfill(response=answer)
    settle(page)
    page.unroute_all(behavior="ignoreErrors")
    assert page.locator("#train-watch input").input_value() == "mnist"
    page.locator("#watch h3", has_text="mnist").wait_for()


def test_a_training_is_started_watched_paused_continued_and_stopped(visit, server):
    page = opened(visit)
    start(page, 5)
    page.locator("#watch h3", has_text="mnist-1").wait_for()
    page.locator("#watch h3 .running").wait_for(timeout=SECONDS)
    page.locator("#film .sample img").wait_for(timeout=SECONDS)
    first = wait(lambda: shown_step(page))
    wait(lambda: shown_step(page) > first)

    onlooker = opened(visit, "ko")  # someone else sees it, too, and what she starts waits in line
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
    page.locator("#noise-run input").click()
    page.get_by_role("option", name="mnist-1").wait_for()


def test_a_training_is_conducted_in_the_page(visit, server):
    from gan.run import Run

    page = opened(visit)
    start(page, 5)
    page.locator("#watch h3 .running").wait_for(timeout=SECONDS)
    page.locator("#film .sample img").wait_for(timeout=SECONDS)
    page.locator("#train-conduct button").first.click()
    page.locator("#train-act-hold-d").click()
    page.locator("#train-told-d", has_text="held still").wait_for()
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

    run = Run(server.runs / "mnist-1")
    acts = [line for line in run.journal() if line.get("event") == "control"]
    settings = [next(iter({"hold_d", "rate_g", "rate_d", "rounds_d"} & act.keys())) for act in acts]
    assert settings == ["hold_d", "rate_g", *["rate_d"] * 4, "rounds_d"]
    page.locator("#train-act-what-if").click()
    page.locator("#watch h3", has_text="mnist-1-if-1").wait_for()
    page.locator("#watch .why", has_text="of “mnist-1”").wait_for()
    page.locator("#watch h3 .running").wait_for(timeout=SECONDS)
    page.locator("#train-told-g", has_text="rate 0.012").wait_for()
    page.locator("#train-stop").click()
    page.locator("#watch h3 .stopped").wait_for()

    page.locator("#train-delete").click()
    page.locator("#train-question", has_text="mnist-1-if-1").wait_for()
    page.locator("#train-gone").click()
    wait(lambda: not (server.runs / "mnist-1-if-1").exists())
    assert (server.runs / "mnist-1").exists()
    page.locator("#watch h3", has_text="mnist-1").wait_for()


def test_ones_own_pictures_are_checked_and_trained_on(visit, server, tmp_path):
    from PIL import Image

    for number in range(12):
        colour = (20 * number, 255 - 20 * number, 90)
        Image.new("RGB", (80, 64), colour).save(tmp_path / f"{number}.png")
        Image.new("RGB", (64, 80), colour[::-1]).save(tmp_path / f"b{number}.png")
    (tmp_path / "letter.png").write_text("no picture")
    page = opened(visit)
    page.locator("#train-preset label").last.click()
    page.locator("#train-model label").nth(1).click()
    page.locator("#train-data label.selected", has_text="herd").wait_for()  # the data sets of a CycleGAN have come
    page.locator("#train-data label", has_text="my own pictures").click()
    piles = [page.locator(f"#train-pile-{pile} input[type=file]") for pile in "ab"]
    piles[0].set_input_files([*(tmp_path / f"{n}.png" for n in range(12)), tmp_path / "letter.png"])
    page.locator("#train-taken", has_text="second pile").wait_for()
    page.locator("#train-start").click()
    page.locator("[data-testid=toast-body]", has_text="Give some pictures first").wait_for()
    expect(page.locator("#train-folder")).to_be_visible()
    piles[1].set_input_files([tmp_path / f"b{n}.png" for n in range(12)])
    page.locator("#train-taken li", has_text="letter.png").wait_for(state="attached")
    expect(page.locator("#train-taken img")).to_have_count(2)
    page.locator("#train-start").click()
    page.locator("#watch h3", has_text="pictures-1").wait_for()
    page.locator("#film .sample img").wait_for(timeout=SECONDS)
    page.locator("#train-stop").click()
    page.locator("#watch h3 .stopped").wait_for()
    assert len(list((server.runs / "pictures-1/pictures/trainA").iterdir())) == 12
    assert not list((server.runs / ".uploads").iterdir())


def test_the_speed_here_is_measured_not_guessed(visit):
    page = opened(visit)
    page.locator("#train-measure").click()
    page.locator("#train-outlook .outlook").first.wait_for(timeout=SECONDS)
    assert re.search(r"\d", page.locator("#train-outlook").inner_text())
    page.locator("#train-preset label").nth(1).click()  # it was of the other one
    expect(page.locator("#train-outlook")).to_have_text("")
    page.locator("#train-measure").click()
    page.locator("#train-measure-stop").click()
    expect(page.locator("#train-measure-stop")).to_be_hidden()
    expect(page.locator("#train-measure")).to_be_enabled()
    expect(page.locator("#train-outlook")).to_have_text("")
    page.locator("#train-settings button").first.click()
    page.locator("#train-setting-batch input").fill("64.5")
    page.locator("#train-start").click()
    page.locator("[data-testid=toast-body]", has_text="“Batch” is 64.5; it must be a whole number.").wait_for()


def test_where_a_teachers_key_is_set_only_it_starts_trainings(chromium, tmp_path):
    small_run(tmp_path, "earlier")
    with serve(GAN_RUNS=str(tmp_path), GAN_KEY="open sesame") as server:
        visitors = Visitors(chromium, server.url)
        page = opened(visitors)
        page.locator("#train-start").click()
        page.locator("[data-testid=toast-body]", has_text="only whoever knows the teacher's key").wait_for()
        page.locator("#train-key input").fill("open sesame")
        start(page, 0.1)
        page.locator("#watch h3", has_text="mnist-1").wait_for()
        page.locator("#watch h3 .finished").wait_for(timeout=SECONDS)
        visitors.leave()


def test_a_training_outlives_the_page_and_the_app(chromium, tmp_path):
    from gan.run import Run

    environment = {"GAN_RUNS": str(tmp_path), "GAN_DATA": "", "XDG_CACHE_HOME": str(tmp_path / "cache")}
    with serve(**environment) as server:
        visitors = Visitors(chromium, server.url)
        page = visitors(tab="train")
        start(page, 5)
        page.locator("#watch h3 .running").wait_for(timeout=SECONDS)
        visitors.leave()
        server.process.send_signal(signal.SIGINT)
        server.process.wait(20)
    run = Run(tmp_path / "mnist-1")
    before = len(run.journal())
    wait(lambda: len(run.journal()) > before)
    with serve(**environment) as server:
        visitors = Visitors(chromium, server.url)
        page = opened(visitors)
        page.locator("#watch h3", has_text=re.compile("mnist-1.*training now", re.DOTALL)).wait_for()
        page.locator("#train-stop").click()
        page.locator("#watch h3 .stopped").wait_for()
        visitors.leave()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no kill -9")
def test_kill_9_of_the_training_and_of_the_app_at_once_loses_neither_the_run_nor_the_queue(tmp_path):
    environment = {"GAN_RUNS": str(tmp_path), "GAN_DATA": "", "XDG_CACHE_HOME": str(tmp_path / "cache")}
    settings = {"width": 8, "log_every": 1}
    with serve(**environment) as server:
        client = server.client
        for name, minutes in (("first", 5), ("second", 0.02)):
            client.predict("dcgan", "mnist", minutes, name, settings, api_name="/train_start")

        def status(run):
            return client.predict(run=run, api_name="/train_status")

        wait(lambda: status("first")["loss_g"] is not None)
        client.predict(run="first", do="label=0.8", api_name="/train_control")  # which saves
        wait(lambda: (tmp_path / "first" / "before.pt").exists())
        trains = subprocess.run(["pgrep", "-f", "train --resume first"], capture_output=True, text=True).stdout.split()
        for pid in (int(trains[0]), server.process.pid):
            os.kill(pid, signal.SIGKILL)
        server.process.wait(20)
    with serve(**environment) as server:
        client = server.client
        told = wait(lambda: (now := status("second"))["status"] == "finished" and now)  # what waited goes on by itself
        assert told["step"] > 0
        assert status("first")["status"] == "interrupted"
        client.predict(run="first", do="go on", api_name="/train_control")
        wait(lambda: status("first")["status"] == "running")
        client.predict(run="first", do="stop", api_name="/train_control")
        wait(lambda: status("first")["status"] == "stopped")
    lines = [json.loads(line) for line in (tmp_path / "first" / "journal.jsonl").read_text().splitlines()]
    steps = [line["step"] for line in lines if "loss_g" in line and "event" not in line]
    assert steps == sorted(set(steps))
    assert [line["label"] for line in lines if line.get("event") == "control"] == [0.8]


def test_ones_own_settings_unfold_and_a_wrong_name_gets_a_sentence(visit):
    page = opened(visit)
    assert not page.locator("#train-name").is_visible()
    page.locator("#train-preset label").last.click()
    page.locator("#train-name").wait_for()
    page.locator("#train-model label").nth(1).click()
    page.locator("#train-data label.selected", has_text="herd").wait_for()
    page.locator("#train-name input, #train-name textarea").first.fill("not a name/")
    page.locator("#train-start").click()
    page.locator("[data-testid=toast-body]", has_text="cannot be named").wait_for()


@pytest.mark.parametrize(("training", "sentence"), [("off", "switched off"), ("limited", "shared machine")])
def test_where_training_is_restricted_the_tab_says_so_and_the_endpoint_refuses(chromium, tmp_path, training, sentence):
    small_run(tmp_path, "earlier")
    with serve(GAN_RUNS=str(tmp_path), GAN_TRAINING=training) as server:
        visitors = Visitors(chromium, server.url)
        page = opened(visitors)
        page.get_by_text(re.compile(sentence)).first.wait_for()
        expect(page.locator("#train-start")).to_be_visible(visible=training == "limited")
        assert not page.locator("#train-name").is_visible()
        client = server.client
        for asked in (("dcgan", "/etc", 1, ""), ("dcgan", "mnist", 30, ""), ("cyclegan", "mnist", 1, "")):
            with pytest.raises(Exception, match=f"{sentence}|at most 3"):
                client.predict(*asked, api_name="/train_start")
        visitors.leave()


def test_the_endpoints_start_tell_and_control(server):
    client = server.client
    told = client.predict(model="dcgan", data="mnist", minutes=5, name="mine", api_name="/train_start")
    assert told["run"] == "mine"
    assert told["status"] == "starting"
    settings = {"width": 8, "rate_g": 0.001}
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
    child = client.predict(run="mine", api_name="/train_what_if")
    assert child["parent"]["run"] == "mine"
    client.predict(run=child["run"], do="stop", api_name="/train_control")
    for name, do, sentence in (("mine", "stop", "nothing to stop"), ("../mine", "stop", "no run named")):
        with pytest.raises(Exception, match=sentence):
            client.predict(run=name, do=do, api_name="/train_control")
