// The console's small helpers; every page does its work without them.

// A button that copies a field, where the browser lets pages write to the clipboard.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
    const word = button.querySelector("[data-said]");
    const before = word.textContent;
    word.textContent = word.dataset.said;
    setTimeout(() => (word.textContent = before), 2000);
  });
}

// An example fills the field it belongs to, as if it had been typed.
for (const example of document.querySelectorAll("[data-fill]")) {
  example.addEventListener("click", () => {
    const field = document.getElementById(example.dataset.fill);
    field.value = example.dataset.value;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    field.focus();
  });
}

// The preview follows what is typed, so its button is only needed without this script.
for (const button of document.querySelectorAll("[data-preview]")) button.hidden = true;

// One more line of a package: a copy of the last one, emptied and numbered on.
for (const adder of document.querySelectorAll("[data-add-item]")) {
  adder.hidden = false;
  const form = adder.closest("form");
  const rows = form.querySelector("[data-items]");
  const total = form.querySelector('[name="items-TOTAL_FORMS"]');
  adder.addEventListener("click", () => {
    const number = Number(total.value);
    const row = rows.lastElementChild.cloneNode(true);
    for (const field of row.querySelectorAll("input")) {
      field.name = field.name.replace(/items-\d+/, `items-${number}`);
      field.id = field.id.replace(/items-\d+/, `items-${number}`);
      field.value = field.name.endsWith("quantity") ? "1" : "";
    }
    rows.append(row);
    total.value = number + 1;
    row.querySelector("input").focus();
  });
}

// The stand's page prints itself.
for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());
