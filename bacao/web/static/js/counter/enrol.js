// How a phone becomes a counter: it shows six digits, the owner agrees, once (RD49).
import { part } from "./screen.js";
import { language, words } from "./words.js";
import { api, sessionApi } from "../till/api.js";
import { askToStand, findDevice, findMemory, refreshDevice } from "../till/device.js";

const ASK_AGAIN_MS = 3000;
const screen = part("enrolment");

const nameOf = () => (/iPad|Tablet/.test(navigator.userAgent) ? "平板 tablet" : /iPhone|Android/.test(navigator.userAgent) ? "手机 phone" : "电脑 computer");

function say(text) {
  part("enrol-text").textContent = text;
}

/** Show where the enrolment stands. */
function show(device) {
  const waiting = device?.state === "waiting";
  part("enrol-digits").hidden = part("enrol-wait").hidden = part("enrol-pin").hidden = !waiting;
  part("enrol-ask").hidden = waiting;
  if (waiting) {
    part("enrol-digits").textContent = device.digits.replace(/^(...)/, "$1 ");
    say(words.asking);
  }
  const ended = { refused: words.refusedDevice, expired: words.expiredDevice, revoked: words.revokedDevice }[device?.state];
  if (ended) say(ended);
}

/** Open the screen; resolves with the device once it was agreed to. `place` = the shop's number. */
export async function enrol(place) {
  screen.showModal();
  const database = await findMemory();
  if (!database) {
    say(words.noKeys);
    part("enrol-ask").hidden = true;
    return new Promise(() => {});
  }
  let device = await findDevice(database);
  if (device) device = await refreshDevice(database, api, device);
  show(device);
  return new Promise((agreed) => {
    const look = async () => {
      if (device?.state === "waiting") {
        device = await refreshDevice(database, api, device);
        if (device.state === "waiting" && Date.now() > Date.parse(device.expires_at)) device = { ...device, state: "expired" };
        show(device);
      }
      if (device?.state === "agreed") return agreed(device);
      setTimeout(look, ASK_AGAIN_MS);
    };
    part("enrol-ask").onclick = async () => {
      try {
        device = await askToStand(database, api, place || device?.place, nameOf());
        await agreeMyself(device);
        show(device);
      } catch (refused) {
        say(refused.text?.[language] ?? words.noNetwork);
      }
    };
    part("enrol-pin").onsubmit = async (event) => {
      event.preventDefault();
      part("enrol-pin-said").textContent = await agreeHere(device, event.target.pin.value);
      event.target.reset();
      device = await refreshDevice(database, api, device);
      if (device.state === "agreed") agreed(device);
    };
    look();
  });
}

/** The owner stands here and types their PIN; return what to say where that did not do. */
async function agreeHere(device, pin) {
  const { status, content } = await api.post(`/devices/${device.id}/agreement`, { pin });
  if (content.outcome === "pin_wrong") return words.pinWrong(content.tries_left);
  return status === 201 ? "" : (content.text?.[language] ?? words.noNetwork);
}

/** The owner's own phone needs nobody else: the same press agrees. Anybody else's answer is no, and is not asked for. */
async function agreeMyself(device) {
  if (document.querySelector("[data-counter]").dataset.owner !== "1") return;
  await sessionApi.post(`/devices/${device.id}/agreement`, { digits: device.digits });
}

screen.addEventListener("cancel", (event) => event.preventDefault());
part("enrol-close")?.addEventListener("click", () => screen.close());
