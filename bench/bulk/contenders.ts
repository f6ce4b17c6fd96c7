/** Runs one trial of one contender. */
import { execFileSync, spawn } from 'node:child_process'
import { accessSync, constants, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { kHuge, kSmall } from '../scenarios/scenario.ts'
import type { Case, Contender, DownloadCase } from './cases.ts'
import type { Measured, Task } from './task.ts'

export interface Runner {
  has(this: void, contender: Contender): boolean
  run(this: void, each: Case, contender: Contender): Promise<Measured>
  cleanUp(this: void): void
  readonly missing: readonly Contender[]
  readonly versions: string
  /** the folder of the files, in words */
  readonly where: string
}

interface Setting {
  readonly direct: number
  readonly relayed: number
  readonly share: number
  /** of the large object */
  readonly bytes: number
}

const trialFile = fileURLToPath(new URL('trial.ts', import.meta.url))

export function makeRunner({ direct, relayed, share, bytes }: Setting): Runner {
  const memory = isWritable('/dev/shm') ? '/dev/shm' : undefined
  const folder = mkdtempSync(join(memory ?? tmpdir(), 'dodici-bulk-'))
  const programs = { curl: versionOf('curl'), aria2c: versionOf('aria2c') }
  const missing = (['curl', 'aria2c'] as const).filter((name) => programs[name] === undefined)

  const download = async (each: DownloadCase, contender: Contender): Promise<Measured> => {
    const origin = `http://127.0.0.1:${each.isRelayed ? relayed : direct}`
    const url = `${origin}${kHuge}`
    const file = join(folder, 'download')
    try {
      if (contender === 'curl' || contender === 'aria2c') {
        return await runProgram(contender, url, file, bytes)
      }
      const to = each.to === 'file' ? { file } : {}
      const work = { kind: 'download', url, bytes, ...to } as const
      return await runTrial({ contender, work, warmUpUrl: origin + kSmall })
    } finally {
      rmSync(file, { force: true })
    }
  }

  const run = (each: Case, contender: Contender): Promise<Measured> => {
    if (each.kind === 'download') return download(each, contender)
    const origin = `http://127.0.0.1:${direct}`
    const count = Math.max(1, Math.round(each.count * share))
    const urls = Array.from({ length: count }, (_, index) => `${origin}${each.path}?${index}`)
    const work = { kind: 'load', urls, bytes: count * each.bytes } as const
    const warmUpUrl = origin + kSmall
    return runTrial({ contender: contender as Task['contender'], work, warmUpUrl })
  }

  return {
    has: (contender) => !(missing as readonly Contender[]).includes(contender),
    run,
    cleanUp: () => rmSync(folder, { recursive: true, force: true }),
    missing,
    versions: Object.entries(programs)
      .flatMap(([name, version]) => (version === undefined ? [] : [`${name} ${version}`]))
      .join(', '),
    where: memory === undefined ? 'the folder for temporary files' : 'memory (/dev/shm)',
  }
}

function versionOf(program: string): string | undefined {
  try {
    return /\d+(?:\.\d+)+/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[0]
  } catch {
    return undefined
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

const argumentsOf = {
  curl: (url: string, folder: string, name: string) => ['-sf', '-o', join(folder, name), url],
  aria2c: (url: string, folder: string, name: string) => [
    '--no-conf',
    '--quiet',
    '--allow-overwrite=true',
    // The fastest way that it has to allocate a file.
    '--file-allocation=falloc',
    '-x8',
    '-s8',
    `--dir=${folder}`,
    `--out=${name}`,
    url,
  ],
}

async function runProgram(
  program: 'curl' | 'aria2c',
  url: string,
  file: string,
  bytes: number,
): Promise<Measured> {
  const args = argumentsOf[program](url, join(file, '..'), 'download')
  const startedAt = performance.now()
  const code = await exitOf(spawn(program, args, { stdio: 'ignore' }))
  const seconds = (performance.now() - startedAt) / 1000
  const { size } = statSync(file)
  if (code !== 0 || size !== bytes) throw new Error(`${program}: code ${code}, ${size} bytes`)
  return { seconds, bytes, jsCpuMicros: Number.NaN, memoryBytes: Number.NaN }
}

async function runTrial(task: Task): Promise<Measured> {
  const child = spawn(process.execPath, ['--no-warnings', trialFile], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stdin.end(JSON.stringify(task))
  const code = await exitOf(child)
  if (code !== 0) throw new Error(`${task.contender}: exit code ${code}`)
  return JSON.parse(output) as Measured
}

function exitOf(child: ReturnType<typeof spawn>): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
}
