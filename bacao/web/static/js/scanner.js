// The camera: asked for once a visit, from a press; its frames go to a worker, one at a time.

const WANTED = { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } };
const BETWEEN_LOOKS_MS = 40;

/** Return the worker. Made from a blob it belongs to this page's service worker, which kept its files, too. */
function makeWorker() {
  const script = `import ${JSON.stringify(new URL("./scan_worker.js", import.meta.url).href)};`;
  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  return new Worker(address, { type: "module" });
}

export class Scanner {
  /** `onText(text)` is called for each symbol seen, over and over while it stays in sight. */
  constructor(video, onText) {
    this.video = video;
    this.onText = onText;
    this.paused = false;
    this.looks = 0;
    this.worker = makeWorker();
    this.pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  }

  /** Open the rear camera and look until the page is left. Rejects where there is none or it is not allowed. */
  async start() {
    const stream = await navigator.mediaDevices.getUserMedia({ video: WANTED, audio: false });
    [this.track] = stream.getVideoTracks();
    this.video.srcObject = stream;
    await this.video.play();
    this.#look();
  }

  /** Whether the camera says it has a light. */
  get hasTorch() {
    return Boolean(this.track?.getCapabilities?.().torch);
  }

  setTorch(on) {
    return this.track.applyConstraints({ advanced: [{ torch: on }] });
  }

  #ask(message, transfer) {
    return new Promise((resolve) => {
      this.worker.onmessage = ({ data }) => resolve(data);
      this.worker.onerror = () => resolve({ text: "" });
      this.worker.postMessage(message, transfer);
    });
  }

  async #look() {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!this.paused && !document.hidden && width) {
      this.pen.canvas.width = width;
      this.pen.canvas.height = height;
      this.pen.drawImage(this.video, 0, 0);
      const { buffer } = this.pen.getImageData(0, 0, width, height).data;
      const { text } = await this.#ask({ buffer, width, height }, [buffer]);
      this.looks++;
      if (text && !this.paused) this.onText(text);
    }
    setTimeout(() => this.#look(), this.paused ? 200 : BETWEEN_LOOKS_MS);
  }
}
