"""The lesson in a browser: every scene fills the screen, by keys alone, and nothing is lost by F5."""

import re
from urllib.parse import urlsplit

import pytest

from demo.lessons import lesson_file, quiz
from demo.ui.i18n import words
from tests.browser import ROOT, Visitors, expect, lead_a_room, open_tab, serve, settle

pytestmark = pytest.mark.browser

SCENES = lesson_file.read(lesson_file.shipped("en")).scenes


def scene_number(**settings):
    """The number of the first scene of the shipped lesson with these settings."""
    return next(
        number
        for number, scene in enumerate(SCENES, 1)
        if settings.items() <= ({"stage": scene.stage} | scene.choices).items()
    )


PERFECT, QUIZ, GAME = scene_number(preset="perfect"), scene_number(ask="before"), scene_number(stage="game")
SIZES = [(1920, 1080), (1366, 768)]
# (selectors of a scene) -> the boxes of its picture and its controls, of those that are there
BOXES = """selectors => {
    const there = selectors.map((each) => document.querySelector(each)).filter((each) => each?.offsetHeight);
    return there.map((each) => {
        const { left, top, right, bottom } = each.getBoundingClientRect();
        return { id: each.id, left, top, right, bottom, seen: getComputedStyle(each).visibility };
    });
}"""


# The words of the lesson and its picture that are smaller than so many pixels as they are seen: [[size, words], ...]
SMALL = """least => {
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const [node, of] = [walker.currentNode, walker.currentNode.parentElement];
        if (!node.data.trim() || !of.checkVisibility({ visibilityProperty: true })) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        const { width, left, right, top, bottom } = range.getBoundingClientRect();
        if (width < 2 || right < 0 || bottom < 0 || left > innerWidth || top > innerHeight) continue;
        const matrix = of instanceof SVGElement && of.getScreenCTM?.();
        const enlarged = of.getBoundingClientRect().height / of.offsetHeight || 1;
        const scale = matrix ? Math.hypot(matrix.b, matrix.d) : enlarged;
        const size = parseFloat(getComputedStyle(of).fontSize) * scale;
        if (size < least) found.push([size, node.data.trim()]);
    }
    return found;
}"""


def number(page):
    return int(page.locator("#lesson footer output").inner_text().split(" / ")[0])


def scene(page, language):
    """What the page was given of the scene that it shows."""
    return page.evaluate(f"fetch('lesson/{language}.json').then((answer) => answer.json())")["scenes"][number(page) - 1]


def arrived(page):
    page.wait_for_function("document.querySelector('#lesson:not([hidden]) .told')?.textContent === ''", timeout=60_000)
    settle(page)


# What lies over the way into the room, where it is opened: nothing of a scene may.
COVERED = """(() => {
  const room = document.querySelector("#lesson .room");
  const was = room.hidden;
  room.hidden = false;
  room.style.height = "70vh"; // as with a QR code
  const { left, top, width, height } = room.getBoundingClientRect();
  const over = [0.05, 0.3, 0.5, 0.7, 0.95].flatMap((x) => [0.05, 0.3, 0.5, 0.7, 0.95].map((y) => {
    const there = document.elementFromPoint(left + x * width, top + y * height);
    return room.contains(there) ? "" : `${there?.tagName} ${there?.id} ${there?.className}`;
  }));
  room.style.height = "";
  room.hidden = was;
  return [...new Set(over)].filter(Boolean);
})()"""


