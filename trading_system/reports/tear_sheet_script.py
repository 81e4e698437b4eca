"""What the tear sheet does in the browser: draws pictures in the page's colors, changes their view, sorts tables, turns pages of trades."""

#: Reads the two JSON blocks `pictures` and `trades-data`; words reach the page as text, never as HTML. Asks the network for nothing.
SCRIPT = """
"use strict";
(() => {
const read = id => JSON.parse(document.getElementById(id).textContent);
const pictures = read("pictures");
const painted = value => {
  const style = getComputedStyle(document.documentElement);
  const walk = part => typeof part === "string" ? (part.startsWith("theme:") ? style.getPropertyValue("--" + part.slice(6)).trim() : part)
    : Array.isArray(part) ? part.map(walk)
    : part && typeof part === "object" ? Object.fromEntries(Object.entries(part).map(([key, inner]) =>
        [key, key === "x" || key === "y" || key === "customdata" || key === "meta" ? inner : walk(inner)]))
    : part;
  return walk(value);
};
const draw = picture => {
  const box = document.getElementById(picture.identity);
  const data = painted(picture.data), layout = painted(picture.layout);
  const variant = picture.variants[picture.chosen || 0];
  if (variant) {
    layout.yaxis.tickformat = variant.tickformat;
    if (variant.is_share) data.forEach((line, index) => {
      const capital = picture.capitals[index];
      if (line.yaxis === "y2") return;
      if (!capital) { line.visible = false; return; }
      line.y = line.y.map(value => value === null ? null : value / capital - 1);
      line.hovertemplate = "%{y:+.2%}";
    });
  }
  if (box.clientWidth < 560) {
    layout.height = Math.round(layout.height * 0.8);
    layout.font.size = 11;
    for (const key of ["xaxis", "yaxis"]) if (layout[key]) layout[key].nticks = 5;
    layout.dragmode = false;    // a finger scrolls the page
    data.forEach(line => { if (line.mode === "markers") line.marker.size -= 2; });
  }
  layout.modebar = {bgcolor: "rgba(0,0,0,0)", color: layout.font.color};
  box.querySelectorAll(".unready").forEach(words => words.remove());
  return Plotly.react(box, data, layout, {responsive: true, displaylogo: false, displayModeBar: box.clientWidth < 560 ? false : "hover",
    modeBarButtons: [["zoom2d", "pan2d", "resetScale2d", "toImage"]], toImageButtonOptions: {scale: 2, filename: picture.identity}});
};
const drawOne = picture => { try { draw(picture); } catch (fault) {
  document.getElementById(picture.identity).textContent = "This picture could not be drawn: " + fault.message; } };
const drawAll = () => pictures.forEach(drawOne);
let next = 0;
const step = () => { if (next < pictures.length) { drawOne(pictures[next++]); setTimeout(step, 0); } };
step();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
addEventListener("beforeprint", drawAll);
addEventListener("afterprint", drawAll);

document.querySelectorAll("[data-picture]").forEach(button => button.addEventListener("click", () => {
  const picture = pictures.find(one => one.identity === button.dataset.picture);
  picture.chosen = Number(button.dataset.variant);
  button.parentNode.querySelectorAll("button").forEach(other => other.setAttribute("aria-pressed", String(other === button)));
  drawOne(picture);
}));

const compared = (left, right) => {
  const numbers = left !== "" && right !== "" && !isNaN(left) && !isNaN(right);
  return numbers ? left - right : String(left).localeCompare(String(right));
};
// What is not known stays at the end, whichever way the column is sorted.
const sorted = (rows, key, way) => rows.slice().sort((left, right) => {
  const one = key(left), other = key(right);
  return one === "" || other === "" ? (one === "") - (other === "") : way * compared(one, other);
});
const sortable = (table, sort) => table.querySelectorAll("thead th").forEach((head, column) => head.addEventListener("click", () => {
  const way = head.getAttribute("aria-sort") === "descending" ? 1 : -1;
  table.querySelectorAll("thead th").forEach(other => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", way === 1 ? "ascending" : "descending");
  sort(column, way);
}));

const strategies = document.getElementById("strategies-table");
if (strategies) sortable(strategies, (column, way) => {
  const body = strategies.tBodies[0];
  body.append(...sorted([...body.rows], row => row.cells[column].dataset.key || "", way));
});

const list = document.getElementById("trades-table");
if (list) {
  const {rows, texts, page} = read("trades-data");
  let shown = rows, at = 0;
  const pager = document.querySelector(".pager");
  const fill = () => {
    list.tBodies[0].replaceChildren(...shown.slice(at, at + page).map(cells => {
      const row = document.createElement("tr");
      row.append(...cells.map(([words], index) => {
        const cell = document.createElement(index ? "td" : "th");
        if (!index) cell.scope = "row";
        if (index < texts) cell.className = "text"; else if (words.startsWith("-")) cell.className = "negative";
        cell.textContent = words;
        return cell;
      }));
      return row;
    }));
    if (!pager) return;
    pager.hidden = false;
    const [first, last, all] = [at + 1, Math.min(rows.length, at + page), rows.length].map(number => number.toLocaleString("en"));
    pager.querySelector("span").textContent = `${first} to ${last} of ${all}`;
    pager.querySelector("[data-step='-1']").disabled = at === 0;
    pager.querySelector("[data-step='1']").disabled = at + page >= rows.length;
  };
  sortable(list, (column, way) => { shown = sorted(rows, cells => cells[column][1], way); at = 0; fill(); });
  if (pager) pager.querySelectorAll("button").forEach(button => button.addEventListener("click", () => {
    at += Number(button.dataset.step) * page; fill(); }));
  fill();
}
})();
"""
