/** Item 8: examples/graceful-shutdown.ts ends cleanly with requests in flight, and leaves nothing behind. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { useHttp1 } from '../support/fixtures.ts'
import { quiet, until, within } from '../support/wait.ts'

const example = fileURLToPath(new URL('../../examples/graceful-shutdown.ts', import.meta.url))

describe.runIf(agentKind === 'dodici')('the graceful shutdown of the example', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('by %s', async (signal) => {
    let answered = 0
    let arrived = 0
    const server = await useHttp1((_request, response) => {
      arrived += 1
      // The first twenty are answered; the others hang, some within the body.
      if (arrived <= 20) {
        answered += 1
        response.end('ok')
      } else if (arrived % 2) {
        response.write('some')
      }
    })
    const child = spawn(process.execPath, ['--no-warnings', example, `${server.origin}/`, '10'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout.on('data', (text) => (output += String(text)))
    child.stderr.on('data', (text) => (output += String(text)))
    const exit = new Promise((resolve) => {
      child.on('close', (code, killedBy) => resolve({ code, killedBy }))
    })
    await until('ten requests hang', () => arrived === answered + 10)
    child.kill(signal)
    expect(await within('the process to end', exit)).toEqual({ code: 0, killedBy: null })
    expect(output).toBe(`${signal}: 20 finished, 10 cancelled, 0 failed\n`)
    await until('all connections are closed', () => server.sockets.size === 0)
    await quiet()
    expect(arrived).toBe(30)
  })
})
