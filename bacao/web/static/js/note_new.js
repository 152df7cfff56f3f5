// Writing a note: pictures can be looked at and taken out again, chosen places stay while one looks for more.

const form = document.getElementById("note-form");
const input = form.querySelector("[data-pictures]");
const list = form.querySelector("[data-previews]");
const maker = form.querySelector("[data-cover-maker]");
const drop = form.querySelector("[data-drop]");
const zh = document.documentElement.lang.startsWith("zh");
let pictures = [];

const keep = (files) => {
  pictures = files.slice(0, Number(input.dataset.most));
  const bag = new DataTransfer();
  pictures.forEach((file) => bag.items.add(file));
  input.files = bag.files;
  show();
};

const show = () => {
  list.querySelectorAll("img").forEach((image) => URL.revokeObjectURL(image.src));
  list.replaceChildren(
    ...pictures.map((file, index) => {
      const item = document.createElement("li");
      item.dataset.first = zh ? "封面" : "Cover";
      const image = Object.assign(new Image(), { src: URL.createObjectURL(file), alt: file.name });
      const out = Object.assign(document.createElement("button"), { type: "button", textContent: "✕", ariaLabel: zh ? "拿掉" : "Remove" });
      out.addEventListener("click", () => keep(pictures.filter((_, other) => other !== index)));
      item.append(image, out);
      return item;
    }),
  );
  maker.open = pictures.length === 0; // a picture is the cover; without one it is drawn
};

input.addEventListener("change", () => keep([...pictures, ...input.files]));
for (const [name, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle("drop--over", over);
    if (name === "drop") keep([...pictures, ...[...event.dataTransfer.files].filter((file) => file.type.startsWith("image/"))]);
  });
}

// a place that was ticked moves up to the chosen ones; unticked there, it goes
form.addEventListener("change", (event) => {
  if (event.target.name !== "place") return;
  const label = event.target.closest("label");
  const chosen = document.getElementById("chosen-places");
  if (!event.target.checked) return label.remove();
  const twin = chosen.querySelector(`[value="${event.target.value}"]`);
  if (twin) label.remove();
  else chosen.append(label);
});

// four emoji fill a cover
form.addEventListener("change", (event) => {
  if (event.target.name === "emoji" && form.querySelectorAll("[name=emoji]:checked").length > 4) event.target.checked = false;
});
