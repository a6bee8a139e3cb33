"""How fast the model reads, beside the usual `pipeline` with a classifier of XLM-R-base size, same texts, same run.

The classifier is built from its configuration with random weights: speed does not depend on what weights say, and
nothing has to be downloaded. It needs torch and transformers; without them its rows are left out, with a message.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import Row
from benchmarks._home import home
from benchmarks._posts import text
from sentiment.engine.onnx import cores
from sentiment.engine.weights import EMBEDDINGS, ENCODER, SHIPPED, TOKENIZER
from sentiment.reader import Reader

SECONDS = float(os.environ.get("ALLEARS_BENCH_SECONDS", "12"))  # of every measurement, at least
TURNS = 6
TEXTS = 768
COLD_TEXTS = 64
GOALS = {"default": (10.0, 7.0), "fast": (20.0, 12.0)}  # times the pipeline, one by one and batched
COLD_GOAL, MEMORY_GOAL = 4.0, 700.0  # seconds, MB
SHAPE = (384, 1536, 12)  # hidden size, inner size, layers of the shipped model
WIDTH, FFN, LAYERS, VOCABULARY = 768, 3072, 12, 250_002  # XLM-R base
MARKS = ("<s>", "<pad>", "</s>", "<unk>")
SQUARE = 1024  # matrices that a machine's peak is measured with


def rows() -> Iterator[Row]:
    """Measure the pipeline and ours by turns, then what the machine can do at all."""
    texts = posts(TEXTS)
    readers = {name: Reader.load(name, threads=cores()) for name in GOALS}
    cut = readers["default"]._model.tokens.encode  # noqa: SLF001 - its share of the time
    ways: dict[str, tuple[Callable[[list[str]], object], int]] = {}
    usual = pipeline()
    if usual is not None:
        ways["pipeline, XLM-R-base size, one by one"] = (usual, 1)
        ways["pipeline, XLM-R-base size, batches of 32"] = (lambda part: usual(part, batch_size=32), 32)
    for name, reader in readers.items():
        ways[f"{name}, one by one"] = (partial(reader.read, reasons=False), 1)
        ways[f"{name}, batches of 64"] = (partial(reader.read, reasons=False), 64)
    ways["default, batches of 64, with reasons"] = (readers["default"].read, 64)
    ways["default, cutting into tokens only"] = (cut, 64)
    found = contest(texts, ways)
    for name, figure in found.items():
        yield Row(name, figure, "texts/s")
    if usual is not None:
        for name, goals in GOALS.items():
            for way, other, goal in zip(("one by one", "batches of 64"), list(found)[:2], goals, strict=True):
                times = found[f"{name}, {way}"] / found[other]
                yield Row(f"{name} against pipeline, {way}", times, "x", f"≥ {goal:.0f}", met=times >= goal)
    yield from peaks(readers["default"], texts, found["default, batches of 64"])
    yield from cold(texts[:COLD_TEXTS])


def posts(count: int) -> list[str]:
    """Invented posts, every one different."""
    chance = random.Random(23)
    return list(dict.fromkeys(text(chance) for _ in range(count * 3)))[:count]


def contest(
    texts: Sequence[str], ways: dict[str, tuple[Callable[[list[str]], object], int]]
) -> dict[str, float]:
    """Texts per second of each way to read batches of a size.

    They take turns, so that what else the machine does falls on all of them.
    """
    done = dict.fromkeys(ways, 0)
    passed = dict.fromkeys(ways, 0.0)
    places = dict.fromkeys(ways, 0)
    for read, size in ways.values():
        read(list(texts[:size]))
    for _ in range(TURNS):
        for name, (read, size) in ways.items():
            began = time.perf_counter()
            while (spent := time.perf_counter() - began) < SECONDS / TURNS:
                at = places[name]
                part = list(texts[at : at + size])
                read(part)
                done[name] += len(part)
                places[name] = (at + size) % max(1, len(texts) - size + 1)
            passed[name] += spent
    return {name: done[name] / passed[name] for name in ways}


def pipeline() -> Any:
    """`transformers.pipeline` with a classifier of XLM-R-base size, on the same cores; None without torch."""
    missing = [name for name in ("torch", "transformers") if importlib.util.find_spec(name) is None]
    if missing:
        print(f"no {' and no '.join(missing)}: the pipeline's rows are left out", file=sys.stderr)
        return None
    import torch  # noqa: PLC0415 - not installed everywhere
    import transformers  # noqa: PLC0415

    transformers.logging.set_verbosity_error()
    torch.set_num_threads(cores())
    torch.manual_seed(1)
    config = transformers.XLMRobertaConfig(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        intermediate_size=FFN,
        num_hidden_layers=LAYERS,
        num_attention_heads=12,
        max_position_embeddings=514,
        type_vocab_size=1,
        num_labels=3,
    )
    # our own tokenizer: the same vocabulary without the scripts it does not need, so texts get the same pieces
    marks = dict(zip(("bos_token", "pad_token", "eos_token", "unk_token"), MARKS, strict=True))
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(SHIPPED / TOKENIZER), model_max_length=512, **marks
    )
    model = transformers.XLMRobertaForSequenceClassification(config).eval()
    usual: Any = transformers.pipeline("text-classification", model=model, tokenizer=tokenizer, device="cpu")
    return usual


def peaks(reader: Reader, texts: Sequence[str], batched: float) -> Iterator[Row]:
    """What share of the machine's float32 and 8-bit matrix speed the model's own multiplications reach."""
    tokens = reader._model.tokens.encode(list(texts))  # noqa: SLF001 - counts what one text costs
    length = float(np.mean([len(ids) for ids in tokens]))
    hidden, ffn, layers = SHAPE
    weights = layers * (4 * hidden * hidden + 2 * hidden * ffn)
    needed = 2 * weights * length + layers * 4 * hidden * length * length
    reached = batched * needed / 1e9
    yield Row("tokens of a text", length, "on average")
    yield Row("multiplications of the model", reached, "GFLOP/s")
    for name, peak in (("float32", float_peak()), ("8-bit", byte_peak())):
        if peak is None:
            continue
        yield Row(f"this machine's {name} matrix peak", peak, "GFLOP/s")
        yield Row(f"model's share of the {name} peak", 100 * reached / peak, "%")


def float_peak() -> float:
    """Billions of float32 operations a second in a large matrix product, on all cores."""
    one = np.random.default_rng(1).random((SQUARE, SQUARE), np.float32)
    return _rate(lambda: one @ one)


def byte_peak() -> float | None:
    """The same for the 8-bit product that the encoder is made of (MatMulNBits), one run a core."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    import onnxruntime as ort  # noqa: PLC0415

    folder = Path(tempfile.mkdtemp(prefix="allears-bench-"))
    path = folder / "product.onnx"
    if not _write_product(path):
        return None
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    path.unlink()
    folder.rmdir()
    given = {"x": np.random.default_rng(1).random((SQUARE, SQUARE), np.float32)}
    with ThreadPoolExecutor(cores()) as pool:
        return cores() * _rate(lambda: list(pool.map(lambda _: session.run(None, given), range(cores()))))


