/** Starts a server program such as nginx, in a folder of its own and on free ports. It ends with this process. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { certificates } from '../certificates.ts'
import { untilAsync, within } from '../wait.ts'

// Debian installs nginx in a folder that only root's PATH contains.
process.env['PATH'] = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`

export interface Program {
  /** Contains `cert.pem` and `key.pem` for localhost, and the files that the program writes. */
  readonly dir: string
  readonly pid: number
  /** Its output on stderr and stdout. */
  readonly said: string
  stop(): Promise<void>
}

export interface ProgramPlan {
  readonly command: string
  readonly args: (dir: string) => string[]
  /** Writes the configuration; called before the start. */
  readonly prepare: (dir: string) => void
  /** The ports on which it answers once it is up. */
  readonly ports: readonly number[]
}

// The pipe to the watcher closes however this process ends; test runners kill theirs.
const kUntilWeEnd =
  'exec 4<&0; (cat <&4; kill -9 $$; rm -rf "$PROGRAM_DIR") >/dev/null 2>&1 & exec "$0" "$@" 4<&- </dev/null'

export async function startProgram({
  command,
  args,
  prepare,
  ports,
}: ProgramPlan): Promise<Program> {
  const dir = programFolder(basename(command))
  // nginx's workers may run as another user.
  chmodSync(dir, 0o755)
  prepare(dir)
  const child = spawn('sh', ['-c', kUntilWeEnd, command, ...args(dir)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...process.env,
      HOME: dir,
      XDG_DATA_HOME: dir,
      XDG_CONFIG_HOME: dir,
      PROGRAM_DIR: dir,
    },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-20_000)
    })
  }
  let isOver = false
  const exited = once(child, 'close').finally(() => {
    isOver = true
  })
  exited.catch(() => {})
  const kill = (): void => {
    child.kill('SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  }
  process.once('exit', kill)
  const stop = async (): Promise<void> => {
    process.off('exit', kill)
    if (!isOver) child.kill('SIGTERM')
    await within(`${command} to end`, exited, 5000).catch(() => child.kill('SIGKILL'))
    await exited
    rmSync(dir, { recursive: true, force: true })
  }
  try {
    for (const port of ports) {
      await untilAsync(`${command} answers on port ${port}`, async () => isOver || accepts(port))
      if (isOver) throw new Error(`${command} did not start`)
    }
  } catch (error) {
    await stop()
    throw new Error(`${String(error)}\n${said}`, { cause: error })
  }
  return {
    dir,
    pid: child.pid ?? 0,
    get said(): string {
      return said
    },
    stop,
  }
}

/** Makes a folder with `cert.pem` and `key.pem` for localhost. */
export function programFolder(name: string): string {
  const dir = mkdtempSync(join(tmpdir(), `dodici-${name}-`))
  const { cert, key } = certificates().good
  writeFileSync(join(dir, 'cert.pem'), cert)
  writeFileSync(join(dir, 'key.pem'), key)
  return dir
}

/** Finds ports that are free at the same time, because the programs cannot choose a port and report it. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

async function accepts(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(port, '127.0.0.1')
  socket.on('connect', () => resolve(true))
  socket.on('error', () => resolve(false))
  const there = await promise
  socket.destroy()
  return there
}
