/** Item 6: how a peer may end a stream or a connection of HTTP/2 too early. */
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { useAgent, useH2Frames, useTls } from '../support/fixtures.ts'
import { dispatch, exchange } from '../support/recorder.ts'
import { FrameFlag, FrameType, H2Code } from '../support/servers/h2-frames.ts'
import { quiet } from '../support/wait.ts'

describe('RST_STREAM', () => {
  it.each([
    ['INTERNAL_ERROR', H2Code.internalError],
    ['PROTOCOL_ERROR', H2Code.protocolError],
  ])('%s before the head is ERR_HTTP2_STREAM_ERROR', async (name, code) => {
    const { origin } = await useH2Frames(async (peer) => peer.reset(await peer.request(), code))
    const agent = await useAgent()
    const recorder = await exchange(agent, { origin })
    expect(recorder.terminalCalls).toBe(1)
    expect(recorder.error).toMatchObject({
      code: 'ERR_HTTP2_STREAM_ERROR',
      message: `Stream closed with error code NGHTTP2_${name}`,
    })
    if (agentKind === 'dodici') expect(recorder.error?.['http2ErrorCode']).toBe(code)
  })

  // undici 8.12 treats this as the end of the body.
  it.runIf(agentKind === 'dodici').each([
    ['INTERNAL_ERROR', H2Code.internalError],
    ['CANCEL', H2Code.cancel],
  ])('%s within the body is an error, never an end', async (_name, code) => {
    const { origin } = await useH2Frames(async (peer) => {
      const stream = await peer.request()
      peer.respond(stream)
      peer.data(stream, 'some')
      await quiet(30)
      peer.reset(stream, code)
    })
    const agent = await useAgent()
    const recorder = await exchange(agent, { origin })
    expect(recorder.names).not.toContain('onResponseEnd')
    expect(recorder.error).toMatchObject({ code: 'ERR_HTTP2_STREAM_ERROR', http2ErrorCode: code })
    expect(recorder.text).toBe('some')
    expect(recorder.terminalCalls).toBe(1)
  })

  it('of one stream does not affect the others', async () => {
    const server = await useH2Frames(async (peer) => {
      const [bad, good] = [await peer.request(0), await peer.request(1)]
      peer.reset(bad, H2Code.internalError)
      await quiet(30)
      peer.respond(good)
      peer.data(good, 'ok', FrameFlag.endStream)
    })
    const agent = await useAgent({ connections: 1 })
    const bad = dispatch(agent, { origin: server.origin, path: '/bad' })
    const good = dispatch(agent, { origin: server.origin, path: '/good' })
    expect((await bad.done).error?.code).toBe('ERR_HTTP2_STREAM_ERROR')
    expect((await good.done).text).toBe('ok')
    expect(server.peers.length).toBe(1)
  })

  it('REFUSED_STREAM is tried again, once, on another stream or connection', async () => {
    let refused = 0
    const server = await useH2Frames(async (peer) => {
      for (let i = 0; ; i += 1) {
        const stream = await peer.request(i)
        if (refused === 0) {
          refused += 1
          peer.reset(stream, H2Code.refusedStream)
        } else {
          peer.respond(stream)
          peer.data(stream, 'ok', FrameFlag.endStream)
          return
        }
      }
    })
    const agent = await useAgent({ connections: 1 })
    const recorder = await exchange(agent, { origin: server.origin })
    expect(recorder.text).toBe('ok')
    expect(recorder.terminalCalls).toBe(1)
  })

  it('REFUSED_STREAM on a used connection is tried again, also for a POST', async () => {
    const paths: unknown[] = []
    const { origin } = await useTls({
      protocols: 'h2',
      onStream: (stream, { ':path': path }) => {
        paths.push(path)
        if (paths.length === 2) stream.close(H2Code.refusedStream)
        else {
          stream.respond({ ':status': 200 })
          stream.end('ok')
        }
      },
    })
    const agent = await useAgent()
    expect((await exchange(agent, { origin, path: '/a' })).text).toBe('ok')
    const recorder = await exchange(agent, { origin, path: '/b', method: 'POST', body: 'x' })
    expect(recorder.text).toBe('ok')
    expect(recorder.terminalCalls).toBe(1)
    expect(paths).toEqual(['/a', '/b', '/b'])
  })

  it('REFUSED_STREAM each time is an error in the end', async () => {
    const { origin } = await useTls({
      protocols: 'h2',
      onStream: (stream) => stream.close(H2Code.refusedStream),
    })
    const { error, terminalCalls } = await exchange(await useAgent(), { origin })
    expect(error).toMatchObject({
      code: 'ERR_HTTP2_STREAM_ERROR',
      message: 'Stream closed with error code NGHTTP2_REFUSED_STREAM',
      http2ErrorCode: H2Code.refusedStream,
    })
    expect(terminalCalls).toBe(1)
  })
})