def _write_product(path: Path) -> bool:
    """One MatMulNBits node, large enough to be at its best; needs onnx."""
    if importlib.util.find_spec("onnx") is None:
        print("no onnx: the 8-bit peak is not measured", file=sys.stderr)
        return False
    import onnx  # noqa: PLC0415 - not installed everywhere
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415

    from sentiment.train.graph import BLOCK, eight_bits  # noqa: PLC0415

    packed, scales = eight_bits(np.random.default_rng(2).normal(0, 1, (SQUARE, SQUARE)).astype(np.float32))
    node = helper.make_node(
        "MatMulNBits", ["x", "w", "s"], ["y"], domain="com.microsoft", K=SQUARE, N=SQUARE, bits=8,
        block_size=BLOCK, accuracy_level=4,
    )  # fmt: skip
    shape = [SQUARE, SQUARE]
    graph = helper.make_graph(
        [node], "product", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(packed, "w"), numpy_helper.from_array(scales, "s")],
    )  # fmt: skip
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    )
    model.ir_version = 10
    onnx.save(model, str(path))
    return True


def _rate(work: Callable[[], object]) -> float:
    work()
    rounds, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < SECONDS / 4:
        work()
        rounds += 1
    return rounds * 2 * SQUARE**3 / passed / 1e9


def cold(texts: Sequence[str]) -> Iterator[Row]:
    """From the command to the last of 64 lines, in a process of its own, and its peak memory."""
    with home() as place:
        file = place.folder / "cold.jsonl"
        file.write_text("".join(json.dumps({"text": each}) + "\n" for each in texts), encoding="utf-8")
        spent = []
        for _ in range(3):
            printed, seconds = place.run("score", str(file), "--no-reasons")
            spent.append(seconds)
            if len(printed.splitlines()) != len(texts):
                message = f"{len(texts)} texts, but {len(printed.splitlines())} lines"
                raise AssertionError(message)
        best = sorted(spent)[1]
        yield Row(
            f"{len(texts)} texts from a cold start", best, "s", f"≤ {COLD_GOAL:.0f}", met=best <= COLD_GOAL
        )
        peak = memory(place.environment, file)
    yield Row("model: peak memory", peak, "MB", f"≤ {MEMORY_GOAL:.0f}", met=peak <= MEMORY_GOAL)
    size = sum((SHIPPED / name).stat().st_size for name in (ENCODER, EMBEDDINGS, TOKENIZER)) / 1e6
    yield Row("model: files", size, "MB", "≤ 90", met=size <= 90)  # noqa: PLR2004 - the goal in words beside it


def memory(environment: dict[str, str], file: Path) -> float:
    """Peak resident memory in MB of `allears score` on the file, as the system counted it."""
    code = (
        "import resource, subprocess, sys;"
        "subprocess.run([sys.executable, '-m', 'web', 'score', sys.argv[1]], check=True, stdout=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(file)], env=environment, capture_output=True, text=True, check=True
    )
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes on Linux
    return int(done.stdout) * unit / 1e6
