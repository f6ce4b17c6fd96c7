import { readArguments } from './arguments.ts'
import { complain, get } from './get.ts'
import { helpText, UsageError } from './usage.ts'
import { errorInWords } from './words.ts'

/** Does what the arguments say, and resolves with the exit code. */
export async function run(args: readonly string[], version: string): Promise<number> {
  try {
    const command = readArguments(args)
    if (command.name === 'get') {
      return await get(command)
    }
    process.stdout.write(command.name === 'help' ? helpText : `${version}\n`)
    return 0
  } catch (error) {
    const isUsage = error instanceof UsageError
    complain(`${errorInWords(error)}${isUsage ? ' (dodici --help shows the usage)' : ''}`, error)
    return isUsage ? 2 : 1
  }
}
