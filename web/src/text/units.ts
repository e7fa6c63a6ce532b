// Numbers and times, for people.
//
// Owns their spelling. Must not read a clock.

const THOUSANDS = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const WHOLE = new Intl.NumberFormat("en");
const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });

/** `1,234` up to 9,999; then `12.3K`. */
export function count(value: number): string {
  return Math.abs(value) < 10_000 ? WHOLE.format(value) : THOUSANDS.format(value);
}

/** `950 B`, `1.4 KiB`, `3 MiB`. */
export function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  while (value >= 1024 && at < units.length - 1) {
    value /= 1024;
    at += 1;
  }
  return `${at === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${units[at] ?? "B"}`;
}

/** A time span in milliseconds: `40 ms`, `1.2 s`, `3 min 5 s`, `2 h 10 min`. */
export function span(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) ms = 0;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days`;
}

/** How long ago: `now`, `12 s ago`, `5 min ago`, `3 days ago`. */
export function ago(at: string, now: number): string {
  const ms = now - Date.parse(at);
  if (!Number.isFinite(ms)) return "";
  if (ms < 5_000) return "now";
  if (ms < 60_000) return `${Math.round(ms / 1000)} s ago`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min ago`;
  if (ms < 48 * 3_600_000) return `${Math.round(ms / 3_600_000)} h ago`;
  return `${Math.floor(ms / (24 * 3_600_000))} days ago`;
}

/** `14:03:59`, by this machine's time zone. */
export function clock(at: string): string {
  const ms = Date.parse(at);
  return Number.isFinite(ms) ? TIME.format(ms) : "";
}

/** Day and time, by this machine's time zone. */
export function moment(at: string): string {
  const ms = Date.parse(at);
  return Number.isFinite(ms) ? DAY.format(ms) : "";
}
