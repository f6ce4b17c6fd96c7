import { loadNative, nativeVersion } from './client.ts'
import type { Client } from './client.ts'

interface Package {
  readonly createSession: () => Promise<{
    fetch(url: string): Promise<{ arrayBuffer(): Promise<ArrayBuffer> }>
    close(): Promise<void>
  }>
}

export function wreqClient(): Client {
  const { createSession } = loadNative('wreq-js') as Package
  return {
    name: 'wreq-js',
    version: nativeVersion('wreq-js'),
    // Without a session each call would make its own connection.
    open: async () => {
      const session = await createSession()
      return {
        get: async (url) => (await session.fetch(url)).arrayBuffer(),
        close: () => session.close(),
      }
    },
  }
}
