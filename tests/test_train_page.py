"""The Train tab in a real browser, with real trainings, and its endpoints."""

import re
import signal
import time

import pytest

from tests.browser import Visitors, open_tab, serve
from tests.small_runs import record, small_run

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SECONDS = 90_000  # for a process that imports torch on a busy machine


@pytest.fixture
def server(tmp_path):
    """The app with a folder of runs of its own, and no data on the machine but what it carries."""
    small_run(tmp_path / "runs", "earlier")
    with serve(GAN_RUNS=str(tmp_path / "runs"), GAN_DATA="", XDG_CACHE_HOME=str(tmp_path / "cache")) as running:
        running.runs = tmp_path / "runs"
        yield running


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
    assert page.locator("#watch .chart").count() == 2
    assert page.locator("#watch .sample img").count() == 1
    assert "완료" in page.locator("#watch h3").inner_text()
    Run(server.runs / "earlier").log(record(9001))
    page.locator("#watch .facts b", has_text="9,001").wait_for()


def test_a_training_is_started_watched_paused_continued_and_stopped(visit, server):
    page = opened(visit)
    start(page, 5)
    page.locator("#watch h3", has_text="mnist-1").wait_for()
    page.locator("#watch h3 .running").wait_for(timeout=SECONDS)
    page.locator("#watch .sample img").wait_for(timeout=SECONDS)
    first = wait(lambda: shown_step(page))
    wait(lambda: shown_step(page) > first)

    onlooker = opened(visit, "ko")  # someone else sees it, too, and may not start a second one
    onlooker.locator("#watch h3", has_text="mnist-1").wait_for()
    onlooker.locator("#train-start").click()
    onlooker.locator("[data-testid=toast-body]", has_text="이미 ‘mnist-1’ 학습이 진행 중").wait_for()

    page.locator("#train-pause").click()
    page.locator("#watch h3 .paused").wait_for()
    assert wait(lambda: page.locator("#train-pause").is_disabled())
    page.locator("#train-go-on").click()
    page.locator("#watch h3 .running").wait_for()
    page.locator("#train-stop").click()
    page.locator("#watch h3 .stopped").wait_for()

    open_tab(page, "noise")  # and there it is, without a restart
    page.locator("#noise-run input").click()
    page.get_by_role("option", name="mnist-1").wait_for()


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
        assert "training now" in page.locator("#watch h3", has_text="mnist-1").inner_text()
        page.locator("#train-stop").click()
        page.locator("#watch h3 .stopped").wait_for()
        visitors.leave()


def test_ones_own_settings_unfold_and_a_wrong_name_gets_a_sentence(visit):
    page = opened(visit)
    assert not page.locator("#train-name").is_visible()
    page.locator("#train-preset label").last.click()
    page.locator("#train-name").wait_for()
    page.locator("#train-model label").nth(1).click()
    page.wait_for_function("document.querySelector('#train-data input').value.includes('herd')")
    page.locator("#train-name input, #train-name textarea").first.fill("not a name/")
    page.locator("#train-start").click()
    page.locator("[data-testid=toast-body]", has_text="cannot be named").wait_for()


def test_the_page_fits_a_phone(visit):
    page = opened(visit, "ko", size=(390, 844))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(("training", "sentence"), [("off", "switched off"), ("limited", "shared machine")])
def test_where_training_is_restricted_the_tab_says_so_and_the_endpoint_refuses(chromium, tmp_path, training, sentence):
    from gradio_client import Client

    small_run(tmp_path, "earlier")
    with serve(GAN_RUNS=str(tmp_path), GAN_TRAINING=training) as server:
        visitors = Visitors(chromium, server.url)
        page = opened(visitors)
        page.get_by_text(re.compile(sentence)).first.wait_for()
        assert page.locator("#train-start").is_visible() is (training == "limited")
        assert not page.locator("#train-name").is_visible()
        client = Client(server.url, verbose=False)
        for asked in (("dcgan", "/etc", 1, ""), ("dcgan", "mnist", 30, ""), ("cyclegan", "mnist", 1, "")):
            with pytest.raises(Exception, match=f"{sentence}|at most 3"):
                client.predict(*asked, api_name="/train_start")
        visitors.leave()


def test_the_endpoints_start_tell_and_control(server):
    from gradio_client import Client

    client = Client(server.url, verbose=False)
    told = client.predict(model="dcgan", data="mnist", minutes=5, name="mine", api_name="/train_start")
    assert told["run"] == "mine"
    assert told["status"] == "starting"
    with pytest.raises(Exception, match=r"mine.* is training already"):
        client.predict(model="dcgan", data="mnist", minutes=1, name="", api_name="/train_start")

    def status():
        return client.predict(run="", api_name="/train_status")

    told = wait(lambda: (now := status())["loss_g"] is not None and now)
    assert told["run"] == "mine"
    assert told["status"] == "running"
    assert 0 < told["progress"] < 1
    client.predict(run="mine", do="stop", api_name="/train_control")
    wait(lambda: status()["status"] == "stopped")
    for name, do, sentence in (("mine", "stop", "nothing to stop"), ("../mine", "stop", "no run named")):
        with pytest.raises(Exception, match=sentence):
            client.predict(run=name, do=do, api_name="/train_control")
