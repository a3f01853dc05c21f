"""Runs side by side as HTML: a column each, with its curves, what it drew at a moment, and what was done to it."""

from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup
from PIL import Image

from demo.shared import translated_samples
from demo.ui import svg_chart
from demo.ui.data_urls import file_url
from demo.ui.i18n import Language, say
from demo.ui.paragraphs import paragraphs
from demo.ui.refusals import Refused
from demo.ui.templates import macros
from gan.errors import UserError
from gan.lazy import lazy
from gan.plots.curves import DEFAULT, Comparison, View, compare
from gan.plots.figures import window
from gan.plots.history import Story

images = lazy("gan.images")
losses = lazy("gan.core.losses")

HTML = macros(__file__)
GAP, FRAME = 8, 400  # of a film: pixels between pictures, milliseconds a moment


def word(language: Language) -> Callable[[str], str]:
    """The words of figures in a language, by `gan.plots.curves`' keys."""
    return lambda key: say(language, f"curves.{key}")


def page(told: list[Story], view: View, step: float, language: Language) -> str:
    """A column a run as HTML: its charts, its sample at `step`, what was done to it, what the dotted lines mean."""
    compared = compare(told, view, word(language))
    if not told:
        return paragraphs(say(language, "curves.none"))
    columns = []
    for at, story in enumerate(told):
        sample = story.sample(min(step, view.until * story.last) if view.until < 1 else step)
        now = None
        if sample and len(story.columns["step"]):
            now = float(np.interp(sample[0], story.columns["step"], story.columns[view.axis]))
        marks = [(x, mark(event, language)) for x, _, _, event in story.marks(view.axis)]
        columns.append(
            {
                "name": story.name,
                "status": story.status,
                "standing": say(language, f"curves.status.{story.status}"),
                "picture": picture(story, sample, language),
                "charts": figures(compared, at, language, now, marks),
                "jumps": jumps(story, language),
            }
        )
    moments = " ".join(map(str, sorted({step for story in told for step, _ in story.samples})))
    return HTML.page(columns, moments, explanation(told, compared.view, language))


def figures(
    compared: Comparison,
    at: int,
    language: Language,
    now: float | None = None,
    marks: Sequence[tuple[float, str]] = (),
) -> str:
    """The charts of one of the runs that are compared, as HTML."""
    view = compared.view
    drawn = []
    for panel, lines in compared.lines[at].items():
        name = say(language, f"curves.panels.{panel}")
        drawn.append(
            svg_chart.chart(
                lines,
                title=name if lines else say(language, "curves.not_recorded", panel=name),
                x_label=say(language, f"curves.axes.{view.axis}"),
                x_range=compared.x_range,
                y_range=compared.y_ranges[panel],
                now=now,
                rest_label=say(language, "curves.rest.label"),
                marks=marks,
                smoothing=view.smoothing if panel not in ("frechet", "covered") else 0,
                log=view.is_log(panel),
            )
        )
    return Markup("").join(drawn)


def mark(event: dict[str, Any], language: Language) -> str:
    """An event in words: "Step 1,500: discriminator held still"."""
    kind = event["event"].replace(" ", "_")
    known = ("pause", "go_on", "stop", "resume", "evaluation", "step_both", "step_d", "step_g", "refused")
    kind = f"step_{event.get('who', 'both')}" if kind == "round" else kind
    words = [say(language, f"curves.events.{kind}")] if kind in known else []
    for name in ("freeze_d", "freeze_g"):
        if name in event:
            words.append(say(language, f"curves.events.{name}.{'on' if event[name] else 'off'}"))
    words += [
        say(language, f"curves.events.{name}", value=f"{event[name]:g}")
        for name in ("rate_g", "rate_d", "n_critic", "label")
        if name in event
    ]
    return say(language, "curves.events.at", step=f"{event['step']:,}", what=", ".join(words) or event["event"])


def jumps(story: Story, language: Language) -> str:
    """What was done to a run as HTML: buttons that lead to its moment."""
    return HTML.jumps([(step, mark(event, language)) for _, step, _, event in story.marks("step")])


