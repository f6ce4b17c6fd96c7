import { Buffer } from 'node:buffer'
import { describe, expect, it, vi } from 'vitest'
import { Agent } from '../../../lib/api/agent.ts'
import type { Controller } from '../../../lib/compat/handler.ts'
import { client } from '../support/fake-native.ts'
import { Recorder } from '../support/recorder.ts'

vi.mock('../../../lib/native/load.ts', () => import('../support/fake-native.ts'))

const get = { origin: 'http://a.test', path: '/', method: 'GET' } as const
type Header = [name: string, value: string]

function dispatch(agent = new Agent(), handler = new Recorder()): Recorder {
  agent.dispatch(get, handler)
  return handler
}

function headersOf(handler: Recorder): unknown {
  return handler.calls.findLast(([name]) => name === 'onResponseStart')?.[2]
}

/** The headers object that `headers` become; read twice, as the second time goes another way. */
function read(headers: Header[], version = 11): unknown {
  const agent = new Agent()
  const first = dispatch(agent)
  const second = dispatch(agent)
  client().batch((b) => b.head(1, { headers, version }).head(2, { headers, version }))
  expect(headersOf(second)).toEqual(headersOf(first))
  expect(Object.keys(headersOf(second) as object)).toEqual(Object.keys(headersOf(first) as object))
  return headersOf(second)
}

function texts(raw: unknown): string[] {
  return (raw as Buffer[]).map((bytes) => {
    expect(bytes).toBeInstanceOf(Buffer)
    return bytes.toString('latin1')
  })
}

describe('response headers', () => {
  it('have lower-case names, and values as they came', () => {
    expect(
      read([
        ['X-A', '1'],
        ['x-b', ''],
        ['Content-TYPE', 'Text/Plain'],
      ]),
    ).toEqual({
      'x-a': '1',
      'x-b': '',
      'content-type': 'Text/Plain',
    })
  })

  it('are lists where a name is repeated, in any case', () => {
    expect(
      read([
        ['A', '1'],
        ['b', '2'],
        ['a', '3'],
        ['A', '4'],
      ]),
    ).toEqual({ a: ['1', '3', '4'], b: '2' })
  })

  it('have a single set-cookie as a string, two as a list', () => {
    expect(read([['Set-Cookie', 'a']])).toEqual({ 'set-cookie': 'a' })
    expect(
      read([
        ['Set-Cookie', 'a'],
        ['Set-Cookie', 'b'],
      ]),
    ).toEqual({ 'set-cookie': ['a', 'b'] })
  })

  it('are decoded as latin1', () => {
    expect(read([['a', 'caf\u00e9\u00ff']])).toEqual({ a: 'caf\u00e9\u00ff' })
  })

  it('may be called __proto__, or like a number, or like a method', () => {
    const headers = read([
      ['__proto__', 'x'],
      ['0', 'y'],
      ['constructor', 'z'],
      ['toString', 't'],
    ])
    expect(Object.getOwnPropertyDescriptor(headers, '__proto__')?.value).toBe('x')
    expect(headers).toMatchObject({ 0: 'y', constructor: 'z', tostring: 't' })
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype)
  })

  it('on HTTP/2 join what is repeated, keep set-cookie a list and single values single', () => {
    const headers: Header[] = [
      ['x-a', '1'],
      ['x-a', '2'],
      ['set-cookie', 'c'],
      ['content-type', 'first'],
      ['content-type', 'second'],
    ]
    expect(read(headers, 20)).toEqual({
      'x-a': '1, 2',
      'set-cookie': ['c'],
      'content-type': 'first',
    })
  })

  it('of one shape are distinguished from those whose names only have the same lengths', () => {
    const agent = new Agent()
    const handlers = [dispatch(agent), dispatch(agent), dispatch(agent)]
    client().batch((b) =>
      b
        .head(1, {
          headers: [
            ['abc', '1'],
            ['de', '2'],
          ],
        })
        .head(2, {
          headers: [
            ['xyz', '3'],
            ['de', '4'],
          ],
        })
        .head(3, {
          headers: [
            ['abc', '5'],
            ['DE', '6'],
          ],
        }),
    )
    expect(handlers.map(headersOf)).toEqual([
      { abc: '1', de: '2' },
      { xyz: '3', de: '4' },
      { abc: '5', de: '6' },
    ])
  })

  it('of one shape on HTTP/1.1 may become a list on HTTP/2', () => {
    expect(read([['set-cookie', 'a']], 11)).toEqual({ 'set-cookie': 'a' })
    expect(read([['set-cookie', 'a']], 20)).toEqual({ 'set-cookie': ['a'] })
    expect(read([['set-cookie', 'a']], 11)).toEqual({ 'set-cookie': 'a' })
  })
})

