"""What stands on the page before its first pictures: that they are on their way, not that there are none."""

import pytest

from demo.server import model_cache
from demo.tabs import translate
from demo.tabs.noise import grid, selection
from demo.ui.i18n import words

EMPTY = {"held": "", "shelf": []}
SAYS = {
    "noise": lambda: grid.show(EMPTY, None, 0, 16, None)[0],
    "held": lambda: selection.panel(EMPTY, "en"),
    "translate": lambda: translate.choose_run(None, "AtoB", None, None, None)[-1],
    "translate, given a picture": lambda: translate.given("", "AtoB", None, None)[-1],
}


@pytest.mark.parametrize("tab", SAYS)
def test_pictures_are_on_their_way_unless_there_is_nothing_to_make_them(tab, monkeypatch):
    assert 'class="skeleton"' in SAYS[tab]()
    assert words("en")["app.coming"] in SAYS[tab]()
    monkeypatch.setattr(model_cache, "runs", lambda *_, **__: [])
    none = "translate.none" if tab.startswith("translate") else "noise.none"
    assert SAYS[tab]() == f"<p>{words('en')[none]}</p>"
