import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Starts relay.ts in front of the server at `port`. It ends however this process ends. */
export async function startRelay(
  port: number,
): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const file = fileURLToPath(new URL('relay.ts', import.meta.url))
  const child = spawn(process.execPath, ['--no-warnings', file, String(port)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const own = await Promise.race([
    once(child.stdout.setEncoding('utf8'), 'data').then(([text]) => Number(text)),
    exited.then(() => {
      throw new Error('the relay did not start')
    }),
  ])
  return {
    port: own,
    stop: async () => {
      child.stdin.end()
      await exited
    },
  }
}
