"""The crisis as written, and what the reader of drills says about mistakes in one."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import alerts
from listener import query
from listener.simulator import SimulatorError
from listener.simulator.drill.language import other_than
from listener.simulator.drill.plan import Plan, plan
from listener.simulator.scenario import Script, read

TOLD = {
    "length": "10m", "notice": "1m", "targets": {"3": "5m"}, "never": ["money"],
    "say": {"money": {"about": "promises money", "en": "refund*"}},
}  # fmt: skip


def script(*arrivals: dict[str, Any], **told: Any) -> Script:
    made = Script("made", "A made one", {"handle": "acme", "name": "Acme"}, drill={**TOLD, **told})
    made.people["ada"] = {"name": "Ada", "language": "en"}
    made.people["bob"] = {"name": "Bob", "language": "fr"}
    made.arrivals = [
        {"by": "ada", "text": "Fire!", "language": "en", "after": "1m", **one} for one in arrivals
    ]
    return made


@pytest.fixture(scope="module")
def crisis() -> Plan:
    made = plan(read("crisis"))
    assert made is not None
    return made


def test_the_crisis_has_what_a_team_must_handle(crisis: Plan) -> None:
    truths = [one.truth for one in crisis.arrivals if one.truth is not None]
    assert {one.language for one in crisis.arrivals} == {"en", "fr", "ru", "he", "de", "es", "pt", "it", "ar"}
    needed = Counter(one.level for one in truths if one.answer)
    assert needed[3] >= 15
    assert needed[2] >= 10
    assert needed[1] >= 5
    assert {"troll", "joke", "praise", "press", "known", "spam"} <= {one.why for one in truths}
    assert sum(one.why == "press" for one in truths) == 1


def test_whoever_must_be_answered_can_be_answered_in_time(crisis: Plan) -> None:
    for one in crisis.arrivals:
        if one.truth is not None and one.truth.answer and one.truth.level == 3:
            assert one.after + crisis.targets[3] <= crisis.length, one.text


def test_the_brands_query_hears_whatever_needs_an_answer(crisis: Plan) -> None:
    asked = query.parse(read("crisis").brand["query"])
    for one in crisis.arrivals:
        if one.truth is not None and one.truth.answer:
            assert asked.matches(query.Document(text=one.text, title=one.title)), one.text


@pytest.mark.parametrize(
    ("rule", "language", "good", "bad"),
    [
        ("unplug", "en", "Please unplug the blanket now.", "We are sorry to hear that."),
        ("unplug", "fr", "Débranchez la couverture, s'il vous plaît.", "Nous sommes désolés."),
        ("unplug", "ru", "Пожалуйста, выньте вилку из розетки.", "Нам очень жаль."),
        ("unplug", "he", "נא לנתק את השמיכה מהשקע.", "אנחנו מצטערים."),
        ("unplug", "de", "Bitte ziehen Sie den Stecker.", "Das tut uns leid."),
        ("unplug", "es", "Por favor, desenchufe la manta.", "Lo sentimos mucho."),
        ("unplug", "ar", "افصلوا البطانية عن القابس.", "نحن آسفون."),
        ("private", "ru", "Напишите нам в личные сообщения.", "Мы занимаемся этим."),
        ("private", "he", "כתבו לנו בהודעה פרטית.", "אנחנו בודקים."),
        ("batch", "de", "Die Nummer steht auf dem Etikett.", "Wir prüfen das."),
        ("page", "fr", "Tout est sur https://velquist.example.test/ember", "Nous vérifions."),
        ("money", "en", "We will refund you at once.", "We will look into it."),
        ("money", "he", "תקבלו החזר מלא.", "נבדוק מיד."),
        ("money", "fr", "Nous vous rembourserons.", "Nous vérifions cela."),
        ("blame", "de", "Das ist unsere Schuld.", "Das nehmen wir ernst."),
        ("harmless", "ru", "Это не опасно.", "Ваша безопасность важнее всего."),
        ("no_leak", "en", "Your data is safe.", "We are checking what happened to your data."),
    ],
)  # fmt: skip
def test_words_are_found_where_they_are(rule: str, language: str, good: str, bad: str) -> None:
    words = query.parse(read("crisis").drill["say"][rule][language])  # type: ignore[index]
    assert words.matches(query.Document(text=good))
    assert not words.matches(query.Document(text=bad))


def test_what_the_product_suggests_is_not_forbidden(crisis: Plan) -> None:
    rules = {rule.name: rule for one in crisis.arrivals if one.truth for rule in one.truth.never}
    read_ = 0
    for file in (Path(alerts.__file__).parent / "playbooks").glob("*.toml"):
        for section, sentences in tomllib.loads(file.read_text(encoding="utf-8")).items():
            for said in sentences.values() if section not in {"cues", "money"} else ():
                text = said.format(brand="Velquist", contact="https://velquist.example.test")
                assert other_than(file.stem, text) is None, text
                assert not [rule.name for rule in rules.values() if rule.met_by(text, file.stem)], text
                read_ += 1
    assert read_ > 200


@pytest.mark.parametrize(
    ("arrival", "said"),
    [
        ({}, "truth is missing"),
        ({"truth": {"level": 4, "answer": True}}, "level \\(0 to 3\\)"),
        ({"truth": {"level": 3, "answer": "yes"}}, "answer \\(true or false\\)"),
        ({"truth": {"level": 0, "answer": False}}, "why is for posts without an answer"),
        ({"truth": {"level": 3, "answer": True, "why": "troll"}}, "why is for posts without an answer"),
        ({"truth": {"level": 3, "answer": True, "must": ["fly"]}}, "no rule fly"),
        ({"truth": {"level": 2, "answer": True}}, "no target for level 2"),
        ({"truth": {"level": 3, "answer": True}, "language": "fr"}, "money has no words in fr"),
        ({"truth": {"level": 3, "answer": True}, "after": "11m"}, "the drill is over by then"),
        ({"re": "nobody"}, "'nobody' is the id of no earlier post"),
    ],
)
def test_mistakes_are_named(arrival: dict[str, Any], said: str) -> None:
    with pytest.raises(SimulatorError, match=said):
        plan(script(arrival))


def test_somebody_elses_answer_needs_a_truth_of_its_own() -> None:
    first = {"id": "one", "truth": {"level": 3, "answer": True}}
    assert plan(script(first, {"after": "2m", "re": "one"})) is not None
    with pytest.raises(SimulatorError, match="by bob: truth is missing"):
        plan(script(first, {"after": "2m", "re": "one", "by": "bob"}))


def test_the_drills_own_section_is_read_strictly() -> None:
    made = script()
    made.drill = {key: value for key, value in TOLD.items() if key != "length"}
    with pytest.raises(SimulatorError, match="'length' is missing"):
        plan(made)
    with pytest.raises(SimulatorError, match="words of money in en"):
        plan(script(say={"money": {"en": "(refund"}}))
    made = script({"truth": {"level": 3, "answer": True}})
    made.drill = None
    with pytest.raises(SimulatorError, match="need a \\[drill\\] section"):
        plan(made)


def test_a_week_is_no_drill() -> None:
    assert plan(read("brand_week")) is None
