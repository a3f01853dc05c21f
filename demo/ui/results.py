"""Where a tab shows what was asked for: until the first of it is there, an empty shape of its size says that it comes.

The page brings a result into view that changes where it cannot be seen (`into_view.js`).
"""

from typing import Any

from demo.ui.i18n import both
from demo.ui.templates import macros

HTML = macros(__file__)


def shows_result(height: int, **options: Any) -> dict[str, Any]:
    """Options of a `gr.HTML` that shows results, usually so many pixels high at first."""
    return {"value": skeleton(height), "min_height": height, "elem_classes": "result"} | options


def skeleton(height: int) -> str:
    """What stands for something so many pixels high that is on its way, as HTML."""
    return HTML.skeleton(height, both("app.coming"))
