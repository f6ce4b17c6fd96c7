/** Each row is tried with undici's fetch over undici's Agent and with ours over ours, and must have the same result. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import * as undici from 'undici'
import { describe, expect, it } from 'vitest'
import { Agent } from '../../lib/index.ts'
import { fetch } from '../../lib/fetch/fetch.ts'
import { bodyRows } from './rows/bodies.ts'
import { codingRows } from './rows/codings.ts'
import { endingRows } from './rows/endings.ts'
import { redirectRows } from './rows/redirects.ts'
import { requestObjectRows } from './rows/request-objects.ts'
import { requestRows } from './rows/requests.ts'
import { responseObjectRows } from './rows/response-objects.ts'
import { responseRows } from './rows/responses.ts'
import type { Fetch, Received, Row } from './row.ts'

const rows = [
  ...requestRows,
  ...requestObjectRows,
  ...bodyRows,
  ...responseRows,
  ...responseObjectRows,
  ...redirectRows,
  ...codingRows,
  ...endingRows,
]

/** Each row has its own server, so that late requests of other rows do not matter. */
async function startServer(answer: Row['answer'], received: Received[]): Promise<Server> {
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request, answer)
    const { method = '', url = '', headers, rawHeaders } = request
    received.push({ method, url, headers, rawHeaders, body: body.toString() })
    if (answer === undefined) response.end(body)
    else answer(request, response, body)
  }
  const server = createServer((request, response) => {
    void serve(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function bodyOf(request: IncomingMessage, answer: Row['answer']): Promise<Buffer> {
  const chunks: Buffer[] = []
  request.on('error', () => {})
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  const { 'transfer-encoding': coding, 'content-length': length } = request.headers
  // A row that takes no arguments does not wait for a body, which may never end.
  if ((coding !== undefined || Number(length) > 0) && answer?.length !== 0) {
    await Promise.race([once(request, 'end'), once(request, 'close')]).catch(() => {})
  }
  return Buffer.concat(chunks)
}

function originOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function show(row: Row, which: 'undici' | 'ours'): Promise<unknown> {
  const dispatcher = which === 'ours' ? new Agent() : new undici.Agent()
  const through = (which === 'ours' ? fetch : undici.fetch) as unknown as Fetch
  const received: Received[] = []
  const servers = [await startServer(row.answer, received), await startServer(row.answer, received)]
  const [base = '', other = ''] = servers.map(originOf)
  try {
    const shown = await row.show({
      fetch: (input, init) =>
        typeof init === 'object' || init === undefined
          ? through(input, { dispatcher, ...init })
          : through(input, init),
      base,
      other,
      received,
      dispatcher,
    })
    const hosts = [base, other].map((origin) => origin.replace('http://', ''))
    const text = JSON.stringify(shown ?? null)
    return JSON.parse(
      hosts.reduce((all, host, i) => all.replaceAll(host, `HOST${i}`), text),
    ) as unknown
  } finally {
    await dispatcher.destroy()
    for (const server of servers) {
      server.close()
      server.closeAllConnections()
    }
  }
}

describe('fetch()', () => {
  it.each(rows.map((row) => [`${row.clause}: ${row.situation}`, row] as const))(
    '%s',
    async (_name, row) => {
      const theirs = await show(row, 'undici')
      const ours = await show(row, 'ours')
      if (row.ours === undefined) {
        expect(ours).toEqual(theirs)
      } else {
        expect(ours).toEqual(row.ours)
        expect(theirs).not.toEqual(row.ours)
      }
    },
  )

  it('has enough rows, each with a unique name', () => {
    const names = rows.map(({ clause, situation }) => `${clause}: ${situation}`)
    expect(new Set(names).size).toBe(names.length)
    expect(rows.length).toBeGreaterThanOrEqual(250)
  })
})
