// Each function is a case of tests/stories/test_till.py: it plays one and returns what it saw.
import { NOON, OFFERS, exportRows, makeVoucher, openTill, play, scan } from "/tests/till_rounds.js";

import { typedTag } from "/js/till/typed.js";

export { play };

const HOUR = 3600000;

export async function onlineTheServerDecidesAndTheRowIsGone() {
  const voucher = makeVoucher(1), { till, time, server } = await openTill([voucher]);
  const first = await scan(till, voucher, time);
  time.now += 60000;
  const second = await scan(till, voucher, time);
  return { first: first.look, second: second.reason, rows: till.rows.length, posts: server.posts.length, wrong: server.wrong };
}

export async function rd34Rd35AloneItServesByTheRulesAndKeepsTheRow() {
  const voucher = makeVoucher(1), world = await openTill([voucher]);
  world.server.fails = () => "silent";
  const first = await scan(world.till, voucher, world.time);
  const state = world.till.state;
  const again = await world.again();                     // a reload
  world.time.now += 60000;
  const second = await scan(again, voucher, world.time);
  world.server.fails = () => null;
  await again.sync({ all: true });
  const [post] = world.server.posts;
  return { first: first.look, served: first.served, unsent: state.unsent, left: state.left, alone: state.alone,
  second: second.reason, rows: again.rows.length, number: post.number, mark: Boolean(post.served), wrong: world.server.wrong };
}

export async function rd35AnUnknownAnswerIsAskedForUnderTheSameKey() {
  const voucher = makeVoucher(1, { leased: false, worth: 20000 }), world = await openTill([voucher]);
  world.server.fails = () => "deaf";                      // the server took it, nobody heard
  const first = await scan(world.till, voucher, world.time);
  world.server.fails = () => null;
  world.time.now += 60000;
  const second = await scan(world.till, voucher, world.time);
  return { first: first.look, reason: first.reason, second: second.look, keys: new Set(world.server.posts.map(p => p.key)).size };
}

export async function whatIsNotServedAlone(now) {
  const manifest = now.spans ? { offers: withSpans(now.spans) } : (now.manifest ?? {});
  const voucher = makeVoucher(1, now.voucher), world = await openTill(now.stranger ? [] : [voucher], { manifest });
  world.server.fails = () => "silent";
  world.till.alone = true;
  world.time.now += now.later ?? 0;
  const result = await scan(world.till, voucher, { now: world.time.now + (now.shown ?? 0) });
  return { look: result.look, reason: result.reason, rows: world.till.rows.length };
}

/** Serve alone while the phone's store is full, then once it has room. */
export async function aFullPhone() {
  const [first, second] = [makeVoucher(1), makeVoucher(2)], { till, time, server } = await openTill([first, second]);
  const put = IDBObjectStore.prototype.put;
  const fill = (names) => (IDBObjectStore.prototype.put = function (...words) {
    if (names.includes(this.name)) throw new DOMException("no room", "QuotaExceededError");
    return put.apply(this, words);
  });
  try {
    fill(["rows"]);                                        // the row itself cannot be written
    const refused = await scan(till, first, time).catch(({ name }) => name);
    const posts = server.posts.length;
    fill(["done"]);                                        // the row can, its answer cannot
    const { look } = await scan(till, second, time);
    fill([]);
    await till.sync({ all: true });
    return { refused, posts, look, rows: till.rows.length, taken: server.count("/redemptions"), wrong: server.wrong };
  } finally {
    IDBObjectStore.prototype.put = put;
  }
}

/** Two tabs of one phone share its memory: numbers, limits, what was used up. */
export async function twoTabs() {
  const vouchers = [1, 2, 3].map((number) => makeVoucher(number)), world = await openTill(vouchers, { manifest: { caps: { hard_items: 2 } } });
  const tabs = [world.till, await world.again()];
  world.server.fails = () => "silent";
  const [first, second] = await Promise.all(tabs.map((tab, i) => scan(tab, vouchers[i], world.time)));
  const third = await scan(tabs[0], vouchers[2], world.time);
  const again = await scan(tabs[0], vouchers[1], { now: world.time.now });
  world.server.fails = () => null;
  await Promise.all(tabs.map((tab) => tab.sync({ all: true })));
  const numbers = world.server.posts.map(({ number }) => number);
  return { looks: [first.look, second.look], third: third.reason, again: again.reason, numbers: [...new Set(numbers)].sort(),
  taken: world.server.count("/redemptions"), missing: world.server.missing, wrong: world.server.wrong };
}

