"""Networks on the visitor's own device, in a real browser with the real ONNX Runtime Web.

The runtime is fetched from the package registry, once for this machine; where that cannot be reached there is nothing
to test.
"""

import numpy as np
import pytest
import torch

from demo.device import routes, runtime
from demo.tabs.noise import directions
from demo.tabs.noise.samples import picture_of
from demo.ui.i18n import words
from gan.core.checkpoint import load_networks
from gan.data.registry import cache_root
from gan.errors import UserError
from gan.runs.run import Run
from tests.browser import Visitors, expect, open_section, serve, settle, slow_down
from tests.small_cyclegan import small_cyclegan

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FRAMES = "n => Number(document.querySelector('#camera canvas.made').dataset.frames ?? 0) >= n"

HELD = "new URLSearchParams(document.querySelector('#held a[href*=picture]').search).get('picture')"
PIXELS = """() => {
    const canvas = document.querySelector("#moved canvas");
    return [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data];
}"""

# What a network of this page makes of values: (version of the runtime, file, values, shape) to {values, shape}.
RUN = """async ([version, file, values, shape]) => {
    const { Network } = await import(new URL("device/page.js", document.baseURI));
    const told = [];
    const network = new Network(version, file, (share) => told.push(share));
    await network.open();
    const made = await network.run(new Float32Array(values), shape);
    network.close();
    return { values: [...made.values], shape: made.shape, told };
}"""


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    """An app whose visitors compute by themselves, with one pair, "fruit"."""
    try:
        runtime.fetch()
    except UserError as error:
        pytest.skip(str(error))
    runs = tmp_path_factory.mktemp("runs")
    small_cyclegan(runs, "fruit")
    with serve(GAN_RUNS=str(runs), GAN_DATA="", XDG_CACHE_HOME=str(cache_root().parent)) as running:
        yield running


@pytest.fixture(scope="module")
def visitors(chromium, school):
    visitors = Visitors(chromium, school.url)
    yield visitors
    visitors.leave()


@pytest.fixture(scope="module")
def page(visitors):
    """The section of the live camera, of the shipped horses."""
    page = visitors(tab="translate", camera=True)
    page.wait_for_selector("#ways img")
    open_section(page, "translate", "camera")
    page.wait_for_selector("#camera .camera")
    settle(page)
    return page


def wait_for_frames(page, more=3):
    before = int(page.locator("#camera canvas.made").get_attribute("data-frames") or 0)
    page.wait_for_function(FRAMES, arg=before + more, timeout=120_000)


def test_a_network_says_in_the_page_what_it_says_in_pytorch(page, school):
    run = Run(school.runs / "fruit")
    x = torch.rand(1, 3, 32, 48, generator=torch.Generator().manual_seed(0)) * 2 - 1
    file = f"fruit/{routes.stamp_of(run)}/a2b"
    found = page.evaluate(RUN, [runtime.version(), file, x.flatten().tolist(), [*x.shape]])
    assert found["shape"] == [*x.shape]
    assert found["told"][-1] == pytest.approx(1)
    assert found["told"] == sorted(found["told"])
    network = load_networks(run)[0]["a2b"]
    for weight in network.parameters():  # as they are sent
        weight.data = weight.data.half().float() if weight.dim() > 1 else weight.data
    with torch.no_grad():
        expected = network(x)
    assert np.abs(np.reshape(found["values"], x.shape) - expected.numpy()).max() < 1e-3


def test_the_camera_asks_the_server_for_nothing_and_goes_on_without_it(page, school):
    page.locator("#camera button.start").click()
    wait_for_frames(page)
    expect(page.locator("#camera output")).to_contain_text("this device · ")
    expect(page.locator("#camera")).to_contain_text("stay on this device", use_inner_text=True)
    assert page.locator("#camera label.device input").is_checked()
    settle(page)
    asked = len(page.traffic.asked)
    wait_for_frames(page, 6)
    assert page.traffic.asked[asked:] == []
    pixels = page.evaluate(
        """() => ["seen", "made"].map((name) => {
            const canvas = document.querySelector(`#camera canvas.${name}`);
            return [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data];
        })"""
    )
    seen, made = (np.array(each, float) for each in pixels)
    assert seen.shape == made.shape
    assert made.std() > 20
    assert np.abs(made - seen).mean() > 1  # it does translate

    page.locator("#camera label.device input").uncheck()
    expect(page.locator("#camera output")).to_contain_text("the server · ")
    assert any("component_server" in each for each in page.traffic.asked[asked:])
    expect(page.locator("#camera")).to_contain_text("stores nothing", use_inner_text=True)
    page.locator("#camera label.device input").check()
    expect(page.locator("#camera output")).to_contain_text("this device · ")

    page.context.set_offline(True)
    wait_for_frames(page, 6)
    page.context.set_offline(False)
    page.locator("#camera button.stop").click()
    expect(page.locator("#camera output")).to_have_text("")
    settle(page)


def test_a_device_on_which_it_does_not_work_is_served_by_the_server(page):
    page.route("**/device/networks/**", lambda route: route.fulfill(body="no network", headers={"X-Length": "10"}))
    page.locator("#translate-direction input").nth(1).check()  # another network, which is not loaded yet
    page.wait_for_function("document.querySelector('#camera .camera').dataset.direction === 'BtoA'")
    settle(page)
    page.locator("#camera button.start").click()
    wait_for_frames(page)
    expect(page.locator("#camera output")).to_contain_text("the server · ")
    assert not page.locator("#camera label.device").is_visible()
    page.locator("#camera button.stop").click()
    page.unroute_all(behavior="ignoreErrors")
    settle(page)


def test_sliders_are_drawn_on_the_device_as_the_server_would_and_without_it(visitors):
    page = visitors()
    page.wait_for_selector("#pictures .made img")
    open_section(page, "noise", "sliders")
    page.wait_for_selector("#stops-1 img")
    settle(page)
    held = picture_of(page.evaluate(HELD))
    slider = [page.locator(f"#slider-{number} input[type=number]") for number in (1, 2)]
    with page.expect_response("**/device/networks/**"):
        slider[0].fill("1")  # drawn by the server: the network is on its way
    page.locator("[data-device=ready]").wait_for(timeout=120_000)
    settle(page, 1)
    expect(page.locator("#moved .settled")).to_have_text(words("en")["noise.sliders.now"])
    assert page.locator("#moved canvas").is_hidden()

    slow_down(page, 5000)  # the server's word comes late
    slider[1].fill("-2.5")
    page.locator("#moved canvas").wait_for()
    expect(page.locator("#moved .dragged")).to_have_text(words("en")["noise.sliders.here"])
    drawn = np.reshape(page.evaluate(PIXELS), (*held.image.shape[1:], 4))[..., :3]
    expected = directions.at(held, directions.moved(held, "sefa", [1, -2.5])).image
    assert np.abs(drawn - expected.permute(1, 2, 0).numpy().astype(int)).max() <= 2
    expect(page.locator("#moved .settled")).to_be_visible()  # and then it comes
    assert page.locator("#moved canvas").is_hidden()

    page.context.set_offline(True)
    drawn = set()
    for value in ("4", "-4", "2"):
        slider[0].fill(value)
        page.wait_for_timeout(100)
        page.locator("#moved canvas").wait_for()
        drawn.add(page.locator("#moved canvas").evaluate("canvas => canvas.toDataURL()"))
    assert len(drawn) == 3
    page.context.set_offline(False)
