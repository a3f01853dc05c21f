"""Real or fake? The class against the discriminator: ten pictures a round, by generators from early to late."""

import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demo.server import model_cache
from demo.tabs.noise.leaderboard import Scored, scores
from demo.tabs.noise.samples import CSS, MAX_SEED, inline, real_pictures, verdict
from demo.tabs.noise.selection import Desk, Room
from demo.ui.assets import beside
from demo.ui.handlers import add_endpoint, catch_errors
from demo.ui.i18n import Language, language_of, saying, t
from demo.ui.numbers import new_seed, require_int
from demo.ui.paragraphs import paragraphs
from demo.ui.results import shows_result
from demo.ui.sections import LATEST, QUIET, Section
from demo.ui.templates import macros
from gan.errors import UserError
from gan.lazy import lazy
from gan.runs.run import Run

if TYPE_CHECKING:
    from gan.analysis.real_or_fake import Round

real_or_fake = lazy("gan.analysis.real_or_fake")
images = lazy("gan.images")

ROUNDS = 5
JS, HTML = beside(__file__, "real_or_fake.js"), macros(__file__)

# A game is plain values: {"run", "seed", "round" from 0, "answers": [bool, ...], "past": [[step, person, d], ...]}. A
# visitor has one, which is changed in place: what draws it anew while it is played must not bring back what it was.
Game = dict[str, Any]
_turn = threading.Lock()


def stages_of(run: Run) -> list[int]:
    """The steps of the generators of a game, early to late. Raises UserError for a run without samples."""
    return _stages(run.folder, tuple(run.samples()))


@lru_cache(maxsize=32)  # finding them takes a look into many samples, and every answer asks for them
def _stages(folder: Path, samples: tuple) -> list[int]:

    return real_or_fake.stages(Run(folder), ROUNDS)


def round_of(run: Run, number: int, seed: int) -> "Round":
    """A round by its number, from 0: ten pictures, half of them real."""
    steps = stages_of(run)
    return _round(run.folder, model_cache.stamp(run), steps[min(number, len(steps) - 1)], seed)


@lru_cache(maxsize=256)
def _round(folder: Path, stamp: Any, step: int, seed: int) -> "Round":

    run = Run(folder)
    config, *networks = model_cache.networks(run)
    real = real_pictures(config.data, config.size, config.channels)
    return real_or_fake.draw(run, step, seed, networks=tuple(networks), real=real)


def start(run: str) -> Game:
    """A new game on a run."""
    return {"run": run, "seed": new_seed(), "round": 0, "answers": [], "past": []}


def page(game: Game, language: Language) -> str:
    """The game as HTML: the next picture, or what came of the round."""
    run = model_cache.find(game["run"], "dcgan")
    steps, now = stages_of(run), round_of(run, game["round"], game["seed"])
    answered, count, say = len(game["answers"]), len(now.is_real), saying(language, "noise.")
    steps_told = {"step": f"{now.step:,}", "last": f"{steps[-1]:,}"}
    title = say("game.title", round=game["round"] + 1, rounds=len(steps), **steps_told)
    if answered == count:
        return outcome(game, now, title, language)
    words = say("game.picture", number=answered + 1, count=count)
    return HTML.question(title, inline(now.images[answered]), words, answered, count)


def outcome(game: Game, now: "Round", title: str, language: Language) -> str:
    """What came of a round as HTML: both scores, all ten pictures with both opinions, and the rounds before."""
    say = saying(language, "noise.")
    result, loss = real_or_fake.score(now, game["answers"]), model_cache.find(game["run"], "dcgan").config.loss
    cells = [
        {
            "source": inline(image),
            "truth": say("game.real" if real else "game.fake"),
            "missed": i in result.mistakes,
            "missed_by_d": i in result.mistakes_d,
            "verdict": verdict(value, loss, language),
        }
        for i, (image, real, value) in enumerate(zip(now.images, now.is_real, now.verdicts, strict=True))
    ]
    winner = "you" if result.person > result.d else "d" if result.d > result.person else "even"
    return HTML.outcome(
        say,
        title,
        score=say("game.score", person=result.person, d=result.d, count=len(now.is_real)),
        winner=say(f"game.winner.{winner}"),
        cells=cells,
        past=game["past"] if len(game["past"]) > 1 else [],
    )


def board(run: str, language: Language) -> str:
    """Everyone's scores as HTML: a row for each generator, a dot for each score, the means."""
    rows, say = [], saying(language, "noise.")
    for step, scored in scores.of(run).items():
        people = [each.person for each in scored]
        counts = [people.count(right) for right in range(11)]
        row = {"step": step, "people": len(people), "person": mean(scored, "person"), "d": mean(scored, "d")}
        row["heights"] = [100 * n / max(counts) for n in counts]
        rows.append(row | {"spread": say("game.spread_alt", counts=", ".join(map(str, counts)))})
    return HTML.board(say, rows) if rows else paragraphs(say("game.nobody"))


def mean(scored: list[Scored], who: str) -> float:
    """The mean score of "person" or "d"."""
    return sum(getattr(each, who) for each in scored) / len(scored)


def buttons(game: Game) -> tuple:
    """(real, fake, next round, new game): what can be pressed now."""
    run = model_cache.find(game["run"], "dcgan")
    asking = len(game["answers"]) < len(round_of(run, game["round"], game["seed"]).is_real)
    more = not asking and game["round"] + 1 < len(stages_of(run))
    return (
        gr.Button(visible=asking),
        gr.Button(visible=asking),
        gr.Button(visible=more),
        gr.Button(visible=not asking),
    )


