/**
 * Loads many objects, some at a time and a few batches ahead, and stops in order at Ctrl-C.
 *
 *     node examples/load.ts http://127.0.0.1:8080/items/ [how many]
 */
// In your own program: import { cancelOnSignals, DataLoader } from 'dodici/bulk'
import { cancelOnSignals, DataLoader } from '../lib/bulk.ts'

const [base = 'http://127.0.0.1:8080/', count = '1000'] = process.argv.slice(2)

const controller = new AbortController()
cancelOnSignals(controller)

const urls = Array.from({ length: Number(count) }, (_, index) => `${base}${index}`)
const loader = new DataLoader(urls, { batchSize: 16, signal: controller.signal })
let bytes = 0
try {
  for await (const batch of loader) {
    for (const { body } of batch) bytes += body.length
  }
  console.log(`${bytes} bytes`)
} catch (error) {
  if (error !== controller.signal.reason) throw error
  console.log(`stopped: ${(error as Error).message}`)
  process.exitCode = 130
}