describe('GOAWAY', () => {
  it('lets streams up to the one it names end', async () => {
    const server = await useH2Frames(async (peer) => {
      const stream = await peer.request()
      peer.respond(stream)
      peer.goaway(stream, H2Code.noError)
      await quiet(30)
      peer.data(stream, 'to the end', FrameFlag.endStream)
    })
    const agent = await useAgent()
    const recorder = await exchange(agent, { origin: server.origin })
    // undici drops every stream of such a connection.
    if (agentKind === 'dodici') expect(recorder.text).toBe('to the end')
    expect(recorder.terminalCalls).toBe(1)
  })

  it('sends the next request over a new connection', async () => {
    const server = await useH2Frames(async (peer, index) => {
      const stream = await peer.request()
      peer.respond(stream)
      peer.data(stream, `connection ${index}`, FrameFlag.endStream)
      peer.goaway(stream, H2Code.noError)
    })
    const agent = await useAgent()
    for (let i = 0; i < 3; i += 1) {
      expect((await exchange(agent, { origin: server.origin })).text).toBe(`connection ${i}`)
      await quiet(20)
    }
  })
})

describe('a connection that is lost', () => {
  it.each([
    ['by FIN', false],
    ['by RST', true],
  ])('%s fails all of its streams, each once', async (_name, byReset) => {
    const server = await useH2Frames(async (peer) => {
      const streams = [await peer.request(0), await peer.request(1), await peer.request(2)]
      for (const stream of streams.slice(0, 2)) {
        peer.respond(stream)
        peer.data(stream, 'some')
      }
      await quiet(30)
      if (byReset) peer.socket.destroy()
      else peer.socket.end()
    })
    const agent = await useAgent({ connections: 1 })
    const { origin } = server
    const all = await Promise.all([1, 2, 3].map(() => exchange(agent, { origin })))
    for (const recorder of all) {
      expect(recorder.names).not.toContain('onResponseEnd')
      expect(recorder.error).toBeInstanceOf(Error)
      expect(recorder.terminalCalls).toBe(1)
    }
    if (agentKind === 'dodici') {
      for (const { error } of all) expect(['UND_ERR_SOCKET', 'ECONNRESET']).toContain(error?.code)
    }
  })
})

describe('a body', () => {
  it('shorter than its content-length is a mismatch', async () => {
    const { origin } = await useH2Frames(async (peer) => {
      const stream = await peer.request()
      // content-length is entry 28 of HPACK's static table, with an incremental-indexing literal value.
      const head = Buffer.concat([Buffer.from([0x88, 0x5c, 2]), Buffer.from('10')])
      peer.send(FrameType.headers, FrameFlag.endHeaders, stream, head)
      peer.data(stream, 'some', FrameFlag.endStream)
    })
    const agent = await useAgent()
    const recorder = await exchange(agent, { origin })
    expect(recorder.error).toMatchObject({
      name: 'ResponseContentLengthMismatchError',
      code: 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
    })
    expect(recorder.text).toBe('some')
    expect(recorder.terminalCalls).toBe(1)
  })
})

describe('bytes that are not HTTP/2', () => {
  it('fail only their own request', async () => {
    const server = await useH2Frames(async (peer, index) => {
      const stream = await peer.request()
      if (index === 0) {
        // SETTINGS come in sixes of bytes.
        peer.send(FrameType.settings, 0, 0, Buffer.from('odd'))
        // libcurl may only send GOAWAY and wait for the peer to close.
        setTimeout(() => peer.socket.end(), 100)
        return
      }
      peer.respond(stream)
      peer.data(stream, 'ok', FrameFlag.endStream)
    })
    const agent = await useAgent({ headersTimeout: 3000 })
    const recorder = await exchange(agent, { origin: server.origin })
    expect(recorder.error).toBeInstanceOf(Error)
    expect(recorder.terminalCalls).toBe(1)
    await quiet(20)
    expect((await exchange(agent, { origin: server.origin })).text).toBe('ok')
  })

  it('as headers fail the request', async () => {
    const server = await useH2Frames(async (peer) => {
      const nonsense = Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff])
      peer.send(FrameType.headers, FrameFlag.endHeaders, await peer.request(), nonsense)
      setTimeout(() => peer.socket.end(), 100)
    })
    const agent = await useAgent({ headersTimeout: 3000 })
    const recorder = await exchange(agent, { origin: server.origin })
    expect(recorder.error).toBeInstanceOf(Error)
    expect(recorder.terminalCalls).toBe(1)
  })
})
