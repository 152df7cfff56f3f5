// The server's time as this phone knows it: an offset from the last contact, run on by the clock that nobody can set.

export class Clock {
  #offset;
  #since;
  #at;

  /** `offset` = server less phone, milliseconds, from a contact before this page was opened. */
  constructor(offset = 0, { date = () => Date.now(), steady = () => performance.now() } = {}) {
    this.date = date;
    this.steady = steady;
    this.#start(date() + offset);
  }

  #start(at) {
    this.#at = at;
    this.#since = this.steady();
    this.#offset = at - this.date();
  }

  /** Return milliseconds since 1970 by the server's clock. */
  now() {
    return Math.round(this.#at + this.steady() - this.#since);
  }

  get offset() {
    return this.#offset;
  }

  /** Take the server's time (ISO 8601) from an answer that was on its way for `travelled` milliseconds. */
  set(serverTime, travelled = 0) {
    this.#start(Date.parse(serverTime) + travelled / 2);
  }
}
