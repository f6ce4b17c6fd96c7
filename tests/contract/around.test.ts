/** dodici in programs that are run or packed in other ways: what COMPATIBILITY.md says of them. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import type * as Net from 'node:net'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { runChild } from '../support/child.ts'
import type { ChildKit } from '../support/child-main.ts'
import { useFolder, useHttp1 } from '../support/fixtures.ts'
import { nodeProgram, type NodeMajor } from '../support/node-versions.ts'

interface Task {
  readonly origin: string
}

/** Prints the result of a request, or of making the Agent. */
async function program(kit: ChildKit, { origin }: Task): Promise<void> {
  try {
    const agent = await kit.createAgent()
    const { status, text } = await kit.exchange(agent, { origin })
    kit.say([status, text])
    await agent.close()
  } catch (error) {
    kit.say((error as { code?: string }).code)
  }
}

async function useOk(): Promise<Task> {
  const { origin } = await useHttp1((_request, response) => void response.end('ok'))
  return { origin }
}

describe.runIf(agentKind === 'dodici')('node --permission', () => {
  const permission = ['--permission', '--allow-fs-read=*']

  it('refuses the addon', async () => {
    const { said } = await runChild(program, await useOk(), { nodeArgs: permission })
    expect(said).toEqual(['ERR_DLOPEN_DISABLED'])
  })

  // Node 26 also restricts the network, but not what an addon does.
  it.each<NodeMajor>([24, 26])('of Node %d allows it with --allow-addons', async (major) => {
    const nodeArgs = [...permission, '--allow-addons']
    const options = { nodeArgs, node: nodeProgram(major) }
    const { said } = await runChild(program, await useOk(), options)
    expect(said).toEqual([[200, 'ok']])
  })
})

describe.runIf(agentKind === 'dodici')('what replaces functions of node:net', () => {
  it('sees no connection of ours', async () => {
    const { said } = await runChild(
      async (kit: ChildKit, { origin }: Task) => {
        const net = (await kit.load('node:net')) as unknown as typeof Net
        const { Socket } = net
        const { connect } = Socket.prototype
        let seen = 0
        Socket.prototype.connect = function (...args: never) {
          seen += 1
          return connect.apply(this, args)
        }
        const ours = await kit.exchange(await kit.createAgent(), { origin })
        kit.say([ours.text, seen])
        const Undici = await kit.agentConstructor('undici')
        const theirs = await kit.exchange(new Undici(), { origin })
        kit.say([theirs.text, seen])
        process.exit()
      },
      await useOk(),
    )
    expect(said).toEqual([
      ['ok', 0],
      ['ok', 1],
    ])
  })
})

describe('a bundle', () => {
  // Bundlers do this for CommonJS, which has no import.meta.
  it('says how to find the addon', async () => {
    const source = fileURLToPath(new URL('../../lib/native/', import.meta.url))
    const folder = useFolder()
    for (const name of readdirSync(source)) {
      const code = stripTypeScriptTypes(readFileSync(join(source, name), 'utf8'))
      writeFileSync(join(folder, name), code.replaceAll('import.meta', '({})'))
    }
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    const { href } = pathToFileURL(join(folder, 'load.ts'))
    const { loadBinding } = (await import(href)) as { loadBinding(): unknown }
    const given = process.env['DODICI_ADDON']
    delete process.env['DODICI_ADDON']
    try {
      expect(loadBinding).toThrow(/set DODICI_ADDON to the path of a dodici\.node/)
    } finally {
      if (given !== undefined) process.env['DODICI_ADDON'] = given
    }
  })
})