describe('controller.rawHeaders', () => {
  it('are Buffers in the case and order of the wire, repetitions kept', () => {
    const handler = dispatch()
    const controller = handler.controller as Controller
    expect(controller.rawHeaders).toBeNull()
    client().batch((b) =>
      b.head(1, {
        headers: [
          ['X-B', '1'],
          ['a', '\u00e9'],
          ['x-b', ''],
        ],
      }),
    )
    expect(texts(controller.rawHeaders)).toEqual(['X-B', '1', 'a', '\u00e9', 'x-b', ''])
    expect(controller.rawHeaders).toBe(controller.rawHeaders)
  })

  it('can be asked for long after the batch, whose memory was used again', () => {
    const handler = dispatch()
    client().batch((b) => b.head(1, { headers: [['a', '1']] }))
    client().batch((b) => b.data(1, 'x').end(1))
    expect(texts(handler.controller?.rawHeaders)).toEqual(['a', '1'])
  })

  it('are each head\u2019s own where informational ones come first', () => {
    const seen: string[][] = []
    const handler = new Recorder({ onResponseStart: (c) => seen.push(texts(c.rawHeaders)) })
    dispatch(new Agent(), handler)
    client().batch((b) =>
      b
        .head(1, { status: 103, statusText: 'Early Hints', headers: [['link', 'x']] })
        .head(1, { headers: [['a', '1']] }),
    )
    expect(seen).toEqual([
      ['link', 'x'],
      ['a', '1'],
    ])
    expect(handler.names.slice(1)).toEqual([
      'onResponseStarted',
      'onResponseStart',
      'onResponseStarted',
      'onResponseStart',
    ])
  })
})

describe('trailers', () => {
  it('are none by default', () => {
    const handler = dispatch()
    client().batch((b) => b.head(1))
    expect(handler.controller?.rawTrailers).toBeNull()
    client().batch((b) => b.end(1))
    expect(handler.calls.at(-1)).toEqual(['onResponseEnd', {}])
    expect(handler.controller?.rawTrailers).toEqual([])
  })

  it('are joined as on HTTP/2 where the response came over HTTP/2, whatever others came over', () => {
    const agent = new Agent()
    const second = dispatch(agent)
    const first = dispatch(agent)
    client().batch((b) => b.head(1, { version: 20 }).head(2, { version: 11 }))
    const trailers: Header[] = [
      ['t', '1'],
      ['t', '2'],
    ]
    client().batch((b) => b.end(1, trailers).end(2, trailers))
    expect(second.calls.at(-1)?.[1]).toEqual({ t: '1, 2' })
    expect(first.calls.at(-1)?.[1]).toEqual({ t: ['1', '2'] })
  })

  it('are an object of their own, and raw on the controller', () => {
    const handler = dispatch()
    client().batch((b) =>
      b.head(1, { headers: [['a', '1']] }).end(1, [
        ['X-T', '2'],
        ['x-t', '3'],
      ]),
    )
    expect(headersOf(handler)).toEqual({ a: '1' })
    expect(handler.calls.at(-1)).toEqual(['onResponseEnd', { 'x-t': ['2', '3'] }])
    expect(texts(handler.controller?.rawTrailers)).toEqual(['X-T', '2', 'x-t', '3'])
  })
})

describe('the status text', () => {
  it.each([['OK'], ['Not Found'], [''], ['caf\u00e9 \u20ac'], ['No']])(
    'may be "%s"',
    (statusText) => {
      const handler = dispatch()
      client().batch((b) => b.head(1, { statusText, headers: [['a', '1']] }))
      expect(handler.calls.at(-1)).toEqual(['onResponseStart', 200, { a: '1' }, statusText])
    },
  )
})

describe('a batch', () => {
  it('of many requests gives each its own', () => {
    const agent = new Agent()
    const handlers = Array.from({ length: 20 }, () => dispatch(agent))
    client().batch((b) => {
      for (const [i] of handlers.entries()) {
        b.head(i + 1, { headers: [['n', `${i}`]] }).data(i + 1, `first ${i}`)
      }
      for (const [i] of handlers.entries()) {
        b.block(i + 1, `, second ${i}`).end(i + 1)
      }
    })
    for (const [i, handler] of handlers.entries()) {
      expect(headersOf(handler)).toEqual({ n: `${i}` })
      expect(handler.body).toBe(`first ${i}, second ${i}`)
      expect(handler.names.at(-1)).toBe('onResponseEnd')
    }
  })

  it('hands over Buffers that never change', () => {
    const chunks: Buffer[] = []
    const handler = new Recorder()
    handler.onResponseData = (_controller, chunk) => void chunks.push(chunk)
    dispatch(new Agent(), handler)
    client().batch((b) => b.head(1).data(1, 'abc').data(1, 'def').block(1, 'ghi'))
    client().batch((b) => b.data(1, 'xyz'))
    expect(chunks.every((chunk) => Buffer.isBuffer(chunk))).toBe(true)
    expect(chunks.map(String)).toEqual(['abc', 'def', 'ghi', 'xyz'])
  })

  it('may name an id that is not in use', () => {
    const agent = new Agent()
    const handler = dispatch(agent)
    client().batch((b) =>
      b
        .sent(9)
        .wanted(9, 1)
        .head(9, { headers: [['a', 'b']] })
        .data(9, 'z')
        .block(9, 'z')
        .failed(9, 'internal', 1, 'text', 'more')
        .end(9, [['t', 'u']])
        .response(1, 'mine'),
    )
    expect(handler.body).toBe('mine')
    expect(handler.names.at(-1)).toBe('onResponseEnd')
  })

  it('of an unknown type causes an uncaught exception', async () => {
    const agent = new Agent()
    dispatch(agent)
    const thrown = new Promise((resolve) => process.once('uncaughtException', resolve))
    client().onBatch(new Uint32Array([99, 1]), 2, '', undefined, undefined)
    expect(await thrown).toMatchObject({ message: 'unknown record type 99 in a batch' })
  })
})
