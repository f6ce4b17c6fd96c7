import type { Buffer } from 'node:buffer'
import type { Duplex } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { Agent as Agent7 } from 'undici7'
import { Agent } from '../../../lib/api/agent.ts'
import { client } from '../support/fake-native.ts'
import { look } from '../support/undici-oracle.ts'

vi.mock('../../../lib/native/load.ts', () => import('../support/fake-native.ts'))

const get = { origin: 'http://a.test', path: '/', method: 'GET' } as const
type Abort = (reason?: unknown) => void

/** A legacy handler that records its calls. */
class Legacy {
  readonly calls: unknown[][] = []
  abort: Abort | undefined
  resume: (() => void) | undefined
  onHeadersReturns: unknown
  onDataReturns: unknown

  get names(): unknown[] {
    return this.calls.map(([name]) => name)
  }

  onConnect(abort: Abort, context: unknown): void {
    this.abort = abort
    this.calls.push(['onConnect', context])
  }

  onHeaders(status: number, raw: Buffer[], resume: () => void, statusText: string): unknown {
    this.resume = resume
    this.calls.push(['onHeaders', status, raw.map(String), statusText])
    return this.onHeadersReturns
  }

  onData(chunk: Buffer): unknown {
    this.calls.push(['onData', chunk.toString()])
    return this.onDataReturns
  }

  onComplete(raw: Buffer[]): void {
    this.calls.push(['onComplete', raw.map(String)])
  }

  onError(error: unknown): void {
    this.calls.push(['onError', error])
  }
}

function dispatch(handler: object, opts: object = {}): boolean {
  return new Agent().dispatch({ ...get, ...opts }, handler)
}

describe('a legacy handler', () => {
  it('gets the calls that undici 7 makes', () => {
    const handler = new Legacy()
    dispatch(handler)
    client().batch((b) =>
      b
        .head(1, { status: 103, statusText: 'Early Hints', headers: [['Link', 'x']] })
        .head(1, {
          headers: [
            ['X-A', '1'],
            ['x-a', '2'],
          ],
        })
        .data(1, 'abc')
        .end(1, [['T', '3']]),
    )
    expect(handler.calls).toEqual([
      ['onConnect', null],
      ['onHeaders', 103, ['Link', 'x'], 'Early Hints'],
      ['onHeaders', 200, ['X-A', '1', 'x-a', '2'], 'OK'],
      ['onData', 'abc'],
      ['onComplete', ['T', '3']],
    ])
  })

  it('gets the optional calls that it has methods for', () => {
    const calls: unknown[] = []
    const handler = Object.assign(new Legacy(), {
      onBodySent: (chunk: unknown) => calls.push(['onBodySent', String(chunk)]),
      onRequestSent: () => calls.push(['onRequestSent']),
      onResponseStarted: () => calls.push(['onResponseStarted']),
    })
    dispatch(handler, { method: 'POST', body: 'abc' })
    client().batch((b) => b.sent(1).head(1))
    expect(calls).toEqual([['onBodySent', 'abc'], ['onRequestSent'], ['onResponseStarted']])
    dispatch(new Legacy())
    expect(client().submitted[0]?.flags).not.toContain('reportSent')
  })

  it('aborts by the function that onConnect is given', () => {
    const handler = new Legacy()
    dispatch(handler)
    const reason = new Error('why')
    handler.abort?.(reason)
    expect(handler.calls.at(-1)).toEqual(['onError', reason])
    expect(client().calls).toEqual(['cancel 1'])
  })

  it('pauses by false from onHeaders, and goes on by resume()', async () => {
    const handler = new Legacy()
    handler.onHeadersReturns = false
    dispatch(handler)
    client().batch((b) => b.response(1, 'abc'))
    expect(handler.names.at(-1)).toBe('onHeaders')
    handler.resume?.()
    await Promise.resolve()
    expect(handler.names.slice(-2)).toEqual(['onData', 'onComplete'])
  })

  it('pauses by false from onData, and by nothing else', () => {
    const handler = new Legacy()
    dispatch(handler)
    client().batch((b) => b.head(1).data(1, 'a').data(1, 'b'))
    expect(handler.names.slice(-2)).toEqual(['onData', 'onData'])
    handler.onDataReturns = false
    client().batch((b) => b.data(1, 'c').data(1, 'd').end(1))
    expect(handler.calls.at(-1)).toEqual(['onData', 'c'])
  })

  it('gets in onError the errors of what dispatch() refuses', () => {
    const handler = new Legacy()
    expect(dispatch(handler, { path: 'x' })).toBe(false)
    expect(handler.names).toEqual(['onError'])
    expect(look(handler.calls[0]?.[1])).toMatchObject({ code: 'UND_ERR_INVALID_ARG' })
  })

  it.each(['onConnect', 'onHeaders', 'onData', 'onComplete', 'onBodySent'])(
    'without a proper %s is refused in undici 7\u2019s words',
    (name) => {
      const theirs = Object.assign(new Legacy(), { [name]: 5 })
      const ours = Object.assign(new Legacy(), { [name]: 5 })
      new Agent7().dispatch(get, theirs as never)
      dispatch(ours)
      expect(look(theirs.calls[0]?.[1])).toMatchObject({ message: `invalid ${name} method` })
      expect(look(ours.calls[0]?.[1])).toEqual(look(theirs.calls[0]?.[1]))
    },
  )

  it('without onError has the error thrown at it', () => {
    const handler = Object.assign(new Legacy(), { onError: undefined })
    expect(() => dispatch(handler)).toThrow('invalid onError method')
  })

  it('may carry opts.dispatcher, as undici 7\u2019s own functions leave it there', () => {
    const handler = new Legacy()
    dispatch(handler, { dispatcher: {} })
    expect(handler.names).toEqual(['onConnect'])
  })

  it('is recognized even if it has onRequestUpgrade, as in Node 24\u2019s fetch', () => {
    const handler = Object.assign(new Legacy(), { onRequestUpgrade() {} })
    dispatch(handler)
    expect(handler.names).toEqual(['onConnect'])
  })

  it('that throws is told so, as a modern handler is', () => {
    const boom = new Error('boom')
    const handler = Object.assign(new Legacy(), {
      onData: () => {
        throw boom
      },
    })
    dispatch(handler)
    client().batch((b) => b.response(1, 'abc'))
    expect(handler.calls.at(-1)).toEqual(['onError', boom])
  })

  // For undici 6, and 7 up to 7.29, an answered upgrade is still a request; Node's own WebSocket relies on that.
  it('ends an upgraded socket when it aborts, and gets no error', () => {
    const sockets: Duplex[] = []
    const handler = Object.assign(new Legacy(), {
      onUpgrade: (_status: number, _headers: Buffer[], socket: Duplex) => void sockets.push(socket),
    })
    dispatch(handler, { upgrade: 'websocket' })
    client().batch((b) => b.head(1, { status: 101 }))
    expect(sockets[0]?.destroyed).toBe(false)
    handler.abort?.(new Error('wrong handshake'))
    expect(sockets[0]?.destroyed).toBe(true)
    expect(client().calls).toContain('cancel 1')
    expect(handler.names).toEqual(['onConnect'])
  })
})