@pytest.mark.parametrize(("language", "size"), [("ko", SIZES[0]), ("en", SIZES[1])])
def test_every_scene_fills_the_screen_without_scrolling(visit, language, size):
    page = visit(language, size=size, path="#lesson")
    page.locator(".cover .begin").click()
    scenes = lesson_file.read(lesson_file.shipped(language)).scenes
    for at, expected in enumerate(scenes, 1):
        arrived(page)
        assert number(page) == at
        assert page.locator("#lesson header p").inner_text() == expected.sentence
        shown = scene(page, language)
        picture, *controls = page.evaluate(BOXES, [shown["picture"], *shown["controls"]])
        width, height = size
        for box in (picture, *controls):
            assert box["seen"] == "visible", (at, box)
            assert box["left"] >= -1, (at, box)
            assert box["right"] <= width + 1, (at, box)
            assert box["bottom"] <= height + 1, (at, box)
        assert picture["top"] >= page.locator("#lesson header").bounding_box()["height"] - 1, at
        assert all(control["top"] >= picture["bottom"] - 1 for control in controls), at
        hidden = page.evaluate("getComputedStyle(document.querySelector('gradio-app')).opacity") == "0"
        assert hidden == (not shown["place"]), at  # nothing shines through what the lesson draws by itself
        fills = max((picture["right"] - picture["left"]) / width, (picture["bottom"] - picture["top"]) / height)
        assert fills > (0.55 if expected.answers else 0.68), (at, expected.stage, picture)
        assert not page.evaluate(SMALL, 13.9), (at, expected.stage)
        assert page.evaluate("[scrollX, scrollY, getComputedStyle(document.body).overflowY]") == [0, 0, "hidden"]
        assert page.evaluate(COVERED) == [], at
        page.keyboard.press("PageDown")
    assert number(page) == len(scenes)  # the last one stays
    page.keyboard.press("Escape")
    expect(page.locator("#lesson header")).to_be_hidden()
    expect(page.locator("#title")).to_be_visible()
    settle(page)


@pytest.mark.parametrize(("language", "size"), [("ko", (390, 844)), ("en", (844, 390))])
def test_on_a_phone_every_scene_is_read_by_scrolling_and_covers_nothing(visit, language, size):
    page = visit(language, size=size, path="?lesson=gan&scene=1")
    for at in range(1, len(SCENES) + 1):
        arrived(page)
        page.wait_for_timeout(500)  # what grew meanwhile has found its place
        shown = scene(page, language)
        if not shown["is_whole"]:
            assert not page.evaluate(SMALL, 9.9), (at, shown["picture"])
        (picture,) = page.evaluate(BOXES, [shown["picture"]])
        controls = page.evaluate(BOXES, [*shown["controls"], "#lesson-vote", "#lesson footer"])
        for box in (picture, *controls):
            assert (box["left"], box["right"]) >= (-1, 0), (at, box)
            assert box["right"] <= size[0] + 1, (at, box)
            assert box["bottom"] <= size[1] + 1, (at, box)
        assert picture["bottom"] - picture["top"] >= 50, at
        assert picture["top"] >= page.locator("#lesson header").bounding_box()["height"] - 1, at
        for box in controls:
            beside = box["left"] >= picture["right"] - 1
            assert beside or box["top"] >= picture["bottom"] - 1, (at, picture, box)
        end = """(picture) => {
          const one = document.querySelector(picture);
          one.scrollTo(0, 1e6);
          return one.scrollHeight - one.clientHeight - one.scrollTop;
        }"""
        assert page.evaluate(end, shown["picture"]) < 2, at  # all of it can be reached
        assert page.evaluate("[scrollX, scrollY]") == [0, 0]
        page.locator("#lesson button[data-key=next]").click()
    assert number(page) == len(SCENES)
    settle(page)


def test_who_comes_to_the_page_itself_comes_to_the_lesson_and_out_of_it_into_the_workshop(visit, server):
    page = visit("ko")
    page.goto("about:blank")
    page.goto(server.url)
    arrived(page)
    assert number(page) == 1
    assert "lesson=gan&scene=1#" in page.url
    page.locator("#languages a[data-language=en]").click()  # on the stage, too
    arrived(page)
    expect(page.locator("#lesson header p")).to_have_text(sentence("en", 1))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    arrived(page)
    page.keyboard.press("Escape")
    expect(page.locator("#lesson header")).to_be_hidden()
    settle(page)
    page.reload()
    expect(page.locator("#title")).to_be_visible()
    settle(page)
    assert page.locator("#lesson header").is_hidden(), "an address with a part of the page is the workshop's"
    open_tab(page, "lesson")
    page.locator(".cover li button").nth(PERFECT - 1).click()
    arrived(page)
    assert number(page) == PERFECT
    page.keyboard.press("Escape")
    open_tab(page, "lesson")
    expect(page.locator(".cover .begin")).to_have_text(words("en")["lesson.resume"].format(number=PERFECT))
    settle(page)


