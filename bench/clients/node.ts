/** Node's own clients: its fetch(), which is an older undici, and node:http. */
import { Agent, get } from 'node:http'
import type { Client } from './client.ts'

export const nodeFetchClient: Client = {
  name: 'node-fetch',
  version: process.version,
  open: () => ({
    get: async (url) => (await fetch(url)).arrayBuffer(),
    close: async () => {},
  }),
}

export const nodeHttpClient: Client = {
  name: 'node-http',
  version: process.version,
  open: () => {
    const agent = new Agent({ keepAlive: true })
    return {
      get: (url) => getWhole(url, agent),
      close: async () => agent.destroy(),
    }
  },
}

function getWhole(url: string, agent: Agent): Promise<ArrayBufferLike> {
  const { promise, resolve, reject } = Promise.withResolvers<ArrayBufferLike>()
  get(url, { agent }, (response) => {
    const chunks: Uint8Array[] = []
    response.on('data', (chunk: Uint8Array) => chunks.push(chunk))
    response.on('end', () => resolve(new Uint8Array(Buffer.concat(chunks)).buffer))
    response.on('error', reject)
  }).on('error', reject)
  return promise
}
