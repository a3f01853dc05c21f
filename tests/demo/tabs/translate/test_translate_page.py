"""The Translate tab in a real browser, and its endpoint."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from tests.browser import expect, look_at_list, open_list, open_section, open_tab, settle
from tests.small_cyclegan import small_cyclegan

pytestmark = pytest.mark.browser


REAL = {"en": "real: apple", "ko": "진짜: 사과"}


def choose_fruit(page):
    """Choose the run "fruit", whatever is chosen, and its first example; wait for its ways, in their section."""
    open_section(page, "translate", "ways")
    page.wait_for_selector("#ways figcaption")
    if page.locator("#translate-run input").input_value() != "fruit":
        open_list(page, "translate-run")
        page.get_by_role("option", name="fruit", exact=True).click()
        page.wait_for_function("/apple|orange|사과|오렌지/.test(document.querySelector('#ways').innerText)")
    if page.locator("#translate-examples [aria-pressed=true][data-index='0']").count() == 0:
        page.locator("#translate-examples button").first.click()
    word = REAL[page.evaluate("document.documentElement.lang")]
    page.wait_for_function(
        """word => document.querySelector('#ways figcaption')?.innerText.startsWith(word)
            && document.querySelectorAll('#ways img:not(.before)').length === 8
            && document.querySelector("#translate-examples [aria-pressed=true]")?.dataset.index === '0'""",
        arg=word,
    )
    return captions(page)


def fruit(look, language="en", **options):
    """The tab with the run "fruit" and its first example."""
    page = look(language, tab="translate", **options)
    choose_fruit(page)
    return page


def captions(page):
    return [text.split("\n")[0] for text in page.locator("#ways figcaption").all_inner_texts()]


def images(page):
    return page.locator("#ways img:not(.before)").evaluate_all("x => x.map(image => image.src)")


def photo(width=90, height=60):
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return {"name": "mine.png", "mimeType": "image/png", "buffer": buffer.getvalue()}


def upload(page, file):
    page.locator("#translate-picture input[type=file]").set_input_files(file)


def wait_for_new(page, before):
    page.wait_for_function("src => document.querySelector('#ways img')?.src !== src", arg=before[0])
    return images(page)


def upload_mine(page):
    """Show a picture of one's own; the data of all that is shown then."""
    before = images(page)
    upload(page, photo())
    return wait_for_new(page, before)


def turn(page):
    page.locator("#translate-direction label").nth(1).click()
    page.wait_for_function("document.querySelector('#ways figcaption').innerText.includes('orange')")


@pytest.mark.parametrize(("language", "size"), [("ko", (390, 844)), ("en", (1366, 768))])
def test_both_directions_are_there_without_a_click_and_every_section_shows_something(look, language, size):
    page = look(language, tab="translate", size=size, untouched=True)
    page.wait_for_function("document.querySelectorAll('#ways img:not(.before)').length === 8")  # no click so far
    shown = choose_fruit(page)
    assert len(shown) == 8
    assert shown[0] == REAL[language]
    assert len(set(images(page))) == 8
    assert "ms" in page.locator("#ways h3").first.inner_text()
    assert page.locator("#ways img").first.get_attribute("alt")
    sections = {
        "inside": "#inside .maps img",
        "camera": "#camera button.start",
        "piles": "#piles .pile button",
        "hidden": "#hidden img",
        "rounds": "#rounds img",
    }
    for name, selector in sections.items():
        open_section(page, "translate", name)
        page.wait_for_selector(selector)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], name
    open_section(page, "translate", "inside")
    before = page.locator("#inside .maps img").first.get_attribute("src")
    page.locator("#translate-examples button").nth(2).click()  # the section follows the picture
    page.wait_for_function("src => document.querySelector('#inside .maps img').src !== src", arg=before)


def test_an_example_runs_on_a_click_in_its_own_direction(look):
    page = fruit(look)
    before = images(page)
    page.locator("#translate-examples button").nth(2).click()
    wait_for_new(page, before)
    assert captions(page)[:2] == ["real: orange", "translated: apple"]
    expect(page.locator("#translate-direction input").nth(1)).to_be_checked()
    expect(page.locator("#translate-examples [aria-pressed=true]")).to_have_attribute("data-index", "2")


