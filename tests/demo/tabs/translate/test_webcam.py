"""The live camera's frames: translated, refused in a sentence, dropped when too many come."""

import base64
import io
import threading

import numpy as np
import pytest
from PIL import Image

from demo.tabs.translate import webcam
from demo.tabs.translate.selection import Held
from gan.core.checkpoint import load_networks
from tests.small_cyclegan import small_cyclegan


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_RUNS", str(tmp_path))
    return small_cyclegan(tmp_path, "fruit", "apple2orange")


def jpeg(image, quality=95):
    buffer = io.BytesIO()
    image.save(buffer, "jpeg", quality=quality)
    return webcam.START + base64.b64encode(buffer.getvalue()).decode()


def noise(width, height):
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


def opened(url):
    return Image.open(io.BytesIO(base64.b64decode(url.removeprefix(webcam.START))))


def test_a_frame_is_what_the_generator_makes_of_it(run):
    from gan.inference.translate import translate

    size = run.config.size
    sent = jpeg(noise(size, size))
    answer = webcam.frame({"run": run.name, "direction": "AtoB", "picture": sent}, None)
    expected = translate(load_networks(run)[0]["a2b"], opened(sent), size=size)
    assert answer["picture"] == jpeg(expected, 88)
    back = webcam.frame({"run": run.name, "direction": "BtoA", "picture": sent}, None)
    assert back != answer


def test_a_large_frame_is_made_smaller_first(run):
    size = run.config.size
    answer = webcam.frame({"run": run.name, "direction": "AtoB", "picture": jpeg(noise(400, 300))}, None)
    assert max(opened(answer["picture"]).size) == 2 * size


@pytest.mark.parametrize(
    "change",
    [
        {"picture": webcam.START + "AAAA"},
        {"picture": webcam.START + "not base64"},
        {"picture": "data:image/png;base64,AAAA"},
        {"picture": webcam.START + "A" * webcam.MAX_FRAME},
        {"picture": None},
        {"direction": "up"},
        {"run": "../../etc"},
    ],
)
def test_anything_else_gets_a_sentence(run, change):
    asked = {"run": run.name, "direction": "AtoB", "picture": jpeg(noise(32, 32))} | change
    assert len(webcam.frame(asked, None)["error"]) > 10
    assert "error" in webcam.frame({}, None)
    assert "error" in webcam.frame("text", None)


def test_a_frame_that_would_wait_too_long_is_dropped(run, monkeypatch):
    monkeypatch.setattr(webcam, "WAIT", 0.05)
    asked = {"run": run.name, "direction": "AtoB", "picture": jpeg(noise(32, 32))}
    held, go_on = threading.Event(), threading.Event()

    def hold():
        with webcam._turn:
            held.set()
            go_on.wait()

    other = threading.Thread(target=hold)
    other.start()
    held.wait()
    assert webcam.frame(asked, None) == {"busy": True}
    go_on.set()
    other.join()
    assert "picture" in webcam.frame(asked, None)


def test_the_panel_says_what_the_script_needs(run):
    (html,) = webcam.show(Held(run, "BtoA", noise(32, 32)), None)
    assert f'data-run="{run.name}" data-direction="BtoA" data-size="{run.config.size}"' in html
    assert 'data-rate="{rate} pictures a second"' in html
    assert "Live: orange → apple" in html
