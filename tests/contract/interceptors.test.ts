/** undici's interceptors composed over the agent. */
import { interceptors, RetryAgent } from 'undici'
import { describe, expect, it } from 'vitest'
import { useAgent, useHttp1, useRaw } from '../support/fixtures.ts'
import { protocols, useProtocol } from '../support/protocols.ts'

const quick = { minTimeout: 1, maxTimeout: 5, maxRetries: 3 }

describe.each(protocols)('retry over %s', (protocol) => {
  it('tries again after 503', async () => {
    let requests = 0
    const { origin } = await useProtocol(protocol, (_request, response) => {
      requests += 1
      response.writeHead(requests < 3 ? 503 : 200).end(`answer ${requests}`)
    })
    const dispatcher = (await useAgent()).compose(interceptors.retry(quick))
    const { statusCode, body } = await dispatcher.request({ origin, path: '/', method: 'GET' })
    expect([statusCode, await body.text()]).toEqual([200, 'answer 3'])
  })

  it('gives up in the end', async () => {
    const { origin } = await useProtocol(protocol, (_request, response) => {
      response.writeHead(503).end()
    })
    const dispatcher = (await useAgent()).compose(interceptors.retry({ ...quick, maxRetries: 1 }))
    const request = dispatcher.request({ origin, path: '/', method: 'GET' })
    await expect(request).rejects.toMatchObject({ code: 'UND_ERR_REQ_RETRY', statusCode: 503 })
  })
})

describe('retry', () => {
  it('after a reset in the body continues with a range', async () => {
    const server = await useRaw([
      async (peer) => {
        await peer.head()
        peer.send('HTTP/1.1 200 OK\r\netag: "x"\r\ncontent-length: 10\r\n\r\n01234')
        setTimeout(() => peer.reset(), 50)
      },
      async (peer) => {
        const head = await peer.head()
        const from = Number(/\r\nrange: bytes=(\d+)-/i.exec(head)?.[1])
        const rest = '0123456789'.slice(from)
        peer.respond(
          rest,
          `etag: "x"\r\ncontent-range: bytes ${from}-9/10\r\n`,
          '206 Partial Content',
        )
      },
    ])
    const dispatcher = (await useAgent()).compose(interceptors.retry(quick))
    const options = { origin: server.origin, path: '/', method: 'GET' } as const
    const { statusCode, body } = await dispatcher.request(options)
    expect([statusCode, await body.text()]).toEqual([200, '0123456789'])
    expect(server.peers.length).toBe(2)
  })

  it('after "connection refused" tries again', async () => {
    const agent = await useAgent()
    let attempts = 0
    const counting = agent.compose(
      (dispatch) => (options, handler) => {
        attempts += 1
        return dispatch(options, handler)
      },
      interceptors.retry({ ...quick, maxRetries: 2 }),
    )
    const request = counting.request({ origin: 'http://127.0.0.1:1', path: '/', method: 'GET' })
    await expect(request).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(attempts).toBe(3)
  })

  it('works as RetryAgent', async () => {
    let requests = 0
    const server = await useHttp1((_request, response) => {
      requests += 1
      response.writeHead(requests < 2 ? 500 : 200).end('ok')
    })
    const agent = new RetryAgent(await useAgent(), quick)
    const { statusCode } = await agent.request({ origin: server.origin, path: '/', method: 'GET' })
    expect(statusCode).toBe(200)
  })
})

describe.each(protocols)('redirect over %s', (protocol) => {
  it('follows, and changes POST to GET after 303', async () => {
    const { origin } = await useProtocol(protocol, (request, response) => {
      request.resume()
      if (request.url === '/a') response.writeHead(303, { location: '/b' }).end('moved')
      else response.end(`${request.method} ${request.url}`)
    })
    const dispatcher = (await useAgent()).compose(interceptors.redirect({ maxRedirections: 3 }))
    const options = { origin, path: '/a', method: 'POST', body: 'x' } as const
    const { body } = await dispatcher.request(options)
    expect(await body.text()).toBe('GET /b')
  })
})

describe('redirect', () => {
  it('to another origin removes credentials', async () => {
    const other = await useHttp1((request, response) => {
      response.end(JSON.stringify(request.headers))
    })
    const server = await useHttp1((_request, response) => {
      response.writeHead(302, { location: `${other.origin}/x` }).end()
    })
    const dispatcher = (await useAgent()).compose(interceptors.redirect({ maxRedirections: 3 }))
    const { body } = await dispatcher.request({
      origin: server.origin,
      path: '/',
      method: 'GET',
      headers: { authorization: 'secret', cookie: 'a=1', 'x-kept': 'yes' },
    })
    const headers = (await body.json()) as Record<string, string>
    expect(headers['x-kept']).toBe('yes')
    expect(headers).not.toHaveProperty('authorization')
    expect(headers).not.toHaveProperty('cookie')
  })

  it('stops at maxRedirections', async () => {
    const server = await useHttp1((request, response) => {
      response.writeHead(302, { location: `${request.url}x` }).end()
    })
    const dispatcher = (await useAgent()).compose(interceptors.redirect({ maxRedirections: 2 }))
    const { statusCode } = await dispatcher.request({
      origin: server.origin,
      path: '/',
      method: 'GET',
    })
    expect(statusCode).toBe(302)
  })
})

describe('dump', () => {
  it('discards bodies', async () => {
    const server = await useHttp1((_request, response) => void response.end('x'.repeat(10_000)))
    const dispatcher = (await useAgent()).compose(interceptors.dump({ maxSize: 20_000 }))
    const options = { origin: server.origin, path: '/', method: 'GET' } as const
    const { statusCode, body } = await dispatcher.request(options)
    expect(statusCode).toBe(200)
    expect(await body.text()).toBe('')
  })

  it('fails a body beyond maxSize', async () => {
    const server = await useHttp1((_request, response) => void response.end('x'.repeat(10_000)))
    const dispatcher = (await useAgent()).compose(interceptors.dump({ maxSize: 100 }))
    const request = dispatcher.request({ origin: server.origin, path: '/', method: 'GET' })
    await expect(request).rejects.toMatchObject({ code: 'UND_ERR_ABORTED' })
  })
})

describe('together', () => {
  it('retry, redirect and dump work over one agent', async () => {
    let requests = 0
    const server = await useHttp1((request, response) => {
      requests += 1
      if (requests === 1) response.writeHead(503).end()
      else if (request.url === '/a') response.writeHead(302, { location: '/b' }).end()
      else response.end('the end')
    })
    const dispatcher = (await useAgent()).compose(
      interceptors.dump(),
      interceptors.redirect({ maxRedirections: 3 }),
      interceptors.retry(quick),
    )
    const options = { origin: server.origin, path: '/a', method: 'GET' } as const
    const { statusCode } = await dispatcher.request(options)
    expect(statusCode).toBe(200)
    expect(requests).toBe(3)
  })
})
