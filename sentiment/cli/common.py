"""What several commands of this room ask for: which model, with which threshold, loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listener.settings import find_home
from sentiment import choice
from sentiment.settings import SentimentSettings

if TYPE_CHECKING:
    import click

    from sentiment.reader import Reader


def settings_of(context: click.Context) -> SentimentSettings:
    """The `[sentiment]` section that holds here; the defaults when a command runs outside of `allears`."""
    settings = getattr(context.obj, "settings", None)
    return settings.sentiment if settings is not None else SentimentSettings()


def model_name(context: click.Context, named: str | None) -> str:
    """The model a command works with: the option's, else the settings', else the home's choice."""
    return named or choice.chosen(find_home()[0], settings_of(context).model)


def load_reader(context: click.Context, named: str | None) -> Reader:
    """Load that model. Raises ModelError."""
    from sentiment.reader import Reader  # noqa: PLC0415 - the engine loads only when used

    settings = settings_of(context)
    threshold = choice.alert_threshold(find_home()[0], settings.alert_threshold)
    return Reader.load(model_name(context, named), threads=settings.threads, alert_threshold=threshold)
