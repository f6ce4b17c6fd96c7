#!/usr/bin/env node
// The command `dodici`.
import { readFileSync } from 'node:fs'
import { readArguments } from './arguments.ts'
import { complain, get } from './get.ts'
import { helpText, UsageError } from './usage.ts'
import { errorInWords } from './words.ts'

try {
  process.exitCode = await run()
} catch (error) {
  const isUsage = error instanceof UsageError
  complain(`${errorInWords(error)}${isUsage ? ' (dodici --help shows the usage)' : ''}`, error)
  process.exitCode = isUsage ? 2 : 1
}

async function run(): Promise<number> {
  const command = readArguments(process.argv.slice(2))
  if (command.name === 'get') {
    return get(command)
  }
  process.stdout.write(command.name === 'help' ? helpText : `${version()}\n`)
  return 0
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
