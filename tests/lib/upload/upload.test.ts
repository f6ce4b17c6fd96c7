import { once } from 'node:events'
import { Duplex, Readable } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { Agent } from '../../../lib/api/agent.ts'
import { uploadWindow } from '../../../lib/upload/upload.ts'
import { client } from '../support/fake-native.ts'
import { Recorder } from '../support/recorder.ts'
import { look } from '../support/undici-oracle.ts'

vi.mock('../../../lib/native/load.ts', () => import('../support/fake-native.ts'))

const post = { origin: 'http://a.test', path: '/', method: 'POST' } as const
const chunk = Buffer.alloc(64 * 1024, 'x')
const chunksInWindow = uploadWindow / chunk.length

/** A generator of `count` chunks that records how far it was read, and whether it was closed. */
function counted(count: number, value: unknown = chunk) {
  const state = { read: 0, isClosed: false }
  async function* generate(): AsyncGenerator {
    try {
      for (; state.read < count; state.read++) {
        yield value
      }
    } finally {
      state.isClosed = true
    }
  }
  return { state, body: generate() }
}

function dispatch(body: unknown, opts: object = {}, handler = new Recorder()): Recorder {
  new Agent().dispatch({ ...post, ...opts, body: body as never }, handler)
  return handler
}

const wanted = (bytes: number): void => client().batch((b) => b.wanted(1, bytes))
const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))
const writes = (): number => client().written.get(1)?.length ?? 0

