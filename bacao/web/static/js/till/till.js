// A counter that may be alone: asks its own memory first (RD31), writes the row before it shows anything (RD34), sends it,
// and where nobody answers in time serves by the rules of judge.js (RD35).
import { api as realApi, isFinal } from "./api.js";
import { chargeOf } from "./amounts.js";
import { Clock } from "./clock.js";
import { readCode } from "./codes.js";
import { openDatabase, putFact, read, readByHandle } from "./database.js";
import { findDevice } from "./device.js";
import { judgeAlone, judgeChain, leftAlone, mayServeAlone, nearLimit, ownUse } from "./judge.js";
import { MANIFEST_EVERY_MS, findManifest, offerNamed, offerOf, refreshManifest, returnLeases } from "./manifest.js";
import { addRow, listNews, listRows, markLeft, markServed, markUndone, settleRow, sweep, withdrawRow } from "./rows.js";
import { isOurs } from "./signed.js";
import { countWrongTyped, handleOfTyped, isTypingClosed } from "./typed.js";
import { PATIENCE_MS, TROUBLE_TRIES, postRow, sendDue } from "./sync.js";

const UNDO_MS = 60 * 60 * 1000;
const PREVIEW_MS = 3000;
const LEASES_EVERY_MS = 10000;
const HONOURED_A_DAY = 3;
const HONOURED_MOST_MINOR = 10000;

export class Till {
  /** Open this phone's memory. `clocks` = {date, steady} for tests of a whole day. */
  static async open({ api = realApi, clocks, name } = {}) {
    const database = await openDatabase(name);
    const offset = (await read(database, "facts", "offset")) ?? 0;
    const [manifest, rows] = [await findManifest(database), await listRows(database)];
    const earliest = Math.max(manifest?.asked ?? 0, ...rows.map(({ at }) => at));
    const till = new Till(database, await findDevice(database), api, new Clock(offset, clocks, earliest));
    await till.reload();
    return till;
  }

  constructor(database, device, api, clock) {
    Object.assign(this, { database, device, api, clock });
    this.clerk = null;
    this.alone = globalThis.navigator?.onLine === false;
    this.changed = () => {};
    this.told = () => {};
  }

  async reload() {
    this.manifest = await findManifest(this.database);
    this.rows = await listRows(this.database);
    this.news = await listNews(this.database);
    this.changed();
  }

  /** What the strip of the page shows. */
  get state() {
    const now = this.clock.now();
    return {
      alone: this.alone,
      unsent: this.rows.length,
      left: leftAlone(this.manifest, this.rows, now),
      may: mayServeAlone(this.manifest, now),
      near: nearLimit(this.manifest, this.rows),
      trouble: this.rows.filter(({ tries }) => tries >= TROUBLE_TRIES).length,
    };
  }

  // --- what is this code? ---

  /** Look at a scanned (`token`) or typed code. Consumes nothing.
   *
   * Returns {kind: "again", row}, {kind: "red", reason | content}, or {kind: "found", preview, ...} for `press`.
   */
  async examine({ token: text, typed }) {
    const token = typed ? await this.#knownTyped(typed) : readCode(text);
    if (!token) return this.#askServer({ typed }, null);
    const rows = await listRows(this.database); // another tab may have served since
    const waiting = rows.find((row) => row.handle === token.handle && row.path === "/redemptions" && !row.served_at && !row.undone);
    if (waiting) return { kind: "again", row: waiting };
    const voucher = await read(this.database, "vouchers", token.handle);
    const entries = await readByHandle(this.database, token.handle);
    const own = ownUse(entries, this.manifest);
    const usedUp = voucher ? voucher.uses_left <= own.uses : entries.some((one) => !one.settled && !one.undone);
    if (usedUp && own.last) {
      this.refresh();
      return { kind: "red", reason: "used_here", at: own.last.at };
    }
    if (typed) return this.#askServer({ typed }, token);
    const code = { token: text };
    if (!voucher) return this.#askServer(code, token);
    const seen = judgeChain(token, voucher, own.step, this.clock.now());
    if (seen.verdict === "replayed") return { kind: "red", reason: "replayed" };
    const offer = offerOf(this.manifest, voucher);
    if (!offer) return this.#askServer(code, token);
    const preview = previewOf(offer, voucher, voucher.uses_left - own.uses);
    return { kind: "found", code, token, preview: this.alone ? preview : { ...preview, vouchers_left: voucher.vouchers_left } };
  }

