// V-plots to look into: drag over a part to see it larger, point at a pixel to read it.
(() => {
  const block = document.getElementById("vplot-viewer");
  if (!block) return;
  const plots = JSON.parse(document.getElementById("vplot-data").textContent);
  const choice = block.querySelector("select");
  const canvas = block.querySelector("canvas");
  const readout = block.querySelector(".readout");
  const pen = canvas.getContext("2d");
  const margin = { left: 62, right: 24, top: 12, bottom: 44 };
  // The colours of matplotlib's "magma" at even steps.
  const stops = [[0, 0, 4], [28, 16, 68], [79, 18, 123], [129, 37, 129], [181, 54, 122], [229, 80, 100], [251, 135, 97], [254, 194, 135], [252, 253, 191]];
  const colour = (share) => {
    const at = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
    const low = Math.min(Math.floor(at), stops.length - 2);
    return stops[low].map((v, i) => Math.round(v + (at - low) * (stops[low + 1][i] - v)));
  };
  let plot, view, image, drag;

  // Integers of 32 bits, row by row (length, then position), deflated.
  const unpack = async (text) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint32Array(await new Response(stream).arrayBuffer());
  };
  // A kernel of 1 2 1 along both axes: single fragments become visible, and nothing moves.
  const smooth = (counts, rows, columns) => {
    const pass = (from, stride, number, other, step) => {
      const to = new Float32Array(from.length);
      for (let o = 0; o < other; o++) {
        for (let n = 0; n < number; n++) {
          const at = o * step + n * stride;
          const before = n > 0 ? from[at - stride] : 0;
          const after = n + 1 < number ? from[at + stride] : 0;
          to[at] = (before + 2 * from[at] + after) / 4;
        }
      }
      return to;
    };
    return pass(pass(counts, 1, columns, rows, columns), columns, rows, columns, 1);
  };
  const paint = () => {
    const off = document.createElement("canvas");
    [off.width, off.height] = [plot.columns, plot.rows];
    const pixels = new ImageData(plot.columns, plot.rows);
    const sorted = plot.smooth.slice().sort();
    const top = sorted[Math.floor(0.998 * (sorted.length - 1))] || sorted[sorted.length - 1] || 1;
    for (let row = 0; row < plot.rows; row++) {
      for (let column = 0; column < plot.columns; column++) {
        const share = Math.sqrt(plot.smooth[row * plot.columns + column] / top);
        // Short fragments lie at the bottom.
        pixels.data.set([...colour(share), 255], 4 * ((plot.rows - 1 - row) * plot.columns + column));
      }
    }
    off.getContext("2d").putImageData(pixels, 0, 0);
    image = off;
  };
  const inner = () => ({ width: canvas.width - margin.left - margin.right, height: canvas.height - margin.top - margin.bottom });
  const toPixel = (x, y) => {
    const { width, height } = inner();
    return {
      column: view.left + ((x - margin.left) / width) * (view.right - view.left),
      row: view.bottom + (1 - (y - margin.top) / height) * (view.top - view.bottom),
    };
  };
  const position = (column) => plot.first_position + column * plot.position_bin;
  const length = (row) => plot.first_length + row * plot.length_bin;
  const ticks = (low, high) => {
    const raw = (high - low) / 6;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = Math.max([1, 2, 5, 10].map((n) => n * power).find((n) => n >= raw), 1);
    const found = [];
    for (let at = Math.ceil(low / step) * step; at <= high; at += step) found.push(at);
    return found;
  };
  const draw = () => {
    const { width, height } = inner();
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(image, view.left, plot.rows - view.top, view.right - view.left, view.top - view.bottom, margin.left, margin.top, width, height);
    pen.fillStyle = pen.strokeStyle = "#222";
    pen.font = "14px sans-serif";
    pen.textAlign = "center";
    const [left, right] = [position(view.left), position(view.right)];
    for (const at of ticks(left, right)) {
      const x = margin.left + ((at - left) / (right - left)) * width;
      pen.fillRect(x, margin.top + height, 1, 5);
      pen.fillText(at, x, margin.top + height + 19);
    }
    pen.fillText("midpoint relative to the centre (bp)", margin.left + width / 2, canvas.height - 7);
    pen.textAlign = "right";
    const [low, high] = [length(view.bottom), length(view.top)];
    for (const at of ticks(low, high)) {
      const y = margin.top + (1 - (at - low) / (high - low)) * height;
      pen.fillRect(margin.left - 5, y, 5, 1);
      pen.fillText(at, margin.left - 8, y + 5);
    }
    pen.save();
    pen.translate(15, margin.top + height / 2);
    pen.rotate(-Math.PI / 2);
    pen.textAlign = "center";
    pen.fillText("fragment length (bp)", 0, 0);
    pen.restore();
    if (drag && drag.to) {
      pen.strokeStyle = "#fff";
      pen.strokeRect(drag.from.x, drag.from.y, drag.to.x - drag.from.x, drag.to.y - drag.from.y);
    }
  };
  const whole = () => { view = { left: 0, right: plot.columns, bottom: 0, top: plot.rows }; };
  const look = (left, right, bottom, top) => {
    // At least four pixels each way, and nothing beyond the plot.
    const clamp = (low, high, number) => {
      const span = Math.min(Math.max(high - low, 4), number);
      const from = Math.min(Math.max(low, 0), number - span);
      return [from, from + span];
    };
    [view.left, view.right] = clamp(left, right, plot.columns);
    [view.bottom, view.top] = clamp(bottom, top, plot.rows);
    draw();
  };
  const zoom = (factor) => {
    const [x, y] = [(view.left + view.right) / 2, (view.bottom + view.top) / 2];
    const [w, h] = [(view.right - view.left) / 2 / factor, (view.top - view.bottom) / 2 / factor];
    look(x - w, x + w, y - h, y + h);
  };
  const pan = (x, y) => {
    const [w, h] = [(view.right - view.left) * x, (view.top - view.bottom) * y];
    look(view.left + w, view.right + w, view.bottom + h, view.top + h);
  };
  const choose = async () => {
    const chosen = plots[choice.value];
    if (!chosen.smooth) {
      chosen.counts = await unpack(chosen.data);
      chosen.smooth = smooth(chosen.counts, chosen.rows, chosen.columns);
    }
    const same = plot && plot.columns === chosen.columns && plot.rows === chosen.rows;
    plot = chosen;
    if (!same) whole();
    paint();
    draw();
    canvas.setAttribute("aria-label", `V-plot: ${plot.title}, ${plot.sites}`);
    readout.textContent = `${plot.title}: ${plot.sites}. Drag over a part to enlarge it; arrow keys move, + and - zoom.`;
  };
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: ((event.clientX - box.left) / box.width) * canvas.width, y: ((event.clientY - box.top) / box.height) * canvas.height };
  };
  const tell = (at) => {
    const { column, row } = toPixel(at.x, at.y);
    const [c, r] = [Math.floor(column), Math.floor(row)];
    if (c < 0 || r < 0 || c >= plot.columns || r >= plot.rows) return;
    const number = plot.counts[r * plot.columns + c];
    readout.textContent = `Midpoint ${position(c)} to ${position(c + 1) - 1} bp, length ${length(r)} to ${length(r + 1) - 1} bp: ${number} fragments at ${plot.sites}.`;
  };
  canvas.addEventListener("pointerdown", (event) => { drag = { from: place(event) }; canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointermove", (event) => {
    const at = place(event);
    if (drag) { drag.to = at; draw(); } else tell(at);
  });
  canvas.addEventListener("pointerup", () => {
    const { from, to } = drag || {};
    drag = null;
    if (to && Math.abs(to.x - from.x) > 8 && Math.abs(to.y - from.y) > 8) {
      const [a, b] = [toPixel(from.x, from.y), toPixel(to.x, to.y)];
      look(Math.min(a.column, b.column), Math.max(a.column, b.column), Math.min(a.row, b.row), Math.max(a.row, b.row));
    } else draw();
  });
  const keys = {
    "+": () => zoom(1.5), "-": () => zoom(1 / 1.5), 0: () => { whole(); draw(); },
    ArrowLeft: () => pan(-0.2, 0), ArrowRight: () => pan(0.2, 0), ArrowUp: () => pan(0, 0.2), ArrowDown: () => pan(0, -0.2),
  };
  canvas.addEventListener("keydown", (event) => {
    if (keys[event.key]) { keys[event.key](); event.preventDefault(); }
  });
  block.querySelector("[data-do=in]").addEventListener("click", () => zoom(1.5));
  block.querySelector("[data-do=out]").addEventListener("click", () => zoom(1 / 1.5));
  block.querySelector("[data-do=whole]").addEventListener("click", keys[0]);
  choice.addEventListener("change", choose);
  choose();
})();
