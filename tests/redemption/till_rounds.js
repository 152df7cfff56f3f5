// A counter against a server of a few lines that can be silent, lose answers and come back: what test_till.py asks.
import { BC2, STEPS_PER_DAY, anchorOf, encodeToken, stepAt, tokenAt } from "/js/chain.js";
import { Till } from "/js/till/till.js";
import { keepManifest } from "/js/till/manifest.js";
import { openDatabase, putFact } from "/js/till/database.js";
import { exportRows } from "/js/till/rows.js";
import { fromBase64, utf8 } from "/js/till/bytes.js";

const DAY_MS = 86400000;
export const NOON = Date.UTC(2026, 10, 21, 4, 0, 0);

/** Return random numbers from a seed (mulberry32). */
export function makeDraw(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const hexOf = (number, bytes) => number.toString(16).padStart(2 * bytes, "0");

/** A voucher with its seeds of four days, as the member's phone holds them. */
export function makeVoucher(number, { uses = 1, leased = true, offer = 31, worth = 3800 } = {}) {
  const handle = hexOf(number + 1, 5);
  const days = Array.from({ length: 4 }, (_, i) => Math.floor(NOON / DAY_MS) - 1 + i);
  const seeds = Object.fromEntries(days.map((day) => [day, hexOf(number * 1000 + day, 14)]));
  const anchors = Object.fromEntries(days.slice(0, 3).map((day) => [day, anchorOf(seeds[day], handle, day)]));
  const row = { handle, offer, version: offer - 30, uses_left: uses, uses_total: uses, worth_minor: worth, highest_step: -1, leased, anchors, valid_until: new Date(NOON + 30 * DAY_MS).toISOString() };
  return { handle, row, tokenAt: (now) => tokenAt(seeds, handle, stepAt(now)), anchorOf: (day) => anchors[day], STEPS_PER_DAY, BC2, encodeToken };
}

export const OFFERS = [
  { offer: 31, version: 1, kind: "package", title: { zh: "手冲", en: "Pour-over" }, items: [], terms: { zh: "", en: "" }, needs_bill: false, threshold_minor: 0, face_minor: 0, percent_basis_points: 0, cap_minor: null, worth_minor: 3800, hours: "", asks_member: false },
  { offer: 32, version: 2, kind: "threshold_off", title: { zh: "减 20", en: "20 off" }, items: [], terms: { zh: "", en: "" }, needs_bill: true, threshold_minor: 10000, face_minor: 2000, percent_basis_points: 0, cap_minor: null, worth_minor: 2000, hours: "", asks_member: false },
];

export function makeManifest(vouchers, { now = NOON, caps = {}, ...more } = {}) {
  return {
    outcome: "manifest", number: 1, since: 0, server_time: new Date(now).toISOString(), valid_until: new Date(now + DAY_MS).toISOString(),
    place: { id: 1, zh: "鹿里咖啡", en: "Luli" }, offline: true,
    caps: { soft_items: 10, soft_minor: 30000, hard_items: 50, hard_minor: 150000, item_minor: 10000, ...caps },
    vouchers: vouchers.map(({ row }) => row), gone: [], offers: OFFERS, keys: [], clerks: [], ...more,
  };
}

/** A server that stores an answer per key, checks numbers and signatures, and fails as told by `fails()`. */
export class Server {
  constructor(vouchers, clock) {
    this.clock = clock;
    this.left = new Map(vouchers.map(({ handle, row }) => [handle, row.uses_left]));
    this.steps = new Map();
    this.stored = new Map();
    this.posts = [];
    this.wrong = [];
    this.fails = () => null; // "silent": the request is lost; "deaf": its answer is
    this.verify = null;
  }

  get = async (path) => {
    if (this.fails("get")) return { status: 0, content: {} };
    return { status: 404, content: { outcome: "none" }, path };
  };

  post = async (path, body, { headers = {} } = {}) => {
    const fate = this.fails("post");
    if (fate === "silent") return { status: 0, content: {} };
    const answer = path === "/previews" ? this.#preview() : await this.#row(path, body, headers);
    return fate === "deaf" ? { status: 0, content: {} } : { travelled: 0, retryAfter: 0, ...answer };
  };

  #preview() {
    return { status: 404, content: { outcome: "not_found", text: { zh: "不是本店的券", en: "not ours" } } };
  }

  async #row(path, body, headers) {
    const key = headers["Idempotency-Key"];
    this.posts.push({ path, key, number: Number(headers["Counter-Number"]), served: headers["Counter-Served-At"] });
    await this.#check(key, body, headers);
    const before = this.stored.get(key);
    if (before) {
      if (before.body !== body) this.wrong.push(`another body under ${key}`);
      return before.answer;
    }
    const answer = this.#decide(path, key, JSON.parse(body));
    this.stored.set(key, { body, path, number: Number(headers["Counter-Number"]), answer });
    return answer;
  }

  async #check(key, body, headers) {
    if (!this.verify) return;
    const message = utf8(`${key}\n${headers["Counter-Device"] ?? "device-1"}\n${headers["Counter-Number"]}\n${body}`);
    const good = await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, this.verify, fromBase64(headers["Counter-Signature"]), message);
    if (!good) this.wrong.push(`signature of ${key}`);
  }

  #decide(path, key, { token, uses = 1, redemption }) {
    const no = (outcome) => ({ status: 409, content: { outcome, text: { zh: outcome, en: outcome } } });
    if (path === "/undos") {
      const first = this.stored.get(redemption);
      if (first?.answer.status !== 201) return no("unknown");
      const { token: of, uses: taken = 1 } = JSON.parse(first.body);
      this.left.set(handleOf(of), this.left.get(handleOf(of)) + taken);
      return { status: 201, content: { outcome: "undone", redemption } };
    }
    const handle = handleOf(token);
    if ((this.left.get(handle) ?? 0) < uses) return no("already_redeemed");
    this.left.set(handle, this.left.get(handle) - uses);
    return { status: 201, content: { outcome: "redeemed", redemption: key, title: OFFERS[0].title, items: [], charge_minor: 0, uses_total: 1 } };
  }

  /** Numbers that never arrived, 1 to the highest. */
  get missing() {
    const held = new Set([...this.stored.values()].map(({ number }) => number));
    return Array.from({ length: Math.max(0, ...held) }, (_, i) => i + 1).filter((number) => !held.has(number));
  }

  count(path) {
    return [...this.stored.values()].filter((one) => one.path === path && one.answer.status === 201).length;
  }
}

