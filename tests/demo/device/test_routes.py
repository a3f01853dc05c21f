"""What a page fetches to compute by itself: the right bytes, kept for good where they never change, nothing else."""

import gzip

import onnxruntime
import pytest
import torch
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from demo.device import routes, runtime
from demo.device.isolation import CrossOriginIsolation
from demo.server import model_cache
from demo.tabs.noise.samples import MAX_PICTURES
from gan.core import latent
from gan.core.checkpoint import load_networks, save_weights
from gan.core.dcgan import DCGAN
from tests.small_cyclegan import small_cyclegan
from tests.small_runs import sample, small_run


@pytest.fixture
def client():
    return TestClient(Starlette(routes=routes.ROUTES))


@pytest.fixture
def fetched(tmp_path, monkeypatch):
    """A cache in which the runtime is; its files' contents by name."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    runtime.folder().mkdir(parents=True)
    contents = {name: name.encode() * 1000 for name in runtime.FILES}
    for name, content in contents.items():
        (runtime.folder() / f"{name}.gz").write_bytes(gzip.compress(content))
    return contents


def test_our_scripts_are_asked_for_each_time_and_nothing_else_of_the_folder(client):
    for name in routes.SCRIPTS:
        answer = client.get(f"/device/{name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.headers["cache-control"] == "no-cache"
        assert client.get(f"/device/{name}", headers={"If-None-Match": answer.headers["etag"]}).text == answer.text
    for name in ("routes.py", "..%2Fapp.py", "%2e%2e/app.py", "nothing.js"):
        assert client.get(f"/device/{name}").status_code == 404


def test_the_runtime_comes_compressed_and_is_kept_for_good(client, fetched):
    for name, content in fetched.items():
        answer = client.get(f"/device/runtime/{runtime.version()}/{name}")
        assert answer.content == content  # which the client has decompressed
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["content-type"].split(";")[0] == runtime.FILES[name]
        assert answer.headers["x-length"] == str(len(content))
        assert "immutable" in answer.headers["cache-control"]
    for path in ("0.0.1/ort.wasm.min.mjs", f"{runtime.version()}/ort.webgpu.mjs", f"{runtime.version()}/..%2f..%2fx"):
        assert client.get(f"/device/runtime/{path}").status_code == 404


def test_what_has_not_been_fetched_is_not_there(client, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert client.get(f"/device/runtime/{runtime.pinned()[0]}/ort.wasm.min.mjs").status_code == 404
    assert client.get("/device/runtime//ort.wasm.min.mjs").status_code == 404


def test_a_generator_is_sent_as_it_is_now_and_kept_for_good_by_its_weights(client, runs):
    run = small_cyclegan(runs, "과일-1")
    stamp = routes.stamp_of(run)
    answer = client.get(f"/device/networks/과일-1/{stamp}/b2a.onnx")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-length"] == str(len(answer.content))
    x = torch.rand(1, 3, 32, 32) * 2 - 1
    (found,) = onnxruntime.InferenceSession(answer.content).run(None, {"picture": x.numpy()})
    with torch.no_grad():
        expected = load_networks(run)[0]["b2a"](x)
    torch.testing.assert_close(torch.from_numpy(found), expected, rtol=0, atol=0.01)
    late = client.get("/device/networks/과일-1/1-2/b2a.onnx")  # the page's own weights are gone: today's, not kept
    assert late.content == answer.content
    assert late.headers["cache-control"] == "no-store"


def test_a_dcgans_generator_is_sent_too(client, run):
    answer = client.get(f"/device/networks/{run.name}/{routes.stamp_of(run)}/g.onnx")
    z = torch.randn(2, run.config.latent).numpy()
    (picture,) = onnxruntime.InferenceSession(answer.content).run(None, {"latent": z})
    assert picture.shape == (2, run.config.channels, run.config.size, run.config.size)


def test_nothing_is_sent_of_what_is_no_run_or_no_network_of_it(client, runs):
    run = small_run(runs, "alpha")
    stamp = routes.stamp_of(run)
    for path in (f"beta/{stamp}/g", f"alpha/{stamp}/d", f"alpha/{stamp}/a2b", f"..%2Falpha/{stamp}/g"):
        assert client.get(f"/device/networks/{path}.onnx").status_code == 404
    (run.folder / "weights.safetensors").unlink()
    assert client.get(f"/device/networks/alpha/{stamp}/g.onnx").status_code == 404
    assert model_cache.find("alpha")


def test_the_newest_generator_of_a_training_is_named_with_its_step(client, runs):
    run = small_run(runs, "수업-1", lines=3)  # 21 steps
    answer = client.get("/device/newest/수업-1")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {"file": routes.file_of(run, "g"), "step": 21}
    first = client.get(f"/device/networks/{answer.json()['file']}.onnx")
    assert "immutable" in first.headers["cache-control"]

    torch.manual_seed(1)
    save_weights(run, *DCGAN.networks(run.config))
    sample(run, 40)  # with which they came
    later = client.get("/device/newest/수업-1").json()
    assert later == {"file": routes.file_of(run, "g"), "step": 40}
    assert later["file"] != answer.json()["file"]
    assert client.get(f"/device/networks/{later['file']}.onnx").content != first.content


def test_there_is_no_newest_generator_where_there_are_no_weights(client, runs):
    small_run(runs, "young", weights=False)
    small_cyclegan(runs, "fruit")
    for name in ("young", "fruit", "nobody", "..%2Fmnist"):
        assert client.get(f"/device/newest/{name}").status_code == 404


def test_the_vectors_of_a_seed_are_sent_as_they_are(client):
    answer = client.get("/device/noise/64/7")
    assert "immutable" in answer.headers["cache-control"]
    vectors = torch.frombuffer(bytearray(answer.content), dtype=torch.float32).view(-1, 64)
    assert torch.equal(vectors, latent.noise(MAX_PICTURES, 64, 7))
    for path in ("0/7", "4097/7", f"64/{2**31}", "64/-1", "64/x", "100000000000/1"):
        assert client.get(f"/device/noise/{path}").status_code == 404


def test_every_answer_lets_the_page_be_isolated():
    app = Starlette(routes=routes.ROUTES, middleware=[Middleware(CrossOriginIsolation)])
    for path in ("/device/worker.js", "/device/nothing.js"):
        headers = TestClient(app).get(path).headers
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-embedder-policy"] == "credentialless"