def test_a_picture_of_ones_own_is_translated_turned_and_fed_back(look):
    page = fruit(look)
    mine = upload_mine(page)
    assert page.locator("#ways img").first.evaluate("x => [x.naturalWidth, x.naturalHeight]") == [90, 60]
    expect(page.locator("#translate-examples [aria-pressed=true]")).to_have_count(0)

    turn(page)
    assert images(page)[0] == mine[0]  # the same picture, the other way
    assert images(page)[1] != mine[1]

    translated = images(page)[1]
    page.locator("#translate-again").click()
    page.wait_for_function("src => document.querySelector('#ways img').src === src", arg=translated)
    assert captions(page)[0] == "generated: apple"
    expect(page.locator("#translate-direction input").first).to_be_checked()


def test_a_look_at_the_list_of_runs_leaves_a_visitors_picture_alone(look):
    page = fruit(look)
    mine = upload_mine(page)
    look_at_list(page, "translate-run", "fruit")
    assert images(page) == mine
    turn(page)
    turned = images(page)
    assert turned[0] == mine[0]
    page.locator("#translate-run input").fill("")  # by keyboard alone
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_function("old => document.querySelectorAll('#ways img')[1].src !== old", arg=turned[1])
    assert images(page)[0] == mine[0]  # one's own picture stays, translated by another pair
    assert page.locator("#translate-run input").input_value() != "fruit"


@pytest.mark.parametrize(
    ("language", "name", "content", "sentence"),
    [
        ("en", "text.png", b"no picture at all", "cannot be read as a picture"),
        ("ko", "cut.png", None, "그림으로 읽을 수 없습니다"),
    ],
)
def test_what_is_no_picture_gets_a_sentence_and_the_next_one_works(look, language, name, content, sentence):
    page = fruit(look, language)
    open_section(page, "translate", "inside")
    page.wait_for_selector("#inside .maps img")
    before = images(page)
    content = content or photo(300, 300)["buffer"][:3000]
    upload(page, {"name": name, "mimeType": "image/png", "buffer": content})
    page.locator("[data-testid=toast-body]", has_text=sentence).wait_for()
    expect(page.locator("#ways")).to_contain_text(sentence)  # and nothing of the former picture beside it
    expect(page.locator("#inside")).to_contain_text(sentence)
    expect(page.locator("#ways img, #inside img")).to_have_count(0)
    upload(page, photo())
    wait_for_new(page, before)


def test_the_divider_is_moved_by_hand_and_by_keys(look):
    page = fruit(look)
    divider = page.locator("#ways .compare input").first
    divider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    before = page.locator("#ways .before").first
    assert before.get_attribute("src") == images(page)[0]
    box = divider.bounding_box()
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    assert 50 < float(divider.input_value()) < 70
    clip = before.evaluate("x => getComputedStyle(x).clipPath")
    assert re.fullmatch(r"inset\(0px calc\((\d+)% .*|inset\(0px (\d+)% .*", clip), clip


COUNT = """() => {
  let under_way = 0;
  window.most = 0;
  const ask = (window.whole = window.fetch);
  window.fetch = async (address, ...rest) => {
    if (!String(address).includes('component_server')) return ask(address, ...rest);
    window.most = Math.max(window.most, ++under_way);
    try {
      return await ask(address, ...rest);
    } finally {
      under_way--;
    }
  };
}"""


TWO_CAMERAS = """() => {
  const paint = Object.assign(document.createElement("canvas"), { width: 64, height: 64 }).getContext("2d");
  window.painting = setInterval(() => {
    paint.fillStyle = "red";
    paint.fillRect(0, 0, 32, 64);
    paint.fillStyle = "blue";
    paint.fillRect(32, 0, 32, 64);
  }, 50);
  const two = ["user", "environment"].map((deviceId) => ({ deviceId, kind: "videoinput" }));
  navigator.mediaDevices.enumerateDevices = async () => two;
  navigator.mediaDevices.getUserMedia = async ({ video }) => {
    const stream = paint.canvas.captureStream();
    const facingMode = video.facingMode.ideal;
    stream.getVideoTracks()[0].getSettings = () => ({ facingMode, deviceId: facingMode });
    return stream;
  };
}"""
NO_CAMERAS = """() => {
  clearInterval(window.painting);
  delete navigator.mediaDevices.enumerateDevices;
  delete navigator.mediaDevices.getUserMedia;
  window.fetch = window.whole;
}"""
LEFT = """() => {
  const canvas = document.querySelector("#camera canvas.seen");
  const [red, , blue] = canvas.getContext("2d").getImageData(4, canvas.height / 2, 1, 1).data;
  return red > 200 ? "red" : blue > 200 ? "blue" : "";
}"""


