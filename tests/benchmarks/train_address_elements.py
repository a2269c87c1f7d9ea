# ruff: noqa: T201 - a program that prints its scores
"""Train the model of Chinese address elements, write it, and print its F1 on the test set.

Run: python tests/benchmarks/train_address_elements.py [--out boundaries/address_elements.npz]
Needs python-crfsuite and the folder shared/data beside the checkout. About 3 minutes. Trained on train and dev; the
test set is only scored. The file holds hashed features and their weights, no text.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from geogrid.address.elements import ElementTagger  # noqa: E402 - after the path
from geogrid.address.tokens import feature_buckets, tokenise  # noqa: E402

DATA = ROOT.parent / "shared" / "data" / "chinese_addresses"
KINDS = ("road", "roadno", "poi", "community", "town", "district")
SETTINGS = {"c1": 0.1, "c2": 0.05, "max_iterations": 110, "feature.possible_transitions": True}
SMALLEST_WEIGHT = 0.02

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


def train(parts: tuple[str, ...], path: str) -> dict[str, np.ndarray]:
    import pycrfsuite

    trainer = pycrfsuite.Trainer(verbose=False)
    for part in parts:
        for text, labels in read_sentences(part):
            places, codes = tokenise(text)
            features = [[str(bucket) for bucket in row] for row in feature_buckets(codes).tolist()]
            trainer.append(features, [labels[start] for start, _ in places])
    trainer.set_params(SETTINGS)
    trainer.train(path)
    return export(path)


def export(path: str) -> dict[str, np.ndarray]:
    """Return a trained model as arrays: 8 bits a weight, weights near nothing left out."""
    import pycrfsuite

    tagger = pycrfsuite.Tagger()
    tagger.open(path)
    info = tagger.info()
    labels = sorted(info.labels)
    number = {label: place for place, label in enumerate(labels)}
    transitions = np.zeros((len(labels), len(labels)), dtype=np.float32)
    for (before, after), weight in info.transitions.items():
        transitions[number[before], number[after]] = weight
    rows = sorted(
        (int(bucket), number[label], weight)
        for (bucket, label), weight in info.state_features.items()
        if abs(weight) >= SMALLEST_WEIGHT
    )
    bucket_of, states, weights = (np.array(column) for column in zip(*rows, strict=True))
    buckets, starts = np.unique(bucket_of, return_index=True)
    scale = np.abs(weights).max() / 127
    return {
        "labels": np.array(labels),
        "buckets": buckets.astype(np.uint32),
        "starts": np.append(starts, len(states)).astype(np.uint32),
        "states": states.astype(np.uint8),
        "weights": np.round(weights / scale).astype(np.int8),
        "scale": np.array([scale], dtype=np.float32),
        "transitions": transitions,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "boundaries" / "address_elements.npz")
    parser.add_argument("--trained", help="a model of crfsuite that is only to be written and scored")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/model"
        model = export(arguments.trained) if arguments.trained else train(("train", "dev"), path)
    np.savez_compressed(arguments.out, **model)
    print(f"{arguments.out.name}: {arguments.out.stat().st_size / 1e3:,.0f} kB, {len(model['weights']):,} weights")
    for kind, score in f1_scores(ElementTagger(model), read_sentences("test")).items():
        print(f"F1 {kind:10s} {score:.4f}")


if __name__ == "__main__":
    main()
