/** Program of a worker that stays in the scene `workerData.scene` until it is ended. */
import { parentPort, workerData } from 'node:worker_threads'
import { TestClient } from '../../addon/support/native-client.ts'

const { origin, scene } = workerData as { origin: string; scene: string }
const endless = `/${Number.MAX_SAFE_INTEGER}`
const ready = (): void => parentPort?.postMessage('ready')

const scenes: Record<string, (client: TestClient) => void> = {
  /** Connections are open, nothing is in flight. */
  idle: (client) => {
    const exchange = client.send(1, { origin })
    client.afterBatch = () => {
      if (exchange.end) ready()
    }
  },
  'waiting for a head': (client) => {
    for (let id = 1; id <= 10; id += 1) client.send(id, { origin, target: '/never' })
    ready()
  },
  'in the middle of bodies': (client) => {
    for (let id = 1; id <= 4; id += 1) client.send(id, { origin, target: endless })
    client.afterBatch = () => {
      for (const { chunks } of client.exchanges.values()) chunks.length = 0
      client.batches.length = 0
      ready()
    }
  },
  'paused in a body': (client) => {
    // Requests whose bodies wait for their readers do not keep a worker alive.
    setInterval(() => {}, 60_000)
    for (let id = 1; id <= 4; id += 1) client.send(id, { origin, target: endless })
    client.afterBatch = ({ types }) => {
      if (types.includes(1)) for (let id = 1; id <= 4; id += 1) client.native.pause(id, true)
      ready()
    }
  },
  /** Requests come and go as fast as they can. */
  busy: (client) => {
    for (let id = 1; id <= 50; id += 1) client.send(id, { origin })
    client.afterBatch = () => {
      client.batches.length = 0
      for (const [id, { end }] of client.exchanges) if (end) client.send(id, { origin })
      ready()
    }
  },
  'stuck in onBatch': (client) => {
    client.send(1, { origin, target: endless })
    client.afterBatch = () => {
      ready()
      for (;;) {
        // never returns
      }
    }
  },
  'calling into native without end': ({ native }) => {
    const bad = native as unknown as Record<string, (id: string) => void>
    const empty = new Uint8Array(0)
    ready()
    for (;;) {
      native.pause(1, true)
      native.writeBody(1, empty)
      for (const method of ['submit', 'pause', 'writeBody']) {
        try {
          bad[method]?.('no id')
        } catch {
          // a TypeError
        }
      }
    }
  },
  'opening and destroying clients without end': () => {
    ready()
    for (;;) {
      const client = new TestClient()
      client.send(1, { origin })
      client.native.destroy()
    }
  },
  destroying: (client) => {
    for (let id = 1; id <= 10; id += 1) client.send(id, { origin, target: endless })
    client.afterBatch = () => {
      client.native.destroy()
      ready()
    }
  },
  'calling process.exit() in onBatch': (client) => {
    client.send(1, { origin, target: endless })
    client.afterBatch = () => {
      ready()
      process.exit(1)
    }
  },
  'throwing in onBatch': (client) => {
    client.send(1, { origin, target: endless })
    client.afterBatch = () => {
      ready()
      throw new Error('thrown in a worker')
    }
  },
}

scenes[scene]?.(new TestClient())
// These would end by themselves.
if (scene === 'idle' || scene === 'destroying') setInterval(() => {}, 1000)
