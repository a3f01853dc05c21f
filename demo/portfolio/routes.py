"""What a page fetches to keep what its visitor makes: our scripts, and what the file that is saved says and looks like.

The server is told of nothing that is kept.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.ui.assets import beside, sent
from demo.ui.i18n import LANGUAGES, say

SCRIPTS = dict.fromkeys(("store.js", "file.js", "controls.js"), "text/javascript")
OWN = ("title", "saved", "how", "count", "none", "save", "clear", "sure", "lasts", "open", "lesson", "statements")
OWN += ("sections.picture", "sections.drawing", "sections.film", "sections.photo", "sections.guess")
OWN += ("mine", "first", "second", "right", "wrong")
ROOM = ("agree", "disagree", "unsure")  # the answers to a statement
PLACES = {name: f"{{{name}}}" for name in ("date", "count", "time")}  # filled in the page


def script(request: Request) -> Response:
    """One of our scripts."""
    return sent(__file__, request.path_params["name"], SCRIPTS)


def words(request: Request) -> Response:
    """{"words", "style"}: what the controls and the file say in a language, and the file's style sheet."""
    language = request.path_params["language"]
    if language not in LANGUAGES:
        raise HTTPException(404)
    said = {name: say(language, f"portfolio.{name}", **PLACES) for name in OWN}
    said |= {name: say(language, f"room.{name}") for name in ROOM}
    told = {"words": said, "style": beside(__file__, "file.css")}
    return JSONResponse(told, headers={"Cache-Control": "no-cache"})


ROUTES = [Route("/portfolio/{language}.json", words), Route("/portfolio/{name}", script)]
