/** The sound of one version of the phrase, in one or more pieces. */

export class Take {
  /** `key` names the music, `order` grows from one take to the next. */
  constructor(key, order, stepSeconds, steps) {
    Object.assign(this, { key, order, stepSeconds, steps });
    this.pieces = [];
  }

  add(piece) {
    const inside = (other) => piece.start <= other.start && other.end <= piece.end;
    this.pieces = [...this.pieces.filter((other) => !inside(other)), piece];
  }

  /** The piece that plays longest from this step on, if any. */
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
    for (let piece; step < this.steps - 1e-6 && (piece = this.pieceAt(step)); ) step = piece.end;
    return step >= this.steps - 1e-6;
  }
}
