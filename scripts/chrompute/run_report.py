"""What a report says of the run: code, packages, inputs, models and configuration."""

from collections.abc import Collection, Mapping
from typing import Any

import yaml


def run_content(provenance: Mapping[str, Any], models: Collection[str]) -> dict[str, Any]:
    """Gather what the section on the run says.

    Parameters
    ----------
    provenance
        As `chrompute.manifest.facts_of_run` gathers it.
    models
        Models that the page is about.

    Returns
    -------
    dict
        `code`, `python`, `platform`; `packages` (name, version); `inputs` with `path`, `digest`
        (SHA-256) and `address` (empty where it was not fetched); `models` with `name`, `seed` and
        `device`; `configuration` as YAML, defaults included.
    """
    addresses = provenance["addresses"]
    return {
        **{key: provenance[key] for key in ("code", "python", "platform")},
        "packages": list(provenance["packages"].items()),
        "inputs": [
            {"path": path, "digest": digest, "address": addresses.get(path, "")}
            for path, digest in provenance["inputs"].items()
        ],
        "models": [
            {"name": name, **facts}
            for name, facts in provenance["models"].items()
            if name.split("/")[0] in models
        ],
        "configuration": yaml.safe_dump(
            provenance["configuration"], sort_keys=False, allow_unicode=True, width=100
        ),
    }
