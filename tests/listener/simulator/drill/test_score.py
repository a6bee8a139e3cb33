"""Every line of the scorecard, from cases made by hand: figures that can be counted on one's fingers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from listener import query
from listener.simulator.drill.plan import Plan, Rule, Truth
from listener.simulator.drill.report import criticals, duration, report
from listener.simulator.drill.score import Case, Given, Scorecard, cut, score

UNPLUG = Rule("unplug", "does not say to pull the plug", {"en": query.parse("unplug*")})
MONEY = Rule("money", "promises money", {"en": query.parse("refund*")})
PLAN = Plan(
    "crisis", "A drill", timedelta(hours=2), timedelta(minutes=3),
    {3: timedelta(minutes=15), 2: timedelta(hours=1), 1: timedelta(minutes=90)}, (),
)  # fmt: skip
NEEDED = {level: Truth(level, answer=True, never=(MONEY,)) for level in (1, 2, 3)}
TROLL = Truth(0, answer=False, why="troll")


def case(
    number: int, truth: Truth, at: float, *answered: float | tuple[float, str], platform: str = "mastodon",
    said: tuple[float, ...] = (),
) -> Case:  # fmt: skip
    """Moments are in minutes."""
    given = [(one, "We are on it.") if not isinstance(one, tuple) else one for one in answered]
    return Case(
        number, platform, f"person{number}", "en", f"Post number {number}", truth,
        [timedelta(minutes=moment) for moment in (at, *said)],
        [Given(text, timedelta(minutes=moment)) for moment, text in given],
    )  # fmt: skip


def judged(*cases: Case, at: float = 120) -> Scorecard:
    return score(PLAN, cases, timedelta(minutes=at))


def codes(card: Scorecard) -> list[tuple[int, list[str]]]:
    return [(one["post"], [reason["code"] for reason in one["reasons"]]) for one in card.wrong]


def test_times_are_counted_from_the_post_to_its_first_answer() -> None:
    waits = [2, 4, 6, 8, 10, 12, 14, 16, 18, 60]
    card = judged(
        *[case(number, NEEDED[3], number, number + wait) for number, wait in enumerate(waits, start=1)]
    )
    assert card.total.median_s == 10 * 60
    assert card.total.p90_s == 18 * 60
    assert (card.total.answered, card.total.in_time) == (10, 7)
    assert (card.levels[0].name, card.levels[0].target_s) == ("3", 15 * 60)


def test_levels_and_platforms_have_figures_of_their_own() -> None:
    card = judged(
        case(1, NEEDED[3], 0, 5),
        case(2, NEEDED[1], 0, 100),
        case(3, NEEDED[1], 0, 20, platform="x"),
        case(4, TROLL, 0, platform="x"),
    )
    figures = [(one.name, one.needing, one.answered, one.in_time, one.median_s) for one in card.levels]
    assert figures == [("3", 1, 1, 1, 300), ("1", 2, 2, 1, 1200)]
    platforms = [(one.name, one.arrived, one.needing, one.median_s) for one in card.platforms]
    assert platforms == [("mastodon", 2, 2, 300), ("x", 2, 1, 1200)]
    assert (card.total.arrived, card.total.needing) == (4, 3)


def test_nobody_answered_means_no_times() -> None:
    card = judged(case(1, NEEDED[3], 0), at=5)
    assert card.total.median_s is card.total.p90_s is None


def test_missed_is_what_needed_an_answer_and_got_none_by_its_target() -> None:
    cases = (case(1, NEEDED[3], 10), case(2, NEEDED[2], 10), case(3, TROLL, 10), case(4, NEEDED[3], 10, 11))
    early = judged(*cases, at=20)
    assert not early.missed
    assert [one["post"] for one in early.waiting] == [1, 2]
    later = judged(*cases, at=26)
    assert [one["post"] for one in later.missed] == [1]
    assert (later.total.missed, later.total.waiting) == (1, 1)
    assert not later.over


def test_at_the_end_everything_unanswered_is_missed() -> None:
    card = judged(case(1, NEEDED[1], 119))
    assert card.over
    assert [one["post"] for one in card.missed] == [1]
    assert not card.waiting


def test_a_post_that_wants_no_answer_is_wrongly_answered_and_says_why() -> None:
    card = judged(case(1, TROLL, 0, 5), case(2, TROLL, 0))
    assert codes(card) == [(1, ["needless"])]
    assert "a troll" in card.wrong[0]["reasons"][0]["text"]
    assert (card.total.wrong, card.total.answered) == (1, 0)


def test_a_second_answer_is_wrong_unless_the_customer_wrote_again() -> None:
    card = judged(
        case(1, NEEDED[2], 0, 5, 9),
        case(2, NEEDED[2], 0, 5, 9, said=(7,)),
        case(3, NEEDED[2], 0, 5, said=(2, 3)),
    )
    assert codes(card) == [(1, ["twice"])]


def test_a_promise_is_forbidden_in_any_answer() -> None:
    card = judged(case(1, NEEDED[2], 0, 5, (9, "You will be refunded."), said=(7,)))
    assert codes(card) == [(1, ["forbidden"])]
    assert card.wrong[0]["reasons"][0]["text"] == "promises money"


def test_what_counts_may_stand_in_any_of_the_answers_but_must_stand_somewhere() -> None:
    truth = Truth(3, answer=True, must=(UNPLUG,))
    card = judged(
        case(1, truth, 0, 5),
        case(2, truth, 0, (5, "Please unplug it.")),
        case(3, truth, 0, 5, (8, "And unplug it, please."), said=(6,)),
    )
    assert codes(card) == [(1, ["lacking"])]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Nous sommes désolés, un collègue s'occupe de votre message en ce moment.", True),
        ("Мы уже занимаемся этим, спасибо.", True),
        ("@someone We are sorry and are looking into it right now.", False),
        ("Ok!", False),
    ],
)
def test_an_answer_in_another_language_is_wrong(text: str, *, wrong: bool) -> None:
    card = judged(case(1, Truth(2, answer=True, must=(UNPLUG,)), 0, (5, text)))
    assert codes(card) == [(1, ["language" if wrong else "lacking"])]


def test_criticals_come_first() -> None:
    card = judged(case(1, NEEDED[3], 0, 9), case(2, NEEDED[1], 0, 10), case(3, NEEDED[3], 5, 11))
    assert (
        card.criticals_first is False
    )  # the third had been there for five minutes when the second was answered
    assert [(one["post"], one["waiting"]) for one in card.overtaken] == [(2, [3])]
    assert criticals(card).startswith("no: 1 answer")


def test_a_critical_that_nobody_can_have_read_yet_is_not_overtaken() -> None:
    card = judged(case(1, NEEDED[1], 0, 10), case(2, NEEDED[3], 8, 12), case(3, NEEDED[3], 0, 9))
    assert card.criticals_first is True
    assert criticals(card) == "yes"


def test_answers_to_trolls_overtake_too() -> None:
    card = judged(case(1, NEEDED[3], 0), case(2, TROLL, 0, 10))
    assert [one["post"] for one in card.overtaken] == [2]


def test_without_criticals_there_is_nothing_to_say() -> None:
    card = judged(case(1, NEEDED[1], 0, 10))
    assert card.criticals_first is None
    assert judged(case(1, NEEDED[3], 0)).criticals_first is None
    assert criticals(card) == "no critical post, or no answer yet"
    assert criticals(judged(case(1, NEEDED[3], 0))) == "nothing was answered"


def test_a_long_text_says_that_there_is_more() -> None:
    assert cut("the  controller\nmelted", 21) == "the controller melted"
    assert cut("the controller melted", 16) == "the controller…"


def test_the_report_has_every_line() -> None:
    text = report(
        judged(case(1, NEEDED[3], 0), case(2, TROLL, 0, 20), case(3, NEEDED[2], 60, 65), case(4, NEEDED[1], 70), at=100)
    )  # fmt: skip
    lines = text.splitlines()
    assert lines[0] == "Scorecard of the drill crisis: 1 h 40 of 2 h 00 (not over yet)"
    assert "Criticals first: no: 2 answers to lesser posts while a critical one waited" in lines
    assert "Missed: 1" in lines
    assert "  #1 level 3 mastodon (en) Post number 1" in lines
    assert "Wrongly answered: 1" in lines
    assert "    needless: should not be answered: a troll" in lines
    assert "Still in time: 1" in lines
    [level3] = [line.split() for line in lines if line.startswith("level 3")]
    assert level3 == ["level", "3", "1", "1", "0", "0", "1", "0", "0", "-", "-", "15", "min"]


@pytest.mark.parametrize(
    ("seconds", "shown"), [(None, "-"), (41, "41 s"), (60, "1 min"), (3599, "1 h 00"), (3900, "1 h 05")]
)
def test_durations_for_people(seconds: int | None, shown: str) -> None:
    assert duration(seconds) == shown
