// Collects what the player's engine plays, from now on. `take()` gives peaks of blocks of five
// milliseconds, the largest step between two samples, and the time of the first block.
async (engine) => {
  const { context } = engine;
  const code = `registerProcessor("recorder", class extends AudioWorkletProcessor {
    process([input]) {
      const left = input[0]?.slice() ?? new Float32Array(128);
      this.port.postMessage({ frame: currentFrame, left });
      return true;
    }
  })`;
  const script = new Blob([code], { type: "text/javascript" });
  await context.audioWorklet.addModule(URL.createObjectURL(script));
  const node = new AudioWorkletNode(context, "recorder");
  const blocks = [];
  node.port.onmessage = ({ data }) => blocks.push(data);
  engine.master.connect(node).connect(context.destination);
  return {
    blocks,
    clear: () => (blocks.length = 0),
    samples() {
      // One after the other: under load the frame numbers stand still and then jump.
      const all = new Float32Array(128 * blocks.length);
      blocks.forEach(({ left }, index) => all.set(left, 128 * index));
      // So the time of the first is what most of them say it was.
      const starts = blocks.map(({ frame }, index) => frame - 128 * index).sort((a, b) => a - b);
      const first = starts[starts.length >> 1] / context.sampleRate;
      return { first, rate: context.sampleRate, all };
    },
    take() {
      const { first, rate, all } = this.samples();
      const size = Math.round(rate * 0.005);
      const peaks = [];
      let jump = 0;
      for (let i = 0; i + size <= all.length; i += size) {
        let peak = 0;
        for (let j = i; j < i + size; j++) {
          peak = Math.max(peak, Math.abs(all[j]));
          if (j) jump = Math.max(jump, Math.abs(all[j] - all[j - 1]));
        }
        peaks.push(peak);
      }
      return { first, peaks, jump };
    },
  };
}
