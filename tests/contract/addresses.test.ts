/** Where connections go: address families, Unix sockets, and the environment's influence. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { certificates } from '../support/certificates.ts'
import { runChild } from '../support/child.ts'
import type { ChildKit } from '../support/child-main.ts'
import { useAgent, useFolder, useHttp1, useRaw, useTls } from '../support/fixtures.ts'
import { exchange } from '../support/recorder.ts'

describe('an origin', () => {
  it('named localhost is found where only 127.0.0.1 listens', async () => {
    const server = await useHttp1((_request, response) => void response.end('four'))
    const agent = await useAgent()
    const recorder = await exchange(agent, { origin: `http://localhost:${server.port}` })
    expect(recorder.text).toBe('four')
  })

  it('with several refused addresses has an error for each', async () => {
    const server = await useRaw(() => {})
    await server.close()
    const agent = await useAgent()
    const { error } = await exchange(agent, { origin: `http://localhost:${server.port}` })
    expect(error?.code).toBe('ECONNREFUSED')
  })
})

describe('socketPath', () => {
  it('leads every origin to the unix socket', async () => {
    const path = join(useFolder(), 'socket')
    const server = createServer((request, response) => response.end(request.headers.host))
    await new Promise<void>((resolve) => {
      server.listen(path, resolve)
    })
    onTestFinished(() => void server.close())
    const agent = await useAgent({ socketPath: path })
    const recorder = await exchange(agent, { origin: 'http://any.test' })
    expect(recorder.text).toBe('any.test')
    await agent.close()
  })

  it("may be a name in Linux's abstract namespace", async () => {
    const name = `\0dodici-test-${process.pid}`
    const server = createServer((request, response) => response.end(request.headers.host))
    await new Promise<void>((resolve) => {
      server.listen(name, resolve)
    })
    onTestFinished(() => void server.close())
    const agent = await useAgent({ connect: { socketPath: name } })
    expect((await exchange(agent, { origin: 'http://any.test' })).text).toBe('any.test')
    await agent.close()
    const lost = await useAgent({ connect: { socketPath: `${name}-of-nobody` } })
    const { error } = await exchange(lost, { origin: 'http://any.test' })
    expect(error).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect' })
  })

  it('that does not exist is ENOENT', async () => {
    const agent = await useAgent({ socketPath: join(useFolder(), 'nothing') })
    const { error } = await exchange(agent, { origin: 'http://any.test' })
    expect(error).toMatchObject({ code: 'ENOENT', errno: -2, syscall: 'connect' })
  })
})

describe("Node's TLS switches", () => {
  async function get(kit: ChildKit, { origin }: { origin: string }): Promise<void> {
    const agent = await kit.createAgent()
    const recorder = await kit.exchange(agent, { origin })
    kit.say(recorder.error?.code ?? recorder.text)
  }

  it('without them an unknown authority is refused', async () => {
    const server = await useTls({ onRequest: (_request, response) => void response.end('ok') })
    const { said } = await runChild(get, { origin: server.origin })
    expect(said).toEqual(['UNABLE_TO_VERIFY_LEAF_SIGNATURE'])
  })

  it('NODE_EXTRA_CA_CERTS adds an authority', async () => {
    const server = await useTls({ onRequest: (_request, response) => void response.end('ok') })
    const file = join(useFolder(), 'ca.pem')
    writeFileSync(file, certificates().ca)
    const env = { NODE_EXTRA_CA_CERTS: file }
    const { said } = await runChild(get, { origin: server.origin }, { env })
    expect(said).toEqual(['ok'])
  })

  it('NODE_TLS_REJECT_UNAUTHORIZED=0 accepts every certificate', async () => {
    const server = await useTls({
      pair: certificates().wrongHost,
      onRequest: (_request, response) => void response.end('ok'),
    })
    const env = { NODE_TLS_REJECT_UNAUTHORIZED: '0' }
    const { said } = await runChild(get, { origin: server.origin }, { env })
    expect(said).toEqual(['ok'])
  })

  it("curl's own switches have no effect", async () => {
    const server = await useTls({ onRequest: (_request, response) => void response.end('ok') })
    const home = useFolder()
    const file = join(home, 'ca.pem')
    writeFileSync(file, certificates().ca)
    writeFileSync(join(home, '.netrc'), 'machine localhost login me password secret\n')
    writeFileSync(join(home, '.curlrc'), 'insecure\n')
    const keys = join(home, 'keys')
    const env = { CURL_CA_BUNDLE: file, SSL_CERT_FILE: file, SSLKEYLOGFILE: keys, HOME: home }
    const { said } = await runChild(get, { origin: server.origin }, { env })
    expect(said).toEqual(['UNABLE_TO_VERIFY_LEAF_SIGNATURE'])
    expect(existsSync(keys) ? readFileSync(keys, 'utf8') : '').toBe('')
  })
})

describe('asynchronous context', () => {
  it('of the caller holds after request()', async () => {
    const server = await useHttp1((_request, response) => void response.end('ok'))
    const agent = await useAgent({ connections: 1 })
    const storage = new AsyncLocalStorage<number>()
    const one = (i: number): Promise<number | undefined> =>
      storage.run(i, async () => {
        const { body } = await agent.request({ origin: server.origin, path: '/', method: 'GET' })
        await body.text()
        return storage.getStore()
      })
    expect(await Promise.all([1, 2, 3].map(one))).toEqual([1, 2, 3])
  })
})
