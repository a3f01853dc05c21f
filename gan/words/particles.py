"""Korean particles that depend on the sound before them: "을(를)" in a sentence becomes "을" or "를"."""

import re

PAIRS = {"은(는)": "은 는", "이(가)": "이 가", "을(를)": "을 를", "과(와)": "과 와", "(으)로": "으로 로"}
MARK = re.compile("|".join(map(re.escape, PAIRS)))
BEHIND = re.compile(r"(?:\s*\([^()]*\)|['\"’”»\]\s])+$")  # quotation marks and what stands in brackets are not read
DIGITS = "ㅇㄹ ㅁ  ㄱㄹㄹ "  # how 영 일 이 삼 사 오 육 칠 팔 구 end; so do 십, 백, 천 and 만, with a consonant
LATIN = re.compile(r"([lmn]|[aeiouy][bckpt]|[aeiouy]ng)$", re.IGNORECASE)  # words that end with a consonant in Korean


def settled(text: str) -> str:
    """A sentence with each of its particles in the form that its word takes, or in both where that is not known."""

    def choose(match: re.Match) -> str:
        end = ending(text[: match.start()])
        with_consonant, without = PAIRS[match[0]].split()
        if end is None:
            return match[0]
        return without if not end or (end == "ㄹ" and without == "로") else with_consonant

    return MARK.sub(choose, text)


def ending(text: str) -> str | None:
    """The consonant that a text ends with when read aloud: "ㄹ", any other, or ""; None where that is not known."""
    text = BEHIND.sub("", text)
    last = text[-1:]
    if "가" <= last <= "힣":
        return {0: "", 8: "ㄹ"}.get((ord(last) - ord("가")) % 28, "ㅇ")
    if last.isascii() and last.isdecimal():
        return DIGITS[int(last)].strip()
    if last.isascii() and last.isalpha():
        return ("ㄹ" if last in "lL" else "ㅇ") if LATIN.search(text) else ""
    return "" if last == "%" else None  # 퍼센트
