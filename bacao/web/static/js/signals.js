// What a clerk hears and feels: rising tones for yes, a low double buzz for no. Needs a press before the first sound.

let context = null;

/** Let sound play from now on; call it from a press. */
export function wakeSound() {
  context ??= window.AudioContext ? new AudioContext() : null;
  context?.resume();
}

function tone(frequency, start, seconds, type) {
  const oscillator = context.createOscillator();
  const volume = context.createGain();
  const from = context.currentTime + start;
  oscillator.type = type;
  oscillator.frequency.value = frequency;
  volume.gain.setValueAtTime(0.0001, from);
  volume.gain.exponentialRampToValueAtTime(0.4, from + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, from + seconds);
  oscillator.connect(volume).connect(context.destination);
  oscillator.start(from);
  oscillator.stop(from + seconds);
}

/** Sound and vibrate for `green`, `red`, `fresh`, `wait`, `waiting` or `undone`. */
export function signal(look) {
  navigator.vibrate?.({ green: [90], red: [180, 90, 180], fresh: [90, 60, 90], wait: [60, 60, 60], waiting: [60], undone: [60] }[look]);
  if (context?.state !== "running") return;
  if (look === "green") {
    tone(659, 0, 0.14, "sine");
    tone(988, 0.12, 0.3, "sine");
  } else if (look === "red") {
    tone(196, 0, 0.2, "square");
    tone(165, 0.24, 0.32, "square");
  } else if (look === "fresh") {
    tone(392, 0, 0.14, "triangle");
    tone(392, 0.2, 0.14, "triangle");
  } else tone(440, 0, 0.2, "triangle");
}
