"""The digest of a reader and a period: `build` reads, `render` writes, `due` and `send_due` bring it out once."""

from alerts.digest.build import build
from alerts.digest.render import render
from alerts.digest.send import Outcome, due, preview, send_due, send_one

__all__ = ["Outcome", "build", "due", "preview", "render", "send_due", "send_one"]
