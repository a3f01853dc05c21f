"""What a page fetches to keep what its visitor makes."""

import re

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from demo.portfolio import routes
from demo.server.environment import ROOT

FOLDER = ROOT / "demo" / "portfolio"


@pytest.fixture
def client():
    return TestClient(Starlette(routes=routes.ROUTES))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_everything_that_the_controls_and_the_file_say_is_there_in_both_languages(client, language):
    told = client.get(f"/portfolio/{language}.json").json()
    scripts = "".join((FOLDER / name).read_text(encoding="utf-8") for name in routes.SCRIPTS)
    asked = set(re.findall(r"\bwords\.(\w+)", scripts)) | set(re.findall(r'words\[\w+ \? "(\w+)" : "\w+"\]', scripts))
    kinds = re.findall(r'"(\w+)"', re.search(r"const KINDS = (.+);", scripts)[1])
    assert asked | {f"sections.{kind}" for kind in kinds} <= told["words"].keys()
    assert "url(" not in told["style"], "the file fetches nothing"


def test_only_the_scripts_are_served(client):
    for name in routes.SCRIPTS:
        assert client.get(f"/portfolio/{name}").headers["content-type"].startswith("text/javascript")
    for name in ("routes.py", "file.css", "fr.json", "../app.py"):
        assert client.get(f"/portfolio/{name}").status_code == 404
