/** The work that request() avoids, and what it leaves behind. */
import { EventEmitter, getEventListeners } from 'node:events'
import type { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { Agent, BalancedPool, Client, Pool, RoundRobinPool, request } from '../../lib/index.ts'
import { BodyReadable } from '../../lib/answer/body-readable.ts'
import { useProtocol } from '../support/protocols.ts'
import { Puppet, settled } from './puppet.ts'
import { shapes, url, type Body } from './row.ts'

/** Whether the body has become a Readable. */
function isMade(body: object): boolean {
  return Object.hasOwn(body, '_readableState')
}

async function answered(puppet: Puppet, text = '[1]'): Promise<Body> {
  const pending = request(url, { dispatcher: puppet })
  puppet.respond(text)
  return (await pending).body
}

describe('the body of request()', () => {
  it.each([...shapes, 'dump'] as const)('makes no stream for %s()', async (name) => {
    const body = await answered(new Puppet())
    await body[name]()
    expect(body.bodyUsed).toBe(true)
    expect(isMade(body)).toBe(false)
  })

  it('makes no stream while text() waits for it', async () => {
    const puppet = new Puppet()
    const pending = request(url, { dispatcher: puppet })
    puppet.head()
    const { body } = await pending
    const text = body.text()
    await settled()
    puppet.data('a', 'b')
    await settled()
    puppet.end()
    expect(await text).toBe('ab')
    expect(isMade(body)).toBe(false)
  })

  it.each([
    ['on', (body: Readable) => body.on('end', () => {})],
    ['read', (body: Readable) => body.read() as unknown],
    ['pipe', (body: Readable) => body.pipe(process.stdout).emit('unpipe', body)],
    ['a getter', (body: Readable) => body.readableFlowing],
    ['listenerCount', (body: Readable) => body.listenerCount('end')],
    ['an iterator', (body: Readable) => body[Symbol.asyncIterator]().next()],
  ])('becomes a stream by %s', async (_name, touch) => {
    const body = await answered(new Puppet(), '')
    expect(isMade(body)).toBe(false)
    await touch(body)
    expect(isMade(body)).toBe(true)
    expect(body).toBeInstanceOf(BodyReadable)
  })

  it('holds no more than its highWaterMark while nobody reads it', async () => {
    const puppet = new Puppet()
    const pending = request(url, { dispatcher: puppet, highWaterMark: 10 })
    puppet.head()
    puppet.data('12345')
    expect(puppet.paused).toBe(false)
    puppet.data('67890')
    expect(puppet.paused).toBe(true)
    const { body } = await pending
    expect(isMade(body)).toBe(false)
    void body.text()
    await settled()
    expect(puppet.paused).toBe(false)
  })
})

describe('request() leaves nothing on a signal', () => {
  it.each([
    ['an AbortSignal', () => new AbortController().signal],
    ['an EventEmitter', () => new EventEmitter()],
  ] as const)('%s, of a thousand requests', async (_name, make) => {
    const signal = make()
    const most: number[] = []
    for (let i = 0; i < 1000; i += 1) {
      const puppet = new Puppet()
      const pending = request(url, { dispatcher: puppet, signal })
      most.push(getEventListeners(signal, 'abort').length)
      if (i % 3 === 0) {
        puppet.fail(new Error('lost'))
        await expect(pending).rejects.toThrow('lost')
      } else {
        puppet.respond('x')
        const { body } = await pending
        await (i % 3 === 1 ? body.text() : body.dump())
      }
    }
    expect(Math.max(...most)).toBe(1)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

describe('request() as a method', () => {
  it.each([
    ['an Agent', () => new Agent()],
    ['a Pool', (origin: string) => new Pool(origin)],
    ['a Client', (origin: string) => new Client(origin)],
    ['a BalancedPool', (origin: string) => new BalancedPool(origin)],
    ['a RoundRobinPool', (origin: string) => new RoundRobinPool(origin)],
    ['a composed Agent', () => new Agent().compose((dispatch) => dispatch)],
  ])('of %s is our own', async (_name, make) => {
    const { origin } = await useProtocol('HTTP/1.1', (_request, response) => void response.end('x'))
    const dispatcher = make(origin)
    try {
      const { body } = await dispatcher.request({ origin, path: '/', method: 'GET' })
      expect(body).toBeInstanceOf(BodyReadable)
      expect(await body.text()).toBe('x')
    } finally {
      await dispatcher.destroy()
    }
  })
})
