"""The commands: their JSON, their words, their exit codes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from alerts import cli, people, reply, triage
from alerts.errors import AlertsError, Conflict
from alerts.models import Alert
from alerts.settings import AlertSettings
from listener.db import Database
from listener.ground import Ground
from tests.alerts.scene import AT, Scene

COMMANDS: list[click.Command] = [cli.alert, cli.reply, cli.publish, cli.user, cli.rule]


@dataclass
class Tree:
    alerts: AlertSettings


@dataclass
class App:
    db: Database
    ground: Ground
    settings: Tree


def run(
    scene: Scene, command: click.Command, *args: str, stdin: str | None = None, fails: bool = False
) -> Result:
    app = App(scene.db, scene.ground, Tree(AlertSettings()))
    result = CliRunner().invoke(command, args, obj=app, input=stdin, catch_exceptions=fails)
    assert (result.exit_code != 0) is fails, result.output
    return result


def as_json(result: Result) -> Any:
    return json.loads(result.stdout)


def raised(scene: Scene, **fields: object) -> Alert:
    scene.mention(**fields)  # type: ignore[arg-type]
    triage.triage(scene.db, at=AT)
    return scene.alerts()[-1]


def test_alert_list_has_the_agreed_keys_and_every_state(small: Scene) -> None:
    alert = raised(small)
    people.add_person(small.db, "ida@example.test", "lead", "long enough password")
    with small.db.work() as session:
        row = session.get_one(Alert, alert.id)
        row.state, row.assignee_id = "closed", people.find(session, "ida@example.test").id
    (shown,) = as_json(run(small, cli.alert, "list", "--json"))
    assert shown == {
        "id": alert.id, "state": "closed", "level": 2, "brand": "Acme", "channel": "fake",
        "assignee": "ida@example.test", "due_at": "2026-11-24T11:55:00+00:00", "reply_mode": "api",
        "mention": {
            "external_id": small.external_id(alert.mention_id), "author": "ann",
            "text": "My parcel has been stuck for two weeks", "url": alert.url,
        },
    }  # fmt: skip
    assert as_json(run(small, cli.alert, "list", "--state", "open", "--json")) == []
    assert "Acme" in run(small, cli.alert, "list").stdout


def test_alert_list_gives_all_of_them(small: Scene) -> None:
    for number in range(7):
        small.mention(author=f"a{number}")
    triage.triage(small.db, at=AT)
    assert len(as_json(run(small, cli.alert, "list", "--json"))) == 7


def test_reply_publish_show(small: Scene) -> None:
    alert = raised(small)
    made = as_json(
        run(small, cli.reply, str(alert.id), "--text", "On it.", "--as", "mia@example.test", "--json")
    )
    assert made["state"] == "approved"
    assert small.platform.replies() == []
    (sent,) = as_json(run(small, cli.publish, "--once", "--json"))
    assert (sent["id"], sent["state"], sent["external_id"], sent["by"]) == (
        made["id"],
        "sent",
        "r1",
        "mia@example.test",
    )
    shown = as_json(run(small, cli.alert, "show", str(alert.id), "--json"))
    assert shown["state"] == "answered"
    (public,) = shown["replies"]
    assert {"id", "state", "text", "by", "external_id", "url", "sent_at"} <= set(public)
    assert (public["text"], public["url"]) == ("On it.", "https://fake.example.test/r1")
    assert "On it." in run(small, cli.alert, "show", str(alert.id)).stdout
    assert as_json(run(small, cli.publish, "--once", "--json")) == []


def test_an_undo_window_only_when_asked(small: Scene) -> None:
    alert = raised(small)
    run(small, cli.reply, str(alert.id), "--text", "On it.", "--as", "mia@example.test", "--undo", "30")
    assert as_json(run(small, cli.publish, "--once", "--json")) == []
    assert small.platform.calls() == 0


def test_a_mention_can_be_answered_and_one_of_both_is_named(small: Scene) -> None:
    mention_id = small.mention(level=0)
    run(small, cli.reply, "--mention", str(mention_id), "--text", "Thanks!", "--as", "mia@example.test")
    run(small, cli.publish, "--once")
    assert [public["text"] for public in small.platform.replies()] == ["Thanks!"]
    result = run(small, cli.reply, "--text", "Thanks!", "--as", "mia@example.test", fails=True)
    assert "name either an alert or --mention ID" in result.output


def test_publish_says_what_failed_and_exits_with_1(small: Scene) -> None:
    alert = raised(small)
    run(small, cli.reply, str(alert.id), "--text", "On it.", "--as", "mia@example.test")
    small.platform.plan("422")
    result = run(small, cli.publish, "--once", fails=True)
    assert "failed refused Shorten it." in result.output


def test_publish_resolves_what_is_unknown(small: Scene) -> None:
    alert = raised(small)
    run(small, cli.reply, str(alert.id), "--text", "On it.", "--as", "mia@example.test")
    small.platform.plan("accepted-503")
    (row,) = as_json(run(small, cli.publish, "--once", "--json"))
    assert (row["state"], row["external_id"]) == ("sent", "r1")  # without a read lag it is looked up at once
    assert small.platform.calls() == 1


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["999", "--text", "x", "--as", "mia@example.test"], "there is no alert 999"),
        (["1", "--text", "x", "--as", "who@example.test"], "nobody has the address who@example.test"),
        (["1", "--text", "x" * 501, "--as", "mia@example.test"], "too long by 1: 501 of at most 500"),
        (["1", "--text", "On it.", "--as", "max@example.test"], "does not allow"),
        (["1", "--text", "On it.", "--as", "omar@example.test"], "there is no alert 1"),
    ],
)
def test_bad_input_is_named(small: Scene, args: list[str], words: str) -> None:
    raised(small)
    with pytest.raises(AlertsError, match=words):
        run(small, cli.reply, *args)


def test_the_second_answer_is_a_conflict(small: Scene) -> None:
    alert = raised(small)
    given = [str(alert.id), "--text", "On it.", "--as"]
    run(small, cli.reply, *given, "mia@example.test")
    with pytest.raises(Conflict, match="Mia"):
        run(small, cli.reply, *given, "noa@example.test")


def test_people_are_added_listed_and_locked_out(small: Scene) -> None:
    add = ["add", "Ida@example.test", "--role", "manager", "--brand", "Acme", "--password-stdin"]
    run(small, cli.user, *add, stdin="with spaces and ünicode \n")
    assert people.verify(small.db, "ida@example.test", "with spaces and ünicode ") is not None
    rows = {row["email"]: row for row in as_json(run(small, cli.user, "list", "--json"))}
    assert rows["ida@example.test"]["brands"] == ["Acme"]
    assert (rows["ida@example.test"]["can_log_in"], rows["mia@example.test"]["can_log_in"]) == (True, False)
    run(small, cli.user, "password", "ida@example.test", "--password-stdin", stdin="another long one")
    assert people.verify(small.db, "ida@example.test", "another long one") is not None
    run(small, cli.user, "deactivate", "ida@example.test")
    assert people.verify(small.db, "ida@example.test", "another long one") is None
    assert "(deactivated)" in run(small, cli.user, "list").stdout
    with pytest.raises(AlertsError, match="too short"):
        run(small, cli.user, "add", "x@example.test", "--role", "agent", "--password-stdin", stdin="\n")


def test_rules_are_added_listed_and_switched(small: Scene) -> None:
    run(
        small,
        cli.rule,
        "add",
        "Reviews",
        "--channel",
        "mastodon",
        "--sentiment",
        "negative",
        "--min-level",
        "1",
    )
    run(small, cli.rule, "disable", "Reviews")
    (row,) = as_json(run(small, cli.rule, "list", "--json"))
    assert (row["name"], row["channels"], row["enabled"]) == ("Reviews", ["mastodon"], False)
    run(small, cli.rule, "enable", "Reviews")
    assert "(disabled)" not in run(small, cli.rule, "list").stdout
    with pytest.raises(AlertsError, match="cannot be read"):
        run(small, cli.rule, "add", "Bad", "--words", "(")


def walk(command: click.Command, path: str) -> list[tuple[str, click.Command]]:
    found = [(path, command)]
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            found += walk(inner, f"{path} {name}")
    return found


@pytest.mark.parametrize(
    ("path", "command"), [each for top in COMMANDS for each in walk(top, top.name or "")]
)
def test_every_command_shows_an_example_of_itself(path: str, command: click.Command) -> None:
    text = CliRunner().invoke(command, ["--help"]).output
    assert "Example:" in text
    assert f"allears {path.split(maxsplit=1)[0]}" in " ".join(text.split())


def test_reply_is_an_alias_of_the_room_not_a_second_way(small: Scene) -> None:
    alert = raised(small)
    run(small, cli.reply, str(alert.id), "--text", "On it.", "--as", "mia@example.test")
    with small.db.read() as session:
        assert session.get_one(Alert, alert.id).state == "open"
    assert reply.send(small.db, small.ground) != []
