/** Differences with addresses that do not answer. */
import type { LookupOptions } from 'node:dns'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type * as fs from 'node:fs'
import type * as http from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { AgentOptions } from '../../support/agents.ts'
import { startChild } from '../../support/child.ts'
import type { ChildKit } from '../../support/child-main.ts'
import { useFolder } from '../../support/fixtures.ts'
import { dispatch } from '../../support/recorder.ts'
import type { Normal } from '../normalize.ts'
import type { Stage } from '../scenario.ts'
import type { Difference } from './difference.ts'
import { happens, told } from './support.ts'

type Connect = Extract<AgentOptions['connect'], object>
type Callback = (error: unknown, found: readonly object[]) => void

const address = '127.0.0.5'

/**
 * A server whose process sleeps, so that its address does not answer once its queue is full, and a function that wakes
 * it.
 */
async function sleeping(): Promise<{ port: number; wake: () => void }> {
  const file = join(useFolder(), 'awake')
  const child = startChild(program, { file, address })
  onTestFinished(() => {
    child.process.kill('SIGKILL')
  })
  const port = (await child.next()) as number
  // A server's queue for one connection holds two.
  for (let n = 0; n < 2; n += 1) {
    const socket = connect(port, address)
    onTestFinished(() => void socket.destroy())
    await once(
      socket.on('error', () => {}),
      'connect',
    )
  }
  return { port, wake: () => writeFileSync(file, '') }

  async function program(kit: ChildKit, data: { file: string; address: string }): Promise<void> {
    const { createServer } = (await kit.load('node:http')) as never as typeof http
    const { existsSync } = (await kit.load('node:fs')) as never as typeof fs
    const server = createServer((_request, response) => void response.end('ok'))
    server.listen(0, data.address, 1, () => {
      kit.say((server.address() as { port: number }).port)
      while (!existsSync(data.file)) kit.blockThread(5)
    })
  }
}

/** A request to a name with two addresses: one that answers late, and one that refuses. */
async function lateAddress(stage: Stage): Promise<Normal> {
  const { port, wake } = await sleeping()
  const addresses = [address, '127.0.0.6'].map((one) => ({ address: one, family: 4 }))
  const lookup = (_host: string, _options: LookupOptions, callback: Callback): void => {
    setImmediate(callback, null, addresses)
  }
  const tries = { lookup, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 50 }
  const agent = await stage.agent({ connect: tries as Connect })
  const recorder = dispatch(agent, { origin: `http://any.test:${port}` })
  await happens(() => recorder.error !== undefined)
  wake()
  const { error, text } = await recorder.done
  return error ? told(error) : text
}

export const addressDifferences: readonly Difference[] = [
  {
    row: 'An address that does',
    name: 'before one that refuses',
    play: lateAddress,
    undici: 'ConnectTimeoutError UND_ERR_CONNECT_TIMEOUT',
    dodici: 'ok',
  },
]
