import { Agent } from 'undici'
import { versionOf } from './client.ts'
import type { Client } from './client.ts'

export const undiciClient: Client = {
  name: 'undici',
  version: versionOf('undici'),
  open: ({ ca, ...settings }) => {
    const agent = new Agent({ ...settings, connect: { ca } })
    return { agent, close: () => agent.destroy() }
  },
}
