/** Clients that take or compose a dispatcher must work alike over undici's Agent and over ours. */
import { createRequire } from 'node:module'
import { DefaultRestOptions, REST } from '@discordjs/rest'
import { EventSource } from 'eventsource'
import { cookie } from 'http-cookie-agent/undici'
import { CookieJar } from 'tough-cookie'
import type * as undici from 'undici'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../../support/agents.ts'
import { certificates } from '../../support/certificates.ts'
import type { Answer } from '../../support/client-site.ts'
import { failureOf, same } from '../../support/compared.ts'
import type { Ground } from '../../support/compared.ts'
import { protocols } from '../../support/protocols.ts'
import { until } from '../../support/wait.ts'

// The undici 6 inside @discordjs/rest.
const undici6 = createRequire(createRequire(import.meta.url).resolve('@discordjs/rest'))(
  'undici',
) as typeof undici
const ofNode = protocols.filter((protocol) => protocol !== 'HTTP/2')

describe.runIf(agentKind === 'dodici').each(ofNode)('@discordjs/rest over %s', (protocol) => {
  /** Its undici uses legacy handlers, which undici 8's Agent does not accept. */
  const restOver = ({ kind, agent, origin }: Ground): REST => {
    const dispatcher =
      kind === 'dodici' ? agent : new undici6.Agent({ connect: { ca: certificates().ca } })
    const rest = new REST({
      ...DefaultRestOptions,
      api: origin,
      version: '10',
      retries: 2,
      timeout: 2000,
    })
    rest.setAgent(dispatcher as never)
    return rest.setToken('token')
  }
  const answer: Answer = (site, request, response) => {
    const { method = '', url = '' } = request
    if (url.endsWith('/silent')) return
    response.setHeader('content-type', 'application/json')
    if (url.endsWith('/missing')) {
      response.writeHead(404).end('{"code":10003,"message":"Unknown Channel"}')
    } else if (url.endsWith('/flaky') && site.begun.length < 3) {
      response.writeHead(500).end('{}')
    } else if (url.endsWith('/limited') && site.begun.length < 2) {
      response.writeHead(429, { 'retry-after': '0.01' }).end('{"retry_after":0.01,"global":false}')
    } else {
      response.end(JSON.stringify({ method, url }))
    }
  }

  it('asks, posts with a file, tries again, and reports', async () => {
    const { requests } = await same(
      protocol,
      async (ground) => {
        const rest = restOver(ground)
        const file = { name: 'a.txt', data: Buffer.from('content') }
        return [
          await rest.get('/channels/1'),
          await rest.post('/channels/1/messages', {
            body: { content: 'grüß dich' },
            files: [file],
          }),
          await failureOf(rest.get('/missing')),
        ]
      },
      answer,
    )
    expect(requests.length).toBe(3)
    for (const [path, count] of [
      ['/flaky', 3],
      ['/limited', 2],
    ] as const) {
      const tried = await same(protocol, (ground) => restOver(ground).get(path), answer)
      expect(tried.requests.length).toBe(count)
    }
  })

  it('aborts, and asks fifty things at a time', async () => {
    await same(
      protocol,
      async (ground) => {
        const abort = new AbortController()
        const asked = failureOf(restOver(ground).get('/silent', { signal: abort.signal }))
        await until('the server has it', () => ground.site.begun.length === 1)
        abort.abort()
        const failure = await asked
        await until('the server knows', () => ground.site.left.length === 1)
        return failure
      },
      answer,
    )
    const { requests } = await same(
      protocol,
      (ground) => {
        const rest = restOver(ground)
        return Promise.all(Array.from({ length: 50 }, (_, i) => rest.get(`/guilds/${i}`)))
      },
      answer,
    )
    expect(requests.length).toBe(50)
  })
})

describe.runIf(agentKind === 'dodici').each(protocols)('http-cookie-agent over %s', (protocol) => {
  const answer: Answer = ({ begun }, request, response) => {
    if (request.url === '/login') {
      response.setHeader('set-cookie', [
        'session=1; Path=/',
        'theme=dark; Path=/',
        'gone=1; Max-Age=0',
      ])
      response.writeHead(302, { location: '/home' }).end()
    } else {
      response.end(`${begun.length} ${String(request.headers.cookie)}`)
    }
  }

  it('keeps cookies from answer to request', async () => {
    const { seen } = await same(
      protocol,
      async ({ agent, origin }) => {
        const jar = new CookieJar()
        const jarred = agent.compose(cookie({ jar: jar as never }))
        const seenTexts: string[] = []
        for (const path of ['/before', '/login', '/after']) {
          const { body } = await jarred.request({ origin, path, method: 'GET' })
          seenTexts.push(await body.text())
        }
        return [...seenTexts, await jar.getCookieString(`${origin}/`)]
      },
      answer,
    )
    expect(seen).toEqual([
      // An empty header.
      '1 ',
      '',
      '3 session=1; theme=dark',
      'session=1; theme=dark',
    ])
  })
})

describe.runIf(agentKind === 'dodici').each(protocols)('eventsource over %s', (protocol) => {
  const answer: Answer = ({ begun }, _request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    // The first two end, so that the client reconnects with the last id.
    if (begun.length < 3)
      response.end(`retry: 1\nid: ${begun.length}\ndata: grüße ${begun.length}\n\n`)
    else response.write(`event: done\ndata: ${begun.length}\n\n`)
  }

  it('listens, comes back with the last id, and leaves', async () => {
    const { seen, requests, left } = await same(
      protocol,
      async ({ origin, fetch, site }) => {
        const source = new EventSource(origin, { fetch })
        const got: [string, string][] = []
        const { promise, resolve } = Promise.withResolvers<void>()
        source.addEventListener('message', ({ data, lastEventId }) =>
          got.push([data as string, lastEventId]),
        )
        source.addEventListener('done', ({ data, lastEventId }) => {
          got.push([data as string, lastEventId])
          resolve()
        })
        await promise
        source.close()
        await until('the server knows', () => site.left.length === 1)
        return got
      },
      answer,
    )
    expect(seen).toEqual([
      ['grüße 1', '1'],
      ['grüße 2', '2'],
      ['3', '2'],
    ])
    expect(requests.map((request) => /last-event-id: (.)/.exec(request)?.[1])).toEqual(
      expect.arrayContaining([undefined, '1', '2']),
    )
    expect(left).toEqual(['/'])
  })
})
