/** Undici and dodici side by side, each in a process of its own: the benchmarks' trials, shortened to ten seconds. */
import type { ClientName } from '../bench/clients/client.ts'
import { startNginx } from '../bench/support/nginx.ts'
import { runTrial } from '../bench/support/trials.ts'
import type { TrialResult } from '../bench/support/trials.ts'
import { styled } from './print.ts'
import type { ServerProcess } from './server-process.ts'

const kSchedule = { warmUpMs: 500, measureMs: 2000 }

interface Server {
  readonly name: string
  readonly ports: { http: number; https: number }
  readonly ca: string
  readonly stop: () => void | Promise<void>
}

/** nginx where it is installed: Node's own server has less to give. */
async function chooseServer(fallback: ServerProcess): Promise<Server> {
  try {
    const nginx = await startNginx()
    return { ...nginx, name: `nginx ${nginx.version}` }
  } catch {
    const name = "Node's own server (nginx is not installed), which may be what limits the rates"
    return { ...fallback, name, stop: () => {} }
  }
}

/** Prints the table. */
export async function compare(fallback: ServerProcess): Promise<void> {
  const server = await chooseServer(fallback)
  try {
    const { ports, ca } = server
    const run = (scenario: string, client: ClientName): Promise<TrialResult> =>
      runTrial({ scenario, client, ports, ca, serverPids: [], ...kSchedule })
    console.log(`  ${styled('dim', `GET of 100 bytes from ${server.name}`)}\n`)
    console.log(row(['', '', 'requests/s', 'JS thread', 'whole process']))
    for (const [scenario, title] of [
      ['h1', 'HTTP/1.1, 50 in flight'],
      ['h2', 'HTTP/2 over TLS, 100 in flight'],
    ] as const) {
      const undici = await run(scenario, 'undici')
      console.log(row([title, `undici ${undici.version}`, ...figures(undici)]))
      const dodici = await run(scenario, 'dodici')
      console.log(row(['', `dodici ${dodici.version}`, ...figures(dodici)]))
      console.log(styled('bold', row(['', 'dodici : undici', ...ratios(dodici, undici)])))
    }
    console.log(
      `\n  ${styled('dim', 'JS thread, whole process: CPU time per request. One run of 2 s each on this machine;')}` +
        `\n  ${styled('dim', '`npm run bench` measures in rounds.')}`,
    )
  } finally {
    await server.stop()
  }
}

function row([title, client, ...cells]: string[]): string {
  return `  ${(title ?? '').padEnd(32)}${(client ?? '').padEnd(16)}${cells
    .map((cell) => cell.padStart(15))
    .join('')}`
}

const rate = (result: TrialResult): number => result.requests / result.seconds
const jsCpu = (result: TrialResult): number => result.jsCpuMicros / result.requests
const allCpu = (result: TrialResult): number => result.processCpuMicros / result.requests

function figures(result: TrialResult): string[] {
  const perSecond = Math.round(rate(result)).toLocaleString('en').replaceAll(',', ' ')
  return [perSecond, `${jsCpu(result).toFixed(1)} µs`, `${allCpu(result).toFixed(1)} µs`]
}

function ratios(dodici: TrialResult, undici: TrialResult): string[] {
  return [rate, jsCpu, allCpu].map((read) => {
    const ratio = read(dodici) / read(undici)
    return `${ratio.toFixed(ratio < 0.1 ? 3 : 2)}x`
  })
}