@pytest.mark.parametrize(("address", "is_lesson"), [("?picture=alpha:0:1", False), ("?__theme=light&lang=en", True)])
def test_other_addresses_than_the_bare_one_open_no_lesson(visit, server, address, is_lesson):
    page = visit("en")
    page.goto("about:blank")
    page.goto(server.url + address)
    page.wait_for_selector("#lesson", state="attached")
    page.wait_for_timeout(1500)
    assert page.locator("#lesson header").is_visible() == is_lesson
    settle(page)


def test_a_lesson_of_ones_own_is_dropped_on_its_tab(chromium, tmp_path):
    with serve(GAN_RUNS=str(tmp_path)) as room:
        visitors = Visitors(chromium, room.url)
        page = visitors("en", path="#lesson")

        def choose(text):
            file = {"name": "mine.md", "mimeType": "text/markdown", "buffer": text.encode()}
            page.locator(".cover .own input").set_input_files(file)

        choose("## A\nstage: wolk\n\nA sentence.")
        expect(page.locator(".cover .own [role=alert]")).to_contain_text("Line 2")
        choose("# Mine\n\n## Only one\nstage: walk\n\nFrom here to there.\n")
        expect(page.locator("#lesson header p")).to_have_text("From here to there.")
        arrived(page)
        assert "lesson=own&scene=1" in page.url
        page.keyboard.press("Escape")
        open_tab(page, "lesson")
        binary = {"name": "not.md", "mimeType": "text/markdown", "buffer": b"\xff\xfe#"}
        page.locator(".cover .own input").set_input_files(binary)
        expect(page.locator(".cover .own [role=alert]")).to_contain_text("not.md is not UTF-8")
        expect(page.locator(".cover h2")).to_have_text("Mine")
        page.reload()
        expect(page.locator(".cover h2")).to_have_text("Mine")  # a wrong one keeps the former
        page.get_by_role("button", name=words("en")["lesson.own_back"]).click()
        expect(page.locator("#lesson header p")).to_have_text(sentence("en", 1))
        arrived(page)
        visitors.leave()


def test_a_scene_survives_f5_has_an_address_and_leads_into_the_workshop(visit):
    page = visit("en", path=f"?lesson=gan&scene={PERFECT}")
    arrived(page)
    assert number(page) == PERFECT
    page.wait_for_function("document.querySelector('#duel-preset input[value=perfect]').checked")
    page.keyboard.press("ArrowRight")
    arrived(page)
    assert f"scene={PERFECT + 1}" in page.url
    assert page.url.endswith("#questions/q20")
    page.reload()
    arrived(page)
    assert number(page) == PERFECT + 1
    page.keyboard.press("ArrowLeft")
    arrived(page)
    assert number(page) == PERFECT
    page.locator("#lesson button", has_text=words("en")["lesson.more"]).click()
    expect(page.locator("#lesson header")).to_be_hidden()
    assert "scene" not in page.url
    assert page.url.endswith("#questions/q20")
    expect(page.locator("#duel")).to_be_visible()
    settle(page)


def test_the_notes_follow_in_a_window_of_their_own(visit):
    page = visit("en", path="?lesson=gan&scene=1")
    arrived(page)
    with page.expect_popup() as opened:
        page.keyboard.press("n")
    notes, (first, second, third, *_) = opened.value, lesson_file.read(lesson_file.shipped("en")).scenes
    expect(notes.locator("body")).to_contain_text(first.notes)
    expect(notes.locator("body")).to_contain_text(second.title)
    expect(notes.locator("#clock")).to_contain_text("0:")
    page.keyboard.press("PageDown")
    expect(notes.locator("body")).to_contain_text(second.notes)
    expect(notes.locator("body")).to_contain_text(third.title)
    notes.close()
    arrived(page)


