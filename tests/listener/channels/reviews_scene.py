"""What the tests of reviews share."""

from __future__ import annotations

import pytest

from tests.listener.channels.review_platforms import ONE_ANSWER, PLATFORMS, REPLIES

each = pytest.mark.parametrize("name", sorted(PLATFORMS))
each_that_replies = pytest.mark.parametrize("name", REPLIES)
each_with_one_answer = pytest.mark.parametrize("name", ONE_ANSWER)
