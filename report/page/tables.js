// Tables are sorted by a click on a heading: numbers as numbers, what is not known last.
(() => {
  const value = (row, column) => {
    const cell = row.cells[column];
    const text = (cell.firstChild && cell.firstChild.nodeType === 3 ? cell.firstChild.data : cell.textContent).trim();
    const number = Number.parseFloat(text.replace(/,/g, ""));
    return Number.isNaN(number) ? text : number;
  };
  const compare = (a, b, sign) => {
    const [x, y] = [typeof a === "number", typeof b === "number"];
    if (x && y) return sign * (a - b);
    if (x !== y) return x ? -1 : 1;
    return sign * a.localeCompare(b);
  };
  const sort = (table, heading, column) => {
    const down = heading.getAttribute("aria-sort") === "descending";
    for (const other of heading.parentNode.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", down ? "ascending" : "descending");
    const body = table.tBodies[0];
    const rows = [...body.rows].filter((row) => !row.classList.contains("fixed"));
    rows.sort((a, b) => compare(value(a, column), value(b, column), down ? 1 : -1));
    body.prepend(...rows);
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      const button = document.createElement("button");
      button.className = "sort";
      button.type = "button";
      button.title = "sort by this column";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => sort(table, heading, column));
    });
  }
})();
