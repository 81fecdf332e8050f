// Confusion matrices: one model at a time, and each cell in words.
(() => {
  for (const block of document.querySelectorAll(".matrices")) {
    const choice = block.querySelector("select");
    const readout = block.querySelector(".readout");
    const show = () => {
      for (const table of block.querySelectorAll("table")) table.hidden = table.dataset.model !== choice.value;
    };
    choice.addEventListener("change", show);
    show();
    const tell = (event) => {
      const cell = event.target.closest("td.cell");
      if (cell) readout.textContent = cell.dataset.words;
    };
    block.addEventListener("mouseover", tell);
    block.addEventListener("focusin", tell);
  }
})();
