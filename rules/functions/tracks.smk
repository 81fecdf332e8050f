"""Functions of the rules of tracks: which ones samples and pools get, and what each draws."""

SAMPLE_NAMES = [sample.name for sample in settings.samples]


def fragments_of_track(wildcards):
    sample = settings.sample(wildcards.sample)
    if not fits_layout(sample.assay, sample.layout, wildcards.track):
        raise WorkflowError(
            f"sample {sample.name!r} is single-end ATAC: it has the tracks 'cuts' and 'coverage', "
            f"and {wildcards.track!r} needs both ends of the fragments"
        )
    return [f"<results>/fragments/{sample.name}.parquet"]


def fragments_of_pool(wildcards):
    return fragments_of(wildcards.cell_type, wildcards.assay)


def fragments_of_assay(assay):
    """Return a function of wildcards, for rules that make the pools of one assay."""
    return lambda wildcards: fragments_of(wildcards.cell_type, assay)


def fits_layout(assay, layout, track):
    """Tell whether samples have what a track is made of: the length of a read is no fragment's."""
    single = (assay, layout) == ("ATAC", "single")
    return not single or track.split(".")[0] in ("cuts", "coverage")


def rules_of_tracks(names):
    """Return what tracks draw, as plain values: nothing else makes them anew."""
    blocks = config["tracks"], config["nucleosomes"]
    return [asdict(plan_track(name, *blocks)) for name in names]


def rules_of_track(wildcards):
    return rules_of_tracks([wildcards.track])


def tracks_of_kind(assay, layout):
    """Names of the tracks that samples of a kind get without being asked for."""
    suffixes = [SCALES[scale] for scale in config["tracks"]["scales"]]
    tracks = config["tracks"]["assays"][assay]
    tracks = [track for track in tracks if fits_layout(assay, layout, track)]
    return [track + suffix for track in tracks for suffix in suffixes]


def layout_of_pool(cell_type, assay):
    """A pool has the tracks that all its samples have: one sample of single ends decides."""
    layouts = {sample.layout for sample in settings.pooled_samples(cell_type, assay)}
    return "single" if "single" in layouts else "paired"


def by_kind(pairs):
    """Gather names by kind, which is assay and layout, of (kind, name) pairs."""
    found = {}
    for kind, name in pairs:
        found.setdefault(kind, []).append(name)
    return {kind: names for kind, names in found.items() if tracks_of_kind(*kind)}


#: Samples, and cell types with pools, by kind: one job writes all tracks of each.
SAMPLES_OF_KINDS = by_kind(((s.assay, s.layout), s.name) for s in settings.samples)
POOLS_OF_KINDS = by_kind(
    ((assay, layout_of_pool(cell_type, assay)), cell_type)
    for cell_type, assay in settings.pooled_tracks
)


def tracks_of(sample):
    return tracks_of_kind(sample.assay, sample.layout)


def tracks_of_pool(cell_type, assay):
    return tracks_of_kind(assay, layout_of_pool(cell_type, assay))


def files_of_tracks(name, tracks):
    return [f"<results>/tracks/{name}.{track}.bw" for track in tracks]


def tracks_by_job():
    """The tracks of every sample and of every pool; those of one list come of one job."""
    jobs = [files_of_tracks(own.name, tracks_of(own)) for own in settings.samples]
    for cell_type, assay in settings.pooled_tracks:
        tracks = tracks_of_pool(cell_type, assay)
        jobs.append(files_of_tracks(f"{cell_type}.{assay}", tracks))
    return jobs


def track_files():
    return [path for job in tracks_by_job() for path in job]


def but_for_tracks(paths):
    """Leave out all but one track of each job: who waits for one of them waits for all."""
    others = {path for job in tracks_by_job() for path in job[1:]}
    return [path for path in paths if path not in others]


def but_not(names, tracks):
    """Match names, but not where one of the (name, names of tracks) pairs follows."""
    there = [
        rf"(?:{one_of(own)})\.(?:{one_of(drawn)})\.bw" for own, drawn in tracks if own
    ]
    return f"(?!{'|'.join(there) or '(?!)'})(?:{one_of(names)})"


#: Samples before a track that they do not get without being asked for.
SAMPLES_OF_OTHERS = but_not(
    SAMPLE_NAMES,
    [(own, tracks_of_kind(*kind)) for kind, own in SAMPLES_OF_KINDS.items()],
)
#: A sample may be called like a pool that is not made; the check refuses it where both are.
NOT_OF_SAMPLES = [(SAMPLE_NAMES, TRACK_NAMES)]
POOLS_OF_OTHERS = but_not(
    settings.cell_types,
    NOT_OF_SAMPLES
    + [
        ([f"{name}.{kind[0]}" for name in own], tracks_of_kind(*kind))
        for kind, own in POOLS_OF_KINDS.items()
    ],
)


def track_mb(wildcards, input, attempt):
    """Memory: the interpreter, a piece of a chromosome, and the fragments."""
    return int(attempt * (SNAKEMAKE_MB + 500 + 40 * megabytes(input)))
