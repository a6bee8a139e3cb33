"""A stream is switched on and off while the source keeps its place; other options of the source change alike."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from listener import brands, collect, sources
from listener.db import Database
from listener.ground import Ground
from listener.sources import SourceError
from tests.listener.rooms import page, post
from tests.listener.streams.room import Brook, Make, brook, furnish, is_up, process, row, source
from tests.listener.wire_room import until

__all__ = ["brook", "process"]


def test_it_is_switched_on_and_off_and_keeps_its_place(
    db: Database, kit: Ground, brook: type[Brook], process: Make
) -> None:
    (source_id,) = furnish(db, kit, "one", stream="false", words="a,b", token="sesame-open")
    brook.script[:] = [page(post("1"), cursor={"v": 1, "at": 3})]
    collect.poll(db, kit, source_id, force=True)
    process(db)
    sources.change(db, kit, "one", {"stream": "true"})
    until(lambda: is_up(db, source_id))
    assert source(db, source_id).options == {"stream": True, "words": ["a", "b"]}
    assert source(db, source_id).cursor == {"v": 1, "at": 3}
    (listed,) = sources.list_(db)
    assert (listed.streams, listed.stream, listed.stream_error) == (True, "up", None)
    assert listed.as_json()["stream_since"]
    sources.change(db, kit, "one", {"stream": "no"})
    until(lambda: row(db, source_id).holder is None)
    (listed,) = sources.list_(db)
    assert (listed.streams, listed.stream) == (True, None)


@pytest.mark.parametrize(
    ("settings", "says"),
    [({}, "nothing to change"), ({"token": "new-sesame"}, "belongs to the account"), ({"colour": "red"}, "colour"),
     ({"stream": "perhaps"}, "stream"), ({"base_url": "https://x.example.test"}, "belongs to the account")],
)  # fmt: skip
def test_what_cannot_be_changed_is_named_and_nothing_changes(
    sqlite_db: Database, kit: Ground, brook: type[Brook], settings: dict[str, str], says: str
) -> None:
    (source_id,) = furnish(sqlite_db, kit, "one", token="sesame-open")
    before = source(sqlite_db, source_id).options
    with pytest.raises(SourceError, match=says) as raised:
        sources.change(sqlite_db, kit, "one", settings)
    assert "sesame" not in str(raised.value)
    assert source(sqlite_db, source_id).options == before
    with pytest.raises(SourceError, match="there is no source 'two'"):
        sources.change(sqlite_db, kit, "two", {"stream": "true"})


def test_a_kind_without_streams_says_so(sqlite_db: Database, kit: Ground) -> None:
    brands.add(sqlite_db, "Acme", query="acme")
    sources.add(sqlite_db, kit, "hackernews", name="hn", brand="Acme", settings={})
    with pytest.raises(SourceError, match="hackernews has no option 'stream'"):
        sources.change(sqlite_db, kit, "hn", {"stream": "true"})
    (listed,) = sources.list_(sqlite_db)
    assert (listed.streams, listed.stream) == (False, None)


def test_the_command_tells_what_is_set_and_how_it_goes(
    sqlite_db: Database, kit: Ground, brook: type[Brook], process: Make
) -> None:
    from types import SimpleNamespace

    from listener.cli.sources import source as command

    (source_id,) = furnish(sqlite_db, kit, "one", stream="false")
    app = SimpleNamespace(db=sqlite_db, ground=kit)
    told = CliRunner().invoke(command, ["set", "one", "stream=true"], obj=app)
    assert (told.exit_code, told.output) == (0, "Source one: stream set.\n")
    process(sqlite_db)
    until(lambda: is_up(sqlite_db, source_id))
    assert "  stream up since " in CliRunner().invoke(command, ["list"], obj=app).output
