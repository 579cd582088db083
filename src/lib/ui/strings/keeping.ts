/** Every word about what is kept and what is freed: compaction, release, gc, retention, purge. */
import { formatCount, formatDuration } from '../format';
import { count, strings } from '../strings';

const { bytes, chunks, frames, segments, shards } = strings.unit;
const versions = (n: number): string => count(n, 'version', 'versions');

export const keepingStrings = {
  deadText: 'Dead text',
  deadNote:
    'Dead text was deleted or replaced by an overlay. Its frames stay in the video until the shard is compacted.',
  compact: {
    action: 'Compact',
    lead: 'Writes new segments without dead frames, and moves overlays into the video.',
    onlyFreed:
      'Compaction alone frees nothing: older versions still need the old segments. Disk space is freed only when old versions are released and what they held is collected. The three steps can be run one after another.',
    threshold: 'Rewrite segments of which at least this share is dead',
    planning: 'Looking at the segments…',
    segment: 'Segment',
    frames: 'Frames',
    bytes: 'Video',
    dead: 'Dead',
    happens: 'What happens',
    rewrite: 'written anew',
    stay: 'stays as it is',
    dropped: 'left out',
    segmentName: (at: number) => `Segment ${formatCount(at)}`,
    segmentFrames: (part: number, dead: number) =>
      `${formatCount(dead)} dead, ${formatCount(part)} partly`,
    more: (n: number) => `Show all ${segments(n)}`,
    totals: 'Before and after',
    totalFrames: (before: number, after: number) =>
      `${formatCount(before)} → ${formatCount(after)}`,
    totalBytes: (before: number, after: number) => `${bytes(before)} → ${bytes(after)}`,
    estimate: 'Bytes after are an estimate.',
    overlays: (n: number, size: number) =>
      `${count(n, 'overlay moves', 'overlays move')} into the video (${bytes(size)} of text).`,
    nothing: 'Nothing to compact: no overlay, and no segment above that share.',
    running: 'Compacting…',
    safe: 'Cancelling leaves the shard as it was.',
    cancelled: 'Cancelled. The shard is as it was.',
    done: (before: number, after: number, seconds: number) =>
      `Compacted in ${formatDuration(seconds)}: ${bytes(before)} → ${bytes(after)} of video.`,
    doneFrames: (copied: number, encoded: number) =>
      `${frames(copied)} copied, ${formatCount(encoded)} encoded anew and read back.`,
    nothingDone: 'There was nothing to do.',
  },
  release: {
    title: 'Release old versions',
    open: 'Release old versions…',
    note: 'Versions that are let go leave history. Rolling back to them, comparing with them and restoring text that only they hold is gone for good.',
    tagsStay: 'Tagged versions and the current one always stay.',
    keepLast: 'Newest versions to keep',
    act: 'Release',
    done: (n: number) =>
      n === 0 ? 'No version had to go.' : `${count(n, 'version was', 'versions were')} let go.`,
  },
  gc: {
    title: 'Free space',
    act: 'Free space',
    note: 'Deletes what no shard, tag or kept version needs. Removed shards go too and can then not be restored.',
    running: 'Freeing space…',
    freed: (n: number) => (n === 0 ? 'There was nothing to free.' : `${bytes(n)} freed.`),
    waiting: (n: number) => `${bytes(n)} can go once nothing else is open:`,
    waitingNote: 'Close these tabs, then free space again.',
  },
  repair: {
    act: 'Repair',
    from: 'Repair with an exported file…',
    note: 'Index and search data are made anew from the frames. What is lost otherwise is taken out of a shard zip or an MP4 that was exported; without one it stays lost. Nothing that is whole is changed.',
    running: 'Repairing…',
    whole: 'Repaired. Everything is whole again.',
    left: (n: number) =>
      `Repaired as far as it could be: ${count(n, 'problem stays', 'problems stay')}.`,
  },
  retention: {
    title: 'Retention',
    lead: 'What the shard keeps by itself. A sweep marks the rest as tombstones; older versions still hold it.',
    days: 'Expire after (days)',
    daysNote: 'Counted from when the source was added. Empty: never.',
    megabytes: 'At most (MB of text)',
    megabytesNote: 'Empty: no limit.',
    evict: 'Above that, drop first',
    evictions: { oldest: 'the oldest', 'least-used': 'the least often found' },
    evictNote: 'How often chunks were found is counted in this browser alone.',
    save: 'Save',
    saved: 'Saved as a new version.',
    keepsAll: 'Everything is kept.',
    willExpire: (days: number) =>
      `Chunks expire ${count(days, 'day', 'days')} after their source was added.`,
    willDrop: (megabytes: number, first: string) =>
      `When there are more than ${bytes(megabytes * 1e6)} of text, ${first} chunks go until the rest fits.`,
    first: { oldest: 'the oldest', 'least-used': 'the least often found' },
    due: (n: number) =>
      n === 0
        ? 'No chunk has expired.'
        : `${count(n, 'chunk has', 'chunks have')} expired and will go with the next sweep.`,
    sweep: 'Sweep',
    swept: (n: number) => `Swept: ${chunks(n)} became tombstones.`,
    nothingSwept: 'Nothing was due.',
  },
  purge: {
    title: 'Purge',
    act: 'Purge',
    what: (n: number) => `Purge ${chunks(n)}?`,
    reach:
      'The text goes out of every version of this shard, out of every clone, and out of everything this browser stores for them.',
    noWayBack: 'This cannot be undone: neither undo nor a roll back brings it back.',
    outOfReach:
      'Exported files, and old bytes on the physical disk, are out of reach. Other open tabs of Memreel must be closed first.',
    /** What has to be typed, in this language. */
    word: 'purge',
    typeWord: (word: string) => `Type “${word}” to confirm`,
    running: 'Purging…',
    cancelled: 'Stopped. Nothing was purged.',
    done: (n: number) => `${count(n, 'chunk is', 'chunks are')} gone.`,
    rewritten: (shardCount: number, versionCount: number, segmentCount: number) =>
      `${shards(shardCount)}, ${versions(versionCount)} and ${segments(segmentCount)} were rewritten.`,
    freed: (n: number) => `${bytes(n)} freed.`,
    scanned: (size: number, frameCount: number) =>
      `Looked through afterwards: ${bytes(size)} and ${frames(frameCount)}.`,
    notFound: 'The texts are found nowhere any more.',
    found: 'Still found:',
    close: 'Done',
  },
};
