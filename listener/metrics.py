"""Prometheus counters of all rooms; read at /metrics."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

JOB_CRASHES = Counter("allears_job_crashes_total", "Jobs that ended with an unexpected error")
POSTS = Counter("allears_posts_total", "Posts by source kind and what became of them", ["kind", "outcome"])
STREAMS = Counter("allears_streams_total", "Connections of streams that ended, by how", ["result"])
POLLS = Counter("allears_polls_total", "Polls by kind and result", ["kind", "result"])
RECHECKS = Counter(
    "allears_rechecks_total", "Stored posts asked for again by kind and result", ["kind", "result"]
)
SCORED = Counter("allears_scored_total", "Mentions scored")
ALERTS = Counter("allears_alerts_total", "Alerts raised, by level", ["level"])
REPLIES = Counter("allears_replies_total", "Replies by channel and end state", ["channel", "state"])
REQUEST_SECONDS = Histogram("allears_request_seconds", "Panel answers", ["endpoint"])
