/**
 * A gateway passes the message that it serves on as the body of its own request. However that ends, the gateway can
 * answer its client: the message is destroyed, but not the connection that it came on.
 */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { request, type Dispatcher } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { useAgent, useHttp1, useRaw } from '../support/fixtures.ts'
import { protocols, useProtocol } from '../support/protocols.ts'
import { within } from '../support/wait.ts'

/** Answers with the upstream's response, or with 502 and the error's code. */
async function useGateway(
  dispatcher: Dispatcher,
  upstream: string,
  change: (incoming: IncomingMessage) => IncomingMessage = (incoming) => incoming,
): Promise<string> {
  const { port } = await useHttp1((incoming, outgoing) => {
    const headers = { 'content-length': String(incoming.headers['content-length']) }
    const body = change(incoming)
    request(upstream, { method: 'POST', headers, body, dispatcher, headersTimeout: 1500 })
      .then(async (response) => [response.statusCode, await response.body.text()] as const)
      .catch((error: Error & { code?: string }) => [502, String(error.code)] as const)
      .then(
        ([status, text]) => answer(outgoing, status, text),
        () => {},
      )
  })
  return answerOf(port)
}

function answer(outgoing: ServerResponse, status: number, text: string): void {
  const headers = { connection: 'close', 'content-length': text.length }
  outgoing.writeHead(status, headers).end(text)
}

/** What a client gets that has announced more than it sends: the status, and the body. */
async function answerOf(port: number): Promise<string> {
  const client = connect(port, '127.0.0.1')
  onTestFinished(() => void client.destroy())
  client.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1048576\r\n\r\nsome')
  let text = ''
  client.on('data', (bytes: Buffer) => void (text += bytes.toString()))
  client.on('error', (error) => void (text += String(error)))
  await within('the end of the connection', once(client, 'close'))
  const [head = '', ...body] = text.split('\r\n\r\n')
  return `${head.split(' ')[1]} ${body.join('')}`
}

describe('a gateway answers its client', () => {
  it('when the upstream refuses', async () => {
    expect(await useGateway(await useAgent(), 'http://127.0.0.1:1')).toBe('502 ECONNREFUSED')
  })

  it('when the upstream resets the connection', async () => {
    const upstream = await useRaw(async (peer) => {
      await peer.readUntil('some')
      peer.reset()
    })
    const answer = await useGateway(await useAgent(), upstream.origin)
    expect(answer).toMatch(/^502 (ECONNRESET|UND_ERR_SOCKET)$/)
  })

  it('when the upstream refuses the body and closes', async () => {
    const upstream = await useRaw(async (peer) => {
      await peer.readUntil('some')
      peer.send('HTTP/1.1 413 Too Large\r\nconnection: close\r\ncontent-length: 3\r\n\r\nbig')
      peer.socket.end()
    })
    expect(await useGateway(await useAgent(), upstream.origin)).toContain('413 ')
  })

  it('when it has destroyed its Agent', async () => {
    const agent = await useAgent()
    const upstream = await useHttp1((incoming) => {
      incoming.once('data', () => void agent.destroy())
    })
    expect(await useGateway(agent, upstream.origin)).toBe('502 UND_ERR_DESTROYED')
  })

  it.each(protocols)('when the upstream’s answer breaks off over %s', async (protocol) => {
    const upstream = await useProtocol(protocol, (incoming) => {
      incoming.once('data', () => incoming.socket.destroy())
      incoming.on('error', () => {})
    })
    expect(await useGateway(await useAgent(), upstream.origin)).toMatch(/^502 /)
  })

  it.each(protocols.filter((protocol) => protocol !== 'HTTP/2'))(
    'when the upstream answers early over %s',
    async (protocol) => {
      const upstream = await useProtocol(protocol, (incoming, outgoing) => {
        incoming.once('data', () => outgoing.end('early'))
        incoming.on('error', () => {})
      })
      expect(await useGateway(await useAgent(), upstream.origin)).toBe('200 early')
    },
  )

  it('when its framework has given the request another prototype', async () => {
    const prototype = (incoming: IncomingMessage): IncomingMessage => {
      const own = Object.create(Object.getPrototypeOf(incoming) as object) as object
      return Object.setPrototypeOf(incoming, own) as IncomingMessage
    }
    const answer = await useGateway(await useAgent(), 'http://127.0.0.1:1', prototype)
    expect(answer).toBe('502 ECONNREFUSED')
  })
})