def picture(story: Story, sample: tuple[int, Path] | None, language: Language) -> str:
    """A story's sample as HTML, with the discriminator's verdicts at that moment."""
    if sample is None:
        return paragraphs(say(language, "curves.no_sample"))
    words, enlarge = caption(story, sample[0], language), say(language, "app.enlarge.open")
    try:
        if story.model == "cyclegan":
            sheet = translated_samples.sheet(sample[1])
            source, rows = translated_samples.address(sample[1]), translated_samples.rows(sample[1], language)
            return HTML.translated(source, sheet.size, rows, story.name, words, enlarge)
        data = sample[1].read_bytes()
        size = Image.open(BytesIO(data)).size
    except (OSError, UserError):  # the run was deleted while someone looked
        return paragraphs(words)
    shape = "wide" if size[0] > 1.5 * size[1] else ""
    return HTML.picture(file_url(data, "webp"), size, shape, story.name, words, enlarge)


def caption(story: Story, step: int, language: Language) -> str:
    """What is said of a sample: "Step 1,413: D(real) 0.77, D(fake) 0.14"."""
    real, fake = story.at(step, "d_real"), story.at(step, "d_fake")
    for event in story.events:  # a step in slow motion is no logged line, but has numbers of its own
        if event["event"] == "round" and event["step"] == step:
            real, fake = event.get("d_real", real), event.get("d_fake", fake)
    if real is None:
        return say(language, "curves.sample", step=f"{step:,}")
    return say(language, "curves.sample_verdicts", step=f"{step:,}", real=f"{real:.2f}", fake=f"{fake:.2f}")


def explanation(told: list[Story], view: View, language: Language) -> str:
    """What the dotted and the pale lines mean, as HTML: one sentence for each kind of verdict and of duel."""
    sentences = {}
    for (loss, _), those in _grouped(told, lambda story: (story.loss, story.labels[-1][1])):
        kind = "probability" if losses.LOSSES[loss].is_probability else loss
        rest, label = f"{those[0].rest['d_real']:g}", those[0].labels[-1][1]
        sentences.setdefault(kind, say(language, f"curves.rest.{kind}", rest=rest))
        if label < 1 and those[0].rest["d_real"]:  # a score that rests at 0 does so whatever the label
            names = ", ".join(story.name for story in those)
            sentences[names] = say(language, "curves.rest.smoothed", runs=names, label=f"{label:g}", rest=rest)
    sentences = list(sentences.values())
    for (_, model, _), those in _grouped(told, lambda story: (story.loss, story.model, story.labels[-1][1])):
        values = {name: f"{value:.2f}" for name, value in those[0].rest.items()}
        names = ", ".join(story.name for story in those)
        sentences.append(say(language, f"curves.rest.{model}", runs=names, **values))
    if changed := [story.name for story in told if len(story.labels) > 1]:
        sentences.append(say(language, "curves.rest.changed", runs=", ".join(changed)))
    sentences += [say(language, f"curves.about.{panel}") for panel in view.panels if panel not in DEFAULT]
    counts = sorted({window(len(story.columns["step"]), view.smoothing) for story in told})
    if counts[-1] > 1:
        numbers = "–".join(map(str, dict.fromkeys((counts[0], counts[-1]))))
        sentences.append(say(language, "curves.pale", count=numbers))
    return HTML.explanation(dict.fromkeys(sentences))


def _grouped(told: list[Story], key: Callable[[Story], tuple]) -> list[tuple[tuple, list[Story]]]:
    """These stories by a key that ends with the label of real pictures, those without smoothing first."""
    groups: dict[tuple, list[Story]] = {}
    for story in told:
        groups.setdefault(key(story), []).append(story)
    return sorted(groups.items(), key=lambda group: group[0][-1] < 1)


def film(told: list[Story]) -> bytes:
    """What these runs drew, side by side through all their moments, as a GIF without end."""
    moments = sorted({step for story in told for step, _ in story.samples})
    frames = []
    for step in moments:
        pictures = []
        for story in told:
            if sample := story.sample(step):
                if story.model == "cyclegan":
                    pictures.append(translated_samples.sheet(sample[1]))
                    continue
                with Image.open(sample[1]) as image:
                    pictures.append(image.convert("RGB"))
        height = max(picture.height for picture in pictures)
        frame = Image.new("RGB", (sum(p.width + GAP for p in pictures) - GAP, height), "white")
        left = 0
        for picture in pictures:
            frame.paste(picture, (left, 0))
            left += picture.width + GAP
        frames.append(frame)
    if not frames:
        raise Refused("refused.no_picture")
    return images.gif(frames, [FRAME] * (len(frames) - 1) + [8 * FRAME])
