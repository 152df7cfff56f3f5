// What the decoder is given at each look: the frame itself, and every second time several frames made into one. Poor
// light is where most scans fail, and noise of several frames cancels out (RD25). Figures: bench/scan.

const KEPT = 8;
const FEWEST = 4;

/** Return the red, green, blue, alpha bytes of a picture that is gray already or becomes so. */
function spread(gray, width, height) {
  const data = new Uint8ClampedArray(4 * gray.length);
  for (let i = 0, j = 0; i < gray.length; i++, j += 4) {
    data[j] = data[j + 1] = data[j + 2] = gray[i];
    data[j + 3] = 255;
  }
  return { data, width, height, colorSpace: "srgb" };
}

/** Return the sums of some frames, pixel by pixel. */
function sumOf(frames) {
  const sums = new Float32Array(frames[0].length);
  for (const frame of frames) for (let i = 0; i < sums.length; i++) sums[i] += frame[i];
  return sums;
}

/** Return values spread over the whole range from black to white. */
function stretch(values) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const scale = high > low ? 255 / (high - low) : 0;
  return Uint8ClampedArray.from(values, (value) => (value - low) * scale);
}

/** Return the mean of each pixel's square of 2 × radius + 1, along rows and then columns; edges repeat. */
function soften(values, width, height, radius) {
  const along = slide(values, width, height, 1, width, radius);
  return slide(along, height, width, width, 1, radius);
}

/** Return running means of `lines` lines of `length` values that lie `step` apart; lines lie `next` apart. */
function slide(values, length, lines, step, next, radius) {
  const means = new Float32Array(values.length);
  const count = 2 * radius + 1;
  const last = length - 1;
  for (let line = 0; line < lines; line++) {
    const start = line * next;
    let sum = 0;
    for (let i = -radius; i <= radius; i++) sum += values[start + step * Math.min(last, Math.max(0, i))];
    for (let i = 0; i < length; i++) {
      means[start + step * i] = sum / count;
      const enters = Math.min(last, i + radius + 1);
      const leaves = Math.max(0, i - radius);
      sum += values[start + step * enters] - values[start + step * leaves];
    }
  }
  return means;
}

// Against noise the mean of four; in near darkness the mean of eight, softened; out of focus the mean of four, sharpened.
const COMBINED = [
  { frames: 4, make: (frames) => stretch(sumOf(frames)) },
  { frames: 8, make: (frames, width, height) => stretch(soften(sumOf(frames), width, height, 1)) },
  {
    frames: 4,
    make: (frames, width, height) => {
      const mean = stretch(sumOf(frames));
      const soft = soften(mean, width, height, 4);
      return Uint8ClampedArray.from(mean, (value, i) => value + 2 * (value - soft[i]));
    },
  },
];

/** The last frames of a camera, and what to decode of them. */
export class Looks {
  #frames = [];
  #count = 0;

  /** Take a frame (RGBA bytes) and return the picture to decode, with whether it was made of several frames. */
  next(data, width, height) {
    this.#remember(data, width * height);
    const turn = this.#count++;
    const { frames, make } = COMBINED[(turn >> 1) % COMBINED.length];
    if (turn % 2 === 0 || this.#frames.length < FEWEST)
      return { picture: { data, width, height, colorSpace: "srgb" }, averaged: false };
    return { picture: spread(make(this.#frames.slice(-frames), width, height), width, height), averaged: true };
  }

  /** Keep the green channel: it carries most of what a camera sees. A camera that was turned begins anew. */
  #remember(data, size) {
    if (this.#frames[0]?.length !== size) this.#frames = [];
    const gray = this.#frames.length === KEPT ? this.#frames.shift() : new Uint8Array(size);
    for (let i = 0; i < size; i++) gray[i] = data[4 * i + 1];
    this.#frames.push(gray);
  }
}
