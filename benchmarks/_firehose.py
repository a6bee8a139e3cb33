"""The search of Hacker News with as many hits as asked for, made up from their number while they are read: a platform
that costs next to nothing, however much it holds.
"""

from __future__ import annotations

import json
import random
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from benchmarks._posts import about

SPACING = 2  # seconds between two hits


class Search(BaseHTTPRequestHandler):
    """`GET /api/v1/search_by_date`: newest first, created_at_i<= in numericFilters, page and hitsPerPage."""

    protocol_version = "HTTP/1.1"
    count: ClassVar[int] = 0
    newest: ClassVar[int] = 0

    def do_GET(self) -> None:
        """Answer a page."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        _, _, upper = asked.get("numericFilters", "").rpartition("<=")
        skipped = max(0, -(-(self.newest - int(upper)) // SPACING)) if upper else 0
        size = int(asked.get("hitsPerPage", "20"))
        first = skipped + int(asked.get("page", "0")) * size
        hits = [hit(self.newest, number) for number in range(first, min(first + size, self.count))]
        body = json.dumps({"hits": hits, "nbHits": self.count - skipped}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


def hit(newest: int, number: int) -> dict[str, Any]:
    """Return the comment of this number, 0 being the newest."""
    at = newest - number * SPACING
    return {
        "objectID": str(50_000_000 - number),
        "author": f"person{number % 2000}",
        "created_at_i": at,
        "comment_text": about(random.Random(number)),
        "story_id": 41_000_000,
        "parent_id": 41_000_000,
        "_tags": ["comment"],
    }


def start(count: int) -> str:
    """Serve `count` hits on a free port, in a thread. Returns the address."""
    Search.count, Search.newest = count, int(time.time())
    server = ThreadingHTTPServer(("127.0.0.1", 0), Search)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"
