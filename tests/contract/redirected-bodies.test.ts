/**
 * A server that redirects as soon as it has a head. The redirect interceptor sends an unread body again. A streamed one
 * must count as read before its response comes, because it is destroyed with its request.
 */
import { Readable } from 'node:stream'
import { interceptors, request, type Dispatcher } from 'undici'
import { describe, expect, it } from 'vitest'
import { useAgent } from '../support/fixtures.ts'
import { bodyOf, protocols, useProtocol, type Protocol } from '../support/protocols.ts'
import { exchange } from '../support/recorder.ts'

const bodies: Record<string, () => unknown> = {
  'a Readable': () =>
    new Readable({
      read() {
        this.push('REQUEST')
        this.push(null)
      },
    }),
  'a Readable whose data comes later': () =>
    new Readable({
      read() {
        setImmediate(() => {
          this.push('REQUEST')
          this.push(null)
        })
      },
    }),
}

/**
 * The interceptor sends them again, although they are used up. A web stream may still be locked by the first request,
 * in undici too.
 */
const iterables: Record<string, () => unknown> = {
  'an async generator': async function* () {
    yield 'REQUEST'
  },
  'a generator': function* () {
    yield 'REQUEST'
  },
}

const repeatable: Record<string, () => unknown> = {
  'a string': () => 'REQUEST',
  'a Buffer': () => Buffer.from('REQUEST'),
}

async function useRedirecting(protocol: Protocol, status: number) {
  return useProtocol(protocol, (incoming, outgoing) => {
    if (incoming.url === '/') {
      outgoing.writeHead(status, { location: '/next' }).end()
      incoming.resume()
    } else {
      void bodyOf(incoming).then(
        (body) => outgoing.end(`${incoming.method} ${body.toString()}`),
        () => {},
      )
    }
  })
}

async function outcome(dispatcher: Dispatcher, origin: string, body: unknown): Promise<string> {
  const options = { method: 'PUT', body, dispatcher } as Parameters<typeof request>[1]
  try {
    const response = await request(origin, options)
    return `${response.statusCode} ${await response.body.text()}`
  } catch (error) {
    return String(error)
  }
}

const streamed = [
  ...Object.entries(bodies).map(([kind, make]) => ({ kind, make, expected: '307 ' })),
  ...Object.entries(iterables).map(([kind, make]) => ({ kind, make, expected: '200 PUT ' })),
]

describe.each(protocols)('a redirect that comes at once over %s', (protocol) => {
  it.each(streamed)('is returned, or followed without a body, if that is $kind', async (row) => {
    const { origin } = await useRedirecting(protocol, 307)
    const outcomes = new Set<string>()
    for (let round = 0; round < 8; round += 1) {
      const agent = await useAgent()
      const dispatcher = agent.compose(interceptors.redirect({ maxRedirections: 3 }))
      // Cold connections and, every other time, a warm one.
      if (round % 2 === 1) await exchange(agent, { origin, path: '/next' })
      const all = Array.from({ length: 8 }, () => outcome(dispatcher, origin, row.make()))
      for (const one of await Promise.all(all)) outcomes.add(one)
      await agent.close()
    }
    expect([...outcomes]).toEqual([row.expected])
  })

  it.each(Object.keys(repeatable))('is followed if the body is %s', async (kind) => {
    const { origin } = await useRedirecting(protocol, 307)
    const agent = await useAgent()
    const dispatcher = agent.compose(interceptors.redirect({ maxRedirections: 3 }))
    expect(await outcome(dispatcher, origin, repeatable[kind]?.())).toBe('200 PUT REQUEST')
  })

  it('is followed without the body if its status is 303', async () => {
    const { origin } = await useRedirecting(protocol, 303)
    const agent = await useAgent()
    const dispatcher = agent.compose(interceptors.redirect({ maxRedirections: 3 }))
    expect(await outcome(dispatcher, origin, 'REQUEST')).toBe('200 GET ')
  })
})
