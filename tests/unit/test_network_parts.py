"""Parts of networks against plain loops and formulas: channels, summaries, blocks, scores."""

import numpy as np
import pytest
import torch

from chrompute.encoders import ImageChannels, Smoothing
from chrompute.errors import InputError
from chrompute.heads import BinSummary
from chrompute.networks import ConvNextBlock, build_network
from toy_networks import WIDTH, batch_of, equal, logits_of, network_of, spec_of


def gaussian(image: np.ndarray, scale: float) -> np.ndarray:
    place = np.arange(image.shape[-1])
    return image @ (np.exp(-0.5 * ((place[:, None] - place) / scale) ** 2) / scale)


def test_channels_of_an_image_are_logarithms_of_counts_copies_and_over_expected() -> None:
    rng = np.random.default_rng(2)
    image, mean = rng.poisson(0.5, (3, 4, 30)).astype(float), rng.random((4, 30))
    image[2] = 0
    channels = ImageChannels(4, 30, (1.5, 4.0), expected=True)
    channels.set_expected(torch.from_numpy(mean))
    found = channels(torch.from_numpy(image).float()).numpy()
    narrow, wide = gaussian(image, 1.5), gaussian(image, 4.0)
    usual = gaussian(mean, 1.5)
    share = image.sum((1, 2), keepdims=True) / mean.sum()
    over = np.log((narrow + usual.mean()) / (usual * share + usual.mean()))
    assert found.shape == (3, channels.channels, 30)
    expected = np.concatenate([np.log1p(image), np.log1p(narrow), np.log1p(wide), over], axis=1)
    assert found == pytest.approx(expected, abs=1e-5)
    assert not found[2].any()  # nothing is expected of an empty window


def test_wide_images_are_smoothed_in_pieces_to_the_same() -> None:
    image = torch.poisson(torch.full((2, 3, 1501), 0.2))
    smoothing = Smoothing(1501, (2.0, 20.0))
    assert smoothing.pieces > 1
    found = smoothing(image).numpy()
    for copy, scale in enumerate((2.0, 20.0), 1):
        whole = gaussian(image.double().numpy(), scale)
        # What lies beyond 4 standard deviations is 6e-5 of a Gaussian.
        assert found[:, 3 * copy : 3 * copy + 3] == pytest.approx(whole, abs=1e-3)


def test_a_summary_is_of_bins_around_the_middle() -> None:
    x = torch.rand(2, 3, 101)  # bins of 4 bp in a window of 401, of which 50 is the middle
    parts = [
        x[..., 50],
        x[..., 49:52].mean(-1),
        x[..., 44:50].mean(-1),
        x[..., 51:57].mean(-1),
        x.mean(-1),
        x.max(-1).values,
    ]
    found = BinSummary(spec_of("vplot", position_bin=4))(x)
    assert torch.allclose(found, torch.cat(parts, dim=1), atol=1e-6)


def test_a_convnext_block_is_the_published_one() -> None:
    torch.manual_seed(0)
    block = ConvNextBlock(8, 2, 0.0)
    x = torch.randn(2, 8, 20)
    own = {name: values.detach().double().numpy() for name, values in block.named_parameters()}
    padded = np.pad(x.double().numpy(), ((0, 0), (0, 0), (6, 6)))
    mixed = (
        sum(
            padded[:, :, 2 * tap : 2 * tap + 20] * own["depthwise.weight"][:, 0, tap, None]
            for tap in range(7)
        )
        + own["depthwise.bias"][:, None]
    )
    y = mixed.transpose(0, 2, 1)
    y = (y - y.mean(-1, keepdims=True)) / np.sqrt(y.var(-1, keepdims=True) + 1e-5)
    y = y * own["layers.0.weight"] + own["layers.0.bias"]
    y = y @ own["layers.1.weight"].T + own["layers.1.bias"]
    y = y * 0.5 * (1 + torch.erf(torch.from_numpy(y) / 2**0.5).numpy())
    y = y @ own["layers.4.weight"].T + own["layers.4.bias"]
    expected = x.double().numpy() + (own["gain"] * y).transpose(0, 2, 1)
    assert block(x).detach().numpy() == pytest.approx(expected, abs=1e-5)


def test_two_classes_have_one_logit_and_its_binary_cross_entropy() -> None:
    network = network_of("vplot")
    logits = logits_of(network, batch_of(network.spec))["bound"]
    assert not logits[:, 0].any()
    labels = torch.tensor([0.0, 1, 0.5, 0.25, 1, 0])
    both = torch.nn.functional.cross_entropy(logits, torch.stack([1 - labels, labels], 1))
    z = logits[:, 1].double().numpy()
    p, y = 1 / (1 + np.exp(-z)), labels.double().numpy()
    assert float(both) == pytest.approx(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(), rel=1e-5)


def test_what_is_expected_is_saved_with_the_weights() -> None:
    network = network_of("vplot", "sequence", expected=True)
    batch = batch_of(network.spec)
    before = logits_of(network, batch)
    network.set_expected({"vplot": torch.rand(10, 51)})
    after = logits_of(network, batch)
    assert not torch.allclose(before["state"], after["state"])
    other = network_of("vplot", "sequence", expected=True)
    other.load_state_dict(network.state_dict())
    assert equal(logits_of(other, batch), after)


def test_an_image_that_does_not_fit_the_bins_is_refused() -> None:
    for columns, pixel in ((401, 1), (51, 8), (26, 16)):
        build_network(spec_of("vplot", images={"vplot": (5, columns)}))
        assert columns == -(-WIDTH // pixel)
    with pytest.raises(InputError, match="multiple of images/position_bin"):
        build_network(spec_of("vplot", images={"vplot": (5, 41)}))
