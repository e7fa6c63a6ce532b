// Moments as the protocol writes them.
//
// Owns reading RFC 3339 with any offset and precision, and the one spelling. Reads no clock.

const FORM = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const ONE_SPELLING = /^(?:19[7-9]\d|[2-9]\d{3})-\d\d-\d\dT\d\d:\d\d:[0-5]\d\.\d{3}Z$/;
/** The last moment that every zone can write with a year of four digits. */
const MAX_MS = 253_402_207_199_999;

/** The moment in its one spelling, in UTC with milliseconds; nothing where `text` is no moment. */
export function normalTime(text: string): string | undefined {
  const form = FORM.exec(text);
  if (form === null) return undefined;
  const part = (index: number): number => Number(form[index] ?? "0");
  const [year, month, day, hour, minute] = [part(1), part(2), part(3), part(4), part(5)];
  // a leap second is read as the second before it
  const second = Math.min(part(6), 59);
  const [offsetHour, offsetMinute] = [part(9), part(10)];
  if (hour > 23 || minute > 59 || part(6) > 60 || offsetHour > 23 || offsetMinute > 59) return undefined;
  const milliseconds = Number((form[7] ?? "").slice(0, 3).padEnd(3, "0"));
  const local = new Date(0);
  local.setUTCFullYear(year, month - 1, day);
  if (local.getUTCMonth() !== month - 1 || local.getUTCDate() !== day) return undefined;
  local.setUTCHours(hour, minute, second, milliseconds);
  const offset = (offsetHour * 60 + offsetMinute) * 60_000 * (form[8] === "-" ? -1 : 1);
  const ms = local.getTime() - offset;
  if (ms < 0 || ms > MAX_MS) return undefined;
  // the usual case costs no new string
  return ONE_SPELLING.test(text) ? text : new Date(ms).toISOString();
}
