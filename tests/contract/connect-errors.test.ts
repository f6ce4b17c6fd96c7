/** Item 6: errors before there is a connection, with Node's codes. */
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { fetch } from 'undici'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { certificates } from '../support/certificates.ts'
import type { Certificates } from '../support/certificates.ts'
import { hasBundledCurl } from '../support/curl.ts'
import { useAgent, useHttp1, useRaw, useTls } from '../support/fixtures.ts'
import { exchange } from '../support/recorder.ts'

/** Node reports the last of several faults; with the system's libcurl the first one ends the handshake. */
const unknownAuthority: [code: string, message: string] = hasBundledCurl
  ? ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate']
  : ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unable to get local issuer certificate']

/** A loopback port where nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => {
    server.close(resolve)
  })
  return port
}

describe('connection refused', () => {
  it("is Node's error", async () => {
    const port = await closedPort()
    const agent = await useAgent()
    const recorder = await exchange(agent, { origin: `http://127.0.0.1:${port}` })
    expect(recorder.error).toBeInstanceOf(Error)
    expect(recorder.error).toMatchObject({
      code: 'ECONNREFUSED',
      errno: -111,
      syscall: 'connect',
      address: '127.0.0.1',
      port,
      message: `connect ECONNREFUSED 127.0.0.1:${port}`,
    })
    expect(recorder.terminalCalls).toBe(1)
    expect(recorder.names.filter((name) => name !== 'onRequestStart')).toEqual(['onResponseError'])
  })

  it('has the address that was looked up', async () => {
    const port = await closedPort()
    const agent = await useAgent({ connect: { family: 4 } as never })
    const { error } = await exchange(agent, { origin: `http://localhost:${port}` })
    expect(error).toMatchObject({
      code: 'ECONNREFUSED',
      address: '127.0.0.1',
      port,
      message: `connect ECONNREFUSED 127.0.0.1:${port}`,
    })
  })

  it('fails every request that waits for the connection, each once', async () => {
    const port = await closedPort()
    const agent = await useAgent({ connections: 1 })
    const origin = `http://127.0.0.1:${port}`
    const all = await Promise.all(Array.from({ length: 20 }, () => exchange(agent, { origin })))
    expect(all.map((recorder) => recorder.error?.code)).toEqual(Array(20).fill('ECONNREFUSED'))
    expect(all.every((recorder) => recorder.terminalCalls === 1)).toBe(true)
  })

  it('is the cause of "fetch failed"', async () => {
    const port = await closedPort()
    const dispatcher = await useAgent()
    await expect(fetch(`http://127.0.0.1:${port}`, { dispatcher })).rejects.toMatchObject({
      name: 'TypeError',
      message: 'fetch failed',
      cause: { code: 'ECONNREFUSED', port },
    })
  })

  it('is not remembered: the same origin works once somebody listens', async () => {
    const port = await closedPort()
    const agent = await useAgent()
    const origin = `http://127.0.0.1:${port}`
    expect((await exchange(agent, { origin })).error?.code).toBe('ECONNREFUSED')
    const late = createServer((socket) => {
      socket.resume().end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
    })
    await new Promise<void>((resolve) => {
      late.listen(port, '127.0.0.1', resolve)
    })
    expect((await exchange(agent, { origin })).status).toBe(200)
    await new Promise((resolve) => {
      late.close(resolve)
    })
  })
})

describe('an unknown host', () => {
  it('is ENOTFOUND of getaddrinfo', async () => {
    const agent = await useAgent()
    const recorder = await exchange(agent, { origin: 'http://nowhere.invalid' })
    // A machine without any resolver says "try again" instead.
    expect(['ENOTFOUND', 'EAI_AGAIN']).toContain(recorder.error?.code)
    const code = String(recorder.error?.code)
    expect(recorder.error).toMatchObject({
      errno: code === 'ENOTFOUND' ? -3008 : -3001,
      syscall: 'getaddrinfo',
      hostname: 'nowhere.invalid',
      message: `getaddrinfo ${code} nowhere.invalid`,
    })
    expect(recorder.terminalCalls).toBe(1)
  })
})

describe('a certificate', () => {
  const bad: [keyof Certificates, string, string][] = [
    ['selfSigned', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'],
    ['expired', 'CERT_HAS_EXPIRED', 'certificate has expired'],
    ['unknownCa', ...unknownAuthority],
    ['unknownChain', 'SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain'],
    ['wrongHost', 'ERR_TLS_CERT_ALTNAME_INVALID', ''],
  ]

  it.each(bad)('%s is refused as %s', async (name, code, message) => {
    const pair = certificates()[name]
    if (typeof pair === 'string') throw new Error('not a key pair')
    let requests = 0
    const server = await useTls({ pair, onRequest: () => void (requests += 1) })
    const agent = await useAgent()
    const recorder = await exchange(agent, { origin: server.origin })
    expect(recorder.error).toBeInstanceOf(Error)
    expect(recorder.error?.code).toBe(code)
    if (message) expect(recorder.error?.message).toContain(message)
    expect(recorder.terminalCalls).toBe(1)
    expect(requests).toBe(0)
  })

  it('for another host says which, and why', async () => {
    const server = await useTls({ pair: certificates().wrongHost })
    const agent = await useAgent()
    const recorder = await exchange(agent, { origin: server.origin })
    expect(recorder.error).toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      host: 'localhost',
      reason: "Host: localhost. is not in the cert's altnames: DNS:other.test",
      message:
        "Hostname/IP does not match certificate's altnames: Host: localhost. is not in the cert's altnames: DNS:other.test",
    })
    expect(recorder.error?.['cert']).toBeTypeOf('object')
  })

  it.each(bad)('%s is accepted with rejectUnauthorized: false', async (name) => {
    const pair = certificates()[name]
    if (typeof pair === 'string') throw new Error('not a key pair')
    const server = await useTls({ pair, onRequest: (_request, response) => void response.end('x') })
    const agent = await useAgent({ connect: { rejectUnauthorized: false } })
    const recorder = await exchange(agent, { origin: server.origin })
    expect(recorder.text).toBe('x')
  })

  it('is refused if its authority is not given', async () => {
    const server = await useTls()
    const agent = await useAgent({ connect: { ca: certificates().selfSigned.cert } })
    const recorder = await exchange(agent, { origin: server.origin })
    expect(recorder.error?.code).toBe(unknownAuthority[0])
  })

  it('is checked against servername, which is also sent as SNI', async () => {
    const server = await useTls({
      pair: certificates().second,
      onRequest: (_request, response) => void response.end('second'),
    })
    const agent = await useAgent()
    const origin = `https://127.0.0.1:${server.port}`
    const byOption = await exchange(agent, { origin, servername: 'second.test' })
    expect(byOption.text).toBe('second')
    const byHost = await exchange(agent, { origin, headers: { host: 'second.test' } })
    expect(byHost.text).toBe('second')
    expect(server.handshakes[0]?.servername).toBe('second.test')
    const byAddress = await exchange(agent, { origin })
    expect(byAddress.error?.code).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
  })

  it('error is the cause of "fetch failed"', async () => {
    const server = await useTls({ pair: certificates().selfSigned })
    const dispatcher = await useAgent()
    await expect(fetch(server.origin, { dispatcher })).rejects.toMatchObject({
      message: 'fetch failed',
      cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    })
  })
})

describe('TLS', () => {
  it('to a plain port is ERR_SSL_WRONG_VERSION_NUMBER', async () => {
    const server = await useHttp1((_request, response) => void response.end())
    const agent = await useAgent()
    const recorder = await exchange(agent, { origin: `https://127.0.0.1:${server.port}` })
    expect(recorder.error?.code).toMatch(/^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/)
  })

  it('that the peer closes during the handshake is ECONNRESET', async () => {
    const server = await useRaw((peer) => peer.fin())
    const agent = await useAgent()
    const recorder = await exchange(agent, { origin: `https://127.0.0.1:${server.port}` })
    expect(recorder.error).toMatchObject({
      code: 'ECONNRESET',
      message: 'Client network socket disconnected before secure TLS connection was established',
    })
  })

  it('that the peer resets during the handshake is ECONNRESET', async () => {
    const server = await useRaw(async (peer) => {
      await peer.read(5)
      peer.reset()
    })
    const agent = await useAgent()
    const recorder = await exchange(agent, { origin: `https://127.0.0.1:${server.port}` })
    expect(recorder.error?.code).toBe('ECONNRESET')
  })

  it('port that gets plain HTTP is an error', async () => {
    const server = await useTls()
    const agent = await useAgent()
    const recorder = await exchange(agent, { origin: `http://127.0.0.1:${server.port}` })
    expect(recorder.error).toBeInstanceOf(Error)
    expect(recorder.terminalCalls).toBe(1)
    if (agentKind === 'dodici') {
      const { name } = recorder.error ?? {}
      expect(['SocketError', 'HTTPParserError', 'Error']).toContain(name)
    }
  })
})
