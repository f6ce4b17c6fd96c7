import { Blob, File } from 'node:buffer'
import { PassThrough, Readable } from 'node:stream'
import { FormData as UndiciFormData } from 'undici'
import { describe, expect, it, vi } from 'vitest'
import { Agent } from '../../../lib/api/agent.ts'
import { client, type Submitted } from '../support/fake-native.ts'
import { Recorder } from '../support/recorder.ts'
import { look } from '../support/undici-oracle.ts'

vi.mock('../../../lib/native/load.ts', () => import('../support/fake-native.ts'))

const post = { origin: 'http://a.test', path: '/', method: 'POST' } as const

interface Sent {
  readonly request: Submitted
  readonly framing: readonly string[]
  readonly body: string
}

/** Dispatches, and lets the fake ask for the body until it has ended. */
async function send(opts: object, agent = new Agent()): Promise<Sent> {
  const handler = new Recorder()
  agent.dispatch({ ...post, ...opts }, handler)
  // Streams are looked at again at the end of the tick.
  await Promise.resolve()
  const native = client()
  const request = native.submitted.at(-1)
  if (request === undefined) {
    throw new Error(`not submitted: ${String(handler.error)}`)
  }
  const framing = request.lines.filter((line) => /^(content-|transfer-)/i.test(line))
  if (request.flags.includes('streamBody')) {
    native.batch((b) => b.wanted(request.id, 0))
    await vi.waitFor(() => expect(native.calls).toContain(`endBody ${request.id}`))
  }
  return { request, framing, body: request.body ?? native.bodyOf(request.id) }
}

function ended(...chunks: string[]): Readable {
  const stream = new Readable({ read() {} })
  for (const chunk of chunks) {
    stream.push(chunk)
  }
  stream.push(null)
  return stream
}

async function* generated(): AsyncGenerator<string | Uint8Array> {
  yield 'one'
  yield ''
  yield Buffer.from('two')
}