def test_the_class_is_asked_before_anything_runs_and_a_scene_begins_anew(visit):
    page = visit("en", path=f"?lesson=gan&scene={PERFECT}")  # the perfect discriminator: choosing it starts the duel
    arrived(page)
    rounds = "document.querySelector('#duel .duel').duel.gan.rounds"
    page.wait_for_function("!document.querySelector('#duel .duel').hasAttribute('data-running')")
    page.wait_for_timeout(1000)
    assert not page.evaluate("document.querySelector('#duel .duel').hasAttribute('data-running')")
    page.locator("#duel-run").click()
    page.wait_for_function(f"{rounds} > 330")  # of which 300 were those of D alone
    page.keyboard.press("r")
    page.wait_for_function(f"{rounds} < 330 && !document.querySelector('#duel .duel').hasAttribute('data-running')")
    settle(page)


def test_quick_hands_end_at_the_scene_gone_to_last(visit):
    page = visit("en", path=f"?lesson=gan&scene={PERFECT - 1}")
    arrived(page)
    for _ in range(2):  # past the perfect discriminator, which is chosen in passing
        page.keyboard.press("PageDown")
    arrived(page)
    assert number(page) == PERFECT + 1
    page.wait_for_timeout(1500)
    assert page.locator("#duel-preset input[value=held]").is_checked()
    settle(page)


def test_letters_and_arrows_of_a_scene_with_keys_of_its_own_stay_with_it(visit):
    page = visit("en", path=f"?lesson=gan&scene={GAME}")
    arrived(page)
    page.locator("#game .question").wait_for()
    page.keyboard.press("r")
    page.wait_for_function("document.querySelectorAll('#game .dots .done').length === 1")
    page.keyboard.press("ArrowRight")  # leads on all the same
    arrived(page)
    assert number(page) == GAME + 1
    settle(page)


def test_one_guesses_alone_and_then_looks(visit):
    page = visit("en", path=f"?lesson=gan&scene={PERFECT}")
    arrived(page)
    panel = page.locator("#lesson-vote")
    expect(panel.locator(".answers button")).to_have_count(3)
    panel.locator(".answers button").nth(0).click()
    expect(panel.locator("[role=status]")).to_have_text(words("en")["lesson.vote_guess"])
    page.keyboard.press("v")
    expect(panel.locator("[role=status]")).to_have_text(words("en")["lesson.vote_wrong"])
    expect(panel.locator(".right")).to_contain_text("It stands still")
    page.keyboard.press("r")
    expect(panel.locator(".right")).to_have_count(0)
    settle(page)


def shows_how_phones_warn(teacher, code):
    """Turn the way into a room over and back: five screens, each with a ring, and nothing scrolls."""
    panel = teacher.locator("#lesson .room")
    host = urlsplit(panel.locator("img").get_attribute("alt")).hostname
    for size in SIZES:
        teacher.set_viewport_size({"width": size[0], "height": size[1]})
        panel.get_by_role("button").press("Enter")
        expect(panel.locator("li strong b")).to_have_text(["1", "2", "3", "1", "2"])
        expect(panel.locator("li strong").last).to_contain_text(host)
        expect(panel.locator("p").last).to_contain_text(host)
        box = panel.bounding_box()
        assert box["y"] + box["height"] <= size[1]
        boxes = "(panel) => [panel, ...panel.querySelectorAll('li > div')].map((x) => x.scrollHeight - x.clientHeight)"
        assert panel.evaluate(boxes) == [0] * 6, "nothing is cut off"
        assert not teacher.evaluate(SMALL, 13.9)
        panel.get_by_role("button").press("Enter")  # which has the focus again
        expect(panel.locator("strong")).to_have_text(code)


