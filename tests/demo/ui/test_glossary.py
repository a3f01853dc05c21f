"""One word for one thing: what the glossary forbids appears neither on screen nor in the README."""

import json
import re
from functools import cache
from string import Formatter

import pytest

from demo.server.environment import ROOT
from demo.ui.i18n import LANGUAGES, words
from tests.project.test_repository import READMES

# Per language: | what may not appear, a regular expression | say this | where it may: keys, by their beginnings |
# A word in front of which no other letter may stand begins with \b (in Korean with (?<![가-힣])).
FORBIDDEN = {
    "en": r"""
| \bspears?\b(?! &) | generator | |
| \bshields?\b | discriminator | app.title room.title |
| \b(?:a|an|the|one|this|its|surer|two)(?: \w+)? judges?\b | discriminator | |
| \bspace of noise\b | latent space | |
| \bverdicts?\b | score, probability, answer | |
| \brounds?\b | training step | noise.game room translate.rounds questions.q1.padding refused gan.quiz gan.rounds |
| \bstop by stop\b | stage by stage | |
| \bheld still\b | frozen | |
| \bhold(?:s|ing)? (?:\w+\s){0,2}still\b | freeze | |
| \blets? go\b | unfreeze | |
| \bconduct | live controls, change, control | |
| \breach(?:es)? in\b | live controls | |
| \b[Mm]emory of the average | EMA decay | |
| \bfalling rates\b | learning-rate decay | |
| \bstart of all chance\b | random seed | |
| \bdeconvolution\b | transposed convolution | questions.q1.items.3 questions.q1.read |
| \bcheckers\b | checkerboard | |
| \bcheckerboards?\b(?! artifacts?) | checkerboard artifact | questions.q1.patterns |
| \bcycle consistency loss | cycle-consistency loss | |
| \bcycle loss\b | cycle-consistency loss | |
| \bpiles?\b | domains A and B | |
| \bheaps?\b | cluster | |
| \bheld (?:picture|lately)\b | picked | |
| \bbecomes? of\b | what happens to | |
| \bby (?:itself|themselves)\b | automatically | |
| \bby two hands\b | Noto and Twemoji | |
| \bon the (?:mean|whole)\b | on average, typically | |
| \ba wish was\b | a request was | |
| \bgone on\b | resumed | |
| \bwithout a word\b | unexpectedly | |
| \bMoments a second\b | frames per second | |
| \bthe best (?:D|discriminator)\b | the optimal D | |
""",
    "ko": r"""
| 심판 | 판별자 | |
| 노이즈 공간 | 잠재 공간 | |
| 잡음 | 노이즈 | |
| 판단 | 판정 | questions.q20.asked |
| 라운드 | 스텝 | |
| 걸음 | 스텝 | |
| \d번 (?:학습|가운데) | 스텝 | |
| 정거장 | 단계 | |
| 실행(?! 중) | 학습 | train.own.how gan.bench |
| 동일성 | 항등 | |
| (?<![가-힣])옮깁니다 | 변환합니다 | |
| 옮겨진 | 변환된 | |
| 멈춰 ?(?:세|있) | 고정 | |
| 지휘 | 조작 | |
| 끼어들 | 조작 | |
| 평균의 기억 | 이동 평균 계수(EMA) | |
| 끝에 낮추는 | 학습률 감쇠 | |
| 우연의 출발점 | 난수 시드 | |
| 시험 그림 | 테스트 그림 | |
| 디컨볼루션 | 전치 합성곱 | questions.q1.items.3 |
| 격자 무늬 | 체커보드 무늬 | |
| 바둑판 | 체커보드 | |
| 네트워크 | 신경망 | |
| 라벨 | 레이블 | |
| 최소 제곱 | 최소제곱 | |
| 래드퍼드 | Radford 외 | |
| 굿펠로 | Goodfellow 외 | |
| et al | 외 | |
| 무더기 | 묶음, 도메인 | |
| 더미 | 묶음, 도메인 | |
| 찍을 수밖에 | ½로 답할 수밖에 | |
| 고개를 젓 | 인정하지 않습니다 | |
| 찔립니다 | 공략당합니다 | |
| 거칠어 | 불안정해 | |
| 베끼지 않았습니다 | 똑같은 학습 그림은 없습니다 | |
| 알아서 (?:짓|정) | 자동으로 정합니다 | |
| 저절로 | 자동으로 | |
| 모두 됩니다 | 모두 가능합니다 | |
| 픽셀까지인 | 픽셀 이하인 | |
| 그려 낸 | 코드로 그린 | |
""",
}
# The words of the README that are names of files, commands or settings, in `code`, are not read.
README = """
| \\brounds?\\b | training steps |
| \\bheld still\\b | frozen |
| \\bconduct | live controls |
| \\bpiles?\\b | domains A and B |
| \\bverdicts?\\b | score, probability |
| \\bthe best (?:D|discriminator)\\b | the optimal discriminator |
| \\bground error\\b | background error |
| \\bthe coat is right\\b | stripe accuracy |
| \\bmisfortunes\\b | common failures |
| \\bwhat becomes of\\b | what happens to |
| \\btwo hands\\b | Noto and Twemoji |
"""
# Sentences whose Korean particle stands beside a place, because every value that can stand there is known to fit.
FIT: dict[str, str] = {}  # key: why


def table(text):
    """The rows of a table as lists of cells."""
    return [[cell.strip() for cell in re.split(r" \| ?|^\| ", row)[1:-1]] for row in text.strip().splitlines()]


