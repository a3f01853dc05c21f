"""The README's pictures of the page, made anew: `python -m tests.screenshots [NAME ...]`, all where none is named."""

import sys
from collections.abc import Callable
from io import BytesIO
from typing import Any

from PIL import Image

from tests.browser import ROOT, Visitors, chromium, open_list, serve, settle

FOLDER, SIZE, QUALITY = ROOT / "demo" / "screenshots", (1366, 900), 78
FIVE = [(195, 60), (105, 60), (100, 130), (150, 120), (190, 150), (185, 200), (140, 230), (90, 215)]  # of a pad of 280


def draw_five(page: Any) -> None:
    """A "5" on the pad, and the vector that is found for it."""
    page.locator("#find-mode label").nth(1).click()
    box = page.locator("#pad canvas").bounding_box()
    places = [(box["x"] + x * box["width"] / 280, box["y"] + y * box["height"] / 280) for x, y in FIVE]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()
    settle(page)
    page.locator("#find-go").click()
    page.wait_for_selector("#search .search img")
    page.wait_for_selector("#find-go:not([disabled])", timeout=180_000)


def watch_herd(page: Any) -> None:
    """The shipped training of stripes."""
    open_list(page, "train-watch")
    page.get_by_role("option", name="herd", exact=True).click()
    page.wait_for_selector("#film img")


def play_duel(page: Any) -> None:
    """Until the points have spread over the ring."""
    page.locator("#duel-run").click()
    page.wait_for_function("Number(document.querySelector('#duel dd').textContent.replace(',', '')) > 450")
    page.locator("#duel-run").click()


def go_on(page: Any) -> None:
    """To the stage at which a picture has come back."""
    for _ in range(3):
        page.locator("#q17-on").click()
        settle(page)


SHOTS: dict[str, tuple[str, str, Callable[[Any], None] | None]] = {
    "noise-en": ("#noise", "#pictures .made img", None),
    "sliders-ko": ("#noise/sliders", "#moved img", None),
    "find-en": ("#noise/find", "#find-which label", draw_five),
    "curves-ko": ("?runs=balanced,held-d&step=3000#curves", "#stories .chart", None),
    "translate-en": ("#translate", "#ways img", None),
    "train-ko": ("#train", "#watch h3", watch_herd),
    "questions-en": ("#questions/q20", "#duel canvas", play_duel),
    "labels-ko": ("#questions/q17", "#rounds-of svg", go_on),
}


def main(names: list[str]) -> None:
    """Make these, or all."""
    with serve() as server, chromium() as windows:
        visitors = Visitors(windows, server.url)
        for name in names or SHOTS:
            path, shown, prepare = SHOTS[name]
            page = visitors(name[-2:], path=path, size=SIZE)
            page.wait_for_selector(f"{shown} >> visible=true", timeout=60_000)
            settle(page)
            if prepare:
                prepare(page)
            settle(page)
            page.evaluate("scrollTo(0, 0)")
            page.mouse.move(0, 0)
            page.wait_for_timeout(500)
            file = FOLDER / f"{name}.webp"
            Image.open(BytesIO(page.screenshot())).convert("RGB").save(file, quality=QUALITY, method=6)
            print(f"{file.relative_to(ROOT)}: {file.stat().st_size:,} bytes")
        visitors.leave()


if __name__ == "__main__":
    main(sys.argv[1:])
