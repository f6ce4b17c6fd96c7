import type { Dispatcher } from 'undici'
import type { AgentSettings } from '../clients/client.ts'

/** What one trial counts while the clock runs. */
export interface Meter {
  requests: number
  bytes: number
  /** False when the trial is over: whoever sends goes on until then. */
  running: boolean
}

export interface Ports {
  http: number
  https: number
}

/** A limit of the ratio dodici : undici. */
export interface Target {
  readonly atLeast?: number
  readonly atMost?: number
}

export type Column = 'rate' | 'jsCpu' | 'processCpu'

export interface Scenario {
  /** The word that selects it. */
  readonly name: string
  readonly title: string
  /** What a rate counts, and what CPU time is divided by. */
  readonly unit: 'request' | 'byte'
  readonly targets: Partial<Record<Column, Target>>
  readonly agent: AgentSettings
  readonly origin: (ports: Ports) => string
  /** Keeps requests under way until `meter.running` is false; settles when all have ended. */
  readonly drive: (agent: Dispatcher, origin: string, meter: Meter) => Promise<void>
}

/** The paths of the server. */
export const kSmall = '/small'
export const kLarge = '/large'
export const kSmallBytes = 100
export const kLargeBytes = 100_000_000
