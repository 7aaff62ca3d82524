/**
 * A clip is the sound of one version of the phrase: stems in one or more pieces, each of which
 * covers a range of steps.
 */

/**
 * Stems of the steps `start` to `end` (exclusive); null for a silent track.
 * @typedef {{start: number, end: number, buffers: (AudioBuffer | null)[]}} Piece
 */

export class Clip {
  /**
   * @param {string} key names the music
   * @param {number} order grows from one clip to the next
   * @param {number} stepSeconds
   * @param {number} steps length of the phrase
   */
  constructor(key, order, stepSeconds, steps) {
    this.key = key;
    this.order = order;
    this.stepSeconds = stepSeconds;
    this.steps = steps;
    /** @type {Piece[]} */
    this.pieces = [];
  }

  /** @param {Piece} piece */
  add(piece) {
    const inside = (/** @type {Piece} */ other) => piece.start <= other.start && other.end <= piece.end;
    this.pieces = [...this.pieces.filter((other) => !inside(other)), piece];
  }

  /**
   * The piece that plays longest from this step on, if any.
   * @param {number} step
   */
  pieceAt(step) {
    let best = null;
    for (const piece of this.pieces) {
      if (piece.start <= step + 1e-6 && step < piece.end - 1e-6) {
        if (!best || piece.end > best.end) best = piece;
      }
    }
    return best;
  }

  /** One piece covers all. */
  get whole() {
    return this.pieces.some((piece) => piece.start <= 0 && piece.end >= this.steps);
  }

  /** The pieces together cover all. */
  get complete() {
    let step = 0;
    while (step < this.steps - 1e-6) {
      const piece = this.pieceAt(step);
      if (!piece) return false;
      step = piece.end;
    }
    return true;
  }
}