  /** Return {handle, typed} where the shop lets its phones know digits, null where they prove nothing here (RD15). */
  async #knownTyped(typed) {
    const handle = await handleOfTyped(this.database, this.manifest, typed);
    return handle && { handle, typed };
  }

  async #askServer(code, token) {
    const answer = navigator.onLine === false ? { status: 0 } : await this.api.post("/previews", code, { patience: PREVIEW_MS });
    this.#heard(answer);
    if (answer.status === 200) return { kind: "found", code, token, preview: answer.content.preview };
    if (answer.status && answer.content.outcome) return { kind: "red", content: answer.content };
    if (code.typed) return this.#typedAlone(code, token);
    if (token.version !== 3) return { kind: "red", reason: "newer" };
    const signed = this.manifest ? await isOurs(token, this.manifest.keys) : false;
    const offer = signed && offerNamed(this.manifest, token.offer);
    if (!offer) return { kind: "red", reason: signed ? "unknown_offer" : this.manifest ? "forged" : "needs_network" };
    return { kind: "found", code, token, signed, preview: previewOf(offer, null, 1) };
  }

  async #typedAlone(code, token) {
    const now = this.clock.now();
    if (!token && this.manifest?.typing) await countWrongTyped(this.database, now);
    const voucher = token && !(await isTypingClosed(this.database, now)) && (await read(this.database, "vouchers", token.handle));
    const offer = voucher && offerOf(this.manifest, voucher);
    if (!offer) return { kind: "red", reason: "typed_alone" };
    const own = ownUse(await readByHandle(this.database, token.handle), this.manifest);
    return { kind: "found", code, token, preview: previewOf(offer, voucher, voucher.uses_left - own.uses) };
  }

  // --- consuming it ---

  /** Consume what `examine` found, as the clerk said ({bill_minor, uses, vouchers}). */
  async press(found, said = {}) {
    const judged = await this.#judge(found, said);
    if (this.alone && judged && !judged.serve && !(await this.#reaches())) return { look: "red", reason: judged.reason, at: judged.at, found };
    const { preview, token } = found;
    const row = await addRow(this.database, this.device, {
      path: "/redemptions",
      body: { ...found.code, ...said, ...this.#who() },
      handle: token?.handle ?? null,
      step: judged?.step ?? null,
      uses: said.uses ?? 1,
      minor: judged?.minor ?? 0,
      shown: { preview, said },
      at: this.clock.now(),
    });
    await this.reload();
    return this.send(row, found, judged);
  }

  #who() {
    return { ...(this.clerk ? { clerk: this.clerk.id } : {}), pressed_at: new Date(this.clock.now()).toISOString() };
  }

  async #judge({ token, signed }, said, without = null) {
    if (!token) return null;
    const voucher = await read(this.database, "vouchers", token.handle);
    const entries = (await readByHandle(this.database, token.handle)).filter(({ key }) => key !== without);
    const ours = token.version === 3 && this.manifest ? (signed ?? (await isOurs(token, this.manifest.keys))) : false;
    const rows = (await listRows(this.database)).filter(({ key }) => key !== without);
    return judgeAlone({ token, signed: ours, voucher, own: ownUse(entries, this.manifest), manifest: this.manifest, rows, said, now: this.clock.now() });
  }

  /** Send a row and say what to show: {look: "green" | "red" | "wait" | "member" | "ask", ...}. */
  async send(row, found = null, judged = null) {
    const answer = this.#isBehind(row) ? await this.#sendInTurn(row) : await this.#post(row);
    const { content } = answer;
    if (isFinal(answer)) {
      await settleRow(this.database, row.key, { ...answer, at: this.clock.now() }).catch(() => {}); // then it is asked for again
      await this.reload();
      const good = answer.status === 201;
      return { look: good ? (content.outcome === "undone" ? "undone" : "green") : "red", content, row };
    }
    if (answer.status === 202) return { look: "member", row, content };
    if (answer.status === 422 && content.preview && (await withdrawRow(this.database, row))) {
      await this.reload();
      return { look: "ask", content, found };
    }
    if (answer.status && answer.status < 500 && content.outcome) return { look: "red", content, row, kept: true };
    return this.#aloneNow(row, judged);
  }

  /** Whether earlier rows about the same voucher have to arrive first: what was undone lives again only then. */
  #isBehind = (row) => row.about && this.rows.some(({ about, number }) => about === row.about && number < row.number);

  async #sendInTurn(row) {
    await Promise.race([this.sync({ all: true }), new Promise((resolve) => setTimeout(resolve, 2 * PATIENCE_MS))]);
    const done = await read(this.database, "done", row.key);
    return done ? { status: done.status, content: done.content } : { status: 0, content: {} };
  }

  /** Nobody answered in time: serve by the rules, or say that it is not known yet. */
  async #aloneNow(row, judged) {
    this.sync();
    if (row.served_at) return { look: "green", content: shownAlone(row), row, served: true };
    if (judged === null && row.path === "/redemptions" && row.handle)
      judged = await this.#judge({ token: tokenOf(row) }, row.shown.said, row.key);
    if (!judged?.serve) return { look: "wait", row, reason: judged?.reason ?? "typed_alone", at: judged?.at };
    const served = await markServed(this.database, row.key, { at: this.clock.now(), minor: judged.minor ?? 0 });
    await this.reload();
    const look = row.path === "/undos" ? "undone" : "green";
    return { look, content: shownAlone(served), row: served, served: true };
  }

  async #post(row) {
    const answer = navigator.onLine === false ? { status: 0, content: {} } : await postRow(this.api, row, this.device, PATIENCE_MS);
    this.#heard(answer);
    return answer;
  }

  /** The guest was sent on although nothing is known yet. */
  async leave(row) {
    await markLeft(this.database, row.key);
    await this.reload();
  }

  /** Take back what a row consumed: a row of its own, which travels behind it (RD42). */
  async undo(key, pressedAt) {
    if (this.clock.now() - pressedAt > UNDO_MS) return { look: "red", reason: "too_late" };
    const row = await addRow(this.database, this.device, {
      path: "/undos",
      body: { redemption: key, ...this.#who() },
      about: (await read(this.database, "used", key))?.handle ?? null,
      after: key,
      at: this.clock.now(),
    });
    await markUndone(this.database, key);
    await this.reload();
    return this.send(row, null, { serve: true, minor: 0 });
  }

  /** "It did not work": the promised price is honoured (RD45). Alone only where this phone knows the price. */
  async honour({ code, handle, preview, bill_minor: bill, reason }) {
    const today = this.clock.now() - 24 * 3600 * 1000;
    const alone = this.rows.filter((row) => row.path === "/incidents" && row.at > today).length;
    const known = Boolean(preview) && (!preview.needs_bill || bill != null);
    const row = await addRow(this.database, this.device, {
      path: "/incidents",
      body: { ...(handle ? { handle } : code), ...(bill == null ? {} : { bill_minor: bill }), reason, ...this.#who() },
      handle: handle ?? readCode(code?.token ?? "")?.handle ?? null,
      uses: 1,
      shown: { preview, said: { bill_minor: bill }, honoured: true },
      at: this.clock.now(),
    });
    await this.reload();
    const allowed = known && alone < HONOURED_A_DAY && (preview.worth_minor ?? 0) <= HONOURED_MOST_MINOR;
    return this.send(row, null, allowed ? { serve: true, minor: 0 } : { serve: false, reason: "needs_network" });
  }

  // --- the server ---

  #heard({ status }) {
    const alone = !status || status >= 500;
    if (alone !== this.alone) {
      this.alone = alone;
      this.changed();
      if (!alone) this.sync();
    }
  }

  async #reaches() {
    await this.refresh();
    return !this.alone;
  }

  /** Fetch the manifest; called at opening, every five minutes, and when the network is back. */
  async refresh() {
    if (!this.device || navigator.onLine === false) return null;
    const answer = await refreshManifest(this.database, this.api, this.clock);
    this.#heard(answer);
    if (answer.status === 401) this.told({ kind: "login", content: answer.content });
    if (answer.status === 200) {
      await sweep(this.database, this.clock.now());
      await this.reload();
    }
    return answer;
  }

  /** The phone is looked at again, maybe after hours in a pocket. */
  async wake() {
    await this.sync();
    if (this.clock.now() - (this.manifest?.asked ?? 0) > MANIFEST_EVERY_MS) await this.refresh();
  }

  /** Send what is due; `all` sends everything now. Answers that somebody has to see become news. */
  async sync({ all = false } = {}) {
    if (this.syncing) await this.syncing;
    if (!this.device || (this.syncing && !all)) return;
    this.syncing = this.#sendDue(all).finally(() => {
      this.syncing = null;
    });
    await this.syncing;
  }

  async #sendDue(all) {
    const { answered, reached } = await sendDue(this.database, this.api, this.device, { now: () => this.clock.now(), all });
    if (reached !== null) this.alone = !reached;
    await this.reload();
    if (!this.alone && !this.rows.length) await this.#returnLeases();
    if (answered.length) this.told({ kind: "answered", answered });
  }

  /** Look whether another counter waits for a voucher that is this phone's alone; not more than every ten seconds. */
  async #returnLeases() {
    if (this.clock.now() - (this.leasesAt ?? 0) < LEASES_EVERY_MS) return;
    this.leasesAt = this.clock.now();
    await returnLeases(this.database, this.api);
  }

  rememberClerk(clerk) {
    this.clerk = clerk;
    return putFact(this.database, "clerk", clerk && { id: clerk.id, at: this.clock.now() });
  }
}

/** Return what was shown or typed for a row. */
function tokenOf({ body, handle }) {
  const { token, typed } = JSON.parse(body);
  return typed ? { handle, typed } : readCode(token);
}

/** Return what a clerk is asked or told before anything is consumed, from the manifest. */
export const previewOf = (offer, voucher, usesLeft) => ({
  ...offer,
  uses_left: usesLeft,
  uses_total: voucher?.uses_total ?? 1,
  worth_minor: voucher?.worth_minor ?? offer.worth_minor,
  vouchers_left: 1,
});

/** Return an answer as the server would give it, made from what this phone knows. */
export function shownAlone(row) {
  const { preview, said = {} } = row.shown;
  if (!preview) return { outcome: "undone" };
  const uses = said.uses ?? 1;
  return {
    outcome: row.shown.honoured ? "honoured" : "redeemed",
    redemption: row.key,
    title: preview.title,
    items: preview.items,
    terms: preview.terms,
    charge_minor: chargeOf(preview, said.bill_minor ?? 0),
    bill_minor: said.bill_minor ?? null,
    uses,
    uses_before: preview.uses_left,
    uses_after: preview.uses_left - uses,
    uses_total: preview.uses_total,
  };
}

