import type { Dispatcher } from 'undici'

/** What a scenario asks of the agent; the same for every client. */
export interface AgentSettings {
  readonly allowH2?: boolean
}

export interface Client {
  readonly name: string
  readonly version: string
  readonly createAgent: (settings: AgentSettings & { ca: string }) => Dispatcher
}

export type ClientName = 'undici' | 'dodici'

/** Loads one client only: the other's code must not be in the process. */
export async function loadClient(name: ClientName): Promise<Client> {
  if (name === 'undici') return (await import('./undici.ts')).undiciClient
  return (await import('./dodici.ts')).dodiciClient
}