/** Clocks that jump: turned back while open, asleep in a pocket, turned back before the page is opened again. */
export async function clocksThatJump() {
  const { Clock } = await import("/js/till/clock.js");
  const time = { date: NOON, steady: 0 }, clocks = { date: () => time.date, steady: () => time.steady };
  const clock = new Clock(500, clocks);
  const after = (date, steady) => { time.date += date; time.steady += steady; return clock.now() - NOON; };
  const seen = { runs: after(1000, 1000), turnedBack: after(-HOUR, 1000), slept: after(HOUR + 600000, 0) };
  clock.set(new Date(NOON).toISOString(), 200);
  const voucher = makeVoucher(1), world = await openTill([voucher]);
  world.server.fails = () => "silent";
  await scan(world.till, voucher, world.time);
  world.time.now -= 5 * HOUR;
  const reopened = await world.again();
  return { ...seen, told: clock.now() - NOON, reopened: reopened.clock.now() - NOON };
}

/** The first offer with spans of its own, in hours from noon. */
const withSpans = (spans) => [{ ...OFFERS[0], spans: spans.map((span) => span.map((hour) => new Date(NOON + hour * HOUR).toISOString())) }];

export async function hoursOfItsOwn() {
  const [first, second, third] = [1, 2, 3].map((number) => makeVoucher(number));
  const { till, time, server } = await openTill([first, second, third], { manifest: { offers: withSpans([[2, 3]]) } });
  server.fails = () => "silent";
  till.alone = true;
  const before = await scan(till, first, time);
  time.now += 2 * HOUR;                                    // the first instant counts, the last does not
  const inside = await scan(till, second, time);
  time.now += HOUR;
  const after = await scan(till, third, time);
  return { before: before.reason, opens: (before.at - NOON) / HOUR, inside: inside.look, after: after.reason, none: after.at };
}

export async function aWholeDayAlone() {
  const vouchers = Array.from({ length: 30 }, (_, i) => makeVoucher(i)), world = await openTill(vouchers);
  let till = world.till, greens = 0;
  world.server.fails = () => "silent";
  for (const voucher of vouchers) {
  world.time.now += 23 * HOUR / 30;
  if (greens % 7 === 3) till = await world.again();
  greens += (await scan(till, voucher, world.time)).look === "green";
  }
  const state = till.state, text = await exportRows(till.database);
  world.server.fails = () => null;
  till = await world.again();
  await till.sync({ all: true });
  return { greens, unsent: state.unsent, left: state.left, near: state.near, exported: JSON.parse(text).rows.length,
  after: till.rows.length, taken: world.server.count("/redemptions"), missing: world.server.missing, wrong: world.server.wrong };
}

export async function rd36ARowIsTriedForEverAndNeverDropped() {
  const voucher = makeVoucher(1), { till, time, server } = await openTill([voucher]);
  server.fails = () => "silent";
  await scan(till, voucher, time);
  const started = time.now, tried = [];
  server.fails = () => { tried.push(Math.round((time.now - started) / 1000)); return "silent"; };
  for (let i = 0; i < 700; i++) { time.now += 1000; await till.sync(); }
  const answers = [[500, {}], [404, {}], [400, { outcome: "not_understood" }], [401, { outcome: "revoked" }], [422, { outcome: "wrong_shape" }], [429, { outcome: "too_fast" }]];
  for (const [status, content] of answers) {
  till.api = { ...server, post: async () => ({ status, content, retryAfter: 7 }) };
  time.now += 60000;
  await till.sync({ all: true });
  }
  return { tried, trouble: till.state.trouble, rows: till.rows.length };
}

export async function rd38ServedHereAndUsedElsewhereIsAConflictThatIsTold() {
  const voucher = makeVoucher(1), { till, time, server } = await openTill([voucher]);
  server.fails = () => "silent";
  const result = await scan(till, voucher, time);
  server.fails = () => null;
  server.left.set(voucher.handle, 0);                      // another counter was faster
  await till.sync({ all: true });
  const [row] = till.news;
  return { look: result.look, rows: till.rows.length, status: row.status, outcome: row.content.outcome };
}

export async function rd39ALateYesIsToldOnce() {
  const voucher = makeVoucher(1, { leased: false, worth: 20000 }), { till, time, server } = await openTill([voucher]);
  server.fails = () => "silent";
  const result = await scan(till, voucher, time);
  await till.leave(result.row);
  server.fails = () => null;
  await till.sync({ all: true });
  return { look: result.look, news: till.news.map(({ status }) => status) };
}

export async function rd42AnUndoAloneTravelsBehindItsRow() {
  const voucher = makeVoucher(1), { till, time, server } = await openTill([voucher]);
  server.fails = () => "silent";
  const green = await scan(till, voucher, time);
  const undone = await till.undo(green.row.key, time.now);
  time.now += 31000;
  const again = await scan(till, voucher, time);
  const late = await till.undo(again.row.key, time.now - 61 * 60000);
  server.fails = () => null;
  await till.sync({ all: true });
  await till.sync({ all: true });
  return { looks: [green.look, undone.look, again.look], late: late.reason, order: server.posts.map(({ path }) => path),
  left: server.left.get(voucher.handle), rows: till.rows.length };
}

