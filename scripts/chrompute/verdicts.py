"""Verdicts: which figures of quality are judged, in which direction, and in what words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

#: Verdicts from best to worst; "not available" is no verdict and never the overall one.
PASS, WARN, FAIL, UNKNOWN = "pass", "warn", "fail", "not available"
_ORDER = (PASS, WARN, FAIL)


@dataclass(frozen=True)
class Figure:
    """A figure of quality that can be judged.

    Attributes
    ----------
    title
        How reports call it.
    high_is_good
        Whether a value must stay above its thresholds, or below them.
    form
        Format of the value: "percent", "count" or "number".
    """

    title: str
    high_is_good: bool
    form: str

    def text(self, value: float | None) -> str:
        """Write a value for people."""
        if value is None:
            return "not available"
        if self.form == "percent":
            return f"{100 * value:.1f} %"
        return f"{value:,.0f}" if self.form == "count" else f"{value:.2f}"


#: Every figure of a sample that thresholds may name, in the order of tables.
FIGURES: dict[str, Figure] = {
    "fragments": Figure("fragments", True, "count"),
    "kept_fraction": Figure("reads kept", True, "percent"),
    "mitochondrial_fraction": Figure("mitochondrial reads", False, "percent"),
    "duplicate_rate": Figure("duplicate rate", False, "percent"),
    "nrf": Figure("NRF", True, "number"),
    "pbc1": Figure("PBC1", True, "number"),
    "pbc2": Figure("PBC2", True, "number"),
    "tss_enrichment": Figure("TSS enrichment", True, "number"),
    "frip": Figure("FRiP", True, "number"),
    "ladder_peaks": Figure("peaks of the length ladder", True, "count"),
    "nucleosome_signal": Figure("nucleosome signal", False, "number"),
    "mononucleosome_fraction": Figure("fragments of one nucleosome", True, "percent"),
    "gc_difference": Figure("GC above the genome", False, "percent"),
    "shift_agrees": Figure("end shift", True, "number"),
    "replicate_pearson": Figure("replicate correlation", True, "number"),
}


def threshold_faults(thresholds: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """List thresholds whose failure would come before their warning."""
    faults = []
    for assay, chosen in thresholds.items():
        for name, limits in chosen.items():
            warn, fail = (None, None) if limits is None else (limits["warn"], limits["fail"])
            if warn is None or fail is None or warn == fail:
                continue
            if (warn > fail) != FIGURES[name].high_is_good:
                side = "below" if FIGURES[name].high_is_good else "above"
                place = f"quality/thresholds/{assay}/{name}"
                faults.append(f"{place}: fail {fail:g} must lie {side} warn {warn:g}")
    return faults


def judge(name: str, value: float | None, limits: Mapping[str, Any]) -> dict[str, Any]:
    """Judge one figure.

    A value that equals a threshold passes it.

    Parameters
    ----------
    name
        A key of `FIGURES`.
    value
        The figure; None where it could not be computed.
    limits
        `warn` and `fail`; None for no such threshold.

    Returns
    -------
    dict
        `value`, `verdict` and `reason`, a sentence.
    """
    figure = FIGURES[name]
    if value is None:
        return {"value": None, "verdict": UNKNOWN, "reason": f"{figure.title}: not available"}
    side = "below" if figure.high_is_good else "above"
    for verdict in (FAIL, WARN):
        limit = limits[verdict]
        if limit is not None and (value < limit if figure.high_is_good else value > limit):
            reason = f"{figure.title} {figure.text(value)} is {side} {figure.text(limit)}"
            return {"value": value, "verdict": verdict, "reason": reason}
    given = [limits[v] for v in (WARN, FAIL) if limits[v] is not None]
    reason = f"{figure.title} {figure.text(value)} is not {side} {figure.text(given[0])}"
    return {"value": value, "verdict": PASS, "reason": reason}


def judge_shift(
    checks: Iterable[Mapping[str, Any] | None],
) -> dict[str, Any]:
    """Judge the declared end shift from the checks that could be made of it.

    A disagreement warns: the data may be good, but every base-exact result is displaced.

    Parameters
    ----------
    checks
        With `agrees` (None where the data do not tell) and `sentence`.
    """
    made = [check for check in checks if check is not None and check["agrees"] is not None]
    if not made:
        reason = "the data do not tell the shift of the fragment ends"
        return {"value": None, "verdict": UNKNOWN, "reason": reason}
    wrong = [check["sentence"] for check in made if not check["agrees"]]
    agrees = not wrong
    said = wrong or [check["sentence"] for check in made]
    reason = "; ".join(sentence.rstrip(".") for sentence in said)
    return {"value": float(agrees), "verdict": PASS if agrees else WARN, "reason": reason}


def verdicts_of(
    facts: Mapping[str, Any], thresholds: Mapping[str, Mapping[str, Any] | None]
) -> dict[str, dict[str, Any]]:
    """Judge every figure that has a threshold.

    Parameters
    ----------
    facts
        {figure: value or None}; other keys are passed over.
    thresholds
        {figure: `warn` and `fail`, or None} of one assay.
    """
    return {
        name: judge(name, facts.get(name), limits)
        for name, limits in thresholds.items()
        if limits is not None and any(limit is not None for limit in limits.values())
    }


def overall(verdicts: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the worst verdict, or "not available" where nothing could be judged."""
    found = [entry["verdict"] for entry in verdicts.values() if entry["verdict"] in _ORDER]
    return max(found, key=_ORDER.index) if found else UNKNOWN
