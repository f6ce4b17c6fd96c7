/** The effect of a `host` header on TLS: undici uses everything before its first colon as the server's name. */
import type { TLSSocket } from 'node:tls'
import { describe, it } from 'vitest'
import { hasBundledCurl } from '../support/curl.ts'
import { exchange } from '../support/recorder.ts'
import { both } from './both.ts'
import { normalValue } from './normalize.ts'
import type { Outcome } from './scenario.ts'

const hosts = [
  '*',
  '%2Ftmp%2Fa.sock',
  '/path',
  'a/b?c#d',
  'a b',
  'foo:bar',
  'u:p@h',
  'u@h',
  'localhost:99',
  'LOCALHOST',
  'localhost.',
  'other.test',
  '127.0.0.1:1',
  '127.1',
  '1.2.3',
  '[::1]:5',
  'h_1',
  '-',
  '.',
  'h\u00e9.test',
  `${'h'.repeat(63)}.test`,
  'h'.repeat(255),
  'h'.repeat(256),
  'h'.repeat(3000),
]

// libcurl itself takes the name from its URL, which cannot contain every text.
describe.runIf(hasBundledCurl).each(['h1', 'h2'] as const)(
  'a host header over TLS, %s',
  (protocols) => {
    it.each(hosts)('"%s" is sent, and asked for by TLS, if nothing is verified', async (host) => {
      await both(async (stage) => {
        const arrived: Outcome[] = []
        const server = await stage.tls({
          protocols,
          onRequest: (request, response) => {
            const { servername } = request.socket as TLSSocket & { servername?: string | false }
            const { host: sent, authorization } = request.headers
            const authority = request.headers[':authority'] as string | undefined
            arrived.push({ servername, host: authority ?? sent, authorization })
            response.end('ok')
          },
        })
        const agent = await stage.agent({ connect: { rejectUnauthorized: false } })
        const recorder = await exchange(agent, { origin: server.origin, headers: { host } })
        const { servername } = server.handshakes[0] ?? {}
        return {
          text: recorder.text,
          error: normalValue(recorder.error),
          arrived: arrived[0] as never,
          asked: servername as never,
        }
      })
    })

    it.each(hosts)('"%s" is verified', async (host) => {
      await both(async (stage) => {
        const server = await stage.tls({
          protocols,
          onRequest: (_request, response) => void response.end('ok'),
        })
        const agent = await stage.agent()
        const recorder = await exchange(agent, { origin: server.origin, headers: { host } })
        return { text: recorder.text, error: normalValue(recorder.error) }
      })
    })
  },
)
