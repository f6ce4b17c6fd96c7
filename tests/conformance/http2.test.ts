/** The rows of HTTP/2 on undici's Agent and ours. */
import { describe, it } from 'vitest'
import { expectRow, observeHttp2 } from './observe.ts'
import { http2Rows, titled } from './table.ts'

describe.each(['undici', 'dodici'] as const)('%s over HTTP/2', (kind) => {
  it.each(titled(http2Rows))('%s', (_title, row) => expectRow(row, kind, observeHttp2))
})
