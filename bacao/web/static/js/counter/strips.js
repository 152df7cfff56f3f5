// What the top of the counter says of itself: alone or not, what waits to be sent; and the lists behind it (RD30, RD37).
import { clockOf, part } from "./screen.js";
import { language, money, words } from "./words.js";
import { api } from "../till/api.js";
import { exportRows } from "../till/rows.js";

/** Show the state of a till. */
export function showState(till) {
  const { alone, unsent, left, may, near, trouble } = till.state;
  part("alone").hidden = !alone && !near;
  part("alone-text").textContent = !alone ? words.near : may && left ? words.aloneLeft(left) : words.aloneNone;
  part("unsent").hidden = !unsent;
  part("unsent-text").textContent = trouble ? words.trouble(trouble) : words.unsent(unsent);
}

function line(when, text, extra = []) {
  const row = document.createElement("li");
  row.append(
    Object.assign(document.createElement("time"), { textContent: clockOf(when) }),
    Object.assign(document.createElement("span"), { textContent: text }),
    ...extra,
  );
  return row;
}

const nameOf = (row) => row.shown?.preview?.title[language] ?? { "/undos": words.undone, "/incidents": words.honoured }[row.path] ?? "…";

/** Show the rows that wait, with two ways to save them. */
export function showQueue(till) {
  part("queue-title").textContent = words.unsent(till.rows.length);
  part("queue-rows").replaceChildren(...till.rows.map((row) => line(row.at, nameOf(row), [document.createTextNode(`#${row.number}`)])));
  part("queue-send").onclick = async () => {
    await till.sync({ all: true });
    if (till.rows.length) showQueue(till);
    else part("queue").close();
  };
  part("queue-share").onclick = () => share(till);
  if (!part("queue").open) part("queue").showModal();
}

/** Give the rows away as a text file: from a dying phone they can be sent by another (RD37). */
async function share(till) {
  const file = new File([await exportRows(till.database)], `bacao-rows-${till.device.id.slice(0, 8)}.txt`, { type: "text/plain" });
  if (navigator.canShare?.({ files: [file] })) return navigator.share({ files: [file] }).catch(() => {});
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(file), download: file.name });
  link.click();
  URL.revokeObjectURL(link.href);
}

/** Show what was redeemed lately; `undo(row)` takes one back. */
export async function showLog(till, undo) {
  const own = till.rows.filter(({ path, served_at: served, undone }) => path === "/redemptions" && served && !undone);
  const { status, content } = await api.get("/redemptions", 3000);
  const told = status === 200 ? content.redemptions : [];
  const rows = [
    ...own.map((row) => ({ key: row.key, at: row.at, title: row.shown.preview.title, charge: 0 })),
    ...told.map((one) => ({ key: one.redemption, at: Date.parse(one.redeemed_at), title: one.title, charge: one.charge_minor, undone: one.undone_at })),
  ];
  part("log-rows").replaceChildren(
    ...rows.map((row) => {
      const open = !row.undone && till.clock.now() - row.at < 3600000;
      const button = Object.assign(document.createElement("button"), { type: "button", className: "button button--small", textContent: words.undo });
      button.onclick = () => {
        part("log-sheet").close();
        undo(row.key, row.at);
      };
      const shown = line(row.at, `${row.title[language]}${row.charge ? ` · ${words.charge(money(row.charge))}` : ""}`, open ? [button] : []);
      shown.classList.toggle("is-undone", Boolean(row.undone));
      return shown;
    }),
  );
  part("log-sheet").showModal();
}