describe('a streamed upload', () => {
  it('does not read its source before native asks', async () => {
    const { state, body } = counted(1)
    const stream = new Readable({ read: vi.fn<() => void>() })
    dispatch(body)
    dispatch(stream)
    await soon()
    expect(state.read).toBe(0)
    expect(stream.readableFlowing).toBeNull()
  })

  it('reads a generator up to the window, and further as bytes are acknowledged', async () => {
    const { state, body } = counted(100)
    dispatch(body)
    wanted(0)
    await soon()
    expect(writes()).toBe(chunksInWindow)
    expect(state.read).toBeLessThanOrEqual(chunksInWindow)
    wanted(chunk.length)
    await soon()
    expect(writes()).toBe(chunksInWindow + 1)
    for (let i = 0; i < 99; i++) {
      wanted(chunk.length)
      await Promise.resolve()
    }
    await vi.waitFor(() => expect(client().calls).toContain('endBody 1'))
    expect(writes()).toBe(100)
  })

  it('pauses a Node stream at the window, and resumes it as bytes are acknowledged', async () => {
    let pushed = 0
    const stream = new Readable({
      read() {
        this.push(++pushed <= 100 ? chunk : null)
      },
    })
    dispatch(stream)
    wanted(0)
    await soon()
    expect(writes()).toBe(chunksInWindow)
    expect(stream.isPaused()).toBe(true)
    expect(pushed).toBeLessThan(chunksInWindow + 4)
    wanted(chunk.length)
    await soon()
    expect(writes()).toBe(chunksInWindow + 1)
  })

  it('passes on a chunk that is larger than the window, then waits', async () => {
    const { body } = counted(2, Buffer.alloc(uploadWindow + 1))
    dispatch(body)
    wanted(0)
    await soon()
    expect(writes()).toBe(1)
    wanted(uploadWindow)
    await soon()
    expect(writes()).toBe(2)
  })

  it('calls onBodySent with each chunk unchanged, and onRequestSent when all is written', async () => {
    const handler = dispatch(['text', Buffer.from('bytes'), ''])
    wanted(0)
    await soon()
    client().batch((b) => b.sent(1))
    expect(handler.calls.slice(1)).toEqual([
      ['onBodySent', 'text'],
      ['onBodySent', 'bytes'],
      ['onRequestSent'],
    ])
    expect(client().calls).toEqual(['writeBody 1 4', 'writeBody 1 5', 'endBody 1'])
  })

  it.each([
    ['a generator', () => [counted(1, 5).body]],
    ['an array', () => [[{}]]],
    ['an object stream', () => [Readable.from([{}])]],
    ['URLSearchParams', () => [new URLSearchParams('a=1')]],
  ])('of other chunks than text and bytes fails (%s)', async (_, make) => {
    const handler = dispatch(make()[0])
    wanted(0)
    await soon()
    expect(handler.error).toBeInstanceOf(TypeError)
    expect(look(handler.error)).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
    expect(client().calls).toEqual(['cancel 1'])
  })

  it('whose generator throws fails with the thrown value', async () => {
    const boom = new Error('boom')
    async function* generate(): AsyncGenerator<string> {
      yield 'a'
      throw boom
    }
    const handler = dispatch(generate())
    wanted(0)
    await soon()
    expect(handler.error).toBe(boom)
    expect(client().calls).toEqual(['writeBody 1 1', 'cancel 1'])
  })

  it.each([
    ['abort', (handler: Recorder) => handler.controller?.abort(new Error('no'))],
    ['failure', () => client().batch((b) => b.failed(1, 'socketError', 104))],
    ['early response', () => client().batch((b) => b.response(1))],
  ])('closes its generator on %s', async (_, end) => {
    const { state, body } = counted(100)
    const handler = dispatch(body)
    wanted(0)
    await soon()
    end(handler)
    await vi.waitFor(() => expect(state.isClosed).toBe(true))
    expect(writes()).toBe(chunksInWindow)
  })

  it.each([
    ['abort', (handler: Recorder) => handler.controller?.abort(new Error('no'))],
    ['failure', () => client().batch((b) => b.failed(1, 'socketError', 104))],
    ['early response', () => client().batch((b) => b.response(1))],
  ])(
    'destroys its stream, with the request\u2019s error if there is one, on %s',
    async (_, end) => {
      const stream = new Readable({ read() {} })
      const failed = vi.fn<(error: unknown) => void>()
      stream.on('error', failed)
      const handler = dispatch(stream)
      wanted(0)
      stream.push('a')
      await soon()
      end(handler)
      expect(stream.destroyed).toBe(true)
      await once(stream, 'close').catch(() => {})
      expect(failed.mock.calls).toEqual(handler.error === undefined ? [] : [[handler.error]])
      expect(handler.names.at(-1)).toBe(handler.error ? 'onResponseError' : 'onResponseEnd')
    },
  )

  it('ends normally when the response comes first, without onRequestSent', async () => {
    const stream = new Readable({ read() {} })
    const handler = dispatch(stream)
    wanted(0)
    client().batch((b) => b.response(1, 'early'))
    await soon()
    expect(handler.names).toEqual([
      'onRequestStart',
      'onResponseStarted',
      'onResponseStart',
      'onResponseData',
      'onResponseEnd',
    ])
  })

  it('whose stream fails before it is read fails with that error', async () => {
    const boom = new Error('boom')
    const stream = new Readable({ read() {} })
    const handler = dispatch(stream)
    stream.destroy(boom)
    await soon()
    expect(handler.error).toBe(boom)
    expect(client().calls).toEqual(['cancel 1'])
  })

  it('whose stream fails while it is read fails with that error', async () => {
    const boom = new Error('boom')
    const stream = new Readable({ read() {} })
    const handler = dispatch(stream)
    wanted(0)
    stream.push('a')
    await soon()
    stream.destroy(boom)
    await soon()
    expect(handler.error).toBe(boom)
  })

  it.each([
    ['before it is read', true],
    ['while it is read', false],
  ])('whose stream is destroyed %s fails with RequestAbortedError', async (_, isBefore) => {
    const stream = new Readable({ read() {} })
    if (isBefore) {
      stream.destroy()
      await soon()
    }
    const handler = dispatch(stream)
    wanted(0)
    stream.destroy()
    await soon()
    expect(look(handler.error)).toMatchObject({ name: 'AbortError', code: 'UND_ERR_ABORTED' })
  })

  it('whose stream had failed before the dispatch fails with that error', async () => {
    const boom = new Error('boom')
    const stream = new Readable({ read() {} })
    stream.on('error', () => {})
    stream.destroy(boom)
    await soon()
    const handler = dispatch(stream)
    wanted(0)
    await soon()
    expect(handler.error).toBe(boom)
  })

  it('reads a stream that was paused, and one with objects as chunks', async () => {
    const stream = Readable.from(['a', Buffer.from('b')])
    stream.pause()
    dispatch(stream)
    wanted(0)
    await soon()
    expect(client().bodyOf(1)).toBe('ab')
  })

  it('does not destroy a stream that ends by itself', async () => {
    const duplex = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
    dispatch(duplex)
    wanted(0)
    duplex.push('a')
    duplex.push(null)
    await soon()
    client().batch((b) => b.response(1))
    await soon()
    expect(duplex.destroyed).toBe(false)
    expect(client().calls).toContain('endBody 1')
  })

  it('destroys a stream at its end that would not destroy itself', async () => {
    const stream = new Readable({ read() {}, autoDestroy: false })
    stream.push('a')
    stream.push(null)
    dispatch(stream)
    wanted(0)
    await soon()
    expect(stream.destroyed).toBe(true)
  })

  it('aborted from onBodySent sends nothing more', async () => {
    const handler = new Recorder({ onBodySent: (c) => c.abort(new Error('no')) })
    const { state, body } = counted(10, 'x')
    dispatch(body, {}, handler)
    wanted(0)
    await vi.waitFor(() => expect(state.isClosed).toBe(true))
    expect(client().calls).toEqual(['writeBody 1 1', 'cancel 1'])
    expect(handler.names).toEqual(['onRequestStart', 'onBodySent', 'onResponseError'])
  })
})

