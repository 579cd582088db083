/** Numbers, sizes and times as people read them, in their locale and with units. Pure. */

const locale = navigator.language;

const counts = new Intl.NumberFormat(locale);
const parts = new Intl.NumberFormat(locale, {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});
const percents = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 });
const dates = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
const ago = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** 1702 → "1,702". */
export function formatCount(count: number): string {
  return counts.format(count);
}

/** A score from 0 to 1, with two digits. */
export function formatScore(score: number): string {
  return parts.format(score);
}

/** 0.52 → "52%". */
export function formatPercent(share: number): string {
  return percents.format(share);
}

const SIZES = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** Bytes in decimal units (1 kB is 1,000 bytes), as disks and browsers count them. */
export function formatBytes(bytes: number): string {
  let step = 0;
  let value = bytes;
  // 999.5 and up would be shown as "1,000": the next unit says it better.
  while (value >= 999.5 && step < SIZES.length - 1) {
    value /= 1000;
    step += 1;
  }
  const unit = SIZES[step] ?? 'byte';
  const maximumFractionDigits = step === 0 || value >= 99.5 ? 0 : value >= 9.95 ? 1 : 2;
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit,
    unitDisplay: step === 0 ? 'long' : 'short',
    maximumFractionDigits,
  }).format(value);
}

/** 1_400_000 → "1.4 MB/s". */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** Seconds as "8 s", "2 min 5 s" or "1 h 12 min". */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${counts.format(whole)} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) {
    const rest = whole % 60;
    return rest === 0 ? `${String(minutes)} min` : `${String(minutes)} min ${String(rest)} s`;
  }
  return `${counts.format(Math.floor(minutes / 60))} h ${String(minutes % 60)} min`;
}

const SPANS = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** How long before `now` (milliseconds) an ISO 8601 time lies: "12 minutes ago". */
export function formatAgo(iso: string, now: number): string {
  const seconds = (Date.parse(iso) - now) / 1000;
  for (const [unit, size] of SPANS) {
    if (Math.abs(seconds) >= size) return ago.format(Math.trunc(seconds / size), unit);
  }
  return 'just now';
}

/** An ISO 8601 time as date and time of day. */
export function formatTime(iso: string): string {
  return dates.format(Date.parse(iso));
}

/** A file's format as people name it, by its extension: "PDF"; empty where it has none. */
export function describeFormat(name: string): string {
  const extension = /[^/]\.([^./]{1,10})$/u.exec(name)?.[1] ?? '';
  return extension.toLocaleUpperCase();
}
