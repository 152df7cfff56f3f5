// The device's position, asked for only when somebody taps the button, sent in the body of a form.

const form = document.querySelector("[data-device]");
const button = form.querySelector("[data-locate]");
const denied = form.querySelector("[data-denied]");

if ("geolocation" in navigator && isSecureContext) {
  button.hidden = false;
  form.addEventListener("submit", (event) => {
    if (form.latitude.value) return;
    event.preventDefault();
    button.setAttribute("aria-disabled", "true");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        form.latitude.value = coords.latitude.toFixed(5);
        form.longitude.value = coords.longitude.toFixed(5);
        form.submit();
      },
      () => {
        button.removeAttribute("aria-disabled");
        denied.hidden = false;
      },
      { enableHighAccuracy: true, timeout: 10_000, maximumAge: 60_000 },
    );
  });
} else {
  denied.hidden = false;
}
