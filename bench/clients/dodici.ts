import { Agent } from '../../lib/index.ts'
import { versionOf } from './client.ts'
import type { Client } from './client.ts'

export const dodiciClient: Client = {
  name: 'dodici',
  version: versionOf('../../lib/index.ts'),
  open: ({ ca, ...settings }) => {
    const agent = new Agent({ ...settings, connect: { ca } })
    return { agent, close: () => agent.destroy() }
  },
}
