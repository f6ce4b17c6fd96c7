import type { AgentClient, AgentSettings, ClientName, OpenClient } from '../clients/client.ts'
import type { Latency } from '../support/latency.ts'

/** Counts of one trial while the clock runs. */
export interface Meter {
  requests: number
  bytes: number
  readonly latency: Latency
  /** False when the trial is over; senders go on until then. */
  running: boolean
}

export interface Ports {
  readonly http: number
  readonly https: number
  /** Port of Node's own server, which echoes POSTs and never answers `/silent`. Only if a scenario needs it. */
  readonly echo?: number
}

/** A limit of the ratio dodici : undici. */
export interface Target {
  readonly atLeast?: number
  readonly atMost?: number
}

export type Column =
  | 'rate'
  | 'jsCpu'
  | 'processCpu'
  | 'serverCpu'
  | 'p50'
  | 'p99'
  | 'loopDelay'
  | 'peakRss'
  | 'memory'

interface Common {
  /** The word that selects it. */
  readonly name: string
  readonly title: string
  /**
   * The scenario's point in a series of scenarios that differ by one number. These run if the word `scale` is given.
   */
  readonly series?: Series
  readonly targets: Partial<Record<Column, Target>>
  readonly agent: AgentSettings
  readonly origin: (ports: Ports) => string
  readonly needs?: 'echo' | 'origins'
}

export interface Series {
  readonly name: string
  readonly title: string
  readonly at: number
}

export interface TimedScenario extends Common {
  /** The unit that a rate counts and that CPU time is divided by. */
  readonly unit: 'request' | 'byte'
  /** Other clients that take part. */
  readonly others?: readonly ClientName[]
  /** Keeps requests in flight until `meter.running` is false; resolves when all have ended. */
  readonly drive: (client: OpenClient, origin: string, meter: Meter) => Promise<void>
}

export interface MemoryScenario extends Common {
  /** Memory per waiting request, or of the whole. */
  readonly unit: 'queued' | 'memory'
  /** Returns how many bytes the process grew by, for how many requests. */
  readonly measure: (
    client: OpenClient,
    origin: string,
  ) => Promise<Pick<Meter, 'bytes' | 'requests'>>
}

export type Scenario = TimedScenario | MemoryScenario

/** Returns the agent, in scenarios for agents only. */
export function agentOf(client: OpenClient): AgentClient['agent'] {
  if ('agent' in client) return client.agent
  throw new Error('this scenario is for agents only')
}

export const plain: Common['origin'] = ({ http }) => `http://127.0.0.1:${http}`
export const secure: Common['origin'] = ({ https }) => `https://localhost:${https}`
export const echoing: Common['origin'] = ({ echo = 0 }) => `http://127.0.0.1:${echo}`

/** The paths of the server. */
export const kSmall = '/small'
export const kLarge = '/large'
export const kHuge = '/huge'
/** coded by gzip */
export const kCoded = '/coded/json'
export const kSmallBytes = 100
export const kLargeBytes = 100_000_000
export const kHugeBytes = 1_000_000_000
/** before it is coded */
export const kCodedBytes = 62_000
