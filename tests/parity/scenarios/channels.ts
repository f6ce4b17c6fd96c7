/** The messages of undici's diagnostics channels. */
import * as diagnostics from 'node:diagnostics_channel'
import { Readable } from 'node:stream'
import type { Duplex } from 'node:stream'
import { dispatch, exchange } from '../../support/recorder.ts'
import type { RequestOptions } from '../../support/recorder.ts'
import { maskPorts } from '../normalize.ts'
import type { Normal } from '../normalize.ts'
import type { Scenario } from '../scenario.ts'

type Told = Readonly<Record<string, unknown>>
type Message = { readonly [name in 'request' | 'response' | 'connectParams']: Told } & Told

/** The contents of each channel's messages. */
const channels: Readonly<Record<string, (message: Message) => unknown>> = {
  'request:create': ({ request }) => pick(request, 'completed', 'aborted', ...ofRequests),
  'client:beforeConnect': ({ connectParams }) => connectParams,
  'client:connected': ({ connectParams }) => connectParams,
  'client:sendHeaders': ({ headers }) => headers,
  'request:bodyChunkSent': ({ chunk }) => String(chunk),
  'request:bodySent': ({ request }) => pick(request, 'completed'),
  'request:headers': ({ request, response }) => ({
    ...pick(response, 'statusCode', 'statusText'),
    headers: (response['headers'] as Buffer[]).map(String),
    ...pick(request, 'completed'),
  }),
  'request:bodyChunkReceived': ({ chunk }) => String(chunk),
  'request:trailers': ({ request, trailers }) => ({
    trailers: ((trailers ?? []) as Buffer[]).map(String),
    ...pick(request, 'completed'),
  }),
}

const ofRequests = [
  'origin',
  'method',
  'path',
  'headers',
  'idempotent',
  'protocol',
  'host',
  'contentType',
  'contentLength',
  'upgrade',
  'servername',
] as const

function pick(from: Told, ...names: readonly string[]): object {
  const pairs = names.map((name) => [name, from[name]])
  return JSON.parse(JSON.stringify(Object.fromEntries(pairs))) as object
}

function told(name: string, answer: string, options: () => RequestOptions): Scenario {
  return {
    no: 84,
    name: `channels: ${name}`,
    play: async (stage) => {
      const server = await stage.answering(answer)
      const agent = await stage.agent()
      const messages: Record<string, unknown[]> = {}
      const listeners = Object.entries(channels).map(([channel, look]) => {
        const listener = (message: unknown): void => {
          const seen = look(message as Message) as object | string
          ;(messages[channel] ??= []).push(JSON.parse(maskPorts(JSON.stringify(seen))))
        }
        diagnostics.subscribe(`undici:${channel}`, listener)
        return [`undici:${channel}`, listener] as const
      })
      try {
        const request = { origin: server.origin, ...options() }
        if (request.upgrade) {
          const recorder = dispatch(agent, request)
          await recorder.done
          const socket = recorder.call('onRequestUpgrade')?.args[3] as Duplex | undefined
          socket?.destroy()
        } else {
          await exchange(agent, request)
        }
      } finally {
        for (const [channel, listener] of listeners) diagnostics.unsubscribe(channel, listener)
      }
      // The port as a separate text, and a name that is not needed without TLS.
      const params = ['client:beforeConnect', 'client:connected'].flatMap((one) => messages[one])
      for (const one of params) {
        const given = one as { port?: string; servername?: string }
        delete given.port
        delete given.servername
      }
      return messages as unknown as Record<string, Normal>
    },
  }
}

const hello = 'HTTP/1.1 200 Fine\r\nX-One: 1\r\ncontent-length: 5\r\n\r\nhello'
const chunked =
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n'

export const channelScenarios: readonly Scenario[] = [
  told('a GET', hello, () => ({})),
  told('a GET with options', hello, () => ({
    path: '/p',
    query: { a: 1 },
    reset: true,
    idempotent: false,
    servername: 'a.test',
  })),
  told('a POST', hello, () => ({
    method: 'POST',
    body: 'body',
    headers: { 'Content-Type': 'a/b', Host: 'b.test:1', 'content-length': '4', 'x-a': '1' },
  })),
  told('a streamed POST, trailers', chunked, () => ({
    method: 'POST',
    body: Readable.from(['one', 'two']),
  })),
  told(
    'an upgrade',
    'HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n',
    () => ({ upgrade: 'echo' }),
  ),
]
