"""Structured logs on stderr: one event per unit of work, with ids, counts and durations.

Never text, handles or tokens.
"""

from __future__ import annotations

import logging
import sys

import structlog

from listener.settings import LogSettings


def configure(settings: LogSettings) -> None:
    """Send structlog and the standard library's logging to stderr, as text on a terminal and JSON elsewhere."""
    level = getattr(logging, settings.level.upper())
    as_text = settings.format == "text" or (settings.format == "auto" and sys.stderr.isatty())
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.types.Processor = (
        # plain: the pretty traceback prints local variables, and with them texts and handles
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if as_text
        else structlog.processors.JSONRenderer()
    )
    if as_text:
        shared.pop()
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(stream=sys.stderr, level=max(level, logging.WARNING), force=True)


def get(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return the logger of a module."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(module=name)
    return logger