describe('a request body', () => {
  it.each([
    ['a string, as UTF-8', 'h\u00e9', 'h\u00e9', 3],
    ['a Buffer', Buffer.from('bytes'), 'bytes', 5],
    ['the window of a Uint8Array', new Uint8Array(Buffer.from('xabx')).subarray(1, 3), 'ab', 2],
    ['a Uint16Array', new Uint16Array([0x6161, 0x6262]), 'aabb', 4],
    ['a DataView', new DataView(new TextEncoder().encode('xyz').buffer, 1), 'yz', 2],
    ['an ArrayBuffer', new TextEncoder().encode('abc').buffer, 'abc', 3],
  ])('of bytes may be %s', async (_, body, text, length) => {
    const sent = await send({ body })
    expect(sent.body).toBe(text)
    expect(sent.framing).toEqual([`content-length: ${length}`])
    expect(sent.request.flags).toContain('bytesBody')
  })

  it.each([
    ['an async generator', () => generated(), 'onetwo'],
    ['a sync iterable', () => ['a', Buffer.from('b')], 'ab'],
    ['a web ReadableStream', () => new Blob(['web']).stream(), 'web'],
    ['a Node stream', () => Readable.from([Buffer.from('node')]), 'node'],
  ])('of unknown length may be %s, and is chunked', async (_, make, text) => {
    const sent = await send({ body: make() })
    expect(sent.body).toBe(text)
    expect(sent.framing).toEqual(['transfer-encoding: chunked'])
    expect(sent.request.flags).toContain('streamBody')
    expect(sent.request.streamLength).toBeUndefined()
  })

  it('of unknown length has the length that the caller declares', async () => {
    const sent = await send({ body: generated(), headers: { 'Content-Length': '6' } })
    expect(sent.framing).toEqual(['content-length: 6'])
    expect(sent.request.streamLength).toBe(6)
  })

  it('may be longer than 32 bits can hold', async () => {
    const agent = new Agent()
    const length = 2 ** 33 + 5
    agent.dispatch(
      { ...post, body: generated() as never, headers: { 'content-length': `${length}` } },
      new Recorder(),
    )
    expect(client().submitted[0]?.streamLength).toBe(length)
  })

  it('that is a stream which ends in the tick of the dispatch has its own length', async () => {
    const body = new PassThrough()
    const sending = send({ body })
    body.end('abcd')
    const sent = await sending
    expect(sent.framing).toEqual(['content-length: 4'])
    expect(sent.request.streamLength).toBe(4)
    expect(sent.body).toBe('abcd')
  })

  it('that is a stream which ends in the tick of the dispatch, empty, counts as no body', async () => {
    const body = new PassThrough()
    const sending = send({ body })
    body.end()
    const sent = await sending
    expect(sent.framing).toEqual(['content-length: 0'])
    expect(sent.request.flags).not.toContain('streamBody')
  })

  it('that is looked at again does not change the order of requests', async () => {
    const agent = new Agent()
    const paths = ['/1', '/2', '/3']
    const bodies = [null, Readable.from(['a']), null]
    for (const [i, path] of paths.entries()) {
      agent.dispatch({ ...post, path, body: bodies[i] as never }, new Recorder())
    }
    expect(client().submitted.map(({ target }) => target)).toEqual(['/1'])
    await Promise.resolve()
    expect(client().submitted.map(({ target }) => target)).toEqual(paths)
  })

  it('that is looked at again is left alone when its request was aborted meanwhile', async () => {
    const handler = new Recorder()
    const body = new PassThrough()
    const agent = new Agent()
    agent.dispatch({ ...post, path: '/first', body: null }, new Recorder())
    agent.dispatch({ ...post, body }, handler)
    handler.controller?.abort(new Error('no more'))
    await Promise.resolve()
    expect(client().submitted).toHaveLength(1)
    expect(handler.error).toMatchObject({ message: 'no more' })
    expect(body.destroyed).toBe(true)
  })

  it('that is an ended stream has its own length', async () => {
    const sent = await send({ body: ended('abc', 'd') })
    expect(sent.framing).toEqual(['content-length: 4'])
    expect(sent.body).toBe('abcd')
  })

  it('that is a Blob has its length and type', async () => {
    const sent = await send({ body: new Blob(['bl', 'ob'], { type: 'a/b' }) })
    expect(sent.framing).toEqual(['content-type: a/b', 'content-length: 4'])
    expect(sent.body).toBe('blob')
  })

  it('that is a Blob leaves a given content-type alone', async () => {
    const blob = new Blob(['blob'], { type: 'a/b' })
    const sent = await send({ body: blob, headers: { 'Content-Type': 'c/d' } })
    expect(sent.framing).toEqual(['Content-Type: c/d', 'content-length: 4'])
  })

  it.each([
    ['undici\u2019s', UndiciFormData],
    ['Node\u2019s', FormData],
  ])('that is %s FormData is read back by a server', async (_, Form) => {
    const form = new Form()
    form.append('field', 'line1\nline2')
    form.append('quo"ted', '\u00fc')
    form.append('file', new File(['content'], 'na"me.txt', { type: 'text/x' }))
    const { framing, body } = await send({ body: form })
    const [type, length] = framing as [string, string]
    expect(length).toBe(`content-length: ${Buffer.byteLength(body)}`)

    const contentType = type.replace('content-type: ', '')
    const parsed = await new Response(body, { headers: { 'content-type': contentType } }).formData()
    expect(parsed.get('field')).toBe('line1\r\nline2')
    expect(parsed.get('quo"ted')).toBe('\u00fc')
    const file = parsed.get('file') as globalThis.File
    expect([file.name, file.type, await file.text()]).toEqual(['na"me.txt', 'text/x', 'content'])
  })

  it('that is FormData without files is sent as bytes', async () => {
    const form = new UndiciFormData()
    form.append('a', '1')
    expect((await send({ body: form })).request.flags).toContain('bytesBody')
  })

  it.each([
    [null],
    [undefined],
    [''],
    [Buffer.alloc(0)],
    [new ArrayBuffer(0)],
    [new Blob([])],
    [ended()],
  ])('that is empty (%j) counts as no body', async (body) => {
    const { request, framing } = await send({ body, method: 'DELETE' })
    expect(framing).toEqual([])
    expect(request.body).toBeUndefined()
  })

  it.each(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH'])(
    'that is missing is declared with %s, even when another length was given',
    async (method) => {
      const headers = { 'content-length': '5' }
      expect((await send({ method })).framing).toEqual(['content-length: 0'])
      expect((await send({ method, headers })).framing).toEqual(['content-length: 0'])
    },
  )

  it.each(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'FOO'])(
    'that is missing is not declared with %s, even when a length was given',
    async (method) => {
      expect((await send({ method, headers: { 'content-length': '5' } })).framing).toEqual([])
    },
  )

  it.each(['GET', 'HEAD', 'DELETE', 'FOO'])('may go with %s', async (method) => {
    const { framing, body, request } = await send({ method, body: 'abc' })
    expect(framing).toEqual(['content-length: 3'])
    expect(body).toBe('abc')
    // Such a server may take the body for the next request.
    expect(request.flags).toContain('closeConnection')
  })

  it('with a method that does not expect it closes no connection under reset: false', async () => {
    const { request } = await send({ method: 'GET', body: 'abc', reset: false })
    expect(request.flags).not.toContain('closeConnection')
  })

  it('with a method that does not expect it closes no HTTP/2 connection', async () => {
    const agent = new Agent()
    const opts = { method: 'GET', body: 'abc' }
    await send(opts, agent)
    client().batch((b) => b.response(1, '', { version: 20 }))
    expect((await send(opts, agent)).request.flags).not.toContain('closeConnection')
    const http1 = await send({ ...opts, allowH2: false }, agent)
    expect(http1.request.flags).toContain('closeConnection')
  })

  it('with a method that expects it closes no connection', async () => {
    expect((await send({ body: 'abc' })).request.flags).not.toContain('closeConnection')
  })

  it('of an invalid Blob type is refused', () => {
    const blob = Object.defineProperty(new Blob(['x']), 'type', { value: 'a\n' })
    const handler = new Recorder()
    new Agent().dispatch({ ...post, body: blob as never }, handler)
    expect(look(handler.error)).toMatchObject({ message: 'invalid content-type header' })
  })
})

