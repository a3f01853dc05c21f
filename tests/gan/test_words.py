"""The words of refusals: complete in both languages, right to the particle, whole in other processes and files."""

import ast
import json
import pickle
import re
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from string import Formatter

import pytest

from demo.ui.i18n import say
from demo.ui.numbers import empty
from demo.ui.refusals import WORDS, Refused
from gan.errors import UserError, cause, reason
from gan.words import HERE, LANGUAGES, Words, mapped, read, sentence, stored
from gan.words.particles import settled

ROOT = Path(__file__).resolve().parents[2]
EN, KO = (read(HERE, language) for language in LANGUAGES)
# keys made of a part that the code knows, with all values of it
TEMPLATES = {
    "train.refused.cannot.*": ("pause", "go_on", "stop"),
    "train.refused.*": ("unwritable", "watch", "off"),
    "noise.find.*_one": ("draw", "upload"),
    "refused.named.*": (
        *("pattern", "way", "weights", "kernel", "stride", "padding"),
        *("steps", "seed", "count", "coordinate", "round", "training", "k"),
    ),
}
CALLS = {"UserError": HERE, "TooLarge": HERE, "Words": HERE, "Refused": WORDS, "Unfit": WORDS, "Said": WORDS}
HANGUL = re.compile("[가-힣]")


def calls():
    """(file, what is called, its first argument) of everything in the code that takes a key."""
    for folder in ("gan", "demo"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
                    yield path.relative_to(ROOT), node.func.id, node.args[0] if node.args else None


def keys_of(argument):
    """The keys that an argument may be: a literal, one of two, or a template listed above; None for anything else."""
    if isinstance(argument, ast.Constant):
        return {argument.value}
    if isinstance(argument, ast.IfExp):
        return keys_of(argument.body) | keys_of(argument.orelse)
    if isinstance(argument, ast.JoinedStr):
        shape = "".join(part.value if isinstance(part, ast.Constant) else "*" for part in argument.values)
        return {shape.replace("*", each) for each in TEMPLATES[shape]}
    return None


def samples(folder, key):
    """Sample values for every place of a sentence: numbers where its form wants one."""
    values = {}
    for _, name, form, _ in Formatter().parse(read(folder, "en")[key]):
        if name:
            number = {"": "mnist", "clause": "mnist.", ",": 12}.get(form)
            values[name] = number or (7.0 if re.search(r"[fg]$", form) else [Words("list.none")])
    return values


# The words


def test_both_languages_have_the_same_keys_in_the_same_order_with_the_same_places():
    assert list(EN) == list(KO)
    for key in EN:
        english, korean = (
            sorted((name, form) for _, name, form, _ in Formatter().parse(words[key]) if name) for words in (EN, KO)
        )
        assert {name for name, _ in english} == {name for name, _ in korean}, key


def test_every_refusal_names_its_words_and_none_is_a_literal_sentence():
    for path, called, argument in calls():
        keys = keys_of(argument)
        if keys is None:  # of a table, or remade from another: those are the only ones
            assert str(path) in (
                "gan/export/junyanz.py",
                "gan/words/__init__.py",
                "demo/ui/numbers.py",
                "gan/console.py",
            ), path
            continue
        assert keys <= read(CALLS[called], "en").keys(), (path, keys)


def test_every_sentence_of_the_core_is_one_that_its_code_asks_for():
    code = {
        node.value
        for folder in ("gan", "demo")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert not EN.keys() - code


@pytest.mark.parametrize("key", EN)
def test_every_sentence_can_be_said_in_both_languages(key):
    words = Words(key, **samples(HERE, key))
    english, korean = (words.sentence(language) for language in LANGUAGES)
    assert "{" not in english + korean
    assert not HANGUL.search(english)
    if re.sub(r"\{.*?\}|\W", "", KO[key]) == "":  # a name and another sentence
        return
    assert HANGUL.search(korean)
    assert not re.search(r"[A-Za-z']+( [a-z']+){3,} ?[a-z]+", re.sub(r"`.*?`|'.*?'|python -m.*|pip .*", "", korean))
    assert not re.search(r"[은는이가을를과와]\([은는이가을를과와]\)", korean)  # a word whose sound is known


def test_no_particle_stands_bare_behind_what_may_end_in_any_sound():
    refusals = {key: text for key, text in read(WORDS, "ko").items() if key.startswith("refused.")}
    for key, text in {**KO, **refusals}.items():
        assert not re.search(r"\}['’”]?(은|는|이|가|을|를|과|와|로|으로)(?=[ .,]|$)", text), key
        assert " %" not in text, key


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("0을(를) 1을(를) 2을(를) 3을(를) 4을(를)", "0을 1을 2를 3을 4를"),
        ("5을(를) 6을(를) 7을(를) 8을(를) 9을(를)", "5를 6을 7을 8을 9를"),
        ("10이(가) 100이(가) 1,000이(가) 12이(가)", "10이 100이 1,000이 12가"),
        ("1(으)로 7(으)로 8(으)로 3(으)로 2(으)로 10(으)로", "1로 7로 8로 3으로 2로 10으로"),
        ("50%이(가) 5 %은(는)", "50%가 5 %는"),
        ("mnist은(는) dcgan은(는) horse2zebra은(는)", "mnist는 dcgan은 horse2zebra는"),
        ("cat은(는) king을(를) png을(를)", "cat은 king을 png를"),
        ("model(으)로 run.json과(와) a.zip을(를) a.jpg과(와)", "model로 run.json과 a.zip을 a.jpg와"),
        ("'학습'은(는) ‘얼룩말’(으)로 “그림”을(를) '나무'이(가)", "'학습'은 ‘얼룩말’로 “그림”을 '나무'가"),
        ("고양이(3)이(가) 말 (둘)은(는)", "고양이(3)가 말 (둘)은"),
        ("a_을(를) 猫은(는)", "a_을(를) 猫은(는)"),  # nobody knows
        ("은(는)", "은(는)"),
    ],
)  # fmt: skip
def test_particles_follow_the_sound_before_them(before, after):
    assert settled(before) == after