export async function aBillIsCheckedAndChargedAlone() {
  const voucher = makeVoucher(1, { offer: 32, worth: 2000 }), { till, time, server } = await openTill([voucher]);
  server.fails = () => "silent";
  till.alone = true;
  const short = await scan(till, voucher, time, { bill_minor: 9000 });
  const good = await scan(till, voucher, time, { bill_minor: 12000 });
  return { short: short.reason, look: good.look, charge: good.content.charge_minor };
}

/** The library for browsers that cannot check Ed25519 themselves says the same. */
export async function signaturesWithoutWebCrypto(text, keys) {
  const { readCode } = await import("/js/till/codes.js");
  const { isOurs } = await import("/js/till/signed.js");
  const code = readCode(text);
  const itself = await isOurs(code, keys);
  const importKey = crypto.subtle.importKey.bind(crypto.subtle);
  crypto.subtle.importKey = (format, key, how, ...rest) => {
    if (how.name === "Ed25519") throw new DOMException("NotSupportedError");
    return importKey(format, key, how, ...rest);
  };
  const spoiled = { ...code, head: code.head.replace(/.$/, (digit) => (digit === "0" ? "1" : "0")) };
  return { itself, library: await isOurs(code, keys), spoiled: await isOurs(spoiled, keys) };
}

/** Hold vouchers up to a camera, one after another; return milliseconds from held up to decoded, and from there to green.
 *
 * The first is held up before the camera is asked for: the engine is loaded on the way. With `patience` (milliseconds) it
 * ends early, after three at least.
 */
export async function decodeToGreen(count, patience = Infinity) {
  const { drawQr } = await import("/js/qr.js");
  const { Scanner } = await import("/js/scanner.js");
  const vouchers = Array.from({ length: count }, (_, i) => makeVoucher(i));
  const { till, time, server } = await openTill(vouchers, { at: Date.now(), manifest: { caps: { hard_items: 1000 } } });
  const pen = Object.assign(document.createElement("canvas"), { width: 640, height: 480 }).getContext("2d");
  navigator.mediaDevices.getUserMedia = async () => pen.canvas.captureStream(20);
  let held = null;
  setInterval(() => {
    pen.fillStyle = "#777";
    pen.fillRect(0, 0, 640, 480);
    if (held) pen.drawImage(held, 210, 130, 220, 220);
  }, 40);
  let heard = () => {};
  const video = Object.assign(document.createElement("video"), { muted: true, playsInline: true });
  const times = [];
  const opened = performance.now();
  for (const [number, voucher] of vouchers.entries()) {
    if (number >= 3 && performance.now() - opened > patience) break;
    server.fails = () => (number % 2 ? "silent" : null);
    time.now = Date.now();
    const token = voucher.tokenAt(time.now);
    const shown = new Image();
    shown.src = `data:image/svg+xml;base64,${btoa(drawQr(token).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400" '))}`;
    await shown.decode();
    held = shown;
    const began = performance.now();
    const read = new Promise((resolve) => (heard = (text) => text === token && resolve()));
    if (number === 0) await new Scanner(video, (text) => heard(text)).start();
    await read;
    heard = () => {};
    const decoded = performance.now();
    const found = await till.examine({ token });
    const { look } = await till.press(found);
    if (look !== "green") throw new Error(`${look} at ${number}`);
    times.push({ alone: number % 2 === 1, decoded: decoded - began, green: performance.now() - decoded });
    held = null;
  }
  return times;
}

/** Type codes without network where the shop allows it; `now` = {allowed, worth, closed, twin}. */
export async function rd15TypedAlone(now) {
  const [code, wrong] = ["432109876544", "123456789015"], key = "A".repeat(43);
  const voucher = makeVoucher(1, { worth: now.worth ?? 3800 }), twin = makeVoucher(2);
  const tag = await typedTag(key, code);
  if (now.allowed) voucher.row.typed = tag;
  if (now.twin) twin.row.typed = tag;
  const typing = now.allowed ? { key, most_minor: 10000 } : null;
  const world = await openTill([voucher, twin], { manifest: { typing } }), { till, server } = world;
  server.fails = () => "silent";
  till.alone = true;
  const type = async (digits) => {
    const found = await till.examine({ typed: digits });
    return found.kind === "found" ? till.press(found) : { look: found.kind, ...found };
  };
  const bad = [];
  for (let i = 0; i < (now.closed ? 5 : 1); i++) bad.push((await type(wrong)).reason);
  const first = await type(code);
  world.time.now += 70000;
  const again = await type(code), scanned = await scan(till, voucher, world.time);
  return { bad: [...new Set(bad)], first: first.look, reason: first.reason, again: again.reason ?? again.look,
  scanned: scanned.reason ?? scanned.look, rows: till.rows.map(({ body, served_at: served, minor }) => [JSON.parse(body).typed === code, Boolean(served), minor]) };
}