describe('a streamed upload of unknown length with a method that expects none', () => {
  const get = { method: 'GET' }
  const framing = (): unknown => client().submitted[0]?.lines.slice(2)

  it.each([
    ['a generator', () => counted(0).body],
    ['a generator of nothing', () => counted(5, '').body],
    ['a stream', () => Readable.from([])],
  ])('is sent without a body when it is empty (%s)', async (_, make) => {
    const handler = dispatch(make(), get)
    expect(client().submitted).toEqual([])
    await vi.waitFor(() => expect(client().submitted).toHaveLength(1))
    expect(framing()).toEqual([])
    expect(client().submitted[0]?.flags).not.toContain('streamBody')
    client().batch((b) => b.response(1))
    expect(handler.names.at(-1)).toBe('onResponseEnd')
  })

  it.each([
    ['a generator', () => counted(2, 'ab').body, 'abab'],
    ['a generator of one chunk', () => counted(1, 'ab').body, 'ab'],
    ['a stream', () => Readable.from(['ab', 'cd']), 'abcd'],
    ['a stream that ends with its first chunk', () => wholeStream(), 'ab'],
  ])('is chunked when it is not (%s)', async (_, make, text) => {
    dispatch(make(), get)
    await vi.waitFor(() => expect(client().submitted).toHaveLength(1))
    expect(framing()).toEqual(['transfer-encoding: chunked'])
    await soon()
    expect(client().calls).toEqual([])
    wanted(0)
    await vi.waitFor(() => expect(client().calls).toContain('endBody 1'))
    expect(client().bodyOf(1)).toBe(text)
  })

  it('is not sent when it is aborted before its first chunk', async () => {
    const { state, body } = counted(2, 'ab')
    const handler = dispatch(body, get)
    handler.controller?.abort(new Error('no'))
    await vi.waitFor(() => expect(state.isClosed).toBe(true))
    expect(client().submitted).toEqual([])
    expect(client().calls).toEqual([])
  })

  it('fails with its source, unsent', async () => {
    const boom = new Error('boom')
    const stream = new Readable({ read() {} })
    const handler = dispatch(stream, get)
    stream.destroy(boom)
    await soon()
    expect(handler.error).toBe(boom)
    expect(client().submitted).toEqual([])
  })
})

/** Ends, with all its data read, before anything asks for the rest. */
function wholeStream(): Readable {
  const stream = new Readable({ read() {} })
  setTimeout(() => {
    stream.push('ab')
    stream.push(null)
  }, 1)
  return stream
}

describe('a streamed upload of declared length', () => {
  const declared = { headers: { 'content-length': '4' } }
  const mismatch = { code: 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH' }

  it('does not send the chunk that exceeds it, and fails', async () => {
    const handler = dispatch(['abc', 'de'], declared)
    wanted(0)
    await soon()
    expect(look(handler.error)).toMatchObject(mismatch)
    expect(client().calls).toEqual(['writeBody 1 3', 'cancel 1'])
  })

  it('fails at its end when it was too short', async () => {
    const handler = dispatch(['abc'], declared)
    wanted(0)
    await soon()
    expect(look(handler.error)).toMatchObject(mismatch)
    expect(handler.names.slice(-2)).toEqual(['onRequestSent', 'onResponseError'])
    expect(client().calls).toEqual(['writeBody 1 3', 'cancel 1'])
  })

  it('is ended with its last byte, not with its source', async () => {
    const { body } = counted(1, 'abcd')
    async function* lingering(): AsyncGenerator {
      yield* body
      await new Promise(() => {})
    }
    dispatch(lingering(), declared)
    wanted(0)
    await soon()
    expect(client().calls).toEqual(['writeBody 1 4', 'endBody 1'])
  })

  it('of nothing is ended by its source', async () => {
    dispatch([''], { headers: { 'content-length': '0' } })
    wanted(0)
    await soon()
    expect(client().calls).toEqual(['endBody 1'])
  })

  it('is cut, with a warning, without strictContentLength', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const agent = new Agent({ strictContentLength: false })
    const handler = new Recorder()
    agent.dispatch({ ...post, ...declared, body: ['abc', 'de'] as never }, handler)
    wanted(0)
    await soon()
    expect(client().bodyOf(1)).toBe('abcd')
    expect(client().calls.at(-1)).toBe('endBody 1')
    expect(handler.error).toBeUndefined()
    expect(warn.mock.calls.map(([warning]) => look(warning))).toMatchObject([mismatch])
    vi.restoreAllMocks()
  })
})
