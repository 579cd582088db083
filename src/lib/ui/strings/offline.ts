/** Words about working without a network, and about newer versions. */

export const offlineStrings = {
  ready: 'Ready offline',
  newVersion: 'A new version is ready.',
  update: 'Update now',
  updateNote: 'Every open Memreel tab reloads.',
  waits: 'It takes over when the work in all Memreel tabs is done.',
  waitsForMemory:
    'This tab’s library is lost when the tab reloads. The new version takes over once the tab is closed.',
  readOnly:
    'A newer version of Memreel wrote this library. This version shows it and changes nothing: reload to update, or open the newer one.',
} as const;
