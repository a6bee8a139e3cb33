"""The `[sentiment]` section."""

from __future__ import annotations

from pydantic import Field

from listener.settings import Section


class SentimentSettings(Section):
    """`[sentiment]`"""

    model: str = Field(
        "default",
        description='"default", "fast" (half the layers, twice the speed), a folder, or a Hugging Face name',
    )
    alert_threshold: float | None = Field(
        None,
        ge=0,
        le=1,
        description="P(urgent) from which on a mention is an alert; default: the model's own, "
        "or what `allears model budget --save` chose",
    )
    threads: int | None = Field(
        None, ge=1, description="of the inference engine; default: the machine's cores"
    )
    batch: int = Field(64, ge=1, le=4096, description="mentions claimed at once")
