import { createRequire } from 'node:module'
import { Agent } from 'undici'
import type { Client } from './client.ts'

const { version } = createRequire(import.meta.url)('undici/package.json') as { version: string }

export const undiciClient: Client = {
  name: 'undici',
  version,
  createAgent: ({ ca, ...settings }) => new Agent({ ...settings, connect: { ca } }),
}
