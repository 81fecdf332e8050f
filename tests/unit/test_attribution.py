"""Attributions of networks whose answers are known, bands, channels and chosen windows."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import torch
from torch import Tensor, nn

from chrompute.attribution import STEPS, attribute, class_scores, mirrored
from chrompute.bands import band_sums, band_table
from chrompute.chosen_windows import Correct, agreed_labels, loci_of_places, parse_locus
from chrompute.dataset import WindowData
from chrompute.errors import InputError
from chrompute.image_grid import ImageGrid
from chrompute.layers import activations, picture_layers, telling_channels
from image_tools import images_of, random_store, random_windows, still
from toy_networks import batch_of, network_of

#: 200 bp in pixels of 20 x 25: the strands' pixels lie above each other.
GRID = ImageGrid(200, 0, 120, 20, 25)


class Known(nn.Module):
    """Two classes; the score of the second is a known function of the image."""

    def __init__(self, score: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.score = score

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        found = self.score(batch["vplot"])
        return {"state": torch.stack([torch.zeros_like(found), found], 1)}


@pytest.fixture(scope="module")
def data() -> WindowData:
    store = random_store(1)
    stores = dict.fromkeys("abc", store)
    return WindowData({"vplot": images_of(stores, random_windows(), GRID)}, None)


def attributed(
    data: WindowData, score: Callable[[Tensor], Tensor], baseline: Tensor, one: int = 1
) -> tuple[np.ndarray, pd.DataFrame]:
    ids = torch.arange(8, 20)
    classes = torch.full_like(ids, one)
    found = attribute(Known(score), data, ids, classes, "state", 2.0, {"vplot": baseline})
    return found.values["vplot"], found.completeness


def both_strands(data: WindowData) -> tuple[np.ndarray, np.ndarray]:
    ids, shift, reverse = still(torch.arange(8, 20))
    images = data.images["vplot"]
    return images.scaled(ids, shift, reverse).numpy(), images.scaled(ids, shift, ~reverse).numpy()


def test_a_linear_network_gives_each_pixel_its_weight_times_its_change(data: WindowData) -> None:
    rng = np.random.default_rng(0)
    weight = rng.normal(size=GRID.shape).astype(np.float32)
    baseline = rng.random(GRID.shape).astype(np.float32)
    values, completeness = attributed(
        data, lambda x: (x * torch.from_numpy(weight)).sum((1, 2)), torch.from_numpy(baseline)
    )
    forward, backward = both_strands(data)
    # The temperature is 2, and what lies on the other strand is turned back.
    expected = weight * (forward - baseline) / 2 + (weight * (backward - baseline))[..., ::-1] / 2
    np.testing.assert_allclose(values, expected / 2, rtol=2e-4, atol=2e-5)
    assert (completeness["steps"] == STEPS[0]).all()
    score = (weight * forward).sum((1, 2)) / 2
    plus = completeness[completeness["strand"] == "+"]
    np.testing.assert_allclose(plus["score"], score, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(plus["baseline"], (weight * baseline).sum() / 2, rtol=1e-4)
    other, _ = attributed(
        data, lambda x: (x * torch.from_numpy(weight)).sum((1, 2)), torch.from_numpy(baseline), 0
    )
    np.testing.assert_allclose(other, -values, atol=1e-5)


def test_a_product_of_two_pixels_is_shared_between_them(data: WindowData) -> None:
    values, _ = attributed(data, lambda x: x[:, 2, 4] * x[:, 3, 1], torch.zeros(GRID.shape))
    forward, backward = both_strands(data)
    product = forward[:, 2, 4] * forward[:, 3, 1] / 8, backward[:, 2, 4] * backward[:, 3, 1] / 8
    expected = np.zeros_like(forward)
    expected[:, 2, 4] += product[0]
    expected[:, 3, 1] += product[0]
    expected[:, 2, 7 - 4] += product[1]
    expected[:, 3, 7 - 1] += product[1]
    assert product[0].max() > 0
    np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-5)


def test_a_bent_network_takes_more_steps_until_the_sums_are_complete(data: WindowData) -> None:
    values, completeness = attributed(
        data, lambda x: 9 * torch.sigmoid(3 * (x.sum((1, 2)) - 20)), torch.zeros(GRID.shape)
    )
    assert completeness["steps"].max() > STEPS[0]
    assert completeness["error"].max() < 0.01
    change = completeness["score"] - completeness["baseline"]
    by_hand = change.groupby(completeness["row"]).mean().to_numpy()  # of both strands
    np.testing.assert_allclose(values.sum((1, 2)), by_hand, atol=0.02 * np.abs(by_hand).max())


def test_a_network_of_steps_is_refused(data: WindowData) -> None:
    def stairs(x: Tensor) -> Tensor:
        return 5 * (x.sum((1, 2)) > 1).float() + 0 * x.sum((1, 2))

    with pytest.raises(InputError, match=r"miss the change of the score by 100 % .*interpret"):
        attributed(data, stairs, torch.zeros(GRID.shape))


def test_scores_are_log_odds_of_the_class() -> None:
    logits = torch.randn(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    classes = torch.tensor([0, 3, 1, 2, 2])
    share = logits.softmax(1)[torch.arange(5), classes]
    torch.testing.assert_close(class_scores(logits, classes), torch.log(share / (1 - share)))
    torch.testing.assert_close(class_scores(logits + 7, classes), class_scores(logits, classes))


def test_mirrored_pixels_hold_what_their_bases_hold() -> None:
    grid = ImageGrid(70, 0, 20, 20, 32)  # pixels of 32, 32 and 6 bp
    bases = np.zeros(70)
    bases[:32], bases[32:64], bases[64:] = 32 / 32, 64 / 32, 12 / 6
    turned = bases[::-1]
    expected = [turned[:32].sum(), turned[32:64].sum(), turned[64:].sum()]
    found = mirrored(torch.tensor([[[32.0, 64.0, 12.0]]]), grid)
    np.testing.assert_allclose(found.numpy().ravel(), expected, rtol=1e-6)


def test_bands_add_up_and_share_pixels_on_their_borders() -> None:
    grid = ImageGrid(401, 0, 200, 40, 1)
    image = np.zeros(grid.shape)
    image[1, 200 + 60] = 6.0  # 40 to 79 bp: half of it below 60; 60 bp from the centre
    image[4, 200 - 199] = -1.0  # 160 to 199 bp: half below 180
    sums, lengths, distances = band_sums(image, grid)
    assert sums.sum() == pytest.approx(5)
    near, far = distances.index((50, 100)), distances.index((150, 200))
    assert sums[lengths.index((0, 60)), near] == pytest.approx(3)
    assert sums[lengths.index((60, 100)), near] == pytest.approx(3)
    assert sums[lengths.index((180, 200)), far] == pytest.approx(-0.5)
    table = band_table(image, grid, np.abs(image))
    first = table.iloc[0]
    assert (first["rank"], first["distance_low"], first["attribution"]) == (1, 50, 3)
    assert first["share"] == pytest.approx(3 / 7)
    assert table["fragments"].sum() == pytest.approx(7)


def test_channels_are_those_of_the_largest_f() -> None:
    rng = np.random.default_rng(0)
    classes = np.repeat([0, 1, 2], 20)
    values = rng.normal(size=(60, 9, 5)).astype(np.float32)
    values[classes == 2, 7] += 2
    values[classes == 0, 3] += 1
    values[:, 5] = 1.0  # tells nothing
    means = values.mean(2, dtype=np.float64)
    scores = [
        0 if c == 5 else scipy.stats.f_oneway(*(means[classes == k, c] for k in range(3)))[0]
        for c in range(9)
    ]
    found = telling_channels(values, classes, 2)
    assert sorted(found) == sorted(np.argsort(scores)[-2:]) == [3, 7]
    assert found.tolist() == [3, 7]  # that of the first class comes first
    assert 5 not in telling_channels(values, classes, 8)
    # The layer of an assay that a cell type lacks says the same of each window.
    assert telling_channels(np.ones_like(values), classes, 2).tolist() == [0, 1]
    assert telling_channels(values, np.zeros(60, dtype=int), 1).tolist() == [
        int(means.std(0).argmax())
    ]


def test_activations_are_the_outputs_of_the_layers() -> None:
    network = network_of("vplot", "mnase").eval()
    batch = batch_of(network.spec, 5)

    class Drawn:
        def draw(self, ids: Tensor, reverse: Tensor) -> dict[str, Tensor]:
            return {name: values[ids] for name, values in batch.items()}

    layers = picture_layers(network)
    assert list(layers) == ["early:vplot", "early:mnase", "middle"]
    with torch.no_grad():
        found = activations(network, Drawn(), torch.arange(5), layers)
        encoder = network.encoders["mnase"]
        expected = encoder.profiles(encoder.image(batch["mnase"]))
    np.testing.assert_allclose(found["early:mnase"], expected, rtol=1e-5, atol=1e-6)
    assert not any(module._forward_hooks for module in network.modules())


LABELS = pd.DataFrame(
    {
        "cell_type": ["a"] * 5 + ["b"],
        "chrom": "chr1",
        "start": np.arange(6) * 1000,
        "end": np.arange(6) * 1000 + 401,
        "centre": np.arange(6) * 1000 + 200,
        "split": ["test", "test", "test", "train", "test", "test"],
        "state.1": ["x", "x", None, "x", None, "y"],
        "state.2": ["x", "y", "y", "x", None, "y"],
        "state.truth": ["y"] * 6,
    }
)


def predictions_of(share: list[float]) -> pd.DataFrame:
    own = LABELS[LABELS["split"] != "train"].reset_index(drop=True)
    return own[["cell_type", "chrom", "centre", "split"]].assign(
        **{"p:state:x": np.array(share), "p:state:y": 1 - np.array(share)}
    )


def test_labels_are_what_the_replicates_agree_on() -> None:
    assert agreed_labels(LABELS, "state").tolist() == ["x", "x/y", "y", "x", "", "y"]


def test_correct_windows_and_the_surest_of_each_class() -> None:
    table = predictions_of([0.9, 0.1, 0.3, 0.8, 0.2])
    found = Correct.find(LABELS, table, "state", ["x", "y"], "a", "test")
    assert found.rows.tolist() == [0, 2]  # the second is disputed, the fifth has no label
    assert found.classes.tolist() == [0, 1]
    assert found.confidence.tolist() == [0.9, 0.7]
    assert [(locus.name, locus.row) for locus in found.surest(["x", "y"])] == [("x", 0), ("y", 2)]
    with pytest.raises(InputError, match="not of these windows"):
        Correct.find(LABELS.iloc[::-1], table, "state", ["x", "y"], "a", "test")


def test_samples_are_spread_evenly() -> None:
    found = Correct(np.arange(10, 21), np.zeros(11, dtype=np.int64), np.ones(11)).sample(3)
    assert found.rows.tolist() == [10, 15, 20]


def test_places_that_are_asked_for_get_the_label_of_the_window_there() -> None:
    assert parse_locus("chr1:1,201") == ("chr1", 1200)
    assert parse_locus("chr1") is None
    asked = pd.DataFrame({"chrom": ["chr1", "chr1", "chr2"], "centre": [1240, 1251, 1240]})
    windows = pd.concat([LABELS, asked], ignore_index=True)
    found = loci_of_places(["chr1:1,241", "chr1:1252", "chr2:1241"], windows, "state", "a", 401)
    assert [locus.label for locus in found] == ["x/y", "", ""]  # an eighth of 401 bp is 50 bp
    assert found[0].name == "chr1-1241"
    assert [locus.row for locus in found] == [6, 7, 8]
