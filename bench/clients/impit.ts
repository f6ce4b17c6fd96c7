import { loadNative, nativeVersion } from './client.ts'
import type { Client } from './client.ts'

interface Package {
  readonly Impit: new () => { fetch(url: string): Promise<{ arrayBuffer(): Promise<ArrayBuffer> }> }
}

export function impitClient(): Client {
  const { Impit } = loadNative('impit') as Package
  return {
    name: 'impit',
    version: nativeVersion('impit'),
    open: () => {
      const impit = new Impit()
      return {
        get: async (url) => (await impit.fetch(url)).arrayBuffer(),
        close: async () => {},
      }
    },
  }
}
