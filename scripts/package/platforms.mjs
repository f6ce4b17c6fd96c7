// The platform packages: each holds the addon for one kind of machine, and is installed only there.

/** By the name in `@dodici/NAME`. Those with `made` are published; lib/native/addon-packages.ts has their names. */
export const platforms = {
  'linux-x64-gnu': { os: 'linux', cpu: 'x64', libc: 'glibc', made: true },
  'linux-arm64-gnu': { os: 'linux', cpu: 'arm64', libc: 'glibc', made: true },
  'linux-x64-musl': { os: 'linux', cpu: 'x64', libc: 'musl', made: true },
  'linux-arm64-musl': { os: 'linux', cpu: 'arm64', libc: 'musl' },
  'darwin-arm64': { os: 'darwin', cpu: 'arm64' },
  'darwin-x64': { os: 'darwin', cpu: 'x64' },
  'win32-x64': { os: 'win32', cpu: 'x64' },
}

/** The oldest C library that an addon for `-gnu` must run on: the oldest that Node 22 runs on. */
export const glibcFloor = '2.28'

/** The largest size of a stripped addon, in bytes. */
export const mostBytes = 7_800_000
