/** What is measured, by whom, and what dodici has to reach. */

export type Contender = 'dodici' | 'undici' | 'curl' | 'aria2c'
export type Figure = 'rate' | 'jsCpu' | 'memory'

/** A limit for dodici: of its ratio to another contender, or, without one, of the figure itself. */
export interface Target {
  readonly figure: Figure
  readonly to?: Contender
  readonly atLeast?: number
  readonly atMost?: number
}

interface Common {
  readonly name: string
  readonly title: string
  readonly contenders: readonly Contender[]
  readonly targets: readonly Target[]
}

/** One large object. */
export interface DownloadCase extends Common {
  readonly kind: 'download'
  readonly to: 'file' | 'buffer'
  readonly isRelayed: boolean
}

/** Many objects. */
export interface LoadCase extends Common {
  readonly kind: 'load'
  readonly path: string
  readonly bytes: number
  readonly count: number
}

export type Case = DownloadCase | LoadCase

/** The most memory over the base, in bytes, that a file may take. */
const kFileMemory = 64 * 1024 * 1024

export const kSmallObject = '/object-10k'
export const kLargeObject = '/object-1m'
export const kSmallObjectBytes = 10_000
export const kLargeObjectBytes = 1_000_000

export const cases: readonly Case[] = [
  {
    kind: 'download',
    name: 'file',
    title: '1 GB to a file',
    to: 'file',
    isRelayed: false,
    contenders: ['undici', 'curl', 'aria2c', 'dodici'],
    targets: [
      { figure: 'rate', to: 'aria2c', atLeast: 0.95 },
      { figure: 'jsCpu', to: 'undici', atMost: 0.02 },
      { figure: 'memory', atMost: kFileMemory },
    ],
  },
  {
    kind: 'download',
    name: 'buffer',
    title: '1 GB to memory',
    to: 'buffer',
    isRelayed: false,
    contenders: ['undici', 'dodici'],
    targets: [{ figure: 'jsCpu', to: 'undici', atMost: 0.02 }],
  },
  {
    kind: 'download',
    name: 'file-relay',
    title: '1 GB to a file, 20 ms away, 50 MB/s on each connection',
    to: 'file',
    isRelayed: true,
    contenders: ['undici', 'curl', 'aria2c', 'dodici'],
    targets: [
      { figure: 'rate', to: 'aria2c', atLeast: 1 },
      { figure: 'jsCpu', to: 'undici', atMost: 0.02 },
      { figure: 'memory', atMost: kFileMemory },
    ],
  },
  {
    kind: 'load',
    name: 'load-small',
    title: '10 000 objects of 10 KB',
    path: kSmallObject,
    bytes: kSmallObjectBytes,
    count: 10_000,
    contenders: ['undici', 'dodici'],
    targets: [
      { figure: 'rate', to: 'undici', atLeast: 1.3 },
      { figure: 'jsCpu', to: 'undici', atMost: 0.15 },
    ],
  },
  {
    kind: 'load',
    name: 'load-large',
    title: '1000 objects of 1 MB',
    path: kLargeObject,
    bytes: kLargeObjectBytes,
    count: 1000,
    contenders: ['undici', 'dodici'],
    targets: [
      { figure: 'rate', to: 'undici', atLeast: 1 },
      { figure: 'jsCpu', to: 'undici', atMost: 0.15 },
    ],
  },
]
