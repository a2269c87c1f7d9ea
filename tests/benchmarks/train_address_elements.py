# ruff: noqa: T201 - a program that prints its scores
"""Train the model of Chinese address elements, write it, and print its F1 on the test set.

Run: python tests/benchmarks/train_address_elements.py [--parts train --score dev] [--out FILE]
Needs the folder shared/data beside the checkout. About 8 minutes on one core. Trained on train and dev; the test set is
only scored. Settings were chosen with `--parts train --score dev`. The file holds hashed features and numbers, no text.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from geogrid.addresses.tagger.elements import ElementTagger  # noqa: E402 - after the path
from geogrid.addresses.tagger.tokens import CHARACTER, PAIR, feature_buckets, tokenise  # noqa: E402
from tests.benchmarks.address_chain import Chain, fit_chain  # noqa: E402
from tests.benchmarks.address_memory import Memory, fit_memory, start_weights  # noqa: E402

DATA = ROOT.parent / "shared" / "data" / "chinese_addresses"
KINDS = ("road", "roadno", "poi", "community", "town", "district")
NETWORKS = 3
NETWORKS_SHARE = 2.0
LEAST_SEEN = {CHARACTER: 2, PAIR: 3}
SMALLEST_WEIGHT = 0.02

Arrays = dict[str, np.ndarray]
Sentence = tuple[str, list[str]]


def read_sentences(name: str) -> Iterator[Sentence]:
    """Yield texts with a label a character, as the set's own labels say."""
    for block in (DATA / f"{name}.txt").read_text(encoding="utf-8").strip().split("\n\n"):
        text, labels = "", []
        for line in block.split("\n"):
            word, label = line.rsplit(None, 1)
            text += word
            kind = label[2:].lower()
            labels += [f"{label[0]}-{kind}" if place == 0 else f"I-{kind}" for place in range(len(word))]
        yield text, labels


def spans(labels: list[str]) -> set[tuple[str, int, int]]:
    found, start, kind = set(), 0, ""
    for place, label in enumerate([*labels, "B-"]):
        if label[0] != "I" or label[2:] != kind:
            if kind:
                found.add((kind, start, place))
            start, kind = place, label[2:]
    return found


def f1_scores(tagger: ElementTagger, sentences: Iterator[Sentence]) -> dict[str, float]:
    counts = {kind: np.zeros(3) for kind in (*KINDS, "all")}
    for text, labels in sentences:
        known = {span for span in spans(labels) if span[0] in KINDS}
        tagged = {(each.kind, each.start, each.end) for each in tagger.tag(text) if each.kind in KINDS}
        for kind in counts:
            ours, theirs = ({span for span in side if kind in {"all", span[0]}} for side in (tagged, known))
            counts[kind] += len(ours & theirs), len(ours - theirs), len(theirs - ours)
    return {kind: float(2 * right / max(2 * right + extra + lost, 1)) for kind, (right, extra, lost) in counts.items()}


def train(parts: Sequence[str]) -> Arrays:
    """Return the model: the chain and the networks learn alone, and their scores are added."""
    sentences = []
    for text, labels in (each for part in parts for each in read_sentences(part)):
        places, codes = tokenise(text)
        sentences.append((feature_buckets(codes), [labels[start] for start, _ in places]))
    names = sorted({label for _, labels in sentences for label in labels})
    known = [np.array([names.index(label) for label in labels]) for _, labels in sentences]
    buckets, numbers = np.unique(np.concatenate([features for features, _ in sentences]), return_inverse=True)
    starts = np.cumsum([0, *(len(labels) for labels in known)])
    weights, transitions = fit_chain(
        numbers.reshape(starts[-1], -1).astype(np.int32),
        starts,
        np.concatenate(known),
        labels=len(names),
        settings=Chain(),
    )
    networks, between = train_networks([features for features, _ in sentences], known, len(names))
    return {
        "labels": np.array(names),
        "transitions": (transitions + between).astype(np.float32),
        **sparse(weights, buckets),
        **networks,
    }


def sparse(weights: np.ndarray, buckets: np.ndarray) -> Arrays:
    """Return the chain's weights as arrays: 8 bits a weight, weights near nothing left out."""
    rows, states = np.nonzero(np.abs(weights) >= SMALLEST_WEIGHT)
    left, starts = np.unique(rows, return_index=True)
    scale = np.abs(weights).max() / 127
    return {
        "buckets": buckets[left].astype(np.uint32),
        "starts": np.append(starts, len(states)).astype(np.uint32),
        "states": states.astype(np.uint8),
        "weights": np.round(weights[rows, states] / scale).astype(np.int8),
        "scale": np.array([scale], dtype=np.float32),
    }


def train_networks(features: list[np.ndarray], known: list[np.ndarray], labels: int) -> tuple[Arrays, np.ndarray]:
    """Return the arrays of `Memory`, 16 bits a number, and what is added to the transitions."""
    every = np.concatenate(features)
    seen = []
    for column, least in LEAST_SEEN.items():
        buckets, counts = np.unique(every[:, column], return_counts=True)
        seen.append(buckets[counts >= least])
    tokens = [
        np.stack([rows(each[:, c], s) for c, s in zip(LEAST_SEEN, seen, strict=True)], axis=1) for each in features
    ]
    fitted = []
    for seed in range(1, NETWORKS + 1):
        settings = Memory(seed=seed)
        fitted.append(
            fit_memory(tokens, known, start_weights(len(seen[0]) + 1, len(seen[1]) + 1, labels, settings), settings)
        )
    share = NETWORKS_SHARE / NETWORKS
    arrays = {
        "vectors": [np.concatenate([each["characters"], each["pairs"]]) for each in fitted],
        "inputs": [[each["ahead_in"], each["back_in"]] for each in fitted],
        "biases": [[each["ahead_bias"], each["back_bias"]] for each in fitted],
        "recurrent": [[each["ahead_recurrent"], each["back_recurrent"]] for each in fitted],
        "out": [each["out"] * share for each in fitted],
        "out_bias": sum(each["out_bias"] * share for each in fitted),
    }
    found = {name: np.array(each, dtype=np.float16) for name, each in arrays.items()}
    found |= {"characters": seen[0].astype(np.uint32), "pairs": seen[1].astype(np.uint32)}
    return found, sum(each["between"] * share for each in fitted)


def rows(buckets: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the place of each bucket among the known ones, their number for others."""
    places = np.searchsorted(known, buckets)
    return np.where(np.append(known, -1)[places] == buckets, places, len(known))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "boundaries" / "address_elements.npz")
    parser.add_argument("--parts", nargs="+", default=["train", "dev"])
    parser.add_argument("--score", default="test")
    arguments = parser.parse_args()
    model = train(arguments.parts)
    np.savez_compressed(arguments.out, **model)
    print(f"{arguments.out.name}: {arguments.out.stat().st_size / 1e3:,.0f} kB, {len(model['weights']):,} weights")
    for kind, score in f1_scores(ElementTagger(model), read_sentences(arguments.score)).items():
        print(f"F1 {kind:10s} {score:.4f}")


if __name__ == "__main__":
    main()
