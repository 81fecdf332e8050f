"""The design of a simulated experiment: its settings, and the chromatin states it knows.

Everything that is drawn is a function of the design and of one seed. `Design.rng` gives each
part of the simulation a stream of its own, so that one part can be drawn without the others.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

#: States in the order of all tables.
STATES = (
    "insulator", "active_promoter", "poised_promoter", "strong_enhancer",
    "weak_enhancer", "transcribed", "repressed", "quiescent",
)  # fmt: skip


@dataclass(frozen=True)
class Architecture:
    """How nucleosomes and open DNA lie in a locus of one state.

    Attributes
    ----------
    gap
        Nucleosome-free bp around the centre, between the edges of the flanking nucleosomes; 0
        for a state that is an array of nucleosomes without one.
    access
        Cut rate in the gap over that of a linker of a locus with `linker` 1.
    footprint
        bp at the centre that a bound factor protects.
    downstream, upstream
        Standard deviation in bp, over cells, of the flanking nucleosomes' dyads.
    growth
        bp that each further nucleosome adds to it.
    sliding
        Standard deviation in bp, over cells, by which all nucleosomes of the locus move together.
    spacing
        Nucleosome repeat length, bp.
    linker
        Cut rate in the linkers, relative.
    occupancy
        Share of cells in which a nucleosome is there.
    """

    gap: float
    access: float
    footprint: int
    downstream: float
    upstream: float
    growth: float
    sliding: float
    spacing: float
    linker: float
    occupancy: float


#: Insulators hold a protected footprint between phased arrays (Fu 2008, PLoS Genet 4:e1000138);
#: active promoters a wide gap and a strong +1 (Jiang and Pugh 2009, Nat Rev Genet 10:161);
#: repeat lengths are shorter in active chromatin (Valouev 2011, Nature 474:516).
ARCHITECTURES = {
    "insulator": Architecture(180, 2.6, 46, 9, 9, 3.0, 0, 185, 0.8, 0.92),
    "active_promoter": Architecture(250, 3.2, 0, 9, 14, 5.0, 4, 172, 0.9, 0.90),
    "poised_promoter": Architecture(185, 1.7, 0, 18, 22, 7.0, 8, 186, 0.6, 0.92),
    "strong_enhancer": Architecture(210, 2.6, 0, 20, 20, 10.0, 10, 180, 0.9, 0.88),
    "weak_enhancer": Architecture(150, 1.3, 0, 26, 26, 12.0, 14, 184, 0.75, 0.92),
    "transcribed": Architecture(0, 1.0, 0, 24, 24, 2.0, 18, 172, 0.85, 0.90),
    "repressed": Architecture(0, 1.0, 0, 26, 26, 3.0, 50, 197, 0.40, 0.97),
    "quiescent": Architecture(0, 1.0, 0, 30, 30, 3.0, 60, 189, 0.60, 0.94),
}

#: Factors of each kind of site; CTCF, NRF1, SP1 and TBP are there in every cell type.
CONSTANT_FACTORS = ("CTCF", "NRF1", "SP1", "TBP")
SWITCHED_FACTORS = ("CEBPA", "FOS::JUN", "GATA1", "REST", "SPI1", "YY1")
_FACTORS = {
    "sim_A": ("GATA1", "FOS::JUN", "REST"),
    "sim_B": ("SPI1", "CEBPA", "FOS::JUN", "YY1"),
    "sim_C": ("GATA1", "SPI1"),
}
#: Loci of each kind (chrompute.simulate.grammar), relative numbers.
_COMPOSITION = {
    "insulator": 8.0,
    "promoter_constant": 4.0,
    "promoter_gata": 7.0,
    "promoter_yy1": 7.0,
    "enhancer_cluster": 8.0,
    "enhancer_pair": 9.0,
    "enhancer_single": 12.0,
    "silencer": 9.0,
    "heterochromatin": 8.0,
    "decoy": 6.0,
    "desert": 9.5,
}


@dataclass(frozen=True)
class Design:
    """The settings of a simulated experiment, as the block `simulation` of a configuration.

    Attributes
    ----------
    seed
        Decides, with the other settings, every byte.
    chromosomes, chromosome_length
        Number of chromosomes, and bp of each.
    gc
        Mean share of G and C outside promoters.
    depth
        {assay: fragments per kb of genome in each sample}.
    overlap
        Factor on the spread of accessibility, gap width and linker openness among the loci of
        one state: footprints of different states overlap the more, the larger it is.
    agreement
        Share of loci on which two replicates of the labels agree, on average.
    penetrance
        Share of loci whose state is what their motifs and the cell type's factors imply; the
        others are quiescent in that cell type.
    cuts
        Cuts per kb of open DNA in one molecule.
    written_shift
        What was done to fragment ends before they were written: "none", "+4/-4" or "+4/-5".
    factors
        {cell type: factors that are there beside those of `CONSTANT_FACTORS`}.
    composition
        {kind of locus: relative number}; gene bodies follow the promoters.
    genes
        Mean number of gene-body loci behind a promoter.
    motifs
        MEME file with the matrices of all factors.
    peaks, reads
        Settings of `chrompute.simulate.marks.PeakRules` and `chrompute.simulate.reads.ReadRules`.
    chip
        `depth`, reads per kb of genome in each ChIP, and `enrichment`, how much more frequent
        they are in a domain of the mark.
    """

    seed: int = 1
    chromosomes: int = 8
    chromosome_length: int = 1_500_000
    gc: float = 0.41
    depth: Mapping[str, float] = field(default_factory=lambda: {"ATAC": 33.0, "MNase": 40.0})
    overlap: float = 1.45
    agreement: float = 0.88
    penetrance: float = 0.92
    cuts: float = 6.0
    written_shift: str = "none"
    factors: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: dict(_FACTORS))
    composition: Mapping[str, float] = field(default_factory=lambda: dict(_COMPOSITION))
    genes: float = 1.0
    motifs: str = "config/demo/motifs.meme"
    peaks: Mapping[str, Any] = field(default_factory=dict)
    reads: Mapping[str, Any] = field(default_factory=dict)
    chip: Mapping[str, float] = field(default_factory=lambda: {"depth": 5.0, "enrichment": 8.0})

    @classmethod
    def from_config(cls, entry: Mapping[str, Any]) -> "Design":
        """Read the `simulation` block; what it does not name has its default."""
        known = {f.name for f in fields(cls)}
        return cls(**{name: value for name, value in entry.items() if name in known})

    def rng(self, *names: object) -> np.random.Generator:
        """Return the random stream of one part, by its names."""
        words = [zlib.crc32(str(name).encode()) for name in names]
        return np.random.default_rng(np.random.SeedSequence([self.seed, *words]))

    @property
    def sizes(self) -> dict[str, int]:
        """{chromosome: bp}."""
        return {f"chr{n}": self.chromosome_length for n in range(1, self.chromosomes + 1)}

    def active(self, cell_type: str) -> set[str]:
        """Return the factors that are there in a cell type."""
        return {*CONSTANT_FACTORS, *self.factors[cell_type]}
