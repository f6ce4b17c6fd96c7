/** Item 6: how a peer may end a response too early, and the errors for it. */
import { errors } from 'undici'
import { describe, expect, it } from 'vitest'
import { useAgent, useRaw } from '../support/fixtures.ts'
import { exchange } from '../support/recorder.ts'
import type { Recorder } from '../support/recorder.ts'
import type { Peer, RawScript } from '../support/servers/raw.ts'
import { quiet } from '../support/wait.ts'

const kAnswer = 'HTTP/1.1 200 OK\r\n'
const kLength = 'content-length: 10\r\n'
const kChunked = 'transfer-encoding: chunked\r\n'
const kClose = 'connection: close\r\n'

/** Sends after the request head, and lets the bytes arrive before the connection ends. */
function say(text: string, end: (peer: Peer) => void): RawScript {
  return async (peer) => {
    await peer.head()
    if (text === '') return end(peer)
    await new Promise((resolve) => {
      peer.socket.write(Buffer.from(text, 'latin1'), resolve)
    })
    // A reset discards unread bytes, so the client needs a moment to read.
    setTimeout(() => end(peer), 50)
  }
}

const fin = (peer: Peer): void => peer.fin()
const rst = (peer: Peer): void => peer.reset()

async function against(script: RawScript): Promise<Recorder> {
  const server = await useRaw(script)
  const agent = await useAgent()
  const recorder = await exchange(agent, { origin: server.origin })
  expect(recorder.terminalCalls).toBe(1)
  return recorder
}

const otherSideClosed = {
  name: 'SocketError',
  code: 'UND_ERR_SOCKET',
  message: 'other side closed',
}
const reset = { code: 'ECONNRESET', errno: -104, syscall: 'read', message: 'read ECONNRESET' }
const tooShort = { code: 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' }
const parserError = { name: 'HTTPParserError' }

describe('a connection that ends early', () => {
  const rows: [string, string, (peer: Peer) => void, object, string][] = [
    ['FIN before the head', '', fin, otherSideClosed, ''],
    ['FIN within the status line', 'HTTP/1.1 20', fin, otherSideClosed, ''],
    ['FIN within the headers', `${kAnswer}content-le`, fin, otherSideClosed, ''],
    ['RST before the head', '', rst, reset, ''],
    [
      'FIN before content-length, keep-alive',
      `${kAnswer}${kLength}\r\nhel`,
      fin,
      otherSideClosed,
      'hel',
    ],
    [
      'FIN before content-length, close',
      `${kAnswer}${kClose}${kLength}\r\nhel`,
      fin,
      tooShort,
      'hel',
    ],
    ['FIN with no byte of the body', `${kAnswer}${kLength}\r\n`, fin, otherSideClosed, ''],
    [
      'FIN within chunks, keep-alive',
      `${kAnswer}${kChunked}\r\n3\r\nhel\r\n`,
      fin,
      otherSideClosed,
      'hel',
    ],
    [
      'FIN within chunks, close',
      `${kAnswer}${kClose}${kChunked}\r\n3\r\nhel\r\n`,
      fin,
      parserError,
      'hel',
    ],
    [
      'FIN before the last blank line',
      `${kAnswer}${kChunked}\r\n3\r\nhel\r\n0\r\n`,
      fin,
      otherSideClosed,
      'hel',
    ],
    ['RST within content-length', `${kAnswer}${kLength}\r\nhel`, rst, reset, 'hel'],
    ['RST within chunks', `${kAnswer}${kChunked}\r\n3\r\nhel\r\n`, rst, reset, 'hel'],
  ]

  it.each(rows)('%s', async (_name, text, end, error, body) => {
    const recorder = await against(say(text, end))
    expect(recorder.error).toMatchObject(error)
    expect(recorder.text).toBe(body)
  })

  it('gives the SocketError its socket', async () => {
    const server = await useRaw(say('', fin))
    const agent = await useAgent()
    const recorder = await exchange(agent, { origin: server.origin })
    expect(recorder.error).toBeInstanceOf(errors.SocketError)
    expect(recorder.error?.['socket']).toMatchObject({
      remoteAddress: '127.0.0.1',
      remotePort: server.port,
      localAddress: '127.0.0.1',
      localPort: expect.any(Number),
      bytesRead: 0,
      bytesWritten: server.peers[0]?.log.length,
    })
  })

  it('fails request() while it is read, and fetch() with "terminated"', async () => {
    const { fetch } = await import('undici')
    const server = await useRaw(say(`${kAnswer}${kLength}\r\nhel`, fin))
    const agent = await useAgent()
    const origin = server.origin
    const { body } = await agent.request({ origin, path: '/', method: 'GET' })
    await expect(body.text()).rejects.toMatchObject(otherSideClosed)
    const response = await fetch(origin, { dispatcher: agent })
    await expect(response.text()).rejects.toMatchObject({
      name: 'TypeError',
      message: 'terminated',
      cause: otherSideClosed,
    })
  })

  it('before the head fails fetch() with "fetch failed"', async () => {
    const { fetch } = await import('undici')
    const server = await useRaw(say('', fin))
    const dispatcher = await useAgent()
    await expect(fetch(server.origin, { dispatcher })).rejects.toMatchObject({
      name: 'TypeError',
      message: 'fetch failed',
      cause: otherSideClosed,
    })
  })

  it('does not spoil the next request', async () => {
    const server = await useRaw([
      say(`${kAnswer}${kLength}\r\nhel`, rst),
      async (peer) => {
        await peer.head()
        peer.respond('fine')
      },
    ])
    const agent = await useAgent()
    expect((await exchange(agent, { origin: server.origin })).error).toMatchObject(reset)
    expect((await exchange(agent, { origin: server.origin })).text).toBe('fine')
  })

  it('is never silently retried', async () => {
    const server = await useRaw(async (peer) => {
      await peer.head()
      peer.respond('first')
      await peer.head()
      peer.fin()
    })
    const agent = await useAgent({ connections: 1 })
    expect((await exchange(agent, { origin: server.origin })).text).toBe('first')
    const second = await exchange(agent, {
      origin: server.origin,
      method: 'POST',
      body: 'do this once',
    })
    expect(second.error).toMatchObject(otherSideClosed)
    await quiet()
    const wire = server.peers.map((peer) => peer.log).join('')
    expect(wire.match(/do this once/g)).toHaveLength(1)
  })
})

describe('a body without a length', () => {
  it('ends normally with FIN', async () => {
    const recorder = await against(say(`${kAnswer}\r\nto the end`, fin))
    expect(recorder.error).toBeUndefined()
    expect(recorder.text).toBe('to the end')
  })

  it('ends normally with FIN over HTTP/1.0', async () => {
    const recorder = await against(say('HTTP/1.0 200 OK\r\n\r\nold', fin))
    expect(recorder.error).toBeUndefined()
    expect(recorder.text).toBe('old')
  })
})

describe('more bytes than content-length', () => {
  it('are ignored, and the connection is not used again', async () => {
    const server = await useRaw(async (peer) => {
      await peer.head()
      peer.send(`${kAnswer}content-length: 3\r\n\r\nabcEXTRA`)
    })
    const agent = await useAgent()
    for (let i = 0; i < 2; i += 1) {
      const recorder = await exchange(agent, { origin: server.origin })
      expect(recorder.text).toBe('abc')
      expect(recorder.names.at(-1)).toBe('onResponseEnd')
    }
    expect(server.peers.length).toBe(2)
  })
})
