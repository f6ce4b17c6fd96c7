/**
 * Starts the servers that the chosen scenarios need: always nginx, and Node's own server or a thousand origins if one
 * needs them.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { kMostOrigins, originAddress } from '../scenarios/scale.ts'
import type { Ports, Scenario } from '../scenarios/scenario.ts'
import { startNginx } from './nginx.ts'

export interface Servers {
  readonly ports: Ports
  readonly ca: string
  readonly nginxVersion: string
  readonly pids: readonly number[]
  stop(): Promise<void>
}

export async function startServers(chosen: readonly Scenario[]): Promise<Servers> {
  const needs = new Set(chosen.map((scenario) => scenario.needs))
  const nginx = await startNginx(needs.has('origins') ? moreAddresses() : [])
  const echo = needs.has('echo') ? await startEcho() : undefined
  return {
    ports: { ...nginx.ports, ...(echo && { echo: echo.port }) },
    ca: nginx.ca,
    nginxVersion: nginx.version,
    pids: [...nginx.pids(), ...(echo ? [echo.pid] : [])],
    stop: async () => {
      await Promise.all([nginx.stop(), echo?.stop()])
    },
  }
}

/** All addresses except the first, 127.0.0.1, on which nginx always listens. */
const moreAddresses = (): string[] =>
  Array.from({ length: kMostOrigins - 1 }, (_, index) => originAddress(index + 1))

async function startEcho(): Promise<{ port: number; pid: number; stop: () => Promise<void> }> {
  const file = fileURLToPath(new URL('echo-server.ts', import.meta.url))
  // Its stdin is a pipe from this process, so that it ends however this process ends.
  const child = spawn(process.execPath, ['--no-warnings', file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const port = await Promise.race([
    once(child.stdout.setEncoding('utf8'), 'data').then(([text]) => Number(text)),
    exited.then(() => {
      throw new Error('the echo server did not start')
    }),
  ])
  return {
    port,
    pid: child.pid ?? 0,
    stop: async () => {
      child.stdin.end()
      await exited
    },
  }
}
