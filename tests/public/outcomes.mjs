// A reporter for node:test that prints a line of JSON for each test, with its location, its name and its result.
import { basename } from 'node:path'

export default async function* outcomes(events) {
  const names = []
  for await (const { type, data } of events) {
    if (type === 'test:start') names.splice(data.nesting, Infinity, data.name)
    if (type !== 'test:pass' && type !== 'test:fail') continue
    const skipped = data.skip !== undefined || data.todo !== undefined
    const error = data.details.error?.cause ?? data.details.error
    yield `@${JSON.stringify({
      test: [basename(data.file ?? ''), ...names.slice(0, data.nesting), data.name].join(' > '),
      outcome: skipped ? 'skip' : type.slice('test:'.length),
      why: error && String(error.stack ?? error),
      dispatched: globalThis.dispatchedByDodici ?? 0,
    })}\n`
  }
}
