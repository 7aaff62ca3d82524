/** Keys of the player. Space works anywhere on the page, the others inside the player. */

const TYPING = "select, textarea, [contenteditable], input:not([type=range])";

/** True if the key was for the player, which has then done what it says. */
export function pressKey(event, player) {
  const { target, key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return false;
  const ours = player.root.contains(target);
  if ((!ours && target !== document.body) || target.closest?.(TYPING)) return false;
  if (key === " ") {
    if (target.closest?.("button, summary")) return false;
    player.toggle();
    return true;
  }
  return ours && inside(key, target, player);
}

function inside(key, target, player) {
  const { engine, mixer } = player;
  const { region } = mixer;
  const beat = player.data.grid.steps_per_beat;
  const at = engine.position() ?? 0;
  const here = Math.round(at / beat) * beat;
  const onRuler = target === player.stage.ruler.canvas;
  if (key === "l" || key === "L") mixer.setLoop(!engine.loop);
  else if (key === "[") mixer.setRegion([Math.min(here, region[1] - beat), region[1]], true);
  else if (key === "]") mixer.setRegion([region[0], Math.max(here, region[0] + beat)], true);
  else if (onRuler && key === "ArrowLeft") player.seek((Math.ceil(at / beat - 0.01) - 1) * beat);
  else if (onRuler && key === "ArrowRight") player.seek((Math.floor(at / beat + 0.01) + 1) * beat);
  else if (key === "Home" && target.type !== "range") player.seek(engine.range[0]);
  else return false;
  return true;
}
