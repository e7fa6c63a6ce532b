// That this machine slept, or its network came back.
//
// Owns noticing it: timers stop while a machine sleeps, and its clock does not. Must not know what is done about it.

const TICK_MS = 1_000;
/** A tick that comes so late did not come late because the page was busy. */
const SLEPT_MS = 6_000;

/** Calls `woken` after a sleep, and once the network is back. Returns what ends that. */
export function onWake(woken: () => void): () => void {
  let last = Date.now();
  const tick = (): void => {
    const now = Date.now();
    // a browser slows the timers of a page that nobody sees
    const slept = now - last > SLEPT_MS && !document.hidden;
    last = now;
    if (slept) woken();
  };
  const timer = setInterval(tick, TICK_MS);
  const seen = (): void => {
    if (!document.hidden) last = Date.now();
  };
  document.addEventListener("visibilitychange", seen);
  addEventListener("online", woken);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", seen);
    removeEventListener("online", woken);
  };
}