def show(desk: Desk, run: str, game: Game, request: gr.Request) -> tuple:
    """(game, page, *buttons, board): the game as it stands, or a new one where the run is another."""
    with _turn:
        if game.get("run") != run:
            game.update(start(run))
    language = language_of(request)
    try:
        return game, page(game, language), *buttons(game), board(run, language)
    except UserError as error:  # no data, no samples
        game.clear()
        return game, paragraphs(error.sentence(language)), *[gr.Button(visible=False)] * 4, ""


def answer(desk: Desk, run: str, game: Game, says_real: bool, request: gr.Request) -> tuple:
    """`show` after an answer; the last of a round brings its score."""
    if game.get("run") != run:  # a server that was started anew knows nothing of the game
        return show(desk, run, game, request)
    now = round_of(model_cache.find(game["run"], "dcgan"), game["round"], game["seed"])
    with _turn:
        if len(game["answers"]) < len(now.is_real):
            game["answers"].append(says_real)
            if len(game["answers"]) == len(now.is_real):
                result = real_or_fake.score(now, game["answers"])
                scores.add(game["run"], now.step, result.person, result.d)
                game["past"].append([now.step, result.person, result.d])
    return show(desk, game["run"], game, request)


def go_on(desk: Desk, run: str, game: Game, request: gr.Request) -> tuple:
    """`show` with the next round: a later generator."""
    if game.get("run") == run:
        game.update(round=game["round"] + 1, answers=[])
    return show(desk, run, game, request)


def again(desk: Desk, run: str, game: Game, request: gr.Request) -> tuple:
    """`show` with a new game from the first round."""
    game.update(start(run))
    return show(desk, run, game, request)


def endpoint(run: str, round: float, seed: float) -> tuple[dict[str, Any], Image.Image]:
    """A round of ten pictures, five of them real, in the order of a seed; `round` from 1 (early) to 5 (late).

    {"run", "round", "rounds", "step", "is_real", "verdicts", "guesses"}: the step of the generator, what is real, and
    what the discriminator says and guesses; and the ten pictures side by side as a PNG file.
    """
    found = model_cache.find(run, "dcgan")
    steps = stages_of(found)
    number, seed = require_int("round", round, 1, len(steps)), require_int("seed", seed, 0, MAX_SEED)
    now = round_of(found, number - 1, seed)
    facts = {name: list(getattr(now, name)) for name in ("is_real", "verdicts", "guesses")}
    answer = {"run": run, "round": number, "rounds": len(steps), "step": now.step} | facts
    return answer, images.grid(now.images, columns=len(now.images))


def build(room: Room) -> Section:
    """The section."""
    with gr.Tab(t("noise.game.tab"), id="game") as tab:
        gr.Markdown(t("noise.game.intro"))
        pictures = gr.HTML(css_template=CSS, js_on_load=JS, elem_id="game", **shows_result(422, min_height=300))
        with gr.Row():
            real = gr.Button(t("noise.game.says.real"), variant="primary", min_width=140, elem_id="says-real")
            fake = gr.Button(t("noise.game.says.fake"), variant="primary", min_width=140, elem_id="says-fake")
        with gr.Row():
            later = gr.Button(
                t("noise.game.next"), variant="primary", visible=False, min_width=140, elem_id="next-round"
            )
            new = gr.Button(t("noise.game.new"), visible=False, min_width=140, elem_id="new-game")
        gr.Markdown(t("noise.game.explain"))
        everyone = gr.Checkbox(False, label=t("noise.game.everyone"), info=t("noise.game.everyone_info"))
        told = gr.HTML(css_template=CSS, elem_id="board", visible=False)
        game, clock = gr.State({}), gr.Timer(2, active=False)  # anything beside a Tab in its Tabs would upset them
        add_endpoint(
            endpoint,
            [gr.Textbox("mnist", visible=False), gr.Number(1, visible=False), gr.Number(0, visible=False)],
            [gr.JSON(visible=False), gr.Image(format="png", visible=False)],
            "quiz",
        )
    outputs = [game, pictures, real, fake, later, new, told]
    for pressed, says_real in ((real, True), (fake, False)):

        def press(desk: Desk, run: str, game: Game, request: gr.Request, says_real: bool = says_real) -> tuple:
            return answer(desk, run, game, says_real, request)

        pressed.click(catch_errors(press), [room.desk, room.run, game], outputs, trigger_mode="multiple", **QUIET)
    later.click(catch_errors(go_on), [room.desk, room.run, game], outputs, **QUIET)
    new.click(catch_errors(again), [room.desk, room.run, game], outputs, **QUIET)
    everyone.input(catch_errors(watch), [everyone, room.run], [clock, told], **LATEST)
    clock.tick(catch_errors(look), room.run, told, **(LATEST | {"trigger_mode": "once"}))
    return Section(tab, show, [room.run, game], outputs, slow=True)


def watch(shown: bool, run: str, request: gr.Request) -> tuple[gr.Timer, gr.HTML]:
    """Show everyone's scores, and keep them up to date while they are shown."""
    return gr.Timer(active=shown), gr.HTML(board(run, language_of(request)), visible=shown)


def look(run: str, request: gr.Request) -> str:
    """Everyone's scores as they are now."""
    return board(run, language_of(request))
