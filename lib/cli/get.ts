import { constants } from 'node:os'
import { Agent } from '../api/agent.ts'
import { cancelOnSignals, SignalError } from '../bulk/cancel-on-signals.ts'
import { download } from '../bulk/download.ts'
import type { DownloadOptions, DownloadProgress } from '../bulk/download-options.ts'
import type { GetArguments } from './arguments.ts'
import type { Finished } from './finished.ts'
import { reporterFor, type Reporter } from './reporter.ts'
import { stdoutStream } from './stdout.ts'
import { targetsOf, type Target } from './targets.ts'
import { UsageError } from './usage.ts'
import { errorInWords, urlInWords } from './words.ts'

/** Downloads all, one after the other. Resolves with the exit code; throws a UsageError for what the options refuse. */
export async function get(args: GetArguments): Promise<number> {
  const controller = new AbortController()
  using _signals = cancelOnSignals(controller, ['SIGINT', 'SIGTERM', 'SIGHUP'])
  endWithPipes(controller)
  await using dispatcher = agentFor(args)
  const targets = targetsOf(args.sources, args.output)
  const reporter = await reporterFor(args)
  let failed = 0
  for (const target of targets) {
    if (controller.signal.aborted) {
      break
    }
    const options = { ...args.options, dispatcher, signal: controller.signal }
    if (!(await getOne(target, options, reporter))) {
      failed++
    }
  }
  const { aborted, reason } = controller.signal
  if (aborted && reason instanceof SignalError) {
    return 128 + constants.signals[reason.signal]
  }
  return failed > 0 || aborted ? 1 : 0
}

/** Returns whether it is whole. */
async function getOne(
  target: Target,
  options: Omit<DownloadOptions, 'to'>,
  reporter: Reporter,
): Promise<boolean> {
  reporter.onStart(target)
  try {
    const { url, path, headers } = target
    const onProgress = (progress: DownloadProgress): void => reporter.onProgress(target, progress)
    const own = { ...options, headers, onProgress }
    const result: Finished = await (path === undefined
      ? download(url, { ...own, to: stdoutStream() })
      : download(url, { ...own, to: path }))
    reporter.onEnd(target, result)
    return true
  } catch (error) {
    reporter.onError(target, error)
    if ((error as { code?: unknown }).code === 'UND_ERR_INVALID_ARG') {
      throw new UsageError(errorInWords(error))
    }
    complain(`${urlInWords(target.url)}: ${errorInWords(error)}`, error)
    return false
  }
}

/** One line on stderr; the stack as well if `DODICI_DEBUG` is set. */
export function complain(line: string, error: unknown): void {
  const stack = error instanceof Error && process.env['DODICI_DEBUG'] ? `\n${error.stack}` : ''
  process.stderr.write(`dodici: ${line}${stack}\n`)
}

function agentFor({ proxy, http2 }: GetArguments): Agent {
  try {
    return new Agent({ proxy, allowH2: http2 })
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (code === 'UND_ERR_INVALID_ARG' || code === 'ERR_INVALID_URL') {
      throw new UsageError(`--proxy: ${errorInWords(error)}`)
    }
    throw error
  }
}

// Whoever reads stdout has gone: nobody wants the rest. Nobody has to read stderr.
function endWithPipes(controller: AbortController): void {
  process.stdout.on('error', (error) => controller.abort(error))
  process.stderr.on('error', () => {})
}
