import type { DownloadProgress } from '../bulk/download-options.ts'
import { BarReporter, type Bar } from './bar-reporter.ts'
import type { Finished } from './finished.ts'
import { JsonReporter } from './json-reporter.ts'
import { LineReporter } from './line-reporter.ts'
import type { Target } from './targets.ts'

/** Tells how downloads go, one after the other. Errors are told besides. */
export interface Reporter {
  onStart(target: Target): void
  onProgress(target: Target, progress: DownloadProgress): void
  onEnd(target: Target, result: Finished): void
  onError(target: Target, error: unknown): void
}

const silent: Reporter = { onStart() {}, onProgress() {}, onEnd() {}, onError() {} }

/** The reporter for these arguments and this terminal. The library with the bar is loaded only if there is a terminal. */
export async function reporterFor({
  json,
  quiet,
}: {
  json: boolean
  quiet: boolean
}): Promise<Reporter> {
  if (json) {
    return new JsonReporter((line) => process.stdout.write(line), !quiet)
  }
  if (quiet) {
    return silent
  }
  const write = (line: string): unknown => process.stderr.write(line)
  if (!process.stderr.isTTY || process.env['TERM'] === 'dumb') {
    return new LineReporter(write)
  }
  const { SingleBar } = await import('cli-progress')
  return new BarReporter(
    (format): Bar =>
      new SingleBar({
        format,
        stream: process.stderr,
        clearOnComplete: true,
        hideCursor: true,
        gracefulExit: false,
      }),
    new LineReporter(write),
  )
}
