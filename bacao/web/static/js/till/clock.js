// The server's time as this phone knows it: an offset from the last contact, run on by the clock that nobody can set. That
// one stands still while a phone sleeps, so the phone's own date counts where it went further; turned back, it counts nothing.

export class Clock {
  #offset;
  #since;
  #at;

  /** `offset` = server less phone, milliseconds, from a contact before this page was opened; it is not before `earliest`. */
  constructor(offset = 0, { date = () => Date.now(), steady = () => performance.now() } = {}, earliest = 0) {
    this.date = date;
    this.steady = steady;
    this.#start(Math.max(date() + offset, earliest));
  }

  #start(at) {
    this.#at = at;
    this.#since = this.steady();
    this.#offset = at - this.date();
  }

  /** Return milliseconds since 1970 by the server's clock. */
  now() {
    const slept = this.date() + this.#offset - this.#at;
    return Math.round(this.#at + Math.max(this.steady() - this.#since, slept));
  }

  get offset() {
    return this.#offset;
  }

  /** Take the server's time (ISO 8601) from an answer that was on its way for `travelled` milliseconds. */
  set(serverTime, travelled = 0) {
    this.#start(Date.parse(serverTime) + travelled / 2);
  }
}