def test_the_camera_takes_a_snapshot_and_is_translated_live_and_stop_stops(look):
    page = fruit(look)
    page.context.grant_permissions(["camera"])
    before = images(page)
    page.locator("#translate-picture button[aria-label='Capture from camera']").click()
    page.locator("#translate-picture button", has_text="Webcam").click()
    # before its first frame there is nothing to take a picture of
    page.wait_for_function("document.querySelector('#translate-picture video')?.readyState >= 2")
    page.locator("#translate-picture button[aria-label='capture photo']").click()
    wait_for_new(page, before)
    assert page.locator("#ways img").first.evaluate("x => x.naturalWidth") > 100
    settle(page)

    page.evaluate(COUNT)  # as the page itself sees it: the times that a browser reports are rounded and come late
    page.locator("#translate-picture").locator("[aria-label*=emove], [aria-label*=lear]").first.click()
    open_section(page, "translate", "inside")
    expect(page.locator("#inside")).to_have_text("Choose a picture, or click an example.")
    for section in ("hidden", "rounds"):
        open_section(page, "translate", section)
        expect(page.locator(f"#{section}")).to_have_text("Choose a picture, or click an example.")
    open_section(page, "translate", "camera")  # which needs no picture, but a pair
    page.locator("#camera button.start").click()
    page.wait_for_function("document.querySelector('#camera output').innerText.includes('pictures a second')")
    first = int(page.locator("#camera canvas.made").get_attribute("data-frames"))
    page.wait_for_function("n => Number(document.querySelector('#camera canvas.made').dataset.frames) > n", arg=first)
    told = page.locator("#camera output").inner_text()
    assert float(re.fullmatch(r"the server · ([\d.]+) pictures a second · 32×32", told)[1]) > 2  # 20 on two free cores
    expect(page.locator("#camera")).to_contain_text("stores nothing", use_inner_text=True)
    assert not page.locator("#camera label.device").is_visible()  # nothing has been fetched for that
    assert page.evaluate("window.most") == 1  # one frame at a time: the next is asked for when the last is here
    page.locator("#camera button.stop").click()
    settle(page)
    # the front camera is a mirror, the rear one is not, unless one says so; out of sight it stops by itself
    page.evaluate(TWO_CAMERAS)
    page.locator("#camera button.start").click()
    page.wait_for_function(f"({LEFT})() === 'blue'")
    expect(page.locator("#camera")).to_contain_text("as in a mirror", use_inner_text=True)
    page.locator("#camera button.other").click()
    page.wait_for_function(f"({LEFT})() === 'red'")
    expect(page.locator("#camera")).not_to_contain_text("as in a mirror", use_inner_text=True)
    page.locator("#camera .mirror input").check()
    page.wait_for_function(f"({LEFT})() === 'blue'")
    page.wait_for_function("document.querySelector('#camera output').innerText.includes('pictures a second')")
    open_tab(page, "questions")
    settle(page)
    page.evaluate(NO_CAMERAS)
    page.context.clear_permissions()


def test_a_page_without_https_says_why_there_is_no_webcam(look):
    page = fruit(look, "ko")
    note = page.locator("#translate-examples .insecure")
    assert not note.is_visible()  # localhost is as good as https
    page.evaluate("document.documentElement.setAttribute('data-no-camera', '')")  # what the page does elsewhere
    assert note.is_visible()
    assert "https" in note.inner_text()
    page.evaluate("document.documentElement.removeAttribute('data-no-camera')")


def test_a_run_made_meanwhile_is_offered_when_the_tab_is_opened_again(look, added):
    page = fruit(look)
    before = images(page)
    small_cyclegan(added, "newcomer", seed=3)
    open_tab(page, "noise")
    open_tab(page, "translate")
    open_list(page, "translate-run")
    page.get_by_role("option", name="newcomer").click()
    page.wait_for_function("document.querySelector('#translate-run input').value === 'newcomer'")
    page.wait_for_function("src => document.querySelectorAll('#ways img')[1]?.src !== src", arg=before[1])
    choose_fruit(page)  # or the tab would show what is about to go
    page.wait_for_function("src => document.querySelectorAll('#ways img')[1]?.src === src", arg=before[1])


