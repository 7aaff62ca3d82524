/** Reads what the server sends; `gan/ui/wire.py` is the other end. */

/** `{header, payload}` of a binary message; the payload is a Uint8Array. */
export function unpack(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const text = new TextDecoder().decode(new Uint8Array(buffer, 4, length));
  return { header: JSON.parse(text), payload: new Uint8Array(buffer, 4 + length) };
}

/** One Uint16Array a track of triplets onset step, end step (exclusive), MIDI pitch. */
export function readNotes(counts, bytes) {
  const aligned = bytes.byteOffset % 2 ? bytes.slice() : bytes;
  const all = new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >> 1);
  let at = 0;
  return counts.map((count) => all.slice(at, (at += 3 * count)));
}

/** Notes that came as JSON: counts and base64. */
export function notesFromJson({ counts, bytes }) {
  return readNotes(counts, Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0)));
}

/** A short text that is the same for the same notes (FNV-1a over the values). */
export function keyOfNotes(tracks) {
  let hash = 2166136261;
  for (const track of tracks) {
    hash = Math.imul(hash ^ track.length, 16777619);
    for (const value of track) hash = Math.imul(hash ^ value, 16777619);
  }
  return (hash >>> 0).toString(36);
}

/** Notes of `after` that are not in `before`: one list of [onset, end, pitch] a track. */
export function difference(after, before) {
  return after.map((track, index) => {
    const known = new Set();
    const old = before[index] ?? [];
    for (let i = 0; i < old.length; i += 3) known.add(`${old[i]} ${old[i + 1]} ${old[i + 2]}`);
    const fresh = [];
    for (let i = 0; i < track.length; i += 3) {
      if (!known.has(`${track[i]} ${track[i + 1]} ${track[i + 2]}`)) {
        fresh.push([track[i], track[i + 1], track[i + 2]]);
      }
    }
    return fresh;
  });
}

/**
 * The stems of a sound message as AudioBuffers, null for a silent track. `context` may be
 * an OfflineAudioContext: no sound has to be allowed to read it.
 */
export async function readStems(header, payload, context) {
  let at = 0;
  const parts = header.parts.map((length) => payload.subarray(at, (at += length)));
  return Promise.all(
    parts.map((part) => {
      if (!part.length) return null;
      if (header.format === "pcm16") return fromPcm(part, header, context);
      // decodeAudioData empties the buffer that it is given.
      return context.decodeAudioData(part.slice().buffer);
    }),
  );
}

function fromPcm(part, header, context) {
  const values = new Int16Array(part.buffer, part.byteOffset, part.byteLength >> 1);
  const buffer = context.createBuffer(2, header.frames, header.rate);
  const left = buffer.getChannelData(0);
  const right = buffer.getChannelData(1);
  for (let i = 0, j = 0; i < left.length; i++, j += 2) {
    left[i] = values[j] / 32768;
    right[i] = values[j + 1] / 32768;
  }
  return buffer;
}