const handleOf = (token) => (BigInt(token) & ((1n << 152n) - 1n)).toString(16).padStart(38, "0").slice(0, 10);

/** Open a till with a device and a manifest, on a clock that the test moves. */
export async function openTill(vouchers, { name = `till-${Math.random()}`, manifest = {}, at = NOON } = {}) {
  const time = { now: at };
  const clocks = { date: () => time.now, steady: () => time.now };
  const server = new Server(vouchers, time);
  const database = await openDatabase(name);
  const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  server.verify = keys.publicKey;
  await putFact(database, "device", { id: "device-1", place: 1, keys, state: "agreed" });
  if (manifest) await keepManifest(database, makeManifest(vouchers, { now: at, ...manifest }), { asked: at, offset: 0 });
  const again = async () => {
    const till = await Till.open({ api: server, clocks, name });
    till.alone = false;
    return till;
  };
  return { time, server, database, again, till: await again(), name };
}

/** Scan a voucher now. */
export async function scan(till, voucher, time, said = {}) {
  const found = await till.examine({ token: voucher.tokenAt(time.now) });
  if (found.kind === "again") return till.send(found.row);
  return found.kind === "found" ? till.press(found, said) : { look: "red", ...found };
}

/** Play `steps` random moves and return what has to be true of them. */
export async function play(seed, steps) {
  const draw = makeDraw(seed);
  const vouchers = Array.from({ length: 6 }, (_, i) => makeVoucher(seed * 10 + i, { uses: i === 0 ? 3 : 1 }));
  const world = await openTill(vouchers);
  let { till } = world;
  const { time, server } = world;
  const greens = new Map();
  const undone = new Set();
  let weather = "clear";
  server.fails = () => (weather === "clear" ? null : weather === "storm" ? ["silent", "deaf", null][Math.floor(draw() * 3)] : "silent");
  for (let i = 0; i < steps; i++) {
    time.now += 31000 + Math.floor(draw() * 60000);
    const move = draw();
    if (move < 0.15) weather = ["clear", "storm", "down"][Math.floor(draw() * 3)];
    else if (move < 0.25) till = await world.again();
    else if (move < 0.35) await till.sync({ all: draw() < 0.5 });
    else if (move < 0.45 && greens.size) {
      const key = [...greens.keys()][Math.floor(draw() * greens.size)];
      const result = undone.has(key) ? null : await till.undo(key, greens.get(key));
      if (result?.look === "undone") undone.add(key);
    } else {
      const voucher = vouchers[Math.floor(draw() * vouchers.length)];
      const result = await scan(till, voucher, time, voucher.row.uses_total > 1 ? { uses: 1 } : {});
      if (result.look === "green") greens.set(result.row.key, time.now);
    }
  }
  weather = "clear";
  till = await world.again();
  for (let i = 0; i < 5 && till.rows.length; i++) {
    time.now += 60000;
    await till.sync({ all: true });
  }
  const lost = [...greens.keys()].filter((key) => server.stored.get(key)?.answer.status !== 201);
  const conflicts = till.news.filter(({ status, path }) => status !== 201 && path === "/redemptions");
  const over = [...server.left.values()].filter((left) => left < 0).length;
  return { greens: greens.size, undone: undone.size, lost, over, unsent: till.rows.length, missing: server.missing, wrong: server.wrong, conflicts: conflicts.length, posts: server.posts.length };
}

export { exportRows };
