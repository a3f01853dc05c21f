"""Live controls: freeze a side, change its rate, play half a step, and ask "what if"."""

from typing import Any, NamedTuple

import gradio as gr

from demo import jobs
from demo.ui.i18n import Language, say, t
from gan.runs.controls import runtime_of
from gan.runs.run import Run

FACTOR = 3  # by which a click changes a rate
ROUNDS = (1, 2, 3, 5)
LABELS = (1.0, 0.9, 0.8)


class Desk(NamedTuple):
    """The components: buttons by what `word` makes a word of `runs.controls`, the others by the side they belong to."""

    panel: gr.Accordion
    told: dict[str, gr.Markdown]
    holds: dict[str, gr.Button]
    buttons: dict[str, gr.Button]
    rounds: gr.Radio
    label: gr.Radio
    what_if: gr.Button

    @property
    def outputs(self) -> list[Any]:
        """All that `set_out` sets."""
        return [
            *(self.panel, *self.told.values(), *self.holds.values(), *self.buttons.values()),
            *(self.rounds, self.label, self.what_if),
        ]


def build() -> Desk:
    """The desk."""
    told, holds, buttons = {}, {}, {}
    with gr.Accordion(t("train.conduct.title"), open=False, visible=False, elem_id="train-conduct") as panel:
        gr.Markdown(t("train.conduct.intro"))
        with gr.Row():
            for side in "dg":
                with gr.Column(min_width=260):
                    told[side] = gr.Markdown(elem_id=f"train-told-{side}")
                    with gr.Row():
                        holds[side] = _button(t("train.conduct.hold"), f"hold-{side}")
                        for word, sign in (("slower", "÷"), ("faster", "×")):
                            buttons[f"{word}-{side}"] = _button(f"{sign} {FACTOR}", f"{word}-{side}")
                        buttons[f"step-{side}"] = _button(t(f"train.conduct.step_{side}"), f"step-{side}")
        with gr.Row():
            rounds = gr.Radio(
                [(str(n), n) for n in ROUNDS], label=t("train.conduct.rounds"), min_width=200, elem_id="train-rounds"
            )
            label = gr.Radio(
                [(f"{v:g}", v) for v in LABELS], label=t("train.conduct.label"), min_width=200, elem_id="train-label"
            )
        with gr.Row():
            buttons["step"] = _button(t("train.conduct.step"), "step")
            what_if = _button(t("train.conduct.what_if"), "what-if")
        gr.Markdown(t("train.conduct.explain"))
    return Desk(panel, told, holds, buttons, rounds, label, what_if)


def _button(words: Any, name: str) -> gr.Button:
    return gr.Button(words, size="md", min_width=80, elem_id=f"train-act-{name}")


def set_out(run: Run | None, language: Language) -> list[Any]:
    """What the desk shows for a run: closed to one that does not train."""
    standing = jobs.status(run) if run else ""
    if standing not in ("running", "paused"):
        can_branch = run is not None and (run.folder / "resume.pt").is_file()
        gone = [gr.skip()] * 2 + [gr.Button(interactive=False)] * 9 + [gr.Radio(interactive=False)] * 2
        return [gr.Accordion(visible=can_branch), *gone, gr.Button(interactive=can_branch)]
    runtime = runtime_of(run)
    told, holds = [], []
    for side, rate, is_held in (("d", runtime.rate_d, runtime.hold_d), ("g", runtime.rate_g, runtime.hold_g)):
        how = say(language, f"train.conduct.{'held' if is_held else 'learns'}")
        told.append(say(language, f"train.conduct.side_{side}", rate=f"{rate:.2g}", how=how))
        holds.append(gr.Button(say(language, f"train.conduct.{'free' if is_held else 'hold'}"), interactive=True))
    is_paused = standing == "paused"
    steps = {name: is_paused for name in ("step-d", "step-g", "step")}
    names = ("slower-d", "faster-d", "step-d", "slower-g", "faster-g", "step-g", "step")
    return [
        gr.Accordion(visible=True),
        *told,
        *holds,
        *(gr.Button(interactive=steps.get(name, True)) for name in names),
        gr.Radio(value=runtime.rounds_d if runtime.rounds_d in ROUNDS else None, interactive=True),
        gr.Radio(value=runtime.label if runtime.label in LABELS else None, interactive=True),
        gr.Button(interactive=True),
    ]


def word(button: str, label: str, language: Language) -> str:
    """What a button with this label asks for, as a word of `runs.controls`: "hold-d" is "free-d" where it says so."""
    what, _, side = button.partition("-")
    if what == "hold":
        return f"{'free' if label == say(language, 'train.conduct.free') else 'hold'}-{side}"
    return {"faster": f"lr-{side}=x{FACTOR}", "slower": f"lr-{side}=/{FACTOR}"}.get(what, button)
