// Now: the list on a map, both ways. The server makes the list; this only draws what the list says.
import { makePin, openMap } from "./city_map.js";

const page = document.querySelector("[data-now]");
const box = page.querySelector("[data-map]");
const PIN_WIDTH = 66;
const PIN_HEIGHT = 34;

let city = null; // { map, library }
let here = null;
let pins = new Map(); // place id -> { marker, row, element, spot }

const rows = () => [...document.querySelectorAll("#now-list [data-place]")];
const list = () => document.getElementById("now-list");
const origin = () => [Number(list().dataset.longitude), Number(list().dataset.latitude)];

const isWide = () => matchMedia("(min-width: 64rem)").matches;

const mark = (id) => {
  for (const [other, { row, element }] of pins) {
    const on = other === id;
    row.classList.toggle("near--on", on);
    element.classList.toggle("pin--on", on);
  }
  settle();
};

// the best places keep their bubble; one that would lie on a better one's becomes a dot
const settle = () => {
  if (!city) return;
  const taken = [];
  const inOrder = [...pins.values()].sort((a, b) => b.element.classList.contains("pin--on") - a.element.classList.contains("pin--on"));
  for (const { element, spot } of inOrder) {
    const { x, y } = city.map.project(spot);
    const hidden = taken.some(([left, top]) => Math.abs(left - x) < PIN_WIDTH && Math.abs(top - y) < PIN_HEIGHT);
    element.classList.toggle("pin--dot", hidden);
    element.style.zIndex = element.classList.contains("pin--on") ? 3 : hidden ? 1 : 2;
    if (!hidden) taken.push([x, y]);
  }
};

const showAll = (animate) => {
  if (!pins.size) return city.map.jumpTo({ center: origin(), zoom: 14.5 });
  const bounds = new city.library.LngLatBounds(origin(), origin());
  for (const { spot } of [...pins.values()].slice(0, 14)) bounds.extend(spot);
  city.map.fitBounds(bounds, { padding: { top: 56, bottom: isWide() ? 56 : 44, left: 44, right: 44 }, maxZoom: 16.5, animate });
};

const place = (row) => {
  const { place: id, lat, lon, name, pay, emoji } = row.dataset;
  const spot = [Number(lon), Number(lat)];
  const element = makePin({ pay, emoji, name });
  const marker = new city.library.Marker({ element, anchor: "bottom" }).setLngLat(spot).addTo(city.map);
  element.addEventListener("click", (event) => {
    event.stopPropagation();
    mark(id);
    row.scrollIntoView({ block: isWide() ? "center" : "start", behavior: "smooth" });
  });
  row.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && mark(id));
  row.addEventListener("focusin", () => mark(id));
  pins.set(id, { marker, row, element, spot });
};

const draw = (animate) => {
  for (const { marker } of pins.values()) marker.remove();
  pins = new Map();
  for (const row of rows()) place(row);
  here?.remove();
  const dot = Object.assign(document.createElement("span"), { className: "here" });
  here = new city.library.Marker({ element: dot }).setLngLat(origin()).addTo(city.map);
  showAll(animate);
  settle();
};

const begin = async () => {
  city = await openMap(box, origin());
  if (!city) return;
  city.map.on("move", settle);
  city.map.on("click", () => mark(null));
  draw(false);
};

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id === "now-list" && city) draw(true);
});

// a way back up to the map once the sheet has covered it
const toMap = page.querySelector("[data-to-map]");
const showWayUp = () => (toMap.hidden = !city || isWide() || scrollY < box.offsetHeight * 0.7);
addEventListener("scroll", showWayUp, { passive: true });
toMap.addEventListener("click", (event) => {
  event.preventDefault();
  scrollTo({ top: 0, behavior: "smooth" });
});

// the chosen kind stands where one sees it, with a bit of its neighbour
const chosen = page.querySelector("input[name=category]:checked")?.closest(".chip");
if (chosen) chosen.parentElement.scrollLeft = chosen.offsetLeft - chosen.parentElement.offsetLeft - 64;

("requestIdleCallback" in window ? requestIdleCallback : setTimeout)(begin);
