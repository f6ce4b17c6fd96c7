/** Caddy in front of a Node handler: what the handler and the client see is what the other one sent. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { useAgent } from '../support/fixtures.ts'
import { exchange } from '../support/recorder.ts'
import { bodyOf } from '../support/protocols.ts'
import { hasCaddy, startFront } from '../support/servers/caddy-front.ts'
import type { FrontOptions, FrontServer } from '../support/servers/caddy-front.ts'
import type { Http1Handler } from '../support/servers/http1.ts'

async function useFront(handler: Http1Handler, options?: FrontOptions): Promise<FrontServer> {
  const server = await startFront(handler, options)
  onTestFinished(() => server.close())
  return server
}

describe.skipIf(!hasCaddy)('a server behind Caddy (skipped where Caddy is not installed)', () => {
  it('gets the request as the client sent it', async () => {
    const requests: unknown[] = []
    const { origin, port } = await useFront(async (request, response) => {
      const { method, url, headers, rawHeaders } = request
      const names = rawHeaders.filter((_text, n) => n % 2 === 0).map((name) => name.toLowerCase())
      requests.push({ method, url, headers, names: names.toSorted(), body: await bodyOf(request) })
      response.end()
    })
    const body = Buffer.alloc(100_000, 'x')
    const headers = { 'x-one': 'caf\xe9' }
    const path = '/a/../b//c%41?d=[e]'
    const agent = await useAgent()
    const { error } = await exchange(agent, { origin, path, method: 'POST', headers, body })
    expect(error).toBeUndefined()
    expect(requests).toEqual([
      {
        method: 'POST',
        url: path,
        headers: {
          'content-length': '100000',
          'x-one': 'café',
          host: `localhost:${port}`,
          connection: 'close',
        },
        names: ['connection', 'content-length', 'host', 'x-one'],
        body,
      },
    ])
  })

  it('answers what the client gets', async () => {
    const { origin } = await useFront((_request, response) => {
      response.writeEarlyHints({ link: '</a>; rel=preload' })
      response.writeHead(201, { 'x-one': 'caf\xe9', 'set-cookie': ['a=1', 'b=2'] }).end('body')
    })
    const agent = await useAgent()
    const recorder = await exchange(agent, { origin })
    expect(recorder.calls.filter(({ name }) => name === 'onResponseStart')).toMatchObject([
      { args: [{}, 103, { link: '</a>; rel=preload' }, ''] },
      { args: [{}, 201, { 'x-one': 'café', 'set-cookie': ['a=1', 'b=2'] }, ''] },
    ])
    expect(Object.keys(recorder.headers ?? {}).toSorted()).toEqual(['date', 'set-cookie', 'x-one'])
    expect(recorder.text).toBe('body')
  })

  it('counts the connections of clients', async () => {
    const server = await useFront((_request, response) => void response.end('ok'))
    const { origin } = server
    for (let n = 0; n < 3; n += 1) {
      const agent = await useAgent()
      await exchange(agent, { origin })
      await exchange(agent, { origin })
      expect(server.accepted).toBe(n + 1)
    }
  })

  it('sees that the client goes away', async () => {
    const gone = Promise.withResolvers<boolean>()
    const { origin } = await useFront((_request, response) => {
      response.on('close', () => gone.resolve(response.writableFinished))
      response.write('some')
    })
    const agent = await useAgent()
    const reason = new Error('enough')
    const { error } = await exchange(
      agent,
      { origin },
      { onResponseData: (_recorder, controller) => controller.abort(reason) },
    )
    expect(error).toBe(reason)
    expect(await gone.promise).toBe(false)
  })

  it('offers HTTP/3 in alt-svc only if it is asked to', async () => {
    const agent = await useAgent()
    for (const offersHttp3 of [false, true]) {
      const handler: Http1Handler = (_request, response) => void response.end('ok')
      const { origin, port } = await useFront(handler, { offersHttp3 })
      const { headers } = await exchange(agent, { origin })
      expect(headers?.['alt-svc']).toBe(offersHttp3 ? `h3=":${port}"; ma=2592000` : undefined)
    }
  })
})
