// Loaded with blocking="render", so that the wall is never seen before it is closed up.
// Closes the wall's columns up: each card spans as many 1 px rows as it is tall, the grid does the rest.

const wall = document.querySelector("[data-masonry]");
const GAP = 20;

const span = (card) => {
  card.style.gridRow = `span ${Math.ceil(card.getBoundingClientRect().height) + GAP}`;
};
const sizes = new ResizeObserver((entries) => entries.forEach((entry) => span(entry.target)));

const closeUp = () => {
  wall.dataset.closedUp = "";
  for (const card of wall.children) {
    if (card.style.gridRow) continue;
    span(card);
    sizes.observe(card);
  }
};

// a chip shows at once that it was chosen; the cards follow
const choose = (chip) => {
  for (const other of chip.parentElement.children) other.removeAttribute("aria-current");
  chip.setAttribute("aria-current", "true");
};

if (wall) {
  closeUp();
  document.addEventListener("htmx:afterSwap", closeUp);
  document.querySelector("[data-chips]")?.addEventListener("htmx:beforeRequest", (event) => choose(event.target));
}
