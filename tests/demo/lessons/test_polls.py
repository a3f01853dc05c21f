"""Votes of a class: hidden until they are closed, counted once a voter, and what moved."""

import pytest

from demo.lessons import quiz
from demo.lessons.polls import MOST_VOTERS, Poll, gain, tally


def test_a_class_votes_argues_and_votes_again():
    poll = Poll()
    assert not poll.vote("a", 0)  # nobody is asked yet
    poll.go("first")
    for voter, choice in {"a": 0, "b": 0, "c": 1, "d": 2}.items():
        assert poll.vote(voter, choice)
    assert poll.vote("a", 1)  # a change of mind
    assert poll.seen(3, [2]) == {"phase": "first", "openings": poll.openings, "count": 4, "bars": []}
    poll.go("bars")
    assert not poll.vote("a", 2)
    assert poll.seen(3, [2])["bars"] == [[1, 2, 1]]
    poll.go("second")
    for voter, choice in {"a": 2, "b": 2, "c": 0, "e": 2}.items():  # d is gone, e is new
        assert poll.vote(voter, choice)
    seen = poll.seen(3, [2])
    assert seen["bars"] == [[1, 2, 1]], "the second vote is hidden until it is closed"
    assert "right" not in seen
    poll.go("truth")
    told = {"phase": "truth", "count": 4, "bars": [[1, 2, 1], [1, 0, 3]], "right": [2], "moved": 3, "to": 2}
    assert poll.seen(3, [2]) == told | {"openings": poll.openings}
    poll.go("first")
    assert (poll.first, poll.second) == ({}, {})


def test_the_answer_may_come_after_one_vote():
    poll = Poll()
    poll.go("first")
    poll.vote("a", 1)
    poll.go("bars")
    poll.go("truth")
    told = {"phase": "truth", "count": 1, "bars": [[0, 1]], "right": [1], "moved": 0, "to": 0}
    assert poll.seen(2, [1]) == told | {"openings": poll.openings}


def test_a_vote_counts_in_the_opening_that_it_was_meant_for():
    poll = Poll()
    poll.go("first")
    first = poll.openings["first"]
    assert poll.vote("a", 1, first)
    poll.go("first")  # asked once more, as where an answer got lost
    assert poll.first == {"a": 1}
    assert poll.openings == {"first": first}
    for phase in ("bars", "second"):
        poll.go(phase)
    assert not poll.vote("b", 1, first), "it was picked in the first vote and came in the second"
    assert poll.vote("b", 1, poll.openings["second"])
    for phase in ("truth", "closed", "first"):
        poll.go(phase)
    assert poll.openings.keys() == {"first"}
    assert poll.openings["first"] != first
    assert not poll.vote("a", 1, first)
    assert (poll.first, poll.second) == ({}, {})


def test_nobody_fills_a_poll_without_end():
    poll = Poll("first")
    assert all(poll.vote(f"voter-{at}", 0) for at in range(MOST_VOTERS))
    assert not poll.vote("one more", 0)
    assert poll.vote("voter-3", 1), "a change of mind is always taken"
    assert tally(poll.first, 2) == [MOST_VOTERS - 1, 1]


@pytest.mark.parametrize(
    ("before", "after", "asked", "expected"),
    [
        ([5, 5], [10, 10], (10, 10), 1.0),
        ([5, 5], [5, 10], (10, 10), 0.5),
        ([4, 4], [2, 2], (8, 8), -0.5),
        ([2, 2], [3, 3], (4, 4), 0.5),
        ([2, 2], [3, 3], (4, 6), 0.0),  # two more came in: the share is the same
        ([10, 10], [10, 10], (10, 10), None),
        ([0, 0], [3, 3], (0, 4), None),
        ([1, 1], [0, 0], (4, 0), None),
    ],
)
def test_the_gain_is_a_share_of_what_could_be_learned(before, after, asked, expected):
    assert gain(before, after, asked) == (None if expected is None else pytest.approx(expected))


def test_the_quiz_counts_what_is_right_and_names_nobody():
    known = [0 if is_true else 1 for is_true in quiz.TRUE]
    result = quiz.result({"before": {"a": [0] * 8, "b": [2] * 8}, "after": {"a": known}})
    assert result["asked"] == (2, 1)
    assert result["before"] == [int(is_true) for is_true in quiz.TRUE]
    assert result["after"] == [1] * 8
    assert result["gain"] == pytest.approx(1.0)
    assert "a" not in str(result["before"])
    assert not quiz.is_answered([0] * 7)
    assert not quiz.is_answered([0] * 7 + [3])
    assert not quiz.is_answered([0] * 7 + ["0"])
    assert {len(quiz.statements(language)) for language in ("en", "ko")} == {len(quiz.TRUE)}
