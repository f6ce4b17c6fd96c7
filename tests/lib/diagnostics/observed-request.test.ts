import * as diagnostics from 'node:diagnostics_channel'
import { Buffer } from 'node:buffer'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Agent } from '../../../lib/api/agent.ts'
import { client } from '../support/fake-native.ts'
import { Recorder } from '../support/recorder.ts'

vi.mock('../../../lib/native/load.ts', () => import('../support/fake-native.ts'))

interface Message {
  readonly request: {
    readonly headers: string[]
    readonly completed: boolean
    addHeader(name: string, value: string): unknown
  }
  readonly [field: string]: unknown
}

const get = { origin: 'http://a.test', path: '/x?y', method: 'GET' } as const
const subscriptions: (readonly [string, diagnostics.ChannelListener])[] = []

function subscribe(name: string, listener: (message: Message) => void): void {
  const subscription = [name, listener as diagnostics.ChannelListener] as const
  subscriptions.push(subscription)
  diagnostics.subscribe(...subscription)
}

/** Records all messages of a request, in order, with their channels. */
function record(): [name: string, message: Message][] {
  const seen: [string, Message][] = []
  const names = [
    'client:sendHeaders',
    ...['create', 'bodyChunkSent', 'bodySent', 'headers'].map((name) => `request:${name}`),
    ...['bodyChunkReceived', 'trailers', 'error'].map((name) => `request:${name}`),
  ]
  for (const name of names) {
    subscribe(`undici:${name}`, (message) => seen.push([name, message]))
  }
  return seen
}

afterEach(() => {
  for (const subscription of subscriptions.splice(0)) {
    diagnostics.unsubscribe(...subscription)
  }
})

describe('undici\u2019s diagnostics channels', () => {
  it('report each step of a request, always with the same object', () => {
    const seen = record()
    new Agent().dispatch(
      { ...get, method: 'POST', body: 'abc', headers: { Host: 'h', A: '1', e: '' } },
      new Recorder(),
    )
    client().batch((b) =>
      b
        .sent(1)
        .head(1, { headers: [['X', 'y']] })
        .data(1, 'd')
        .end(1, [['T', 'u']]),
    )
    expect(seen.map(([name]) => name)).toEqual([
      'request:create',
      'client:sendHeaders',
      'request:bodyChunkSent',
      'request:bodySent',
      'request:headers',
      'request:bodyChunkReceived',
      'request:trailers',
    ])
    const messages = Object.fromEntries(seen)
    const { request } = messages['request:create'] as Message
    expect(seen.every(([, message]) => message.request === request)).toBe(true)
    expect(request).toMatchObject({
      origin: 'http://a.test',
      method: 'POST',
      path: '/x?y',
      headers: ['A', '1', 'e', ''],
      host: 'h',
      completed: true,
      aborted: false,
    })
    expect(messages['client:sendHeaders']).toMatchObject({
      headers: 'POST /x?y HTTP/1.1\r\nhost: h\r\nconnection: keep-alive\r\nA: 1\r\ne: \r\n',
      socket: {},
    })
    const response = messages['request:headers']?.['response'] as { headers: Buffer[] }
    expect(response).toMatchObject({ statusCode: 200, statusText: 'OK' })
    expect(response.headers.map(String)).toEqual(['X', 'y'])
    expect((messages['request:trailers'] as Message)['trailers']).toEqual([
      Buffer.from('T'),
      Buffer.from('u'),
    ])
  })

  it('report an error before the handler gets it', () => {
    const order: unknown[] = []
    subscribe('undici:request:error', ({ error }) => order.push(error))
    const handler = new Recorder({ onResponseError: () => order.push('handler') })
    new Agent().dispatch(get, handler)
    client().batch((b) => b.failed(1, 'socketClosed'))
    expect(order).toEqual([handler.error, 'handler'])
  })

  it('report the host header that libcurl will write', () => {
    const seen = record()
    new Agent().dispatch({ ...get, origin: 'http://a.test:81' }, new Recorder())
    expect(seen[1]?.[1]).toMatchObject({
      headers: 'GET /x?y HTTP/1.1\r\nhost: a.test:81\r\nconnection: keep-alive\r\n',
    })
  })

  it('let a subscriber add headers to what is sent', () => {
    subscribe('undici:request:create', ({ request }) => {
      request.addHeader('traceparent', '00-1')
      expect(() => request.addHeader('bad name', 'x')).toThrow('invalid header key')
    })
    new Agent().dispatch({ ...get, headers: { a: '1' } }, new Recorder())
    expect(client().submitted[0]?.lines).toEqual([
      'host: a.test',
      'connection: keep-alive',
      'a: 1',
      'traceparent: 00-1',
    ])
  })

  it('report nothing about requests that dispatch() refuses', () => {
    const seen = record()
    new Agent().dispatch({ ...get, path: 'x' }, new Recorder())
    expect(seen).toEqual([])
  })

  it('report data when the handler gets it, not while it is held back', async () => {
    const seen = record()
    const handler = new Recorder({ onResponseStart: (c) => c.pause() })
    new Agent().dispatch(get, handler)
    client().batch((b) => b.response(1, 'd'))
    expect(seen.at(-1)?.[0]).toBe('request:headers')
    handler.controller?.resume()
    await Promise.resolve()
    expect(seen.slice(-2).map(([name]) => name)).toEqual([
      'request:bodyChunkReceived',
      'request:trailers',
    ])
  })

  it('cost nothing without subscribers: the body is not reported', () => {
    const handler = Object.assign(new Recorder(), {
      onBodySent: undefined,
      onRequestSent: undefined,
    })
    new Agent().dispatch({ ...get, method: 'POST', body: 'abc' }, handler)
    expect(client().submitted[0]?.flags).not.toContain('reportSent')
  })
})
