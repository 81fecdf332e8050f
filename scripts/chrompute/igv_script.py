"""The genome browser of reports, igv.js, as a script to be put into a page."""

from importlib import metadata
from pathlib import Path


def igv_script() -> str:
    """Return igv.js (Robinson et al. 2023, Bioinformatics 39:btac830) of an installed package."""
    package = metadata.distribution("igv-notebook")
    text = Path(str(package.locate_file("igv_notebook/js/igv.min.js"))).read_text()
    return text.replace("</script", "<\\/script")
