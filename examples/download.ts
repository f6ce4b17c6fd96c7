/**
 * Downloads an object into a file by parallel ranges, and stops in order at Ctrl-C: the server sees it at once, and no
 * half-written file is left.
 *
 *     node examples/download.ts http://127.0.0.1:8080/large.bin large.bin
 */
// In your own program: import { cancelOnSignals, download } from 'dodici/bulk'
import { cancelOnSignals, download } from '../lib/bulk.ts'

const [url = 'http://127.0.0.1:8080/', path = 'download.bin'] = process.argv.slice(2)

const controller = new AbortController()
cancelOnSignals(controller)

try {
  const { size, ranges } = await download(url, {
    to: path,
    rangeSize: 1024 * 1024,
    signal: controller.signal,
  })
  console.log(`${path}: ${size} bytes in ${ranges} ranges`)
} catch (error) {
  if (error !== controller.signal.reason) throw error
  console.log(`stopped: ${(error as Error).message}`)
  process.exitCode = 130
}
