/** The columns of the table. */
import type { Column, Scenario } from '../scenarios/scenario.ts'
import type { Measured } from './trials.ts'

export interface ColumnReader {
  readonly unit: string
  readonly read: (result: Measured) => number
}

const kGiga = 1e9
const kMega = 1e6

const ofAll = {
  serverCpu: {
    unit: 'server, % of a core',
    read: (r) => r.serverCpuMicros / r.seconds / 1e4,
  },
  p50: { unit: 'p50, ms', read: (r) => r.p50Millis },
  p99: { unit: 'p99, ms', read: (r) => r.p99Millis },
  loopDelay: { unit: 'event loop late, p99, ms', read: (r) => r.loopDelayP99Millis },
  peakRss: { unit: 'peak RSS, MB', read: (r) => r.peakRssBytes / kMega },
} satisfies Partial<Record<Column, ColumnReader>>

const columns: Record<Scenario['unit'], Partial<Record<Column, ColumnReader>>> = {
  request: {
    rate: { unit: 'requests/s', read: (r) => r.requests / r.seconds },
    jsCpu: { unit: 'JS thread, µs/request', read: (r) => r.jsCpuMicros / r.requests },
    processCpu: { unit: 'process, µs/request', read: (r) => r.processCpuMicros / r.requests },
    ...ofAll,
  },
  byte: {
    rate: { unit: 'MB/s', read: (r) => r.bytes / kMega / r.seconds },
    jsCpu: { unit: 'JS thread, ms/GB', read: (r) => r.jsCpuMicros / 1000 / (r.bytes / kGiga) },
    processCpu: {
      unit: 'process, ms/GB',
      read: (r) => r.processCpuMicros / 1000 / (r.bytes / kGiga),
    },
    serverCpu: ofAll.serverCpu,
    loopDelay: ofAll.loopDelay,
    peakRss: ofAll.peakRss,
  },
  memory: {
    memory: { unit: 'grows by, MB', read: (r) => r.bytes / kMega },
  },
  queued: {
    memory: { unit: 'bytes/request', read: (r) => r.bytes / r.requests },
  },
}

export function columnsOf(scenario: Scenario): [Column, ColumnReader][] {
  return Object.entries(columns[scenario.unit]) as [Column, ColumnReader][]
}