def test_the_endpoint_translates_there_and_back(server, tmp_path):
    from gradio_client import handle_file

    (tmp_path / "in.png").write_bytes(photo()["buffer"])
    (tmp_path / "bad.png").write_text("no picture")
    client = server.client
    answers = {}
    for direction in ("AtoB", "BtoA"):
        paths = client.predict("fruit", direction, handle_file(tmp_path / "in.png"), api_name="/translate")
        for path in paths:
            with Image.open(path) as image:
                assert image.size == (90, 60)
                answers[direction, path] = image.tobytes()
    assert len(set(answers.values())) == 4
    for arguments, sentence in (
        (("../fruit", "AtoB", handle_file(tmp_path / "in.png")), "no run named"),
        (("fruit", "up", handle_file(tmp_path / "in.png")), "AtoB, BtoA"),
        (("fruit", "AtoB", handle_file(tmp_path / "bad.png")), "cannot be read"),
        (("fruit", "AtoB", None), "First choose a picture"),
    ):
        with pytest.raises(Exception, match=sentence):
            client.predict(*arguments, api_name="/translate")


def test_what_is_disturbed_and_how_often_it_goes_round_follow_the_controls(look):
    page = fruit(look, "ko", size=(390, 844))
    sections = page.locator("#translate-sections")
    sections.get_by_role("tab", name="숨은 메시지", exact=True).click()
    page.wait_for_function("document.querySelectorAll('#hidden .four img').length === 4")
    before = page.locator("#hidden .four").inner_text()
    page.locator("#hidden-kind input").first.check()
    page.locator("#hidden-amount input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('#hidden .four').innerText.includes('표준편차 3.0')")
    assert page.locator("#hidden .four").inner_text() != before
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    sections.get_by_role("tab", name="돌고 돌기", exact=True).click()
    page.wait_for_function("document.querySelectorAll('#rounds .strip img').length === 9")
    page.locator("#rounds-count input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelectorAll('#rounds .strip img').length === 11")
    with page.expect_download() as download:
        page.locator("#rounds a[download]").click()
    with Image.open(download.value.path()) as film:
        assert film.n_frames == 6
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_endpoints_disturb_a_picture_and_send_it_round(server, tmp_path):
    from gradio_client import handle_file

    (tmp_path / "in.png").write_bytes(photo()["buffer"])
    client = server.client
    mine = ("fruit", "AtoB", handle_file(tmp_path / "in.png"))
    answer, path = client.predict(*mine, "noise", 0.1, api_name="/hidden")
    assert answer["disturbance"] > 0.05
    assert answer["curve"][0] == [0, answer["clean"], 0]
    sizes = [Image.open(path).size]
    answer, path = client.predict(*mine, 3, api_name="/rounds")
    assert len(answer["errors"]) == len(answer["changes"]) == 3
    sizes.append(Image.open(path).size)
    assert sizes == [(48, 32)] * 2
    with pytest.raises(Exception, match="noise, jpeg, blur"):
        client.predict(*mine, "rain", 0.1, api_name="/hidden")


def test_the_endpoint_looks_inside_a_translation(server, tmp_path):
    from gradio_client import handle_file

    (tmp_path / "in.png").write_bytes(photo()["buffer"])
    client = server.client
    mine = (handle_file(tmp_path / "in.png"),)
    there, sheet = client.predict("fruit", "AtoB", *mine, api_name="/inside")
    back, _ = client.predict("fruit", "BtoA", *mine, api_name="/inside")
    assert there["verdicts"]["input"]["own"] == pytest.approx(back["verdicts"]["input"]["other"], abs=1e-5)
    assert there["verdicts"]["output"] != back["verdicts"]["output"]
    with Image.open(sheet) as image:
        *_, height, width = there["stages"][-1]["shape"]
        assert (image.format, image.size) == ("PNG", (2 * width, 2 * height))
    with pytest.raises(Exception, match="First choose a picture"):
        client.predict("fruit", "AtoB", None, api_name="/inside")


def test_a_picture_of_each_pile_is_picked_and_its_role_told(look):
    page = fruit(look)
    page.locator("#translate-sections [role=tab]", has_text="Two domains").click()
    settle(page)  # it is drawn anew each time: a key that is pressed at that moment would go with what was there
    last = page.locator("#piles button[data-side=b]").last
    last.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("[...document.querySelectorAll('#piles [data-side=b]')].pop().ariaPressed === 'true'")
    picked = page.locator("#piles .picked img").evaluate_all("all => all.map(x => x.alt)")
    assert picked == ["apple, number 1", "orange, number 3"]
    assert page.evaluate("document.activeElement.dataset.side") == "b"  # who came by keyboard goes on from there
    expect(page.locator("#piles-answer")).to_have_text("")  # the question is not answered before someone does
    expect(page.locator("#piles-table table")).to_have_count(0)
    page.locator("#piles-role input[value=label]").check()
    page.wait_for_function("document.querySelector('#piles-answer').innerText.includes('pix2pix')")
