"""What every registered channel keeps to, whatever its platform: one parametrised test per promise."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from pydantic import SecretStr

from listener.channels import channel_type
from listener.channels.base import Channel, Limits, Listen, MayReply, Options, Post, ReplyMode
from listener.http import Http
from listener.query import parse
from listener.sources import SourceError, parse_options, split
from tests.contract.needed import NEEDED, SHIPPED

PUSHED = frozenset({"webhook", "whatsapp"})  # posts only come by webhook: there is nothing to poll
every_channel = pytest.mark.parametrize("kind", SHIPPED)


def made(kind: str) -> Channel[Any]:
    return channel_type(kind)(parse_options(kind, NEEDED[kind]), Http())


def post(**more: Any) -> Post:
    return Post("1", "hello", datetime(2026, 11, 25, tzinfo=UTC), **more)


def test_every_kind_is_listed_here() -> None:
    assert set(NEEDED) == set(SHIPPED)


@every_channel
def test_it_is_named_as_it_is_registered(kind: str) -> None:
    channel = channel_type(kind)
    assert channel.kind == kind
    assert channel.title
    assert issubclass(channel.options_type, Options)
    assert channel.__doc__


@every_channel
def test_making_one_touches_nothing_and_listening_is_a_generator(kind: str) -> None:
    channel = made(kind)  # sockets other than loopback are blocked: a call out would fail here
    assert isinstance(channel.instance, str)
    assert isinstance(channel.identity_of(channel.options), tuple)


@every_channel
def test_each_option_says_what_it_is_for(kind: str) -> None:
    for name, field in channel_type(kind).options_type.model_fields.items():
        assert field.description, f"{kind}.{name} has no description"


@every_channel
def test_an_unknown_option_is_named(kind: str) -> None:
    with pytest.raises(SourceError, match="colour"):
        parse_options(kind, NEEDED[kind] | {"colour": "red"})


@every_channel
def test_a_missing_option_is_named(kind: str) -> None:
    for name, field in channel_type(kind).options_type.model_fields.items():
        if field.is_required():
            given = {key: value for key, value in NEEDED[kind].items() if key != name}
            with pytest.raises(SourceError, match=name):
                parse_options(kind, given)


@every_channel
def test_what_is_no_address_is_refused_by_name(kind: str) -> None:
    for name in channel_type(kind).options_type.model_fields:
        if name == "url" or name.endswith("_url"):
            with pytest.raises(SourceError, match=rf"{name}: "):
                parse_options(kind, NEEDED[kind] | {name: "www.example.test/x y"})


@every_channel
def test_whatever_sounds_secret_is_sealed_and_never_shown(kind: str) -> None:
    options = parse_options(kind, NEEDED[kind])
    account, source, secrets = split(options)
    for name in type(options).model_fields:
        if any(word in name for word in ("token", "secret", "password", "private_key", "api_key")):
            value = getattr(options, name)
            assert value is None or isinstance(value, SecretStr), f"{kind}.{name} must be a SecretStr"
    for value in secrets.values():
        assert value not in f"{account} {source} {options!r} {options} {made(kind)!r}"
        assert value not in "".join(made(kind).identity_of(options))


@every_channel
def test_stored_options_open_the_same_channel_again(kind: str) -> None:
    options = parse_options(kind, NEEDED[kind])
    account, source, secrets = split(options)
    again = channel_type(kind).options_type.model_validate({**account, **source, **secrets})
    assert again == options
    assert channel_type(kind).identity_of(again) == channel_type(kind).identity_of(options)


@every_channel
def test_limits_are_known_without_network(kind: str) -> None:
    limits = made(kind).limits()
    assert isinstance(limits, Limits)
    assert limits.poll_every >= timedelta(seconds=10)
    assert limits.read_lag >= timedelta(0)
    if channel_type(kind).replies:
        assert limits.length is not None
        for text in ("", "a", "é" * 7, "👩‍👩‍👧", "שלום", "@ada@far.example.test see https://example.test/x"):
            assert 0 <= limits.measure(text) <= 4 * len(text) + 25
        assert limits.measure("aaaa") > limits.measure("a")


@every_channel
@pytest.mark.parametrize("url", [None, "https://platform.example.test/1"])
def test_how_to_reply_is_decided_beforehand_and_explained(kind: str, url: str | None) -> None:
    answer = made(kind).may_reply(post(url=url))
    assert isinstance(answer, MayReply)
    if answer.mode is not ReplyMode.API:
        assert answer.reason
        assert answer.mode is (ReplyMode.LINK if url else ReplyMode.NONE) or kind == "hackernews"
    else:
        assert channel_type(kind).replies


@every_channel
def test_what_it_cannot_do_it_says_loudly(kind: str) -> None:
    channel = made(kind)
    if not channel.replies:
        with pytest.raises(NotImplementedError):
            channel.reply(post(), "hi", key="k")
    if not channel.receives:
        from listener.channels.base import Hook

        with pytest.raises(NotImplementedError):
            channel.receive(Hook("POST", {}, {}, b""))


@every_channel
def test_a_channel_that_replies_can_also_find_its_reply(kind: str) -> None:
    channel = channel_type(kind)
    if channel.replies:
        assert channel.find is not Channel.find


@every_channel
def test_it_is_asked_again_only_if_it_can_be(kind: str) -> None:
    channel = channel_type(kind)
    assert (channel.refreshes > 0) is (channel.refresh is not Channel.refresh)
    if channel.refreshes:
        assert inspect.isgenerator(made(kind).refresh([]))  # a run that is over closes it


@every_channel
def test_it_never_touches_the_database_or_another_channel(kind: str) -> None:
    from pathlib import Path

    module = Path(inspect.getsourcefile(channel_type(kind)) or "")
    files = module.parent.glob("*.py") if module.name == "__init__.py" else [module]
    for file in files:
        source = file.read_text(encoding="utf-8")
        assert "sqlalchemy" not in source
        assert "listener.db" not in source
        for other in SHIPPED:
            assert other == kind or f"listener.channels.{other}" not in source


@every_channel
def test_a_stream_is_an_option_of_the_source_and_off_by_default(kind: str) -> None:
    found = channel_type(kind)
    field = found.options_type.model_fields.get("stream")
    assert (field is not None) == found.streams
    if field is None:
        return
    assert (field.annotation, field.default, field.json_schema_extra) == (bool, False, {"of": "source"})
    assert inspect.isgenerator(made(kind).stream(Listen([], datetime.now(UTC)), None, Event()))


@pytest.mark.parametrize("kind", [kind for kind in SHIPPED if channel_type(kind).streams])
def test_streaming_from_nobody_there_is_one_clear_error(kind: str) -> None:
    from listener.errors import ChannelError

    fields = channel_type(kind).options_type.model_fields
    nowhere = {"base_url": "http://127.0.0.1:9", "stream_url": "ws://127.0.0.1:9"}
    given = NEEDED[kind] | {name: value for name, value in nowhere.items() if name in fields}
    channel = channel_type(kind)(parse_options(kind, given), Http(allow=["127.0.0.1:*"], timeout=(1.0, 1.0)))
    with pytest.raises(ChannelError) as raised:
        list(channel.stream(Listen([parse("acme")], datetime.now(UTC)), None, Event()))
    assert len(str(raised.value)) > 10
    assert "sesame" not in str(raised.value)


@every_channel
def test_listening_to_nobody_there_is_one_clear_error(kind: str, tmp_path: Any) -> None:
    """A closed port, a missing file: a ChannelError with words for people, never a bare library error."""
    from listener.errors import ChannelError

    nowhere = {
        "base_url": "http://127.0.0.1:9",
        "url": "http://127.0.0.1:9/rss",
        "path": str(tmp_path / "none.csv"),
        "imap_host": "127.0.0.1",
        "imap_port": "9",
    }
    fields = channel_type(kind).options_type.model_fields
    given = NEEDED[kind] | {name: value for name, value in nowhere.items() if name in fields}
    channel = channel_type(kind)(parse_options(kind, given), Http(allow=["127.0.0.1:*"], timeout=(1.0, 1.0)))
    what = Listen([parse("acme")], datetime.now(UTC) - timedelta(days=1))
    if kind in PUSHED:
        assert [page.posts for page in channel.listen(what, None)] == [()]
        return
    with pytest.raises(ChannelError) as raised:
        list(channel.listen(what, None))
    assert len(str(raised.value)) > 10
    assert "sesame" not in str(raised.value)
