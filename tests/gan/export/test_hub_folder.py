"""Runs for use elsewhere: ONNX beside the network, and the folder for the Hub there and back."""

import contextlib
import io
import json
import re
import site
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from huggingface_hub import ModelCard

from gan.__main__ import main
from gan.core.checkpoint import load_networks
from gan.errors import UserError
from gan.export.hub import export_folder, import_folder
from gan.runs.run import Run
from tests.small_cyclegan import small_cyclegan

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """The herd as the command line writes it for the Hub, and what was printed."""
    folder, said = tmp_path_factory.mktemp("exported") / "deep" / "hub", io.StringIO()
    with contextlib.redirect_stdout(said):
        assert main(["export", "herd", str(folder), "--licence", "mit"]) == 0
    return folder, said.getvalue()


def names_no_place(file, *more):
    """Whether a file is free of folders of the installation, of the home and `more`, in either encoding."""
    places = (*site.getsitepackages(), sys.prefix, ROOT, Path(torch.__file__).parent, Path.home(), "/home/", *more)
    content = file.read_bytes()
    return not any(
        place.encode(encoding) in content
        for place in (*map(str, places), "site-packages", "stack_trace", ".py")
        for encoding in ("utf-8", "utf-16-le")
    )


@pytest.mark.slow
def test_a_cyclegan_as_onnx_translates_any_batch_and_shape_as_the_network_does(hub):
    generators = load_networks(Run.open("herd"))[0]
    for way, network in generators.items():
        (difference,) = re.findall(rf"^{way}\.onnx: differs from the network by (\S+)", hub[1], re.MULTILINE)
        assert float(difference) < 1e-5
        session = onnxruntime.InferenceSession(hub[0] / f"{way}.onnx")
        for shape in ((1, 3, 64, 64), (3, 3, 32, 160)):
            x = torch.rand(shape) * 2 - 1
            (found,) = session.run(None, {"picture": x.numpy()})
            with torch.no_grad():
                assert np.abs(found - network(x).numpy()).max() < 1e-3
            assert np.abs(found - x.numpy()).max() > 0.1  # it does translate


@pytest.mark.slow
def test_a_dcgan_as_onnx_draws_and_judges_as_its_networks_do(tmp_path):
    run = Run.open("mnist")
    found = export_folder(run, tmp_path / "hub")
    assert found.keys() == {"g.onnx", "d.onnx"}
    assert max(found.values()) < 1e-4
    generators, discriminators = load_networks(run)
    z = torch.randn(5, run.config.latent)
    (pictures,) = onnxruntime.InferenceSession(tmp_path / "hub/g.onnx").run(None, {"latent": z.numpy()})
    (logits,) = onnxruntime.InferenceSession(tmp_path / "hub/d.onnx").run(None, {"picture": pictures})
    with torch.no_grad():
        expected = generators["g"](z)
        assert np.abs(pictures - expected.numpy()).max() < 1e-3
        assert np.abs(logits - discriminators["d"](expected).numpy()).max() < 1e-3
    assert pictures.std() > 0.2
    assert all(names_no_place(file, tmp_path) for file in (tmp_path / "hub").iterdir())


@pytest.mark.slow
def test_a_folder_for_the_hub_tells_what_it_is_and_can_be_read_back(hub, runs):
    run, (folder, said) = Run.open("herd"), hub
    assert said.endswith(f"{folder}\nPut it on the Hugging Face Hub with: hf upload YOU/herd {folder}\n")
    assert {file.name for file in folder.iterdir()} == {
        *("README.md", "config.json", "model.safetensors", "samples.webp", "a2b.onnx", "b2a.onnx")
    }
    assert all(names_no_place(file, folder) for file in folder.iterdir())
    card = (folder / "README.md").read_text(encoding="utf-8")
    front = ModelCard(card).data
    assert (front.license, front.library_name, front.tags) == ("mit", "pytorch", ["gan", "cyclegan"])
    for told in ("image-to-image", "2,000 training steps of 4 pictures", "Drawn by this project's code"):
        assert told in card
    for told in ("stripe accuracy 100 %", "background error"):
        assert told in card
    assert main(["import", str(folder), "--run", "again"]) == 0
    again = Run(runs / "again")
    x = torch.rand(1, 3, 64, 64)
    for one, other in zip(load_networks(run), load_networks(again), strict=True):
        assert all(torch.equal(one[name](x), other[name](x)) for name in one)
    assert (again.config, again.info["step"], again.status) == (run.config, 2000, "finished")
    with pytest.raises(UserError, match="holds something already"):
        export_folder(run, folder)


def test_a_card_keeps_to_itself_where_a_persons_pictures_lie(tmp_path):
    run = small_cyclegan(tmp_path, "mine", data=f"{tmp_path}/secret/cats,{tmp_path}/secret/dogs")
    run.set_info(note=f"2 of 9 files in {tmp_path}/secret/cats cannot be read and are left out.")
    assert export_folder(run, tmp_path / "hub", onnx=False) == {}
    assert all(names_no_place(file, tmp_path) for file in (tmp_path / "hub").iterdir())
    texts = [(tmp_path / "hub" / name).read_text(encoding="utf-8") for name in ("README.md", "config.json")]
    assert all("secret" not in text and "2 of 9 files in cats cannot be read" in text for text in texts)
    assert "Pictures of cats and dogs" in texts[0]
    assert ModelCard(texts[0]).data.to_dict().items() >= {"license": "other", "license_name": "see-data"}.items()
    assert json.loads(texts[1])["config"]["data"] == "cats,dogs"


def test_a_folder_that_is_none_makes_no_run(tmp_path, runs):
    folder = tmp_path / "hub"
    with pytest.raises(UserError, match=r"no config\.json"):
        import_folder(folder, "none")
    export_folder(small_cyclegan(tmp_path, "small"), folder, onnx=False)
    told = json.loads((folder / "config.json").read_text())
    told["config"]["ngf"] = 8
    (folder / "config.json").write_text(json.dumps(told))
    with pytest.raises(UserError, match="not those that its"):
        import_folder(folder, "none")
    assert not (runs / "none").exists()
    (folder / "model.safetensors").unlink()
    with pytest.raises(UserError, match=r"no model\.safetensors"):
        import_folder(folder, "none")


@pytest.mark.slow
def test_the_command_line_exports_one_way_and_names_what_is_not_there(tmp_path, runs, capsys):
    run = small_cyclegan(runs, "small")
    assert main(["export", "small", str(tmp_path / "way.onnx"), "--direction", "BtoA"]) == 0
    assert "way.onnx: differs from the network by" in capsys.readouterr().out
    x = torch.rand(1, 3, 32, 32)
    (found,) = onnxruntime.InferenceSession(tmp_path / "way.onnx").run(None, {"picture": x.numpy()})
    with torch.no_grad():
        both = [np.abs(found - load_networks(run)[0][way](x).numpy()).max() for way in ("b2a", "a2b")]
    assert both[0] < 1e-3 < both[1]
    assert main(["import", str(tmp_path / "nothing"), "--run", "more"]) == 2
    assert "There is no file" in capsys.readouterr().err


def test_a_run_without_its_resume_state_is_not_trained_over(runs, capsys):
    run = small_cyclegan(runs, "small", data="herd")
    before = (run.folder / "weights.safetensors").read_bytes()
    assert main(["train", "--resume", "small", "--steps", "20"]) == 2
    assert "cannot go on" in capsys.readouterr().err
    assert (run.folder / "weights.safetensors").read_bytes() == before
    assert run.info["step"] == 10