def test_a_class_on_phones_follows_votes_argues_and_votes_again(chromium, tmp_path):
    with serve("--lan", GAN_RUNS=str(tmp_path)) as room:
        visitors = Visitors(chromium, room.url)
        teacher = visitors("en", path=f"?lesson=gan&scene={PERFECT}")
        arrived(teacher)
        code = lead_a_room(teacher)
        teacher.wait_for_function("document.querySelector('#lesson .room img')?.naturalWidth > 0")
        shows_how_phones_warn(teacher, code)
        phones = [visitors.phone(f"room/{code}", language) for language in ("ko", "en", "en")]
        expect(phones[1].locator("#sentence")).to_have_text(sentence("en", PERFECT))
        expect(teacher.locator("[data-key=join]")).to_have_text(f"{code} · 3")
        expect(phones[0].locator(".answers")).to_have_count(0)  # nothing is asked yet

        picked = "|".join(re.escape(words(language)["room.picked"]) for language in ("en", "ko"))

        def all_vote(*choices):
            for phone, choice in zip(phones, choices, strict=True):
                phone.locator(".answers button:enabled").nth(choice).click()
                expect(phone.locator(".answers [aria-pressed=true]")).to_have_count(1)
                expect(phone.locator("#told")).to_have_text(re.compile(picked))  # it has arrived, and is kept

        status = teacher.locator("#lesson-vote [role=status]")
        shares = teacher.locator("#lesson-vote output")
        teacher.keyboard.press("v")
        all_vote(1, 1, 1)
        for _ in range(4):  # quicker than the room can answer: each press goes one phase on
            teacher.keyboard.press("v")
        for phone in phones:
            expect(phone.locator(".answers")).to_have_count(0)
        teacher.keyboard.press("v")
        for phone in phones:  # what was picked before is gone, here as on the server
            expect(phone.locator(".answers [aria-pressed=false]:enabled")).to_have_count(3)
            expect(phone.locator("#told")).not_to_have_text(re.compile(picked))
        all_vote(0, 0, 2)
        expect(status).to_contain_text("3 of 3", timeout=1000)
        expect(shares).to_have_text(["", "", ""])
        teacher.keyboard.press("v")
        expect(shares).to_have_text(["67 %", "0 %", "33 %"], timeout=1000)
        expect(phones[0].locator("#told")).to_have_text(words("ko")["room.talk"])
        teacher.keyboard.press("v")
        teacher.reload()  # F5 goes on leading
        arrived(teacher)
        all_vote(2, 0, 2)
        expect(status).to_contain_text("3 of 3")
        teacher.keyboard.press("v")
        expect(shares).to_have_text(["67 % → 33 %", "0 % → 0 %", "33 % → 67 %"])
        expect(status).to_have_text("Changed their minds: 1. To the right answer: 1.")
        expect(phones[0].locator("#told")).to_have_text(words("ko")["room.right"])
        expect(phones[1].locator("#told")).to_have_text(words("en")["room.wrong"])
        expect(phones[1].locator(".right")).to_contain_text("It stands still")
        teacher.keyboard.press("ArrowLeft")
        expect(phones[1].locator("#sentence")).to_have_text(sentence("en", PERFECT - 1), timeout=1000)
        expect(phones[1].locator(".answers")).to_have_count(0)
        phones[1].reload()  # what it voted outlasts that
        settle(phones[1])
        home = taken_home(phones[1])
        assert re.search(r"<li[^>]*>(?:(?!</li>).)*It learns fastest now<em> ← my vote, my second vote", home)
        assert re.search(r'<li class="right"><b>C. </b>It stands still ✓', home)
        assert "://" not in home, "it opens without the app"
        for each in (teacher, *phones):
            settle(each)
        visitors.leave()


def test_the_bare_address_leads_a_phone_into_the_open_room_and_the_teacher_into_the_lesson(chromium, tmp_path):
    with serve("--lan", GAN_RUNS=str(tmp_path)) as room:
        visitors = Visitors(chromium, room.url)
        phone = visitors.phone("room", "ko")
        phone.set_extra_http_headers({"X-Forwarded-For": "192.0.2.9"})  # as from another machine
        phone.goto(room.url)
        way = phone.locator("#lesson .way-in")
        arrived(phone)
        assert number(phone) == 1
        expect(way).to_be_hidden()
        teacher = visitors("en", path="?lesson=gan&scene=1")
        arrived(teacher)
        code = lead_a_room(teacher)
        expect(way).to_have_text(words("ko")["lesson.join_room"].format(code=code))  # without F5
        box = way.bounding_box()
        assert box["height"] >= 44
        assert 0 <= box["x"] <= 390 - box["width"]
        under = "([id, y]) => document.querySelector(id).getBoundingClientRect().top >= y"
        phone.wait_for_function(under, arg=[scene(phone, "ko")["picture"], box["y"] + box["height"]])
        assert teacher.locator(".way-in").count() == 0, "who leads is not asked in"
        phone.locator("#lesson button[data-key=next]").click()
        arrived(phone)
        expect(way).to_be_hidden()
        phone.locator("#lesson button[data-key=leave]").click()
        open_tab(phone, "lesson")
        phone.locator(".cover .way-in").click()
        expect(phone.locator("#code")).to_have_text(code)
        expect(phone.locator("#sentence")).to_have_text(sentence("ko", 1))
        for each in (teacher, phone):
            settle(each)
        visitors.leave()


