// The city's own map. Everything on it is ours: no tiles, no fonts, no other server. A page works without it.

const isDark = () => {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
};

const styleAddress = (box) => `${box.dataset.mapStyle}&theme=${isDark() ? "dark" : "light"}`;

const loadStyleSheet = (href) =>
  new Promise((resolve) => {
    if (document.querySelector(`link[href="${href}"]`)) return resolve();
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href, onload: resolve, onerror: resolve });
    document.head.append(link);
  });

/** Open the map in `box`, looking at [longitude, latitude]; null where this browser cannot draw one. */
export const openMap = async (box, center, { zoom = 15, still = false } = {}) => {
  try {
    const [library] = await Promise.all([import(box.dataset.library), loadStyleSheet(box.dataset.styleSheet)]);
    const map = new library.Map({
      container: box,
      style: styleAddress(box),
      center,
      zoom,
      minZoom: 10,
      maxZoom: 18.5,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      cooperativeGestures: false,
      interactive: !still,
      fadeDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150,
    });
    map.touchZoomRotate?.disableRotation();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => map.setStyle(styleAddress(box)));
    await new Promise((resolve) => map.once("load", resolve));
    box.classList.add("city-map--drawn");
    return { map, library };
  } catch (problem) {
    console.warn("the map cannot be drawn here:", problem);
    box.closest("[data-now], .place__map")?.classList.add("no-map");
    return null;
  }
};

/** A bubble for one place: its price, or its kind's picture. */
export const makePin = ({ pay, emoji, name }, element = "button") => {
  const pin = document.createElement(element);
  pin.className = pay ? "pin pin--price" : "pin";
  if (element === "button") pin.type = "button";
  pin.setAttribute("aria-label", pay ? `${name} ${pay}` : name);
  const bubble = document.createElement("span");
  bubble.className = "pin__bubble";
  if (pay) bubble.textContent = pay;
  else bubble.append(Object.assign(document.createElement("img"), { src: emoji, alt: "", width: 18, height: 18 }));
  pin.append(bubble);
  return pin;
};
