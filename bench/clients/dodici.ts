import { createRequire } from 'node:module'
import { Agent } from '../../lib/index.ts'
import type { Client } from './client.ts'

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }

export const dodiciClient: Client = {
  name: 'dodici',
  version,
  createAgent: ({ ca, ...settings }) => new Agent({ ...settings, connect: { ca } }),
}