def test_a_vote_that_finds_no_network_arrives_when_that_is_back(chromium, tmp_path):
    with serve(GAN_RUNS=str(tmp_path)) as room:
        visitors = Visitors(chromium, room.url)
        teacher = visitors("en", path=f"?lesson=gan&scene={PERFECT}")
        arrived(teacher)
        phone = visitors.phone(f"room/{lead_a_room(teacher)}")
        expect(teacher.locator("#lesson .room button")).to_have_count(0)  # over plain http no phone warns
        teacher.keyboard.press("v")
        choice = phone.locator(".answers button:enabled").first
        choice.wait_for()
        phone.context.set_offline(True)
        choice.click()
        phone.wait_for_timeout(1500)
        status = teacher.locator("#lesson-vote [role=status]")
        expect(status).to_contain_text("0 of")
        phone.context.set_offline(False)
        expect(status).to_contain_text("1 of")
        expect(phone.locator("#told")).to_have_text(words("en")["room.picked"])

        lost = []  # answers to the teacher's page, which asks again
        teacher.route("**/room/*/lead", lambda route: (lost.append(route.fetch()), route.abort()), times=2)
        teacher.locator("#lesson-vote .answers button").first.click()
        expect(status).to_contain_text("2 of")
        settle(teacher, seconds=2.5)
        assert len(lost) == 2
        expect(status).to_contain_text("2 of")  # one hand, told three times

        teacher.keyboard.press("v")
        expect(phone.locator("#told")).to_have_text(words("en")["room.talk"])
        teacher.keyboard.press("v")
        held = []
        phone.route("**/room/*/vote", lambda route: held.append((route, route.fetch())))
        last = phone.locator(".answers button:enabled").last
        last.click()
        expect(status).to_contain_text("1 of")  # it has arrived, and the answer is on its way
        teacher.keyboard.press("v")
        # as it voted first; of the second nothing is known
        expect(phone.locator("#told")).to_have_text(words("en")["room.wrong"])
        route, answer = held[0]
        route.fulfill(response=answer)
        expect(phone.locator(".answers [aria-pressed=true]")).to_have_count(1)
        expect(phone.locator("#told")).to_have_text(words("en")["room.right"])  # and "picked" is not said too late
        visitors.leave()


