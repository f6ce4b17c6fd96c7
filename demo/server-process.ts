/** Starts demo/server.ts and hears what it has seen. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { within } from '../tests/support/wait.ts'
import type { CutOff, Listening, Sent } from './server.ts'

type Told = CutOff | Listening | Sent

export interface ServerProcess {
  readonly ports: { http: number; https: number }
  readonly ca: string
  /** Comes back when the server has seen the response to `path` being cut off. */
  cutOff(path: string): Promise<void>
  /** Bytes of big bodies that the server has handed to its sockets. */
  sent(): Promise<number>
  stop(): void
}

export async function startServerProcess(): Promise<ServerProcess> {
  const file = fileURLToPath(new URL('./server.ts', import.meta.url))
  const child = fork(file, { execArgv: ['--no-warnings'] })
  const next = <T extends Told>(what: string, wanted: (told: Told) => told is T): Promise<T> =>
    within(
      what,
      new Promise<T>((resolve, reject) => {
        const listener = (told: Told): void => {
          if (!wanted(told)) return
          child.off('message', listener)
          resolve(told)
        }
        child.on('message', listener)
        child.once('exit', () => reject(new Error('the server process ended')))
      }),
    )

  const listening = await next('the server', (told) => told.event === 'listening')
  return {
    ports: { http: listening.http, https: listening.https },
    ca: listening.ca,
    cutOff: async (path) => {
      await next(`the end of ${path}`, (told): told is CutOff => {
        return told.event === 'cut off' && told.path === path
      })
    },
    sent: async () => {
      const answer = next('the count', (told) => told.event === 'sent')
      child.send('how much?')
      return (await answer).bytes
    },
    stop: () => {
      child.removeAllListeners('exit')
      child.disconnect()
    },
  }
}
