// What every page may use; each page works without it.

const dropToast = (toast) => {
  toast.classList.add("toast--leaving");
  setTimeout(() => toast.remove(), 220);
};

const watchToasts = (root) => {
  for (const toast of root.querySelectorAll("[data-toast]:not([data-watched])")) {
    toast.dataset.watched = "";
    toast.querySelector("[data-close-toast]")?.addEventListener("click", () => dropToast(toast));
    if (toast.classList.contains("toast--error")) continue; // an error stays until it was read
    const seconds = toast.querySelector("form") ? 10 : 5;
    let timer = setTimeout(dropToast, seconds * 1000, toast);
    toast.addEventListener("pointerenter", () => clearTimeout(timer));
    toast.addEventListener("pointerleave", () => (timer = setTimeout(dropToast, 3000, toast)));
  }
};

const zh = document.documentElement.lang.startsWith("zh");

/** Shows a sentence as a toast; `kind` is info, success or error. Other scripts may import it. */
export const say = (sentence, kind = "info") => {
  const toast = document.createElement("div");
  toast.className = `toast toast--${kind}`;
  toast.dataset.toast = "";
  const text = Object.assign(document.createElement("span"), { className: "grow", textContent: sentence });
  const close = Object.assign(document.createElement("button"), { type: "button", className: "toast__close", textContent: "✕", ariaLabel: zh ? "关闭" : "Close" });
  close.dataset.closeToast = "";
  toast.append(text, close);
  document.getElementById("toasts")?.append(toast);
  watchToasts(document);
};

const showNetwork = () => {
  for (const strip of document.querySelectorAll("[data-offline]")) strip.hidden = navigator.onLine;
};

// "back" goes where one came from, if that was this site; otherwise to the page's parent
document.addEventListener("click", (event) => {
  const back = event.target.closest("[data-back]");
  if (!back || event.metaKey || event.ctrlKey) return;
  if (history.length > 1 && document.referrer.startsWith(location.origin)) {
    event.preventDefault();
    history.back();
  }
});

// <button data-open="id"> opens a <dialog id>; a click on its backdrop or on [data-close] shuts it
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) document.getElementById(opener.dataset.open)?.showModal();
  const dialog = event.target.closest("dialog");
  if (dialog && (event.target === dialog || event.target.closest("[data-close]"))) dialog.close();
});

// what htmx could not do is said, not swallowed: a refusal brings its sentence, everything else gets a plain one
document.addEventListener("htmx:responseError", ({ detail: { xhr } }) => {
  const plain = xhr.getResponseHeader("Content-Type")?.startsWith("text/plain");
  say(plain ? xhr.responseText : zh ? "没做成，什么都没改动。再试一次。" : "That did not work; nothing was changed. Try again.", "error");
});
document.addEventListener("htmx:sendError", () => say(zh ? "没有网络，没发出去。" : "No network; it was not sent.", "error"));

window.addEventListener("online", showNetwork);
window.addEventListener("offline", showNetwork);
document.addEventListener("htmx:afterSettle", () => watchToasts(document));
showNetwork();
watchToasts(document);
