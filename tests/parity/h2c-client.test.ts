/** H2CClient: the same program over undici and over dodici. */
import { once } from 'node:events'
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { Client } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { onBoth } from '../support/libraries.ts'
import { dispatch } from '../support/recorder.ts'
import { until } from '../support/wait.ts'

async function useH2c(): Promise<{ origin: string; waiting: (() => void)[]; count(): number }> {
  const waiting: (() => void)[] = []
  let sessions = 0
  const server = createServer((request, response) => {
    waiting.push(() => response.end(`${request.httpVersion} ${request.url}`))
  })
  server.on('session', () => (sessions += 1)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return { origin: `http://127.0.0.1:${port}`, waiting, count: () => sessions }
}

describe('an H2CClient', () => {
  it('sends many requests at a time on one connection, and counts them', async () => {
    const { origin, waiting, count } = await useH2c()
    const result = await onBoth(async ({ H2CClient }) => {
      const before = count()
      const client = new H2CClient(origin)
      onTestFinished(() => client.destroy())
      const sent = Array.from({ length: 5 }, (_, at) => dispatch(client, { path: `/${at}` }))
      await until('all are at the server', () => waiting.length === 5)
      // Our Client knows from the first response on how many of them may run.
      const { connected, size } = (client as unknown as Client).stats
      for (const answer of waiting.splice(0)) answer()
      const texts = await Promise.all(sent.map(async (one) => (await one.done).text))
      await client.close()
      const sessions = count() - before
      return { texts, connected, size, sessions, pipelining: client.pipelining }
    })
    expect(result).toMatchObject({ sessions: 1, connected: true, size: 5 })
  })

  it('fails where nobody listens', async () => {
    await onBoth(async ({ H2CClient }) => {
      const client = new H2CClient('http://127.0.0.1:1')
      onTestFinished(() => client.destroy())
      const { error } = await dispatch(client, { path: '/' }).done
      return (error as Error & { code?: string }).code
    })
  })
})
