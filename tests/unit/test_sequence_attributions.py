"""Attributions of DNA add up, and find what a network was made to look for."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from chrompute.codons import FrameFeatures
from chrompute.deeplift_rules import deeplift_rules
from chrompute.encoders import one_hot
from chrompute.errors import ChromputeError
from chrompute.model_data import window_data
from chrompute.mutagenesis import _effects, _table, loci_of_class, names_of
from chrompute.sequence_attributions import SequenceScore, attribute_sequences, known_windows
from chrompute.sequence_files import read_attributions, write_attributions
from toy_models import make_toy, recipe_of
from toy_networks import batch_of, logits_of, network_of

NETWORKS = {
    "frames": (("vplot", "mnase", "sequence"), {}),
    "convnext": (("vplot", "sequence"), {"trunk": "convnext", "codons": 0}),
    "deepbind": (("sequence",), {"architecture": "deepbind"}),
    "deepsea": (("sequence",), {"architecture": "deepsea"}),
}


def known_batch(spec: object) -> dict[str, torch.Tensor]:
    batch = batch_of(spec, 3)
    batch["sequence"] = batch["sequence"].clamp(max=3)
    batch["present"] = torch.ones(3, len(spec.inputs), dtype=torch.bool)
    return batch


def toy_data(*inputs: str):
    windows, stores, genome = make_toy()
    stores = {name: stores["vplot"] for name in inputs if name != "sequence"}
    depth = dict.fromkeys(stores, 2000.0)
    recipe = recipe_of(*inputs)
    return windows, window_data(recipe, windows, stores, depth, genome, torch.device("cpu"))


@pytest.mark.parametrize("name", NETWORKS)
def test_attributions_add_up_to_the_difference_of_scores(name: str) -> None:
    from tangermeme.deep_lift_shap import deep_lift_shap
    from tangermeme.ersatz import dinucleotide_shuffle

    inputs, changes = NETWORKS[name]
    network = network_of(*inputs, **changes).eval()
    batch = known_batch(network.spec)
    score = SequenceScore(network, "state")
    bases, held = one_hot(batch["sequence"]).double(), score.held(batch)
    shuffled = dinucleotide_shuffle(bases, n=1, random_state=2)
    found = deep_lift_shap(
        score, bases, held, 2, references=shuffled, raw_outputs=True, device="cpu",
        additional_nonlinear_ops=deeplift_rules(),
    )  # fmt: skip
    total = ((bases - shuffled[:, 0]) * found[:, 0]).sum((1, 2))
    # The logits of the network itself, in single precision.
    logits = logits_of(network, batch)["state"]
    codes = shuffled[:, 0].argmax(1).to(torch.uint8)
    other = logits_of(network, batch | {"sequence": codes})["state"]
    expected = (logits - logits.mean(1, keepdim=True) - other + other.mean(1, keepdim=True))[:, 2]
    assert torch.allclose(total, expected.double(), rtol=1e-3, atol=1e-5)
    assert expected.abs().max() > 1e-3


def test_held_reading_frames_get_no_attribution() -> None:
    network = network_of("vplot", "sequence").eval()
    _, data = toy_data("vplot", "sequence")
    ids = torch.arange(2)
    for name in ("weight", "bias"):
        nn.init.zeros_(getattr(network.encoders["sequence"].motif, name))
    free = attribute_sequences(network, data, ids, "state", 1, 2, 1)
    held = attribute_sequences(network, data, ids, "state", 1, 2, 1, hold_frames=True)
    assert np.abs(free.attributions).max() > 1e-4
    assert np.abs(held.hypothetical).max() == 0
    assert np.allclose(held.score, free.score)
    assert np.allclose(held.reference_score, held.score)


@pytest.mark.filterwarnings("ignore:Convergence deltas:RuntimeWarning")  # of tangermeme
def test_a_layer_without_a_rule_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    network = network_of("sequence").eval()
    _, data = toy_data("sequence")
    ids = known_windows(data, torch.arange(4))
    rules = {kind: rule for kind, rule in deeplift_rules().items() if kind is not nn.GroupNorm}
    monkeypatch.setattr("chrompute.sequence_attributions.deeplift_rules", lambda: rules)
    with pytest.raises(ChromputeError, match="do not add up"):
        attribute_sequences(network, data, ids, "state", 0, 2, 1)


def test_both_strands_of_a_window_tell_the_same() -> None:
    network = network_of("sequence").eval()
    _, data = toy_data("sequence")
    ids = torch.arange(3)
    found = attribute_sequences(network, data, ids, "state", 1, 2, 1)
    again = attribute_sequences(network, data, ids[1:2], "state", 1, 2, 1)
    assert np.allclose(found.hypothetical[1], again.hypothetical[0], atol=1e-6)
    expected = [
        logits_of(network, data.draw(ids, reverse=torch.full((3,), turned)))["state"]
        for turned in (False, True)
    ]
    centred = torch.stack([each - each.mean(1, keepdim=True) for each in expected]).mean(0)
    assert np.allclose(found.score, centred[:, 1].numpy(), atol=1e-5)
    # Attributions of the bases, summed, are what the window has more than its references.
    total = found.attributions.sum(1)
    assert np.allclose(total, found.score - found.reference_score, rtol=1e-3, atol=1e-5)


def planted(network: nn.Module, word: str) -> nn.Module:
    """Let the first filter of DeepBind find a word, and the class scores read nothing else."""
    with torch.no_grad():
        for values in network.parameters():
            values.zero_()
        detector, hidden = network.layers[1], network.layers[4]
        for place, base in enumerate(word):
            detector.weight[0, "ACGT".index(base), place] = 1.0
        detector.bias[0] = 0.5 - len(word)  # nothing but the whole word
        hidden.weight[0, 0] = 1.0
        network.heads["task_state"].weight[1, 0] = 1.0
    return network


def test_the_bases_of_a_planted_word_get_the_attribution() -> None:
    word = "CCGGTTA"
    network = planted(network_of("sequence", architecture="deepbind", motif_width=7), word).eval()
    windows, data = toy_data("sequence")
    ids = torch.from_numpy(np.flatnonzero(windows["state"] == "open")[:6])
    found = attribute_sequences(network, data, ids, "state", 1, 4, 1)
    # Open windows hold the word from 4 bp left of the centre on.
    at = slice(196, 203)
    assert all("".join("ACGT"[code] for code in own) == word for own in found.codes[:, at])
    inside = found.attributions[:, at].sum(1)
    assert (inside > 0.9 * np.abs(found.attributions).sum(1)).mean() > 0.8
    # The logit 0.5 of the word less the mean of five classes, on one strand of two.
    assert np.allclose(found.score, 0.5 * 4 / 5 / 2, atol=1e-6)


def test_frames_of_one_hot_bases_are_those_of_codes() -> None:
    spec = network_of("sequence").spec
    codes = known_batch(spec)["sequence"]
    frames = FrameFeatures(spec).double()
    for one, two in zip(frames(codes), frames(one_hot(codes).double()), strict=True):
        assert torch.allclose(one.double(), two)


def test_attributions_survive_a_file(tmp_path: Path) -> None:
    network = network_of("sequence").eval()
    _, data = toy_data("sequence")
    found = attribute_sequences(network, data, torch.arange(2), "state", 1, 2, 1)
    for name in ("a.npz", "b.npz"):
        write_attributions(found, tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    back = read_attributions(tmp_path / "a.npz")
    assert np.array_equal(back.hypothetical, found.hypothetical)
    assert np.array_equal(back.codes, found.codes)


def test_substitutions_are_differences_of_scores() -> None:
    """Compare some of them with the network's own logits of the changed sequence."""
    network = network_of("sequence").eval()
    _, data = toy_data("sequence")
    score, window = SequenceScore(network, "state"), torch.tensor([2])
    codes, effects = _effects(score, data, window, 1)
    for position, base in ((0, 1), (200, 3), (399, 0)):
        changed = torch.from_numpy(codes.copy())[None]
        changed[0, position] = base
        expected = 0.0
        for sequences, sign in ((changed, 1), (torch.from_numpy(codes)[None], -1)):
            for strand in (sequences, (3 - sequences).flip(1)):
                batch = {"sequence": strand, "present": torch.ones(1, 1, dtype=torch.bool)}
                logits = logits_of(network, batch)["state"][0].double()
                expected += sign * float(logits[1] - logits.mean()) / 2
        assert effects[base, position] == pytest.approx(expected, abs=1e-5)
    table = _table(codes, effects)
    assert len(table) == 3 * len(codes)
    row = table[(table["position"] == 200) & (table["base"] == "T")]
    assert row["effect"].tolist() == [effects[3, 200]] or codes[200] == 3


def test_loci_are_given_or_the_best_window() -> None:
    windows = pd.DataFrame({"chrom": ["chr1", "chr2"], "start": [5, 9], "score": [1.0, 2.0]})
    assert loci_of_class(windows, [], 401).to_numpy().tolist() == [["chr2", 9]]
    given = loci_of_class(windows, ["chr3:1,000"], 401)
    assert given.to_numpy().tolist() == [["chr3", 799]]
    assert names_of(given, 401) == ["chr3:800-1,200"]
