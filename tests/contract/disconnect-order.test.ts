/**
 * `disconnect` comes after the reader of the response has seen its end, and before close() and destroy() have finished.
 */
import { request } from 'undici'
import { describe, expect, it } from 'vitest'
import type { AgentOptions } from '../support/agents.ts'
import { useAgent } from '../support/fixtures.ts'
import { useProtocol, type Protocol } from '../support/protocols.ts'
import { dispatch } from '../support/recorder.ts'
import { turns, until } from '../support/wait.ts'

async function useClosing(protocol: Protocol, options: AgentOptions = {}, body = 'hi') {
  const server = await useProtocol(protocol, (incoming, outgoing) => {
    if (incoming.url === '/hang') return
    if (incoming.url === '/close') outgoing.shouldKeepAlive = false
    outgoing.end(body)
  })
  const agent = await useAgent(options)
  const order: string[] = []
  agent.on('connect', () => order.push('connect'))
  agent.on('disconnect', () => order.push('disconnect'))
  const read = async (path = '/close', more: object = {}): Promise<void> => {
    const response = await request(`${server.origin}${path}`, { dispatcher: agent, ...more })
    response.body.on('end', () => order.push('end'))
    await response.body.text()
    order.push('text')
  }
  return { server, agent, order, read }
}

const one = ['connect', 'end', 'text', 'disconnect']

describe.each(['HTTP/1.1', 'HTTPS'] as const)('disconnect over %s', (protocol) => {
  it('comes after the end of the response that ends the connection', async () => {
    const { order, read } = await useClosing(protocol)
    await read()
    await until('disconnect', () => order.length === 4)
    expect(order).toEqual(one)
  })

  it('comes after the response to a request that closes its connection', async () => {
    const { order, read } = await useClosing(protocol)
    await read('/', { reset: true })
    await until('disconnect', () => order.length === 4)
    expect(order).toEqual(one)
  })

  it('comes after the work of a handler at the end, without delay', async () => {
    const { server, agent, order } = await useClosing(protocol)
    const note = (what: string) => () => void order.push(what)
    dispatch(
      agent,
      { origin: server.origin, path: '/close' },
      {
        onResponseEnd: () => {
          order.push('handler')
          process.nextTick(note('tick'))
          queueMicrotask(note('microtask'))
        },
      },
    )
    await until('disconnect', () => order.length === 5)
    expect(order.toSorted()).toEqual(['connect', 'disconnect', 'handler', 'microtask', 'tick'])
    expect(order.at(-1)).toBe('disconnect')
  })

  it('comes after the end of a response that is read slowly', async () => {
    const { server, agent, order } = await useClosing(protocol, {}, 'x'.repeat(500_000))
    const path = `${server.origin}/close`
    const { body } = await request(path, { dispatcher: agent, highWaterMark: 1000 })
    body.on('end', () => order.push('end'))
    let length = 0
    for await (const chunk of body) length += (chunk as Buffer).length
    expect(length).toBe(500_000)
    await until('disconnect', () => order.length === 3)
    expect(order).toEqual(['connect', 'end', 'disconnect'])
  })

  it('comes before the connect of the next', async () => {
    const { order, read } = await useClosing(protocol, { connections: 1 })
    await Promise.all([read(), read()])
    await until('two of each', () => order.length === 8)
    const events = order.filter((event) => event.endsWith('connect'))
    expect(events).toEqual(['connect', 'disconnect', 'connect', 'disconnect'])
  })

  it('comes before close() has finished', async () => {
    const { agent, order, read } = await useClosing(protocol)
    const reading = read()
    await agent.close()
    order.push('closed')
    await reading
    expect(order).toEqual([...one, 'closed'])
  })

  it('comes before destroy() has finished, whatever was in flight', async () => {
    const { agent, order, read } = await useClosing(protocol)
    await read('/')
    const hanging = read('/hang')
    const failed = hanging.catch(() => {})
    await turns(3)
    await agent.destroy()
    order.push('destroyed')
    await failed
    await turns(3)
    expect(order.at(-1)).toBe('destroyed')
    const count = (event: string): number => order.filter((other) => other === event).length
    expect(count('disconnect')).toBe(count('connect'))
  })
})
