/**
 * Shared by the property tests of fetch(): two origins that record their requests, and the same call with both fetches.
 */
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as undici from 'undici'
import { afterAll, beforeAll } from 'vitest'
import { Agent, fetch } from '../../lib/index.ts'
import { describeError, type Fetch } from './row.ts'

export type Which = 'undici' | 'ours'

export interface Origins {
  /** Two origins of one listener. */
  base: string
  other: string
  fetch(which: Which, input: unknown, init?: Record<string, unknown>): Promise<Response>
  /** Replaces the ports, which differ from run to run. */
  normal(value: unknown): unknown
}

/** Starts the servers and the agents of a test file. */
export function useOrigins(listener: RequestListener): Origins {
  const servers: Server[] = [createServer(listener), createServer(listener)]
  const dispatchers = { undici: new undici.Agent(), ours: new Agent() }
  const origins: Origins = {
    base: '',
    other: '',
    fetch(which, input, init) {
      const through = (which === 'ours' ? fetch : undici.fetch) as unknown as Fetch
      return through(input, { dispatcher: dispatchers[which], ...init })
    },
    normal(value) {
      const hosts = [this.base, this.other].map((origin) => origin.replace('http://', ''))
      const text = JSON.stringify(value ?? null)
      return JSON.parse(
        hosts.reduce((all, host, i) => all.replaceAll(host, `HOST${i}`), text),
      ) as unknown
    },
  }
  beforeAll(async () => {
    for (const server of servers) {
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
    }
    ;[origins.base = '', origins.other = ''] = servers.map(
      (server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    )
  })
  afterAll(async () => {
    await dispatchers.undici.destroy()
    await dispatchers.ours.destroy()
    for (const server of servers) server.close()
  })
  return origins
}

/** The parts of an error that do not differ between two connections. */
export function shownError(error: unknown): unknown {
  const { name, message, cause } = describeError(error) as Record<string, unknown>
  const { name: causeName, message: causeMessage } = (cause ?? {}) as Record<string, unknown>
  return { name, message, causeName, causeMessage }
}
