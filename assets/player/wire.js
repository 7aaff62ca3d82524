/** Notes and sound as the server sends them; `gan/app/player/wire.py` is the other end. */

/** @import { Message, Note, Notes, NotesJson, SoundHeader, Stroke } from "./data" */

/**
 * Header and payload of a binary message.
 * @param {ArrayBuffer} buffer
 * @returns {Message}
 */
export function unpack(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const text = new TextDecoder().decode(new Uint8Array(buffer, 4, length));
  return { header: JSON.parse(text), payload: new Uint8Array(buffer, 4 + length) };
}

/**
 * @param {number[]} counts notes of each track
 * @param {Uint8Array} bytes
 * @returns {Notes}
 */
export function readNotes(counts, bytes) {
  const aligned = bytes.byteOffset % 2 ? bytes.slice() : bytes;
  const all = new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >> 1);
  let at = 0;
  return counts.map((count) => {
    const notes = all.slice(at, at + 3 * count);
    at += 3 * count;
    return notes;
  });
}

/** @param {NotesJson} json */
export function notesFromJson({ counts, bytes }) {
  return readNotes(counts, Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0)));
}

/**
 * The notes of a track one by one.
 * @param {Uint16Array} list
 * @returns {Generator<Note>}
 */
export function* each(list) {
  for (let i = 0; i < list.length; i += 3) yield [list[i], list[i + 1], list[i + 2]];
}

/**
 * A short text that is the same for the same notes (FNV-1a over the values).
 * @param {Notes} tracks
 */
export function keyOfNotes(tracks) {
  let hash = 2166136261;
  for (const track of tracks) {
    hash = Math.imul(hash ^ track.length, 16777619);
    for (const value of track) hash = Math.imul(hash ^ value, 16777619);
  }
  return (hash >>> 0).toString(36);
}

/**
 * Notes of `after` that are not in `before`, a list a track.
 * @param {Notes} after
 * @param {Notes} before
 */
export function difference(after, before) {
  return after.map((track, index) => {
    const known = new Set(Array.from(each(before[index] ?? new Uint16Array()), String));
    return Array.from(each(track)).filter((note) => !known.has(String(note)));
  });
}

/**
 * The notes after strokes: a note drawn is there, one erased is not.
 * @param {Notes} notes
 * @param {Stroke[]} strokes
 * @returns {Notes}
 */
export function withStrokes(notes, strokes) {
  if (!strokes.length) return notes;
  const lists = notes.map((list) => Array.from(each(list)));
  for (const { track, start, end, pitch, on } of strokes) {
    if (!lists[track]) continue;
    if (on) lists[track].push([start, end, pitch]);
    else lists[track] = lists[track].filter((note) => note[0] !== start || note[2] !== pitch);
  }
  return lists.map((list) => Uint16Array.from(list.flat()));
}

/**
 * The stems of a sound message, null for a silent track. `context` may be an
 * OfflineAudioContext: no sound has to be allowed to read it.
 * @param {SoundHeader} header
 * @param {Uint8Array} payload
 * @param {BaseAudioContext} context
 * @returns {Promise<(AudioBuffer | null)[]>}
 */
export function readStems(header, payload, context) {
  let at = 0;
  const stems = header.parts.map((length) => {
    const part = payload.subarray(at, at + length);
    at += length;
    if (!length) return null;
    if (header.format === "pcm16") return fromPcm(part, header, context);
    // decodeAudioData empties the buffer that it is given.
    return context.decodeAudioData(part.slice().buffer);
  });
  return Promise.all(stems);
}

/**
 * @param {Uint8Array} part
 * @param {SoundHeader} header
 * @param {BaseAudioContext} context
 */
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
