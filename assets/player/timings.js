/** How long moves take: asked, answered, drawn and shown. For the tests and the benchmarks. */

/**
 * Milliseconds on the page's clock; `server` is how long the server worked.
 * @typedef {{asked: number, got: number, server: number, drawn?: number, pixels?: number}} Timing
 */

const LIMIT = 2000;

export class Timings {
  /** @type {Timing[]} */
  all = [];

  /**
   * @param {number} asked
   * @param {number} server
   */
  answered(asked, server) {
    this.all.push({ asked, got: performance.now(), server });
    if (this.all.length > LIMIT) this.all.splice(0, LIMIT / 2);
  }

  drawn() {
    const last = this.all[this.all.length - 1];
    if (!last || last.drawn) return;
    last.drawn = performance.now();
    // The next task after the frame runs when its pixels have been handed over.
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => (last.pixels ??= performance.now());
      channel.port2.postMessage(0);
    });
  }
}
