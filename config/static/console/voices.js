"use strict";
// Voices in AMR, which browsers do not play: a button with `data-voice` becomes a player of what it names.

(() => {
  const chinese = document.documentElement.lang.startsWith("zh");
  const RATE = 8000;
  const HEADER = 44;
  const DECODER = new URL("amr/decoder.js", document.currentScript.src).href;
  // A part of a page that is drawn anew is given its player back.
  const players = new Map();

  function decoded(voice) {
    const worker = new Worker(DECODER);
    const decoded = new Promise((resolve, reject) => {
      worker.addEventListener("message", (event) => (event.data.amr?.length ? resolve(event.data.amr) : reject(new Error("no AMR"))));
      worker.addEventListener("error", reject);
    });
    worker.postMessage({ command: "decode", buffer: voice });
    return decoded.finally(() => worker.terminate());
  }

  async function bytes(address) {
    const response = await fetch(address);
    if (!response.ok) throw new Error(String(response.status));
    return new Uint8Array(await response.arrayBuffer());
  }

  // One channel of 16 bits a sample, as a WAV file.
  function wav(waves) {
    const samples = Int16Array.from(waves, (each) => each * 32767);
    const head = new DataView(new ArrayBuffer(HEADER));
    const size = samples.length * 2;
    const word = (at, text) => [...text].forEach((letter, place) => head.setUint8(at + place, letter.charCodeAt(0)));
    word(0, "RIFF");
    head.setUint32(4, HEADER - 8 + size, true);
    word(8, "WAVEfmt ");
    head.setUint32(16, 16, true);
    head.setUint16(20, 1, true);
    head.setUint16(22, 1, true);
    head.setUint32(24, RATE, true);
    head.setUint32(28, RATE * 2, true);
    head.setUint16(32, 2, true);
    head.setUint16(34, 16, true);
    word(36, "data");
    head.setUint32(40, size, true);
    return new Blob([head, samples], { type: "audio/wav" });
  }

  async function player(button) {
    const waves = await decoded(await bytes(button.dataset.voice));
    const audio = document.createElement("audio");
    audio.controls = true;
    audio.src = URL.createObjectURL(wav(waves));
    audio.setAttribute("aria-label", button.textContent.trim());
    return audio;
  }

  async function play(button) {
    button.disabled = true;
    try {
      const audio = await player(button);
      players.set(button.dataset.voice, audio);
      button.replaceWith(audio);
      audio.focus();
      await audio.play().catch(() => {});
    } catch {
      button.replaceWith(chinese ? "无法在这里播放，请下载。" : "It cannot be played here: download it.");
    }
  }

  function bringBack() {
    for (const button of document.querySelectorAll("button[data-voice]")) {
      const audio = players.get(button.dataset.voice);
      if (audio && !audio.isConnected) button.replaceWith(audio);
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[data-voice]");
    if (button) play(button);
  });
  new MutationObserver(() => { if (players.size) bringBack(); }).observe(document, { childList: true, subtree: true });
})();
