"""Live controls: freeze a side, change its rate, play half a step, and ask "what if"."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo import jobs
from demo.ui.i18n import Language, say, t
from gan.runs.controls import runtime_of
from gan.runs.run import Run

FACTOR = 3  # by which a click changes a rate
ROUNDS = (1, 2, 3, 5)
LABELS = (1.0, 0.9, 0.8)


@dataclass(frozen=True, eq=False)
class LiveControls:
    """The components: buttons by what `word` makes a word of `runs.controls`, the others by the side they belong to."""

    panel: gr.Column
    told: dict[str, gr.Markdown]
    holds: dict[str, gr.Button]
    buttons: dict[str, gr.Button]
    rounds: gr.Radio
    label: gr.Radio
    what_if: gr.Button

    @property
    def outputs(self) -> list[Any]:
        """All that `show` sets."""
        sides = self.told, self.holds, self.buttons
        return [self.panel, *(each for side in sides for each in side.values()), self.rounds, self.label, self.what_if]

    def show(self, run: Run | None, language: Language) -> dict[Any, Any]:
        """{component: what it shows} for a run: only "what if" for one at rest, nothing where that can't be asked."""
        standing = jobs.status(run) if run else ""
        if standing not in ("running", "paused"):
            can_branch = run is not None and (run.folder / "resume.pt").is_file()
            return {
                self.panel: gr.Column(visible=can_branch),
                **{told: gr.Markdown(visible=False) for told in self.told.values()},
                **{button: gr.Button(visible=False) for button in (*self.holds.values(), *self.buttons.values())},
                **{radio: gr.Radio(visible=False) for radio in (self.rounds, self.label)},
                self.what_if: gr.Button(interactive=can_branch),
            }
        now, shows = runtime_of(run), {self.panel: gr.Column(visible=True)}
        for side, rate, is_held in (("d", now.rate_d, now.freeze_d), ("g", now.rate_g, now.freeze_g)):
            how = say(language, f"train.conduct.{'held' if is_held else 'learns'}")
            told = say(language, f"train.conduct.side_{side}", rate=f"{rate:.2g}", how=how)
            shows[self.told[side]] = gr.Markdown(told, visible=True)
            label = say(language, f"train.conduct.{'free' if is_held else 'hold'}")
            shows[self.holds[side]] = gr.Button(label, interactive=True, visible=True)
        for name, button in self.buttons.items():
            shows[button] = gr.Button(interactive=standing == "paused" or not name.startswith("step"), visible=True)
        return shows | {
            self.rounds: gr.Radio(value=now.n_critic if now.n_critic in ROUNDS else None, visible=True),
            self.label: gr.Radio(value=now.label if now.label in LABELS else None, visible=True),
            self.what_if: gr.Button(interactive=True),
        }


def build() -> LiveControls:
    """The panel: a column of its own, which is there only while there is something to control."""
    told, holds, buttons = {}, {}, {}
    with (
        gr.Column(scale=1, min_width=260, visible=False) as panel,
        gr.Accordion(t("train.conduct.title"), elem_id="train-conduct"),
    ):
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
        gr.Markdown(t("train.conduct.intro"))
        gr.Markdown(t("train.conduct.explain"))
    return LiveControls(panel, told, holds, buttons, rounds, label, what_if)


def _button(words: Any, name: str) -> gr.Button:
    return gr.Button(words, size="md", min_width=100, elem_id=f"train-act-{name}")


def word(button: str, label: str, language: Language) -> str:
    """What a button with this label asks for, as a word of `runs.controls`: "hold-d" is "free-d" where it says so."""
    what, _, side = button.partition("-")
    if what == "hold":
        return f"{'free' if label == say(language, 'train.conduct.free') else 'hold'}-{side}"
    return {"faster": f"lr-{side}=x{FACTOR}", "slower": f"lr-{side}=/{FACTOR}"}.get(what, button)