def test_the_eight_statements_before_and_after(chromium, tmp_path):
    last = len(lesson_file.read(lesson_file.shipped("en")).scenes)
    with serve(GAN_RUNS=str(tmp_path)) as room:
        visitors = Visitors(chromium, room.url)
        teacher = visitors("en", path=f"?lesson=gan&scene={QUIZ}")
        arrived(teacher)
        code = lead_a_room(teacher)
        phone = visitors.phone(f"room/{code}", "ko")
        expect(phone.locator("fieldset")).to_have_count(8)
        assert phone.locator(".send").is_disabled()

        def answer(choices):
            for field, choice in zip(phone.locator("fieldset").all(), choices, strict=True):
                field.locator("button").nth(choice).click()
            phone.locator(".send").click()
            expect(phone.locator("#told")).to_have_text(words("ko")["room.sent"])

        answer([0] * 8)
        home = taken_home(phone)
        assert words("ko")["lesson.quiz.1.say"] in home
        assert words("ko")["lesson.quiz.1.why"] not in home, "the truth waits until they are answered again"
        expect(teacher.locator("#lesson-quiz [role=status]")).to_contain_text("1 of 1")
        teacher.goto(teacher.url.replace(f"scene={QUIZ}", f"scene={last}"))
        arrived(teacher)
        expect(phone.locator("#sentence")).to_have_text(sentence("ko", last))
        answer([0 if is_true else 1 for is_true in quiz.TRUE])
        home = taken_home(phone)
        assert words("ko")["lesson.quiz.1.why"] in home
        assert home.count(words("ko")["portfolio.mine"]) == home.count(">✓<") == 8
        teacher.keyboard.press("v")
        expect(teacher.locator("#lesson-quiz [role=status]")).to_contain_text("100 %")
        expect(teacher.locator("#lesson-quiz .why")).to_have_count(8)

        teacher.on("dialog", lambda dialog: dialog.accept())
        teacher.keyboard.press("Home")  # another class sits down at the same machines
        expect(phone.locator("#sentence")).to_have_text(sentence("ko", 1))
        teacher.goto(teacher.url.replace("scene=1", f"scene={QUIZ}"))
        arrived(teacher)
        expect(phone.locator("fieldset")).to_have_count(8)
        expect(phone.locator("[aria-pressed=true]")).to_have_count(0)
        expect(phone.locator("#told")).to_have_text("")
        for each in (teacher, phone):
            settle(each)
        visitors.leave()


def test_a_photo_becomes_a_zebra_on_the_phone_and_hangs_on_the_wall(chromium, tmp_path):
    with serve(GAN_RUNS=str(tmp_path)) as room:
        visitors = Visitors(chromium, room.url)
        teacher = visitors("en", path=f"?lesson=gan&scene={scene_number(stage='wall')}")
        arrived(teacher)
        expect(teacher.locator("#lesson-wall [role=status]")).to_have_text(words("en")["room.wall.lead"])
        phone = visitors.phone(f"room/{lead_a_room(teacher)}")
        picker = phone.locator("#act input")
        picker.set_input_files({"name": "not.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"})
        expect(phone.locator("#told")).to_have_text(words("en")["room.wall.unreadable"])
        picker.set_input_files(ROOT / "demo" / "examples" / "horse.webp")
        phone.locator("#act .send").click()
        expect(phone.locator("#told")).to_have_text(words("en")["room.wall.sent"])
        assert taken_home(phone).count('src="data:image/jpeg') == 2  # the photo and the zebra
        teacher.wait_for_function("document.querySelector('#lesson-wall img')?.naturalWidth > 0")

        held = []
        phone.route("**/room/*/wall", lambda route: held.append(route))  # an answer that comes late
        with phone.expect_request("**/room/*/wall"):
            picker.set_input_files(ROOT / "demo" / "examples" / "horse.webp")
        teacher.keyboard.press("PageUp")
        expect(phone.locator("#sentence")).to_have_text(sentence("en", scene_number(stage="wall") - 1))
        held[0].abort()
        phone.wait_for_timeout(500)
        expect(phone.locator("#told")).to_have_text(words("en")["room.look"])  # of this scene, not of the last
        teacher.keyboard.press("Escape")
        for each in (teacher, phone):
            settle(each)
        visitors.leave()


def taken_home(phone):
    """The text of the file that a phone saves."""
    with phone.expect_download() as taken:
        phone.locator("#home .save").click()
    return taken.value.path().read_text(encoding="utf-8")


def sentence(language, number):
    """What stands above the picture of the shipped lesson's scene."""
    return lesson_file.read(lesson_file.shipped(language)).scenes[number - 1].sentence


def test_what_would_tell_the_answer_waits_for_it(visit):
    page = visit("en", path=f"?lesson=gan&scene={PERFECT}")
    arrived(page)
    told = page.locator("#duel-says")
    expect(told).not_to_have_text("")
    assert told.evaluate("(p) => getComputedStyle(p).visibility") == "hidden"
    page.keyboard.press("v")
    page.wait_for_function("getComputedStyle(document.querySelector('#duel-says')).visibility === 'visible'")
    settle(page)
