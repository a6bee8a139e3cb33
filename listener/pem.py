"""Private keys as people paste them: an environment variable or a form field often loses the line ends of a PEM."""

from __future__ import annotations

import re

_BLOCK = re.compile(r"-----BEGIN ([A-Z ]+)-----(.*?)-----END \1-----", re.DOTALL)
_WIDTH = 64  # RFC 7468


def pem(text: str) -> str:
    """Return the text as a PEM with its line ends, or unchanged when it is none."""
    found = _BLOCK.search(text.replace("\\n", "\n"))
    if found is None:
        return text
    label, body = found[1], "".join(found[2].split())
    lines = [body[start : start + _WIDTH] for start in range(0, len(body), _WIDTH)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])
