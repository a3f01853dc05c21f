"""Networks on the visitor's own device, in a real browser with the real ONNX Runtime Web.

The runtime is fetched from the package registry, once for this machine; where that cannot be reached there is nothing
to test.
"""

import numpy as np
import pytest
import torch

from demo.device import routes, runtime
from demo.tabs.noise import directions
from demo.tabs.noise.samples import draw, picture_of
from demo.ui.i18n import words
from gan.core import latent
from gan.core.checkpoint import load_networks, save_weights
from gan.core.dcgan import DCGAN, DCGANConfig
from gan.data.registry import cache_root
from gan.errors import UserError
from gan.images import to_uint8
from gan.paths import SHIPPED_RUNS
from gan.runs.run import Run
from tests.browser import Visitors, expect, open_section, serve, settle, slow_down
from tests.demo.tabs.train.test_train_page import watch
from tests.small_cyclegan import small_cyclegan

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FRAMES = "n => Number(document.querySelector('#camera canvas.made').dataset.frames ?? 0) >= n"

HELD = "new URLSearchParams(document.querySelector('#held a[href*=picture]').search).get('picture')"
PIXELS = """() => {
    const canvas = document.querySelector("#moved canvas");
    return [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data];
}"""

SHELF = "[...document.querySelectorAll('#shelf button[data-act=hold]')].map(({ dataset }) => dataset.address)"
# Whether the first picture on a canvas has pixels to within 2 of 255: (selector, number, width, values of R, G and B).
NEAR = """([selector, number, width, values]) => {
    const canvas = document.querySelectorAll(selector)[number];
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, values.length / width / 3);
    return values.every((value, at) => Math.abs(value - data[4 * Math.floor(at / 3) + (at % 3)]) <= 2);
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


def wait_for_picture(page, selector, image, number=0):
    """Wait until a canvas shows a picture, uint8 [C, H, W]."""
    values = image.expand(3, -1, -1).permute(1, 2, 0)
    page.wait_for_function(NEAR, arg=[selector, number, image.shape[-1], values.flatten().tolist()])


def section(visitors, name, picture):
    """A new page with a section of Noise to image open, and what it shows there."""
    page = visitors()
    page.wait_for_selector("#pictures .made img")
    open_section(page, "noise", name)
    page.wait_for_selector(picture)
    settle(page)
    return page


def drag_until_drawn(page, slider, drawn):
    """Drag a slider, whose first move loads the network, until it is the device that draws."""
    for place in range(200):
        slider.fill(str(place % 2))
        page.wait_for_timeout(100)
        if page.locator(drawn).is_visible():
            return
    raise AssertionError(f"{drawn} was never drawn")


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


MANY = """async ([version, file, length, runs]) => {
    const { Network } = await import(new URL("device/page.js", document.baseURI));
    const network = await new Network(version, file).open();
    const all = [];
    for (let number = 0; number < runs; number++) {
        const { values } = await network.run(new Float32Array(length).fill(0.5), [1, length]);
        all.push(values.reduce((sum, value, at) => sum + value * (at % 7), 0));
    }
    network.close();
    return { threads: network.threads, all };
}"""


@pytest.mark.parametrize(
    ("device", "runs", "threads", "workers"),
    [
        ({"hardwareConcurrency": 8}, 3, 4, 1),
        ({"hardwareConcurrency": 2}, 3, 1, 1),  # the other core is the page's own
        ({"hardwareConcurrency": 6, "userAgent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)"}, 605, 1, 3),
    ],
)
def test_a_device_takes_the_threads_that_it_has_and_an_iphone_a_fresh_worker_now_and_then(
    visitors, device, runs, threads, workers
):
    is_of = "Object.defineProperty(navigator, {!r}, {{ get: () => {!r} }});"
    page = visitors(script="".join(is_of.format(*each) for each in device.items()))
    page.wait_for_selector("#pictures .made img")
    assert page.evaluate("crossOriginIsolated")
    begun = []
    page.on("worker", lambda worker: begun.append(worker) if "device/worker.js" in worker.url else None)
    run = Run(SHIPPED_RUNS / "mnist")
    found = page.evaluate(MANY, [runtime.version(), routes.file_of(run, "g"), run.config.latent, runs])
    assert found["threads"] == threads
    assert len(begun) == workers
    with torch.no_grad():
        image = load_networks(run)[0]["g"](torch.full((1, run.config.latent), 0.5)).flatten()
    expected = (image * (torch.arange(len(image)) % 7)).sum().item()
    assert found["all"] == pytest.approx([expected] * runs, abs=0.5)


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
    page = section(visitors, "sliders", "#stops-1 img")
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


def test_more_pictures_of_a_seed_are_drawn_on_the_device_while_their_number_is_dragged(visitors):
    page = visitors()
    page.wait_for_selector("#pictures .made img")
    settle(page)
    number, drawn = page.locator("#noise-count input[type=range]"), page.locator("#pictures .made canvas")
    with page.expect_response("**/device/networks/**"):
        number.fill("17")  # by the server: the network is on its way
    page.wait_for_function("document.querySelectorAll('#pictures .made img').length === 17")
    settle(page, 1)
    slow_down(page, 4000)
    for count in (19, 24):
        number.fill(str(count))
        page.wait_for_function("n => document.querySelectorAll('#pictures .made figure').length === n", arg=count)
    assert drawn.count() == 24 - 17
    run = Run(SHIPPED_RUNS / "mnist")
    images = draw(run, latent.noise(24, run.config.latent, 0)).images
    for at in (0, 3, 6):
        wait_for_picture(page, "#pictures .made canvas", images[17 + at], at)
    assert page.locator("#pictures .made button").last.get_attribute("data-address") == "mnist:0:23"
    number.fill("5")
    page.wait_for_function(
        "[...document.querySelectorAll('#pictures .made figure')].filter((e) => !e.hidden).length === 5"
    )
    number.fill("20")
    page.wait_for_function(
        "[...document.querySelectorAll('#pictures .made figure')].filter((e) => !e.hidden).length === 20"
    )
    page.wait_for_function("document.querySelectorAll('#pictures .made img').length === 20")  # the server's word
    assert drawn.count() == 0


def test_a_walk_and_its_arithmetic_are_drawn_on_the_device_while_they_are_dragged(visitors):
    page = section(visitors, "between", "#walk .film img")
    canvases = page.locator("#walk canvas")
    for at, way in enumerate(("slerp", "lerp")):  # at first the frame in the middle
        sources = page.locator(f"#walk .frames.{way} img").evaluate_all("all => all.map(({ src }) => src)")
        middle = page.evaluate(
            """async (source) => {
                const image = Object.assign(new Image(), { src: source });
                await image.decode();
                const canvas = document.createElement("canvas");
                [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
                canvas.getContext("2d").drawImage(image, 0, 0);
                return canvas.toDataURL();
            }""",
            sources[6],
        )
        assert canvases.nth(at).evaluate("canvas => canvas.toDataURL()") == middle

    a, b, c = (picture_of(address) for address in page.evaluate(SHELF)[:3])
    slider = page.locator("#walk .on-the-way input")
    drag_until_drawn(page, slider, "#walk .on-the-way.here")
    page.context.set_offline(True)
    for share in (0.3, 0.5, 0.815):
        slider.fill(str(100 * share))
        for at, line in enumerate((latent.slerp, latent.lerp)):
            z = line(a.z, b.z, torch.tensor([share]))
            wait_for_picture(page, "#walk canvas", draw(a.run, z).images[0], at)
    expect(page.locator("#walk .on-the-way output")).to_have_text("82 %")
    expect(page.locator("#walk .on-the-way small")).to_be_visible()

    strength = page.locator("#equation .strength input")
    assert page.locator("#equation .strength canvas").is_hidden()
    page.context.set_offline(False)
    drag_until_drawn(page, strength, "#equation .strength.moved-on")
    page.context.set_offline(True)
    for share in (0.0, 0.5, 2.0):
        strength.fill(str(share))
        page.locator("#equation .strength.moved-on canvas").wait_for()
        z = a.z + share * (c.z - b.z)
        far = (1 - min(share, 1)) * a.z.norm() + min(share, 1) * c.z.norm()
        wait_for_picture(page, "#equation canvas", draw(a.run, (z / z.norm() * far)[None]).images[0])
    strength.fill("1")
    page.locator("#equation .strength canvas").wait_for(state="hidden")
    page.context.set_offline(False)


def test_everyone_has_pictures_of_the_generator_that_trains_at_this_moment(visitors, school):
    config = DCGANConfig(data="mnist", size=16, ngf=4, latent=8, batch=8)
    run = Run.create("young", config, school.runs)
    run.set_info(status="finished", step=0)
    page = visitors(tab="train")
    page.locator("#watch h3").wait_for()
    watch(page, "young")
    start, told = page.locator("#live-pictures button.start"), page.locator("#live-pictures output")
    start.click()
    expect(told).to_have_text(words("en")["train.live.none"])

    torch.manual_seed(0)
    page.evaluate("Math.random = () => 0.25")  # cos(2 pi / 4) = 0: noise of zeros
    page.locator("#live-pictures button.stop").click()
    start.click()
    for step in (100, 200):
        save_weights(run, *DCGAN.networks(config))
        run.set_info(step=step)
        expect(told).to_have_text(f"Step {step}, drawn on this device", timeout=60_000)
        wait_for_picture(page, "#live-pictures canvas", to_uint8(load_networks(run)[0]["g"](torch.zeros(1, 8)))[0])
        assert page.locator("#live-pictures canvas").evaluate("({ width, height }) => [width, height]") == [70, 70]
    page.context.set_offline(True)
    page.evaluate("let n = 0; Math.random = () => (n = (n + 0.37) % 1)")
    before = page.locator("#live-pictures canvas").evaluate("canvas => canvas.toDataURL()")
    page.locator("#live-pictures button.again").click()
    page.wait_for_function(
        "before => document.querySelector('#live-pictures canvas').toDataURL() !== before", arg=before
    )
    expect(told).to_have_text(words("en")["train.live.lost"])
    page.locator("#live-pictures button.stop").click()
    assert page.locator("#live-pictures canvas").is_hidden()
    assert start.is_visible()
    page.context.set_offline(False)