@cache
def sentences(language):
    """Every sentence that is shown in a language, by its key: of the page, and of the core where it has words."""
    found = dict(words(language))
    core = ROOT / "gan" / "words" / f"{language}.json"
    if core.is_file():

        def flat(tree, prefix):
            for key, value in tree.items():
                if isinstance(value, dict):
                    yield from flat(value, f"{prefix}{key}.")
                else:
                    yield f"{prefix}{key}", value

        found |= dict(flat(json.loads(core.read_text(encoding="utf-8")), "gan."))
    return found


def without_places(sentence):
    """A sentence without its {places} and its addresses."""
    return re.sub(r"\{[^{}]*\}|https?://[^\s)\"]+", "", sentence)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_has_a_word_that_the_glossary_forbids(language):
    found = [
        (key, rule, instead)
        for rule, instead, *allowed in table(FORBIDDEN[language])
        for key, sentence in sentences(language).items()
        if re.search(rule, without_places(sentence), re.IGNORECASE)
        and not key.startswith(tuple(" ".join(allowed).split()) or ("-",))
    ]
    assert not found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_exception_is_needed(language):
    for rule, _, *allowed in table(FORBIDDEN[language]):
        for beginning in " ".join(allowed).split():
            used = [key for key in sentences(language) if key.startswith(beginning)]
            assert any(re.search(rule, without_places(sentences(language)[key]), re.I) for key in used), (
                rule,
                beginning,
            )


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.parent.name)
def test_the_readme_keeps_to_the_glossary(readme):
    text = readme.read_text(encoding="utf-8")
    prose = re.sub(r"^```.*?^```|`[^`\n]*`|\]\([^)]*\)", "", text, flags=re.DOTALL | re.MULTILINE)
    prose = " ".join(prose.split())  # a line may end within a phrase
    for rule, instead in table(README):
        assert not re.search(rule, prose, re.IGNORECASE), (rule, instead)
    assert not re.findall(r"\d%", prose)


def test_percent_has_a_space_in_english_and_none_in_korean():
    assert not [key for key, sentence in sentences("en").items() if re.search(r"[\d}]%", sentence)]
    assert not [key for key, sentence in sentences("ko").items() if re.search(r"[\d}][ \u00a0]%", sentence)]


def test_korean_sentences_are_all_of_one_register():
    """합니다체, 하세요, 합시다, or a noun: never 한다. or 이다., nor 해요."""
    plain = re.compile(r"(?<!니)(?<!시)(?<!둘 )다(?=[.!?…]|$)|(?<![가-힣])[가-힣]+(?:해|이에|예|어|아)요(?=[.!?]|$)")
    found = []
    for key, sentence in sentences("ko").items():
        quoted = re.sub(r"^> .*$|‘[^’]*’|“[^”]*”", "", sentence, flags=re.MULTILINE)
        found += [(key, match.group()) for match in plain.finditer(re.sub(r"[*_]|</?\w+>", "", quoted))]
    assert not found


PARTICLES = "을|를|이|가|은|는|과|와|로|으로|라서|이라서|이라|이고|이며|라고|이라고"


def test_no_korean_particle_depends_on_what_fills_a_place():
    """`{x}을` is right for some values only; a mark like "을(를)" is settled when the place is filled."""
    beside = re.compile(rf"\{{[^{{}}]+\}}['’”\"）)\]*]*(?:{PARTICLES})(?![가-힣(])")
    found = [(key, match.group()) for key, sentence in sentences("ko").items() for match in beside.finditer(sentence)]
    assert not [each for each in found if each[0] not in FIT]


def test_both_languages_fill_the_same_places():
    assert list(sentences("en")) == list(sentences("ko"))
    for key, english in sentences("en").items():
        both = [
            {name for _, name, _, _ in Formatter().parse(text) if name is not None}
            for text in (english, sentences("ko")[key])
        ]
        assert both[0] == both[1], key


def test_right_and_wrong_are_said_once():
    """The mark in front of an explanation says it: "Right.", "Not quite."; the explanation does not say it again."""
    for language, again in (("en", r"(?:Yes|No|Right|Wrong)\b[.,:]"), ("ko", r"(?:네|아니요|맞습니다|아닙니다)[.,]")):
        for key, sentence in sentences(language).items():
            if re.fullmatch(r"questions\.q\d+\.items\.\d\.why_[abc]", key):
                assert not re.match(again, sentence), key


# What opens a page of the Korean app, and the terms that are first said there.
OPENINGS = {
    "noise.intro": (
        "잠재 공간(latent space)",
        "생성자(generator)",
        "판별자(discriminator)",
        "잠재 벡터(latent vector)",
    ),
    "curves.intro": ("스텝(training step)",),
    "translate.intro": ("생성자(generator)",),
    "translate.explain": ("순환 일관성(cycle consistency)", "항등(identity)"),
    "translate.inside.intro": ("판별자(discriminator)", "생성자(generator)"),
    "train.intro": ("노이즈(noise)", "생성자(generator)"),
    "questions.q1.answer": (
        "체커보드 무늬(checkerboard artifact)",
        "전치 합성곱(transposed convolution)",
        "생성자(generator)",
    ),
    "questions.q15.text": ("판별자(discriminator)", "생성자(generator)"),
    "questions.q17.text": ("판별자(discriminator)", "생성자(generator)", "순환 일관성(cycle consistency)"),
    "questions.q20.how": ("생성자(generator", "판별자(discriminator"),
    "questions.q20.text": ("평형(equilibrium)", "모드 붕괴(mode collapse)"),
}


def test_a_term_is_followed_by_its_english_where_a_korean_page_says_it_first():
    for key, terms in OPENINGS.items():
        own = re.sub(r"^> .*$", "", sentences("ko")[key], flags=re.MULTILINE)  # not what the class asked
        for term in terms:
            korean = term.partition("(")[0]
            assert own.index(korean) == own.index(term), (key, term)
