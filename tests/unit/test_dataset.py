"""What is drawn for a model: inputs by name, what is there, and where the data lie."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from chrompute.dataset import WindowData
from chrompute.errors import InputError
from chrompute.fragments import Fragments
from chrompute.model_data import window_data
from chrompute.recipe import Recipe
from helpers import ROOT
from image_tools import CPU, SIZES, WIDTH, loop_image, random_store, random_windows
from toy_models import IMAGES, recipe_of

WINDOWS = random_windows()
DEPTH = {"vplot": 1000.0, "mnase": 500.0, "mnase_profile": 500.0}


@pytest.fixture(scope="module")
def stores() -> dict[str, dict[str, Fragments]]:
    """ATAC of a and b, MNase of b and c."""
    mnase = {"b": random_store(3), "c": random_store(4)}
    atac = {"a": random_store(1), "b": random_store(2)}
    return {"vplot": atac, "mnase": mnase, "mnase_profile": dict(mnase)}


@pytest.fixture(scope="module")
def genome() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(9)
    return {name: rng.integers(0, 5, size).astype(np.uint8) for name, size in SIZES.items()}


def recipe(**training: object) -> Recipe:
    found = recipe_of("vplot", "mnase", "mnase_profile", "sequence", **training)
    images = {**IMAGES, "max_length": 100, "profile": [40, 71]}
    return replace(found, width=WIDTH, images=images)


def data_of(stores: dict, genome: dict, **training: object) -> WindowData:
    return window_data(recipe(**training), WINDOWS, stores, DEPTH, genome, CPU)


def random_arguments(n: int = 50) -> list[torch.Tensor]:
    rng = np.random.default_rng(5)
    arrays = rng.integers(0, len(WINDOWS), n), rng.integers(-9, 10, n), rng.random(n) < 0.5
    return [torch.from_numpy(array) for array in arrays]


def test_a_batch_has_every_input_and_tells_what_is_there(stores: dict, genome: dict) -> None:
    data = data_of(stores, genome)
    assert data.inputs == ("vplot", "mnase", "mnase_profile", "sequence")
    ids = torch.arange(len(WINDOWS))
    batch = data.draw(ids)
    assert {name: (value.dtype, tuple(value.shape[1:])) for name, value in batch.items()} == {
        "vplot": (torch.float32, (5, 26)),
        "mnase": (torch.float32, (5, 26)),
        "mnase_profile": (torch.float32, (1, 26)),
        "sequence": (torch.uint8, (WIDTH,)),
        "present": (torch.bool, (4,)),
    }
    there = {"a": [1, 0, 0, 1], "b": [1, 1, 1, 1], "c": [0, 1, 1, 1]}
    assert batch["present"].int().tolist() == [there[c] for c in WINDOWS["cell_type"]]
    assert batch["vplot"][~batch["present"][:, 0]].sum() == 0


def test_images_are_scaled_to_the_depth_and_profiles_are_of_one_row(
    stores: dict, genome: dict
) -> None:
    ids, shift, reverse = random_arguments()
    data = data_of(stores, genome)
    batch = data.draw(ids, shift, reverse)
    for name, low, high, height in (("vplot", 0, 100, 20), ("mnase_profile", 40, 71, 31)):
        for row in range(0, 50, 5):
            place = WINDOWS.iloc[int(ids[row])]
            store = stores[name].get(place.cell_type)
            grid = replace(
                data.images[name].grid, min_length=low, max_length=high, length_bin=height
            )
            window = (place.chrom, place.start + int(shift[row]))
            expected = loop_image(store, window, grid, bool(reverse[row]))
            if store is not None:
                expected = expected * (DEPTH[name] / len(store))
            assert batch[name][row].numpy() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("keep", [None, 0.4])
def test_data_in_host_memory_make_equal_batches(
    stores: dict, genome: dict, keep: float | None
) -> None:
    ids, shift, reverse = random_arguments()
    share = None if keep is None else torch.full((50,), keep)
    host, device = (
        data_of(stores, genome, store=where).draw(
            ids, shift, reverse, share, torch.Generator().manual_seed(2)
        )
        for where in ("host", "device")
    )
    assert host.keys() == device.keys()
    for name in host:
        assert torch.equal(host[name], device[name])


def test_all_images_of_an_assay_keep_the_same_fragments(stores: dict, genome: dict) -> None:
    data = data_of(stores, genome)
    assert data.images["mnase"].store is data.images["mnase_profile"].store
    ids, shift, reverse = random_arguments()
    keep = torch.full((50,), 0.3)
    wide = replace(recipe(), images={**recipe().images, "profile": [1, 100], "min_length": 1})
    data = window_data(wide, WINDOWS, stores, DEPTH, genome, CPU)
    batch = data.draw(ids, shift, reverse, keep, torch.Generator().manual_seed(1))
    assert torch.allclose(batch["mnase"].sum(1), batch["mnase_profile"][:, 0])
    again = data.draw(ids, shift, reverse, keep, torch.Generator().manual_seed(1))
    assert torch.equal(batch["vplot"], again["vplot"])


def test_titration_is_of_all_images_and_keeps_the_mean(stores: dict, genome: dict) -> None:
    data = data_of(stores, genome)
    ids = torch.arange(len(WINDOWS))
    whole = data.mean_images(ids)
    data.titrate(0.5)
    part = data.mean_images(ids)
    assert list(whole) == ["vplot", "mnase", "mnase_profile"]
    for name, image in whole.items():
        assert not torch.equal(part[name], image)
        assert float(part[name].sum() / image.sum()) == pytest.approx(1, abs=0.1)
    data.titrate(1.0)
    assert torch.equal(data.mean_images(ids)["vplot"], whole["vplot"])
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        data.titrate(0.0)


def test_windows_of_another_genome_are_told_of(stores: dict, genome: dict) -> None:
    windows = WINDOWS.assign(chrom=WINDOWS["chrom"].replace("chr2", "2"))
    with pytest.raises(InputError, match="which is not in the fragments of cell type 'b'"):
        window_data(recipe(), windows, stores, DEPTH, genome, CPU)
    with pytest.raises(InputError, match="windows lie on 2, which is not in the genome"):
        window_data(recipe(), windows, {}, {}, genome, CPU)


def test_permuted_inputs_come_from_other_windows(stores: dict, genome: dict) -> None:
    rows = np.random.default_rng(1).permutation(len(WINDOWS))
    plain = data_of(stores, genome)
    moved = window_data(
        recipe(), WINDOWS, stores, DEPTH, genome, CPU, orders={"mnase": rows, "sequence": rows}
    )
    ids = torch.arange(len(WINDOWS))
    one, other = plain.draw(ids), moved.draw(ids)
    assert torch.equal(other["vplot"], one["vplot"])
    assert torch.equal(other["mnase_profile"], one["mnase_profile"])
    assert torch.equal(other["mnase"], one["mnase"][rows])
    assert torch.equal(other["sequence"], one["sequence"][rows])


def test_batches_need_torch_and_numpy_alone() -> None:
    program = (
        "import sys; import chrompute.dataset; "
        "print(*sorted({'pandas', 'pyarrow', 'pysam', 'sklearn', 'scipy'} & set(sys.modules)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(ROOT / "scripts")}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert found.stdout.strip() == ""


def test_windows_table_may_hold_categories(stores: dict, genome: dict) -> None:
    windows = WINDOWS.astype({"cell_type": "category", "chrom": "category"})
    ids = torch.arange(len(WINDOWS))
    found = window_data(recipe(), windows, stores, DEPTH, genome, CPU).draw(ids)
    expected = data_of(stores, genome).draw(ids)
    assert all(torch.equal(found[name], expected[name]) for name in expected)