describe('a declared content-length', () => {
  it('that is wrong fails the request before it is sent, but not inside dispatch', async () => {
    const handler = new Recorder()
    const agent = new Agent()
    agent.dispatch({ ...post, body: 'abc', headers: { 'content-length': '5' } }, handler)
    expect(handler.calls).toEqual([])
    await Promise.resolve()
    expect(look(handler.error)).toMatchObject({ code: 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH' })
    expect(handler.names).toEqual(['onResponseError'])
    expect(client().submitted).toEqual([])
    await agent.close()
  })

  it.each(['GET', 'HEAD', 'OPTIONS', 'TRACE'])(
    'that is wrong is replaced for %s',
    async (method) => {
      const sent = await send({ method, body: 'abc', headers: { 'content-length': '5' } })
      expect(sent.framing).toEqual(['content-length: 3'])
    },
  )

  it('that is right is sent once', async () => {
    const sent = await send({ body: 'abc', headers: { 'Content-Length': 3 } })
    expect(sent.framing).toEqual(['content-length: 3'])
  })

  it('that is wrong only causes a warning without strictContentLength', async () => {
    const warnings: unknown[] = []
    vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(warning))
    const agent = new Agent({ strictContentLength: false })
    const sent = await send({ body: 'abc', headers: { 'content-length': '5' } }, agent)
    expect(sent.framing).toEqual(['content-length: 3'])
    expect(warnings.map(look)).toMatchObject([{ code: 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH' }])
    vi.restoreAllMocks()
  })
})
