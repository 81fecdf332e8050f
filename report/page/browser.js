// Tracks, labels and predictions at a few loci, in igv.js; all data lie in this page.
(() => {
  const block = document.getElementById("browser");
  if (!block) return;
  const data = JSON.parse(document.getElementById("browser-data").textContent);
  const choice = block.querySelector("select");
  const frame = block.querySelector(".frame");
  const place = (locus) => `${locus.chrom}:${locus.start + 1}-${locus.end}`;

  // igv.js takes names for HTML; here they are text, whatever stands in a title or a BED.
  const text = (name) => String(name).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

  // Neighbouring steps of equal height become one feature.
  const signal = (values, locus) => {
    const found = [];
    const edge = (i) => locus.start + Math.floor((i * (locus.end - locus.start)) / values.length);
    for (let i = 0; i < values.length; i++) {
      const last = found[found.length - 1];
      if (last && last.value === values[i]) last.end = edge(i + 1);
      else found.push({ chr: locus.chrom, start: edge(i), end: edge(i + 1), value: values[i] });
    }
    return found.filter((feature) => feature.value !== 0);
  };
  const track = (own) => {
    const common = { name: text(own.title), removable: false };
    if (own.features) {
      // A colour of the track would hide those of its features.
      const features = own.features.map((f) => ({ chr: f.chrom, start: f.start, end: f.end, name: text(f.name), color: f.colour }));
      return { ...common, type: "annotation", displayMode: "EXPANDED", height: 52, features };
    }
    const features = data.loci.flatMap((locus, number) => signal(own.values[number], locus));
    const limits = own.limits ? { min: own.limits[0], max: own.limits[1] } : { autoscale: true };
    return { ...common, type: "wig", color: own.colour, height: 56, features, ...limits };
  };
  const sizes = Object.entries(data.chromosomes).map(([name, size]) => `${name}\t${size}`).join("\n");
  // igv.js 3.0 reads such a table from an address alone, so it gets one of this page's own.
  const options = {
    reference: { id: "genome", name: "genome", format: "chromsizes", fastaURL: URL.createObjectURL(new Blob([sizes])), wholeGenomeView: false },
    loadDefaultGenomes: false,
    locus: place(data.loci[0]),
    roi: [{ name: "locus", color: "rgba(217,140,0,0.12)", features: data.loci.map((l) => ({ chr: l.chrom, start: l.from, end: l.to })) }],
    showNavigation: true, showIdeogram: false, showTrackLabels: true, showCursorGuideButton: true, showROITableButton: false, showSVGButton: false,
    tracks: data.tracks.map(track),
  };
  igv.createBrowser(frame, options).then((browser) => {
    block.dataset.ready = "yes";
    choice.addEventListener("change", () => browser.search(place(data.loci[choice.value])));
  });
})();