def test_say_settles_particles_too():
    assert "'강아지'가 진행 중" in say("ko", "train.refused.training", run="강아지")
    assert "'digits'가 진행 중" in say("ko", "train.refused.training", run="digits")


# An error


def test_an_error_is_its_english_sentence_and_says_the_korean_one():
    error = UserError("run.unknown", name="cat", known=Words("list.none_yet"))
    assert str(error) == "There is no run named 'cat'. The runs here: none yet."
    assert error.sentence("ko") == "이름이 'cat'인 학습이 없습니다. 여기에 있는 학습: 아직 없음"
    assert (error.key, error.values["name"]) == ("run.unknown", "cat")
    assert isinstance(error, ValueError)


def test_an_error_in_an_error_is_said_in_the_same_language():
    inner = UserError("image_io.missing", name="a.png")
    outer = UserError("exchange.no_config", folder="here", why=reason(inner))
    assert str(outer) == ("here has no config.json of an exported run (There is no picture a.png; check the path).")
    assert outer.sentence("ko").endswith("파일이 없습니다(a.png 그림이 없습니다. 경로를 확인해 주세요).")
    quoted = UserError("exchange.no_config", folder="here", why=reason(OSError(28, "No space left on device")))
    assert "([Errno 28] No space left on device)" in quoted.sentence("ko")


def _refuse(name):
    raise Refused("refused.run", name=name, known=Words("list.none_yet"))


def test_an_error_comes_whole_from_another_process():
    for error in (UserError("resume.end_behind", run="a", step=3, minutes=1.5), empty("Batch"), Refused("curves.none")):
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error)
        assert [again.sentence(each) for each in LANGUAGES] == [error.sentence(each) for each in LANGUAGES]
    with ProcessPoolExecutor(1) as pool, pytest.raises(Refused) as refused:
        pool.submit(_refuse, "cat").result()
    assert "이름이 'cat'인 학습이 없습니다" in refused.value.sentence("ko")


def test_two_errors_that_say_the_same_are_two_and_words_are_one():
    assert UserError("densities.empty") != UserError("densities.empty")
    assert Words("list.none", a=1) == Words("list.none", a=1) != Words("list.none", a=2)
    assert len({Words("list.none", a=[1]), Words("list.none", a=[1])}) == 1


# What is kept in a file


def test_what_was_stored_is_said_as_before():
    inner = [Words("pictures.file", name="a.png", why=UserError("image_io.raw", name="a.png"))]
    note = Words("pictures.left_out", left=1, count=4, folder=Path("here"), files=inner)
    kept = json.loads(json.dumps(stored([note])))
    for language in LANGUAGES:
        assert sentence(kept, language) == note.sentence(language)
    assert "here의 파일 4개 가운데 1개는 읽을 수 없어 뺐습니다: a.png(a.png 파일은 카메라의 RAW" in sentence(kept, "ko")
    moved = mapped(kept, lambda text: text.replace("here", "there"))
    assert "files in there cannot" in sentence(moved, "en")


@pytest.mark.parametrize("old", ["", "9,000 pictures stand in.", "OSError: [Errno 5]"])
def test_the_sentences_of_old_runs_are_shown_as_they_are(old):
    assert sentence(old, "ko") == sentence(old, "en") == old


def test_what_a_later_version_wrote_is_at_least_named():
    assert sentence({"key": "mars.unreachable", "values": {}}, "ko") == "mars.unreachable"
    assert sentence([{"key": "run.unknown", "values": {"mars": 1}}], "en") == "run.unknown"
    assert sentence({"values": None}, "en") == ""


def test_a_failure_that_is_no_refusal_is_kept_as_it_says_itself():
    assert cause(RuntimeError("inner product")) == "RuntimeError: inner product"
    assert cause(EOFError()) == "EOFError"
    assert cause(UserError("densities.empty")) == {"key": "densities.empty", "values": {}}
