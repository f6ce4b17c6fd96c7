/** The rows of HTTP/1.1 on undici's Agent and ours. */
import { describe, it } from 'vitest'
import { expectRow, observeHttp1 } from './observe.ts'
import { http1Rows, titled } from './table.ts'

describe.each(['undici', 'dodici'] as const)('%s over HTTP/1.1', (kind) => {
  it.each(titled(http1Rows))('%s', (_title, row) => expectRow(row, kind, observeHttp1))
})
