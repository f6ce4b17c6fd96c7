/** undici's `WebSocket` over either agent: echoed messages, one at a time on each of 50 connections. */
import { WebSocket } from 'undici'
import type { Dispatcher } from 'undici'
import { agentOf, echoing } from './scenario.ts'
import type { Meter, TimedScenario } from './scenario.ts'

const kSockets = 50
const message = 'x'.repeat(100)

function pingPong(agent: Dispatcher, url: string, meter: Meter): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = new WebSocket(url, { dispatcher: agent })
  let startedAt = 0
  const send = (): void => {
    startedAt = meter.latency.start()
    socket.send(message)
  }
  socket.addEventListener('open', send)
  socket.addEventListener('message', ({ data }) => {
    meter.latency.end(startedAt)
    meter.requests += 1
    meter.bytes += String(data).length
    if (meter.running) send()
    else socket.close()
  })
  socket.addEventListener('error', ({ error }) => reject(error))
  socket.addEventListener('close', () => resolve())
  return promise
}

export const webSocketScenario: TimedScenario = {
  name: 'websocket',
  title: `WebSocket messages, echoed, ${kSockets} connections`,
  unit: 'request',
  targets: {},
  agent: {},
  origin: echoing,
  needs: 'echo',
  drive: async (client, origin, meter) => {
    meter.latency.every = 8
    const url = `${origin.replace('http:', 'ws:')}/echo`
    const sockets = Array.from({ length: kSockets }, () => pingPong(agentOf(client), url, meter))
    await Promise.all(sockets)
  },
}
