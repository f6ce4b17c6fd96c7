/** One trial in its own process. It gets a Task on stdin, and prints what it has measured. */
import { createWriteStream, readFileSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { request } from 'undici'
import { DataLoader, download } from '../../lib/bulk.ts'
import { limiter } from './limiter.ts'
import type { Measured, Task } from './task.ts'

/** Requests at a time, of both loaders. */
const kConcurrency = 32

const task = JSON.parse(await text(process.stdin)) as Task
const { work } = task
const programs = {
  dodici: {
    warmUp: async () => {
      for await (const _ of new DataLoader([task.warmUpUrl])) continue
      await download(task.warmUpUrl, { to: 'buffer' })
    },
    file: async (url: string, file: string) => (await download(url, { to: file })).size,
    buffer: async (url: string) => (await download(url, { to: 'buffer' })).bytes.length,
    load: async (urls: readonly string[]) => {
      let bytes = 0
      const loader = new DataLoader(urls, { batchSize: kConcurrency, concurrency: kConcurrency })
      for await (const batch of loader) for (const { body } of batch) bytes += body.length
      return bytes
    },
  },
  undici: {
    warmUp: async () => (await request(task.warmUpUrl)).body.dump(),
    file: async (url: string, file: string) => {
      const target = createWriteStream(file)
      await pipeline((await request(url)).body, target)
      return target.bytesWritten
    },
    buffer: async (url: string) => (await (await request(url)).body.arrayBuffer()).byteLength,
    load: async (urls: readonly string[]) => {
      const limit = limiter(kConcurrency)
      const sizes = await Promise.all(
        urls.map((url) =>
          limit(async () => (await (await request(url)).body.arrayBuffer()).byteLength),
        ),
      )
      return sizes.reduce((sum, size) => sum + size, 0)
    },
  },
}[task.contender]

await programs.warmUp()
const base = statusBytes('VmRSS')
forgetPeak()
const cpuBefore = process.threadCpuUsage()
const startedAt = performance.now()
const bytes = await run()
const seconds = (performance.now() - startedAt) / 1000
const cpu = process.threadCpuUsage(cpuBefore)
if (bytes !== work.bytes) throw new Error(`${bytes} bytes instead of ${work.bytes}`)
const measured: Measured = {
  seconds,
  bytes,
  jsCpuMicros: cpu.user + cpu.system,
  memoryBytes: statusBytes('VmHWM') - base,
}
console.log(JSON.stringify(measured))
// Kept connections must not keep the process.
process.exit()

function run(): Promise<number> {
  if (work.kind === 'load') return programs.load(work.urls)
  return work.file === undefined ? programs.buffer(work.url) : programs.file(work.url, work.file)
}

/** From here on the peak is that of the work. */
function forgetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    // Not Linux, or not allowed: the peak is that of the process.
  }
}

function statusBytes(name: 'VmRSS' | 'VmHWM'): number {
  try {
    const status = readFileSync('/proc/self/status', 'utf8')
    return Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(status)?.[1]) * 1024
  } catch {
    return Number.NaN
  }
}
