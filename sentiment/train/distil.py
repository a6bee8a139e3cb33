"""The full recipe: masked words, several teachers, one student that learns what they agree on, and an average.

The teachers differ in seed and in whether they read masked words first. The student starts from one of them and
learns every text's labels together with the mean of what all teachers say of it, so that texts without a label of
their own teach too. Three runs then go on from the student, each in an order of its own with the student as teacher,
and their weights are averaged. Sources: Hinton and others 2015; Furlanello and others 2018 (a student as large as
its teacher); Wortsman and others 2022 (averaging runs that share their start).

Files in the work folder: ``adapted.pt``, ``teacher-N.pt``, ``student.pt``, ``run-N.pt``. A finished one is not made
again with ``resume``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from sentiment.train import masked
from sentiment.train.batches import cut_by, plan
from sentiment.train.losses import chances
from sentiment.train.network import from_base
from sentiment.train.run import follow
from sentiment.train.state import Clock, State
from sentiment.train.words import bfloat16

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sentiment.base import Base
    from sentiment.train.batches import Prepared
    from sentiment.train.network import Network
    from sentiment.train.run import Recipe, Report
    from sentiment.train.words import Words

_READ_ROWS, _READ_TOKENS = 512, 16_000
ROWS, TOKENS, PEAK = 112, 4480, 2e-4
"""Batches of a large card, and the learning rate that goes with them."""
POLISH_PEAKS = (1.2e-4, 1.2e-4, 1.6e-4)
"""Learning rates of the runs that are averaged."""


@dataclass(frozen=True, slots=True)
class Teacher:
    """One teacher: its number is its seed's offset."""

    number: int
    adapted: bool
    """Whether it read masked words first."""


TEACHERS = (
    Teacher(0, adapted=True),
    Teacher(1, adapted=True),
    Teacher(2, adapted=False),
    Teacher(3, adapted=False),
)
ADAPT_SHARE, TEACHER_SHARE, STUDENT_SHARE, POLISH_SHARE = 0.1, 0.12, 0.15, 0.09
"""Of the time budget, where there is one; those of teachers and of runs are for each."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What every stage needs."""

    base: Base
    words: Words
    prepared: Prepared
    work: Path
    recipe: Recipe
    resume: bool = False
    report: Report | None = None

    def network(self, name: str | None = None) -> Network:
        """The base's encoder, or a finished stage's."""
        made = from_base(self.base)
        if name is not None:
            State(self.work / name, made, None).load()
        return made.to(self.words.device)

    def made(self, name: str) -> bool:
        """Whether a stage need not be done again."""
        return self.resume and (self.work / name).exists()

    def follow(
        self, network: Network, name: str, share: float, seed: int, *, labelled: bool, peak: float = PEAK
    ) -> Clock:
        """Train a network and keep it under a name."""
        minutes = None if self.recipe.minutes is None else self.recipe.minutes * share
        own = replace(self.recipe, minutes=minutes, seed=seed, peak=peak, rows=ROWS, tokens=TOKENS)
        torch.manual_seed(seed)
        batches = plan(self.prepared, seed, rows=ROWS, tokens=TOKENS, labelled=labelled)
        part = self.work / f"{name}.part"
        clock = follow(
            network, self.words, self.prepared, batches, own, part, resume=self.resume, report=self.report
        )
        State(self.work / name, network, None).save(clock.done, clock.elapsed())
        part.unlink()
        return clock


def full(scene: Scene) -> tuple[Network, Clock]:
    """All stages one after the other; returns the averaged network and the last run's clock."""
    adapt(scene)
    for teacher in TEACHERS:
        teach(scene, teacher)
    names = [f"teacher-{teacher.number}.pt" for teacher in TEACHERS]
    study(_taught(scene, names))
    return polish(_taught(scene, ["student.pt"]))


def _taught(scene: Scene, names: Sequence[str]) -> Scene:
    """With the mean of what finished networks say of every sample as soft labels."""
    said = [ask(scene.network(name), scene.words, scene.prepared.ids) for name in names]
    soft = np.mean(said, axis=0).astype(np.float16)
    return replace(scene, prepared=replace(scene.prepared, soft=soft))


def adapt(scene: Scene) -> None:
    """Masked words over every text of the mix."""
    if scene.made("adapted.pt"):
        return
    recipe = scene.recipe
    torch.manual_seed(recipe.seed)
    network = scene.network()
    minutes = None if recipe.minutes is None else recipe.minutes * ADAPT_SHARE
    way = masked.Plan(recipe.seed, passes=2, minutes=minutes, steps=recipe.steps)
    clock = masked.adapt(network, scene.words, scene.prepared.ids, way, scene.report)
    State(scene.work / "adapted.pt", network, None).save(clock.done, clock.elapsed())


def teach(scene: Scene, teacher: Teacher) -> None:
    """Train one teacher on the labels."""
    name = f"teacher-{teacher.number}.pt"
    if scene.made(name):
        return
    seed = scene.recipe.seed + teacher.number
    torch.manual_seed(seed)  # its heads start at random
    network = scene.network()
    if teacher.adapted:
        State(scene.work / "adapted.pt", network, None).load()
    scene.follow(network, name, TEACHER_SHARE, seed, labelled=True)


def study(scene: Scene) -> None:
    """Train the student: from the first teacher, on labels and soft labels."""
    if not scene.made("student.pt"):
        seed = scene.recipe.seed + len(TEACHERS)
        scene.follow(scene.network("teacher-0.pt"), "student.pt", STUDENT_SHARE, seed, labelled=False)


def polish(scene: Scene) -> tuple[Network, Clock]:
    """Go on from the student in several runs and average their weights."""
    states = []
    clock = Clock(0, 0, 0.0, None)
    for number, peak in enumerate(POLISH_PEAKS):
        name = f"run-{number}.pt"
        network = scene.network(name if scene.made(name) else "student.pt")
        if not scene.made(name):
            seed = scene.recipe.seed + len(TEACHERS) + 1 + number
            clock = scene.follow(network, name, POLISH_SHARE, seed, labelled=False, peak=peak)
        states.append(network.state_dict())
    network = scene.network()
    network.load_state_dict({name: mean([state[name] for state in states]) for name in states[0]})
    return network, clock


def mean(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    """The element-wise mean of tensors of one shape."""
    return torch.stack([tensor.float() for tensor in tensors]).mean(dim=0)


def ask(network: Network, words: Words, ids: list[list[int]]) -> NDArray[np.float32]:
    """What a network says of texts, [texts, outputs] in the columns of soft labels."""
    order = sorted(range(len(ids)), key=lambda number: len(ids[number]))
    found: NDArray[np.float32] | None = None
    network.eval()
    device = words.device
    with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=bfloat16(device)):
        for numbers in cut_by(order, ids, _READ_ROWS, _READ_TOKENS):
            outputs = network(*words.padded([ids[number] for number in numbers]))
            said = chances({name: value.float() for name, value in outputs.items()}).cpu().numpy()
            if found is None:
                found = np.zeros((len(ids), said.shape[1]), np.float32)
            found[numbers] = said
    if found is None:
        raise ValueError("no texts")
    return found
