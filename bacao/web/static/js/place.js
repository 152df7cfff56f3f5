// A place on the city's map, drawn when it comes into view.
import { makePin, openMap } from "./city_map.js";

const frame = document.querySelector(".place__map");

const draw = async () => {
  const spot = [Number(frame.dataset.lon), Number(frame.dataset.lat)];
  const city = await openMap(frame.querySelector("[data-map]"), spot, { zoom: 15.5, still: true });
  if (city) new city.library.Marker({ element: makePin(frame.dataset, "span"), anchor: "bottom" }).setLngLat(spot).addTo(city.map);
};

if (frame) {
  const watcher = new IntersectionObserver(
    ([entry]) => {
      if (!entry.isIntersecting) return;
      watcher.disconnect();
      draw();
    },
    { rootMargin: "300px" },
  );
  watcher.observe(frame);
}
