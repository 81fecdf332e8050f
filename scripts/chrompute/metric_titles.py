"""How figures and pages call the metrics."""

#: Metrics that tables of models show, and how they call them; the last two are better when low.
METRIC_TITLES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "kappa": "kappa",
    "mcc": "Matthews correlation",
    "f1": "macro F1",
    "auroc": "macro auROC",
    "auprc": "macro auPRC",
    "ece": "calibration error",
    "log_loss": "log loss",
}
#: Those of figures and of tables with little room: Matthews' correlation follows kappa, and F1
#: balanced accuracy.
MAIN_METRIC_TITLES = {
    name: title for name, title in METRIC_TITLES.items() if name not in ("mcc", "f1")
}


def metrics_led_by(leading: str) -> dict[str, str]:
    """Return `METRIC_TITLES` with one metric first, the others as they are."""
    return {leading: METRIC_TITLES[leading]} | METRIC_TITLES
