/** Times of live changes, for the benchmark: asked, got, drawn, on the screen (all in ms). */

const KEPT = 1000;

export class Probe {
  constructor() {
    this.entries = [];
  }

  arrived(asked, server) {
    this.entries.push({ asked, got: performance.now(), server });
    if (this.entries.length > 2 * KEPT) this.entries.splice(0, KEPT);
  }

  drawn() {
    const entry = this.entries[this.entries.length - 1];
    if (!entry || entry.drawn) return;
    entry.drawn = performance.now();
    // The next task after the frame runs when its pixels have been handed over.
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => (entry.pixels ??= performance.now());
      channel.port2.postMessage(0);
    });
  }
}
