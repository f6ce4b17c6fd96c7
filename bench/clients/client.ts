import { readFileSync } from 'node:fs'
import { createRequire, findPackageJSON } from 'node:module'
import type { Dispatcher } from 'undici'

/** The agent's options for a scenario, the same for every client. */
export interface AgentSettings {
  readonly allowH2?: boolean
  readonly connections?: number
}

export interface Client {
  readonly name: string
  readonly version: string
  readonly open: (settings: AgentSettings & { ca: string }) => OpenClient | Promise<OpenClient>
}

/** What scenarios use: undici and dodici are agents, the other clients only do GETs. */
export type OpenClient = AgentClient | GettingClient

export interface AgentClient {
  readonly agent: Dispatcher
  readonly close: () => Promise<void>
}

export interface GettingClient {
  /** Does one GET, to the end of its body. */
  readonly get: (url: string) => Promise<ArrayBufferLike>
  readonly close: () => Promise<void>
}

/** Each loads only its own client, because the others' code must not be in the process. */
const loaders = {
  undici: async () => (await import('./undici.ts')).undiciClient,
  dodici: async () => (await import('./dodici.ts')).dodiciClient,
  'node-fetch': async () => (await import('./node.ts')).nodeFetchClient,
  'node-http': async () => (await import('./node.ts')).nodeHttpClient,
  impit: async () => (await import('./impit.ts')).impitClient(),
  'wreq-js': async () => (await import('./wreq.ts')).wreqClient(),
} satisfies Record<string, () => Promise<Client>>

export type ClientName = keyof typeof loaders

export const loadClient = (name: ClientName): Promise<Client> => loaders[name]()

/** impit and wreq-js have binaries only for some machines, so they are not dependencies of the project. */
const nativeClients = new URL('native/package.json', import.meta.url)

export function isInstalled(name: ClientName): boolean {
  if (name !== 'impit' && name !== 'wreq-js') return true
  try {
    loadNative(name)
    return true
  } catch {
    return false
  }
}

export const loadNative = (name: string): unknown => createRequire(nativeClients)(name)

export const nativeVersion = (name: string): string => versionOf(name, nativeClients)

/** `specifier` is a package, or a file of one, as seen from `base`. */
export function versionOf(specifier: string, base: string | URL = import.meta.url): string {
  const file = findPackageJSON(specifier, base)
  if (file === undefined) throw new Error(`${specifier} is of no package`)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
